/* Punycode: basic code points first, then where the others go, as generalised variable-length
 * integers (RFC 3492, section 3). */
#include "text/punycode.h"

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    if (k <= bias + T_MIN)
        return T_MIN;
    return k >= bias + T_MAX ? T_MAX : k - bias;
}

static void add_integer(uint32_t v, uint32_t bias, struct sbuf *out)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias);
        if (v < t)
            break;
        sbuf_addc(out, digits[t + (v - t) % (BASE - t)]);
        v = (v - t) / (BASE - t);
    }
    sbuf_addc(out, digits[v]);
}

/* The code points of a text; false: more than PUNYCODE_MAX. */
static bool points_of(struct str text, uint32_t *points, size_t *n)
{
    const char *p = text.p, *end = text.p + text.n;
    *n = 0;
    while (p < end) {
        if (*n == PUNYCODE_MAX)
            return false;
        points[(*n)++] = utf8_next(&p, end);
    }
    return true;
}

static uint32_t smallest_from(const uint32_t *points, size_t n, uint32_t least)
{
    uint32_t m = UINT32_MAX;
    for (size_t i = 0; i < n; i++)
        if (points[i] >= least && points[i] < m)
            m = points[i];
    return m;
}

bool punycode_encode(struct str text, struct sbuf *out)
{
    uint32_t points[PUNYCODE_MAX], next = FIRST, bias = BIAS, delta = 0;
    size_t n;
    if (!points_of(text, points, &n))
        return false;
    uint32_t basic = 0, done;
    for (size_t i = 0; i < n; i++) {
        if (points[i] >= FIRST)
            continue;
        sbuf_addc(out, (char)points[i]);
        basic++;
    }
    if (basic > 0)
        sbuf_addc(out, '-');
    for (done = basic; done < n; next++, delta++) {
        uint32_t m = smallest_from(points, n, next);
        delta += (m - next) * (done + 1); /* below 2^21 * 2^10: no overflow */
        next = m;
        for (size_t i = 0; i < n; i++) {
            delta += points[i] < next;
            if (points[i] != next)
                continue;
            add_integer(delta, bias, out);
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return true;
}

static uint32_t digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 26;
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'z' ? (uint32_t)(c - 'a') : BASE;
}

/* One integer at *at, added to *v. */
static bool read_integer(struct str s, size_t *at, uint32_t bias, uint32_t *v)
{
    uint32_t w = 1, part;
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t digit = *at < s.n ? digit_of(s.p[*at]) : BASE, t = threshold(k, bias);
        if (digit >= BASE || __builtin_mul_overflow(digit, w, &part) ||
            __builtin_add_overflow(*v, part, v))
            return false;
        (*at)++;
        if (digit < t)
            return true;
        if (__builtin_mul_overflow(w, BASE - t, &w))
            return false;
    }
}

/* The basic code points in front of the last '-'. *at: where the integers start. */
static bool read_basic(struct str s, uint32_t *points, size_t *n, size_t *at)
{
    size_t dash = s.n;
    while (dash > 0 && s.p[dash - 1] != '-')
        dash--;
    *n = dash > 0 ? dash - 1 : 0;
    *at = dash;
    if (*n > PUNYCODE_MAX)
        return false;
    for (size_t i = 0; i < *n; i++) {
        points[i] = (unsigned char)s.p[i];
        if (points[i] >= FIRST)
            return false;
    }
    return true;
}

bool punycode_decode(struct str ascii, struct sbuf *out)
{
    uint32_t points[PUNYCODE_MAX], next = FIRST, bias = BIAS, i = 0;
    size_t n, at;
    if (!read_basic(ascii, points, &n, &at))
        return false;
    while (at < ascii.n) {
        uint32_t before = i, count = (uint32_t)n + 1;
        if (n == PUNYCODE_MAX || !read_integer(ascii, &at, bias, &i))
            return false;
        bias = adapt(i - before, count, before == 0);
        if (__builtin_add_overflow(next, i / count, &next) || next > 0x10FFFF ||
            (next >= 0xD800 && next < 0xE000))
            return false;
        i %= count;
        memmove(points + i + 1, points + i, (n - i) * sizeof(points[0]));
        points[i++] = next;
        n++;
    }
    for (size_t k = 0; k < n; k++) {
        char u[4];
        sbuf_addmem(out, u, utf8_put(u, points[k]));
    }
    return true;
}

/* ---- hosts ---- */
/* The label at *at and the dot behind it. false: none left. */
static bool next_label(struct str host, size_t *at, struct str *label, bool *dot)
{
    if (*at > host.n)
        return false;
    const char *from = host.p + *at, *p = from, *end = host.p + host.n;
    *label = str_sub(host, *at, host.n);
    *dot = false;
    while (p < end && !*dot) {
        const char *here = p;
        uint32_t c = utf8_next(&p, end);
        *dot = c == '.' || c == 0x3002 || c == 0xFF0E || c == 0xFF61;
        if (*dot)
            *label = (struct str){from, (size_t)(here - from)};
    }
    *at = *dot ? (size_t)(p - host.p) : host.n + 1;
    return true;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= FIRST)
            return false;
    return true;
}

static bool encode_label(struct str label, struct sbuf *out)
{
    if (is_ascii(label)) {
        sbuf_add(out, label);
        return true;
    }
    sbuf_addz(out, "xn--");
    return punycode_encode(label, out);
}

static bool decode_label(struct str label, struct sbuf *out)
{
    if (label.n >= 4 && str_ieqz(str_sub(label, 0, 4), "xn--"))
        return punycode_decode(str_sub(label, 4, label.n), out);
    sbuf_add(out, label);
    return true;
}

static bool each_label(struct str host, bool (*fn)(struct str, struct sbuf *), struct sbuf *out)
{
    size_t at = 0, before = out->n;
    struct str label;
    bool dot;
    while (next_label(host, &at, &label, &dot)) {
        if (!fn(label, out)) {
            out->n = before;
            return false;
        }
        if (dot)
            sbuf_addc(out, '.');
    }
    return true;
}

bool punycode_encode_host(struct str host, struct sbuf *out)
{
    return each_label(host, encode_label, out);
}

bool punycode_decode_host(struct str host, struct sbuf *out)
{
    return each_label(host, decode_label, out);
}
