/* Where rows come from: tables, let tables, functions, literals in brackets. */
#include "kql/bind_priv.h"

/* ---- stored tables ---- */
static struct expr *compare_time(struct binder *b, const char *op, const struct plan_col *c,
                                 int64_t ticks)
{
    struct kql_value v = {.type = KQL_DATETIME, .i = ticks};
    return ex_call2(b, op, KQL_BOOL, ex_column(b, c, NULL), ex_const(b, v, NULL));
}

static struct expr *scope_filter(struct binder *b, const struct plan *p)
{
    struct str name = b->o->scope_column.n > 0 ? b->o->scope_column : STR("TimeGenerated");
    const struct plan_col *c = bind_find_column(p, name);
    if (!b->o->has_scope || c == NULL || c->type != KQL_DATETIME)
        return NULL;
    return ex_and(b, compare_time(b, ">=", c, b->o->scope_from),
                  compare_time(b, "<", c, b->o->scope_to));
}

static struct expr *arrival_filter(struct binder *b, const struct plan *p)
{
    const struct plan_col *c = bind_find_column(p, STR("_TimeReceived"));
    if (!b->o->has_arrival || c == NULL || c->type != KQL_DATETIME)
        return NULL;
    struct expr *until = compare_time(b, "<=", c, b->o->arrived_until);
    /* Kusto's times begin at 0: everything is after. */
    return b->o->arrived_after < 0 ? until
                                   : ex_and(b, compare_time(b, ">", c, b->o->arrived_after), until);
}

/* ---- rows that the query may see ---- */

static struct expr *rule_compare(struct binder *b, const struct plan *p,
                                 const struct kql_row_rule *r)
{
    const struct plan_col *c = bind_find_column(p, r->column);
    struct kql_value v = {.type = KQL_STRING, .s = arena_str(b->a, r->value)};
    if (c == NULL || c->type != KQL_STRING)
        return ex_bool(b, false);
    return ex_call2(b, r->op, KQL_BOOL, ex_column(b, c, NULL), ex_const(b, v, NULL));
}

static struct expr *rule_filter(struct binder *b, const struct plan *p,
                                const struct kql_row_rule *r)
{
    struct expr *all = NULL;
    if (r->kind == KQL_ROWS_WHERE)
        return rule_compare(b, p, r);
    for (size_t i = 0; i < r->n; i++) {
        struct expr *one = rule_filter(b, p, r->kids[i]);
        all = all == NULL ? one
                          : ex_call2(b, r->kind == KQL_ROWS_ALL ? "and" : "or", KQL_BOOL, all, one);
    }
    return all != NULL ? all : ex_bool(b, false);
}

/* Names in the rule are the table's columns, whatever the query calls by these names. */
static struct plan *only_allowed(struct binder *b, struct plan *p, const struct kql_table *t,
                                 const struct syn *at)
{
    if (t->rows == NULL)
        return p;
    b->q->limited = true;
    p = plan_filter(b, p, rule_filter(b, p, t->rows), at);
    p->fence = true;
    return p;
}

/* The end of a window that the row is in; see KQL_WINDOW. */
static void add_window(struct binder *b, struct plan *p, const struct syn *at)
{
    if (bind_find_column(p, STR(KQL_WINDOW)) != NULL)
        bind_error(b, "SEM0500", at, "table '%s' has a column '%s' of its own", z(b, p->table),
                   KQL_WINDOW);
    struct plan_col c = plan_fresh(b, STR(KQL_WINDOW), KQL_DATETIME);
    c.hidden = true;
    p->source_names[p->cols.n] = c.name;
    plan_add_col(b, p, c);
}

static void add_table_cols(struct binder *b, struct plan *p, const struct kql_schema *s,
                           bool hidden)
{
    for (size_t i = 0; i < s->n; i++) {
        if (hidden && bind_find_column(p, s->cols[i].name) != NULL)
            continue;
        struct plan_col c = plan_fresh(b, s->cols[i].name, s->cols[i].type);
        c.hidden = hidden;
        plan_add_col(b, p, c);
    }
}

/* Names beside a column's own, for queries: hidden, and reading the column that they stand for. */
static const struct {
    const char *table, *name, *column;
} second_names[] = {
    /* The documentation of UEBA says AnomalyScore where the table's schema says Score. */
    {"Anomalies", "AnomalyScore", "Score"},
};

