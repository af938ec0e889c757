/* Writing parts: a COPY for each day (or one for all rows), to a temporary name that becomes the
 * part's own once the file is on disk and was read back. */
#include <stdio.h>
#include <unistd.h>

#include "base/ids.h"
#include "store/lake/lake_priv.h"

enum { WRITE_MAX_SQL = 4 << 20, MAX_DAYS = 100000, FIXED = 6 };

struct day {
    int64_t day, rows, min_time, max_time, max_received, billed;
    bool *ticks; /* one a column: a datetime that nanoseconds can't hold */
};

static bool is_nano(const struct phys_col *c)
{
    return c->type == KQL_DATETIME;
}

/* ---- what there is, day by day ---- */

static void sql_days(const struct lake_source *src, struct sbuf *sql)
{
    sbuf_addf(sql,
              "SELECT %s // %lld, count(*), min(\"TimeGenerated\"), "
              "max(\"TimeGenerated\"), max(\"_TimeReceived\"), "
              "CAST(coalesce(sum(\"_BilledSize\"), 0) AS BIGINT)",
              src->whole ? "min(\"TimeGenerated\")" : "\"TimeGenerated\"",
              (long long)TICKS_PER_DAY);
    for (size_t i = 0; i < src->n; i++) {
        if (!is_nano(&src->cols[i]))
            continue;
        sbuf_addz(sql, ", coalesce(bool_and(");
        sql_ident(sql, src->cols[i].phys);
        sbuf_addf(sql, " BETWEEN %lld AND %lld), true)",
                  (long long)(TICKS_UNIX_EPOCH - LAKE_NANO_TICKS),
                  (long long)(TICKS_UNIX_EPOCH + LAKE_NANO_TICKS));
    }
    sbuf_addz(sql, " FROM ");
    sbuf_add(sql, src->from);
    sbuf_addz(sql, " AS vedette_rows");
    if (src->whole)
        sbuf_addz(sql, " HAVING count(*) > 0");
    else
        sbuf_addf(sql, " GROUP BY 1 ORDER BY 1 LIMIT %d", MAX_DAYS);
}

static bool find_days(struct lake *l, struct arena *a, const struct lake_source *src,
                      struct day **out, size_t *out_n, struct err *e)
{
    struct kql_schema schema = {arena_array(a, struct kql_column, src->n + FIXED), 0};
    for (size_t i = 0; i < FIXED; i++)
        schema.cols[schema.n++] = (struct kql_column){STR("n"), KQL_LONG};
    for (size_t i = 0; i < src->n; i++)
        if (is_nano(&src->cols[i]))
            schema.cols[schema.n++] = (struct kql_column){STR("fits"), KQL_BOOL};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(WRITE_MAX_SQL);
    sql_days(src, &sql);
    if (!sbuf_ok(&sql))
        return err_set(e, ERR_LIMIT, "table '%.*s' has too many columns", STR_ARG(src->table));
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    size_t n = engine_rows_count(rows);
    struct day *days = arena_array(a, struct day, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct day *d = &days[i];
        int64_t *const fields[] = {&d->day,      &d->rows,         &d->min_time,
                                   &d->max_time, &d->max_received, &d->billed};
        for (size_t k = 0; k < COUNTOF(fields); k++)
            *fields[k] = engine_rows_get(rows, i, k).i;
        d->ticks = arena_array(a, bool, src->n + 1);
        for (size_t k = 0, at = FIXED; k < src->n; k++)
            if (is_nano(&src->cols[k]))
                d->ticks[k] = !engine_rows_get(rows, i, at++).b;
    }
    engine_rows_free(rows);
    *out = days;
    *out_n = n;
    return true;
}

/* ---- one part ---- */

struct writing {
    struct lake *l;
    struct arena *a;
    const struct lake_source *src;
    struct lake_shreds shreds;
};

static void sql_copy(const struct writing *w, const struct day *d, size_t at, const char *path,
                     int64_t row_group, struct sbuf *sql)
{
    const struct lake_source *src = w->src;
    sbuf_addz(sql, "COPY (SELECT ");
    for (size_t i = 0; i < src->n; i++) {
        const struct phys_col *c = &src->cols[i];
        bool nano = is_nano(c) && !d->ticks[i];
        sbuf_addz(sql, i > 0 ? ", " : "");
        sbuf_addz(sql, nano ? "make_timestamp_ns((" : "");
        sql_ident(sql, c->phys);
        if (nano) {
            sbuf_addf(sql, " - %lld) * 100) AS ", (long long)TICKS_UNIX_EPOCH);
            sql_ident(sql, c->phys);
        }
    }
    lake_shred_sql(&w->shreds, at, sql);
    sbuf_addz(sql, " FROM (SELECT * FROM ");
    sbuf_add(sql, src->from);
    sbuf_addz(sql, " AS vedette_rows");
    if (!src->whole)
        sbuf_addf(sql, " WHERE \"TimeGenerated\" >= %lld AND \"TimeGenerated\" < %lld",
                  (long long)(d->day * TICKS_PER_DAY), (long long)((d->day + 1) * TICKS_PER_DAY));
    sbuf_addz(sql, " ORDER BY ");
    lake_cluster_sql(w->l, src, sql);
    sbuf_addz(sql, "\"TimeGenerated\", \"_TimeReceived\", \"_ItemId\")) TO ");
    sql_text(sql, str_from(path));
    sbuf_addf(sql, " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %lld)",
              (long long)row_group);
}

