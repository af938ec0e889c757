/* scan: the steps of a sequence, whose conditions and assignments may look at the records that
 * matched before. */
#include "kql/bind_priv.h"
#include "kql/scan.h"

static size_t step_named(const struct scan *v, struct str name)
{
    size_t i = 0;
    while (i < v->n_steps && !str_eq(v->steps[i].name, name))
        i++;
    return i;
}

static struct expr *state(const struct cx *c, size_t step, bool declared, size_t at,
                          enum kql_type type, const struct syn *s)
{
    struct scan *v = c->scan;
    for (size_t i = 0; i < v->refs.n; i++) {
        const struct scan_ref *r = &v->refs.p[i];
        struct plan_col col = {.id = r->id, .type = type};
        if (r->kind == SCAN_STATE && r->step == step && r->of_declared == declared && r->at == at)
            return ex_column(c->b, &col, s);
    }
    struct plan_col col = plan_fresh(c->b, s->text, type);
    struct scan_ref ref = {col.id, SCAN_STATE, step, declared, at};
    VEC_PUSH(c->b->a, &v->refs, ref);
    return ex_column(c->b, &col, s);
}

struct expr *bind_scan_state(const struct cx *c, const struct syn *s)
{
    const struct syn *o = s->kids[0];
    struct scan *v = c->scan;
    size_t step = v != NULL && o->kind == SYN_NAME ? step_named(v, o->text) : SIZE_MAX;
    if (v == NULL || step >= v->n_steps)
        return NULL;
    for (size_t i = 0; i < v->n_declared; i++)
        if (str_eq(v->declared[i].name, s->text))
            return state(c, step, true, i, v->declared[i].type, s);
    for (size_t i = 0; i < v->in->cols.n; i++)
        if (str_eq(v->in->cols.p[i].name, s->text))
            return state(c, step, false, i, v->in->cols.p[i].type, s);
    bind_error(c->b, "SEM0100", s, "the step '%s' has no column '%s'", z(c->b, o->text),
               z(c->b, s->text));
    return bind_unknown(c->b, s);
}

/* ---- declarations ---- */
static void declare(struct binder *b, struct binding *env, const struct syn *list, struct scan *v)
{
    size_t n = list != NULL ? list->n : 0;
    v->declared = arena_array(b->a, struct plan_col, n + 1);
    v->defaults = arena_array(b->a, struct kql_value, n + 1);
    struct cx c = cx_of(b, env, NULL);
    for (size_t i = 0; i < n; i++) {
        const struct syn *d = list->kids[i];
        enum kql_type t = KQL_UNKNOWN;
        if (d->n > 0)
            bind_type_of(b, d->kids[0], &t);
        struct plan_col col = plan_fresh(b, d->text, t);
        if (bind_find_column(v->in, d->text) != NULL)
            bind_error(b, "SEM0028", d, "the column '%s' is there already", z(b, d->text));
        v->defaults[i] = (struct kql_value){.type = t, .is_null = t != KQL_STRING};
        if (d->n > 1) {
            struct expr *e = bind_constant(&c, d->kids[1], t);
            if (e->kind == EX_CONST)
                v->defaults[i] = e->value;
        }
        v->declared[v->n_declared++] = col;
        struct scan_ref ref = {col.id, SCAN_DECLARED, 0, true, i};
        VEC_PUSH(b->a, &v->refs, ref);
    }
}

/* ---- steps ---- */
static void read_output(struct binder *b, const struct syn *s, struct scan_step *out)
{
    const struct syn *p = syn_param(s, "output");
    struct str how = p != NULL && p->n > 0 ? p->kids[0]->text : STR("all");
    out->output = str_ieqz(how, "last")   ? SCAN_OUTPUT_LAST
                  : str_ieqz(how, "none") ? SCAN_OUTPUT_NONE
                                          : SCAN_OUTPUT_ALL;
    if (out->output == SCAN_OUTPUT_ALL && !str_ieqz(how, "all"))
        bind_error(b, "SEM0001", p, "output is all, last or none");
    if (syn_param(s, "optional") != NULL)
        kql_diag_add(b->d, ERR_UNSUPPORTED, "SEM0500", s, NULL,
                     "optional steps of scan are not supported yet");
}

static void bind_set(const struct cx *c, const struct syn *s, struct scan_step *out)
{
    struct scan *v = c->scan;
    size_t at = 0;
    while (at < v->n_declared && !str_eq(v->declared[at].name, s->text))
        at++;
    if (s->kind != SYN_NAMED || at == v->n_declared) {
        bind_error(c->b, "SEM0001", s, "a declared column must be assigned here: column = value");
        return;
    }
    struct expr *e = ex_cast(c->b, bind_expr(c, s->kids[0]), v->declared[at].type);
    out->sets[out->n_sets++] = (struct scan_set){at, e};
}