static void add_second_names(struct binder *b, struct plan *p)
{
    for (size_t i = 0; i < COUNTOF(second_names); i++) {
        const struct plan_col *c = bind_find_column(p, str_from(second_names[i].column));
        struct str name = str_from(second_names[i].name);
        if (!str_eqz(p->table, second_names[i].table) || c == NULL ||
            bind_find_column(p, name) != NULL)
            continue;
        struct plan_col second = plan_fresh(b, name, c->type);
        second.hidden = true;
        p->source_names[p->cols.n] = c->name;
        plan_add_col(b, p, second);
    }
}

static void note_read(struct binder *b, struct str workspace, struct str table)
{
    struct str both = arena_fmt(b->a, "%.*s/%.*s", STR_ARG(workspace), STR_ARG(table));
    if (map_get(b->seen_tables, table) == NULL) {
        map_put(b->seen_tables, table, b);
        VEC_PUSH(b->a, &b->q->tables, table);
    }
    if (map_get(b->seen_tables, both) == NULL) {
        struct kql_read r = {workspace, table};
        map_put(b->seen_tables, both, b);
        VEC_PUSH(b->a, &b->q->reads, r);
    }
}

struct plan *bind_table_of(struct binder *b, const struct kql_table *t, const struct syn *at)
{
    struct plan *p = plan_new(b, P_TABLE, NULL, at);
    if (t->not_for_rules != NULL && b->o->rule_restrictions)
        bind_error(b, "SEM0100", at,
                   "table '%s' has the plan %s: analytics rules read tables of plan Analytics only",
                   z(b, t->name), t->not_for_rules);
    p->workspace = t->workspace;
    p->table = arena_str(b->a, t->name);
    add_table_cols(b, p, &t->schema, false);
    add_table_cols(b, p, &t->hidden, true);
    p->source_names = arena_array(b->a, struct str, p->cols.n + COUNTOF(second_names) + 1);
    for (size_t i = 0; i < p->cols.n; i++)
        p->source_names[i] = p->cols.p[i].name;
    add_second_names(b, p);
    note_read(b, p->workspace, p->table);
    struct expr *scope = scope_filter(b, p), *arrival = arrival_filter(b, p);
    if (scope != NULL && b->o->windows != KQL_WINDOWS_NONE)
        add_window(b, p, at);
    if (scope != NULL && arrival != NULL)
        scope = ex_and(b, scope, arrival);
    else if (scope == NULL)
        scope = arrival;
    return only_allowed(b, scope != NULL ? plan_filter(b, p, scope, at) : p, t, at);
}

static const char *near_table(struct binder *b, struct str name)
{
    const struct kql_catalog *cat = b->o->catalog;
    struct suggest near = {.want = name};
    struct kql_table t;
    for (size_t i = 0; cat->table_at != NULL && i < 5000 && cat->table_at(cat->self, b->a, i, &t);
         i++)
        suggest_offer(&near, t.name);
    return near.best.n > 0 ? arena_fmt(b->a, "did you mean '%.*s'?", STR_ARG(near.best)).p : NULL;
}

struct plan *bind_named_table(struct binder *b, struct binding *env, struct str workspace,
                              struct str name, const struct syn *at, bool quiet)
{
    if (!bind_may_read(env, workspace, name)) {
        if (quiet)
            return NULL;
        bind_error(b, "SEM0100", at, "'%s' is not among what 'restrict access to' allows",
                   z(b, name));
        return bind_nothing(b, at);
    }
    const struct kql_catalog *cat = b->o->catalog;
    struct kql_table t = {0};
    if (workspace.n == 0 && b->o->n_workspaces > 0) {
        struct plan *p = bind_table_in_all(b, name, at);
        if (p != NULL)
            return p;
    } else if (cat != NULL && cat->find_table != NULL &&
               cat->find_table(cat->self, b->a, workspace, name, &t))
        return bind_table_of(b, &t, at);
    if (quiet)
        return NULL;
    if (workspace.n > 0 && cat != NULL && cat->find_workspace != NULL) {
        bind_error(b, "SEM0100", at,
                   "'%s' does not refer to a known table of a workspace '%s' that can be read",
                   z(b, name), z(b, workspace));
        kql_diag_absent(b->d);
        return bind_nothing(b, at);
    }
    kql_diag_add(b->d, ERR_SEMANTIC, "SEM0100", at,
                 cat != NULL && !bind_is_restricted(env) ? near_table(b, name) : NULL,
                 "'%s' does not refer to a known table, function or variable", z(b, name));
    kql_diag_absent(b->d);
    return bind_nothing(b, at);
}

