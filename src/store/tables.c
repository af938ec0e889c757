/* What is stored, and under which names. A column of the database is made when the first value for
 * it arrives, so that a table of 160 columns costs what its data costs. The registry lies in the
 * same file: vedette_stored. */
#include "store/store_priv.h"

void sql_table(struct workspace *w, struct str phys, struct sbuf *out)
{
    sql_ident(out, w->db);
    sbuf_addz(out, ".\"main\".");
    sql_ident(out, phys);
}

/* ---- registry in memory ---- */

static void add_phys(struct workspace *w, struct ws_table *t, struct str name, struct str phys,
                     enum kql_type type)
{
    struct phys_col c = {arena_str(w->a, name), arena_str(w->a, phys), type, table_former(t, name)};
    VEC_PUSH(w->a, &t->cols, c);
    map_put(t->by_phys, c.phys, t);
    /* The index plus one as a pointer: zero would be "absent". */
    map_put(t->by_name, c.name, (void *)(uintptr_t)t->cols.n);
}

static size_t phys_find(const struct ws_table *t, struct str name)
{
    uintptr_t at = (uintptr_t)map_get(t->by_name, name);
    return at == 0 ? SIZE_MAX : (size_t)at - 1;
}

struct ws_table *ws_table_add_locked(struct workspace *w, const struct table_def *def)
{
    struct ws_table *t = arena_new_of(w->a, struct ws_table);
    t->name = arena_str(w->a, def->t.name);
    t->def = def;
    t->by_name = map_new(w->a, false);
    t->by_phys = map_new(w->a, true);
    t->former = map_new(w->a, false);
    map_put(w->tables, t->name, t);
    w->n_custom += def->custom;
    return t;
}

struct ws_table *ws_table_find_locked(struct workspace *w, struct str name)
{
    struct ws_table *t = map_get(w->tables, name);
    if (t != NULL)
        return t;
    const struct table_def *def = schema_set_find(w->s->schemas, name);
    return def != NULL ? ws_table_add_locked(w, def) : NULL;
}

void ws_table_list_locked(struct workspace *w, struct ws_table *t)
{
    if (t->listed)
        return;
    t->listed = true;
    VEC_PUSH(w->a, &w->listed, t);
}

struct str table_free_name(struct arena *a, const struct map *taken, const struct map *also,
                           struct str name)
{
    struct str candidate = name;
    for (unsigned i = 2;
         map_get(taken, candidate) != NULL || (also != NULL && map_get(also, candidate) != NULL);
         i++)
        candidate = arena_fmt(a, "%.*s~%u", STR_ARG(name), i);
    return candidate;
}

/* ---- DDL ---- */

struct new_col {
    struct ws_table *t;
    struct str name, phys;
    enum kql_type type;
};
struct new_table {
    struct ws_table *t;
    struct str phys;
    size_t n_cols;                 /* stored ones and those of this plan */
    struct map *by_name, *by_phys; /* columns of this plan */
};
struct table_plan {
    struct workspace *w;
    struct arena *a;
    struct map *tables; /* name → struct new_table */
    struct map *phys;   /* physical table names of this plan */
    VEC(struct new_table *) list;
    VEC(struct new_col) cols;
};

static const struct new_col own_columns[PHYS_FIRST_OWN] = {
    [PHYS_ITEM] = {NULL, {"_ItemId", 7}, {"_ItemId", 7}, KQL_GUID},
    [PHYS_RECEIVED] = {NULL, {"_TimeReceived", 13}, {"_TimeReceived", 13}, KQL_DATETIME},
    [PHYS_BILLED] = {NULL, {"_BilledSize", 11}, {"_BilledSize", 11}, KQL_REAL},
    [PHYS_TIME] = {NULL, {"TimeGenerated", 13}, {"TimeGenerated", 13}, KQL_DATETIME},
};
enum column_rule { COLUMN_STORED, COLUMN_OWN, COLUMN_COMPUTED };

