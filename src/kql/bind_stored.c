/* Stored functions: reading them, and finding them while a query is bound. */
#include "kql/bind_priv.h"

/* ---- reading ---- */

static const struct syn *declaration(const struct syn *query)
{
    /* More statements than the two that were written: the text closed its own brace. */
    if (query->n != 2 || query->kids[0]->kind != SYN_LET || query->kids[0]->n == 0)
        return NULL;
    const struct syn *decl = query->kids[0]->kids[0];
    return decl->kind == SYN_FUNC_DECL ? decl : NULL;
}

const struct syn *kql_parse_function(struct arena *a, const struct kql_stored_function *f,
                                     struct kql_diags *diags, bool *out_in_parameters)
{
    static const char frame[] = "let f = ";
    struct str text =
        arena_fmt(a, "%s%.*s %.*s\n;print 1", frame, STR_ARG(f->parameters), STR_ARG(f->body));
    struct kql_diags d = {.a = a, .text = text};
    size_t parameters = sizeof(frame) - 1, body = parameters + f->parameters.n + 1;
    diags->a = a;
    diags->text = f->body;
    const struct syn *q = kql_parse(a, text, &d);
    const struct syn *decl = d.n_errors == 0 ? declaration(q) : NULL;
    if (decl != NULL)
        return decl;
    if (d.n_errors == 0) {
        struct syn at = {.kind = SYN_ERROR, .off = (uint32_t)body};
        kql_diag_add(&d, ERR_SYNTAX, "SYN0002", &at, NULL,
                     "parameters and one body in braces are expected");
    }
    bool early = d.v.n > 0 && d.v.p[0].off < body;
    for (size_t i = 0; i < d.v.n; i++) {
        size_t from = early ? parameters : body, end = early ? f->parameters.n : f->body.n;
        struct kql_diag *x = &d.v.p[i];
        size_t off = x->off > from ? x->off - from : 0;
        x->off = (uint32_t)(off < end ? off : end);
        VEC_PUSH(a, &diags->v, *x);
    }
    if (early)
        diags->text = f->parameters;
    if (out_in_parameters != NULL)
        *out_in_parameters = early;
    diags->n_errors += d.n_errors;
    return NULL;
}

/* ---- finding ---- */

/* What this query knows of a stored function. */
struct stored {
    const struct syn *decl;
    bool whole_time, by_argument;
    bool active; /* its body is being bound */
};

static struct stored *stored_of(const struct binder *b, const struct syn *decl)
{
    struct str name;
    void *v = NULL;
    for (size_t i = 0; map_next(b->functions, &i, &name, &v);)
        if (((struct stored *)v)->decl == decl)
            return v;
    return NULL;
}

static struct stored *remember(struct binder *b, struct str key,
                               const struct kql_stored_function *f, const struct syn *at)
{
    struct kql_diags d = {.a = b->a};
    const struct syn *decl = f->decl != NULL ? f->decl : kql_parse_function(b->a, f, &d, NULL);
    if (decl == NULL) {
        if (at != NULL)
            bind_error(b, "SEM0001", at, "the stored function '%s' can't be read: %s",
                       z(b, f->name), d.v.n > 0 ? z(b, d.v.p[0].message) : "");
        return NULL;
    }
    struct stored *s = arena_new_of(b->a, struct stored);
    *s = (struct stored){.decl = decl, .whole_time = f->whole_time, .by_argument = f->by_argument};
    map_put(b->functions, arena_str(b->a, key), s);
    return s;
}

const struct syn *bind_find_stored(struct binder *b, struct str name, const struct syn *at)
{
    const struct kql_catalog *cat = b->o->catalog;
    struct kql_stored_function f = {0};
    struct stored *known = map_get(b->functions, name);
    if (known == NULL && cat != NULL && cat->find_function != NULL &&
        cat->find_function(cat->self, b->a, name, &f)) {
        f.name = name;
        known = remember(b, name, &f, at);
    }
    return known != NULL ? known->decl : NULL;
}

const struct syn *bind_variant(const struct cx *c, const struct syn *call, const struct syn *decl)
{
    struct binder *b = c->b;
    const struct kql_catalog *cat = b->o->catalog;
    const struct stored *general = stored_of(b, decl);
    if (general == NULL || !general->by_argument || cat->find_variant == NULL || call->n == 0)
        return decl;
    const struct syn *arg =
        call->kids[0]->kind == SYN_NAMED ? call->kids[0]->kids[0] : call->kids[0];
    struct expr *e = bind_constant(c, arg, KQL_STRING);
    if (e->kind != EX_CONST || e->type != KQL_STRING)
        return decl;
    /* No name has a parenthesis, so a variant's key meets no function. */
    struct str key = arena_fmt(b->a, "%.*s(%.*s", STR_ARG(call->text), STR_ARG(e->value.s));
    struct kql_stored_function f = {0};
    const struct stored *known = map_get(b->functions, key);
    if (known == NULL && cat->find_variant(cat->self, b->a, call->text, e->value.s, &f)) {
        f.name = call->text;
        known = remember(b, key, &f, call);
    }
    if (known == NULL && b->no_variant.n == 0)
        b->no_variant = arena_fmt(b->a, "%.*s('%.*s')", STR_ARG(call->text), STR_ARG(e->value.s));
    return known != NULL ? known->decl : decl;
}

/* ---- while its body is bound ---- */

bool bind_stored_is_active(const struct binder *b, struct str name)
{
    const struct stored *s = map_get(b->functions, name);
    return s != NULL && s->active;
}

bool bind_stored_enter(struct binder *b, const struct syn *decl, const struct syn *call,
                       struct stored_frame *f)
{
    struct stored *s = stored_of(b, decl);
    *f = (struct stored_frame){.stored = s, .options = b->o, .diags = b->d};
    if (s == NULL)
        return true;
    if (s->active) {
        bind_error(b, "SEM0001", call, "the function '%s' calls itself", z(b, call->text));
        return false;
    }
    s->active = true;
    f->own = (struct kql_diags){.a = b->a, .text = b->d->text};
    b->d = &f->own;
    if (s->whole_time) {
        f->timeless = *b->o;
        f->timeless.has_scope = f->timeless.has_arrival = false;
        b->o = &f->timeless;
    }
    return true;
}

bool bind_stored_leave(struct binder *b, const struct syn *call, struct stored_frame *f)
{
    b->o = f->options;
    b->d = f->diags;
    if (f->stored == NULL)
        return true;
    f->stored->active = false;
    if (f->own.n_errors == 0)
        return true;
    size_t first = 0; /* what will be wrong on any day comes before what is only missing */
    while (first + 1 < f->own.v.n && f->own.v.p[first].absent)
        first++;
    bool absent = f->own.v.p[first].absent;
    bind_error(b, "SEM0001", call, "in the function '%s': %s", z(b, call->text),
               z(b, f->own.v.p[absent ? 0 : first].message));
    if (absent)
        kql_diag_absent(b->d);
    return false;
}
