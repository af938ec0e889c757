/* Reals as text: the fewest digits that read back as the same double. */
#include "text/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_DIGITS = 17, PLAIN_FROM = -4, PLAIN_BELOW = 16 };

/* Shortest "d.ddde±xx". Every decimal of up to 15 digits survives the way through a normal double,
 * so the search starts there and trailing zeros are cut afterwards; subnormals hold fewer digits.
 */
static void shortest(double v, char out[32])
{
    for (int digits = v < DBL_MIN ? 1 : DBL_DIG; digits <= MOST_DIGITS; digits++) {
        snprintf(out, 32, "%.*e", digits - 1, v);
        if (strtod(out, NULL) == v)
            return;
    }
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
    char text[32];
    char digits[MOST_DIGITS + 1] = "";
    shortest(fabs(v), text);
    int n = 0;
    const char *p = text;
    for (; *p != 'e'; p++)
        if (*p != '.')
            digits[n++] = *p;
    int exp10 = (int)strtol(p + 1, NULL, 10);
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
