/* The JSON reader: one pass, strict RFC 8259, tree in an arena. Members are collected on a scratch
 * stack and copied once their number is known; strings without escapes stay in the input. */
#include "text/json.h"

enum {
    DEPTH_DEFAULT = 64,
    DEPTH_MOST = 120, /* the writer keeps one bit a level, 128 of them */
    VALUES_DEFAULT = 16 << 20
};

struct reader {
    struct arena *a;
    struct str text;
    const char *p, *end;
    size_t max_depth, depth, values_left;
    bool lone_surrogates;
    struct err *e;
    struct json *vals; /* scratch stacks: children of the containers that are still open */
    struct str *keys;
    size_t n, cap;
};

static bool read_value(struct reader *r, struct json *out);

static bool fail_as(struct reader *r, enum err_code code, const char *at, const char *what)
{
    return err_at(r->e, code, pos_in(r->text, (size_t)(at - r->text.p)), "JSON: %s", what);
}

static bool fail(struct reader *r, const char *what)
{
    return fail_as(r, ERR_SYNTAX, r->p, r->p == r->end ? "the text ends too early" : what);
}

static void skip_space(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
        r->p++;
}

/* ---- strings ---- */
#define ONES 0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL

/* Moves to the first quote, backslash or control character; tells whether a byte >= 0x80 was seen.
 */
static const char *scan_plain(const char *p, const char *end, bool *high)
{
    uint64_t seen = 0;
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, sizeof(w));
        uint64_t quote = w ^ (ONES * '"');
        uint64_t slash = w ^ (ONES * '\\');
        uint64_t stop = (quote - ONES) & ~quote;
        stop |= (slash - ONES) & ~slash;
        stop |= (w - ONES * 0x20) & ~w;
        if ((stop & HIGHS) != 0)
            break;
        seen |= w;
        p += 8;
    }
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\' || c < 0x20)
            break;
        seen |= c;
    }
    if ((seen & HIGHS) != 0)
        *high = true;
    return p;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char l = (char)(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static bool read_hex4(const char *p, const char *end, uint32_t *out)
{
    if (end - p < 4)
        return false;
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int d = hex_value(p[i]);
        if (d < 0)
            return false;
        v = v << 4 | (uint32_t)d;
    }
    *out = v;
    return true;
}

/* r->p is behind "\u"; pairs are joined. */
static bool read_unicode_escape(struct reader *r, char **to)
{
    uint32_t cp;
    if (!read_hex4(r->p, r->end, &cp))
        return fail(r, "\\u needs four hex digits");
    const char *at = r->p - 2;
    r->p += 4;
    if (cp >= 0xD800 && cp <= 0xDFFF) {
        uint32_t low;
        bool pair = cp < 0xDC00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u' &&
                    read_hex4(r->p + 2, r->end, &low) && low >= 0xDC00 && low <= 0xDFFF;
        if (!pair && !r->lone_surrogates)
            return fail_as(r, ERR_SYNTAX, at, "half of a surrogate pair");
        if (pair) {
            cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
            r->p += 6;
        } else {
            cp = 0xFFFD;
        }
    }
    *to += utf8_put(*to, cp);
    return true;
}

static bool read_escape(struct reader *r, char **to)
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    r->p++;
    if (r->p == r->end)
        return fail(r, "");
    char c = *r->p;
    if (c == 'u') {
        r->p++;
        return read_unicode_escape(r, to);
    }
    const char *k = c == '\0' ? NULL : strchr(from, c);
    if (k == NULL)
        return fail(r, "unknown escape in a string");
    *(*to)++ = into[k - from];
    r->p++;
    return true;
}

static bool check_utf8(struct reader *r, const char *from, const char *to)
{
    size_t bad;
    if (utf8_valid((struct str){from, (size_t)(to - from)}, &bad))
        return true;
    return fail_as(r, ERR_SYNTAX, from + bad, "invalid UTF-8 in a string");
}

/* Where the string that starts at from ends (its quote), so that its buffer has the right size. */
static const char *closing_quote(const char *from, const char *end)
{
    for (const char *p = from; p < end; p++) {
        if (*p == '"')
            return p;
        if (*p == '\\')
            p++;
    }
    return end;
}

static bool read_escaped(struct reader *r, const char *from, struct str *out)
{
    size_t most = (size_t)(closing_quote(r->p, r->end) - from) + 4;
    char *buf = arena_try(r->a, most);
    if (buf == NULL)
        return fail_as(r, ERR_LIMIT, from, "the document needs more memory than allowed");
    char *to = buf;
    const char *piece = from;
    for (;;) {
        bool high = false;
        r->p = scan_plain(r->p, r->end, &high);
        if (!check_utf8(r, piece, r->p))
            return false;
        memcpy(to, piece, (size_t)(r->p - piece));
        to += r->p - piece;
        if (r->p == r->end || (unsigned char)*r->p < 0x20)
            return fail(r, "control character in a string: write it as an escape");
        if (*r->p == '"')
            break;
        if (!read_escape(r, &to))
            return false;
        piece = r->p;
    }
    r->p++;
    *out = (struct str){buf, (size_t)(to - buf)};
    return true;
}

