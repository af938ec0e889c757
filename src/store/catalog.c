/* The catalogue of a workspace: the tables that ship, and the tables and columns that it made
 * itself (vedette_tables, vedette_columns in its file). */
#include "store/store_priv.h"

enum { MAX_CUSTOM_TABLES = 500, MAX_COLUMNS = 500, MAX_NAME = 128, MAX_TABLE_NAME = 100 };

/* ---- what the compiler asks ---- */

static bool fill(struct workspace *own, struct workspace *w, struct ws_table *t,
                 struct kql_table *out)
{
    *out = t->of != NULL ? t->of->def->t : t->def->t;
    out->name = t->name;
    out->workspace = w == own ? STR_NONE : w->id;
    out->not_for_rules = t->plan != STORE_PLAN_ANALYTICS ? store_plan_name(t->plan) : NULL;
    return true;
}

/* Notes it among those that the query reads; false: they are too many. */
static bool note_other(struct catalog_asker *k, struct workspace *w)
{
    const struct store_query *q = k->query;
    size_t most = STORE_QUERY_WORKSPACES;
    if (q->options.rule_restrictions)
        most = STORE_RULE_WORKSPACES;
    for (size_t i = 0; i < k->n_others; i++)
        if (k->others[i] == w)
            return true;
    if (k->n_others + 1 >= most) {
        k->too_many = true;
        return false;
    }
    k->others[k->n_others++] = w;
    return true;
}

static struct workspace *of_tenant(const struct workspace *own, struct str text)
{
    bool resource = text.n > 0 && text.p[0] == '/';
    struct workspace *w = resource ? store_workspace_of_resource(own->s, text)
                                   : store_workspace_find_in(own->s, own->tenant, text);
    return w != NULL && str_ieq(w->tenant, own->tenant) ? w : NULL;
}

/* NULL: there is none that the query may read. text empty: its own. */
static struct workspace *workspace_of(struct catalog_asker *k, struct str text)
{
    if (text.n == 0 || str_ieq(text, k->w->id) || str_ieq(text, k->w->name))
        return k->w;
    if (k->query == NULL) /* shared by threads: nothing is noted */
        return of_tenant(k->w, text);
    const struct store_reach *reach = k->query->reach;
    struct workspace *w = reach != NULL ? reach->find(reach->self, text) : of_tenant(k->w, text);
    return w == k->w || (w != NULL && note_other(k, w)) ? w : NULL;
}

/* Everything, unless the one who asks has less; sets which rows. */
static bool may_read(const struct catalog_asker *k, struct arena *a, struct workspace *w,
                     struct kql_table *t)
{
    t->rows = NULL;
    return k->access == NULL || k->access->reads(k->access->self, a, w, t->name, &t->rows);
}

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    struct catalog_asker *k = self;
    struct workspace *w = workspace_of(k, workspace);
    struct kql_table t = {0};
    if (w == NULL)
        return false;
    lock_take(&w->lock);
    struct ws_table *found = ws_table_find_locked(w, name);
    bool ok = found != NULL && fill(k->w, w, found, &t);
    lock_drop(&w->lock);
    if (!ok || !may_read(k, a, w, &t))
        return false;
    *out = t;
    return true;
}

static bool find_workspace(void *self, struct arena *a, struct str text, struct str *out_id)
{
    (void)a;
    struct catalog_asker *k = self;
    const struct workspace *w = workspace_of(k, text);
    if (w != NULL)
        *out_id = w == k->w ? STR_NONE : w->id;
    return w != NULL;
}

static bool listed_at(struct workspace *own, struct workspace *w, size_t i, struct kql_table *out)
{
    lock_take(&w->lock);
    bool found = i < w->listed.n && fill(own, w, w->listed.p[i], out);
    lock_drop(&w->lock);
    return found;
}

/* The i-th that may be read. Those of one workspace are asked for once, since others count up to
 * here. */
static bool readable_at(struct catalog_asker *k, struct arena *a, struct workspace *w, size_t i,
                        struct kql_table *out)
{
    struct kql_table t = {0};
    if (k->access == NULL)
        return listed_at(k->w, w, i, out);
    if (k->readable_of != w) {
        k->readable.n = 0;
        for (size_t n = 0; listed_at(k->w, w, n, &t); n++)
            if (may_read(k, a, w, &t))
                VEC_PUSH(a, &k->readable, t);
        k->readable_of = w;
    }
    if (i >= k->readable.n)
        return false;
    *out = k->readable.p[i];
    return true;
}

