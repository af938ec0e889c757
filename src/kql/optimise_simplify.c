/* Conditions that depend on no row are computed here, so that the parameters of a normalising
 * function, most of which a caller leaves out, cost nothing: "where array_length(names) == 0 or
 * Name has_any (names)" of an empty list is no filter at all, and a source that is switched off is
 * no branch of the union.
 *
 * Only what is exact is computed; everything else is left to the engine. */
#include "kql/optimise_priv.h"
#include "text/json.h"

struct simplify {
    struct arena *a;
    struct plan_depth *depth;
    struct plan_memo shared;
};

/* ---- expressions ---- */
typedef bool fold_fn(struct simplify *v, const struct expr *e, struct kql_value *out);

static bool is_const(const struct expr *e, enum kql_type t)
{
    return e->kind == EX_CONST && e->type == t && e->value.type == t && !e->value.is_null;
}

static bool is_bool(const struct expr *e, bool wanted)
{
    return is_const(e, KQL_BOOL) && e->value.b == wanted;
}

static bool fold_not(struct simplify *v, const struct expr *e, struct kql_value *out)
{
    (void)v;
    if (e->n_args != 1 || !is_const(e->args[0], KQL_BOOL))
        return false;
    *out = (struct kql_value){.type = KQL_BOOL, .b = !e->args[0]->value.b};
    return true;
}

/* Numbers and times that are whole; texts for equality only. *order: as of memcmp. */
static bool order_of(const struct expr *x, const struct expr *y, bool texts, int *order)
{
    static const enum kql_type whole[] = {KQL_INT, KQL_LONG, KQL_DATETIME, KQL_TIMESPAN};
    if (texts && is_const(x, KQL_STRING) && is_const(y, KQL_STRING)) {
        *order = str_cmp(x->value.s, y->value.s);
        return true;
    }
    for (size_t i = 0; i < COUNTOF(whole); i++) {
        if (!is_const(x, whole[i]) || !is_const(y, whole[i]))
            continue;
        *order = (x->value.i > y->value.i) - (x->value.i < y->value.i);
        return true;
    }
    return false;
}

static bool fold_compare(struct simplify *v, const struct expr *e, struct kql_value *out)
{
    (void)v;
    const char *op = e->fn->name;
    bool equality = strcmp(op, "==") == 0 || strcmp(op, "!=") == 0;
    int c;
    if (e->n_args != 2 || !order_of(e->args[0], e->args[1], equality, &c))
        return false;
    bool less = op[0] == '<' && c < 0, greater = op[0] == '>' && c > 0;
    bool same = op[0] != '!' && op[1] == '=' && c == 0;
    *out = (struct kql_value){.type = KQL_BOOL, .b = less || greater || same};
    if (op[0] == '!')
        out->b = c != 0;
    return true;
}

/* isnull() and its like. A dynamic value is left alone: JSON's null is one of its nulls. */
static bool fold_missing(struct simplify *v, const struct expr *e, struct kql_value *out)
{
    (void)v;
    const struct expr *x = e->n_args == 1 ? e->args[0] : NULL;
    const char *name = e->fn->name;
    if (x == NULL || x->kind != EX_CONST || x->type == KQL_DYNAMIC || x->type == KQL_UNKNOWN)
        return false;
    bool negated = strstr(name, "not") != NULL, text = x->type == KQL_STRING;
    bool missing = text ? strstr(name, "empty") != NULL && x->value.s.n == 0 : x->value.is_null;
    *out = (struct kql_value){.type = KQL_BOOL, .b = missing != negated};
    return true;
}

static bool read_array(struct simplify *v, const struct expr *e, struct json *out)
{
    struct err err = {0};
    return is_const(e, KQL_DYNAMIC) && str_starts(e->value.s, STR("[")) &&
           json_parse(v->a, e->value.s, NULL, out, &err) && out->type == JSON_ARRAY;
}

static bool fold_length(struct simplify *v, const struct expr *e, struct kql_value *out)
{
    struct json list;
    if (e->n_args != 1 || !read_array(v, e->args[0], &list))
        return false;
    *out = (struct kql_value){.type = KQL_LONG, .i = (int64_t)list.n};
    return true;
}

/* Of empty lists only, which is what parameters that were left out give. */
static bool fold_concat(struct simplify *v, const struct expr *e, struct kql_value *out)
{
    struct json list;
    for (size_t i = 0; i < e->n_args; i++)
        if (!read_array(v, e->args[i], &list) || list.n > 0)
            return false;
    *out = (struct kql_value){.type = KQL_DYNAMIC, .s = STR("[]")};
    return e->n_args > 0;
}

static const struct {
    const char *name;
    fold_fn *fn;
} folds[] = {
    {"!=", fold_compare},
    {"<", fold_compare},
    {"<=", fold_compare},
    {"==", fold_compare},
    {">", fold_compare},
    {">=", fold_compare},
    {"array_concat", fold_concat},
    {"array_length", fold_length},
    {"isempty", fold_missing},
    {"isnotempty", fold_missing},
    {"isnotnull", fold_missing},
    {"isnull", fold_missing},
    {"not", fold_not},
    {"notempty", fold_missing},
    {"notnull", fold_missing},
};