/* Whether the file says that it has the rows. */
static bool check_rows(struct engine_conn *conn, const char *path, int64_t rows, struct err *e)
{
    struct kql_column c = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&c, 1};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(WRITE_MAX_SQL);
    sbuf_addz(&sql, "SELECT count(*) FROM read_parquet(");
    sql_text(&sql, str_from(path));
    sbuf_addz(&sql, ")");
    struct engine_rows *r = NULL;
    if (!engine_conn_query(conn, sbuf_str(&sql), &schema, &r, e))
        return false;
    int64_t got = engine_rows_get(r, 0, 0).i;
    engine_rows_free(r);
    return got == rows ? true
                       : err_set(e, ERR_INTERNAL, "%s has %lld rows, not %lld", path,
                                 (long long)got, (long long)rows);
}

bool lake_part_rows_ok(struct workspace *w, const struct lake_part *p, struct err *e)
{
    struct engine_conn *conn = engine_conn_open(w->s->engine, e);
    bool ok = conn != NULL && check_rows(conn, p->path, p->rows, e);
    engine_conn_close(conn);
    return ok;
}

static bool put_in_place(struct lake_part *p, const char *tmp, const char *dir, struct err *e)
{
    if (!lake_file_sync(tmp, e) || !lake_file_crc(tmp, &p->crc, &p->bytes, e))
        return false;
    if (rename(tmp, p->path) != 0)
        return err_errno(e, "can't name the part", p->path);
    return lake_dir_sync(dir, e);
}

static bool write_day(const struct writing *w, const struct day *d, size_t at, struct lake_part *p,
                      struct err *e)
{
    struct lake *l = w->l;
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    char *dir = arena_strz(a, str_from(p->path));
    *strrchr(dir, '/') = '\0';
    const char *tmp = arena_fmt(a, "%s.tmp", p->path).p;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(WRITE_MAX_SQL);
    sql_copy(w, d, at, tmp, w->l->w->s->lake.row_group, &sql);
    if (!sbuf_ok(&sql))
        return err_set(e, ERR_LIMIT, "table '%.*s' has too many columns", STR_ARG(p->table));
    bool ok = lake_dir_make(dir, e) && engine_conn_exec(l->conn, sbuf_str(&sql), e) &&
              check_rows(l->conn, tmp, d->rows, e) && put_in_place(p, tmp, dir, e);
    if (!ok)
        (void)unlink(tmp);
    return ok;
}

static struct lake_part *part_of(const struct writing *w, const struct day *d, size_t at)
{
    struct lake *l = w->l;
    const struct lake_source *src = w->src;
    size_t n = src->n;
    char id[37];
    guid_format(guid_new(), id);
    struct lake_part *p = lake_part_new(l, src->table, str_from(id), d->day);
    struct lake_column *cols = arena_array(w->a, struct lake_column, n + w->shreds.n + 1);
    for (size_t i = 0; i < src->n; i++)
        cols[i] = (struct lake_column){
            .phys = src->cols[i].phys, .type = src->cols[i].type, .ticks = d->ticks[i]};
    for (size_t i = 0; i < w->shreds.n; i++) {
        const struct lake_shred *s = &w->shreds.p[i];
        cols[n++] = (struct lake_column){
            .phys = s->name, .type = s->types[at], .of = s->col.phys, .path = s->path};
    }
    p->shape = lake_shape_of(l, cols, n);
    p->rows = d->rows;
    p->min_time = d->min_time;
    p->max_time = d->max_time;
    p->max_received = d->max_received;
    p->billed = d->billed;
    p->made = clock_now(l->w->s->clock);
    return p;
}

void lake_write_undo(struct lake_written *x)
{
    for (size_t i = 0; i < x->n; i++) {
        (void)lake_files_unlink(x->parts[i]->path);
        lake_part_unref(x->parts[i]);
    }
    x->n = 0;
}

bool lake_write(struct lake *l, struct arena *a, const struct lake_source *src,
                struct lake_written *out, struct err *e)
{
    struct day *days = NULL;
    size_t n = 0;
    if (!find_days(l, a, src, &days, &n, e))
        return false;
    if (n >= MAX_DAYS)
        return err_set(e, ERR_LIMIT, "rows of table '%.*s' are of more than %d days",
                       STR_ARG(src->table), MAX_DAYS);
    struct writing w = {.l = l, .a = a, .src = src};
    int64_t rows = 0;
    for (size_t i = 0; i < n; i++)
        rows += days[i].rows;
    lake_shred_choose(l, a, src, n, rows, &w.shreds);
    *out = (struct lake_written){.parts = arena_array(a, struct lake_part *, n + 1)};
    for (size_t i = 0; i < n; i++) {
        struct lake_part *p = part_of(&w, &days[i], i);
        out->parts[out->n++] = p;
        if (!write_day(&w, &days[i], i, p, e)) {
            lake_write_undo(out);
            return false;
        }
        lake_terms_make(l, p);
        out->rows += p->rows;
        if (p->max_received > out->max_received)
            out->max_received = p->max_received;
    }
    return true;
}
