/* The generator of large loads: the same bytes for the same options, whoever makes them.
 * Reads the recordings in VEDETTE_SHARED and is skipped where they are not. */
/* link: http */
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "replay/replay.h"
#include "text/json.h"

#define TEN_THOUSAND_ROWS "ec0d09dc4abb6d4205028e5520de316f3e494c2866b600330b3765f15fdc0ebf"

static struct replay_options options(struct arena *a)
{
    const char *shared = getenv("VEDETTE_SHARED");
    struct replay_options o = {.mix = "network", .seed = 1, .events = 10000, .threads = 1};
    o.datasets = arena_fmt(a, "%s/datasets", shared != NULL ? shared : SOURCE_DIR "/../shared").p;
    if (access(o.datasets, R_OK) != 0) {
        print_message("the recordings are not here (VEDETTE_SHARED)\n");
        skip();
    }
    return o;
}

enum { APART = 3 };
/* What came out, and of some sessions apart. */
struct seen {
    EVP_MD_CTX *all;
    uint64_t rows, late, very_late;
    int64_t key;
    bool by_arrival;
    uint32_t sessions[APART];
    struct sbuf text[APART];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
};

static bool see(void *self, const struct replay_row *r, struct err *e)
{
    struct seen *s = self;
    int64_t key = s->by_arrival ? r->arrival : r->time;
    assert_true(key >= s->key && r->arrival >= r->time);
    s->key = key;
    s->rows++;
    s->late += r->arrival > r->time;
    s->very_late += r->arrival - r->time > TICKS_PER_DAY;
    EVP_DigestUpdate(s->all, r->json.p, r->json.n);
    EVP_DigestUpdate(s->all, "\n", 1);
    for (size_t i = 0; i < APART; i++)
        if (r->session == s->sessions[i]) {
            assert_int_equal(e->code, ERR_OK);
            sbuf_add(&s->text[i], r->json);
            sbuf_addc(&s->text[i], '\n');
        }
    return true;
}

static struct seen seen_make(void)
{
    struct seen s = {.all = EVP_MD_CTX_new()};
    for (size_t i = 0; i < APART; i++) {
        s.sessions[i] = UINT32_MAX;
        s.text[i] = sbuf_make(0);
    }
    EVP_DigestInit_ex(s.all, EVP_sha256(), NULL);
    return s;
}

static void seen_end(struct seen *s)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_DigestFinal_ex(s->all, sum, &n);
    EVP_MD_CTX_free(s->all);
    for (unsigned i = 0; i < n; i++)
        snprintf(s->hex + (size_t)2 * i, 3, "%02x", sum[i]);
}

static void seen_fini(struct seen *s)
{
    for (size_t i = 0; i < APART; i++)
        sbuf_fini(&s->text[i]);
}

static struct replay *opened(const struct replay_options *o)
{
    struct err e = {0};
    struct replay *r = replay_open(o, &e);
    if (r == NULL)
        fail_msg("%s", e.msg);
    return r;
}

static struct seen run(const struct replay_options *o)
{
    struct err e = {0};
    struct replay *r = opened(o);
    struct seen s = seen_make();
    s.by_arrival = o->order == REPLAY_BY_ARRIVAL;
    assert_true(replay_run(r, see, &s, &e));
    replay_close(r);
    seen_end(&s);
    seen_fini(&s);
    return s;
}

static void ten_thousand_rows_are_always_the_same(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct replay_options o = options(a);
    struct seen one = run(&o);
    assert_int_equal(one.rows, 10000);
    assert_string_equal(one.hex, TEN_THOUSAND_ROWS);
    assert_in_range(one.late, 20, 90); /* 0.51 % */
    o.threads = 8;
    assert_string_equal(run(&o).hex, TEN_THOUSAND_ROWS);
}

static void another_seed_gives_other_rows(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct replay_options o = options(a);
    o.order = REPLAY_BY_ARRIVAL;
    struct seen one = run(&o);
    o.seed = 2;
    struct seen other = run(&o);
    assert_string_not_equal(one.hex, other.hex);
    assert_int_equal(one.rows, other.rows);
}

static void a_session_alone_is_what_the_whole_has(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct replay_options o = options(a);
    struct err e = {0};
    struct replay *r = opened(&o);
    uint32_t last = replay_sessions(r) - 1; /* ends early, with the last event of the load */
    struct seen whole = seen_make(), alone = seen_make();
    whole.sessions[0] = 0;
    whole.sessions[1] = 7;
    whole.sessions[2] = last;
    memcpy(alone.sessions, whole.sessions, sizeof(alone.sessions));
    assert_true(replay_run(r, see, &whole, &e));
    for (size_t i = 0; i < APART; i++) {
        alone.key = 0;
        assert_true(replay_session(r, whole.sessions[i], see, &alone, &e));
        assert_true(alone.text[i].n > 0);
        assert_string_equal(sbuf_str(&alone.text[i]).p, sbuf_str(&whole.text[i]).p);
    }
    seen_end(&whole);
    seen_end(&alone);
    seen_fini(&whole);
    seen_fini(&alone);
    assert_false(replay_session(r, last + 1, see, NULL, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    replay_close(r);
}

static bool is_json(void *self, const struct replay_row *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json v;
    (void)self;
    return json_parse(a, r->json, NULL, &v, e) && v.type == JSON_OBJECT;
}

static void rows_are_json(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct replay_options o = options(a);
    struct err e = {0};
    o.events = 2000;
    struct replay *r = opened(&o);
    if (!replay_run(r, is_json, NULL, &e))
        fail_msg("%s", e.msg);
    replay_close(r);
}

static void wrong_options(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct replay_options o = options(a);
    struct err e = {0};
    o.mix = "home";
    assert_null(replay_open(&o, &e));
    assert_string_equal(e.msg, "mix 'home' is none of office, endpoint, network");
    o.mix = "network";
    o.events = -1;
    assert_null(replay_open(&o, &e));
    assert_string_equal(e.msg, "events, needles or days are out of range");
    o.events = 1;
    o.datasets = "/nowhere";
    assert_null(replay_open(&o, &e));
    assert_int_equal(e.code, ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_rows_are_always_the_same),
        cmocka_unit_test(another_seed_gives_other_rows),
        cmocka_unit_test(a_session_alone_is_what_the_whole_has),
        cmocka_unit_test(rows_are_json),
        cmocka_unit_test(wrong_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
