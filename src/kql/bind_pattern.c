/* Patterns: tables chosen by constant texts, declare pattern name = (a: string)[p: string] { … }.
 * https://learn.microsoft.com/kusto/query/pattern-statement */
#include "kql/bind_priv.h"
#include "text/json.h"

static bool is_case(const struct syn *s)
{
    return s->kind == SYN_CLAUSE && str_eqz(s->text, "case");
}
static bool is_path(const struct syn *s)
{
    return s->kind == SYN_CLAUSE && str_eqz(s->text, "path");
}

static size_t count_parameters(const struct syn *decl, bool *path)
{
    size_t n = 0;
    *path = false;
    for (size_t i = 0; i < decl->n; i++) {
        n += decl->kids[i]->kind == SYN_FUNC_PARAM;
        *path = *path || is_path(decl->kids[i]);
    }
    return n;
}

/* ---- the declaration ---- */
static void check_parameter(struct binder *b, const struct syn *param)
{
    enum kql_type t = KQL_UNKNOWN;
    if (param->kind != SYN_FUNC_PARAM || param->n == 0)
        return;
    bind_type_of(b, param->kids[0], &t);
    if (t != KQL_STRING && t != KQL_UNKNOWN)
        bind_error(b, "SEM0219", param, "the parameters of a pattern are string, not %s",
                   kql_type_name(t));
}

static bool is_text(const struct syn *s)
{
    return s->kind == SYN_LITERAL && s->value.type == KQL_STRING;
}

static void check_case(struct binder *b, const struct syn *c, size_t parameters, bool path)
{
    size_t n = c->n - 1;
    bool has_path = n > 0 && is_path(c->kids[c->n - 1]);
    n -= has_path;
    if (n != parameters)
        bind_error(b, "SEM0219", c, "this pattern has %zu argument%s, not %zu", parameters,
                   parameters == 1 ? "" : "s", n);
    if (has_path != path)
        bind_error(b, "SEM0219", c,
                   path ? "the path of this case is missing" : "this pattern has no path");
    for (size_t i = 1; i < c->n; i++) {
        const struct syn *v = is_path(c->kids[i]) ? c->kids[i]->kids[0] : c->kids[i];
        if (!is_text(v) && v->kind != SYN_ERROR)
            bind_error(b, "SEM0219", v, "the arguments of a case are literal texts");
    }
}

struct binding *bind_declare_pattern(struct binder *b, struct binding *env, const struct syn *s)
{
    bool path;
    size_t n = count_parameters(s, &path);
    struct binding v = {.kind = BOUND_PATTERN, .name = s->text, .syn = s, .env = env};
    for (size_t i = 0; i < s->n; i++) {
        if (is_case(s->kids[i]))
            check_case(b, s->kids[i], n, path);
        else
            check_parameter(b, is_path(s->kids[i]) ? s->kids[i]->kids[0] : s->kids[i]);
    }
    return bind_push(b, env, v);
}

/* ---- a use ---- */
struct use {
    const struct syn *call;
    struct str *args;
    size_t n;
    bool has_path;
    struct str path;
};

static struct binding *pattern_of(struct binding *env, const struct syn *s)
{
    const struct syn *call = s->kind == SYN_MEMBER && s->n == 1 ? s->kids[0] : s;
    struct binding *v = call->kind == SYN_CALL ? bind_lookup(env, call->text) : NULL;
    return v != NULL && v->kind == BOUND_PATTERN ? v : NULL;
}

bool bind_is_pattern(struct binding *env, const struct syn *s)
{
    return pattern_of(env, s) != NULL;
}

static bool case_fits(const struct syn *c, const struct use *u)
{
    bool has_path = c->n > 1 && is_path(c->kids[c->n - 1]);
    if (has_path != u->has_path || c->n - 1 - has_path != u->n)
        return false;
    for (size_t i = 0; i < u->n; i++)
        if (!is_text(c->kids[i + 1]) || !str_eq(c->kids[i + 1]->value.s, u->args[i]))
            return false;
    return !has_path || (is_text(c->kids[c->n - 1]->kids[0]) &&
                         str_eq(c->kids[c->n - 1]->kids[0]->value.s, u->path));
}