/* Tables that hold or held rows, and custom ones: as a workspace that has only these connected. */
static bool table_at(void *self, struct arena *a, size_t i, struct kql_table *out)
{
    struct catalog_asker *k = self;
    return readable_at(k, a, k->w, i, out);
}

static bool table_of(void *self, struct arena *a, struct str workspace, size_t i,
                     struct kql_table *out)
{
    struct catalog_asker *k = self;
    struct workspace *w = workspace_of(k, workspace);
    return w != NULL && readable_at(k, a, w, i, out);
}

static bool find_function(void *self, struct arena *a, struct str name,
                          struct kql_stored_function *out)
{
    const struct catalog_asker *k = self;
    if (k->query != NULL && k->query->shipped_functions_only && !store_function_ships(name))
        return false;
    return function_set_find(k->w->functions, a, name, out);
}

static bool view_at(void *self, struct arena *a, size_t i, struct str *out_name)
{
    const struct catalog_asker *k = self;
    if (k->query != NULL && k->query->shipped_functions_only)
        return false;
    return function_set_view_at(k->w->functions, a, i, out_name);
}

static bool find_variant(void *self, struct arena *a, struct str name, struct str argument,
                         struct kql_stored_function *out)
{
    const struct catalog_asker *k = self;
    (void)name; /* there is one: _GetWatchlist */
    return function_set_find_variant(k->w->functions, a, argument, out);
}

static bool peek(void *self, struct arena *a, const struct plan *in, struct kql_value **out_rows,
                 size_t *out_n, struct err *e)
{
    const struct catalog_asker *k = self;
    const struct engine_source *src = source_snapshot(k->w, a);
    if (k->lake)
        source_see_all(src);
    source_see_as(src, k->query);
    bool ok = engine_peek(k->w->s->engine, in, src, k->limits, a, out_rows, out_n, e);
    source_release(src);
    return ok;
}

struct kql_catalog catalog_for(struct catalog_asker *k)
{
    return (struct kql_catalog){.self = k,
                                .find_table = find_table,
                                .table_at = table_at,
                                .find_workspace = find_workspace,
                                .table_of = table_of,
                                .find_function = find_function,
                                .find_variant = find_variant,
                                .view_at = view_at,
                                .peek = peek};
}

const struct kql_catalog *workspace_catalog_for(struct workspace *w, struct arena *a,
                                                const struct store_access *access)
{
    struct catalog_asker *k = arena_new_of(a, struct catalog_asker);
    struct kql_catalog *c = arena_new_of(a, struct kql_catalog);
    *k = (struct catalog_asker){.w = w, .access = access};
    *c = catalog_for(k);
    return c;
}

void catalog_init(struct workspace *w)
{
    w->asker = (struct catalog_asker){.w = w};
    w->catalog = catalog_for(&w->asker);
}

const struct kql_catalog *workspace_catalog(struct workspace *w)
{
    return &w->catalog;
}

bool workspace_table_find(struct workspace *w, struct arena *a, struct str name,
                          struct kql_table *out)
{
    return find_table(&w->asker, a, STR_NONE, name, out);
}

bool store_shipped_table(const struct store *s, size_t i, struct str *out)
{
    if (i >= schema_set_count(s->schemas))
        return false;
    *out = schema_set_name(s->schemas, i);
    return true;
}

bool workspace_table_is_open(struct workspace *w, struct str name)
{
    lock_take(&w->lock);
    struct ws_table *t = ws_table_find_locked(w, name);
    bool open = t != NULL && t->def->open;
    lock_drop(&w->lock);
    return open;
}

/* ---- nearest name ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Edit distance, ASCII case ignored; names longer than the rows are never near. */
static size_t distance(struct str a, struct str b)
{
    enum { WIDTH = 128 };
    if (a.n >= WIDTH || b.n >= WIDTH)
        return SIZE_MAX;
    size_t row[WIDTH];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1]));
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.n];
}

struct nearest {
    struct str name;
    size_t distance;
};

