/* http: which route a path has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/http.h"

static void nothing(void *ctx, struct http_request *q, struct http_response *r)
{
    (void)ctx;
    (void)q;
    (void)r;
}

static const struct http_route table[] = {
    {HTTP_GET, "/", nothing, NULL, 0, NULL},
    {HTTP_GET, "/files", nothing, NULL, 0, NULL},
    {HTTP_GET, "/files/{name...}", nothing, NULL, 0, NULL},
    {HTTP_GET, "/files/{name}", nothing, NULL, 0, NULL},
    {HTTP_GET, "/files/api/{call}", nothing, NULL, 0, NULL},
    {HTTP_POST, "/files/api/{call}/run", nothing, NULL, 0, NULL},
};

/* The pattern of path's route, "" without one; *out_param is the first parameter's value. */
static const char *found(struct arena *a, const char *path, const char **out_param)
{
    struct http_app app = {0};
    struct http_routes family = {table, COUNTOF(table), NULL, false};
    struct http_router *r = http_router_new(&family, 1, &app, 0, NULL);
    struct http_pair *params = NULL;
    size_t n = 0;
    bool other = false;
    const struct http_route *x =
        http_router_find(r, a, HTTP_GET, str_from(path), &params, &n, &other);
    *out_param = x != NULL && n > 0 ? arena_strz(a, params[0].value) : "";
    http_router_free(r);
    return x != NULL ? x->pattern : "";
}

static void the_most_exact_route_is_found(void **state)
{
    static const struct {
        const char *path, *pattern, *param;
    } cases[] = {
        {"/", "/", ""},
        {"/files", "/files", ""},
        {"/files/", "/files", ""},
        {"/files/x", "/files/{name}", "x"},
        {"/files/x/y", "/files/{name...}", "x/y"},
        {"/files//x//y/z", "/files/{name...}", "x/y/z"},
        {"/files/api", "/files/{name}", "api"},
        {"/files/api/x", "/files/api/{call}", "x"},
        {"/files/api/x/run", "/files/{name...}", "api/x/run"},
        {"/files/..%2f..%2fetc", "/files/{name}", "../../etc"},
        {"/files/a%20b/c%2Fd", "/files/{name...}", "a b/c/d"},
        {"/elsewhere/x", "", ""},
        {"/elsewhere", "", ""},
    };
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        const char *param = NULL;
        assert_string_equal(found(a, cases[i].path, &param), cases[i].pattern);
        assert_string_equal(param, cases[i].param);
    }
}

static void too_many_segments_have_no_route(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *param = NULL;
    AUTO(sbuf_fini) struct sbuf path = sbuf_make(0);
    sbuf_addz(&path, "/files");
    for (int i = 0; i < 23; i++)
        sbuf_addz(&path, "/x");
    assert_string_equal(found(a, arena_strz(a, sbuf_str(&path)), &param), "/files/{name...}");
    sbuf_addz(&path, "/x");
    assert_string_equal(found(a, arena_strz(a, sbuf_str(&path)), &param), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_exact_route_is_found),
        cmocka_unit_test(too_many_segments_have_no_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
