/* Operators that make columns: extend, project and its family, print, range, serialize. */
#include "kql/bind_priv.h"
#include "text/json.h"

bool name_matches(struct str pattern, struct str name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, mark = 0;
    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = n;
        } else if (p < pattern.n && pattern.p[p] == name.p[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static void add_to(struct binder *b, struct plan_cols *out, struct plan_col c)
{
    struct plan tmp = {.cols = *out};
    plan_add_col(b, &tmp, c);
    *out = tmp.cols;
}

bool bind_match_columns(struct binder *b, const struct plan *in, const struct syn *s,
                        struct plan_cols *out)
{
    s = bind_strip(s);
    if (s->kind == SYN_ORDERED)
        s = bind_strip(s->kids[0]);
    if (s->kind == SYN_NAME) {
        const struct plan_col *c = bind_find_column(in, s->text);
        if (c != NULL) {
            add_to(b, out, *c);
            return true;
        }
        struct cx cx = cx_of(b, NULL, in);
        (void)bind_expr(&cx, s); /* says what is wrong, with a hint */
        return false;
    }
    if (s->kind != SYN_WILDNAME && s->kind != SYN_STAR) {
        bind_error(b, "SEM0001", s, "the name of a column is expected here");
        return false;
    }
    for (size_t i = 0; i < in->cols.n; i++)
        if (!in->cols.p[i].hidden &&
            (s->kind == SYN_STAR || name_matches(s->text, in->cols.p[i].name)))
            add_to(b, out, in->cols.p[i]);
    return true;
}

/* ---- one item of extend, project, print … ---- */
struct item {
    struct str name; /* empty: none given and none found */
    bool explicit_name;
    bool column_of_several; /* its name tells it from the others: print keeps it */
    struct expr *e;
    size_t from; /* number of the item in the text that it comes from */
};
struct items {
    struct item *p;
    size_t n, cap;
    bool rest; /* project: behind (a, b) = f(x) come the columns that got no name */
};

static void push_item(struct binder *b, struct items *v, struct str name, bool given,
                      struct expr *e)
{
    struct item it = {.name = name, .explicit_name = given, .e = e};
    VEC_PUSH(b->a, v, it);
}

static struct str sorted_name(const struct cx *c, const struct syn *call, size_t i)
{
    struct str name = i < call->n ? bind_auto_name(c, call->kids[i]) : STR_NONE;
    return name.n > 0 ? arena_fmt(c->b->a, "%.*s_sorted", STR_ARG(name)) : STR_NONE;
}

/* Several columns from one expression: (a, b) = f(x), or f(x) alone, whose columns are f_x_min …;
 * f__min where x has no name. */
static void multi_items(const struct cx *c, const struct syn *call, struct expr *e,
                        struct syn *const *names, size_t n, struct str base, struct items *out)
{
    struct binder *b = c->b;
    size_t n_cols = 0;
    const struct multi_col *cols = bind_multi_cols(e->fn->name, &n_cols);
    call = bind_strip(call);
    struct str first = call->n > 0 ? bind_auto_name(c, call->kids[0]) : STR_NONE;
    bool first_only = names == NULL && base.n > 0; /* x = f(…) takes the first */
    size_t arrays = e->n_args; /* of array_sort_asc(a, b, nulls last): one column each */
    if (cols == NULL && arrays > 1 && e->args[arrays - 1]->type == KQL_BOOL)
        arrays--;
    size_t named = first_only ? 1 : names != NULL ? n : 0;
    size_t all = cols != NULL ? n_cols : arrays;
    bool rest = out->rest && names != NULL && cols != NULL && n_cols > n;
    size_t want = named == 0 || rest ? all : named;
    for (size_t i = 0; i < want; i++) {
        enum kql_type t = cols != NULL && i < n_cols ? cols[i].type : KQL_DYNAMIC;
        struct expr *v = ex_call2(b, "[]", KQL_DYNAMIC, e, ex_long(b, (int64_t)i));
        struct str name = i < named && names != NULL ? names[i]->text : base;
        if (i >= named)
            name = cols != NULL
                       ? arena_fmt(b->a, "%s_%.*s_%s", e->fn->name, STR_ARG(first), cols[i].suffix)
                       : sorted_name(c, call, i);
        push_item(b, out, name, i < named, ex_cast(b, v, t));
        out->p[out->n - 1].column_of_several = name.n > 0;
    }
}

/* The call of several columns that bind_call wrapped to give its first, or NULL. */
static struct expr *multi_call(const struct syn *s, struct expr *e)
{
    s = bind_strip(s);
    if (s->kind != SYN_CALL || e->kind != EX_CALL || strcmp(e->fn->name, "[]") != 0)
        return NULL;
    struct expr *call = e->args[0];
    bool multi = call->kind == EX_CALL && (call->fn->flags & KF_MULTI) != 0;
    return multi && str_eqz(s->text, call->fn->name) ? call : NULL;
}

static void bind_item(const struct cx *c, const struct syn *s, struct items *out)
{
    struct binder *b = c->b;
    if (s->kind == SYN_NAMED_TUPLE) {
        struct expr *e = bind_expr(c, s->kids[0]);
        struct expr *multi = multi_call(s->kids[0], e);
        if (multi != NULL) {
            multi_items(c, s->kids[0], multi, s->kids + 1, s->n - 1, STR_NONE, out);
            return;
        }
        for (size_t i = 1; i < s->n; i++)
            push_item(b, out, s->kids[i]->text, true,
                      e->type == KQL_UNKNOWN
                          ? e
                          : ex_call2(b, "[]", KQL_DYNAMIC, ex_cast(b, e, KQL_DYNAMIC),
                                     ex_long(b, (int64_t)i - 1)));
        return;
    }
    bool named = s->kind == SYN_NAMED;
    if (!named && (s->kind == SYN_STAR || s->kind == SYN_WILDNAME) && c->in != NULL) {
        struct plan_cols cols = {0};
        (void)bind_match_columns(b, c->in, s, &cols);
        for (size_t i = 0; i < cols.n; i++)
            push_item(b, out, cols.p[i].name, false, ex_column(b, &cols.p[i], s));
        return;
    }
    struct expr *e = bind_expr(c, named ? s->kids[0] : s);
    struct str name = named ? s->text : bind_auto_name(c, s);
    struct expr *multi = multi_call(named ? s->kids[0] : s, e);
    if (multi != NULL)
        multi_items(c, named ? s->kids[0] : s, multi, NULL, 0, named ? name : STR_NONE, out);
    else
        push_item(b, out, name, named, e);
}

static struct items bind_items(const struct cx *c, struct syn *const *list, size_t n, bool rest)
{
    struct items v = {.rest = rest};
    for (size_t i = 0, done = 0; i < n; i++) {
        bind_item(c, list[i], &v);
        for (; done < v.n; done++)
            v.p[done].from = i;
    }
    return v;
}

/* ---- extend, serialize ---- */
static size_t find_named(const struct named_expr *list, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].col.name, name))
            return i;
    return SIZE_MAX;
}

