/* Reals as text: the fewest digits that read back as the same double. */
#include "text/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_DIGITS = 17, PLAIN_FROM = -4, PLAIN_BELOW = 16 };

struct digits {
    char text[24]; /* of the mantissa, without its dot */
    int n, exp10;  /* exp10: of the first digit */
};

/* Every decimal of up to 15 digits survives the way through a normal double, so the search starts
 * there and trailing zeros are cut afterwards; subnormals hold fewer digits. */
static void by_trying(double v, struct digits *out)
{
    char text[32];
    for (int digits = v < DBL_MIN ? 1 : DBL_DIG; digits <= MOST_DIGITS; digits++) {
        snprintf(text, sizeof(text), "%.*e", digits - 1, v);
        if (strtod(text, NULL) == v)
            break;
    }
    const char *p = text;
    for (out->n = 0; *p != 'e'; p++)
        if (*p != '.')
            out->text[out->n++] = *p;
    out->exp10 = (int)strtol(p + 1, NULL, 10);
}

/* ---- the same in whole numbers, for what is neither tiny nor huge ---- */
__extension__ typedef unsigned __int128 u128;

static u128 power_of_ten(int n)
{
    u128 p = 1;
    for (; n > 0; n--)
        p *= 10;
    return p;
}

/* A double as m / 2^shift, and a power of ten by which it is multiplied. */
struct scaled {
    uint64_t m;
    int shift;
    u128 power;
};

static uint64_t whole_part(const struct scaled *x)
{
    return (uint64_t)((u128)x->m * x->power >> x->shift);
}

/* To a whole number as printf rounds. close: it reads back as the double, because it lies within
 * half a unit of m's last place. */
static uint64_t rounded(const struct scaled *x, bool *close)
{
    u128 all = (u128)x->m * x->power, whole = all >> x->shift, rest = all - (whole << x->shift);
    u128 half = x->shift > 0 ? (u128)1 << (x->shift - 1) : 1;
    if (rest > half || (rest == half && x->shift > 0 && (whole & 1) != 0))
        whole++;
    u128 back = whole << x->shift, away = back > all ? back - all : all - back;
    *close = 2 * away < x->power || (2 * away == x->power && (x->m & 1) == 0);
    return (uint64_t)whole;
}

/* false: out of the range in which 128 bits do, or a power of two, whose neighbours are not equally
 * far. */
static bool in_whole_numbers(double v, struct digits *out)
{
    if (!(v >= 1e-5 && v < 1e15))
        return false;
    int exp2, exp10 = (int)floor(log10(v));
    struct scaled x = {.m = (uint64_t)ldexp(frexp(v, &exp2), DBL_MANT_DIG)};
    x.shift = DBL_MANT_DIG - exp2;
    if (x.m == (uint64_t)1 << (DBL_MANT_DIG - 1))
        return false;
    for (int digits = DBL_DIG; digits <= MOST_DIGITS; digits++) {
        bool close;
        uint64_t least = (uint64_t)power_of_ten(digits - 1);
        if (exp10 >= DBL_DIG) /* 999999999999999, whose logarithm is 15 when rounded */
            exp10 = DBL_DIG - 1;
        x.power = power_of_ten(digits - 1 - exp10);
        uint64_t floored = whole_part(&x);
        if (floored < least || floored >= least * 10) { /* log10 was off by one */
            exp10 += floored < least ? -1 : 1;
            digits--;
            continue;
        }
        uint64_t whole = rounded(&x, &close);
        if (!close)
            continue;
        out->exp10 = whole == least * 10 ? exp10 + 1 : exp10;
        out->n = snprintf(out->text, sizeof(out->text), "%llu", (unsigned long long)whole);
        return true;
    }
    return false;
}

static void add_zeros(struct sbuf *b, int n)
{
    for (; n > 0; n--)
        sbuf_addc(b, '0');
}

/* digits[0…n) is the mantissa without its dot, exp10 the exponent of its first digit. */
static void add_plain(struct sbuf *b, const char *digits, int n, int exp10)
{
    if (exp10 < 0) {
        sbuf_addz(b, "0.");
        add_zeros(b, -exp10 - 1);
        sbuf_addmem(b, digits, (size_t)n);
        return;
    }
    int whole = exp10 + 1 < n ? exp10 + 1 : n;
    sbuf_addmem(b, digits, (size_t)whole);
    add_zeros(b, exp10 + 1 - n);
    sbuf_addc(b, '.');
    if (n > whole)
        sbuf_addmem(b, digits + whole, (size_t)(n - whole));
    else
        sbuf_addc(b, '0');
}

void real_format(double v, struct sbuf *b)
{
    if (isnan(v)) {
        sbuf_addz(b, "NaN");
        return;
    }
    if (signbit(v))
        sbuf_addc(b, '-');
    if (isinf(v)) {
        sbuf_addz(b, "inf");
        return;
    }
    struct digits d;
    if (!in_whole_numbers(fabs(v), &d))
        by_trying(fabs(v), &d);
    const char *digits = d.text;
    int n = d.n, exp10 = d.exp10;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (exp10 >= PLAIN_FROM && exp10 < PLAIN_BELOW) {
        add_plain(b, digits, n, exp10);
        return;
    }
    sbuf_addc(b, digits[0]);
    if (n > 1) {
        sbuf_addc(b, '.');
        sbuf_addmem(b, digits + 1, (size_t)n - 1);
    }
    sbuf_addf(b, "e%c%02d", exp10 < 0 ? '-' : '+', abs(exp10));
}
