/* Reading CSV lines. */
#include "text/csv.h"

/* The closing quote of the field whose text begins at from; *doubled: quotes stand for quotes in
 * it.
 */
static bool find_end(struct str text, size_t from, size_t *out_end, bool *doubled)
{
    *doubled = false;
    for (size_t to = from; to < text.n;) {
        const char *quote = memchr(text.p + to, '"', text.n - to);
        if (quote == NULL)
            return false;
        to = (size_t)(quote - text.p);
        if (to + 1 >= text.n || text.p[to + 1] != '"') {
            *out_end = to;
            return true;
        }
        *doubled = true;
        to += 2;
    }
    return false;
}

static bool undouble(struct arena *a, struct str s, struct str *out, struct err *e)
{
    char *copy = arena_try(a, s.n + 1);
    size_t n = 0;
    if (copy == NULL)
        return err_set(e, ERR_LIMIT, "a CSV line is too long");
    for (size_t i = 0; i < s.n; i++) {
        copy[n++] = s.p[i];
        i += s.p[i] == '"';
    }
    *out = (struct str){copy, n};
    return true;
}

/* A quoted field; *at stands on the quote. */
static bool quoted(struct arena *a, struct str text, size_t *at, char separator, struct str *out,
                   struct err *e)
{
    size_t from = *at + 1, to = from;
    bool doubled = false;
    if (!find_end(text, from, &to, &doubled))
        return err_set(e, ERR_SYNTAX, "a quote is not closed");
    *out = str_sub(text, from, to - from);
    if (doubled && !undouble(a, *out, out, e))
        return false;
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
