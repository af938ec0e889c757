/* When the store takes nothing more, and when it does again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store_priv.h"

enum { WANT = 1000 };

static void room_is_enough_at_the_mark(void **state)
{
    (void)state;
    assert_int_equal(room_level(STORE_ROOM_OK, WANT, WANT), STORE_ROOM_OK);
    assert_int_equal(room_level(STORE_ROOM_OK, WANT - 1, WANT), STORE_ROOM_LOW);
    assert_int_equal(room_level(STORE_ROOM_OK, WANT / 2, WANT), STORE_ROOM_LOW);
    assert_int_equal(room_level(STORE_ROOM_OK, WANT / 2 - 1, WANT), STORE_ROOM_NONE);
}

static void room_comes_back_a_quarter_above_the_mark(void **state)
{
    (void)state;
    assert_int_equal(room_level(STORE_ROOM_LOW, 1249, WANT), STORE_ROOM_LOW);
    assert_int_equal(room_level(STORE_ROOM_LOW, 1250, WANT), STORE_ROOM_OK);
    assert_int_equal(room_level(STORE_ROOM_NONE, 624, WANT), STORE_ROOM_NONE);
    assert_int_equal(room_level(STORE_ROOM_NONE, 625, WANT), STORE_ROOM_LOW);
    assert_int_equal(room_level(STORE_ROOM_NONE, 1249, WANT), STORE_ROOM_LOW);
    assert_int_equal(room_level(STORE_ROOM_NONE, 1250, WANT), STORE_ROOM_OK);
}

static void no_mark_is_never_reached(void **state)
{
    (void)state;
    assert_int_equal(room_level(STORE_ROOM_OK, 0, 0), STORE_ROOM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_is_enough_at_the_mark),
        cmocka_unit_test(room_comes_back_a_quarter_above_the_mark),
        cmocka_unit_test(no_mark_is_never_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
