/* $filter from outside: it parses or there is an error with a message, and what parses gives an
 * answer for every resource. */
#include "incident/incident_priv.h"

enum { MAX_ARENA = 64 << 20 };

/* The first byte of the path chooses what the property is. */
static bool get(void *self, struct str path, struct odata_value *out)
{
    (void)self;
    static const struct odata_value item = {.type = OV_TEXT, .s = {"x", 1}};
    switch (path.n > 0 ? path.p[0] % 4 : 0) {
    case 0:
        return false;
    case 1:
        *out = item;
        return true;
    case 2:
        *out = (struct odata_value){.type = OV_INT, .i = 5};
        return true;
    default:
        *out = (struct odata_value){.type = OV_LIST, .items = &item, .n = 1};
        return true;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    struct err e = {0};
    struct odata *filter = odata_parse(a, (struct str){(const char *)data, size}, &e);
    CHECK((filter != NULL) == (e.code == ERR_OK));
    if (filter == NULL)
        return 0;
    bool matches = false;
    if (!odata_match(filter, get, NULL, &matches, &e))
        CHECK(e.msg[0] != '\0');
    return 0;
}