/* Own columns are always there; computed ones are constants of the table and never stored. */
static enum column_rule column_rule(struct str name)
{
    for (size_t i = 0; i < COUNTOF(own_columns); i++)
        if (str_eq(own_columns[i].name, name))
            return COLUMN_OWN;
    static const char *const computed[] = {"TenantId", "Type", "_IsBillable", "_WorkspaceId"};
    for (size_t i = 0; i < COUNTOF(computed); i++)
        if (str_eqz(name, computed[i]))
            return COLUMN_COMPUTED;
    return COLUMN_STORED;
}

struct table_plan *table_plan_new(struct workspace *w, struct arena *a)
{
    struct table_plan *p = arena_new_of(a, struct table_plan);
    p->w = w;
    p->a = a;
    p->tables = map_new(a, false);
    p->phys = map_new(a, true);
    return p;
}

/* The registry's row: table_name, phys_table, name, phys, type, ordinal. */
static void sql_stored_row(struct table_plan *p, const struct new_col *c, const struct new_table *n,
                           struct sbuf *ddl)
{
    sbuf_addz(ddl, "INSERT INTO ");
    sql_table(p->w, STR("vedette_stored"), ddl);
    sbuf_addz(ddl, " VALUES (");
    struct str texts[] = {c->t->name, n->phys, c->name, c->phys, str_from(kql_type_name(c->type))};
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        sql_text(ddl, texts[i]);
        sbuf_addz(ddl, ", ");
    }
    sbuf_addf(ddl, "%zu);\n", n->n_cols);
}

static void plan_column(struct table_plan *p, struct new_table *n, const struct new_col *what,
                        struct sbuf *ddl)
{
    struct new_col c = *what;
    c.t = n->t;
    VEC_PUSH(p->a, &p->cols, c);
    struct new_col *kept = arena_new_of(p->a, struct new_col);
    *kept = c;
    map_put(n->by_name, kept->name, kept);
    map_put(n->by_phys, kept->phys, kept);
    sql_stored_row(p, &c, n, ddl);
    n->n_cols++;
}

static void plan_create(struct table_plan *p, struct new_table *n, struct sbuf *ddl)
{
    n->phys = table_free_name(p->a, p->w->phys_tables, p->phys, n->t->name);
    map_put(p->phys, n->phys, n);
    sbuf_addz(ddl, "CREATE TABLE ");
    sql_table(p->w, n->phys, ddl);
    sbuf_addz(ddl, " (");
    for (size_t i = 0; i < COUNTOF(own_columns); i++) {
        sbuf_addz(ddl, i > 0 ? ", " : "");
        sql_ident(ddl, own_columns[i].phys);
        sbuf_addf(ddl, " %s", engine_sql_type(own_columns[i].type));
    }
    sbuf_addz(ddl, ");\n");
    for (size_t i = 0; i < COUNTOF(own_columns); i++)
        plan_column(p, n, &own_columns[i], ddl);
}

static struct new_table *plan_table(struct table_plan *p, struct ws_table *t, struct sbuf *ddl)
{
    struct new_table *n = map_get(p->tables, t->name);
    if (n != NULL)
        return n;
    n = arena_new_of(p->a, struct new_table);
    n->t = t;
    n->phys = t->phys;
    n->n_cols = t->cols.n;
    n->by_name = map_new(p->a, false);
    n->by_phys = map_new(p->a, true);
    map_put(p->tables, t->name, n);
    VEC_PUSH(p->a, &p->list, n);
    if (n->phys.n == 0)
        plan_create(p, n, ddl);
    return n;
}

static void plan_add(struct table_plan *p, struct new_table *n, struct str name, enum kql_type type,
                     struct sbuf *ddl)
{
    struct new_col c = {n->t, name, table_free_name(p->a, n->t->by_phys, n->by_phys, name), type};
    sbuf_addz(ddl, "ALTER TABLE ");
    sql_table(p->w, n->phys, ddl);
    sbuf_addz(ddl, " ADD COLUMN ");
    sql_ident(ddl, c.phys);
    sbuf_addf(ddl, " %s%s;\n", engine_sql_type(type), type == KQL_STRING ? " DEFAULT ''" : "");
    plan_column(p, n, &c, ddl);
}