/* ---- names that let gave ---- */
static struct plan *bind_binding(struct binder *b, struct binding *v, const struct syn *s)
{
    if (b->inline_depth >= BIND_MAX_INLINE) {
        bind_error(b, "SEM0001", s, "functions and views nest deeper than %d", BIND_MAX_INLINE);
        return bind_nothing(b, s);
    }
    struct plan *p = NULL;
    struct expr *e = NULL;
    struct syn call = {.kind = SYN_CALL, .off = s->off, .len = s->len, .text = s->text};
    struct cx c = cx_of(b, v->env, NULL);
    b->inline_depth++;
    switch (v->kind) {
    case BOUND_PLAN:
        p = plan_share(b, v->plan, v->plan->shared_id);
        break;
    case BOUND_TABLE:
        p = v->outside == b->outside ? v->plan : NULL; /* else it may name another row's values */
        v->plan = p != NULL ? NULL : v->plan;
        p = p != NULL ? p : bind_table(b, v->env, v->syn);
        break;
    case BOUND_FUNCTION:
        if (!bind_call_user(&c, &call, v->syn, v->env, NULL, &p, &e) || p == NULL)
            p = NULL;
        break;
    case BOUND_SCALAR:
    case BOUND_PATTERN:
    case BOUND_RESTRICTION:
        break;
    }
    b->inline_depth--;
    if (v->kind == BOUND_PATTERN)
        bind_error(b, "SEM0219", s, "the pattern '%s' needs its arguments: %s(…)", z(b, s->text),
                   z(b, s->text));
    if (p != NULL)
        return p;
    if (v->kind == BOUND_SCALAR && v->e->type != KQL_UNKNOWN)
        bind_error(b, "SEM0100", s, "'%s' is a scalar value; a table is expected here",
                   z(b, s->text));
    return bind_nothing(b, s);
}

/* by_text: the name is table()'s argument. Source: "User-defined functions", "table()". */
static struct plan *bind_table_name(struct binder *b, struct binding *env, const struct syn *s,
                                    bool by_text)
{
    struct binding *v = bind_lookup(env, s->text);
    if (v != NULL && v->kind != BOUND_SCALAR)
        return bind_binding(b, v, s);
    /* A stored function hides the table of its name, except from itself and from table(). */
    bool hidden = !by_text && v == NULL && !bind_stored_is_active(b, s->text) &&
                  bind_find_stored(b, s->text, NULL) != NULL;
    struct plan *p = hidden ? NULL : bind_named_table(b, env, STR_NONE, s->text, s, true);
    if (p != NULL)
        return p;
    if (v != NULL)
        return bind_binding(b, v, s);
    struct binding *fenv = NULL;
    const struct syn *decl = bind_find_function(b, env, s->text, &fenv, s);
    if (decl != NULL) {
        struct binding f = {.kind = BOUND_FUNCTION, .name = s->text, .syn = decl, .env = fenv};
        return bind_binding(b, &f, s);
    }
    return bind_named_table(b, env, STR_NONE, s->text, s, false);
}

/* ---- calls that give tables ---- */
static bool text_argument(const struct cx *c, const struct syn *s, size_t i, struct str *out)
{
    if (i >= s->n)
        return false;
    struct expr *e = bind_constant(c, s->kids[i], KQL_STRING);
    if (e->kind != EX_CONST || e->type != KQL_STRING) {
        if (e->type != KQL_UNKNOWN)
            bind_error(c->b, "SEM0219", s->kids[i], "a constant text is expected here");
        return false;
    }
    *out = e->value.s;
    return true;
}

/* The id of the workspace that text names, empty for the query's own. What is not known stays as it
 * is, so that nothing is found in it. */
static struct str workspace_named(const struct cx *c, struct str text, bool *out_known)
{
    const struct kql_catalog *cat = c->b->o->catalog;
    struct str id = STR_NONE;
    *out_known = cat != NULL && cat->find_workspace != NULL &&
                 cat->find_workspace(cat->self, c->b->a, text, &id);
    return *out_known ? id : text;
}