struct plan *op_extend(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct cx c = cx_of(b, env, in);
    bool windows = false;
    c.windows = &windows;
    struct items v = bind_items(&c, op->kids, op->n, false);
    struct named_expr *list = arena_array(b->a, struct named_expr, in->cols.n + v.n + 1);
    size_t n = 0, old = in->cols.n;
    struct names names = names_start(b);
    for (size_t i = 0; i < old; i++) {
        list[n++] = (struct named_expr){in->cols.p[i], ex_column(b, &in->cols.p[i], NULL)};
        names_reserve(&names, in->cols.p[i].name);
    }
    for (size_t i = 0; i < v.n; i++) {
        struct item *it = &v.p[i];
        struct str name = it->name.n > 0 ? it->name : names_column(&names);
        size_t at = find_named(list, n, name);
        if (at != SIZE_MAX && at >= old && it->name.n > 0) {
            if (it->explicit_name)
                bind_error(b, "SEM0028", op, "the column '%s' is given twice", z(b, name));
            name = it->explicit_name ? name : names_unique(&names, name);
            at = it->explicit_name ? at : SIZE_MAX;
        }
        struct named_expr one = {plan_fresh(b, name, it->e->type), it->e};
        names_reserve(&names, name);
        if (at != SIZE_MAX)
            list[at] = one;
        else
            list[n++] = one;
    }
    return plan_project(b, in, list, n, op);
}