/* A batch that was begun before its column was widened is stored as the column is by now. */
static bool was_of_type(const struct ws_table *t, const struct kql_column *c)
{
    return (table_former(t, c->name) >> c->type & 1) != 0;
}

/* Of a column of which nothing is stored. */
static enum kql_type type_now(const struct ws_table *t, const struct kql_column *c)
{
    size_t at = was_of_type(t, c) ? table_def_find(t->def, c->name) : SIZE_MAX;
    return at != SIZE_MAX ? table_def_type(t->def, at) : c->type;
}

bool table_plan_batch(struct table_plan *p, const struct store_batch *b, struct sbuf *ddl,
                      struct err *e)
{
    lock_take(&p->w->lock);
    struct ws_table *t = ws_table_find_locked(p->w, b->t.name);
    lock_drop(&p->w->lock);
    if (t == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(b->t.name));
    if (t->of != NULL)
        return err_set(e, ERR_UNSUPPORTED, "table '%.*s' shows rows of '%.*s': it takes none",
                       STR_ARG(t->name), STR_ARG(t->of->name));
    struct new_table *n = plan_table(p, t, ddl);
    for (size_t i = 0; i < b->t.schema.n + b->t.hidden.n; i++) {
        const struct kql_column *c =
            i < b->t.schema.n ? &b->t.schema.cols[i] : &b->t.hidden.cols[i - b->t.schema.n];
        bool timestamp = i == b->timestamp_at;
        if ((!timestamp && !batch_uses(b, i)) || column_rule(c->name) != COLUMN_STORED)
            continue;
        size_t at = phys_find(t, c->name);
        const struct new_col *planned = map_get(n->by_name, c->name);
        enum kql_type have = at != SIZE_MAX    ? t->cols.p[at].type
                             : planned != NULL ? planned->type
                                               : type_now(t, c);
        if (have != c->type && !was_of_type(t, c))
            return err_set(e, ERR_CONFLICT, "column '%.*s' of table '%.*s' holds %s, not %s",
                           STR_ARG(c->name), STR_ARG(t->name), kql_type_name(have),
                           kql_type_name(c->type));
        if (at == SIZE_MAX && planned == NULL)
            plan_add(p, n, c->name, have, ddl);
    }
    return true;
}

bool table_plan_columns(struct table_plan *p, struct ws_table *t, const struct phys_col *cols,
                        size_t n, struct sbuf *ddl, struct err *e)
{
    struct new_table *made = plan_table(p, t, ddl);
    for (size_t i = 0; i < n; i++) {
        const struct new_col *own = map_get(made->by_name, cols[i].name);
        if (own == NULL && column_rule(cols[i].name) == COLUMN_STORED)
            plan_add(p, made, cols[i].name, cols[i].type, ddl);
        const struct new_col *is = map_get(made->by_name, cols[i].name);
        if (is == NULL || !str_eq(is->phys, cols[i].phys) || is->type != cols[i].type)
            return err_set(e, ERR_INVALID, "table '%.*s' can't have the column '%.*s' of that form",
                           STR_ARG(t->name), STR_ARG(cols[i].name));
    }
    return true;
}

void table_plan_apply(struct table_plan *p)
{
    lock_take(&p->w->lock);
    for (size_t i = 0; i < p->list.n; i++) {
        struct new_table *n = p->list.p[i];
        if (n->t->phys.n == 0) {
            n->t->phys = arena_str(p->w->a, n->phys);
            map_put(p->w->phys_tables, n->t->phys, n->t);
        }
        ws_table_list_locked(p->w, n->t);
    }
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct new_col *c = &p->cols.p[i];
        add_phys(p->w, c->t, c->name, c->phys, c->type);
    }
    lock_drop(&p->w->lock);
}