static void consider(struct nearest *best, struct str wanted, struct str name)
{
    size_t d = distance(wanted, name);
    if (d < best->distance)
        *best = (struct nearest){name, d};
}

struct str workspace_table_suggest(struct workspace *w, struct arena *a, struct str name)
{
    struct nearest best = {STR_NONE, name.n / 4 + 2};
    for (size_t i = 0; i < schema_set_count(w->s->schemas); i++)
        consider(&best, name, schema_set_name(w->s->schemas, i));
    lock_take(&w->lock);
    for (size_t i = 0; i < w->listed.n; i++)
        consider(&best, name, w->listed.p[i]->name);
    struct str out = arena_str(a, best.name);
    lock_drop(&w->lock);
    return out;
}

/* ---- changing definitions ---- */

static struct str strip_own(struct str name)
{
    return str_starts(name, STR("_")) ? str_sub(name, 1, name.n) : name;
}

static bool word_ok(struct str name, size_t max)
{
    bool ok = name.n > 0 && name.n <= max;
    for (size_t i = 0; ok && i < name.n; i++) {
        char c = lower(name.p[i]);
        bool letter = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
        ok = letter || (i > 0 && (digit || c == '_'));
    }
    return ok;
}

void catalog_extend_locked(struct workspace *w, struct ws_table *t, const struct kql_schema *more)
{
    const struct kql_schema *old = &t->def->t.schema;
    struct kql_schema all = {arena_array(w->a, struct kql_column, old->n + more->n), old->n};
    if (old->n > 0)
        memcpy(all.cols, old->cols, old->n * sizeof(*all.cols));
    for (size_t i = 0; i < more->n; i++)
        if (table_def_find(t->def, more->cols[i].name) == SIZE_MAX)
            all.cols[all.n++] = more->cols[i];
    t->def = table_def_make(w->a, t->name, &all, t->def->open, t->def->billable);
}

void catalog_settle_locked(struct workspace *w, struct ws_table *t, struct kql_column c)
{
    size_t at = table_def_find(t->def, c.name);
    if (at != SIZE_MAX && table_def_type(t->def, at) == c.type)
        return;
    struct kql_schema one = {&c, 1};
    if (at == SIZE_MAX) {
        catalog_extend_locked(w, t, &one);
        return;
    }
    if (at >= t->def->t.schema.n)
        return;
    struct kql_schema all = {arena_array(w->a, struct kql_column, t->def->t.schema.n),
                             t->def->t.schema.n};
    memcpy(all.cols, t->def->t.schema.cols, all.n * sizeof(*all.cols));
    all.cols[at].type = c.type;
    t->def = table_def_make(w->a, t->name, &all, t->def->open, t->def->billable);
}

static bool not_wider(const struct table_change *c, const struct kql_column *col,
                      enum kql_type from, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf can = sbuf_make(256);
    kql_type_wider_names(from, &can);
    if (can.n == 0)
        sbuf_addz(&can, "nothing else");
    return err_set(e, ERR_CONFLICT,
                   "column '%.*s' of table '%.*s' is %s; its type can't become %s, since no value "
                   "may be lost: it can become %.*s",
                   STR_ARG(col->name), STR_ARG(c->name), kql_type_name(from),
                   kql_type_name(col->type), STR_ARG(sbuf_str(&can)));
}

/* A column that is there, at at, is to have another type. */
static bool check_wider(const struct ws_table *t, const struct table_change *c, size_t at,
                        const struct kql_column *col, struct err *e)
{
    enum kql_type from = table_def_type(t->def, at);
    if (!t->def->custom || at >= t->def->t.schema.n || at == t->def->time_at ||
        store_column_is_services(col->name))
        return err_set(e, ERR_CONFLICT,
                       "column '%.*s' of table '%.*s' is %s; only own columns of custom tables "
                       "(_CL) can get another type",
                       STR_ARG(col->name), STR_ARG(c->name), kql_type_name(from));
    if (!kql_type_widens(from, col->type))
        return not_wider(c, col, from, e);
    return c->widen || err_set(e, ERR_CONFLICT, "table '%.*s' was changed meanwhile: try again",
                               STR_ARG(c->name));
}

