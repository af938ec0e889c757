/* One pass over an object. Whatever is not plain is left to the tree reader, a value at a time or
 * the whole record; so there is one place that says what is wrong, and where. */
#include "text/json_flat.h"

enum {
    DEPTH_DEFAULT = 64,
    DEPTH_MOST = 120,
    VALUES_DEFAULT = 16 << 20,
    MEMBERS_MOST = 4096,
    MEMBERS_FIRST = 64
};

struct json_flat json_flat_make(struct str text, const struct json_opts *opts)
{
    struct json_flat f = {.text = text, .scan = json_scan_best()};
    if (opts != NULL)
        f.opts = *opts;
    if (f.opts.max_depth == 0)
        f.opts.max_depth = DEPTH_DEFAULT;
    if (f.opts.max_depth > DEPTH_MOST)
        f.opts.max_depth = DEPTH_MOST;
    if (f.opts.max_values == 0)
        f.opts.max_values = VALUES_DEFAULT;
    return f;
}

void json_flat_fini(struct json_flat *f)
{
    xfree(f->items);
    xfree(f->keys);
    xfree(f->spare);
    f->items = NULL;
    f->keys = NULL;
    f->spare = NULL;
    f->cap = f->known = 0;
}

/* ---- strings ---- */

/* The window from this block on. Behind the text there are zeros: each of them is a stop. */
static void look_at(struct json_flat *f, size_t block)
{
    size_t whole = f->text.n / JSON_BLOCK - block;
    f->first = block;
    f->n_blocks = whole < JSON_FLAT_WINDOW ? whole : JSON_FLAT_WINDOW;
    const char *p = f->text.p + block * JSON_BLOCK;
    f->scan(p, f->n_blocks, f->bits);
    if (f->n_blocks == JSON_FLAT_WINDOW)
        return;
    char rest[JSON_BLOCK] = {0};
    p += f->n_blocks * JSON_BLOCK;
    memcpy(rest, p, (size_t)(f->text.p + f->text.n - p));
    f->scan(rest, 1, &f->bits[f->n_blocks++]);
}

static inline const struct json_bits *bits_of(struct json_flat *f, size_t block)
{
    if (block - f->first >= f->n_blocks)
        look_at(f, block);
    return &f->bits[block - f->first];
}

/* The first stop at p or behind it; the end of the text if there is none. */
static inline const char *stop_from(struct json_flat *f, const char *p, uint64_t *high)
{
    size_t at = (size_t)(p - f->text.p), block = at / JSON_BLOCK, skip = at % JSON_BLOCK;
    const struct json_bits *b = bits_of(f, block);
    uint64_t stop = b->stop >> skip;
    *high |= b->high >> skip;
    if (stop != 0)
        return p + __builtin_ctzll(stop);
    do {
        b = bits_of(f, ++block);
        *high |= b->high;
    } while (b->stop == 0);
    return f->text.p + block * JSON_BLOCK + __builtin_ctzll(b->stop);
}

static char here(const struct json_flat *f, const char *p)
{
    return p < f->end ? *p : '\0';
}

/* p: the opening quote of a string without escapes. Its closing quote, or NULL. */
static inline const char *plain_string(struct json_flat *f, const char *p)
{
    uint64_t high = 0;
    const char *q = stop_from(f, p + 1, &high);
    if (here(f, q) != '"')
        return NULL;
    if (high != 0 && !utf8_valid((struct str){p + 1, (size_t)(q - p - 1)}, NULL))
        return NULL;
    return q;
}

/* The same, but escapes are taken where the writer would write them so. */
static const char *written_string(struct json_flat *f, const char *p)
{
    uint64_t high = 0;
    const char *q = stop_from(f, p + 1, &high);
    while (here(f, q) == '\\') {
        char c = here(f, q + 1);
        if (c == '\0' || strchr("\"\\bfnrt", c) == NULL)
            return NULL;
        q = stop_from(f, q + 2, &high);
    }
    if (here(f, q) != '"')
        return NULL;
    if (high != 0 && !utf8_valid((struct str){p + 1, (size_t)(q - p - 1)}, NULL))
        return NULL;
    return q;
}

/* ---- numbers and words ---- */

static bool is_digit(const struct json_flat *f, const char *p)
{
    return p < f->end && *p >= '0' && *p <= '9';
}

/* Behind the digits; NULL without one. */
static const char *digits(const struct json_flat *f, const char *p)
{
    if (!is_digit(f, p))
        return NULL;
    while (is_digit(f, p))
        p++;
    return p;
}

