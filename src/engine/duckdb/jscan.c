#include "engine/duckdb/jscan.h"
#include "engine/duckdb/lanes.h"
#include "text/json.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static size_t blanks(struct str t, size_t at)
{
    while (at < t.n && is_blank(t.p[at]))
        at++;
    return at;
}

enum js_type js_type(struct str v)
{
    size_t at = blanks(v, 0);
    if (at >= v.n)
        return JS_NONE;
    switch (v.p[at]) {
    case '{':
        return JS_OBJECT;
    case '[':
        return JS_ARRAY;
    case '"':
        return JS_STRING;
    case 't':
    case 'f':
        return JS_BOOL;
    case 'n':
        return JS_NULL;
    default:
        return JS_NUMBER;
    }
}

/* Behind the string whose opening quote is at at. */
static size_t skip_string(struct str t, size_t at)
{
    at++;
    while (at < t.n) {
        if (t.n - at >= LANES) {
            lanes v = lanes_load(t.p + at);
            unsigned i = lanes_first((lanes)((v == '"') | (v == '\\')));
            at += i;
            if (i == LANES)
                continue;
        }
        if (t.p[at] == '"')
            return at + 1;
        at += t.p[at] == '\\' ? 2 : 1;
    }
    return t.n;
}

enum { OPENS = 1, CLOSES = 2, QUOTES = 3, ENDS = 4 };

/* What ends the skipping of bytes inside of arrays and objects; of a bare value, too, what is
 * below ENDS or ENDS itself. */
static const unsigned char kinds[256] = {
    ['{'] = OPENS, ['['] = OPENS, ['}'] = CLOSES, [']'] = CLOSES, ['"'] = QUOTES,
    [','] = ENDS,  [' '] = ENDS,  ['\n'] = ENDS,  ['\t'] = ENDS,  ['\r'] = ENDS,
};

static size_t skip_nested(struct str t, size_t at)
{
    size_t depth = 0;
    while (at < t.n) {
        if (t.n - at >= LANES) { /* with this bit both kinds of brackets are the same */
            lanes v = lanes_load(t.p + at), bracket = v | 0x20;
            unsigned i = lanes_first((lanes)((v == '"') | (bracket == '{') | (bracket == '}')));
            at += i;
            if (i == LANES)
                continue;
        }
        unsigned char kind = kinds[(unsigned char)t.p[at]];
        if (kind == QUOTES) {
            at = skip_string(t, at);
            continue;
        }
        at++;
        if (kind == OPENS)
            depth++;
        else if (kind == CLOSES && --depth == 0)
            return at;
    }
    return t.n;
}

static size_t skip_value(struct str t, size_t at)
{
    if (at >= t.n)
        return t.n;
    char c = t.p[at];
    if (c == '"')
        return skip_string(t, at);
    if (c == '{' || c == '[')
        return skip_nested(t, at);
    for (; at < t.n; at++) {
        unsigned char kind = kinds[(unsigned char)t.p[at]];
        if (kind == CLOSES || kind == ENDS)
            break;
    }
    return at;
}

struct js_iter js_begin(struct str v)
{
    size_t at = blanks(v, 0);
    struct js_iter it = {v, v.n, false};
    if (at < v.n && (v.p[at] == '{' || v.p[at] == '[')) {
        it.object = v.p[at] == '{';
        it.at = blanks(v, at + 1);
    }
    return it;
}

bool js_next(struct js_iter *it, struct str *raw_key, struct str *value)
{
    struct str t = it->text;
    if (it->at >= t.n || t.p[it->at] == ']' || t.p[it->at] == '}')
        return false;
    size_t at = it->at;
    if (it->object) {
        size_t end = skip_string(t, at);
        if (raw_key)
            *raw_key = str_sub(t, at, end - at);
        at = blanks(t, end);
        if (at < t.n && t.p[at] == ':')
            at = blanks(t, at + 1);
    }
    size_t end = skip_value(t, at);
    if (end == at)
        return false;
    *value = str_sub(t, at, end - at);
    at = blanks(t, end);
    if (at < t.n && t.p[at] == ',')
        at = blanks(t, at + 1);
    it->at = at;
    return true;
}

