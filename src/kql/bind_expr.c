/* Scalar expressions: names, paths, operators, casts between them. */
#include "kql/bind_priv.h"

struct expr *bind_unknown(struct binder *b, const struct syn *at)
{
    return ex_const(b, (struct kql_value){.type = KQL_UNKNOWN, .is_null = true}, at);
}

const char *z(struct binder *b, struct str s)
{
    return arena_strz(b->a, s);
}

struct binding *bind_lookup(struct binding *env, struct str name)
{
    for (; env != NULL; env = env->next)
        if (env->kind != BOUND_RESTRICTION && str_eq(env->name, name))
            return env;
    return NULL;
}

struct binding *bind_push(struct binder *b, struct binding *env, struct binding v)
{
    struct binding *n = arena_new_of(b->a, struct binding);
    *n = v;
    n->next = env;
    return n;
}

const struct plan_col *bind_find_column(const struct plan *in, struct str name)
{
    for (size_t i = 0; i < in->cols.n; i++)
        if (str_eq(in->cols.p[i].name, name))
            return &in->cols.p[i];
    return NULL;
}

bool bind_type_of(struct binder *b, const struct syn *s, enum kql_type *out)
{
    if (s->kind == SYN_TYPEOF && s->n == 1)
        s = s->kids[0];
    if (s->kind == SYN_TYPE && kql_type_parse(s->text, out))
        return true;
    *out = KQL_UNKNOWN;
    if (s->kind == SYN_ERROR)
        return false;
    bind_error(b, "SEM0100", s, "'%s' is not a type", z(b, s->text));
    return false;
}

/* ---- names ---- */
static struct expr *table_as_scalar(const struct cx *c, const struct syn *s)
{
    bind_error(c->b, "SEM0139", s, "'%s' is a table; a scalar value is expected here (toscalar?)",
               z(c->b, s->text));
    return bind_unknown(c->b, s);
}

static const char *without_curls(struct str name)
{
    static const char *const curls[] = {"“", "”", "‘", "’", "„"};
    for (size_t i = 0; i < COUNTOF(curls); i++)
        if (str_starts(name, str_from(curls[i])))
            return "texts stand in straight quotes: \"text\"";
    return NULL;
}

/* Did the input of an operator before this one have that column? */
static bool was_there(const struct plan *p, struct str name)
{
    for (size_t i = 0; p != NULL && p->n_in > 0 && i < 1000; p = p->in[0], i++)
        if (bind_find_column(p->in[0], name) != NULL)
            return true;
    return false;
}

static struct expr *unknown_name(const struct cx *c, const struct syn *s)
{
    struct binder *b = c->b;
    if (c->in != NULL && c->in->open)
        return bind_unknown(b, s);
    if ((c->in != NULL && c->in->lenient) || (c->right != NULL && c->right->lenient))
        return bind_absent(b, s);
    const struct kql_func *f = kql_func_get(s->text, KF_HIDDEN | KF_OPERATOR, 0);
    if (f != NULL) {
        bind_error(b, "SEM0100", s, "'%s' is a function: %s( … )", f->name, f->name);
        return bind_unknown(b, s);
    }
    if (bind_is_table(b, c->env, s))
        return table_as_scalar(c, s);
    struct suggest near = {.want = s->text};
    for (size_t i = 0; c->in != NULL && i < c->in->cols.n; i++)
        suggest_offer(&near, c->in->cols.p[i].name);
    for (struct binding *v = c->env; v != NULL; v = v->next)
        suggest_offer(&near, v->name);
    const char *hint = without_curls(s->text);
    if (near.best.n > 0)
        hint = arena_fmt(b->a, "did you mean '%.*s'?", STR_ARG(near.best)).p;
    if ((near.best.n == 0 || near.distance > 0) && was_there(c->in, s->text))
        hint = "the input has this column, but an operator before this one does not keep it";
    kql_diag_add(b->d, ERR_SEMANTIC, "SEM0100", s, hint,
                 "the name '%s' does not refer to a known column, table, variable or function",
                 z(b, s->text));
    return bind_unknown(b, s);
}

/* toscalar() is computed once, before there are rows: what a function's caller passes from its own
 * row is unknown then. */
