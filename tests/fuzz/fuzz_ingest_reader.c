/* Foreign bodies: any bytes, in every format. Records are inside the body and in order; an
 * unreadable body says why; each value of each record converts to each type without a trap, and
 * converted text is UTF-8. */
#include "ingest/ingest_priv.h"

static void convert_all(const struct json *v, struct sbuf *scratch)
{
    for (int t = KQL_BOOL; t < KQL_N_TYPES; t++) {
        struct kql_value out;
        if (convert_value(v, (enum kql_type)t, scratch, &out) != CONVERT_OK)
            continue;
        if (t == KQL_STRING || t == KQL_DYNAMIC) {
            struct str cut = out.s;
            (void)convert_cut(&cut, 7);
            CHECK(utf8_valid(cut, NULL));
        }
    }
    (void)convert_infer(STR("x"), v);
}

enum { FORMATS = INGEST_CEF + 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct ingest_limits limits = {.max_depth = 32};
    struct str body = {(const char *)data + 1, size - 1};
    struct ingest_request q = {.format = (enum ingest_format)(data[0] % FORMATS), .body = body};
    struct reader r = reader_make(&q, TICKS_UNIX_EPOCH, &limits);
    struct record rec;
    struct err e = {0};
    struct sbuf scratch = sbuf_make(0);
    const char *last = body.p;
    while (reader_next(&r, &rec, &e)) {
        CHECK(rec.raw.p >= last && rec.raw.p + rec.raw.n <= body.p + body.n);
        last = rec.raw.p;
        CHECK(rec.ok || rec.reason != NULL);
        for (size_t i = 0; rec.ok && i < rec.value.n; i++)
            convert_all(&rec.value.items[i], &scratch);
    }
    CHECK(e.code == ERR_OK || e.msg[0] != '\0');
    sbuf_fini(&scratch);
    reader_fini(&r);
    return 0;
}
