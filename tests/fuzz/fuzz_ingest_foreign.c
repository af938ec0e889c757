/* Files of foreign formats. Cut into pieces of any size, they give bodies that are together no
 * longer than what was read (but for brackets and headers). Each body, and the file as one, gives
 * lines of which each is a JSON object, and dead letters with a reason. */
// link: store
#include <stdlib.h>

#include "ingest/foreign.h"
#include "ingest/ingest_priv.h"

enum { FIRST = INGEST_WINDOWS, FORMATS = INGEST_N_FORMATS - FIRST };

static void check_lines(struct str lines)
{
    while (lines.n > 0) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        const char *nl = memchr(lines.p, '\n', lines.n);
        struct json_opts deep = {.max_depth = 120};
        struct json v;
        CHECK(nl != NULL);
        CHECK(json_parse(a, str_sub(lines, 0, (size_t)(nl - lines.p)), &deep, &v, NULL));
        CHECK(v.type == JSON_OBJECT);
        lines = str_sub(lines, (size_t)(nl - lines.p) + 1, lines.n);
    }
}

static void read_body(enum ingest_format format, struct str body)
{
    struct ingest in = {.limits = {.max_depth = 64, .max_record_bytes = 1 << 20}};
    struct ingest_request r = {.format = format, .body = body};
    const struct ingest_reject *bad = NULL;
    struct foreign *f = foreign_new(&in, &r);
    struct str table, lines;
    foreign_read(f);
    for (size_t i = 0; foreign_lines(f, &i, &table, &lines);) {
        CHECK(table.n > 0);
        check_lines(lines);
    }
    size_t n = foreign_rejects(f, &bad);
    for (size_t i = 0; i < n; i++)
        CHECK(bad[i].reason != NULL && bad[i].err.msg[0] != '\0');
    foreign_free(f);
}

static void cut(enum ingest_format format, struct str rest, size_t step)
{
    AUTO(sbuf_fini) struct sbuf header = sbuf_make(0), body = sbuf_make(0);
    struct ingest_cut c = {.format = format};
    for (size_t have = step;;) {
        struct err e = {0};
        size_t taken = 0;
        bool last = have >= rest.n;
        sbuf_clear(&body);
        bool ok = ingest_cut_next(&c, str_sub(rest, 0, have), last, &header, &body, &taken, &e);
        CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
        CHECK(taken <= rest.n && taken <= have && body.n <= taken * 3 / 2 + header.n + 2);
        CHECK(!ok || !last || taken > 0 || rest.n == 0);
        if (!ok || (last && taken == 0))
            return;
        if (body.n > 0)
            read_body(format, sbuf_str(&body));
        rest = str_sub(rest, taken, rest.n);
        have = taken == 0 ? have + step : have - taken > step ? have - taken : step;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum ingest_format format = (enum ingest_format)(FIRST + data[0] % FORMATS);
    struct str text = {(const char *)data + 2, size - 2};
    cut(format, text, (size_t)data[1] * 16 + 1);
    read_body(format, text);
    return 0;
}