static bool depends_on_outer_row(const struct cx *c, const struct binding *v)
{
    const struct binding *b = c->b->outside;
    while (b != NULL && b != v)
        b = b->next;
    return b != NULL && !ex_is_constant(v->e);
}

static struct expr *bind_name(const struct cx *c, const struct syn *s)
{
    const struct plan_col *col = c->in != NULL ? bind_find_column(c->in, s->text) : NULL;
    if (col == NULL && c->right != NULL)
        col = bind_find_column(c->right, s->text);
    if (col != NULL)
        return ex_column(c->b, col, s);
    struct expr *of_graph = c->graph != NULL ? bind_graph_name(c, s) : NULL;
    if (of_graph != NULL)
        return of_graph;
    struct binding *v = bind_lookup(c->env, s->text);
    if (v == NULL)
        return unknown_name(c, s);
    if (v->kind == BOUND_SCALAR && depends_on_outer_row(c, v)) {
        bind_error(c->b, "SEM0139", s, "'%s' depends on the row: toscalar() can't look at it",
                   z(c->b, s->text));
        return bind_unknown(c->b, s);
    }
    if (v->kind == BOUND_SCALAR)
        return v->e;
    if (v->kind == BOUND_FUNCTION) { /* f without brackets is f() */
        struct plan *p = NULL;
        struct expr *e = NULL;
        struct syn call = {.kind = SYN_CALL, .off = s->off, .len = s->len, .text = s->text};
        if (bind_call_user(c, &call, v->syn, v->env, NULL, &p, &e) && e != NULL)
            return e;
    }
    return table_as_scalar(c, s);
}

/* ---- paths ---- */
static struct expr *path_step(const struct cx *c, struct expr *object, struct expr *step,
                              const struct syn *s)
{
    if (object->type == KQL_UNKNOWN || step->type == KQL_UNKNOWN)
        return bind_unknown(c->b, s);
    if (object->absent)
        object = bind_absent_as(c->b, object, KQL_DYNAMIC);
    if (object->type != KQL_DYNAMIC) {
        bind_error_word(
            c->b, "SEM0218", s,
            "a path needs a dynamic value before it, not %s (use parse_json or todynamic)",
            kql_type_name(object->type));
        return bind_unknown(c->b, s);
    }
    struct expr *e = ex_call2(c->b, "[]", KQL_DYNAMIC, object, step);
    e->off = s->off;
    e->len = s->len;
    return e;
}

/* T.column where T is the row's own table name is written now and then; $left.a, $right.a too. */
static struct expr *bind_member(const struct cx *c, const struct syn *s)
{
    const struct syn *o = s->kids[0];
    struct expr *of_graph = c->graph != NULL ? bind_graph_member(c, s) : NULL;
    if (of_graph != NULL)
        return of_graph;
    struct str workspace = STR_NONE;
    if (s->n == 2 && bind_qualifier(c, o, &workspace)) {
        if (!bind_is_elsewhere(c->b, workspace))
            return bind_call(c, s->kids[1]);
        (void)bind_no_function_there(c->b, s);
        return bind_unknown(c->b, s);
    }
    if (s->n == 2) {
        bind_error_word(c->b, "SEM0001", s, "'%s' can't be called on a value", z(c->b, s->text));
        return bind_unknown(c->b, s);
    }
    struct expr *of_scan = bind_scan_state(c, s);
    if (of_scan != NULL)
        return of_scan;
    bool left = o->kind == SYN_NAME && str_eqz(o->text, "$left");
    bool right = o->kind == SYN_NAME && str_eqz(o->text, "$right");
    if (left || right) {
        const struct plan *side = left ? c->in : c->right;
        struct cx one = cx_of(c->b, NULL, side);
        struct syn name = syn_word(s);
        name.kind = SYN_NAME;
        if (side == NULL) {
            bind_error(c->b, "SEM0100", s, "%s is known in join conditions only", z(c->b, o->text));
            return bind_unknown(c->b, s);
        }
        return bind_name(&one, &name);
    }
    return path_step(c, bind_expr(c, o), ex_string(c->b, s->text), s);
}