static bool key_is(struct str raw, struct str key)
{
    if (raw.n < 2)
        return false;
    struct str inner = {raw.p + 1, raw.n - 2};
    if (str_eq(inner, key)) /* with a backslash in it, a key is longer than what it says */
        return !str_holds(inner, '\\');
    if (inner.n <= key.n || !str_holds(inner, '\\'))
        return false;
    AUTO(arena_freep) struct arena *a = arena_new(raw.n * 8 + 4096);
    return str_eq(js_decode(a, raw), key);
}

/* Repeated keys: the last wins. */
bool js_get(struct str object, struct str key, struct str *out)
{
    struct str t = object;
    size_t at = blanks(t, 0);
    bool found = false;
    if (at >= t.n || t.p[at] != '{')
        return false;
    for (at = blanks(t, at + 1); at < t.n && t.p[at] == '"';) {
        size_t from = at, end = skip_string(t, at);
        at = blanks(t, end);
        if (at < t.n && t.p[at] == ':')
            at = blanks(t, at + 1);
        size_t value = at;
        at = skip_value(t, at);
        if (at == value)
            break;
        if (end - from >= key.n + 2 && key_is((struct str){t.p + from, end - from}, key)) {
            *out = (struct str){t.p + value, at - value};
            found = true;
        }
        at = blanks(t, at);
        if (at < t.n && t.p[at] == ',')
            at = blanks(t, at + 1);
    }
    return found;
}

size_t js_count(struct str v)
{
    struct js_iter it = js_begin(v);
    struct str item;
    size_t n = 0;
    while (js_next(&it, NULL, &item))
        n++;
    return n;
}

bool js_at(struct str array, int64_t index, struct str *out)
{
    if (js_type(array) != JS_ARRAY)
        return false;
    if (index < 0)
        index += (int64_t)js_count(array);
    if (index < 0)
        return false;
    struct js_iter it = js_begin(array);
    while (js_next(&it, NULL, out)) {
        if (index-- == 0)
            return true;
    }
    return false;
}

struct str *js_items(struct arena *a, struct str v, struct str **keys, size_t *n)
{
    *n = js_count(v);
    struct str *items = arena_try(a, sizeof(*items) * (*n + 1));
    struct str *k = arena_try(a, sizeof(*k) * (*n + 1));
    if (!items || !k) { /* the arena says that it is full */
        *n = 0;
        items = k = arena_array(a, struct str, 1);
    }
    struct js_iter it = js_begin(v);
    for (size_t i = 0; i < *n && js_next(&it, &k[i], &items[i]); i++)
        continue;
    if (keys)
        *keys = k;
    return items;
}

struct str js_decode(struct arena *a, struct str raw)
{
    if (raw.n < 2)
        return STR_NONE;
    struct str inner = {raw.p + 1, raw.n - 2};
    if (!memchr(inner.p, '\\', inner.n))
        return inner;
    struct json j;
    const struct json_opts lax = {.lone_surrogates = true};
    if (!json_parse(a, raw, &lax, &j, NULL))
        return inner;
    return j.text;
}

struct str js_quote(struct arena *a, struct str text)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(text.n * 6 + 16);
    json_escape(&b, text);
    return arena_str(a, sbuf_str(&b));
}

bool js_number(struct str v, bool *is_int, int64_t *i, double *d)
{
    v = str_trim(v);
    *is_int = str_to_i64(v, i);
    if (*is_int) {
        *d = (double)*i;
        return true;
    }
    return str_to_f64(v, d);
}