/* The columns of c that are new, and those that get a wider type. */
static bool check_columns(const struct ws_table *t, const struct table_change *c,
                          struct kql_schema *fresh, struct kql_schema *wide, struct err *e)
{
    for (size_t i = 0; i < c->schema->n; i++) {
        const struct kql_column *col = &c->schema->cols[i];
        size_t at = t != NULL ? table_def_find(t->def, col->name) : SIZE_MAX;
        if (at != SIZE_MAX) {
            bool other = !c->extend && table_def_type(t->def, at) != col->type;
            if (other && !check_wider(t, c, at, col, e))
                return false;
            if (other)
                wide->cols[wide->n++] = *col;
            continue;
        }
        if (!word_ok(strip_own(col->name), MAX_NAME))
            return err_set(e, ERR_INVALID,
                           "'%.*s' can't be a column: a letter, then letters, digits and '_', at "
                           "most %d characters",
                           STR_ARG(col->name), MAX_NAME);
        if (col->type == KQL_UNKNOWN || col->type >= KQL_N_TYPES)
            return err_set(e, ERR_INVALID, "column '%.*s' has no type", STR_ARG(col->name));
        fresh->cols[fresh->n++] = *col;
    }
    size_t total = fresh->n + (t != NULL ? t->def->t.schema.n : 0);
    return total <= MAX_COLUMNS || (t != NULL && !t->def->custom && fresh->n == 0)
               ? true
               : err_set(e, ERR_LIMIT, "table '%.*s' would have %zu columns; the limit is %d",
                         STR_ARG(c->name), total, MAX_COLUMNS);
}

bool catalog_name_ok(struct str name, struct str end, struct err *e)
{
    return (str_ends(name, end) && word_ok(name, MAX_TABLE_NAME)) ||
           err_set(e, ERR_INVALID,
                   "'%.*s' can't be a table: letters, digits and '_', at most %d characters, "
                   "ending in %.*s",
                   STR_ARG(name), MAX_TABLE_NAME, STR_ARG(end));
}

static bool check_results(const struct ws_table *t, struct str name, struct err *e)
{
    if (t != NULL)
        return err_set(e, ERR_CONFLICT, "there is a table '%.*s' already: delete it first",
                       STR_ARG(name));
    return catalog_name_ok(name, STR(STORE_RESULTS), e);
}

static bool check_table(struct workspace *w, const struct ws_table *t, struct str name,
                        struct err *e)
{
    if (t != NULL)
        return t->def->open
                   ? true
                   : err_set(e, ERR_CONFLICT,
                             "table '%.*s' ships with Vedette; only names ending in _CL can be "
                             "defined",
                             STR_ARG(name));
    if (!str_ends(name, STR("_CL")) || !word_ok(name, MAX_TABLE_NAME))
        return err_set(e, ERR_INVALID,
                       "'%.*s' can't be a custom table: letters, digits and '_', at most %d "
                       "characters, ending in _CL",
                       STR_ARG(name), MAX_TABLE_NAME);
    if (w->n_custom >= MAX_CUSTOM_TABLES)
        return err_set(e, ERR_LIMIT,
                       "the workspace has %d custom tables already, which is the limit",
                       MAX_CUSTOM_TABLES);
    return true;
}

static void sql_change(struct workspace *w, struct str name, bool is_new,
                       const struct kql_schema *fresh, struct sbuf *sql)
{
    if (is_new) {
        sbuf_addz(sql, "INSERT INTO ");
        sql_table(w, STR("vedette_tables"), sql);
        sbuf_addz(sql, " VALUES (");
        sql_text(sql, name);
        sbuf_addz(sql, ");\n");
    }
    for (size_t i = 0; i < fresh->n; i++) {
        sbuf_addz(sql, "INSERT INTO ");
        sql_table(w, STR("vedette_columns"), sql);
        sbuf_addz(sql, " SELECT ");
        sql_text(sql, name);
        sbuf_addz(sql, ", ");
        sql_text(sql, fresh->cols[i].name);
        sbuf_addz(sql, ", ");
        sql_text(sql, str_from(kql_type_name(fresh->cols[i].type)));
        sbuf_addz(sql, ", count(*) FROM ");
        sql_table(w, STR("vedette_columns"), sql);
        sbuf_addz(sql, ";\n");
    }
}

