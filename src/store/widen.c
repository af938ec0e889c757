/* Columns that get a wider type. Rows of the hot table are copied to a table of another name,
 * sealed ones stay as they are and are read as the new type; merging writes them anew. */
#include "store/lake/lake.h"
#include "store/store_priv.h"

/* ---- which types a column had ---- */

unsigned table_former(const struct ws_table *t, struct str column)
{
    return (unsigned)(uintptr_t)map_get(t->former, column);
}

void table_former_add_locked(struct workspace *w, struct ws_table *t, struct str column,
                             unsigned former)
{
    former |= table_former(t, column);
    /* Bits as a pointer. */
    map_put(t->former, arena_str(w->a, column), (void *)(uintptr_t)former); // NOLINT
    for (size_t i = 0; i < t->cols.n; i++)
        if (str_eq(t->cols.p[i].name, column))
            t->cols.p[i].former = former;
}

static void former_row(struct workspace *w, struct str table, struct str column, enum kql_type type,
                       struct sbuf *sql)
{
    sbuf_addz(sql, "INSERT INTO ");
    sql_table(w, STR("vedette_widened"), sql);
    sbuf_addz(sql, " VALUES (");
    sql_text(sql, table);
    sbuf_addz(sql, ", ");
    sql_text(sql, column);
    sbuf_addz(sql, ", ");
    sql_text(sql, str_from(kql_type_name(type)));
    sbuf_addz(sql, ");\n");
}

void table_former_sql(struct workspace *w, struct str table, const struct phys_col *c,
                      struct sbuf *sql)
{
    for (int t = KQL_UNKNOWN + 1; t < KQL_N_TYPES; t++)
        if ((c->former >> t & 1) != 0)
            former_row(w, table, c->name, (enum kql_type)t, sql);
}

