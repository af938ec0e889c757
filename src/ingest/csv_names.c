/* The first line of CSV, as it should be, and where lines end. */
#include "ingest/csv_names.h"
#include "text/csv.h"

static struct str column_for(const struct csv_names *c, struct str name)
{
    for (size_t i = 0; i < c->n_map; i++)
        if (str_eq(c->map_from[i], name))
            return c->map_to[i];
    return name;
}

static void put_name(struct sbuf *out, struct str name)
{
    sbuf_addc(out, '"');
    for (size_t k = 0; k < name.n; k++) {
        if (name.p[k] == '"')
            sbuf_addc(out, '"');
        sbuf_addc(out, name.p[k]);
    }
    sbuf_addc(out, '"');
}

bool csv_names_line(const struct csv_names *c, struct str start, struct sbuf *out, size_t *out_n)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str *names = c->columns;
    size_t n = c->n_columns, at = str_starts(start, STR("\xef\xbb\xbf")) ? 3 : 0;
    *out_n = at;
    if (n == 0) {
        const char *nl = start.n > 0 ? memchr(start.p, '\n', start.n) : NULL;
        if (nl == NULL || !csv_line_by(a, start, &at, c->separator, &names, &n, NULL))
            return false;
        *out_n = at;
    }
    sbuf_clear(out);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            sbuf_addc(out, c->separator);
        put_name(out, column_for(c, str_trim(names[i])));
    }
    sbuf_addc(out, '\n');
    return true;
}

static struct str next_part(struct str *rest)
{
    size_t at = rest->n;
    (void)str_find(*rest, STR(","), &at);
    struct str part = str_trim(str_sub(*rest, 0, at));
    *rest = str_sub(*rest, at + 1, rest->n);
    return part;
}

bool csv_names_read_columns(struct csv_names *c, struct arena *a, struct str text, struct err *e)
{
    c->columns = arena_array(a, struct str, CSV_MAX_NAMES);
    while (text.n > 0) {
        struct str name = next_part(&text);
        if (name.n == 0 || c->n_columns == CSV_MAX_NAMES)
            return err_set(e, ERR_INVALID, "columns: at most %d names such as A,B,C expected",
                           CSV_MAX_NAMES);
        c->columns[c->n_columns++] = name;
    }
    return true;
}

bool csv_names_read_map(struct csv_names *c, struct arena *a, struct str text, struct err *e)
{
    c->map_from = arena_array(a, struct str, CSV_MAX_NAMES);
    c->map_to = arena_array(a, struct str, CSV_MAX_NAMES);
    while (text.n > 0) {
        struct str pair = next_part(&text);
        size_t at = 0;
        bool good = str_find(pair, STR("="), &at) && at > 0 && at + 1 < pair.n;
        if (!good || c->n_map == CSV_MAX_NAMES)
            return err_set(e, ERR_INVALID,
                           "map: at most %d pairs such as 'Name in the file=Column' expected",
                           CSV_MAX_NAMES);
        c->map_from[c->n_map] = str_trim(str_sub(pair, 0, at));
        c->map_to[c->n_map++] = str_trim(str_sub(pair, at + 1, pair.n));
    }
    return true;
}

bool csv_separator_read(struct str text, char *out)
{
    if (str_eqz(text, "tab") || str_eqz(text, "\\t"))
        text = STR("\t");
    if (text.n != 1 || str_holds(STR("\"\r\n"), text.p[0]) || (text.p[0] & 0x80) != 0)
        return false;
    *out = text.p[0];
    return true;
}

size_t csv_cut(struct str text, char separator)
{
    bool quoted = false, fresh = true;
    size_t cut = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (quoted) {
            quoted = c != '"'; /* one that stands for a quote closes, and opens again */
            fresh = !quoted;
        } else if (c == '"' && fresh) {
            quoted = true;
        } else {
            fresh = c == separator || c == '\n';
            cut = c == '\n' ? i + 1 : cut;
        }
    }
    return cut;
}