static bool write_change(struct workspace *w, struct sbuf *sql, struct err *e)
{
    if (sql->n == 0)
        return true;
    if (!sbuf_ok(sql))
        return err_set(e, ERR_LIMIT, "the definition is too long");
    if (!engine_begin(w->conn, e))
        return false;
    if (!engine_conn_exec(w->conn, sbuf_str(sql), e)) {
        engine_rollback(w->conn);
        return false;
    }
    return engine_commit(w->conn, e);
}

static void apply_change(struct workspace *w, const struct table_change *c, struct ws_table *t,
                         const struct kql_schema *fresh, const struct table_widening *x)
{
    lock_take(&w->lock);
    if (t == NULL) {
        struct kql_schema none = {NULL, 0};
        t = ws_table_add_locked(w, table_def_make(w->a, c->name, &none, true, true));
        ws_table_list_locked(w, t);
    }
    if (fresh->n > 0)
        catalog_extend_locked(w, t, fresh);
    if (x->cols->n > 0)
        table_widening_apply_locked(x);
    lock_drop(&w->lock);
}

bool catalog_change(struct workspace *w, const struct table_change *c, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kql_schema fresh = {arena_array(a, struct kql_column, c->schema->n + 1), 0};
    struct kql_schema wide = {arena_array(a, struct kql_column, c->schema->n + 1), 0};
    lock_take(&w->lock);
    struct ws_table *t = ws_table_find_locked(w, c->name);
    bool ok = (c->results ? check_results(t, c->name, e) : check_table(w, t, c->name, e)) &&
              check_columns(t, c, &fresh, &wide, e);
    lock_drop(&w->lock);
    if (!ok)
        return false;
    struct table_widening x = {.w = w, .t = t, .cols = &wide};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4 << 20);
    sql_change(w, c->name, t == NULL, &fresh, &sql);
    if (wide.n > 0) {
        table_widening_sql(a, &x, &sql);
        alteration_begin(&w->s->alterations);
    }
    ok = write_change(w, &sql, e);
    if (ok)
        apply_change(w, c, t, &fresh, &x);
    if (wide.n > 0)
        alteration_end(&w->s->alterations);
    return ok;
}

/* ---- loading ---- */

static bool query(struct workspace *w, const char *what, const char *from,
                  const struct kql_schema *schema, struct engine_rows **out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addf(&sql, "SELECT %s FROM ", what);
    sql_table(w, str_from(from), &sql);
    sbuf_addz(&sql, " ORDER BY ALL");
    return engine_conn_query(w->conn, sbuf_str(&sql), schema, out, e);
}

static void load_table(struct workspace *w, struct str name)
{
    if (ws_table_find_locked(w, name) != NULL)
        return;
    struct kql_schema none = {NULL, 0};
    ws_table_list_locked(w, ws_table_add_locked(w, table_def_make(w->a, name, &none, true, true)));
}

bool catalog_load(struct workspace *w, struct err *e)
{
    struct kql_column cols[] = {{STR("table_name"), KQL_STRING},
                                {STR("ordinal"), KQL_LONG},
                                {STR("name"), KQL_STRING},
                                {STR("type"), KQL_STRING}};
    struct kql_schema one = {cols, 1}, all = {cols, COUNTOF(cols)};
    struct engine_rows *tables = NULL, *columns = NULL;
    bool ok = query(w, "name", "vedette_tables", &one, &tables, e) &&
              query(w, "table_name, ordinal, name, type", "vedette_columns", &all, &columns, e);
    lock_take(&w->lock);
    for (size_t i = 0; ok && i < engine_rows_count(tables); i++)
        load_table(w, engine_rows_get(tables, i, 0).s);
    for (size_t i = 0; ok && i < engine_rows_count(columns); i++) {
        struct ws_table *t = ws_table_find_locked(w, engine_rows_get(columns, i, 0).s);
        struct kql_column c = {engine_rows_get(columns, i, 2).s, KQL_UNKNOWN};
        struct kql_schema more = {&c, 1};
        if (t != NULL && kql_type_parse(engine_rows_get(columns, i, 3).s, &c.type))
            catalog_extend_locked(w, t, &more);
    }
    lock_drop(&w->lock);
    engine_rows_freep(&tables);
    engine_rows_freep(&columns);
    return ok;
}
