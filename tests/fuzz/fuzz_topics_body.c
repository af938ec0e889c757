/* Messages of a topic: each line of the body is an object that the JSON reader takes, nothing is
 * lost without a letter, and the same messages make the same body. First byte: the format; the
 * messages end at bytes 0x1e. */
// link: ingest
#include <stdlib.h>

#include "topics/topics_priv.h"

enum { MAX_MESSAGES = 16 };

static void check_lines(struct body *b)
{
    struct str rest = sbuf_str(&b->lines);
    while (rest.n > 0) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct json_opts o = {.max_depth = 16, .lone_surrogates = true};
        struct json v;
        size_t at = 0;
        CHECK(str_find(rest, STR("\n"), &at));
        CHECK(json_parse(a, str_sub(rest, 0, at), &o, &v, NULL) && v.type == JSON_OBJECT);
        rest = str_sub(rest, at + 1, rest.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kafka_message m[MAX_MESSAGES];
    struct body_rules rules = {TOPICS_JSON, 4000, 3000, 16, 0};
    struct body one, two;
    size_t n = 0;
    if (size < 1 || size > 8192)
        return 0;
    rules.format = (enum topics_format)(data[0] % 6);
    struct str rest = {(const char *)data + 1, size - 1};
    while (n < MAX_MESSAGES && rest.n > 0) {
        size_t at = rest.n;
        (void)str_find(rest, STR("\x1e"), &at);
        m[n] = (struct kafka_message){str_sub(rest, 0, at), (int64_t)n, false};
        rest = str_sub(rest, at + 1, rest.n);
        n++;
    }
    body_make(&one, &rules, m, n);
    body_make(&two, &rules, m, n);
    CHECK(str_eq(sbuf_str(&one.lines), sbuf_str(&two.lines)));
    CHECK(one.letters.n == two.letters.n && one.n_messages == two.n_messages);
    if (rules.format < TOPICS_SYSLOG)
        check_lines(&one);
    for (size_t i = 0; i < one.letters.n; i++)
        CHECK(one.letters.p[i].reason != NULL && one.letters.p[i].err.code != ERR_OK);
    body_fini(&one);
    body_fini(&two);
    return 0;
}
