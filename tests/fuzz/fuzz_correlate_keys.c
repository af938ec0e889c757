/* Entities columns from outside: whatever they hold, keys have their form and limits, are different
 * from one another, and the same each time. */
#include "correlate/correlate_priv.h"

enum { MAX_ARENA = 512 << 20, MOST = 50 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    struct entity_keys once, again;
    struct str column = {(const char *)data, size};
    entity_keys_of(a, column, MOST, &once);
    entity_keys_of(a, column, MOST, &again);
    CHECK(once.v.n <= MOST && once.v.n == again.v.n);
    for (size_t i = 0; i < once.v.n; i++) {
        struct str key = once.v.p[i];
        CHECK(key.n <= KEY_BYTES && str_eq(key, again.v.p[i]));
        CHECK(key_type(key).n > 0 && key_type(key).n < key_identifier(key).n);
        CHECK(key_identifier(key).n + 1 + key_value(key).n == key.n && key_value(key).n > 0);
        for (size_t k = 0; k < i; k++)
            CHECK(!str_eq(key, once.v.p[k]));
    }
    return 0;
}