static struct expr *bind_index(const struct cx *c, const struct syn *s)
{
    struct expr *object = bind_expr(c, s->kids[0]), *i = bind_expr(c, s->kids[1]);
    /* f(…)[1] of a function of several columns is its second, not a part of its first */
    if (bind_strip(s->kids[0])->kind == SYN_CALL && object->kind == EX_CALL &&
        strcmp(object->fn->name, "[]") == 0 && object->args[0]->kind == EX_CALL &&
        (object->args[0]->fn->flags & KF_MULTI) != 0)
        object = object->args[0];
    if (i->type == KQL_DYNAMIC)
        i = ex_cast(c->b, i, KQL_STRING);
    return path_step(c, object, i, s);
}

/* ---- operators ---- */
static struct expr *refuse(const struct cx *c, const struct syn *s, const char *op,
                           struct expr **args, size_t n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    for (size_t i = 0; i < n; i++)
        sbuf_addf(&b, "%s%s", i ? " and " : "", kql_type_name(args[i]->type));
    struct str types = arena_str(c->b->a, sbuf_str(&b));
    const struct syn word = syn_word(s);
    kql_diag_add(c->b->d, ERR_SEMANTIC, "SEM0064", &word,
                 "cast one side, for example with tostring(), tolong() or todatetime()",
                 "the operator '%s' can't be used with %s", op, types.p);
    return bind_unknown(c->b, s);
}

/* A dynamic operand takes the type of the other side. Whole numbers are compared as real, since the
 * value inside may have a fraction. */
static void settle_dynamic(struct binder *b, struct expr **x, struct expr **y, bool compares)
{
    struct expr **dyn = (*x)->type == KQL_DYNAMIC ? x : y, **other = dyn == x ? y : x;
    enum kql_type t = (*other)->type;
    if ((*dyn)->type != KQL_DYNAMIC || t == KQL_DYNAMIC || t == KQL_UNKNOWN)
        return;
    bool small = (*other)->kind == EX_CONST && (*other)->value.i < (1LL << 53) &&
                 (*other)->value.i > -(1LL << 53);
    if (compares && (t == KQL_INT || (t == KQL_LONG && small)))
        t = KQL_REAL;
    else if (t == KQL_INT)
        t = KQL_LONG;
    *dyn = ex_cast(b, *dyn, t);
}

static bool is_equality(struct str op)
{
    return str_eqz(op, "==") || str_eqz(op, "!=") || str_eqz(op, "=~") || str_eqz(op, "!~");
}

static bool is_order(struct str op)
{
    return op.p[0] == '<' || op.p[0] == '>';
}

static bool comparable(const struct expr *x, const struct expr *y)
{
    if (x->type == KQL_UNKNOWN || y->type == KQL_UNKNOWN)
        return true;
    if (x->type == KQL_DYNAMIC && y->type == KQL_DYNAMIC)
        return false;
    return kql_type_common(x->type, y->type) != KQL_UNKNOWN;
}

static bool is_number(enum kql_type t)
{
    return t == KQL_INT || t == KQL_LONG || t == KQL_REAL || t == KQL_DECIMAL;
}

/* EventID == "4625", Flag == 1, Delay % 5m == 0: a text is read as a value of the other side's
 * type, a bool counts as 0 or 1, a span as its ticks. Published rules are full of these. What
 * cannot be read is null, which equals nothing. */
static void settle_mixed(struct binder *b, struct expr **x, struct expr **y)
{
    enum kql_type t = (*x)->type, u = (*y)->type;
    if (t == u || t == KQL_UNKNOWN || u == KQL_UNKNOWN || t == KQL_DYNAMIC || u == KQL_DYNAMIC)
        return;
    if (t == KQL_STRING)
        *x = ex_cast(b, *x, u == KQL_INT ? KQL_LONG : u);
    else if (u == KQL_STRING)
        *y = ex_cast(b, *y, t == KQL_INT ? KQL_LONG : t);
    else if (t == KQL_TIMESPAN && (u == KQL_INT || u == KQL_LONG))
        *x = ex_cast(b, *x, KQL_LONG);
    else if (u == KQL_TIMESPAN && (t == KQL_INT || t == KQL_LONG))
        *y = ex_cast(b, *y, KQL_LONG);
    else if (t == KQL_BOOL && is_number(u))
        *x = ex_cast(b, *x, KQL_LONG);
    else if (u == KQL_BOOL && is_number(t))
        *y = ex_cast(b, *y, KQL_LONG);
}

