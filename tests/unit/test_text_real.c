/* Reals as text against the plain way: more and more digits of printf, until they read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/json.h"

enum { ROUNDS = 20000, POWERS = 24 };

/* The digits of a text without sign, dot, exponent and the zeros at both ends. */
static void digits_of(const char *text, char out[64])
{
    size_t n = 0;
    for (const char *p = text; *p != '\0' && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && (n > 0 || *p != '0'))
            out[n++] = *p;
    while (n > 0 && out[n - 1] == '0')
        n--;
    out[n] = '\0';
}

static void check(double v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    char plain[40], want[64], got[64];
    for (int n = 1; n <= 17; n++) {
        snprintf(plain, sizeof(plain), "%.*e", n - 1, v);
        if (strtod(plain, NULL) == v)
            break;
    }
    real_format(v, &b);
    const char *text = sbuf_str(&b).p;
    digits_of(plain, want);
    digits_of(text, got);
    assert_string_equal(got, want);
    assert_true(strtod(text, NULL) == v);
}

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void reads_back_in_as_few_digits_as_can_be(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252ULL;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t x = next(&seed);
        double v;
        memcpy(&v, &x, sizeof(v));
        if (isfinite(v))
            check(v);
        check(ldexp((double)(x >> 11), -(int)(x % 80)));
        check((double)(x % 2000000000000ULL) / 1000);
        check((double)(x % 100000) / 100 * 1.1);
    }
}

static void neighbours_of_powers(void **state)
{
    (void)state;
    for (int i = -6; i < POWERS; i++) {
        double up = pow(10, i), down = up;
        for (int k = 0; k < 200; k++) {
            check(up);
            check(down);
            up = nextafter(up, (double)INFINITY);
            down = nextafter(down, 0);
        }
    }
    for (int i = -80; i < 70; i++) { /* a power of two lies closer to the double below it */
        check(ldexp(1, i));
        check(nextafter(ldexp(1, i), 0));
    }
    check(999999999999999);
    check(99999999999999.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_in_as_few_digits_as_can_be),
        cmocka_unit_test(neighbours_of_powers),
    };
    return cmocka_run_group_tests_name("text real", tests, NULL, NULL);
}
