/* Diagnostics: what went wrong in a query, where, and what to do about it. */
#include "kql/syntax.h"

#include <stdio.h>

/* One error a place, the first that was found there: what follows from it stands at the same word.
 */
static bool is_told(const struct kql_diags *d, uint32_t off)
{
    for (size_t i = 0; i < d->v.n; i++)
        if (!d->v.p[i].warning && d->v.p[i].off == off)
            return true;
    return false;
}

bool kql_diags_full(const struct kql_diags *d)
{
    return d->v.n >= KQL_MAX_ERRORS;
}

void kql_diag_add(struct kql_diags *d, enum err_code code, const char *kind, const struct syn *at,
                  const char *hint, const char *fmt, ...)
{
    struct kql_diag g = {.code = code};
    d->n_errors++;
    d->kept = false;
    snprintf(g.kind, sizeof g.kind, "%s", kind);
    if (at != NULL) {
        g.off = at->off;
        g.len = at->len;
    }
    if (kql_diags_full(d) || is_told(d, g.off))
        return;
    g.hint = hint != NULL ? arena_str(d->a, str_from(hint)) : STR_NONE;
    va_list ap;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    va_start(ap, fmt);
    sbuf_addv(&b, fmt, ap);
    va_end(ap);
    g.message = arena_str(d->a, sbuf_str(&b));
    VEC_PUSH(d->a, &d->v, g);
    d->kept = true;
}

void kql_diags_sort(struct kql_diags *d)
{
    for (size_t i = 1; i < d->v.n; i++) {
        struct kql_diag g = d->v.p[i];
        size_t k = i;
        for (; k > 0 && d->v.p[k - 1].off > g.off; k--)
            d->v.p[k] = d->v.p[k - 1];
        d->v.p[k] = g;
    }
}

void kql_diag_absent(struct kql_diags *d)
{
    if (d->kept)
        d->v.p[d->v.n - 1].absent = true;
}

void kql_err_locate(struct str text, struct err *e)
{
    if (e != NULL && e->len > 0 && e->pos.line == 0)
        e->pos = pos_in(text, e->pos.off);
}

void kql_diag_err(const struct kql_diags *d, size_t i, struct err *e)
{
    const struct kql_diag *g = &d->v.p[i];
    err_at(e, g->code, pos_in(d->text, g->off), "%.*s", STR_ARG(g->message));
    if (g->hint.n > 0)
        err_hint(e, "%.*s", STR_ARG(g->hint));
    if (e != NULL) {
        e->len = g->len;
        snprintf(e->kind, sizeof e->kind, "%s", g->kind);
    }
}

/* The text decides what the rest can mean: its errors go first. */
void kql_diags_err(const struct kql_diags *d, struct err *e)
{
    size_t first = d->v.n;
    for (size_t i = d->v.n; i-- > 0;)
        if (!d->v.p[i].warning &&
            (first == d->v.n || d->v.p[i].code == ERR_SYNTAX || d->v.p[first].code != ERR_SYNTAX))
            first = i;
    if (first < d->v.n)
        kql_diag_err(d, first, e);
}