static struct expr *operator_call(const struct cx *c, const struct syn *s, struct str op,
                                  struct expr **args, size_t n)
{
    const struct kql_func *f = kql_func_get(op, KF_OPERATOR, KF_OPERATOR);
    if (f == NULL) { /* column:"text" is parsed everywhere, and means something in search */
        bind_error_word(c->b, "SEM0001", s, "the operator '%s' can't stand here", z(c->b, op));
        return bind_unknown(c->b, s);
    }
    struct kql_arg kinds[3];
    struct kql_match m;
    for (size_t i = 0; i < n; i++) {
        if (args[i]->type == KQL_UNKNOWN)
            return bind_unknown(c->b, s);
        kinds[i] = (struct kql_arg){args[i]->type, ex_is_constant(args[i]), false};
    }
    bool fits = kql_func_match(c->b->a, f, kinds, n, &m);
    for (size_t i = 0; !fits && bind_absent_try(c->b, args, kinds, n, i); i++)
        fits = kql_func_match(c->b->a, f, kinds, n, &m);
    if (!fits)
        return refuse(c, s, f->name, args, n);
    for (size_t i = 0; i < n; i++)
        args[i] = ex_cast(c->b, args[i], m.want[i]);
    bind_check_pattern(c, f, args, n, s);
    struct expr *e = ex_call(c->b, f->name, m.result, args, n);
    e->fn = f;
    e->off = s->off;
    e->len = s->len;
    return ex_fold(c->b, e);
}

static struct expr *bind_binary(const struct cx *c, const struct syn *s)
{
    struct expr *args[2];
    const struct syn *l = bind_strip(s->kids[0]);
    if (l->kind == SYN_STAR) { /* * has "x": every column, through its text */
        struct expr *any = NULL;
        for (size_t i = 0; c->in != NULL && i < c->in->cols.n; i++) {
            if (c->in->cols.p[i].hidden)
                continue;
            args[0] = ex_cast(c->b, ex_column(c->b, &c->in->cols.p[i], s), KQL_STRING);
            args[1] = bind_expr(c, s->kids[1]);
            struct expr *one = operator_call(c, s, s->text, args, 2);
            any = any == NULL ? one : ex_call2(c->b, "or", KQL_BOOL, any, one);
        }
        return any != NULL ? any : ex_bool(c->b, false);
    }
    args[0] = bind_expr(c, s->kids[0]);
    args[1] = bind_expr(c, s->kids[1]);
    bool compares = is_equality(s->text) || is_order(s->text);
    bind_absent_settle(c->b, args, 2);
    settle_dynamic(c->b, &args[0], &args[1], compares);
    if (str_eqz(s->text, "==") || str_eqz(s->text, "!="))
        settle_mixed(c->b, &args[0], &args[1]);
    if (is_equality(s->text) && !comparable(args[0], args[1]))
        return refuse(c, s, z(c->b, s->text), args, 2);
    return operator_call(c, s, s->text, args, 2);
}

static struct expr *bind_unary(const struct cx *c, const struct syn *s)
{
    struct expr *x = bind_expr(c, s->kids[0]);
    if (x->absent)
        x = bind_absent_as(c->b, x, KQL_REAL);
    if (x->type == KQL_DYNAMIC)
        x = ex_cast(c->b, x, KQL_REAL);
    if (s->text.p[0] == '+')
        return x;
    return operator_call(c, s, STR("neg"), &x, 1);
}

static struct expr *bind_between(const struct cx *c, const struct syn *s)
{
    struct expr *args[3];
    for (size_t i = 0; i < 3; i++)
        args[i] = bind_expr(c, s->kids[i]);
    bind_absent_settle(c->b, args, 3);
    settle_dynamic(c->b, &args[0], &args[1], true);
    settle_dynamic(c->b, &args[0], &args[2], true);
    return operator_call(c, s, s->text, args, 3);
}

