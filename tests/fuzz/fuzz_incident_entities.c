/* The Entities column of an alert, and a bookmark's mappings, of unknown origin: they are read,
 * with the same ids each time and no more than there may be, or refused with words. */
#include "incident/entity.h"

enum { MAX_ARENA = 256 << 20 };

static void read_column(struct arena *a, struct str column)
{
    struct state_entity *list = NULL, *again = NULL;
    struct err e = {0};
    size_t n = 0, n_again = 0;
    bool ok = entities_read(a, column, &list, &n, &e);
    CHECK(ok == (e.code == ERR_OK) && n <= ENTITY_MAX_OF_COLUMN);
    if (!ok)
        return;
    CHECK(entities_read(a, column, &again, &n_again, &e) && n == n_again);
    for (size_t i = 0; i < n; i++) {
        struct json body = {0};
        CHECK(list[i].id.n == 36 && str_eq(list[i].id, again[i].id) && list[i].kind.n > 0);
        CHECK(json_parse(a, list[i].body, NULL, &body, &e) && body.type == JSON_OBJECT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    struct str text = {(const char *)data, size}, column = STR("");
    struct json mappings = {0};
    struct err e = {0};
    read_column(a, text);
    if (!json_parse(a, text, NULL, &mappings, NULL))
        return 0;
    if (entities_of_mappings(a, &mappings, &column, &e))
        read_column(a, column);
    else
        CHECK(e.msg[0] != '\0');
    return 0;
}
