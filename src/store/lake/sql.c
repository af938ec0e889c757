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

/* All parts of one shape that are read as a whole. */
static void sql_group(const struct lake_from *f, const struct lake_shape *s, struct sbuf *out)
{
    int64_t min = INT64_MAX, max = INT64_MIN;
    select_columns(s, f->cols, f->n_cols, out);
    sbuf_addz(out, " FROM read_parquet([");
    for (size_t i = 0; i < f->n_parts; i++) {
        const struct lake_part *p = f->parts[i].part;
        if (p->shape != s || f->parts[i].ranges != NULL)
            continue;
        sbuf_addz(out, max == INT64_MIN ? "" : ", ");
        sql_text(out, str_from(p->path));
        min = p->min_time < min ? p->min_time : min;
        max = p->max_time > max ? p->max_time : max;
    }
    sbuf_addz(out, "])");
    bool first = true;
    if (min < f->from)
        sql_bound(s, ">=", f->from, &first, out);
    if (max >= f->to)
        sql_bound(s, "<", f->to, &first, out);
}

/* Some rows of one part; the engine leaves out the row groups that have none of these numbers. */
static void sql_ranges(const struct lake_from *f, const struct lake_pick *k, struct sbuf *out)
{
    const struct lake_part *p = k->part;
    select_columns(p->shape, f->cols, f->n_cols, out);
    sbuf_addz(out, " FROM read_parquet(");
    sql_text(out, str_from(p->path));
    sbuf_addz(out, ", file_row_number = true) WHERE (");
    for (size_t i = 0; i < k->n; i++)
        sbuf_addf(out, "%s(\"file_row_number\" >= %lld AND \"file_row_number\" < %lld)",
                  i > 0 ? " OR " : "", (long long)k->ranges[i].from, (long long)k->ranges[i].to);
    sbuf_addc(out, ')');
    bool first = false;
    if (p->min_time < f->from)
        sql_bound(p->shape, ">=", f->from, &first, out);
    if (p->max_time >= f->to)
        sql_bound(p->shape, "<", f->to, &first, out);
}

static bool seen_before(const struct lake_pick *parts, size_t i)
{
    for (size_t k = i; k-- > 0;)
        if (parts[k].part->shape == parts[i].part->shape && parts[k].ranges == NULL)
            return true;
    return false;
}

struct lake_pick *lake_whole(struct arena *a, struct lake_part *const *parts, size_t n)
{
    struct lake_pick *picks = arena_array(a, struct lake_pick, n + 1);
    for (size_t i = 0; i < n; i++)
        picks[i].part = parts[i];
    return picks;
}

void lake_sql_parts(const struct lake_from *f, struct sbuf *out)
{
    for (size_t i = 0, n = 0; i < f->n_parts; i++) {
        bool some = f->parts[i].ranges != NULL;
        if (!some && seen_before(f->parts, i))
            continue;
        sbuf_addz(out, n++ > 0 ? " UNION ALL " : "");
        if (some)
            sql_ranges(f, &f->parts[i], out);
        else
            sql_group(f, f->parts[i].part->shape, out);
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
    lake_sql_parts(f, out);
    sbuf_addc(out, ')');
}
