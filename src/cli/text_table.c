/* Tables for terminals. */
#include "cli/text_table.h"

enum { MAX_CELL = 100, MAX_COLUMNS = 32 };

void text_table_begin(struct text_table *t, struct arena *a, const char *const *heads, size_t n)
{
    CHECK(n <= MAX_COLUMNS);
    *t = (struct text_table){.a = a, .heads = heads, .columns = n};
}

void text_table_row(struct text_table *t, const struct str *cells)
{
    for (size_t i = 0; i < t->columns; i++)
        VEC_PUSH(t->a, &t->cells, cells[i]);
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n < MAX_CELL ? n : MAX_CELL;
}

static void print_cell(FILE *to, struct str s, size_t width)
{
    size_t shown = 0;
    for (size_t i = 0; i < s.n && shown <= MAX_CELL; i++) {
        unsigned char c = (unsigned char)s.p[i];
        shown += (c & 0xc0) != 0x80;
        if (shown <= MAX_CELL)
            (void)fputc(c < 0x20 || c == 0x7f ? ' ' : c, to);
    }
    for (shown = characters(s); shown < width; shown++)
        (void)fputc(' ', to);
}

static void print_row(const struct text_table *t, FILE *to, const struct str *cells,
                      const size_t *width)
{
    for (size_t i = 0; i < t->columns; i++) {
        print_cell(to, cells[i], i + 1 < t->columns ? width[i] : 0);
        (void)fputs(i + 1 < t->columns ? "  " : "\n", to);
    }
}

void text_table_print(const struct text_table *t, FILE *to)
{
    struct str heads[MAX_COLUMNS];
    size_t width[MAX_COLUMNS];
    for (size_t i = 0; i < t->columns; i++) {
        heads[i] = str_from(t->heads[i]);
        width[i] = heads[i].n;
    }
    for (size_t i = 0; i < t->cells.n; i++) {
        size_t n = characters(t->cells.p[i]);
        if (n > width[i % t->columns])
            width[i % t->columns] = n;
    }
    print_row(t, to, heads, width);
    for (size_t i = 0; i < t->cells.n; i += t->columns)
        print_row(t, to, t->cells.p + i, width);
}
