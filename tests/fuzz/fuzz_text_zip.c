/* Zip archives from outside: what is read is within its limit and the same each time; a refusal
 * says why and leaves the output as it was. */
#include "text/zip.h"

enum { MAX_OUT = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {(const char *)data, size};
    AUTO(sbuf_fini) struct sbuf first = sbuf_make(MAX_OUT);
    AUTO(sbuf_fini) struct sbuf second = sbuf_make(MAX_OUT);
    struct err e = {0};
    sbuf_addz(&second, "before");
    bool ok = zip_read_one(bytes, &first, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    CHECK(ok || first.n == 0);
    if (!ok)
        return 0;
    CHECK(first.n <= MAX_OUT); /* other bytes than those of zip_is may stand in front */
    /* Behind six bytes it may have no room. */
    if (zip_read_one(bytes, &second, &e))
        CHECK(str_eq(str_sub(sbuf_str(&second), 6, second.n), sbuf_str(&first)));
    else
        CHECK(e.code == ERR_TOO_LARGE && second.n == 6);
    return 0;
}
