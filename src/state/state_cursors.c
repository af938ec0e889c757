/* Cursors: small named positions. */
#include "state/cursors.h"
#include "state/state_priv.h"

static const struct field fields[] = {KEY(F_TEXT, state_cursor, name),
                                      FIELD(F_TEXT, state_cursor, value)};
static const struct table cursors = {"cursors", fields, COUNTOF(fields),
                                     sizeof(struct state_cursor)};

bool state_cursor_get(struct state *s, struct arena *a, struct str name, struct str *out,
                      struct err *e)
{
    struct bind b[] = {BT(name)};
    void *rows = NULL;
    size_t n = 0;
    if (!table_select(s, a, &cursors, NULL, "WHERE name = ?1", b, COUNTOF(b), &rows, &n, e))
        return false;
    const struct state_cursor *c = rows;
    *out = n > 0 ? c[0].value : STR("");
    return true;
}

bool state_cursor_set(struct state *s, struct str name, struct str value, struct err *e)
{
    struct state_cursor c = {name, value};
    return table_put(s, &cursors, &c, e);
}

bool state_cursor_list(struct state *s, struct arena *a, struct str prefix,
                       struct state_cursor **out, size_t *out_n, struct err *e)
{
    struct bind b[] = {BT(prefix)};
    void *rows = NULL;
    if (!table_select(s, a, &cursors, NULL, "WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
                      b, COUNTOF(b), &rows, out_n, e))
        return false;
    *out = rows;
    return true;
}

bool state_cursor_delete(struct state *s, struct str name, struct err *e)
{
    struct bind b[] = {BT(name)};
    return state_run(s, "DELETE FROM cursors WHERE name = ?1", b, COUNTOF(b), e);
}
