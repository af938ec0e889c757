/* What makes a function right: its name, its text, and what the text says once it is bound. */
#include "kql/functions.h"
#include "kql/names.h"
#include "library/library_priv.h"

/* ---- the name ---- */

/* Words that mean something at the place of a function or a table, and are no functions. */
static const char *const reserved[] = {
    "adx",
    "alias",
    "app",
    "arg",
    "by",
    "cluster",
    "contextual_datatable",
    "database",
    "datatable",
    "declare",
    "dynamic",
    "evaluate",
    "external_table",
    "externaldata",
    "false",
    "graph",
    "in",
    "let",
    "materialize",
    "materialized_view",
    "not",
    "null",
    "of",
    "on",
    "pattern",
    "resource",
    "restrict",
    "set",
    "table",
    "to",
    "toscalar",
    "totable",
    "true",
    "typeof",
    "view",
    "with",
    "workspace",
};

static bool is_built_in(struct str name)
{
    for (size_t i = 0; i < COUNTOF(reserved); i++)
        if (str_eqz(name, reserved[i]))
            return true;
    const char *operator;
    for (size_t i = 0; (operator= kql_operator_at(i)) != NULL; i++)
        if (str_eqz(name, operator))
            return true;
    return kql_func_find(name) != NULL || store_function_ships(name);
}

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

bool function_name_ok(struct str name, struct err *e)
{
    struct str shown = brief(name, 80);
    if (!is_word(name) || name.n > LIBRARY_MAX_ALIAS)
        return err_set(e, ERR_INVALID,
                       "'%.*s' can't be a function: a letter or '_', then letters, digits and '_', "
                       "at most %d characters",
                       STR_ARG(shown), LIBRARY_MAX_ALIAS);
    if (str_starts(name, STR("__")))
        return err_set(e, ERR_INVALID,
                       "'%.*s' can't be a function: names that start with '__' are reserved",
                       STR_ARG(shown));
    if (is_built_in(name))
        return err_set(e, ERR_INVALID, "'%.*s' is built in; a function needs another name",
                       STR_ARG(shown));
    return true;
}

/* ---- the text ---- */

struct check {
    const struct kql_catalog *inner;
    struct kql_stored_function f;
};

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    const struct check *c = self;
    return c->inner->find_table(c->inner->self, a, workspace, name, out);
}

static bool table_at(void *self, struct arena *a, size_t i, struct kql_table *out)
{
    const struct check *c = self;
    return c->inner->table_at(c->inner->self, a, i, out);
}

/* The function under its own name, so that one that calls itself is found out. */
static bool find_function(void *self, struct arena *a, struct str name,
                          struct kql_stored_function *out)
{
    const struct check *c = self;
    if (!str_eq(name, c->f.name))
        return c->inner->find_function(c->inner->self, a, name, out);
    *out = c->f;
    return true;
}

static bool find_variant(void *self, struct arena *a, struct str name, struct str argument,
                         struct kql_stored_function *out)
{
    const struct check *c = self;
    return c->inner->find_variant(c->inner->self, a, name, argument, out);
}

/* A value of each type, which is like what a caller would give. */
static const struct {
    const char *type, *value;
} samples[] = {
    {"bool", "true"},
    {"datetime", "datetime(2026-01-01)"},
    {"decimal", "decimal(1)"},
    {"dynamic", "dynamic([])"},
    {"guid", "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)"},
    {"int", "int(1)"},
    {"long", "1"},
    {"real", "1.0"},
    {"string", "'x'"},
    {"timespan", "1h"},
};

static const char *sample(struct str type)
{
    enum kql_type t = KQL_STRING;
    if (!kql_type_parse(type, &t))
        return "'x'"; /* the binder says that there is no such type */
    for (size_t i = 0; i < COUNTOF(samples); i++)
        if (strcmp(samples[i].type, kql_type_name(t)) == 0)
            return samples[i].value;
    return "'x'";
}

/* (datatable(a:string, …)[]) */
static void empty_table(const struct syn *schema, struct sbuf *b)
{
    sbuf_addz(b, "(datatable(");
    for (size_t i = 0; i < schema->n; i++) {
        const struct syn *c = schema->kids[i];
        sbuf_addf(b, "%s['%.*s']:%.*s", i > 0 ? ", " : "", STR_ARG(c->text),
                  c->n > 0 ? (int)c->kids[0]->text.n : 6, c->n > 0 ? c->kids[0]->text.p : "string");
    }
    sbuf_addz(b, ")[])");
}

/* "(…)" for a call of the function; false: some table may have any columns, so that nothing can be
 * said about the body. */
static bool made_up_arguments(const struct syn *decl, struct sbuf *b)
{
    size_t n = decl->n;
    while (n > 1 && decl->kids[n - 1]->n > 1) /* those at the end with a default */
        n--;
    sbuf_addc(b, '(');
    for (size_t i = 1; i < n; i++) {
        const struct syn *p = decl->kids[i], *type = p->n > 0 ? p->kids[0] : NULL;
        sbuf_addz(b, i > 1 ? ", " : "");
        if (type == NULL)
            return false;
        if (type->kind != SYN_SCHEMA)
            sbuf_addz(b, sample(type->text));
        else if (str_eqz(type->text, "*") || type->n == 0)
            return false;
        else
            empty_table(type, b);
    }
    sbuf_addc(b, ')');
    return sbuf_ok(b);
}