bool js_path_step(struct str *path, struct str *key, int64_t *index)
{
    size_t n = 0;
    struct str s = *path;
    *key = STR_NONE;
    if (s.p[0] == '[') {
        if (!str_find(s, STR("]"), &n))
            return false;
        struct str inside = str_trim(str_sub(s, 1, n - 1));
        *path = str_sub(s, n + 1, s.n);
        if (inside.n >= 2 && (inside.p[0] == '\'' || inside.p[0] == '"')) {
            *key = str_sub(inside, 1, inside.n - 2);
            return true;
        }
        return str_to_i64(inside, index);
    }
    if (s.p[0] == '.')
        s = str_sub(s, 1, s.n);
    while (n < s.n && s.p[n] != '.' && s.p[n] != '[')
        n++;
    *key = str_sub(s, 0, n);
    *path = str_sub(s, n, s.n);
    return n > 0;
}

struct js_step js_step_index(int64_t index)
{
    return (struct js_step){.is_index = true, .index = index};
}

struct js_step js_step_key(struct arena *a, struct str key)
{
    char *quoted = arena_alloc(a, key.n + 2);
    quoted[0] = quoted[key.n + 1] = '"';
    if (key.n > 0)
        memcpy(quoted + 1, key.p, key.n);
    struct js_step s = {.key = {quoted + 1, key.n}};
    unsigned char c = (unsigned char)quoted[1];
    s.is_word = (unsigned)((c | 32) - 'a') < 26u || (unsigned)(c - '0') < 10u || c == '_';
    finder_set(&s.quoted, (struct str){quoted, key.n + 2}, false);
    return s;
}

/* How deep a place of a text without backslashes is, 64 bytes at a time. */
struct depth {
    struct str text;
    size_t at;
    uint64_t in_string; /* all bits: at is inside of one */
    int64_t deep;
};

static uint64_t ones(uint64_t v)
{
    uint64_t n = 0;
    for (; v != 0; v &= v - 1) /* there are few */
        n++;
    return n;
}

/* Bit i: an odd number of bits up to i are set. */
static uint64_t running_parity(uint64_t v)
{
    v ^= v << 1;
    v ^= v << 2;
    v ^= v << 4;
    v ^= v << 8;
    v ^= v << 16;
    return v ^ v << 32;
}

static int64_t depth_at(struct depth *k, size_t place)
{
    while (k->at < place) {
        char tail[4 * LANES] = {0};
        size_t n = place - k->at < sizeof tail ? place - k->at : sizeof tail;
        const char *p = k->text.p + k->at;
        if (k->text.n - k->at < sizeof tail)
            p = memcpy(tail, p, n);
        uint64_t quotes = 0, opens = 0, closes = 0;
        uint64_t seen = n < sizeof tail ? ((uint64_t)1 << n) - 1 : UINT64_MAX;
        for (unsigned i = 0; i * LANES < n; i++) {
            lanes v = lanes_load(p + i * LANES), bracket = v | 0x20;
            quotes |= (uint64_t)lanes_bits((lanes)(v == '"')) << i * LANES;
            opens |= (uint64_t)lanes_bits((lanes)(bracket == '{')) << i * LANES;
            closes |= (uint64_t)lanes_bits((lanes)(bracket == '}')) << i * LANES;
        }
        uint64_t outside = ~(running_parity(quotes) ^ k->in_string) & seen;
        k->deep += (int64_t)ones(opens & outside) - (int64_t)ones(closes & outside);
        if (__builtin_parityll(quotes & seen))
            k->in_string = ~k->in_string;
        k->at += n;
    }
    return k->deep;
}

/* The same as js_get() without walking from member to member: the text has no backslash, so that a
 * name in quotes with a colon behind it is a key, of this object if it is not deeper. */
static bool get_word(struct str t, const struct js_step *s, struct str *out)
{
    size_t at = blanks(t, 0), value = SIZE_MAX;
    if (at >= t.n || t.p[at] != '{')
        return false;
    struct depth k = {t, at + 1, 0, 1};
    for (size_t p = at; (p = finder_find(&s->quoted, t, p)) != SIZE_MAX; p++) {
        size_t colon = blanks(t, p + s->quoted.needle.n);
        if (colon < t.n && t.p[colon] == ':' && depth_at(&k, p) == 1)
            value = blanks(t, colon + 1);
    }
    if (value == SIZE_MAX)
        return false;
    *out = str_sub(t, value, skip_value(t, value) - value);
    return out->n > 0;
}