/* A database is a workspace where one has that name; of others there is the query's own only. */
static bool bind_database(const struct cx *c, const struct syn *s, struct str *workspace)
{
    const struct kql_catalog *cat = c->b->o->catalog;
    struct str text = STR_NONE;
    bool known = false;
    if (cat == NULL || cat->find_workspace == NULL || s->n != 1)
        return true;
    if (!text_argument(c, s, 0, &text))
        return false;
    text = workspace_named(c, text, &known);
    if (known)
        *workspace = text;
    return true;
}

/* workspace("w").T, cluster("c").database("d").T, database("d").T, app(…), resource(…) */
bool bind_qualifier(const struct cx *c, const struct syn *s, struct str *workspace)
{
    if (s->kind == SYN_MEMBER && s->n == 2) /* cluster(…).database(…) */
        return bind_qualifier(c, s->kids[0], workspace) && bind_qualifier(c, s->kids[1], workspace);
    if (s->kind != SYN_CALL)
        return false;
    if (str_eqz(s->text, "workspace") || str_eqz(s->text, "app") || str_eqz(s->text, "resource")) {
        bool known = false;
        if (!text_argument(c, s, 0, workspace))
            return false;
        *workspace = workspace_named(c, *workspace, &known);
        return true;
    }
    if (str_eqz(s->text, "database"))
        return bind_database(c, s, workspace);
    return str_eqz(s->text, "cluster") || str_eqz(s->text, "adx") || str_eqz(s->text, "arg");
}

/* Tables of another workspace can be read, its functions are not known here. */
bool bind_is_elsewhere(struct binder *b, struct str workspace)
{
    const struct kql_catalog *cat = b->o->catalog;
    struct kql_table any = {0}, same = {0};
    if (cat != NULL && cat->find_workspace != NULL)
        return workspace.n > 0;
    if (workspace.n == 0 || cat == NULL || cat->table_at == NULL ||
        !cat->table_at(cat->self, b->a, 0, &any))
        return false;
    return !cat->find_table(cat->self, b->a, workspace, any.name, &same) || same.workspace.n > 0;
}

struct plan *bind_no_function_there(struct binder *b, const struct syn *s)
{
    kql_diag_add(b->d, ERR_UNSUPPORTED, "SEM0500", s,
                 "its tables can be read; the function can be stored in this workspace",
                 "functions of another workspace can't be called");
    return bind_nothing(b, s);
}

static struct plan *bind_qualified(struct binder *b, struct binding *env, const struct syn *s)
{
    struct cx c = cx_of(b, env, NULL);
    struct str workspace = STR_NONE, name = s->text;
    if (!bind_qualifier(&c, s->kids[0], &workspace)) {
        bind_error(b, "SEM0001", s, "a table is expected here");
        return bind_nothing(b, s);
    }
    if (s->n == 2 && str_eqz(name, "table"))
        (void)text_argument(&c, s->kids[1], 0, &name);
    else if (s->n == 2 && bind_is_elsewhere(b, workspace))
        return bind_no_function_there(b, s);
    else if (s->n == 2)
        return bind_table(b, env, s->kids[1]);
    else if (!bind_is_elsewhere(b, workspace) && bind_lookup(env, name) == NULL) {
        struct syn local = {.kind = SYN_NAME, .off = s->off, .len = s->len, .text = name};
        return bind_table_name(b, env, &local, false);
    }
    return bind_named_table(b, env, workspace, name, s, false);
}

