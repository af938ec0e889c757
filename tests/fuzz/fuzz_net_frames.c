/* Frames of a stream: the same messages in whatever pieces the bytes come, none longer than the
 * limit, and none of it read twice. */
// link: base
#include <stdlib.h>

#include "net/net.h"

enum { LIMIT = 64 };

static void cut_up(struct str text, size_t step, struct sbuf *out)
{
    struct net_frames f = net_frames_make(LIMIT);
    struct str one;
    bool cut = false;
    size_t bytes = 0;
    for (size_t at = 0; at <= text.n; at += step) {
        bool end = at + step > text.n;
        net_frames_add(&f, str_sub(text, at, step));
        while (net_frames_next(&f, end, &one, &cut)) {
            CHECK(one.n > 0 && one.n <= LIMIT);
            bytes += one.n;
            sbuf_addf(out, "%zu%c", one.n, cut ? '!' : ':');
            sbuf_add(out, one);
        }
    }
    CHECK(bytes <= text.n);
    net_frames_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 4096)
        return 0;
    struct str text = {(const char *)data + 1, size - 1};
    AUTO(sbuf_fini) struct sbuf whole = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf pieces = sbuf_make(0);
    cut_up(text, text.n + 1, &whole);
    cut_up(text, data[0] % 16 + 1, &pieces);
    CHECK(str_eq(sbuf_str(&whole), sbuf_str(&pieces)));
    return 0;
}