static void bind_step(const struct cx *c, const struct syn *s, struct scan_step *out)
{
    struct expr *e = bind_expr(c, s->kids[1]);
    if (e->type == KQL_DYNAMIC)
        e = ex_cast(c->b, e, KQL_BOOL);
    if (e->type != KQL_BOOL && e->type != KQL_UNKNOWN)
        bind_error(c->b, "SEM0001", s->kids[1], "a step's condition must be bool, not %s",
                   kql_type_name(e->type));
    out->condition = e;
    out->sets = arena_array(c->b->a, struct scan_set, s->n);
    for (size_t i = 2; i < s->n; i++)
        bind_set(c, s->kids[i], out);
}

static bool is_step(const struct syn *k)
{
    return k != NULL && k->kind == SYN_CLAUSE && str_eqz(k->text, "step") && k->n >= 2;
}

static void name_steps(struct binder *b, const struct syn *op, struct scan *v)
{
    v->steps = arena_array(b->a, struct scan_step, op->n + 1);
    for (size_t i = 0; i < op->n; i++) {
        const struct syn *k = op->kids[i];
        if (!is_step(k))
            continue;
        struct str name = k->kids[0]->text;
        if (step_named(v, name) < v->n_steps)
            bind_error(b, "SEM0028", k, "there are two steps called '%s'", z(b, name));
        struct scan_step step = {.name = name};
        read_output(b, k, &step);
        v->steps[v->n_steps++] = step;
    }
    if (v->n_steps == 0)
        bind_error(b, "SEM0001", op, "scan needs a step");
    if (v->n_steps > SCAN_MAX_STEPS)
        kql_diag_add(b->d, ERR_LIMIT, "LIM0005", op, NULL, "more than %d steps", SCAN_MAX_STEPS);
}

static void refuse_clauses(struct binder *b, const struct syn *op)
{
    static const char *const clauses[] = {"order by", "partition by"};
    static const char *const params[] = {"kind", "with_step_name"};
    for (size_t i = 0; i < COUNTOF(clauses); i++)
        if (syn_clause(op, clauses[i]) != NULL)
            kql_diag_add(b->d, ERR_UNSUPPORTED, "SEM0500", op,
                         "sort before it, and put it inside 'partition by …'",
                         "'%s' of scan is not supported yet", clauses[i]);
    for (size_t i = 0; i < COUNTOF(params); i++)
        if (syn_param(op, params[i]) != NULL)
            kql_diag_add(b->d, ERR_UNSUPPORTED, "SEM0500", op, NULL,
                         "'%s' of scan is not supported yet", params[i]);
}

/* The row's columns and the declared ones, as one input. */
static struct plan *row_of(struct binder *b, struct plan *in, const struct scan *v)
{
    struct plan *row = plan_new(b, P_VALUES, NULL, NULL);
    plan_copy_cols(b, row, in);
    for (size_t i = 0; i < v->n_declared; i++)
        plan_add_col(b, row, v->declared[i]);
    row->open = in->open;
    row->lenient = in->lenient;
    return row;
}

struct plan *op_scan(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct scan *v = arena_new_of(b->a, struct scan);
    v->in = in;
    refuse_clauses(b, op);
    if (!in->ordered && !in->open)
        kql_diag_add(b->d, ERR_SEMANTIC, "SEM0235", op, "put 'sort by …' or 'serialize' before it",
                     "scan needs rows in a fixed order");
    declare(b, env, syn_clause(op, "declare"), v);
    name_steps(b, op, v);
    struct cx c = cx_of(b, env, row_of(b, in, v));
    c.scan = v;
    for (size_t i = 0, at = 0; i < op->n && v->n_steps <= SCAN_MAX_STEPS; i++)
        if (is_step(op->kids[i]))
            bind_step(&c, op->kids[i], &v->steps[at++]);
    struct plan *p = plan_new(b, P_PROGRAM, in, op);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = STR("scan");
    p->program->detail = v;
    plan_copy_cols(b, p, in);
    for (size_t i = 0; i < v->n_declared; i++)
        plan_add_col(b, p, plan_fresh(b, v->declared[i].name, v->declared[i].type));
    const struct syn *id = syn_param(op, "with_match_id");
    v->match_id = id != NULL && id->n > 0;
    if (v->match_id)
        plan_add_col(b, p, plan_fresh(b, id->kids[0]->text, KQL_LONG));
    p->open = in->open;
    p->ordered = true;
    return p;
}
