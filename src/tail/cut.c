/* Where records end, and the first line of CSV. */
#include "ingest/container.h"
#include "tail/tail_priv.h"
#include "text/csv.h"

static size_t cut_lines(struct str text)
{
    const char *nl = text.n > 0 ? memrchr(text.p, '\n', text.n) : NULL;
    return nl != NULL ? (size_t)(nl - text.p) + 1 : 0;
}

/* A line feed inside of quotes ends no line. */
static size_t cut_csv(struct str text)
{
    bool quoted = false;
    size_t cut = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            quoted = !quoted;
        else if (text.p[i] == '\n' && !quoted)
            cut = i + 1;
    }
    return cut;
}

size_t tail_cut(enum tail_format f, struct str text)
{
    switch (f) {
    case TAIL_NDJSON:
    case TAIL_SYSLOG:
    case TAIL_CEF:
        return cut_lines(text);
    case TAIL_CSV:
        return cut_csv(text);
    case TAIL_CONTAINER:
        return container_cut(text);
    case TAIL_JSON:
        return 0; /* only as a whole */
    }
    UNREACHABLE();
}

static struct str column_for(const struct tail_source *s, struct str name)
{
    for (size_t i = 0; i < s->n_map; i++)
        if (str_eq(s->map_from[i], name))
            return s->map_to[i];
    return name;
}

static void put_name(struct sbuf *out, const struct tail_source *s, size_t i, struct str name)
{
    if (i > 0)
        sbuf_addc(out, s->separator);
    sbuf_addc(out, '"');
    for (size_t k = 0; k < name.n; k++) {
        if (name.p[k] == '"')
            sbuf_addc(out, '"');
        sbuf_addc(out, name.p[k]);
    }
    sbuf_addc(out, '"');
}

bool tail_csv_header(const struct tail_source *s, struct str start, struct sbuf *out, size_t *out_n)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str *names = s->columns;
    size_t n = s->n_columns, at = str_starts(start, STR("\xef\xbb\xbf")) ? 3 : 0;
    *out_n = at;
    if (n == 0) {
        const char *nl = memchr(start.p, '\n', start.n);
        if (nl == NULL || !csv_line_by(a, start, &at, s->separator, &names, &n, NULL))
            return false;
        *out_n = at;
    }
    sbuf_clear(out);
    for (size_t i = 0; i < n; i++)
        put_name(out, s, i, column_for(s, str_trim(names[i])));
    sbuf_addc(out, '\n');
    return true;
}