static struct plan *bind_table_call(struct binder *b, struct binding *env, const struct syn *s)
{
    struct cx c = cx_of(b, env, NULL);
    struct str name = STR_NONE;
    struct binding *fenv = NULL;
    if (str_eqz(s->text, "table")) {
        if (!text_argument(&c, s, 0, &name))
            return bind_nothing(b, s);
        struct binding *v = bind_lookup(env, name);
        struct syn at = {.kind = SYN_NAME, .off = s->off, .len = s->len, .text = name};
        return v != NULL ? bind_binding(b, v, &at) : bind_table_name(b, env, &at, true);
    }
    if (str_eqz(s->text, "view") && s->n == 1)
        return bind_table(b, env, s->kids[0]);
    const struct syn *decl = bind_find_function(b, env, s->text, &fenv, s);
    struct plan *p = NULL;
    struct expr *e = NULL;
    if (decl == NULL && str_eqz(s->text, "graph")) {
        kql_diag_add(b->d, ERR_UNSUPPORTED, "SEM0500", s, "make-graph makes a graph of tables",
                     "there are no stored graphs here: graph() finds none");
        return bind_nothing(b, s);
    }
    if (decl == NULL) {
        struct str near = kql_func_suggest(b->a, s->text);
        const char *hint =
            near.n > 0 ? arena_fmt(b->a, "did you mean '%.*s'?", STR_ARG(near)).p : NULL;
        bool scalar = kql_func_find(s->text) != NULL;
        const struct syn word = syn_word(s);
        kql_diag_add(b->d, ERR_SEMANTIC, "SEM0260", &word, scalar ? NULL : hint,
                     scalar ? "%s() does not give a table" : "unknown function '%s'",
                     z(b, s->text));
        if (!scalar)
            kql_diag_absent(b->d);
        return bind_nothing(b, s);
    }
    decl = bind_variant(&c, s, decl);
    if (!bind_call_user(&c, s, decl, fenv, NULL, &p, &e) || p == NULL) {
        if (e != NULL && e->type != KQL_UNKNOWN)
            bind_error_word(b, "SEM0001", s, "%s() gives a scalar; a table is expected here",
                            z(b, s->text));
        return bind_nothing(b, s);
    }
    return p;
}

/* ---- literals ---- */
void bind_schema(struct binder *b, const struct syn *s, struct plan_cols *out)
{
    struct plan tmp = {0};
    for (size_t i = 0; i < s->n; i++) {
        enum kql_type t = KQL_UNKNOWN;
        if (s->kids[i]->kind != SYN_COLUMN_DECL || s->kids[i]->n == 0)
            continue;
        bind_type_of(b, s->kids[i]->kids[0], &t);
        if (bind_find_column(&tmp, s->kids[i]->text) != NULL)
            bind_error(b, "SEM0028", s->kids[i], "the column '%s' is declared twice",
                       z(b, s->kids[i]->text));
        plan_add_col(b, &tmp, plan_fresh(b, s->kids[i]->text, t));
    }
    *out = tmp.cols;
}

/* A cell is a literal or a literal's constructor; a simple one takes the column's type. */
static struct kql_value cell(const struct cx *c, const struct syn *s, enum kql_type t)
{
    struct expr *e = bind_constant(c, s, KQL_UNKNOWN);
    if (e->type == KQL_UNKNOWN)
        return (struct kql_value){.type = t, .is_null = t != KQL_STRING};
    if (e->kind == EX_CONST && (e->type == t || e->value.is_null || t == KQL_UNKNOWN)) {
        e->value.type = t == KQL_UNKNOWN ? e->type : t;
        if (t == KQL_STRING)
            e->value.is_null = false;
        return e->value;
    }
    struct kql_value v;
    if (e->kind == EX_CONST && kql_value_convert(c->b->a, &e->value, t, &v))
        return v;
    bind_error(c->b, "SEM0001", s, "a literal of type %s is expected here", kql_type_name(t));
    return (struct kql_value){.type = t, .is_null = t != KQL_STRING};
}

static struct plan *bind_datatable(struct binder *b, struct binding *env, const struct syn *s)
{
    struct plan *p = plan_values(b, s);
    bind_schema(b, s->kids[0], &p->cols);
    p->open = s->kids[0]->lost;
    size_t n = s->n - 1, width = p->cols.n;
    if (width == 0 ? n > 0 : n % width != 0) {
        if (!b->unparsed)
            bind_error(b, "SEM0028", s, "%zu values do not fill rows of %zu columns", n, width);
        return p;
    }
    struct cx c = cx_of(b, env, NULL);
    p->rows = arena_array(b->a, struct kql_value, n + 1);
    p->n_rows = width > 0 ? n / width : 0;
    for (size_t i = 0; i < n; i++)
        p->rows[i] = cell(&c, s->kids[i + 1], p->cols.p[i % width].type);
    return p;
}