/* Behind the number at p; NULL: there is none. */
static const char *number_end(const struct json_flat *f, const char *p, bool *real)
{
    *real = false;
    if (*p == '-')
        p++;
    const char *from = p;
    p = digits(f, p);
    if (p == NULL || (*from == '0' && p - from > 1))
        return NULL;
    if (here(f, p) == '.') {
        *real = true;
        p = digits(f, p + 1);
        if (p == NULL)
            return NULL;
    }
    if ((here(f, p) | 0x20) == 'e') {
        *real = true;
        p++;
        if (here(f, p) == '+' || here(f, p) == '-')
            p++;
        p = digits(f, p);
    }
    return p;
}

/* Up to 15 digits are exact in a double, and so is a power of ten up to 22: one division rounds
 * once, as strtod does (Clinger). */
static bool short_real(struct str s, double *out)
{
    static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool minus = s.p[0] == '-';
    if (s.n > 16 + (size_t)minus)
        return false;
    uint64_t v = 0;
    size_t behind = 0;
    bool point = false;
    for (size_t i = minus; i < s.n; i++) {
        if (s.p[i] == '.') {
            point = true;
            continue;
        }
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
        behind += point;
    }
    if (!point)
        return false;
    double d = (double)v / tens[behind];
    *out = minus ? -d : d;
    return true;
}

static const char *number(struct json_flat *f, const char *p, struct json *out)
{
    bool real;
    const char *q = number_end(f, p, &real);
    if (q == NULL)
        return NULL;
    out->text = (struct str){p, (size_t)(q - p)};
    if (!real && str_to_i64(out->text, &out->i)) {
        out->type = JSON_INT;
        out->d = (double)out->i;
        return q;
    }
    out->type = JSON_REAL;
    return short_real(out->text, &out->d) || str_to_f64(out->text, &out->d) ? q : NULL;
}

static const char *word(const struct json_flat *f, const char *p, struct str what)
{
    bool is = (size_t)(f->end - p) >= what.n && memcmp(p, what.p, what.n) == 0;
    return is ? p + what.n : NULL;
}

/* ---- arrays and objects inside: their text ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Leaves out the blanks at p: what is before them goes to the spare room. */
static const char *leave_out(struct json_flat *f, const char *p)
{
    if (f->spare == NULL) /* never longer than the text, and touched as far as it is used */
        f->spare = xmalloc(f->text.n);
    if (f->to == NULL)
        f->to = f->spare;
    memcpy(f->to, f->piece, (size_t)(p - f->piece));
    f->to += p - f->piece;
    while (p < f->end && is_blank(*p))
        p++;
    f->piece = p;
    return p;
}

static inline const char *gap(struct json_flat *f, const char *p)
{
    return p < f->end && is_blank(*p) ? leave_out(f, p) : p;
}

static const char *inner(struct json_flat *f, const char *p, size_t level);

static const char *inner_value(struct json_flat *f, const char *p, size_t level)
{
    bool real;
    char c = here(f, p);
    switch (c) {
    case '"':
        p = written_string(f, p);
        return p != NULL ? p + 1 : NULL;
    case '{':
    case '[':
        return inner(f, p, level + 1);
    case 't':
        return word(f, p, STR("true"));
    case 'f':
        return word(f, p, STR("false"));
    case 'n':
        return word(f, p, STR("null"));
    default:
        break;
    }
    if (c == '-' && here(f, p + 1) == '0') /* -0 is written 0 */
        return NULL;
    return c == '-' || (c >= '0' && c <= '9') ? number_end(f, p, &real) : NULL;
}

/* Behind the array or object at p, which is the level-th of them; NULL: left to the tree. */
static const char *inner(struct json_flat *f, const char *p, size_t level)
{
    bool object = *p == '{';
    char close = object ? '}' : ']';
    if (level > f->opts.max_depth)
        return NULL;
    p = gap(f, p + 1);
    if (here(f, p) == close)
        return p + 1;
    for (;;) {
        if (object) {
            if (here(f, p) != '"' || (p = written_string(f, p)) == NULL)
                return NULL;
            p = gap(f, p + 1);
            if (here(f, p) != ':')
                return NULL;
            p = gap(f, p + 1);
        }
        if ((p = inner_value(f, p, level)) == NULL)
            return NULL;
        p = gap(f, p);
        if (here(f, p) == close)
            return p + 1;
        if (here(f, p) != ',')
            return NULL;
        p = gap(f, p + 1);
    }
}