/* ---- in, has_any, has_all ---- */
static void settle_list(const struct cx *c, struct expr **args, size_t n, bool text)
{
    enum kql_type t = text ? KQL_STRING : args[0]->type;
    for (size_t i = 1; i < n && t == KQL_DYNAMIC; i++)
        if (args[i]->type != KQL_DYNAMIC && args[i]->type != KQL_UNKNOWN)
            t = args[i]->type;
    if (t == KQL_DYNAMIC)
        t = KQL_STRING;
    if (args[0]->type == KQL_DYNAMIC)
        args[0] = ex_cast(c->b, args[0], t);
}

static struct expr *in_table(const struct cx *c, const struct syn *s, struct expr *left,
                             const struct kql_func *f)
{
    struct plan *p = bind_table(c->b, c->env, s->kids[1]);
    struct expr *sub = arena_new_of(c->b->a, struct expr);
    *sub = (struct expr){
        .kind = EX_SUBQUERY, .plan = p, .as_table = true, .off = s->off, .len = s->len};
    sub->type = p->cols.n > 0 ? p->cols.p[0].type : KQL_UNKNOWN;
    if (p->open || left->type == KQL_UNKNOWN)
        return bind_unknown(c->b, s);
    if (left->type == KQL_DYNAMIC)
        left = ex_cast(c->b, left, sub->type == KQL_DYNAMIC ? KQL_STRING : sub->type);
    struct expr *args[2] = {left, sub};
    struct expr *e = ex_call(c->b, f->name, KQL_BOOL, args, 2);
    e->fn = f;
    e->off = s->off;
    e->len = s->len;
    return e;
}

static struct expr *bind_in(const struct cx *c, const struct syn *s)
{
    const struct kql_func *f = kql_func_get(s->text, KF_OPERATOR, KF_OPERATOR);
    CHECK(f != NULL);
    struct expr **args = arena_array(c->b->a, struct expr *, s->n + 1);
    bool star = bind_strip(s->kids[0])->kind == SYN_STAR;
    if (star) {
        bind_error(c->b, "SEM0001", s, "'*' can't stand before '%s'", f->name);
        return bind_unknown(c->b, s);
    }
    args[0] = bind_expr(c, s->kids[0]);
    if (s->n == 2 && bind_is_table(c->b, c->env, s->kids[1]) &&
        !(c->in != NULL && s->kids[1]->kind == SYN_NAME &&
          bind_find_column(c->in, s->kids[1]->text) != NULL))
        return in_table(c, s, args[0], f);
    bool text = strncmp(f->name, "has", 3) == 0 || strchr(f->name, '~') != NULL;
    for (size_t i = 1; i < s->n; i++)
        args[i] = bind_expr(c, s->kids[i]);
    for (size_t i = 0; i < s->n; i++)
        if (args[i]->type == KQL_UNKNOWN)
            return bind_unknown(c->b, s);
    if (!text)
        bind_absent_settle(c->b, args, s->n);
    settle_list(c, args, s->n, text);
    for (size_t i = 1; i < s->n && !text; i++) {
        struct expr *left = args[0]; /* stays as it is: the items are read as its type */
        settle_mixed(c->b, &left, &args[i]);
        if (left != args[0])
            args[i] = ex_cast(c->b, args[i], args[0]->type);
    }
    for (size_t i = 1; i < s->n; i++)
        if (!comparable(args[0], args[i]))
            return refuse(c, text ? s->kids[0] : s, f->name, args, i + 1 > 2 ? 2 : i + 1);
    struct expr *e = ex_call(c->b, f->name, KQL_BOOL, args, s->n);
    e->fn = f;
    e->off = s->off;
    e->len = s->len;
    return e;
}

/* ---- sub-queries ---- */
/* toscalar(2), toscalar(rand()): a table of one row, so that it is computed once. */
static struct plan *scalar_as_table(const struct cx *c, const struct syn *s)
{
    struct cx none = cx_of(c->b, c->env, NULL);
    struct expr *e = bind_expr(&none, s);
    struct plan *one = plan_new(c->b, P_ONE_ROW, NULL, s);
    struct named_expr n = {plan_fresh(c->b, STR("print_0"), e->type), e};
    return plan_project(c->b, one, &n, 1, s);
}

