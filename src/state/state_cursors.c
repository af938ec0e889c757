/* Cursors: small named positions. */
#include "state/cursors.h"
#include "state/state_priv.h"

struct cursor {
    struct str name, value;
};
static const struct field fields[] = {KEY(F_TEXT, cursor, name), FIELD(F_TEXT, cursor, value)};
static const struct table cursors = {"cursors", fields, COUNTOF(fields), sizeof(struct cursor)};

bool state_cursor_get(struct state *s, struct arena *a, struct str name, struct str *out,
                      struct err *e)
{
    struct bind b[] = {BT(name)};
    void *rows = NULL;
    size_t n = 0;
    if (!table_select(s, a, &cursors, NULL, "WHERE name = ?1", b, COUNTOF(b), &rows, &n, e))
        return false;
    const struct cursor *c = rows;
    *out = n > 0 ? c[0].value : STR("");
    return true;
}

bool state_cursor_set(struct state *s, struct str name, struct str value, struct err *e)
{
    struct cursor c = {name, value};
    return table_put(s, &cursors, &c, e);
}