/* A property of externaldata: its value may stand as a word or as a literal. */
static void external_property(const struct cx *c, const struct syn *s, struct program *g)
{
    static const char *const known[] = {"format", "ignoreFirstRecord", "ingestionMapping",
                                        "zipPattern"};
    struct str name = str_starts(s->text, STR("with.")) ? str_sub(s->text, 5, s->text.n) : s->text;
    const struct syn *v = s->n > 0 ? s->kids[0] : NULL;
    if (s->n > 1)
        bind_error(c->b, "SEM0001", s->kids[1], "'%s' has one value; a property is name = value",
                   z(c->b, name));
    for (size_t i = 0; i < COUNTOF(known); i++) {
        if (!str_ieqz(name, known[i]) || v == NULL)
            continue;
        struct str text = v->text;
        if (v->kind != SYN_NAME) {
            struct expr *e = bind_constant(c, v, KQL_UNKNOWN);
            text = e->type == KQL_BOOL ? (e->value.b ? STR("true") : STR("false")) : e->value.s;
        }
        g->args[g->n_args++] = (struct program_arg){.name = str_from(known[i]), .text = text};
        return;
    }
    kql_diag_add(c->b->d, ERR_SEMANTIC, "SEM0001", s,
                 "format, ignoreFirstRecord, ingestionMapping and zipPattern are the properties",
                 "'%s' is no property of externaldata", z(c->b, name));
}

static struct plan *bind_externaldata(struct binder *b, struct binding *env, const struct syn *s)
{
    struct plan *p = plan_new(b, P_EXTERNAL, NULL, s);
    struct cx c = cx_of(b, env, NULL);
    bind_schema(b, s->kids[0], &p->cols);
    p->open = s->kids[0]->lost;
    p->exprs = arena_array(b->a, struct expr *, s->n);
    for (size_t i = 1; i < s->n; i++)
        p->exprs[p->n_exprs++] = bind_constant(&c, s->kids[i], KQL_STRING);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = STR("externaldata");
    p->program->args = arena_array(b->a, struct program_arg, s->n_params + 1);
    for (size_t i = 0; i < s->n_params; i++)
        external_property(&c, s->params[i], p->program);
    return p;
}

static struct plan *bind_materialize(struct binder *b, struct binding *env, const struct syn *s)
{
    struct plan *p = bind_table(b, env, s->kids[0]);
    return plan_share(b, p, ++b->next_shared);
}

/* ---- any table ---- */
static bool mentions(const struct syn *s, struct str name)
{
    if (s == NULL)
        return false;
    if (s->kind == SYN_NAME && str_eq(s->text, name))
        return true;
    for (size_t i = 0; i < s->n; i++)
        if (mentions(s->kids[i], name))
            return true;
    return false;
}

/* "… | as T | … T …": the operators behind it see the rows so far under that name. */
static struct plan *bind_as(struct binder *b, struct binding **env, struct plan *p,
                            const struct syn *pipe, size_t at)
{
    struct str name = pipe->kids[at]->n > 0 ? pipe->kids[at]->kids[0]->text : STR_NONE;
    bool used = false;
    if (pipe->kids[at]->broken)
        return p;
    for (size_t i = at + 1; i < pipe->n && !used; i++)
        used = mentions(pipe->kids[i], name);
    p = bind_operator(b, *env, p, pipe->kids[at]);
    if (!used)
        return p;
    p->shared_id = ++b->next_shared;
    struct binding v = {.kind = BOUND_PLAN, .name = name, .plan = p};
    *env = bind_push(b, *env, v);
    struct plan *rest = plan_share(b, p, p->shared_id);
    rest->as_name = name;
    return rest;
}

struct plan *bind_operators(struct binder *b, struct binding *env, struct plan *p,
                            const struct syn *s, size_t from)
{
    for (size_t i = from; i < s->n && !b->failed_limit; i++)
        p = s->kids[i]->kind == SYN_OP && str_eqz(s->kids[i]->text, "as")
                ? bind_as(b, &env, p, s, i)
                : bind_operator(b, env, p, s->kids[i]);
    return p;
}

static struct plan *no_table(struct binder *b, const struct syn *s)
{
    bind_error(b, "SEM0001", s, "a table is expected here");
    return bind_nothing(b, s);
}

