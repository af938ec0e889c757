/* Files of foreign formats: any bytes, cut into pieces of any size and as one, give whole bodies
 * that together are no longer than what was read (but for brackets and repeated headers), and an
 * end. */
// link: store
#include <stdlib.h>

#include "ingest/ingest.h"

enum { FIRST = INGEST_WINDOWS, FORMATS = INGEST_N_FORMATS - FIRST };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    AUTO(sbuf_fini) struct sbuf header = sbuf_make(0), body = sbuf_make(0);
    struct ingest_cut c = {.format = (enum ingest_format)(FIRST + data[0] % FORMATS)};
    size_t step = (size_t)data[1] * 16 + 1, taken = 0;
    struct str rest = {(const char *)data + 2, size - 2};
    bool ok = true;
    for (size_t have = step; ok && (rest.n > 0 || have > 0);) {
        struct err e = {0};
        bool last = have >= rest.n;
        sbuf_clear(&body);
        ok = ingest_cut_next(&c, str_sub(rest, 0, have), last, &header, &body, &taken, &e);
        CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
        CHECK(taken <= rest.n && taken <= have);
        CHECK(body.n <= taken + header.n + 2);
        if (ok && last && taken == 0)
            CHECK(rest.n == 0);
        if (last && taken == 0)
            break;
        rest = str_sub(rest, taken, rest.n);
        have = taken > 0 ? have - taken : have + step;
        have = have < step ? step : have;
    }
    return 0;
}
