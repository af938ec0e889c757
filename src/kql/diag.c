/* Diagnostics: what went wrong in a query, where, and what to do about it. */
#include "kql/syntax.h"

#include <stdio.h>

void kql_diag_add(struct kql_diags *d, enum err_code code, const char *kind, const struct syn *at,
                  const char *hint, const char *fmt, ...)
{
    struct kql_diag g = {.code = code,
                         .hint = hint != NULL ? arena_str(d->a, str_from(hint)) : STR_NONE};
    va_list ap;
    snprintf(g.kind, sizeof g.kind, "%s", kind);
    if (at != NULL) {
        g.off = at->off;
        g.len = at->len;
    }
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    va_start(ap, fmt);
    sbuf_addv(&b, fmt, ap);
    va_end(ap);
    g.message = arena_str(d->a, sbuf_str(&b));
    VEC_PUSH(d->a, &d->v, g);
    d->n_errors++;
}

void kql_diag_absent(struct kql_diags *d)
{
    if (d->v.n > 0)
        d->v.p[d->v.n - 1].absent = true;
}

void kql_err_locate(struct str text, struct err *e)
{
    if (e != NULL && e->len > 0 && e->pos.line == 0)
        e->pos = pos_in(text, e->pos.off);
}

void kql_diags_err(const struct kql_diags *d, struct err *e)
{
    for (size_t i = 0; i < d->v.n; i++) {
        const struct kql_diag *g = &d->v.p[i];
        if (g->warning)
            continue;
        err_at(e, g->code, pos_in(d->text, g->off), "%.*s", STR_ARG(g->message));
        if (g->hint.n > 0)
            err_hint(e, "%.*s", STR_ARG(g->hint));
        if (e != NULL) {
            e->len = g->len;
            snprintf(e->kind, sizeof e->kind, "%s", g->kind);
        }
        return;
    }
}
