/* SQL over parts: columns back in engine representation, parts in which what is read is kept the
 * same way in one read_parquet. */
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
    AUTO(sbuf_fini) struct sbuf kept = sbuf_make(1 << 16);
    if (k->type == KQL_DATETIME && !k->ticks) {
        sbuf_addz(&kept, "epoch_ns(");
        sql_ident(&kept, c->phys);
        sbuf_addf(&kept, ") // 100 + %lld", (long long)TICKS_UNIX_EPOCH);
    } else {
        sql_ident(&kept, c->phys);
    }
    /* Of another type: the part is from before its column was widened. */
    engine_sql_widen(sbuf_str(&kept), k->type, c->former, c->type, out);
}

/* s NULL: the hot table. */
static void select_member(const struct lake_shape *s, const struct lake_member *k, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf column = sbuf_make(1 << 16);
    const struct lake_column *kept = s != NULL ? lake_shape_path(s, k->col.phys, k->path) : NULL;
    if (kept != NULL)
        sql_ident(&column, kept->phys);
    else if (s != NULL)
        lake_sql_column(s, &k->col, &column);
    else
        sql_ident(&column, k->col.phys);
    if (kept != NULL)
        engine_sql_path_kept(kept->type, sbuf_str(&column), k->form, out);
    else
        engine_sql_path(sbuf_str(&column), k->path, k->form, out);
    sbuf_addz(out, " AS ");
    sql_ident(out, k->name);
}

