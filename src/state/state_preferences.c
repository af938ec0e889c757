/* Preferences of people. */
#include "state/preferences.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_preference, principal),
    KEY(F_TEXT, state_preference, key),
    FIELD(F_TEXT, state_preference, value),
    FIELD(F_I64, state_preference, changed),
};
static const struct table preferences = {"preferences", fields, COUNTOF(fields),
                                         sizeof(struct state_preference)};

bool state_preference_list(struct state *s, struct arena *a, struct str principal,
                           struct state_preference **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(principal)};
    void *rows = NULL;
    if (!table_select(s, a, &preferences, NULL, "WHERE principal = ?1 ORDER BY key", b, COUNTOF(b),
                      &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_preference_get(struct state *s, struct arena *a, struct str principal, struct str key,
                          struct state_preference *out, struct err *e)
{
    struct bind b[] = {BT(principal), BT(key)};
    return table_one(s, a, &preferences, NULL, "WHERE principal = ?1 AND key = ?2", b, COUNTOF(b),
                     out, e);
}

/* Room for one more beside the others. */
static bool has_room(struct state *s, const struct state_preference *p, int64_t max, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct bind b[] = {BT(p->principal), BT(p->key)};
    void *others = NULL;
    size_t n = 0;
    if (!table_select(s, a, &preferences, NULL, "WHERE principal = ?1 AND key <> ?2", b, COUNTOF(b),
                      &others, &n, e))
        return false;
    return (int64_t)n < max ||
           err_set(e, ERR_LIMIT, "You have %zu preferences, as many as one may have.", n);
}

bool state_preference_put(struct state *s, const struct state_preference *p, int64_t max,
                          struct err *e)
{
    if (!state_begin(s, e))
        return false;
    return state_end(s, has_room(s, p, max, e) && table_put(s, &preferences, p, e), e);
}

bool state_preference_delete(struct state *s, struct str principal, struct str key,
                             bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(principal), BT(key)};
    int64_t n = 0;
    if (!state_run_counted(s, "DELETE FROM preferences WHERE principal = ?1 AND key = ?2", b,
                           COUNTOF(b), &n, e))
        return false;
    *out_was_there = n > 0;
    return true;
}
