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

/* A bound of TimeGenerated on the file's own column, by whose statistics the engine leaves out row
 * groups. A bound that nanoseconds can't hold is none: no row of such a part is beyond it. */
static void sql_bound(const struct lake_shape *s, const char *op, int64_t ticks, bool *first,
                      struct sbuf *out)
{
    const struct lake_column *k = map_get(s->by_phys, STR("TimeGenerated"));
    int64_t since =
        ticks > TICKS_UNIX_EPOCH + LAKE_NANO_TICKS || ticks < TICKS_UNIX_EPOCH - LAKE_NANO_TICKS
            ? INT64_MAX
            : ticks - TICKS_UNIX_EPOCH;
    if (k == NULL || (!k->ticks && since == INT64_MAX))
        return;
    sbuf_addf(out, "%s\"TimeGenerated\" %s ", *first ? " WHERE " : " AND ", op);
    *first = false;
    if (k->ticks)
        sbuf_addf(out, "%lld", (long long)ticks);
    else
        sbuf_addf(out, "make_timestamp_ns(%lld)", (long long)since * 100);
}

/* All parts of one shape. once: as a parameter, which makes the database put off the binding of the
 * files until the statement runs; otherwise it looks at each of them twice. Values of paths
 * (NAME=VALUE) are no columns either way. */
static void sql_group(const struct lake_from *f, const struct lake_shape *s, bool once,
                      struct sbuf *out)
{
    int64_t min = INT64_MAX, max = INT64_MIN;
    select_columns(s, f->cols, f->n_cols, out);
    sbuf_addz(out, " FROM read_parquet([");
    for (size_t i = 0; i < f->n_parts; i++) {
        const struct lake_part *p = f->parts[i];
        if (p->shape != s)
            continue;
        sbuf_addz(out, max == INT64_MIN ? "" : ", ");
        sql_text(out, str_from(p->path));
        min = p->min_time < min ? p->min_time : min;
        max = p->max_time > max ? p->max_time : max;
    }
    sbuf_addf(out, "], hive_partitioning=%s)", once ? ENGINE_FALSE_LATE : "false");
    bool first = true;
    if (min < f->from)
        sql_bound(s, ">=", f->from, &first, out);
    if (max >= f->to)
        sql_bound(s, "<", f->to, &first, out);
}

static bool seen_before(struct lake_part *const *parts, size_t i)
{
    for (size_t k = i; k-- > 0;)
        if (parts[k]->shape == parts[i]->shape)
            return true;
    return false;
}

static void sql_groups(const struct lake_from *f, bool once, struct sbuf *out)
{
    for (size_t i = 0; i < f->n_parts; i++) {
        if (seen_before(f->parts, i))
            continue;
        sbuf_addz(out, i > 0 ? " UNION ALL " : "");
        sql_group(f, f->parts[i]->shape, once, out);
    }
}

void lake_sql_parts(const struct lake_from *f, struct sbuf *out)
{
    sql_groups(f, false, out);
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
    sql_groups(f, true, out);
    sbuf_addc(out, ')');
}
