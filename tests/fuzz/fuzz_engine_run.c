/* KQL from outside, all the way to rows: whatever compiles runs, or fails with an error of ours.
 * The database refusing a statement that we wrote is a crash here. Inputs are changed token by
 * token and by whole operators, since most changes of bytes end in the parser. */
// link: kql
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/fixtures.h"
#include "kql/functions.h"
#include "kql/lexer.h"

enum { MAX_ARENA = 1 << 30, MAX_TEXT = 4096, MAX_ROWS = 10000, MAX_BYTES = 16 << 20 };
enum { DEADLINE_US = 1500000, MEMORY = 512 << 20, MOST_SPLICED = 12 };

static struct fixtures *fixtures;

static void close_fixtures(void)
{
    fixtures_close(fixtures);
}

static void open_fixtures(void)
{
    struct err e = {0};
    fixtures = fixtures_open(
        &(struct fixtures_options){.dir = SOURCE_DIR "/tests/fuzz/tables",
                                   .schemas_file = SOURCE_DIR "/tests/fuzz/tables/schemas.txt",
                                   .memory_bytes = MEMORY,
                                   .threads = 1},
        &e);
    if (fixtures == NULL)
        fprintf(stderr, "%s\n", e.msg);
    CHECK(fixtures != NULL);
    atexit(close_fixtures);
}

static void run(const struct kql_query *q)
{
    for (size_t i = 0; i < q->n; i++) {
        struct engine_limits limits = {.deadline_us = clock_mono_us() + DEADLINE_US,
                                       .max_rows = MAX_ROWS,
                                       .max_bytes = MAX_BYTES};
        struct engine_rows *out = NULL;
        struct err e = {0};
        if (engine_run(fixtures_engine(fixtures), q->results[i].plan, fixtures_source(fixtures),
                       &limits, &out, &e)) {
            engine_rows_free(out);
        } else if (e.code == ERR_INTERNAL || e.msg[0] == '\0') {
            fprintf(stderr, "%s\n", e.msg);
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_TEXT)
        return 0;
    if (fixtures == NULL)
        open_fixtures();
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    struct str text = {(const char *)data, size};
    const struct kql_options options = {.catalog = fixtures_catalog(fixtures),
                                        .now_ticks = 639000000000000000};
    struct kql_diags diags = {.a = a, .text = text};
    struct kql_query q = {0};
    if (kql_compile(a, text, &options, &q, &diags)) {
        run(&q);
        return 0;
    }
    struct err e = {0};
    kql_diags_err(&diags, &e);
    if (e.code == ERR_INTERNAL || diags.n_errors == 0) {
        fprintf(stderr, "%s\n", e.msg);
        abort();
    }
    return 0;
}

/* ---- changing queries ---- */
static uint32_t next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct str token(struct str text, const struct tok *t)
{
    return (struct str){text.p + t->off, t->len};
}

static struct str any_function(unsigned *seed)
{
    static size_t n;
    while (n == 0 || kql_func_at(n) != NULL)
        n++;
    return str_from(kql_func_at(next_random(seed) % n)->name);
}

static struct str any_word(unsigned *seed)
{
    static const char *const words[] = {"s",
                                        "n",
                                        "i",
                                        "r",
                                        "b",
                                        "d",
                                        "g",
                                        "span",
                                        "m",
                                        "l",
                                        "t",
                                        "p",
                                        "o",
                                        "T",
                                        "0",
                                        "-1",
                                        "1h",
                                        "''",
                                        "1e99",
                                        "null",
                                        "int(null)",
                                        "dynamic(null)",
                                        "dynamic([1,2])",
                                        "dynamic({\"a\":1})",
                                        "datetime(2026-01-01)",
                                        "real(nan)",
                                        "9223372036854775807",
                                        "\"x y\"",
                                        "*",
                                        "(T)"};
    return str_from(words[next_random(seed) % COUNTOF(words)]);
}

/* Another token for a token, of its own kind more often than not. */
static struct str replacement(struct str text, const struct tok *toks, size_t n, size_t at,
                              unsigned *seed)
{
    bool call = at + 1 < n && token(text, &toks[at + 1]).n == 1 && text.p[toks[at + 1].off] == '(';
    if (call && toks[at].kind == TOK_IDENT)
        return any_function(seed);
    for (size_t tries = 0; tries < 8; tries++) {
        const struct tok *t = &toks[next_random(seed) % n];
        if (t->kind == toks[at].kind && next_random(seed) % 2 == 0)
            return token(text, t);
    }
    return any_word(seed);
}

/* Offsets of the text's pipes, outside brackets or not. */
static size_t pipes(struct str text, const struct tok *toks, size_t n, uint32_t *out, size_t most)
{
    size_t found = 0;
    for (size_t i = 0; i < n && found < most; i++)
        if (toks[i].len == 1 && text.p[toks[i].off] == '|')
            out[found++] = toks[i].off;
    return found;
}

static size_t put(uint8_t *out, size_t most, const struct str *parts, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (used + parts[i].n > most)
            return 0;
        if (parts[i].n > 0)
            memcpy(out + used, parts[i].p, parts[i].n);
        used += parts[i].n;
    }
    return used;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    char *copy = arena_array(a, char, size + 1);
    memcpy(copy, data, size);
    struct str text = {copy, size};
    size_t n, used = 0;
    const struct tok *toks = lex_all(a, text, &n);
    if (n > 1 && next_random(&seed) % 8 != 0) {
        size_t at = next_random(&seed) % (n - 1);
        struct str parts[] = {str_sub(text, 0, toks[at].off),
                              replacement(text, toks, n - 1, at, &seed),
                              str_sub(text, toks[at].off + toks[at].len, size)};
        used = put(data, most, parts, COUNTOF(parts));
    }
    return used > 0 ? used : LLVMFuzzerMutate(data, size, most);
}

/* The first query up to one of its pipes, then the second from one of its pipes. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *x, size_t nx, const uint8_t *y, size_t ny,
                                 uint8_t *out, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *x, size_t nx, const uint8_t *y, size_t ny,
                                 uint8_t *out, size_t most, unsigned seed)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    struct str first = {(const char *)x, nx}, second = {(const char *)y, ny};
    uint32_t px[MOST_SPLICED], py[MOST_SPLICED];
    size_t n;
    const struct tok *toks = lex_all(a, first, &n);
    size_t ends = pipes(first, toks, n, px, MOST_SPLICED);
    toks = lex_all(a, second, &n);
    size_t starts = pipes(second, toks, n, py, MOST_SPLICED);
    uint32_t end =
        ends > 0 && next_random(&seed) % 2 ? px[next_random(&seed) % ends] : (uint32_t)nx;
    uint32_t start = starts > 0 ? py[next_random(&seed) % starts] : 0;
    struct str parts[] = {str_sub(first, 0, end), STR("\n"), str_sub(second, start, ny)};
    return put(out, most, parts, COUNTOF(parts));
}
