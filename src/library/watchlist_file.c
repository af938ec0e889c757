/* The file of a watchlist: lines before the header, the header, a row a line. */
#include "library/library_priv.h"
#include "text/csv.h"

enum { MAX_COLUMN = 128 };

/* Names that _GetWatchlist() gives columns of its own, or that every table has. */
static const char *const taken[] = {"_DTItemId", "LastUpdatedTimeUTC", "TenantId", "Type"};

bool watchlist_column_ok(struct str name, struct str search_key, struct err *e)
{
    size_t at = 0;
    struct str shown = brief(name, 60);
    if (str_trim(name).n == 0)
        return err_set(e, ERR_INVALID, "a column has no name");
    if (name.n > MAX_COLUMN || !utf8_valid(name, &at))
        return err_set(e, ERR_INVALID, "column '%.*s': text of at most %d bytes expected",
                       STR_ARG(shown), MAX_COLUMN);
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < 0x20)
            return err_set(e, ERR_INVALID, "a column's name holds a control character");
    for (size_t i = 0; i < COUNTOF(taken); i++)
        if (str_ieqz(name, taken[i]))
            return err_set(e, ERR_INVALID, "a column can't be called '%.*s'", STR_ARG(shown));
    if (str_eqz(name, "SearchKey") && !str_eq(name, search_key))
        return err_set(e, ERR_INVALID,
                       "a column can be called 'SearchKey' only if it is the search key");
    return true;
}

struct file {
    struct arena *a, *scratch; /* scratch: of one line */
    struct str text;
    const struct watchlist_format *f;
    struct watchlist_file *out;
    size_t at, key;
};

static uint32_t line_of(const struct file *x, size_t at)
{
    return pos_in(x->text, at).line;
}

/* The fields live until the next line is read. */
static bool line(struct file *x, struct str **fields, size_t *n, struct err *e)
{
    /* No more is shown to the reader than a line may have, so that a quote costs no more either. */
    struct str window = str_sub(x->text, x->at, WATCHLIST_MAX_LINE + 2);
    bool cut = x->at + window.n < x->text.n;
    size_t used = 0;
    arena_reset(x->scratch);
    bool ok = csv_line_by(x->scratch, window, &used, x->f->separator, fields, n, e);
    if (cut && (!ok || used == window.n) && !(ok && window.p[window.n - 1] == '\n'))
        return err_set(e, ERR_LIMIT, "rawContent, line %u: more than %d bytes", line_of(x, x->at),
                       WATCHLIST_MAX_LINE);
    if (!ok) {
        err_prefix(e, "rawContent, line %u", line_of(x, x->at));
        if (e != NULL)
            e->code = ERR_INVALID;
        return false;
    }
    x->at += used;
    return true;
}

static void skip_lines(struct file *x)
{
    if (str_starts(x->text, STR("\xef\xbb\xbf")))
        x->at = 3;
    for (int64_t i = 0; i < x->f->lines_to_skip && x->at < x->text.n; i++) {
        const char *end = memchr(x->text.p + x->at, '\n', x->text.n - x->at);
        x->at = end != NULL ? (size_t)(end - x->text.p) + 1 : x->text.n;
    }
}

static bool header(struct file *x, struct err *e)
{
    struct watchlist_file *out = x->out;
    struct map *seen = map_new(x->a, true);
    struct str *fields = NULL;
    x->key = SIZE_MAX;
    if (x->at >= x->text.n)
        return err_set(e, ERR_INVALID, "rawContent: there is no line with the columns' names");
    if (!line(x, &fields, &out->n_columns, e))
        return false;
    if (out->n_columns > WATCHLIST_MAX_COLUMNS)
        return err_set(e, ERR_LIMIT, "rawContent: more than %d columns", WATCHLIST_MAX_COLUMNS);
    out->columns = arena_array(x->a, struct str, out->n_columns + 1);
    for (size_t i = 0; i < out->n_columns; i++) {
        struct str name = arena_str(x->a, str_trim(fields[i]));
        if (!watchlist_column_ok(name, x->f->search_key, e)) {
            err_prefix(e, "rawContent");
            return false;
        }
        if (map_put(seen, name, out) != NULL)
            return err_set(e, ERR_INVALID, "rawContent: two columns are called '%.*s'",
                           STR_ARG(brief(name, 60)));
        out->columns[i] = name;
        if (str_eq(name, x->f->search_key))
            x->key = i;
    }
    return x->key != SIZE_MAX ||
           err_set(e, ERR_INVALID, "rawContent has no column '%.*s', which is the search key",
                   STR_ARG(brief(x->f->search_key, 60)));
}

static bool row(struct file *x, struct err *e)
{
    struct str *fields = NULL;
    size_t n = 0, from = x->at, bad = 0;
    if (!line(x, &fields, &n, e))
        return false;
    if (n == 0 || (n == 1 && str_trim(fields[0]).n == 0 && x->out->n_columns > 1))
        return true; /* an empty line */
    if (n != x->out->n_columns)
        return err_set(e, ERR_INVALID, "rawContent, line %u: %zu fields, the header has %zu",
                       line_of(x, from), n, x->out->n_columns);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(WATCHLIST_MAX_LINE);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    for (size_t i = 0; i < n; i++) {
        if (!utf8_valid(fields[i], &bad))
            return err_set(e, ERR_INVALID, "rawContent, line %u: not UTF-8", line_of(x, from));
        json_key_str(&o, x->out->columns[i]);
        json_str(&o, fields[i]);
    }
    json_obj_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "rawContent, line %u: the item has more than %d bytes",
                       line_of(x, from), WATCHLIST_MAX_LINE);
    VEC_PUSH(x->a, &x->out->items, arena_str(x->a, sbuf_str(&b)));
    VEC_PUSH(x->a, &x->out->keys, arena_str(x->a, fields[x->key]));
    return true;
}

bool watchlist_file_read(struct arena *a, struct str text, const struct watchlist_format *f,
                         struct watchlist_file *out, struct err *e)
{
    AUTO(arena_freep) struct arena *scratch = arena_new(0);
    struct file x = {.a = a, .scratch = scratch, .text = text, .f = f, .out = out};
    *out = (struct watchlist_file){0};
    if (text.n > WATCHLIST_MAX_CONTENT)
        return err_set(e, ERR_LIMIT, "rawContent: at most %d bytes", WATCHLIST_MAX_CONTENT);
    skip_lines(&x);
    if (!header(&x, e))
        return false;
    while (x.at < text.n)
        if (!row(&x, e))
            return false;
    return true;
}