/* "and" and "or" with a side that is known; NULL: none is. */
static struct expr *known_logic(const struct expr *e)
{
    bool any = strcmp(e->fn->name, "or") == 0;
    if (e->n_args != 2 || (!any && strcmp(e->fn->name, "and") != 0))
        return NULL;
    for (size_t i = 0; i < 2; i++) {
        struct expr *x = e->args[i], *y = e->args[1 - i];
        if (is_bool(x, any)) /* true or y, false and y */
            return x;
        if (is_bool(x, !any) && y->type == KQL_BOOL)
            return y;
    }
    return NULL;
}

static struct expr *known_choice(const struct expr *e)
{
    bool choice = strcmp(e->fn->name, "iff") == 0 || strcmp(e->fn->name, "iif") == 0;
    if (!choice || e->n_args != 3 || !is_const(e->args[0], KQL_BOOL))
        return NULL;
    struct expr *x = e->args[e->args[0]->value.b ? 1 : 2];
    return x->type == e->type ? x : NULL;
}

static struct expr *fold_call(struct simplify *v, struct expr *e)
{
    struct expr *known = known_logic(e);
    known = known != NULL ? known : known_choice(e);
    if (known != NULL)
        return known;
    for (size_t i = 0; i < COUNTOF(folds); i++) {
        struct kql_value out;
        if (!kql_same_name(folds[i].name, e->fn->name) || !folds[i].fn(v, e, &out) ||
            out.type != e->type)
            continue;
        struct expr *n = arena_new_of(v->a, struct expr);
        *n = (struct expr){.kind = EX_CONST,
                           .type = out.type,
                           .value = out,
                           .weight = 1,
                           .off = e->off,
                           .len = e->len};
        return n;
    }
    return e;
}

/* The same expression when nothing in it is known. */
static struct expr *simplify_expr(struct simplify *v, struct expr *e)
{
    struct expr **args = NULL;
    if (e == NULL || e->kind != EX_CALL)
        return e;
    for (size_t i = 0; i < e->n_args; i++) {
        struct expr *x = simplify_expr(v, e->args[i]);
        if (x == e->args[i])
            continue;
        if (args == NULL) {
            args = arena_array(v->a, struct expr *, e->n_args);
            memcpy(args, e->args, e->n_args * sizeof(args[0]));
        }
        args[i] = x;
    }
    if (args != NULL) {
        struct expr *n = arena_new_of(v->a, struct expr);
        *n = *e;
        n->args = args;
        e = n;
    }
    return fold_call(v, e);
}

/* ---- nodes ---- */
static bool is_empty(const struct plan *p)
{
    return p->kind == P_VALUES && p->n_rows == 0 && p->cols.n > 0 && !p->open;
}

static struct plan *no_rows(struct simplify *v, const struct plan *p)
{
    struct plan *n = arena_new_of(v->a, struct plan);
    *n = (struct plan){
        .kind = P_VALUES, .cols = p->cols, .ordered = p->ordered, .off = p->off, .len = p->len};
    return n;
}

static bool join_is_empty(const struct plan *p)
{
    bool left = is_empty(p->in[0]), right = is_empty(p->in[1]);
    switch (p->join) {
    case JOIN_INNERUNIQUE:
    case JOIN_INNER:
    case JOIN_LEFTSEMI:
    case JOIN_RIGHTSEMI:
    case JOIN_CROSS:
        return left || right;
    case JOIN_LEFTOUTER:
    case JOIN_LEFTANTI:
        return left;
    case JOIN_RIGHTOUTER:
    case JOIN_RIGHTANTI:
        return right;
    case JOIN_FULLOUTER:
        return left && right;
    }
    UNREACHABLE();
}

/* Can p give no rows because its inputs give none? */
static bool passes_emptiness(const struct plan *p)
{
    static const enum plan_kind row_by_row[] = {
        P_FILTER, P_PROJECT, P_SORT, P_TAKE, P_SERIALIZE, P_EXPAND, P_PARSE, P_PARSE_KV, P_WINDOWS};
    for (size_t i = 0; i < COUNTOF(row_by_row); i++)
        if (p->kind == row_by_row[i])
            return is_empty(p->in[0]);
    if (p->kind == P_AGGREGATE)
        return p->n_keys > 0 && is_empty(p->in[0]);
    return p->kind == P_JOIN && join_is_empty(p);
}

static struct plan *copy_of(struct simplify *v, const struct plan *p)
{
    struct plan *n = arena_new_of(v->a, struct plan);
    *n = *p;
    return n;
}