/* r->p is at the opening quote. */
static bool read_string(struct reader *r, struct str *out)
{
    const char *from = ++r->p;
    bool high = false;
    r->p = scan_plain(from, r->end, &high);
    if (r->p < r->end && *r->p == '\\')
        return read_escaped(r, from, out);
    if (r->p == r->end || *r->p != '"')
        return fail(r, "control character in a string: write it as an escape");
    if (high && !check_utf8(r, from, r->p))
        return false;
    *out = (struct str){from, (size_t)(r->p - from)};
    r->p++;
    return true;
}

/* ---- numbers ---- */
static bool is_digit(const struct reader *r)
{
    return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static bool read_digits(struct reader *r)
{
    if (!is_digit(r))
        return fail(r, "a digit is missing in a number");
    while (is_digit(r))
        r->p++;
    return true;
}

static bool read_number(struct reader *r, struct json *out)
{
    const char *from = r->p;
    bool real = false;
    if (*r->p == '-')
        r->p++;
    if (is_digit(r) && *r->p == '0')
        r->p++;
    else if (!read_digits(r))
        return false;
    if (is_digit(r))
        return fail(r, "a number must not start with 0");
    if (r->p < r->end && *r->p == '.') {
        real = true;
        r->p++;
        if (!read_digits(r))
            return false;
    }
    if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        real = true;
        r->p++;
        if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
            r->p++;
        if (!read_digits(r))
            return false;
    }
    out->text = (struct str){from, (size_t)(r->p - from)};
    if (!real && str_to_i64(out->text, &out->i)) {
        out->type = JSON_INT;
        out->d = (double)out->i;
        return true;
    }
    out->type = JSON_REAL;
    return str_to_f64(out->text, &out->d) || fail(r, "not a number");
}

static bool read_word(struct reader *r, struct str word)
{
    size_t left = (size_t)(r->end - r->p);
    if (left < word.n || memcmp(r->p, word.p, word.n) != 0)
        return fail_as(r, ERR_SYNTAX, r->p, "a value was expected");
    r->p += word.n;
    return true;
}

/* ---- arrays and objects ---- */
static void push(struct reader *r, const struct json *v, struct str key)
{
    if (r->n == r->cap) {
        r->cap = r->cap == 0 ? 64 : r->cap * 2;
        r->vals = xrealloc(r->vals, r->cap * sizeof(*r->vals));
        r->keys = xrealloc(r->keys, r->cap * sizeof(*r->keys));
    }
    r->vals[r->n] = *v;
    r->keys[r->n++] = key;
}

/* Moves what was pushed since base into the arena. */
static bool close_container(struct reader *r, size_t base, struct json *out)
{
    size_t n = r->n - base;
    r->n = base;
    out->n = n;
    if (n == 0)
        return true;
    out->items = arena_try(r->a, n * sizeof(*out->items));
    bool keyed = out->type == JSON_OBJECT;
    if (keyed && out->items != NULL)
        out->keys = arena_try(r->a, n * sizeof(*out->keys));
    if (out->items == NULL || (keyed && out->keys == NULL))
        return fail_as(r, ERR_LIMIT, r->p, "the document needs more memory than allowed");
    memcpy(out->items, r->vals + base, n * sizeof(*out->items));
    if (keyed)
        memcpy(out->keys, r->keys + base, n * sizeof(*out->keys));
    return true;
}

static bool read_key(struct reader *r, struct str *out)
{
    skip_space(r);
    if (r->p == r->end || *r->p != '"')
        return fail(r, "a member name in quotes was expected");
    if (!read_string(r, out))
        return false;
    skip_space(r);
    if (r->p == r->end || *r->p != ':')
        return fail(r, "':' was expected");
    r->p++;
    return true;
}

