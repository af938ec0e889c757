/* base: where the shipped content is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/content.h"

static void content_is_found_in_the_source_tree(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str path;
    struct err e = {0};
    unsetenv("VEDETTE_CONTENT");
    assert_true(content_find(a, "rules", &path, &e));
    assert_string_equal(path.p, SOURCE_DIR "/content/rules");
}

static void wrong_setting_is_not_hidden(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str path = {NULL, 0};
    struct err e = {0};
    setenv("VEDETTE_CONTENT", "/nonexistent", 1);
    assert_false(content_find(a, "rules", &path, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_string_equal(e.msg, "there is no readable 'rules' in '/nonexistent' (VEDETTE_CONTENT)");
    assert_null(path.p);
    setenv("VEDETTE_CONTENT", SOURCE_DIR "/content", 1);
    assert_true(content_find(a, "schemas", &path, &e));
    assert_string_equal(path.p, SOURCE_DIR "/content/schemas");
}

static void portal_is_the_folder_with_its_first_page(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str path = {NULL, 0};
    struct err e = {0};
    setenv("VEDETTE_PORTAL_DIR", SOURCE_DIR "/content", 1);
    assert_false(content_portal(a, &path, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_string_equal(e.msg,
                        "there is no index.html in '" SOURCE_DIR "/content' (VEDETTE_PORTAL_DIR)");
    setenv("VEDETTE_PORTAL_DIR", SOURCE_DIR "/web", 1);
    assert_true(content_portal(a, &path, &e));
    assert_string_equal(path.p, SOURCE_DIR "/web");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_found_in_the_source_tree),
        cmocka_unit_test(wrong_setting_is_not_hidden),
        cmocka_unit_test(portal_is_the_folder_with_its_first_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
