/* Cookies of a request (RFC 6265, section 4.2): "name=value; name=value". */
#include "http/http.h"

/* The next pair of the list; false: there is none. What has no '=' is no cookie. */
static bool next_pair(struct str *list, struct http_pair *out)
{
    while (list->n > 0) {
        size_t end = list->n, equals = 0;
        (void)str_find(*list, STR(";"), &end);
        struct str pair = str_sub(*list, 0, end);
        *list = str_sub(*list, end + 1, list->n);
        if (!str_find(pair, STR("="), &equals))
            continue;
        *out = (struct http_pair){str_trim(str_sub(pair, 0, equals)),
                                  str_trim(str_sub(pair, equals + 1, pair.n))};
        return true;
    }
    return false;
}

/* false: there is another one with another value. */
static bool find_more(struct str header, const char *name, bool *found, struct str *out)
{
    struct http_pair p;
    while (next_pair(&header, &p)) {
        if (!str_eqz(p.name, name)) /* unlike names of headers, these have a case */
            continue;
        if (*found && !str_eq(*out, p.value))
            return false;
        *found = true;
        *out = p.value;
    }
    return true;
}

bool http_cookie_find(struct str header, const char *name, struct str *out)
{
    bool found = false;
    struct str value = STR_NONE;
    if (!find_more(header, name, &found, &value) || !found)
        return false;
    *out = value;
    return true;
}

bool http_cookie(const struct http_request *q, const char *name, struct str *out)
{
    bool found = false;
    struct str value = STR_NONE;
    for (size_t i = 0; i < q->n_headers; i++)
        if (str_ieqz(q->headers[i].name, "cookie") &&
            !find_more(q->headers[i].value, name, &found, &value))
            return false;
    if (found)
        *out = value;
    return found;
}