struct plan *op_serialize(struct binder *b, struct binding *env, struct plan *in,
                          const struct syn *op)
{
    struct plan ordered = *in;
    ordered.ordered = true;
    struct plan *src = arena_new_of(b->a, struct plan);
    *src = ordered;
    return op_extend(b, env, src, op);
}

/* ---- project ---- */
struct plan *op_project(struct binder *b, struct binding *env, struct plan *in,
                        const struct syn *op)
{
    struct cx c = cx_of(b, env, in);
    bool windows = false;
    c.windows = &windows;
    struct items v = bind_items(&c, op->kids, op->n, true);
    struct named_expr *list = arena_array(b->a, struct named_expr, v.n + 1);
    struct names names = names_start(b);
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i].explicit_name) {
            if (map_get(names.used, v.p[i].name) != NULL)
                bind_error(b, "SEM0028", op, "the column '%s' is given twice", z(b, v.p[i].name));
            names_reserve(&names, v.p[i].name);
        }
    for (size_t i = 0; i < v.n; i++) {
        struct item *it = &v.p[i];
        struct str name = it->name;
        if (name.n == 0)
            name = names_column(&names);
        else if (!it->explicit_name)
            name = names_unique(&names, name);
        list[i] = (struct named_expr){plan_fresh(b, name, it->e->type), it->e};
    }
    return plan_project(b, in, list, v.n, op);
}

static bool matches_any(const struct syn *op, const struct plan_col *c)
{
    for (size_t i = 0; i < op->n; i++) {
        const struct syn *s = bind_strip(op->kids[i]);
        if (s->kind == SYN_STAR ||
            (s->kind == SYN_WILDNAME ? name_matches(s->text, c->name) : str_eq(s->text, c->name)))
            return true;
    }
    return false;
}

static struct plan *keep_columns(struct binder *b, struct plan *in, const struct syn *op, bool keep)
{
    struct named_expr *list = arena_array(b->a, struct named_expr, in->cols.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < op->n; i++) { /* names that are not there are mistakes */
        struct plan_cols unused = {0};
        (void)bind_match_columns(b, in, op->kids[i], &unused);
    }
    for (size_t i = 0; i < in->cols.n; i++) {
        const struct plan_col *c = &in->cols.p[i];
        if (matches_any(op, c) == keep)
            list[n++] = (struct named_expr){*c, ex_column(b, c, NULL)};
    }
    return plan_project(b, in, list, n, op);
}

struct plan *op_project_away(struct binder *b, struct binding *env, struct plan *in,
                             const struct syn *op)
{
    (void)env;
    return keep_columns(b, in, op, false);
}

struct plan *op_project_keep(struct binder *b, struct binding *env, struct plan *in,
                             const struct syn *op)
{
    (void)env;
    return keep_columns(b, in, op, true);
}

