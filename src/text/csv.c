/* Reading CSV lines. */
#include "text/csv.h"

/* A quoted field; *at stands on the quote. */
static bool quoted(struct arena *a, struct str text, size_t *at, char separator, struct str *out,
                   struct err *e)
{
    size_t from = *at + 1, to = from;
    char *copy = arena_try(a, text.n - from + 1);
    if (copy == NULL)
        return err_set(e, ERR_LIMIT, "a CSV line is too long");
    size_t n = 0;
    for (;; to++) {
        if (to >= text.n)
            return err_set(e, ERR_SYNTAX, "a quote is not closed");
        if (text.p[to] == '"') {
            if (to + 1 >= text.n || text.p[to + 1] != '"')
                break;
            to++;
        }
        copy[n++] = text.p[to];
    }
    *out = (struct str){copy, n};
    *at = to + 1;
    bool ends =
        *at >= text.n || text.p[*at] == separator || text.p[*at] == '\n' || text.p[*at] == '\r';
    return ends ? true : err_set(e, ERR_SYNTAX, "text behind a closing quote");
}

static struct str plain(struct str text, size_t *at, char separator)
{
    size_t from = *at;
    while (*at < text.n && text.p[*at] != separator && text.p[*at] != '\n' && text.p[*at] != '\r')
        ++*at;
    return str_sub(text, from, *at - from);
}

bool csv_line_by(struct arena *a, struct str text, size_t *at, char separator, struct str **out,
                 size_t *n, struct err *e)
{
    VEC(struct str) fields = {0};
    for (;;) {
        struct str field;
        if (*at < text.n && text.p[*at] == '"') {
            if (!quoted(a, text, at, separator, &field, e))
                return false;
        } else {
            field = plain(text, at, separator);
        }
        VEC_PUSH(a, &fields, field);
        if (*at >= text.n || text.p[*at] != separator)
            break;
        ++*at;
    }
    if (*at < text.n && text.p[*at] == '\r')
        ++*at;
    if (*at < text.n && text.p[*at] == '\n')
        ++*at;
    *out = fields.p;
    *n = fields.n;
    return true;
}

bool csv_line(struct arena *a, struct str text, size_t *at, struct str **out, size_t *n,
              struct err *e)
{
    return csv_line_by(a, text, at, ',', out, n, e);
}