bool js_path(struct str v, const struct js_step *steps, size_t n, struct str *out)
{
    bool plain = !str_holds(v, '\\');
    for (size_t i = 0; i < n; i++) {
        const struct js_step *s = &steps[i];
        struct str in = v;
        bool found = s->is_index           ? js_at(in, s->index, &v)
                     : plain && s->is_word ? get_word(in, s, &v)
                                           : js_get(in, s->key, &v);
        if (!found)
            return false;
    }
    *out = v;
    return true;
}

/* ---- compact text ---- */
enum { COMPACT_DEPTH = 64, COMPACT_BYTES = 1 << 20, WHOLE_DIGITS = 18, REAL_BYTES = 40 };

struct compact {
    const char *p, *end;
    unsigned depth;
};

static bool compact_string(struct compact *k)
{
    for (k->p++; k->p < k->end; k->p++) {
        unsigned char c = (unsigned char)*k->p;
        if (c == '"') {
            k->p++;
            return true;
        }
        if (c < 0x20)
            return false;
        if (c == '\\' && (++k->p == k->end || !memchr("\"\\bfnrt", *k->p, 7)))
            return false;
    }
    return false;
}

static size_t digits(struct compact *k)
{
    const char *from = k->p;
    while (k->p < k->end && (unsigned)(*k->p - '0') < 10u)
        k->p++;
    return (size_t)(k->p - from);
}

/* Whole numbers of up to 18 digits but -0, and plain fractions: these are written as they were. */
static bool compact_number(struct compact *k)
{
    const char *from = k->p;
    bool minus = *k->p == '-';
    k->p += minus;
    bool zero = k->p < k->end && *k->p == '0';
    size_t whole = digits(k);
    if (whole == 0 || whole > WHOLE_DIGITS || (zero && whole > 1))
        return false;
    if (k->p < k->end && *k->p == '.') {
        k->p++;
        if (digits(k) == 0 || k->p - from > REAL_BYTES)
            return false;
    } else if (minus && zero) {
        return false;
    }
    return k->p == k->end || ((*k->p | 32) != 'e' && *k->p != '.');
}

static bool compact_word(struct compact *k, struct str word)
{
    bool is = str_starts((struct str){k->p, (size_t)(k->end - k->p)}, word);
    k->p += is ? word.n : 0;
    return is;
}

static bool compact_value(struct compact *k);

static bool compact_members(struct compact *k, char close)
{
    k->p++;
    if (k->p < k->end && *k->p == close) {
        k->p++;
        return true;
    }
    while (k->p < k->end) {
        if (close == '}' &&
            (*k->p != '"' || !compact_string(k) || k->p == k->end || *k->p++ != ':'))
            return false;
        if (!compact_value(k) || k->p == k->end)
            return false;
        if (*k->p == close) {
            k->p++;
            return true;
        }
        if (*k->p++ != ',')
            return false;
    }
    return false;
}

static bool compact_value(struct compact *k)
{
    bool ok;
    if (k->p == k->end || ++k->depth > COMPACT_DEPTH)
        return false;
    switch (*k->p) {
    case '{':
        ok = compact_members(k, '}');
        break;
    case '[':
        ok = compact_members(k, ']');
        break;
    case '"':
        ok = compact_string(k);
        break;
    case 't':
        ok = compact_word(k, STR("true"));
        break;
    case 'f':
        ok = compact_word(k, STR("false"));
        break;
    case 'n':
        ok = compact_word(k, STR("null"));
        break;
    default:
        ok = compact_number(k);
    }
    k->depth--;
    return ok;
}

bool js_is_compact(struct str text)
{
    struct compact k = {text.p, text.p + text.n, 0};
    return text.n > 0 && text.n <= COMPACT_BYTES && compact_value(&k) && k.p == k.end;
}