/* A diagnostic of the text "FRAME(parameters) {body}…" as an error with its place in the query. */
static void place(const struct library_save *x, const struct kql_diag *d, size_t body_at,
                  struct err *e)
{
    size_t off = d->off > body_at ? d->off - body_at : 0;
    struct pos at = pos_in(x->query, off < x->query.n ? off : x->query.n);
    err_at(e, d->code, at, "%.*s", STR_ARG(d->message));
    if (d->off < body_at && e != NULL)
        e->pos = (struct pos){0};
    if (e == NULL)
        return;
    if (d->hint.n > 0)
        err_hint(e, "%.*s", STR_ARG(d->hint));
    memcpy(e->kind, d->kind, sizeof(d->kind));
}

static bool judge(struct arena *a, const struct library_save *x, const struct kql_diags *d,
                  size_t body_at, struct str *out_missing, struct err *e)
{
    for (size_t i = 0; i < d->v.n; i++) {
        const struct kql_diag *g = &d->v.p[i];
        if (g->warning || (g->absent && !x->strict))
            continue;
        place(x, g, body_at, e);
        err_prefix(e, "function '%.*s'", STR_ARG(x->alias));
        return false;
    }
    *out_missing = d->v.n > 0 ? arena_str(a, d->v.p[0].message) : STR("");
    return true;
}

static bool read(struct arena *a, const struct library_save *x, struct kql_stored_function *f,
                 struct err *e)
{
    struct kql_diags d = {0};
    bool in_parameters = false;
    f->decl = kql_parse_function(a, f, &d, &in_parameters);
    if (f->decl != NULL)
        return true;
    if (in_parameters) {
        err_set(e, ERR_SYNTAX, "function '%.*s': its parameters: %.*s", STR_ARG(x->alias),
                STR_ARG(d.v.p[0].message));
        return false;
    }
    place(x, &d.v.p[0], 1, e); /* behind the brace */
    err_prefix(e, "function '%.*s'", STR_ARG(x->alias));
    return false;
}

static struct kql_catalog catalog_of(struct check *c)
{
    return (struct kql_catalog){.self = c,
                                .find_table = find_table,
                                .table_at = table_at,
                                .find_function = find_function,
                                .find_variant = find_variant};
}

const struct kql_catalog *function_catalog(struct arena *a, struct workspace *w,
                                           const struct kql_stored_function *f)
{
    struct check *c = arena_new_of(a, struct check);
    struct kql_catalog *catalog = arena_new_of(a, struct kql_catalog);
    *c = (struct check){.inner = workspace_catalog(w), .f = *f};
    *catalog = catalog_of(c);
    return catalog;
}

bool function_probe(struct arena *a, const struct state_saved *x, struct str *out_text)
{
    struct kql_stored_function f = function_of(a, x);
    struct kql_diags d = {0};
    AUTO(sbuf_fini) struct sbuf call = sbuf_make(1 << 20);
    f.decl = kql_parse_function(a, &f, &d, NULL);
    if (f.decl == NULL || !made_up_arguments(f.decl, &call))
        return false;
    *out_text = arena_fmt(a, "let f = %.*s %.*s;\nf%.*s", STR_ARG(f.parameters), STR_ARG(f.body),
                          STR_ARG(sbuf_str(&call)));
    return true;
}

static bool check(struct arena *a, struct workspace *w, const struct library_save *x, int64_t now,
                  struct str *out_missing, struct err *e)
{
    struct check c = {.inner = workspace_catalog(w)};
    c.f = (struct kql_stored_function){.name = x->alias,
                                       .parameters = arena_fmt(a, "(%.*s)", STR_ARG(x->parameters)),
                                       .body = body_of(a, x->query)};
    *out_missing = STR("");
    if (!read(a, x, &c.f, e))
        return false;
    AUTO(sbuf_fini) struct sbuf call = sbuf_make(1 << 20);
    if (x->unchecked || !made_up_arguments(c.f.decl, &call))
        return true;
    struct kql_catalog catalog = catalog_of(&c);
    struct kql_options o = {.catalog = &catalog, .now_ticks = now};
    struct kql_query q = {0};
    struct str head = arena_fmt(a, "let f = %.*s ", STR_ARG(c.f.parameters));
    struct str text = arena_fmt(a, "%.*s%.*s;\nf%.*s", STR_ARG(head), STR_ARG(c.f.body),
                                STR_ARG(sbuf_str(&call)));
    struct kql_diags d = {.a = a, .text = text};
    if (text.n > KQL_MAX_BYTES)
        return true;
    if (kql_compile(a, text, &o, &q, &d))
        return true;
    return judge(a, x, &d, head.n + 1, out_missing, e);
}

bool function_check(struct arena *a, struct workspace *w, const struct library_save *x, int64_t now,
                    struct str *out_missing, struct err *e)
{
    /* What is bound is thrown away; a file may bring a thousand functions. */
    AUTO(arena_freep) struct arena *own = arena_new(0);
    bool ok = check(own, w, x, now, out_missing, e);
    *out_missing = arena_str(a, *out_missing);
    return ok;
}