/* ---- appending: writer thread, the only one that changes cols, so that it may read them without
 * the lock ---- */

/* For each column of the batch its place in the database's table; SIZE_MAX: not stored. */
static size_t *map_columns(struct arena *a, const struct ws_table *t, const struct store_batch *b)
{
    size_t n = b->t.schema.n + b->t.hidden.n;
    size_t *map = arena_array(a, size_t, n);
    for (size_t i = 0; i < n; i++) {
        const struct kql_column *c =
            i < b->t.schema.n ? &b->t.schema.cols[i] : &b->t.hidden.cols[i - b->t.schema.n];
        map[i] = column_rule(c->name) == COLUMN_STORED ? phys_find(t, c->name) : SIZE_MAX;
    }
    return map;
}

static void put_cell(struct engine_appender *ap, size_t to, const struct cell *c)
{
    switch (c->type) {
    case KQL_STRING:
    case KQL_DYNAMIC:
        engine_append_borrowed(ap, to, c->s); /* a batch lives until its commit */
        return;
    case KQL_BOOL:
        engine_append_bool(ap, to, c->i != 0);
        return;
    case KQL_REAL:
        engine_append_real(ap, to, c->d);
        return;
    case KQL_INT:
    case KQL_LONG:
    case KQL_DATETIME:
    case KQL_TIMESPAN:
        engine_append_long(ap, to, c->i);
        return;
    case KQL_GUID:
    case KQL_DECIMAL: {
        struct kql_value v = {.type = c->type, .s = c->s};
        engine_append_value(ap, to, &v);
        return;
    }
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        break;
    }
    UNREACHABLE();
}

/* Of a column that was widened since the batch was begun. */
static void put_wider(struct engine_appender *ap, size_t to, const struct phys_col *col,
                      const struct cell *c)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct kql_value v = {.type = c->type, .b = c->i != 0, .i = c->i, .d = c->d, .s = c->s};
    const struct kql_value wide = kql_value_widen(a, &v, col->former, col->type);
    engine_append_value(ap, to, &wide);
}

static void put_as(struct engine_appender *ap, const struct ws_table *t, size_t to,
                   const struct cell *c)
{
    const struct phys_col *col = &t->cols.p[to];
    if (col->type == c->type)
        put_cell(ap, to, c);
    else
        put_wider(ap, to, col, c);
}

static void put_item_id(struct engine_appender *ap, struct append_stamp *stamp)
{
    struct guid g;
    uint64_t lo = stamp->id_lo++;
    for (int i = 0; i < 8; i++) {
        g.b[i] = (uint8_t)(stamp->id_hi >> (56 - 8 * i));
        g.b[8 + i] = (uint8_t)(lo >> (56 - 8 * i));
    }
    engine_append_guid(ap, PHYS_ITEM, g.b);
}

static bool append_batch(struct engine_appender *ap, const struct ws_table *t,
                         const struct store_batch *b, struct append_stamp *stamp, struct err *e)
{
    struct arena *a = arena_new(0);
    const size_t *map = map_columns(a, t, b);
    size_t timestamp = b->timestamp_at != SIZE_MAX ? map[b->timestamp_at] : SIZE_MAX;
    bool ok = true;
    for (size_t row = 0, at = 0; ok && row < b->rows; row++) {
        struct cell cell;
        struct row_end end;
        while (batch_next(b, &at, &cell, &end))
            if (map[cell.col] != SIZE_MAX)
                put_as(ap, t, map[cell.col], &cell);
        int64_t time = end.has_time        ? end.time
                       : end.has_timestamp ? end.timestamp
                                           : stamp->received;
        put_item_id(ap, stamp);
        engine_append_long(ap, PHYS_RECEIVED, stamp->received);
        engine_append_real(ap, PHYS_BILLED, end.billed);
        engine_append_long(ap, PHYS_TIME, time);
        if (timestamp != SIZE_MAX) {
            cell = (struct cell){.type = KQL_DATETIME};
            cell.i = end.has_timestamp ? end.timestamp : time;
            put_as(ap, t, timestamp, &cell);
        }
        ok = engine_append_end_row(ap, e);
    }
    arena_free(a);
    return ok;
}

