/* SQL over parts: columns back in engine representation, parts of one shape in one read_parquet. */
#include "store/lake/lake_priv.h"

void lake_sql_column(const struct lake_shape *s, const struct phys_col *c, struct sbuf *out)
{
    const struct lake_column *k = map_get(s->by_phys, c->phys);
    if (k == NULL) {
        if (c->type == KQL_STRING)
            sbuf_addz(out, "''");
        else
            sbuf_addf(out, "CAST(NULL AS %s)", engine_sql_type(c->type));
        return;
    }
    if (k->type == KQL_DATETIME && !k->ticks) {
        sbuf_addz(out, "epoch_ns(");
        sql_ident(out, c->phys);
        sbuf_addf(out, ") // 100 + %lld", (long long)TICKS_UNIX_EPOCH);
    } else if (k->type != c->type) {
        sbuf_addz(out, "CAST(");
        sql_ident(out, c->phys);
        sbuf_addf(out, " AS %s)", engine_sql_type(c->type));
    } else {
        sql_ident(out, c->phys);
    }
}

static void select_columns(const struct lake_shape *s, const struct phys_col *cols, size_t n,
                           struct sbuf *out)
{
    sbuf_addz(out, n == 0 ? "SELECT 1 AS \"none\"" : "SELECT ");
    for (size_t i = 0; i < n; i++) {
        sbuf_addz(out, i > 0 ? ", " : "");
        if (s == NULL) {
            sql_ident(out, cols[i].phys);
            continue;
        }
        lake_sql_column(s, &cols[i], out);
        sbuf_addz(out, " AS ");
        sql_ident(out, cols[i].phys);
    }
}

static void sql_group(const struct lake_shape *s, struct lake_part *const *parts, size_t n,
                      const struct phys_col *cols, size_t n_cols, struct sbuf *out)
{
    select_columns(s, cols, n_cols, out);
    sbuf_addz(out, " FROM read_parquet([");
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (parts[i]->shape != s)
            continue;
        sbuf_addz(out, first ? "" : ", ");
        sql_text(out, str_from(parts[i]->path));
        first = false;
    }
    sbuf_addz(out, "])");
}

static bool seen_before(struct lake_part *const *parts, size_t i)
{
    for (size_t k = i; k-- > 0;)
        if (parts[k]->shape == parts[i]->shape)
            return true;
    return false;
}

void lake_sql_parts(struct lake_part *const *parts, size_t n, const struct phys_col *cols,
                    size_t n_cols, struct sbuf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (seen_before(parts, i))
            continue;
        sbuf_addz(out, i > 0 ? " UNION ALL " : "");
        sql_group(parts[i]->shape, parts, n, cols, n_cols, out);
    }
}

void lake_sql_from(const struct lake_from *f, struct sbuf *out)
{
    if (f->lt == NULL || f->lt->sealed == 0) {
        sql_table(f->w, f->hot, out);
        return;
    }
    sbuf_addc(out, '(');
    select_columns(NULL, f->cols, f->n_cols, out);
    sbuf_addz(out, " FROM ");
    sql_table(f->w, f->hot, out);
    sbuf_addf(out, " WHERE \"_TimeReceived\" > %lld", (long long)f->lt->sealed);
    if (f->n_parts > 0)
        sbuf_addz(out, " UNION ALL ");
    lake_sql_parts(f->parts, f->n_parts, f->cols, f->n_cols, out);
    sbuf_addc(out, ')');
}