static struct expr *bind_toscalar(const struct cx *c, const struct syn *s)
{
    const struct syn *x = bind_strip(s->kids[0]);
    const struct binding *v = x->kind == SYN_NAME ? bind_lookup(c->env, x->text) : NULL;
    if (v != NULL && v->per_key)
        return v->e;
    struct binding *outside = c->b->outside;
    c->b->outside = c->env;
    struct plan *p = bind_is_table(c->b, c->env, s->kids[0]) ? bind_table(c->b, c->env, s->kids[0])
                                                             : scalar_as_table(c, s->kids[0]);
    c->b->outside = outside;
    if (p->open || p->cols.n == 0)
        return bind_unknown(c->b, s);
    struct expr *e = arena_new_of(c->b->a, struct expr);
    *e = (struct expr){.kind = EX_SUBQUERY, .plan = p, .off = s->off, .len = s->len};
    e->type = p->cols.p[0].type;
    return e;
}

void bind_too_large(struct binder *b, const struct syn *at)
{
    if (!b->failed_limit)
        kql_diag_add(b->d, ERR_LIMIT, "LIM0002", at, NULL,
                     "the query is too large once its functions are put in");
    b->failed_limit = true;
}

/* A few lines of functions that call each other twice stand for more expressions than there is
 * memory. */
static bool over_budget(struct binder *b, const struct syn *at)
{
    if (++b->exprs >= BIND_MAX_EXPRS || arena_used(b->a) >= BIND_MAX_BYTES)
        bind_too_large(b, at);
    b->failed_limit = b->failed_limit || kql_diags_full(b->told); /* nothing more would be told */
    return b->failed_limit;
}

struct expr *bind_expr(const struct cx *c, const struct syn *s)
{
    if (over_budget(c->b, s))
        return bind_unknown(c->b, s);
    switch ((int)s->kind) {
    case SYN_PAREN:
        return bind_expr(c, s->kids[0]);
    case SYN_LITERAL:
    case SYN_DYNAMIC:
        return ex_const(c->b, s->value, s);
    case SYN_NAME:
        return bind_name(c, s);
    case SYN_MEMBER:
        return bind_member(c, s);
    case SYN_INDEX:
        return bind_index(c, s);
    case SYN_BINARY:
        return bind_binary(c, s);
    case SYN_UNARY:
        return bind_unary(c, s);
    case SYN_BETWEEN:
        return bind_between(c, s);
    case SYN_IN:
        return bind_in(c, s);
    case SYN_CALL:
        return bind_call(c, s);
    case SYN_TOSCALAR:
        return bind_toscalar(c, s);
    case SYN_NAMED:
        return bind_expr(c, s->kids[0]);
    case SYN_SUBQUERY:
        return s->n == 1 && s->kids[0]->kind != SYN_PIPE ? bind_expr(c, s->kids[0])
                                                         : table_as_scalar(c, s);
    case SYN_ERROR:
        return bind_unknown(c->b, s);
    default:
        bind_error(c->b, "SEM0001", s, "a scalar expression is expected here");
        return bind_unknown(c->b, s);
    }
}

struct expr *bind_bool(const struct cx *c, const struct syn *s)
{
    struct expr *e = bind_expr(c, s);
    if (e->absent)
        return bind_absent_as(c->b, e, KQL_BOOL);
    if (e->type == KQL_DYNAMIC)
        return ex_cast(c->b, e, KQL_BOOL);
    if (e->type != KQL_BOOL && e->type != KQL_UNKNOWN) {
        bind_error(c->b, "SEM0079", s, "a bool expression is expected here, not %s",
                   kql_type_name(e->type));
        return bind_unknown(c->b, s);
    }
    return e;
}

/* A literal after folding, of the wanted type (KQL_UNKNOWN: any). */
struct expr *bind_constant(const struct cx *c, const struct syn *s, enum kql_type want)
{
    struct cx none = cx_of(c->b, c->env, NULL);
    struct expr *e = ex_fold(c->b, bind_expr(&none, s));
    if (want != KQL_UNKNOWN)
        e = ex_cast(c->b, e, want);
    return e;
}