struct plan *bind_table(struct binder *b, struct binding *env, const struct syn *s)
{
    switch ((int)s->kind) {
    case SYN_PIPE:
        return bind_operators(b, env, bind_table(b, env, s->kids[0]), s, 1);
    case SYN_OP:
        return bind_operator(b, env, NULL, s);
    case SYN_SUBQUERY:
    case SYN_PAREN:
        if (s->kids[0]->kind == SYN_LITERAL || s->kids[0]->kind == SYN_BINARY)
            return no_table(b, s);
        return bind_table(b, env, s->kids[0]);
    case SYN_TOTABLE:
    case SYN_NAMED:
        return bind_table(b, env, s->kids[0]);
    case SYN_NAME:
        return bind_table_name(b, env, s, false);
    case SYN_CALL:
        return bind_is_pattern(env, s) ? bind_pattern_use(b, env, s) : bind_table_call(b, env, s);
    case SYN_MEMBER:
        return bind_is_pattern(env, s) ? bind_pattern_use(b, env, s) : bind_qualified(b, env, s);
    case SYN_DATATABLE:
        return bind_datatable(b, env, s);
    case SYN_EXTERNALDATA:
        return bind_externaldata(b, env, s);
    case SYN_MATERIALIZE:
        return bind_materialize(b, env, s);
    case SYN_ERROR:
        return bind_nothing(b, s);
    case SYN_WILDNAME:
    case SYN_STAR:
        bind_error(b, "SEM0001", s, "names with * can stand in union, search and find only");
        return bind_nothing(b, s);
    default:
        return no_table(b, s);
    }
}

static bool call_is_table(struct binder *b, struct binding *env, const struct syn *s)
{
    static const char *const tables[] = {
        "table", "view", "external_table", "materialized_view", "cluster", "database", "workspace"};
    struct binding *fenv = NULL;
    const struct syn *decl = bind_find_function(b, env, s->text, &fenv, NULL);
    if (decl != NULL)
        return bind_function_is_table(b, fenv, decl);
    for (size_t i = 0; i < COUNTOF(tables); i++)
        if (str_eqz(s->text, tables[i]))
            return true;
    return false;
}

/* database("d").f(…): a table unless f is known to give a scalar. */
static bool qualified_is_table(struct binder *b, struct binding *env, const struct syn *call)
{
    struct binding *fenv = NULL;
    const struct syn *decl = bind_find_function(b, env, call->text, &fenv, NULL);
    return decl == NULL || bind_function_is_table(b, fenv, decl);
}

bool bind_is_table(struct binder *b, struct binding *env, const struct syn *s)
{
    switch ((int)s->kind) {
    case SYN_PIPE:
    case SYN_OP:
    case SYN_DATATABLE:
    case SYN_EXTERNALDATA:
    case SYN_MATERIALIZE:
    case SYN_TOTABLE:
        return true;
    case SYN_SUBQUERY:
    case SYN_PAREN:
        return bind_is_table(b, env, s->kids[0]);
    case SYN_MEMBER: {
        if (bind_is_pattern(env, s))
            return true;
        struct kql_diags unheard = {.a = b->a, .text = b->d->text};
        struct binder quiet = *b;
        quiet.d = &unheard;
        struct cx c = cx_of(&quiet, env, NULL);
        struct str w = STR_NONE;
        if (s->n == 2 || s->kids[0]->kind == SYN_MEMBER)
            return bind_qualifier(&c, s->kids[0], &w) &&
                   (s->n < 2 || qualified_is_table(b, env, s->kids[1]));
        return s->kids[0]->kind == SYN_CALL && kql_func_find(s->kids[0]->text) == NULL
                   ? str_eqz(s->kids[0]->text, "workspace") && bind_qualifier(&c, s->kids[0], &w)
                   : s->kids[0]->kind == SYN_CALL && call_is_table(b, env, s->kids[0]);
    }
    case SYN_NAME: {
        struct binding *v = bind_lookup(env, s->text);
        if (v != NULL)
            return v->kind == BOUND_FUNCTION ? bind_function_is_table(b, v->env, v->syn)
                                             : v->kind != BOUND_SCALAR;
        const struct kql_catalog *cat = b->o->catalog;
        struct kql_table t = {0};
        struct binding *fenv = NULL;
        if (cat != NULL && cat->find_table != NULL &&
            cat->find_table(cat->self, b->a, STR_NONE, s->text, &t))
            return true;
        const struct syn *decl = bind_find_function(b, env, s->text, &fenv, NULL);
        return decl != NULL && bind_function_is_table(b, fenv, decl);
    }
    case SYN_CALL:
        return bind_is_pattern(env, s) || call_is_table(b, env, s);
    default:
        return false;
    }
}
