/* Percent-decoding and form parsing: the two ways that text is packed into URLs and token requests.
 */
#include "http/http.h"

enum { MAX_QUERY_PAIRS = 64 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool http_percent_decode(struct arena *a, struct str s, bool plus, struct str *out)
{
    char *p = arena_try(a, s.n + 1);
    if (p == NULL)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            bool whole = s.n - i > 2;
            int hi = whole ? hex_digit(s.p[i + 1]) : -1;
            int lo = whole ? hex_digit(s.p[i + 2]) : -1;
            if (hi < 0 || lo < 0)
                return false;
            c = (char)(hi * 16 + lo);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        p[n++] = c;
    }
    p[n] = '\0';
    struct str v = {p, n};
    if (!utf8_valid(v, NULL))
        return false;
    *out = v;
    return true;
}

static bool add_pair(struct arena *a, struct str part, struct http_pair *out)
{
    size_t eq = part.n;
    str_find(part, STR("="), &eq);
    struct str name = str_sub(part, 0, eq);
    struct str value = eq < part.n ? str_sub(part, eq + 1, part.n) : STR("");
    return http_percent_decode(a, name, true, &out->name) &&
           http_percent_decode(a, value, true, &out->value);
}

bool http_form_parse(struct arena *a, struct str s, size_t max_pairs, struct http_pair **out,
                     size_t *out_n, struct err *e)
{
    struct http_pair *pairs = arena_array(a, struct http_pair, max_pairs + 1);
    size_t n = 0;
    while (s.n > 0) {
        size_t end = s.n;
        str_find(s, STR("&"), &end);
        struct str part = str_sub(s, 0, end);
        s = str_sub(s, end + 1, s.n);
        if (part.n == 0)
            continue;
        if (n == max_pairs)
            return err_set(e, ERR_LIMIT, "more than %zu parameters", max_pairs);
        if (!add_pair(a, part, &pairs[n]))
            return err_set(e, ERR_INVALID, "parameter %zu is not valid percent-encoded UTF-8 text",
                           n + 1);
        n++;
    }
    *out = pairs;
    *out_n = n;
    return true;
}

/* Azure's management clients put '/' in front of ids that begin with one, and leave parts of a path
 * empty; Azure takes both. */
static struct str single_slashes(struct arena *a, struct str path)
{
    size_t at;
    if (!str_find(path, STR("//"), &at))
        return path;
    char *out = arena_array(a, char, path.n);
    size_t n = 0;
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] != '/' || i == 0 || path.p[i - 1] != '/')
            out[n++] = path.p[i];
    return (struct str){out, n};
}

bool http_request_target(struct http_request *q, struct str target, struct err *e)
{
    size_t mark = target.n;
    str_find(target, STR("?"), &mark);
    q->path = single_slashes(q->arena, str_sub(target, 0, mark));
    struct str query = mark < target.n ? str_sub(target, mark + 1, target.n) : STR("");
    if (!utf8_valid(q->path, NULL))
        return err_set(e, ERR_INVALID, "the path is not valid UTF-8 text");
    return http_form_parse(q->arena, query, MAX_QUERY_PAIRS, &q->query, &q->n_query, e);
}
