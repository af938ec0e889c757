/* A query's result on its way into a custom table. */
#include "store/store_priv.h"

/* What the service writes itself in every table. */
static const char *const services[] = {
    "TenantId",        "_TimeReceived", "Type",        "SourceSystem", "_ResourceId",
    "_SubscriptionId", "_ItemId",       "_BilledSize", "_IsBillable",  "_WorkspaceId",
};

bool store_column_is_services(struct str name)
{
    for (size_t i = 0; i < COUNTOF(services); i++)
        if (str_ieqz(name, services[i]))
            return true;
    return false;
}

const struct kql_column *store_column_find(const struct kql_table *t, struct str name,
                                           size_t *out_at)
{
    for (size_t i = 0; i < t->schema.n + t->hidden.n; i++) {
        const struct kql_column *c =
            i < t->schema.n ? &t->schema.cols[i] : &t->hidden.cols[i - t->schema.n];
        if (str_eq(c->name, name)) {
            *out_at = i;
            return c;
        }
    }
    return NULL;
}

void store_batch_row(struct store_batch *b, const struct store_cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct kql_value v = cells[i].value;
        size_t at;
        const struct kql_column *c = store_column_find(&b->t, str_from(cells[i].name), &at);
        if (c == NULL)
            continue;
        v.type = c->type;
        store_batch_set(b, at, &v);
    }
    store_batch_end_row(b);
}

static unsigned former_of(struct workspace *w, struct str table, struct str column)
{
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, table);
    unsigned former = t != NULL ? table_former(t, column) : 0;
    lock_drop(&w->lock);
    return former;
}

/* Where each of the columns is in the table, and its type there. */
static bool find_columns(struct workspace *w, const struct kql_table *t,
                         const struct kql_schema *columns, struct store_landing *out, struct err *e)
{
    for (size_t i = 0; i < columns->n; i++) {
        const struct kql_column *c = &columns->cols[i];
        const struct kql_column *in = store_column_find(t, c->name, &out->at[i]);
        if (in == NULL)
            return err_set(e, ERR_LIMIT, "table %.*s has no room for the column '%.*s'",
                           STR_ARG(t->name), STR_ARG(c->name));
        out->types[i] = in->type;
        out->former[i] = former_of(w, t->name, c->name);
        bool was =
            (out->former[i] >> c->type & 1) != 0; /* the query is from before it was widened */
        if (in->type != c->type && !was && !(c->type == KQL_INT && in->type == KQL_LONG))
            return err_set(e, ERR_INVALID,
                           "column '%.*s' of table %.*s holds %s, the query gives %s: rename it in "
                           "the query",
                           STR_ARG(c->name), STR_ARG(t->name), kql_type_name(in->type),
                           kql_type_name(c->type));
    }
    return true;
}

bool store_landing_open(struct workspace *w, struct arena *a, struct str table,
                        const struct kql_schema *columns, struct store_landing *out, struct err *e)
{
    struct kql_table t = {0};
    out->at = arena_array(a, size_t, columns->n);
    out->types = arena_array(a, enum kql_type, columns->n);
    out->former = arena_array(a, unsigned, columns->n);
    out->a = a;
    if (!workspace_table_extend(w, table, columns, e))
        return false;
    if (!workspace_table_find(w, a, table, &t))
        return err_set(e, ERR_INTERNAL, "table %.*s has gone", STR_ARG(table));
    if (!find_columns(w, &t, columns, out, e))
        return false;
    out->batch = store_batch_new(&t);
    return true;
}

void store_landing_set(struct store_landing *l, size_t column, const struct kql_value *v)
{
    if (v->is_null)
        return;
    struct kql_value typed = *v;
    if ((l->former[column] >> v->type & 1) != 0)
        typed = kql_value_widen(l->a, v, l->former[column], l->types[column]);
    typed.type = l->types[column];
    store_batch_set(l->batch, l->at[column], &typed);
}
