/* Data collection rules of an export, of unknown origin: they are refused with words and the line
 * and none is made, or what is written of them makes the same ones elsewhere. */
#include "state/dcr.h"
#include "state/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(struct state *s)
{
    struct arena *a = arena_new(0);
    struct state_dcr *all = NULL;
    size_t n = 0;
    CHECK(state_dcr_list(s, a, STATE_COLLECTION_RULES, &all, &n, NULL));
    arena_free(a);
    return n;
}

/* Opening one costs more than all that follows. */
static struct state *empty(struct state **kept)
{
    struct arena *a = arena_new(0);
    struct state_dcr *all = NULL;
    struct err e = {0};
    size_t n = 0;
    bool was_there;
    if (*kept == NULL)
        *kept = state_open(NULL, &e);
    CHECK(*kept != NULL && state_dcr_list(*kept, a, STATE_COLLECTION_RULES, &all, &n, &e));
    for (size_t i = 0; i < n; i++)
        CHECK(state_dcr_delete(*kept, STATE_COLLECTION_RULES, all[i].key, &was_there, &e));
    arena_free(a);
    return *kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct state *one, *other;
    AUTO(sbuf_fini) struct sbuf first = sbuf_make(0), second = sbuf_make(0);
    const struct state_workspace old = {STR("11111111-2222-4333-8444-555555555555"), STR("main")},
                                 now = {STR("21111111-2222-4333-8444-555555555555"), STR("copy")};
    struct err e = {0};
    struct state *s = empty(&one), *t = empty(&other);
    if (!state_rules_read(s, &old, &now, (struct str){(const char *)data, size}, &e)) {
        CHECK(e.code != ERR_OK && e.msg[0] != '\0' && e.pos.line > 0);
        CHECK(count(s) == 0);
    } else {
        CHECK(state_rules_write(s, &now, &first, &e));
        CHECK(state_rules_read(t, &now, &now, sbuf_str(&first), &e));
        CHECK(state_rules_write(t, &now, &second, &e));
        CHECK(str_eq(sbuf_str(&first), sbuf_str(&second)));
    }
    return 0;
}
