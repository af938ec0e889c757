/* join and lookup: null keys match each other, strings that have no partner are ''. */
#include "engine/duckdb/emit_priv.h"

static bool has_col(const struct plan *p, uint32_t id)
{
    for (size_t i = 0; i < p->cols.n; i++) {
        if (p->cols.p[i].id == id)
            return true;
    }
    return false;
}

static bool conditions(struct emit *m, const struct plan *p, struct sbuf *out)
{
    for (size_t i = 0; i + 1 < p->n_exprs; i += 2) {
        const struct expr *l = p->exprs[i], *r = p->exprs[i + 1];
        enum kql_type t = emit_common_type(l->type, r->type);
        sbuf_addz(out, i ? " AND (" : "(");
        if (!emit_as(m, l, t, out))
            return false;
        sbuf_addz(out, t == KQL_STRING ? ") = (" : ") IS NOT DISTINCT FROM (");
        if (!emit_as(m, r, t, out))
            return false;
        sbuf_addc(out, ')');
    }
    if (p->n_exprs == 0)
        sbuf_addz(out, "TRUE");
    return true;
}

static bool is_key(const struct plan *p, uint32_t id)
{
    for (size_t i = 0; i < p->n_exprs; i += 2)
        if (p->exprs[i]->kind == EX_COLUMN && p->exprs[i]->col == id)
            return true;
    return false;
}

static bool keys_are_columns(const struct plan *p)
{
    for (size_t i = 0; i < p->n_exprs; i += 2)
        if (p->exprs[i]->kind != EX_COLUMN)
            return false;
    return true;
}

/* The left side of innerunique: one row a key, the first that comes. first() of each column takes
 * them all from the same row, and those that nobody reads cost nothing. */
static bool left_unique(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct plan_cols *cols = &p->in[0]->cols;
    bool columns = keys_are_columns(p);
    sbuf_addz(out, columns ? "(SELECT " : "(SELECT DISTINCT ON (");
    for (size_t i = 0; columns && i < cols->n; i++) {
        uint32_t id = cols->p[i].id;
        sbuf_addf(out, is_key(p, id) ? "%sc%u" : "%sfirst(c%u) AS c%u", i ? ", " : "", id, id);
    }
    for (size_t i = 0; !columns && i < p->n_exprs; i += 2) {
        sbuf_addz(out, i ? ", " : "");
        if (!emit_expr(m, p->exprs[i], EMIT_EXACT, out))
            return false;
    }
    sbuf_addz(out, columns ? " FROM " : ") * FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addz(out, columns ? " GROUP BY " : "");
    for (size_t i = 0; columns && i < p->n_exprs; i += 2)
        sbuf_addf(out, "%sc%u", i ? ", " : "", p->exprs[i]->col);
    sbuf_addf(out, ") AS t%u", emit_fresh(m));
    return true;
}

struct join_form {
    const char *sql;
    bool pads_left, pads_right, swapped;
};

static struct join_form form_of(enum join_kind k)
{
    switch (k) {
    case JOIN_INNERUNIQUE:
    case JOIN_INNER:
        return (struct join_form){" JOIN ", false, false, false};
    case JOIN_LEFTOUTER:
        return (struct join_form){" LEFT JOIN ", false, true, false};
    case JOIN_RIGHTOUTER:
        return (struct join_form){" RIGHT JOIN ", true, false, false};
    case JOIN_FULLOUTER:
        return (struct join_form){" FULL JOIN ", true, true, false};
    case JOIN_LEFTSEMI:
        return (struct join_form){" SEMI JOIN ", false, false, false};
    case JOIN_RIGHTSEMI:
        return (struct join_form){" SEMI JOIN ", false, false, true};
    case JOIN_LEFTANTI:
        return (struct join_form){" ANTI JOIN ", false, false, false};
    case JOIN_RIGHTANTI:
        return (struct join_form){" ANTI JOIN ", false, false, true};
    case JOIN_CROSS:
        return (struct join_form){" JOIN ", false, false, false};
    }
    UNREACHABLE();
}

static void output_list(const struct plan *p, const struct join_form *f, struct sbuf *out)
{
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        bool left = has_col(p->in[0], c->id);
        bool pad = c->type == KQL_STRING && (left ? f->pads_left : f->pads_right);
        sbuf_addz(out, i ? ", " : "");
        sbuf_addz(out, pad ? "coalesce(" : "");
        emit_col(c->id, out);
        if (pad) {
            sbuf_addz(out, ", '')");
            emit_as_col(c->id, out);
        }
    }
    if (p->cols.n == 0)
        sbuf_addz(out, "1 AS c0");
}

/* Inside of a sub-query per row or key the database knows no semi-joins: EXISTS says the same. */
static bool emit_exists(struct emit *m, const struct plan *p, const struct join_form *f, bool anti,
                        struct sbuf *out)
{
    sbuf_addz(out, "SELECT ");
    output_list(p, f, out);
    sbuf_addz(out, " FROM ");
    if (!emit_from(m, p->in[f->swapped ? 1 : 0], out))
        return false;
    sbuf_addz(out, anti ? " WHERE NOT EXISTS (SELECT 1 FROM " : " WHERE EXISTS (SELECT 1 FROM ");
    if (!emit_from(m, p->in[f->swapped ? 0 : 1], out))
        return false;
    sbuf_addz(out, " WHERE ");
    if (!conditions(m, p, out))
        return false;
    sbuf_addz(out, ")");
    return true;
}

bool emit_join(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct join_form f = form_of(p->join);
    bool anti = p->join == JOIN_LEFTANTI || p->join == JOIN_RIGHTANTI;
    bool semi = p->join == JOIN_LEFTSEMI || p->join == JOIN_RIGHTSEMI;
    if ((anti || semi) && m->apply_input.n > 0)
        return emit_exists(m, p, &f, anti, out);
    bool unique = p->join == JOIN_INNERUNIQUE && p->n_exprs;
    sbuf_addz(out, "SELECT ");
    output_list(p, &f, out);
    sbuf_addz(out, " FROM ");
    if (!(unique ? left_unique(m, p, out) : emit_from(m, p->in[f.swapped ? 1 : 0], out)))
        return false;
    sbuf_addz(out, f.sql);
    if (!emit_from(m, p->in[f.swapped ? 0 : 1], out))
        return false;
    sbuf_addz(out, " ON ");
    return conditions(m, p, out);
}
