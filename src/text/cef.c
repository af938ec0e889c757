/* CEF's header fields and pairs of keys and values. */
#include "text/cef.h"

enum { CEF_MAX_KEY = 128 };

struct str cef_unescape(struct arena *a, struct str s)
{
    if (!str_holds(s, '\\'))
        return s;
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\' && i + 1 < s.n && str_holds(STR("\\=|nr"), s.p[i + 1])) {
            c = s.p[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        p[n++] = c;
    }
    return (struct str){p, n};
}

bool cef_header_field(struct arena *a, struct str *s, struct str *out)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->p[i] == '\\') {
            i++;
        } else if (s->p[i] == '|') {
            *out = str_trim(cef_unescape(a, str_sub(*s, 0, i)));
            *s = str_sub(*s, i + 1, s->n);
            return true;
        }
    }
    return false;
}

static bool is_key_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           str_holds(STR("_.-[]"), c);
}

bool cef_key_at(struct str s, size_t at, struct str *key)
{
    size_t n = at;
    while (n < s.n && n - at < CEF_MAX_KEY && is_key_char(s.p[n]))
        n++;
    *key = str_sub(s, at, n - at);
    return n > at && n < s.n && s.p[n] == '=';
}

size_t cef_value_end(struct str s, size_t from, size_t *next)
{
    struct str key;
    for (size_t i = from; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == ' ' && cef_key_at(s, i + 1, &key)) {
            *next = i + 1;
            return i;
        }
    }
    *next = s.n;
    return s.n;
}

bool cef_pair(struct arena *a, struct str s, size_t *at, struct str *key, struct str *value)
{
    if (*at >= s.n || !cef_key_at(s, *at, key))
        return false;
    size_t from = *at + key->n + 1, end = cef_value_end(s, from, at);
    *value = str_trim(cef_unescape(a, str_sub(s, from, end > from ? end - from : 0)));
    return true;
}