/* p, or a copy in which what was known is computed. */
static struct plan *simplify_exprs(struct simplify *v, struct plan *p)
{
    struct plan *n = p;
    if (p->kind == P_FILTER) {
        struct expr *e = simplify_expr(v, p->exprs[0]);
        if (e == p->exprs[0])
            return p;
        n = copy_of(v, p);
        n->exprs = arena_array(v->a, struct expr *, 1);
        n->exprs[0] = e;
    }
    for (size_t i = 0; p->kind == P_PROJECT && i < p->n_named; i++) {
        struct expr *e = simplify_expr(v, p->named[i].e);
        if (e == p->named[i].e)
            continue;
        if (n == p) {
            n = copy_of(v, p);
            n->named = arena_array(v->a, struct named_expr, p->n_named);
            memcpy(n->named, p->named, p->n_named * sizeof(n->named[0]));
        }
        n->named[i].e = e;
    }
    return n;
}

/* A union without the branches that give no rows. n is ours to change. */
static struct plan *filled_branches(struct simplify *v, struct plan *n)
{
    struct union_links *links = arena_array(v->a, struct union_links, n->n_in + 1);
    struct str *labels =
        n->source_labels != NULL ? arena_array(v->a, struct str, n->n_in + 1) : NULL;
    size_t kept = 0;
    for (size_t i = 0; i < n->n_in; i++) {
        if (is_empty(n->in[i]))
            continue;
        n->in[kept] = n->in[i];
        links[kept] = n->links[i];
        if (labels != NULL)
            labels[kept] = n->source_labels[i];
        kept++;
    }
    if (kept == 0 && n->n_in > 0 && n->cols.n > 0)
        return no_rows(v, n);
    if (kept == 0)
        return n;
    n->n_in = kept;
    n->links = links;
    n->source_labels = labels;
    return n;
}

static struct plan *simplify_plan(struct simplify *v, struct plan *p);

static struct plan *simplify_input(struct simplify *v, const struct plan *p, size_t i)
{
    if (p->kind != P_SHARED)
        return simplify_plan(v, p->in[i]);
    struct plan *known = plan_memo_get(&v->shared, p->in[i]);
    if (known != NULL)
        return known;
    known = simplify_plan(v, p->in[i]);
    plan_memo_put(&v->shared, p->in[i], known);
    return known;
}

/* p, n (its copy) or a copy with simpler inputs. */
static struct plan *simplify_inputs(struct simplify *v, struct plan *p, struct plan *n)
{
    for (size_t i = 0; i < p->n_in; i++) {
        struct plan *in = simplify_input(v, p, i);
        if (in == p->in[i])
            continue;
        if (n == p)
            n = copy_of(v, p);
        if (n->in == p->in) {
            n->in = arena_array(v->a, struct plan *, p->n_in);
            memcpy(n->in, p->in, p->n_in * sizeof(n->in[0]));
        }
        n->in[i] = in;
    }
    return n;
}

/* Does e read only these columns, and give the same whenever it is asked? */
static bool reads_only(const struct expr *e, const struct plan_cols *cols)
{
    bool known = e->kind != EX_COLUMN && e->kind != EX_SUBQUERY;
    for (size_t i = 0; e->kind == EX_COLUMN && i < cols->n && !known; i++)
        known = cols->p[i].id == e->col;
    if (e->kind == EX_CALL && e->fn != NULL && (e->fn->flags & KF_VOLATILE) != 0)
        return false;
    for (size_t i = 0; i < e->n_args && known; i++)
        known = reads_only(e->args[i], cols);
    return known;
}

/* Which of the rows with one key innerunique takes is left open. As Kusto does, it takes from those
 * that a filter behind it wants ("innerunique join flavor", the second example). n is a filter. */
static struct plan *filter_before_unique(struct simplify *v, struct plan *n)
{
    const struct plan *join = n->in[0];
    if (join->kind != P_JOIN || join->join != JOIN_INNERUNIQUE || join->open ||
        !reads_only(n->exprs[0], &join->in[0]->cols))
        return n;
    struct plan *top = copy_of(v, join), *filter = copy_of(v, n);
    filter->cols = join->in[0]->cols;
    filter->in = arena_array(v->a, struct plan *, 1);
    filter->in[0] = join->in[0];
    top->in = arena_array(v->a, struct plan *, 2);
    top->in[0] = filter;
    top->in[1] = join->in[1];
    return top;
}

static struct plan *simplify_plan(struct simplify *v, struct plan *p)
{
    if (!optimise_enter(v->depth))
        return p;
    struct plan *n = simplify_inputs(v, p, simplify_exprs(v, p));
    optimise_leave(v->depth);
    if (p->kind == P_FILTER && is_bool(n->exprs[0], true))
        return n->in[0];
    bool never = p->kind == P_FILTER && n->exprs[0]->kind == EX_CONST;
    if (!p->open && p->cols.n > 0 && (never || passes_emptiness(n)))
        return no_rows(v, n);
    if (p->kind == P_FILTER)
        return filter_before_unique(v, n);
    return n != p && p->kind == P_UNION && !p->open ? filled_branches(v, n) : n;
}

struct plan *optimise_simplify(struct arena *a, struct plan_depth *depth, struct plan *p)
{
    struct simplify v = {.a = a, .depth = depth, .shared = plan_memo_make(a)};
    return simplify_plan(&v, p);
}