static bool read_members(struct reader *r, struct json *out)
{
    char close = out->type == JSON_OBJECT ? '}' : ']';
    size_t base = r->n;
    r->p++;
    skip_space(r);
    if (r->p < r->end && *r->p == close) {
        r->p++;
        return true;
    }
    for (;;) {
        struct str key = STR_NONE;
        struct json v;
        if (out->type == JSON_OBJECT && !read_key(r, &key))
            return false;
        if (!read_value(r, &v))
            return false;
        push(r, &v, key);
        skip_space(r);
        if (r->p < r->end && *r->p == close)
            break;
        if (r->p == r->end || *r->p != ',')
            return fail(r, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
        r->p++;
    }
    r->p++;
    return close_container(r, base, out);
}

static bool read_container(struct reader *r, struct json *out, enum json_type type)
{
    out->type = type;
    if (r->depth == r->max_depth)
        return fail_as(r, ERR_LIMIT, r->p, "nested too deeply");
    r->depth++;
    bool ok = read_members(r, out);
    r->depth--;
    return ok;
}

static bool read_value(struct reader *r, struct json *out)
{
    skip_space(r);
    if (r->p == r->end)
        return fail(r, "");
    if (r->values_left-- == 0)
        return fail_as(r, ERR_LIMIT, r->p, "too many values");
    *out = (struct json){.off = (uint32_t)(r->p - r->text.p)};
    switch (*r->p) {
    case '"':
        out->type = JSON_STRING;
        return read_string(r, &out->text);
    case '{':
        return read_container(r, out, JSON_OBJECT);
    case '[':
        return read_container(r, out, JSON_ARRAY);
    case 't':
        out->type = JSON_TRUE;
        return read_word(r, STR("true"));
    case 'f':
        out->type = JSON_FALSE;
        return read_word(r, STR("false"));
    case 'n':
        return read_word(r, STR("null"));
    default:
        if (*r->p == '-' || is_digit(r))
            return read_number(r, out);
        return fail(r, "a value was expected");
    }
}

bool json_parse_next(struct arena *a, struct str text, size_t *at, const struct json_opts *opts,
                     struct json *out, struct err *e)
{
    static const struct json_opts none;
    const struct json_opts *o = opts == NULL ? &none : opts;
    if (text.p == NULL)
        text = STR("");
    CHECK(*at <= text.n);
    if (text.n > UINT32_MAX)
        return err_set(e, ERR_LIMIT, "JSON: the text is larger than 4 GiB");
    struct reader r = {
        .a = a,
        .text = text,
        .p = text.p + *at,
        .end = text.p + text.n,
        .max_depth = o->max_depth == 0 ? DEPTH_DEFAULT : o->max_depth,
        .values_left = o->max_values == 0 ? VALUES_DEFAULT : o->max_values,
        .lone_surrogates = o->lone_surrogates,
        .e = e,
    };
    if (r.max_depth > DEPTH_MOST)
        r.max_depth = DEPTH_MOST;
    struct json v;
    bool ok = read_value(&r, &v);
    xfree(r.vals);
    xfree(r.keys);
    if (!ok)
        return false;
    *out = v;
    *at = (size_t)(r.p - text.p);
    return true;
}

bool json_parse(struct arena *a, struct str text, const struct json_opts *opts, struct json *out,
                struct err *e)
{
    size_t at = 0;
    struct json v;
    if (!json_parse_next(a, text, &at, opts, &v, e))
        return false;
    while (at < text.n && strchr(" \n\t\r", text.p[at]) != NULL && text.p[at] != '\0')
        at++;
    if (at < text.n)
        return err_at(e, ERR_SYNTAX, pos_in(text, at), "JSON: text follows the value");
    *out = v;
    return true;
}

/* ---- looking things up ---- */
const struct json *json_get_str(const struct json *object, struct str key)
{
    if (object == NULL || object->type != JSON_OBJECT)
        return NULL;
    for (size_t i = object->n; i > 0; i--) /* from the end: of repeated keys the last one counts */
        if (str_eq(object->keys[i - 1], key))
            return &object->items[i - 1];
    return NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
    return json_get_str(object, str_from(key));
}

const struct json *json_path(const struct json *v, const char *dotted)
{
    struct str rest = str_from(dotted);
    while (v != NULL) {
        size_t dot;
        if (!str_find(rest, STR("."), &dot))
            return json_get_str(v, rest);
        v = json_get_str(v, str_sub(rest, 0, dot));
        rest = str_sub(rest, dot + 1, rest.n);
    }
    return NULL;
}

struct str json_text(const struct json *v, struct str fallback)
{
    return v != NULL && v->type == JSON_STRING ? v->text : fallback;
}

bool json_is_true(const struct json *v)
{
    return v != NULL && v->type == JSON_TRUE;
}

static bool is_number(const struct json *v)
{
    return v->type == JSON_INT || v->type == JSON_REAL;
}

static bool equal_members(const struct json *a, const struct json *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct json *other =
            a->type == JSON_ARRAY ? &b->items[i] : json_get_str(b, a->keys[i]);
        if (!json_equal(&a->items[i], other))
            return false;
    }
    return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (is_number(a) && is_number(b))
        return a->type == JSON_INT && b->type == JSON_INT ? a->i == b->i : a->d == b->d;
    if (a->type != b->type)
        return false;
    if (a->type == JSON_STRING)
        return str_eq(a->text, b->text);
    return (a->type != JSON_ARRAY && a->type != JSON_OBJECT) || equal_members(a, b);
}