struct plan *op_project_rename(struct binder *b, struct binding *env, struct plan *in,
                               const struct syn *op)
{
    (void)env;
    struct named_expr *list = arena_array(b->a, struct named_expr, in->cols.n + 1);
    for (size_t i = 0; i < in->cols.n; i++)
        list[i] = (struct named_expr){in->cols.p[i], ex_column(b, &in->cols.p[i], NULL)};
    for (size_t i = 0; i < op->n; i++) {
        const struct syn *s = op->kids[i];
        struct plan_cols cols = {0};
        if (s->kind != SYN_NAMED) {
            bind_error(b, "SEM0001", s, "project-rename takes New = Old");
            continue;
        }
        if (!bind_match_columns(b, in, s->kids[0], &cols) || cols.n != 1)
            continue;
        for (size_t k = 0; k < in->cols.n; k++)
            if (in->cols.p[k].id == cols.p[0].id) {
                list[k].col.name = s->text;
                list[k].col.hidden = false;
            }
    }
    for (size_t i = 0; i < in->cols.n && !in->open; i++)
        if (find_named(list, i, list[i].col.name) != SIZE_MAX && !list[i].col.hidden)
            bind_error(b, "SEM0028", op, "two columns would be called '%s'",
                       z(b, list[i].col.name));
    return plan_project(b, in, list, in->cols.n, op);
}

/* ---- project-reorder ---- */
static bool taken(const struct named_expr *list, size_t n, uint32_t id)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].col.id == id)
            return true;
    return false;
}

/* asc and desc sort names with digits by the number in them. */
static int natural(struct str x, struct str y)
{
    size_t i = 0, j = 0;
    while (i < x.n && j < y.n) {
        bool digits = x.p[i] >= '0' && x.p[i] <= '9' && y.p[j] >= '0' && y.p[j] <= '9';
        if (digits) {
            uint64_t u = 0, v = 0;
            for (; i < x.n && x.p[i] >= '0' && x.p[i] <= '9'; i++)
                u = u * 10 + (uint64_t)(x.p[i] - '0');
            for (; j < y.n && y.p[j] >= '0' && y.p[j] <= '9'; j++)
                v = v * 10 + (uint64_t)(y.p[j] - '0');
            if (u != v)
                return u < v ? -1 : 1;
            continue;
        }
        if (x.p[i] != y.p[j])
            return (unsigned char)x.p[i] < (unsigned char)y.p[j] ? -1 : 1;
        i++;
        j++;
    }
    return i < x.n ? 1 : j < y.n ? -1 : 0;
}

static void sort_names(struct plan_cols *cols, struct str how)
{
    bool granny = str_eqz(how, "granny-asc") || str_eqz(how, "granny-desc");
    bool desc = str_ends(how, STR("desc"));
    for (size_t i = 1; i < cols->n; i++) {
        for (size_t k = i; k > 0; k--) {
            struct plan_col *x = &cols->p[k - 1], *y = &cols->p[k];
            int d = granny ? natural(x->name, y->name) : str_cmp(x->name, y->name);
            if (desc ? d >= 0 : d <= 0)
                break;
            struct plan_col t = *x;
            *x = *y;
            *y = t;
        }
    }
}

struct plan *op_project_reorder(struct binder *b, struct binding *env, struct plan *in,
                                const struct syn *op)
{
    (void)env;
    struct named_expr *list = arena_array(b->a, struct named_expr, in->cols.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < op->n; i++) {
        const struct syn *s = op->kids[i];
        struct plan_cols cols = {0};
        (void)bind_match_columns(b, in, s, &cols);
        if (s->kind == SYN_ORDERED && s->text.n > 0)
            sort_names(&cols, s->text);
        for (size_t k = 0; k < cols.n; k++)
            if (!taken(list, n, cols.p[k].id))
                list[n++] = (struct named_expr){cols.p[k], ex_column(b, &cols.p[k], NULL)};
    }
    for (size_t i = 0; i < in->cols.n; i++)
        if (!taken(list, n, in->cols.p[i].id))
            list[n++] = (struct named_expr){in->cols.p[i], ex_column(b, &in->cols.p[i], NULL)};
    return plan_project(b, in, list, n, op);
}

/* Adds the columns that a pattern names. */
static void take_named(struct binder *b, const struct plan *in, struct str pattern,
                       struct named_expr *list, size_t *n)
{
    for (size_t k = 0; k < in->cols.n; k++)
        if (name_matches(pattern, in->cols.p[k].name) && !taken(list, *n, in->cols.p[k].id))
            list[(*n)++] = (struct named_expr){in->cols.p[k], ex_column(b, &in->cols.p[k], NULL)};
}