bool formers_load(struct workspace *w, struct err *e)
{
    struct kql_column c[] = {
        {STR("table_name"), KQL_STRING}, {STR("name"), KQL_STRING}, {STR("type"), KQL_STRING}};
    struct kql_schema schema = {c, COUNTOF(c)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT table_name, name, type FROM ");
    sql_table(w, STR("vedette_widened"), &sql);
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(w->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    lock_take(&w->lock);
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        struct ws_table *t = ws_table_find_locked(w, engine_rows_get(rows, i, 0).s);
        enum kql_type type;
        if (t != NULL && kql_type_parse(engine_rows_get(rows, i, 2).s, &type))
            table_former_add_locked(w, t, engine_rows_get(rows, i, 1).s, 1U << type);
    }
    lock_drop(&w->lock);
    engine_rows_free(rows);
    return true;
}

/* ---- the change ---- */

static const struct kql_column *widened(const struct table_widening *x, struct str column)
{
    for (size_t i = 0; i < x->cols->n; i++)
        if (str_eq(x->cols->cols[i].name, column))
            return &x->cols->cols[i];
    return NULL;
}

static enum kql_type type_of(const struct table_widening *x, const struct phys_col *c)
{
    const struct kql_column *wide = widened(x, c->name);
    return wide != NULL ? wide->type : c->type;
}

static void sql_create(const struct table_widening *x, struct sbuf *sql)
{
    sbuf_addz(sql, "CREATE TABLE ");
    sql_table(x->w, x->phys, sql);
    for (size_t i = 0; i < x->t->cols.n; i++) {
        const struct phys_col *c = &x->t->cols.p[i];
        enum kql_type type = type_of(x, c);
        sbuf_addz(sql, i > 0 ? ", " : " (");
        sql_ident(sql, c->phys);
        sbuf_addf(sql, " %s%s", engine_sql_type(type), type == KQL_STRING ? " DEFAULT ''" : "");
    }
    sbuf_addz(sql, ");\n");
}

/* Without what no query can read there any more. */
static void sql_copy(const struct table_widening *x, struct sbuf *sql)
{
    sbuf_addz(sql, "INSERT INTO ");
    sql_table(x->w, x->phys, sql);
    sbuf_addz(sql, " SELECT ");
    for (size_t i = 0; i < x->t->cols.n; i++) {
        const struct phys_col *c = &x->t->cols.p[i];
        AUTO(sbuf_fini) struct sbuf old = sbuf_make(1 << 16);
        sbuf_addz(sql, i > 0 ? ", " : "");
        sql_ident(&old, c->phys);
        engine_sql_widen(sbuf_str(&old), c->type, 0, type_of(x, c), sql);
    }
    sbuf_addz(sql, " FROM ");
    sql_table(x->w, x->t->phys, sql);
    sbuf_addf(sql, " WHERE \"_TimeReceived\" > %lld;\nDROP TABLE ",
              (long long)lake_lowest_mark(x->w->lake, x->t->name));
    sql_table(x->w, x->t->phys, sql);
    sbuf_addz(sql, ";\nUPDATE ");
    sql_table(x->w, STR("vedette_stored"), sql);
    sbuf_addz(sql, " SET phys_table = ");
    sql_text(sql, x->phys);
    sbuf_addz(sql, " WHERE table_name = ");
    sql_text(sql, x->t->name);
    sbuf_addz(sql, ";\n");
}

static void sql_type(const struct table_widening *x, const char *registry,
                     const struct kql_column *c, struct sbuf *sql)
{
    sbuf_addz(sql, "UPDATE ");
    sql_table(x->w, str_from(registry), sql);
    sbuf_addz(sql, " SET type = ");
    sql_text(sql, str_from(kql_type_name(c->type)));
    sbuf_addz(sql, " WHERE table_name = ");
    sql_text(sql, x->t->name);
    sbuf_addz(sql, " AND name = ");
    sql_text(sql, c->name);
    sbuf_addz(sql, ";\n");
}

void table_widening_sql(struct arena *a, struct table_widening *x, struct sbuf *sql)
{
    bool stored = false;
    for (size_t i = 0; i < x->t->cols.n; i++)
        stored = stored || widened(x, x->t->cols.p[i].name) != NULL;
    x->phys = stored ? table_free_name(a, x->w->phys_tables, NULL, x->t->name) : STR_NONE;
    if (stored) {
        sql_create(x, sql);
        sql_copy(x, sql);
    }
    for (size_t i = 0; i < x->cols->n; i++) {
        const struct kql_column *c = &x->cols->cols[i];
        size_t at = table_def_find(x->t->def, c->name);
        former_row(x->w, x->t->name, c->name, table_def_type(x->t->def, at), sql);
        sql_type(x, "vedette_columns", c, sql);
        sql_type(x, "vedette_stored", c, sql);
    }
}

void table_widening_apply_locked(const struct table_widening *x)
{
    struct workspace *w = x->w;
    struct ws_table *t = x->t;
    for (size_t i = 0; i < x->cols->n; i++) {
        struct kql_column c = x->cols->cols[i];
        enum kql_type was = table_def_type(t->def, table_def_find(t->def, c.name));
        table_former_add_locked(w, t, c.name, 1U << was);
        for (size_t k = 0; k < t->cols.n; k++)
            if (str_eq(t->cols.p[k].name, c.name))
                t->cols.p[k].type = c.type;
        catalog_settle_locked(w, t, c);
    }
    if (x->phys.n == 0)
        return;
    /* The old name stays taken until the next start: queries may still be made for it. */
    t->phys = arena_str(w->a, x->phys);
    map_put(w->phys_tables, t->phys, t);
}

/* ---- who is in the middle of something ---- */

void alterations_init(struct alterations *x)
{
    lock_init(&x->lock, "alterations");
    cond_init(&x->none);
}

void alterations_fini(struct alterations *x)
{
    cond_fini(&x->none);
    lock_fini(&x->lock);
}

void alteration_begin(struct alterations *x)
{
    lock_take(&x->lock);
    x->running++;
    lock_drop(&x->lock);
}

void alteration_end(struct alterations *x)
{
    lock_take(&x->lock);
    x->running--;
    x->done++;
    cond_broadcast(&x->none);
    lock_drop(&x->lock);
}

uint64_t alterations_now(struct alterations *x)
{
    lock_take(&x->lock);
    uint64_t done = x->done;
    lock_drop(&x->lock);
    return done;
}

bool alterations_since(struct alterations *x, uint64_t since)
{
    lock_take(&x->lock);
    bool any = x->running > 0 || x->done != since;
    while (x->running > 0)
        cond_wait(&x->none, &x->lock);
    lock_drop(&x->lock);
    return any;
}

/* A clustering key needs values with an order. */
static bool key_stays_sortable(struct workspace *w, const struct table_change *c, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str key = workspace_cluster(w, a, c->name);
    for (size_t i = 0; key.n > 0 && i < c->schema->n; i++)
        if (str_eq(c->schema->cols[i].name, key) && c->schema->cols[i].type == KQL_DYNAMIC)
            return err_set(e, ERR_CONFLICT,
                           "column '%.*s' is the clustering key of table '%.*s' and can't become "
                           "dynamic: take clusterBy away first",
                           STR_ARG(key), STR_ARG(c->name));
    return true;
}

bool workspace_table_define(struct workspace *w, struct str name, const struct kql_schema *schema,
                            struct err *e)
{
    struct table_change c = {.name = name, .schema = schema};
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, name);
    for (size_t i = 0; t != NULL && i < schema->n; i++) {
        size_t at = table_def_find(t->def, schema->cols[i].name);
        c.widen = c.widen || (at != SIZE_MAX && table_def_type(t->def, at) != schema->cols[i].type);
    }
    lock_drop(&w->lock);
    if (!c.widen)
        return writer_change(w, &c, e);
    if (!key_stays_sortable(w, &c, e))
        return false;
    lake_work_begin(w->lake); /* nothing is sealed or merged by the old types meanwhile */
    bool ok = writer_change(w, &c, e);
    lake_work_end(w->lake);
    return ok;
}
