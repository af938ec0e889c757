/* Sets of JSON values. */
#include "engine/duckdb/jset.h"
#include "engine/duckdb/jscan.h"

enum { FEW = 16, KEY_BYTES = 1 + sizeof(double) };

/* What is the same has the same key: a number's is in buf, a letter and its value. */
static struct str key_of(struct str v, char buf[KEY_BYTES])
{
    bool is_int;
    int64_t i;
    double d;
    if (js_type(v) != JS_NUMBER || !js_number(v, &is_int, &i, &d))
        return v;
    d += 0.0; /* -0 is 0 */
    buf[0] = '#';
    memcpy(buf + 1, &d, sizeof(d));
    return (struct str){buf, KEY_BYTES};
}

static bool same(struct str x, struct str y)
{
    char a[KEY_BYTES], b[KEY_BYTES];
    return str_eq(x, y) || str_eq(key_of(x, a), key_of(y, b));
}

struct jset jset_new(struct arena *a)
{
    return (struct jset){.a = a};
}

bool jset_has(const struct jset *s, struct str v)
{
    char buf[KEY_BYTES];
    if (s->seen != NULL)
        return map_get(s->seen, key_of(v, buf)) != NULL;
    for (size_t i = 0; i < s->n; i++)
        if (same(s->p[i], v))
            return true;
    return false;
}

static void note(struct jset *s, struct str v)
{
    char buf[KEY_BYTES];
    struct str key = key_of(v, buf);
    (void)map_put(s->seen, key.p == buf ? arena_str(s->a, key) : key, s);
}

bool jset_add(struct jset *s, struct str v)
{
    if (jset_has(s, v))
        return false;
    if (s->n == s->cap)
        s->p = base_vec_grow(s->a, s->p, &s->cap, sizeof(*s->p));
    s->p[s->n++] = v;
    if (s->seen == NULL && s->n > FEW) {
        s->seen = map_new(s->a, false);
        for (size_t i = 0; i < s->n; i++)
            note(s, s->p[i]);
    } else if (s->seen != NULL) {
        note(s, v);
    }
    return true;
}
