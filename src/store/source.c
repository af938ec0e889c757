/* Where the rows of a table are: the engine asks while it writes SQL. A query asks through a
 * snapshot, so that a column that appears meanwhile is not named beside a FROM item that lacks it.
 */
#include "store/store_priv.h"

/* NULL: unknown. The workspace's id, its name, or empty for the query's own. */
static struct workspace *workspace_of(struct workspace *own, struct str workspace)
{
    if (workspace.n == 0 || str_ieq(workspace, own->id) || str_ieq(workspace, own->name))
        return own;
    return store_workspace_find(own->s, workspace);
}

struct seen {
    struct workspace *w;
    struct ws_table *t;
    size_t n_cols; /* columns that were stored when the query first touched the table */
};
struct snapshot {
    struct engine_source source;
    struct workspace *own;
    struct arena *a;
    VEC(struct seen) seen;
};

static bool look(struct snapshot *s, struct str workspace, struct str table, struct seen *out,
                 struct err *e)
{
    struct workspace *w = workspace_of(s->own, workspace);
    if (w == NULL) {
        err_set(e, ERR_NOT_FOUND, "there is no workspace '%.*s'", STR_ARG(workspace));
        return false;
    }
    for (size_t i = 0; i < s->seen.n; i++) {
        if (s->seen.p[i].w == w && str_eq(s->seen.p[i].t->name, table)) {
            *out = s->seen.p[i];
            return true;
        }
    }
    lock_take(&w->lock);
    struct ws_table *t = ws_table_find_locked(w, table);
    size_t n_cols = t != NULL ? t->cols.n : 0;
    lock_drop(&w->lock);
    if (t == NULL) {
        err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(table));
        return false;
    }
    *out = (struct seen){w, t, n_cols};
    VEC_PUSH(s->a, &s->seen, *out);
    return true;
}

static bool from_item(void *self, struct str workspace, struct str table, struct sbuf *out,
                      struct err *e)
{
    struct seen seen = {0};
    if (!look(self, workspace, table, &seen, e))
        return false;
    if (seen.n_cols == 0)
        sbuf_addz(out, "(SELECT 1 AS \"none\" WHERE false)");
    else
        sql_table(seen.w, seen.t->phys, out);
    return true;
}

static void absent(enum kql_type type, struct sbuf *out)
{
    if (type == KQL_STRING)
        sbuf_addz(out, "''");
    else
        sbuf_addf(out, "CAST(NULL AS %s)", engine_sql_type(type));
}

/* TenantId, _WorkspaceId, Type, _IsBillable: the same in all rows, so never stored. */
static bool computed(const struct seen *seen, struct str column, struct sbuf *out)
{
    if (str_eqz(column, "TenantId") || str_eqz(column, "_WorkspaceId"))
        sql_text(out, seen->w->id);
    else if (str_eqz(column, "Type"))
        sql_text(out, seen->t->name);
    else if (str_eqz(column, "_IsBillable"))
        sql_text(out, seen->t->def->billable ? STR("true") : STR("false"));
    else
        return false;
    return true;
}

static bool column(void *self, struct str workspace, struct str table, struct str name,
                   enum kql_type type, struct sbuf *out, struct err *e)
{
    struct seen seen = {0};
    if (!look(self, workspace, table, &seen, e))
        return false;
    lock_take(&seen.w->lock);
    bool done = computed(&seen, name, out);
    uintptr_t at = done ? 0 : (uintptr_t)map_get(seen.t->by_name, name);
    struct phys_col c = at != 0 && at <= seen.n_cols ? seen.t->cols.p[at - 1]
                                                     : (struct phys_col){.type = KQL_UNKNOWN};
    lock_drop(&seen.w->lock);
    if (done)
        return true;
    if (c.type == KQL_UNKNOWN) {
        absent(type, out);
    } else if (c.type != type) {
        /* _ItemId is kept as 16 bytes and read as text. */
        sbuf_addz(out, "CAST(");
        sql_ident(out, c.phys);
        sbuf_addf(out, " AS %s)", engine_sql_type(type));
    } else {
        sql_ident(out, c.phys);
    }
    return true;
}

const struct engine_source *source_snapshot(struct workspace *w, struct arena *a)
{
    struct snapshot *s = arena_new_of(a, struct snapshot);
    s->own = w;
    s->a = a;
    s->source = (struct engine_source){s, from_item, column, w->s->fetch, w->s->geoip_file};
    return &s->source;
}

/* Without a snapshot: for text that a person reads (kql sql). Each call looks anew. */
static bool from_item_now(void *self, struct str workspace, struct str table, struct sbuf *out,
                          struct err *e)
{
    struct arena *a = arena_new(0);
    const struct engine_source *s = source_snapshot(self, a);
    bool ok = s->from_item(s->self, workspace, table, out, e);
    arena_free(a);
    return ok;
}

static bool column_now(void *self, struct str workspace, struct str table, struct str name,
                       enum kql_type type, struct sbuf *out, struct err *e)
{
    struct arena *a = arena_new(0);
    const struct engine_source *s = source_snapshot(self, a);
    bool ok = s->column(s->self, workspace, table, name, type, out, e);
    arena_free(a);
    return ok;
}

void table_source_init(struct workspace *w)
{
    w->source = (struct engine_source){w, from_item_now, column_now, w->s->fetch, w->s->geoip_file};
}

const struct engine_source *workspace_source(struct workspace *w)
{
    return &w->source;
}
