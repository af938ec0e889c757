/* What a store answers to a list request: objects whose members are in bounds, or an error with a
 * message. The first byte chooses between a list and a file of keys. */
#include "s3/s3.h"

enum { MAX_ARENA = 256 << 20 };

static void read_list(struct arena *a, struct str text)
{
    struct s3_listing l;
    struct err e = {0};
    if (!s3_listing_read(a, text, &l, &e)) {
        CHECK(e.code != ERR_OK && e.msg[0] != '\0');
        return;
    }
    for (size_t i = 0; i < l.n_objects; i++)
        CHECK(l.objects[i].key.n > 0 && l.objects[i].key.n <= S3_MAX_KEY &&
              l.objects[i].size >= 0 && l.objects[i].etag.n < S3_ETAG_BYTES);
    for (size_t i = 0; i < l.n_prefixes; i++)
        CHECK(l.prefixes[i].n > 0 && l.prefixes[i].n <= S3_MAX_KEY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    struct str text = {(const char *)data, size};
    struct s3_credentials keys;
    struct err e = {0};
    if (size > 0 && text.p[0] != '[') {
        read_list(a, text);
    } else if (s3_credentials_read(a, text, NULL, &keys, &e)) {
        CHECK(keys.access_key.n > 0 && keys.secret_key.n > 0);
    }
    return 0;
}