/* Each argument is a name, a pattern, or an array of them. */
struct plan *op_project_by_names(struct binder *b, struct binding *env, struct plan *in,
                                 const struct syn *op)
{
    struct cx c = cx_of(b, env, in);
    struct named_expr *list = arena_array(b->a, struct named_expr, in->cols.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < op->n; i++) {
        struct expr *e = bind_constant(&c, op->kids[i], KQL_UNKNOWN);
        struct json v = {0};
        if (e->kind != EX_CONST)
            continue;
        if (e->type != KQL_DYNAMIC || !json_parse(b->a, e->value.s, NULL, &v, NULL))
            take_named(b, in, e->value.s, list, &n);
        else if (v.type == JSON_STRING)
            take_named(b, in, v.text, list, &n);
        for (size_t k = 0; v.type == JSON_ARRAY && k < v.n; k++)
            take_named(b, in, json_text(&v.items[k], STR("")), list, &n);
    }
    return plan_project(b, in, list, n, op);
}

/* ---- print, range ---- */
struct plan *op_print(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    (void)in;
    struct cx c = cx_of(b, env, NULL);
    struct plan *one = plan_new(b, P_ONE_ROW, NULL, op);
    struct items v = bind_items(&c, op->kids, op->n, false);
    struct named_expr *list = arena_array(b->a, struct named_expr, v.n + 1);
    struct names names = names_start(b);
    for (size_t i = 0; i < v.n; i++) {
        struct str name = v.p[i].name;
        if (!v.p[i].explicit_name && !v.p[i].column_of_several)
            name = arena_fmt(b->a, "print_%zu", v.p[i].from);
        name = names_unique(&names, name);
        list[i] = (struct named_expr){plan_fresh(b, name, v.p[i].e->type), v.p[i].e};
    }
    struct plan *p = plan_project(b, one, list, v.n, op);
    p->ordered = true;
    return p;
}

static enum kql_type range_type(const struct expr *from, const struct expr *to,
                                const struct expr *step)
{
    if (from->type == KQL_DATETIME || to->type == KQL_DATETIME)
        return KQL_DATETIME;
    if (from->type == KQL_DYNAMIC)
        return KQL_LONG;
    enum kql_type t = kql_type_common(from->type, to->type);
    if (kql_type_is_number(t))
        t = kql_type_common(t, step->type);
    return t == KQL_INT ? KQL_LONG : t;
}

struct plan *op_range(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    (void)in;
    struct cx c = cx_of(b, env, NULL);
    struct plan *p = plan_new(b, P_RANGE, NULL, op);
    p->exprs = arena_array(b->a, struct expr *, 3);
    for (size_t i = 0; i < 3; i++)
        p->exprs[i] = ex_fold(b, bind_expr(&c, op->kids[i + 1]));
    p->n_exprs = 3;
    enum kql_type t = range_type(p->exprs[0], p->exprs[1], p->exprs[2]);
    if (t == KQL_UNKNOWN || t == KQL_STRING || t == KQL_BOOL || t == KQL_GUID) {
        if (p->exprs[0]->type != KQL_UNKNOWN && p->exprs[1]->type != KQL_UNKNOWN &&
            p->exprs[2]->type != KQL_UNKNOWN)
            bind_error(b, "SEM0001", op, "range needs numbers, datetimes or timespans of one type");
        t = KQL_UNKNOWN;
        p->open = true;
    }
    p->exprs[0] = ex_cast(b, p->exprs[0], t);
    p->exprs[1] = ex_cast(b, p->exprs[1], t);
    p->exprs[2] = ex_cast(b, p->exprs[2], t == KQL_DATETIME ? KQL_TIMESPAN : t);
    plan_add_col(b, p, plan_fresh(b, op->kids[0]->text, t));
    p->ordered = true;
    return p;
}