/* All batches of one table through one appender. */
static bool append_table(struct workspace *w, const struct ws_table *t,
                         struct store_batch *const *batches, size_t n, struct append_stamp *stamp,
                         struct err *e)
{
    struct arena *a = arena_new(0);
    struct kql_schema schema = {arena_array(a, struct kql_column, t->cols.n), t->cols.n};
    for (size_t i = 0; i < t->cols.n; i++)
        schema.cols[i] = (struct kql_column){t->cols.p[i].phys, t->cols.p[i].type};
    struct engine_appender *ap = engine_append_open(w->conn, w->db, t->phys, &schema, e);
    bool ok = ap != NULL;
    for (size_t i = 0; ok && i < n; i++)
        if (str_eq(batches[i]->t.name, t->name))
            ok = append_batch(ap, t, batches[i], stamp, e);
    if (ok)
        ok = engine_append_close(ap, e);
    else if (ap != NULL)
        engine_append_abort(ap);
    arena_free(a);
    return ok;
}

bool tables_append(struct workspace *w, struct store_batch *const *batches, size_t n,
                   struct append_stamp *stamp, struct err *e)
{
    struct arena *a = arena_new(0);
    struct map *done = map_new(a, false);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        struct str name = batches[i]->t.name;
        if (map_put(done, name, batches[i]) != NULL)
            continue;
        lock_take(&w->lock);
        const struct ws_table *t = ws_table_find_locked(w, name);
        lock_drop(&w->lock);
        CHECK(t != NULL && t->phys.n > 0);
        ok = append_table(w, t, batches, n, stamp, e);
    }
    arena_free(a);
    return ok;
}

/* ---- loading ---- */

static bool load_stored(struct workspace *w, const struct engine_rows *rows, size_t i,
                        struct err *e)
{
    struct str name = engine_rows_get(rows, i, 0).s, phys_table = engine_rows_get(rows, i, 1).s;
    struct str column = engine_rows_get(rows, i, 2).s, phys = engine_rows_get(rows, i, 3).s;
    enum kql_type type;
    if (!kql_type_parse(engine_rows_get(rows, i, 4).s, &type))
        return err_set(e, ERR_INTERNAL, "column '%.*s' of table '%.*s' has an unknown type",
                       STR_ARG(column), STR_ARG(name));
    struct ws_table *t = ws_table_find_locked(w, name);
    if (t == NULL) { /* shipped by an earlier version: its rows stay readable */
        struct kql_schema none = {NULL, 0};
        t = ws_table_add_locked(w, table_def_make(w->a, name, &none, false, true));
    }
    if (t->phys.n == 0) {
        t->phys = arena_str(w->a, phys_table);
        map_put(w->phys_tables, t->phys, t);
        ws_table_list_locked(w, t);
    }
    add_phys(w, t, column, phys, type);
    if (column_rule(column) == COLUMN_STORED)
        catalog_settle_locked(w, t, (struct kql_column){column, type});
    return true;
}

bool tables_load(struct workspace *w, struct err *e)
{
    struct kql_column cols[] = {{STR("table_name"), KQL_STRING},
                                {STR("phys_table"), KQL_STRING},
                                {STR("name"), KQL_STRING},
                                {STR("phys"), KQL_STRING},
                                {STR("type"), KQL_STRING}};
    struct kql_schema schema = {cols, COUNTOF(cols)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT table_name, phys_table, name, phys, type FROM ");
    sql_table(w, STR("vedette_stored"), &sql);
    sbuf_addz(&sql, " ORDER BY table_name, ordinal");
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(w->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    bool ok = true;
    lock_take(&w->lock);
    for (size_t i = 0; ok && i < engine_rows_count(rows); i++)
        ok = load_stored(w, rows, i, e);
    lock_drop(&w->lock);
    engine_rows_free(rows);
    return ok;
}