static const char *container(struct json_flat *f, const char *p, struct json *out)
{
    char *before = f->to;
    f->piece = p;
    const char *q = inner(f, p, 2);
    if (q == NULL) {
        f->to = before;
        return NULL;
    }
    out->type = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
    out->text = (struct str){p, (size_t)(q - p)};
    if (f->piece == p)
        return q;
    if (before == NULL)
        before = f->spare;
    memcpy(f->to, f->piece, (size_t)(q - f->piece));
    f->to += q - f->piece;
    out->text = (struct str){before, (size_t)(f->to - before)};
    return q;
}

/* ---- the members of a record ---- */

static const char *tree(struct json_flat *f, struct arena *a, const char *p, struct json *out)
{
    size_t at = (size_t)(p - f->text.p);
    struct json_opts o = f->opts;
    o.max_depth--;
    struct str text = {f->text.p, (size_t)(f->end - f->text.p)};
    return o.max_depth > 0 && json_parse_next(a, text, &at, &o, out, NULL) ? f->text.p + at : NULL;
}

static const char *member_value(struct json_flat *f, struct arena *a, const char *p,
                                struct json *out)
{
    const char *q;
    *out = (struct json){.off = (uint32_t)(p - f->text.p)};
    switch (here(f, p)) {
    case '"':
        q = plain_string(f, p);
        if (q == NULL)
            return tree(f, a, p, out);
        out->type = JSON_STRING;
        out->text = (struct str){p + 1, (size_t)(q - p - 1)};
        return q + 1;
    case '{':
    case '[':
        q = container(f, p, out);
        return q != NULL ? q : tree(f, a, p, out);
    case 't':
        out->type = JSON_TRUE;
        return word(f, p, STR("true"));
    case 'f':
        out->type = JSON_FALSE;
        return word(f, p, STR("false"));
    case 'n':
        return word(f, p, STR("null"));
    default:
        return here(f, p) == '-' || is_digit(f, p) ? number(f, p, out) : NULL;
    }
}

static const char *blanks(const struct json_flat *f, const char *p)
{
    while (p < f->end && is_blank(*p))
        p++;
    return p;
}

/* The n-th member's name: as a rule that of the record before. p: its opening quote. */
static const char *member_name(struct json_flat *f, const char *p, size_t n)
{
    if (n < f->known) {
        struct str guess = f->keys[n]; /* a quote is behind it */
        if ((size_t)(f->end - p) > guess.n + 2 && memcmp(p + 1, guess.p, guess.n + 1) == 0)
            return p + guess.n + 2;
    }
    if (here(f, p) != '"')
        return NULL;
    const char *q = plain_string(f, p);
    if (q == NULL)
        return NULL;
    f->keys[n] = (struct str){p + 1, (size_t)(q - p - 1)};
    f->known = n < f->known ? f->known : n + 1;
    return q + 1;
}

static bool room_for(struct json_flat *f, size_t n)
{
    if (n < f->cap)
        return true;
    if (n >= MEMBERS_MOST)
        return false;
    f->cap = f->cap == 0 ? MEMBERS_FIRST : f->cap * 2;
    f->items = xrealloc(f->items, f->cap * sizeof(*f->items));
    f->keys = xrealloc(f->keys, f->cap * sizeof(*f->keys));
    return true;
}

static const char *members(struct json_flat *f, struct arena *a, const char *p, size_t *n)
{
    p = blanks(f, p);
    if (here(f, p) == '}')
        return p + 1;
    for (;;) {
        if (!room_for(f, *n) || here(f, p) != '"' || (p = member_name(f, p, *n)) == NULL)
            return NULL;
        p = blanks(f, p);
        if (here(f, p) != ':')
            return NULL;
        p = member_value(f, a, blanks(f, p + 1), &f->items[*n]);
        if (p == NULL)
            return NULL;
        ++*n;
        p = blanks(f, p);
        if (here(f, p) == '}')
            return p + 1;
        if (here(f, p) != ',')
            return NULL;
        p = blanks(f, p + 1);
    }
}

bool json_flat_next(struct json_flat *f, struct arena *a, size_t *at, size_t end, struct json *out)
{
    CHECK(*at <= end && end <= f->text.n);
    if (f->text.n > UINT32_MAX || *at == end || f->text.p[*at] != '{')
        return false;
    size_t n = 0;
    f->end = f->text.p + end;
    f->to = f->spare;
    const char *p = members(f, a, f->text.p + *at + 1, &n);
    if (p == NULL)
        return false;
    size_t to = (size_t)(p - f->text.p);
    if (to - *at > f->opts.max_values) /* so it may have more values than are allowed */
        return false;
    *out = (struct json){.type = JSON_OBJECT, .off = (uint32_t)*at, .n = n};
    out->items = f->items;
    out->keys = f->keys;
    *at = to;
    return true;
}
