/* reduce. Source: "reduce operator" of the Kusto reference. */
#include "kql/bind_priv.h"
#include "kql/reduce.h"

static const double default_threshold = 0.1;

static bool refuse(struct binder *b, const struct syn *at, const char *what)
{
    bind_error(b, "SEM0219", at, "reduce: %s", what);
    return false;
}

static bool read_threshold(const struct cx *c, const struct syn *s, struct reduce *r)
{
    const struct expr *e = bind_constant(c, s, KQL_REAL);
    if (e->kind != EX_CONST || e->value.is_null || !(e->value.d >= 0 && e->value.d <= 1))
        return refuse(c->b, s, "threshold must be a constant between 0 and 1");
    r->threshold = e->value.d;
    return true;
}

static bool read_characters(const struct cx *c, const struct syn *s, struct reduce *r)
{
    const struct expr *e = bind_constant(c, s, KQL_UNKNOWN);
    if (e->kind != EX_CONST || e->type != KQL_STRING)
        return refuse(c->b, s, "characters must be a constant string");
    r->characters = e->value.s;
    return true;
}

/* with threshold = …, characters = … */
static bool read_options(const struct cx *c, const struct syn *op, struct reduce *r)
{
    for (size_t i = 0; i < op->n; i++) {
        const struct syn *s = op->kids[i];
        bool ok = true;
        if (s->kind == SYN_CLAUSE || s->kind == SYN_ERROR)
            continue;
        if (s->kind == SYN_NAMED && str_ieqz(s->text, "threshold"))
            ok = read_threshold(c, s->kids[0], r);
        else if (s->kind == SYN_NAMED && str_ieqz(s->text, "characters"))
            ok = read_characters(c, s->kids[0], r);
        else
            ok = refuse(c->b, s, "with takes threshold = a number and characters = a string");
        if (!ok)
            return false;
    }
    return true;
}

static bool read_kind(struct binder *b, const struct syn *op, struct reduce *r)
{
    const struct syn *s = syn_param(op, "kind");
    if (s == NULL)
        return true;
    struct str kind = s->n > 0 ? s->kids[0]->text : STR_NONE;
    if (s->n > 0 && s->kids[0]->kind == SYN_LITERAL)
        kind = s->kids[0]->value.s;
    r->of_source = str_ieqz(kind, "source");
    return r->of_source || refuse(b, s, "the only kind is source");
}

static void add_columns(struct binder *b, const struct plan *in, const struct reduce *r,
                        struct plan *p)
{
    struct names names = names_start(b);
    if (!r->of_source) {
        plan_add_col(b, p, plan_fresh(b, STR("Pattern"), KQL_STRING));
        plan_add_col(b, p, plan_fresh(b, STR("Count"), KQL_LONG));
        plan_add_col(b, p, plan_fresh(b, STR("Representative"), KQL_STRING));
        return;
    }
    for (size_t i = 0; i < in->cols.n; i++) {
        names_reserve(&names, in->cols.p[i].name);
        plan_add_col(b, p, in->cols.p[i]);
    }
    plan_add_col(b, p, plan_fresh(b, names_unique(&names, STR("Pattern")), KQL_STRING));
}

struct plan *op_reduce(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    const struct syn *by = syn_clause(op, "by");
    struct cx c = cx_of(b, env, in);
    struct reduce *r = arena_new_of(b->a, struct reduce);
    r->threshold = default_threshold;
    if (by == NULL || by->n == 0 || !read_options(&c, op, r) || !read_kind(b, op, r))
        return bind_nothing(b, op);
    const struct syn *text = by->kids[0];
    struct expr *e = bind_expr(&c, text->kind == SYN_NAMED ? text->kids[0] : text);
    if (e->type != KQL_STRING && e->type != KQL_UNKNOWN) {
        (void)refuse(b, text, "by needs a string; tostring() makes one");
        return bind_nothing(b, op);
    }
    r->text = ex_cast(b, e, KQL_STRING);
    struct plan *p = plan_new(b, P_PROGRAM, in, op);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = STR("reduce");
    p->program->detail = r;
    p->open = in->open;
    add_columns(b, in, r, p);
    return p;
}
