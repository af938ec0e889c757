/* Tables for terminals. */
#include "cli/text_table.h"

enum { MAX_CELL = 100, MAX_LAST_CELL = 300 }; /* characters; nothing stands behind the last one */

void text_table_begin(struct text_table *t, struct arena *a, const char *const *heads, size_t n)
{
    *t = (struct text_table){.a = a, .heads = heads, .columns = n};
}

void text_table_row(struct text_table *t, const struct str *cells)
{
    for (size_t i = 0; i < t->columns; i++)
        VEC_PUSH(t->a, &t->cells, cells[i]);
}

struct str text_plain(struct arena *a, struct str s)
{
    char *out = arena_strz(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)out[i] < 0x20 && out[i] != '\n') || out[i] == 0x7f)
            out[i] = ' ';
    return (struct str){out, s.n};
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* What is longer than max ends in "…". */
static void write_cell(struct sbuf *out, struct str s, size_t max, size_t width)
{
    size_t all = characters(s), most = all <= max ? all : max - 1, shown = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        shown += (c & 0xc0) != 0x80;
        if (shown > most)
            break;
        sbuf_addc(out, (char)(c < 0x20 || c == 0x7f ? ' ' : c));
    }
    if (all > max)
        sbuf_addz(out, "…");
    for (shown = all < max ? all : max; shown < width; shown++)
        sbuf_addc(out, ' ');
}

static void write_row(const struct text_table *t, struct sbuf *out, const struct str *cells,
                      const size_t *width)
{
    for (size_t i = 0; i < t->columns; i++) {
        bool last = i + 1 == t->columns;
        write_cell(out, cells[i], last ? MAX_LAST_CELL : MAX_CELL, last ? 0 : width[i]);
        sbuf_addz(out, last ? "\n" : "  ");
    }
}

void text_table_write(const struct text_table *t, struct sbuf *out)
{
    if (t->columns == 0)
        return;
    struct str *heads = arena_array(t->a, struct str, t->columns + 1);
    size_t *width = arena_array(t->a, size_t, t->columns + 1);
    for (size_t i = 0; i < t->columns; i++) {
        heads[i] = str_from(t->heads[i]);
        width[i] = characters(heads[i]);
    }
    for (size_t i = 0; i < t->cells.n; i++) {
        size_t n = characters(t->cells.p[i]);
        size_t *wide = &width[i % t->columns];
        if (n > *wide)
            *wide = n < MAX_CELL ? n : MAX_CELL;
    }
    write_row(t, out, heads, width);
    for (size_t i = 0; i < t->cells.n; i += t->columns)
        write_row(t, out, t->cells.p + i, width);
}

void text_table_print(const struct text_table *t, FILE *to)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    text_table_write(t, &b);
    (void)fwrite(b.p, 1, b.n, to);
}
