/* Records of the Data Collector API: any JSON object gives column names that a table can have, and
 * keeps every value that is not null. */
// link: store
#include <stdlib.h>

#include "base/clock.h"
#include "ingest/ingest_priv.h"

static bool no_column(void *self, struct str name)
{
    (void)self;
    return name.n % 2 == 0; /* some are there, some are not */
}

static void check_names(const struct json *r)
{
    for (size_t i = 0; i < r->n; i++) {
        CHECK(r->keys[i].n > 0 && r->keys[i].n <= 128);
        for (size_t k = 0; k < r->keys[i].n; k++) {
            char c = r->keys[i].p[k];
            CHECK((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf scratch = sbuf_make(0);
    struct ingest_collector o = {.on = true, .time_field = STR("t")};
    struct collector k = {&o, &scratch, NULL, no_column};
    struct json record = {0};
    struct err e = {0};
    size_t values = 0;
    if (size > 8192 ||
        !json_parse(a, (struct str){(const char *)data, size}, NULL, &record, NULL) ||
        record.type != JSON_OBJECT)
        return 0;
    for (size_t i = 0; i < record.n; i++)
        values += record.items[i].type != JSON_NULL && record.keys[i].n > 0;
    if (!collector_record(&k, a, &record, &e)) {
        CHECK(e.code == ERR_INVALID && e.msg[0] != '\0');
        return 0;
    }
    CHECK(record.n > values);
    check_names(&record);
    return 0;
}
