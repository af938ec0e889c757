/* Packed and encoded texts from outside: what is packed unpacks to itself, bytes that are no
 * package leave nothing behind, and a decoded Punycode text is encoded to one that decodes to it
 * again. */
#include <stdlib.h>

#include "base/base.h"
#include "text/deflate.h"
#include "text/punycode.h"

enum { MAX_OUT = 1 << 20 };

static void unpack(enum deflate_kind kind, struct str bytes)
{
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(MAX_OUT);
    AUTO(sbuf_fini) struct sbuf packed = sbuf_make(MAX_OUT);
    AUTO(sbuf_fini) struct sbuf back = sbuf_make(MAX_OUT);
    if (!inflate_bytes(kind, bytes, &out) && out.n != 0)
        abort();
    deflate_bytes(kind, bytes, &packed);
    if (!inflate_bytes(kind, sbuf_str(&packed), &back) || !str_eq(sbuf_str(&back), bytes))
        abort();
}

static void decode(struct str text)
{
    AUTO(sbuf_fini) struct sbuf plain = sbuf_make(MAX_OUT);
    AUTO(sbuf_fini) struct sbuf encoded = sbuf_make(MAX_OUT);
    AUTO(sbuf_fini) struct sbuf back = sbuf_make(MAX_OUT);
    size_t bad;
    if (!punycode_decode(text, &plain))
        return;
    if (!utf8_valid(sbuf_str(&plain), &bad) || !punycode_encode(sbuf_str(&plain), &encoded) ||
        !punycode_decode(sbuf_str(&encoded), &back) || !str_eq(sbuf_str(&back), sbuf_str(&plain)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {(const char *)data, size};
    AUTO(sbuf_fini) struct sbuf host = sbuf_make(MAX_OUT);
    AUTO(sbuf_fini) struct sbuf back = sbuf_make(MAX_OUT);
    unpack(DEFLATE_ZLIB, bytes);
    unpack(DEFLATE_GZIP, bytes);
    decode(bytes);
    if (punycode_encode_host(bytes, &host))
        (void)punycode_decode_host(sbuf_str(&host), &back);
    return 0;
}
