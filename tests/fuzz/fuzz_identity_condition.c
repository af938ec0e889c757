/* Conditions of role assignments: a text is refused with words, or what it leaves of a table is
 * told, and the same each time. The first line of the input is a pattern of actions, which is
 * matched against the rest. */
#include "identity/identity_priv.h"

static bool same(const struct kql_row_rule *x, const struct kql_row_rule *y)
{
    if (x == NULL || y == NULL)
        return x == y;
    if (x->kind != y->kind || x->n != y->n || !str_eq(x->column, y->column) ||
        !str_eq(x->value, y->value))
        return false;
    CHECK(x->kind == KQL_ROWS_WHERE ? x->column.n > 0 && x->op != NULL : x->n > 1);
    for (size_t i = 0; i < x->n; i++)
        if (!same(x->kids[i], y->kids[i]))
            return false;
    return true;
}

static void check_left(struct arena *a, const struct identity_condition *c, struct str action)
{
    const struct identity_asked tables[] = {{STR("Heartbeat"), false}, {STR("Heartbeat"), true}};
    for (size_t i = 0; i < COUNTOF(tables); i++) {
        const struct kql_row_rule *first = NULL, *second = NULL;
        bool some = identity_condition_rows(a, c, action, &tables[i], &first);
        CHECK(some == identity_condition_rows(a, c, action, &tables[i], &second));
        CHECK(same(first, second));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str text = {(const char *)data, size};
    const struct identity_condition *c = NULL;
    struct err e = {0};
    size_t line = 0;
    bool ok = identity_condition_read(a, text, &c, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (ok) {
        check_left(a, c, STR("Microsoft.OperationalInsights/workspaces/tables/data/read"));
        check_left(a, c, STR("x"));
    }
    if (str_find(text, STR("\n"), &line) && line < 300) {
        const char *pattern = arena_strz(a, str_sub(text, 0, line));
        (void)identity_action_matches(pattern, str_sub(text, line + 1, text.n));
        CHECK(!identity_action_matches("*", STR("")) || identity_action_matches("*", text));
    }
    struct identity_scope scope;
    (void)identity_scope_read(text, &scope, &e);
    return 0;
}