static void select_columns(const struct lake_shape *s, const struct lake_from *f, struct sbuf *out)
{
    sbuf_addz(out, f->n_cols + f->n_members == 0 ? "SELECT 1 AS \"none\"" : "SELECT ");
    /* Members first: where only the number of rows matters the database reads the first column. */
    for (size_t i = 0; i < f->n_members; i++) {
        sbuf_addz(out, i > 0 ? ", " : "");
        select_member(s, &f->members[i], out);
    }
    for (size_t i = 0; i < f->n_cols; i++) {
        sbuf_addz(out, f->n_members + i > 0 ? ", " : "");
        if (s == NULL) {
            sql_ident(out, f->cols[i].phys);
            continue;
        }
        lake_sql_column(s, &f->cols[i], out);
        sbuf_addz(out, " AS ");
        sql_ident(out, f->cols[i].phys);
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

/* ---- groups of parts ---- */

static bool kept_alike(const struct lake_column *a, const struct lake_column *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->type == b->type && a->ticks == b->ticks && str_eq(a->phys, b->phys);
}

/* Whether what is read is in both the same, whatever else they have: then they are read as one. */
static bool reads_alike(const struct lake_from *f, const struct lake_shape *a,
                        const struct lake_shape *b)
{
    static const struct str always = {"TimeGenerated", sizeof("TimeGenerated") - 1};
    bool alike = kept_alike(map_get(a->by_phys, always), map_get(b->by_phys, always));
    for (size_t i = 0; alike && i < f->n_cols; i++)
        alike =
            kept_alike(map_get(a->by_phys, f->cols[i].phys), map_get(b->by_phys, f->cols[i].phys));
    for (size_t i = 0; alike && i < f->n_members; i++) {
        const struct lake_member *k = &f->members[i];
        alike = kept_alike(lake_shape_path(a, k->col.phys, k->path),
                           lake_shape_path(b, k->col.phys, k->path)) &&
                kept_alike(map_get(a->by_phys, k->col.phys), map_get(b->by_phys, k->col.phys));
    }
    return alike;
}

struct groups {
    struct arena *a;
    VEC(const struct lake_shape *) shapes; /* one a group */
    struct map *of;                        /* shape by address → 1 + group */
};

static size_t group_of(struct groups *g, const struct lake_from *f, const struct lake_shape *s)
{
    struct str key = {(const char *)&s, sizeof(s)};
    uintptr_t known = (uintptr_t)map_get(g->of, key);
    if (known != 0)
        return known - 1;
    size_t at = 0;
    while (at < g->shapes.n && !reads_alike(f, g->shapes.p[at], s))
        at++;
    if (at == g->shapes.n)
        VEC_PUSH(g->a, &g->shapes, s);
    map_put(g->of, arena_str(g->a, key), (void *)(at + 1)); // NOLINT: a number, not an address
    return at;
}

/* read_parquet( of a list of parts. */
static void sql_list(const struct lake_from *f, struct lake_part *const *parts, size_t n,
                     struct sbuf *out)
{
    const struct lake_list *first = f->lists->lists.n > 0 ? f->lists->lists.p[0] : NULL;
    struct lake_list *x = lake_list_open(f->lists->reads, first, parts, n);
    VEC_PUSH(f->lists->a, &f->lists->lists, x);
    engine_files_item(lake_list_number(x), out);
}

static void sql_group_list(const struct lake_from *f, const size_t *group, size_t at,
                           struct sbuf *out)
{
    struct lake_part **parts = xcalloc(f->n_parts + 1, sizeof(struct lake_part *));
    size_t n = 0;
    for (size_t i = 0; i < f->n_parts; i++)
        if (group[i] == at)
            parts[n++] = f->parts[i].part;
    sql_list(f, parts, n, out);
    xfree(parts);
}

/* read_parquet( of their paths, as one text that the database splits: to it a list of thousands of
 * texts is an expression with as many members. */
static void sql_paths(const struct lake_from *f, const size_t *group, size_t at, struct sbuf *out)
{
    const char *lake = f->parts[0].part->lake->dir;
    char between = '\n'; /* which a path may have */
    while (between < ' ' && strchr(lake, between) != NULL)
        between++;
    AUTO(sbuf_fini) struct sbuf paths = sbuf_make(0);
    for (size_t i = 0; i < f->n_parts; i++) {
        if (group[i] != at)
            continue;
        if (paths.n > 0)
            sbuf_addc(&paths, between);
        sbuf_addz(&paths, f->parts[i].part->path);
    }
    sbuf_addz(out, "read_parquet(string_split(");
    sql_text(out, sbuf_str(&paths));
    sbuf_addf(out, ", chr(%d))", between);
}

/* All parts of one group. once: as a parameter, which makes the database put off the binding of the
 * files until the statement runs; otherwise it looks at each of them twice. Values of paths
 * (NAME=VALUE) are no columns either way. */
static void sql_group(const struct lake_from *f, const size_t *group, size_t at,
                      const struct lake_shape *s, bool once, struct sbuf *out)
{
    int64_t min = INT64_MAX, max = INT64_MIN;
    select_columns(s, f, out);
    sbuf_addz(out, " FROM ");
    if (f->lists != NULL)
        sql_group_list(f, group, at, out);
    else
        sql_paths(f, group, at, out);
    for (size_t i = 0; i < f->n_parts; i++) {
        const struct lake_part *p = f->parts[i].part;
        if (group[i] != at)
            continue;
        min = p->min_time < min ? p->min_time : min;
        max = p->max_time > max ? p->max_time : max;
    }
    sbuf_addf(out, ", hive_partitioning=%s)", once ? ENGINE_FALSE_LATE : "false");
    bool first = true;
    if (min < f->from)
        sql_bound(s, ">=", f->from, &first, out);
    if (max >= f->to)
        sql_bound(s, "<", f->to, &first, out);
}

/* Some rows of one part; the engine leaves out the row groups that have none of these numbers. */
static void sql_ranges(const struct lake_from *f, const struct lake_pick *k, bool once,
                       struct sbuf *out)
{
    const struct lake_part *p = k->part;
    select_columns(p->shape, f, out);
    sbuf_addz(out, " FROM ");
    if (f->lists != NULL) {
        sql_list(f, &k->part, 1, out);
    } else {
        sbuf_addz(out, "read_parquet(");
        sql_text(out, str_from(p->path));
    }
    sbuf_addf(out, ", file_row_number = true, hive_partitioning=%s) WHERE (",
              once ? ENGINE_FALSE_LATE : "false");
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

struct lake_pick *lake_whole(struct arena *a, struct lake_part *const *parts, size_t n)
{
    struct lake_pick *picks = arena_array(a, struct lake_pick, n + 1);
    for (size_t i = 0; i < n; i++)
        picks[i].part = parts[i];
    return picks;
}

/* Where only the number of rows matters no part needs to be opened whose rows are all wanted: the
 * manifest has their number. Marks them as done. */
static int64_t count_known(const struct lake_from *f, size_t *group)
{
    int64_t rows = 0;
    for (size_t i = 0; i < f->n_parts && f->n_cols + f->n_members == 0; i++) {
        const struct lake_part *p = f->parts[i].part;
        if (f->parts[i].ranges != NULL || p->min_time < f->from || p->max_time >= f->to)
            continue;
        group[i] = SIZE_MAX;
        rows += p->rows;
    }
    return rows;
}

static void sql_groups(const struct lake_from *f, bool once, struct sbuf *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct groups g = {.a = a, .of = map_new(a, false)};
    size_t *group = arena_array(a, size_t, f->n_parts + 1);
    size_t n = 0;
    int64_t known = count_known(f, group);
    if (known > 0) {
        select_columns(NULL, f, out);
        sbuf_addf(out, " FROM range(%lld)", (long long)known);
        n++;
    }
    for (size_t i = 0; i < f->n_parts; i++)
        if (group[i] != SIZE_MAX)
            group[i] =
                f->parts[i].ranges != NULL ? SIZE_MAX : group_of(&g, f, f->parts[i].part->shape);
    for (size_t i = 0; i < g.shapes.n; i++) {
        sbuf_addz(out, n++ > 0 ? " UNION ALL " : "");
        sql_group(f, group, i, g.shapes.p[i], once, out);
    }
    for (size_t i = 0; i < f->n_parts; i++) {
        if (f->parts[i].ranges == NULL)
            continue;
        sbuf_addz(out, n++ > 0 ? " UNION ALL " : "");
        sql_ranges(f, &f->parts[i], once, out);
    }
}

void lake_sql_parts(const struct lake_from *f, struct sbuf *out)
{
    sql_groups(f, false, out);
}

void lake_sql_from(const struct lake_from *f, struct sbuf *out)
{
    if ((f->lt == NULL || f->lt->sealed == 0) && f->n_members == 0) {
        sql_table(f->w, f->hot, out);
        return;
    }
    sbuf_addc(out, '(');
    select_columns(NULL, f, out);
    sbuf_addz(out, " FROM ");
    sql_table(f->w, f->hot, out);
    sbuf_addf(out, " WHERE \"_TimeReceived\" > %lld",
              (long long)(f->lt != NULL ? f->lt->sealed : 0));
    if (f->n_parts > 0)
        sbuf_addz(out, " UNION ALL ");
    sql_groups(f, true, out);
    sbuf_addc(out, ')');
}