static bool read_use(struct binder *b, struct binding *env, const struct syn *s, struct use *u)
{
    struct cx c = cx_of(b, env, NULL);
    u->call = s->kind == SYN_MEMBER ? s->kids[0] : s;
    u->has_path = s->kind == SYN_MEMBER;
    u->path = u->has_path ? s->text : STR_NONE;
    u->args = arena_array(b->a, struct str, u->call->n + 1);
    for (size_t i = 0; i < u->call->n; i++) {
        struct expr *e = bind_constant(&c, u->call->kids[i], KQL_STRING);
        if (e->kind != EX_CONST || e->type != KQL_STRING) {
            if (e->type != KQL_UNKNOWN)
                bind_error(b, "SEM0219", u->call->kids[i], "a constant text is expected here");
            return false;
        }
        u->args[u->n++] = e->value.s;
    }
    return true;
}

static void add_text(struct sbuf *t, const char *before, struct str text, const char *behind)
{
    sbuf_addz(t, before);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'' || text.p[i] == '\\')
            sbuf_addc(t, '\\');
        sbuf_addc(t, text.p[i]);
    }
    sbuf_addz(t, behind);
}

/* ["name('a', 'b').['path']"]: clients read from it what they have to declare. */
static struct str use_text(struct binder *b, const struct use *u)
{
    AUTO(sbuf_fini) struct sbuf t = sbuf_make(1 << 16);
    sbuf_addf(&t, "%.*s(", STR_ARG(u->call->text));
    for (size_t i = 0; i < u->n; i++)
        add_text(&t, i > 0 ? ", '" : "'", u->args[i], "'");
    sbuf_addz(&t, ")");
    if (u->has_path)
        add_text(&t, ".['", u->path, "']");
    AUTO(sbuf_fini) struct sbuf list = sbuf_make(1 << 17);
    struct json_out w = json_out_make(&list);
    json_arr(&w);
    json_str(&w, sbuf_str(&t));
    json_arr_end(&w);
    return arena_str(b->a, sbuf_str(&list));
}

static bool use_fits(struct binder *b, const struct syn *decl, const struct use *u,
                     const struct syn *s)
{
    bool path;
    size_t n = count_parameters(decl, &path);
    if (decl->n == 0 || (n == u->n && path == u->has_path))
        return true;
    if (n != u->n)
        bind_error(b, "SEM0219", s, "the pattern '%s' has %zu argument%s, not %zu",
                   z(b, decl->text), n, n == 1 ? "" : "s", u->n);
    else
        bind_error(b, "SEM0219", s,
                   path ? "the pattern '%s' needs a path: %s(…).['…']"
                        : "the pattern '%s' has no path: %s(…) is all",
                   z(b, decl->text), z(b, decl->text));
    return false;
}

/* In a body the parameters and the path are texts by their names. */
static struct binding *bind_arguments(struct binder *b, struct binding *env, const struct syn *decl,
                                      const struct use *u)
{
    size_t n = 0;
    for (size_t i = 0; i < decl->n; i++) {
        const struct syn *k = decl->kids[i];
        bool path = is_path(k);
        if (!path && k->kind != SYN_FUNC_PARAM)
            continue;
        struct kql_value v = {.type = KQL_STRING, .s = path ? u->path : u->args[n++]};
        struct binding name = {.kind = BOUND_SCALAR, .name = path ? k->kids[0]->text : k->text};
        name.e = ex_const(b, v, u->call);
        env = bind_push(b, env, name);
    }
    return env;
}

struct plan *bind_pattern_use(struct binder *b, struct binding *env, const struct syn *s)
{
    struct binding *v = pattern_of(env, s);
    struct use u = {0};
    if (b->inline_depth >= BIND_MAX_INLINE) {
        bind_error(b, "SEM0001", s, "functions and views nest deeper than %d", BIND_MAX_INLINE);
        return bind_nothing(b, s);
    }
    if (!read_use(b, env, s, &u) || !use_fits(b, v->syn, &u, s))
        return bind_nothing(b, s);
    for (size_t i = 0; i < v->syn->n; i++) {
        const struct syn *c = v->syn->kids[i];
        if (!is_case(c) || !case_fits(c, &u))
            continue;
        struct plan *p = NULL;
        struct expr *e = NULL;
        b->inline_depth++;
        struct binding *inside = bind_arguments(b, v->env, v->syn, &u);
        bool ok = bind_statements(b, inside, c->kids[0], &p, &e);
        b->inline_depth--;
        if (ok && p == NULL && e != NULL && e->type != KQL_UNKNOWN)
            bind_error(b, "SEM0001", c,
                       "the body of this case gives a scalar; a table is expected");
        return p != NULL ? p : bind_nothing(b, s);
    }
    bind_error(b, "SEM0036", s,
               "One or more pattern references were not declared. "
               "Detected pattern references: %s",
               z(b, use_text(b, &u)));
    return bind_nothing(b, s);
}
