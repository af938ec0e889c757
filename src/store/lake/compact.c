/* Compaction: small parts of one day become one. Parts are merged when there are many of them, or
 * when nothing was added to the day for a while. */
#include "store/lake/lake_priv.h"

#define SMALL_BYTES (INT64_C(128) << 20) /* larger parts are left alone */
#define MERGE_BYTES (INT64_C(256) << 20) /* of one merge, at the most */
#define QUIET_TICKS (6 * TICKS_PER_HOUR)
enum { MANY = 8 };

struct candidates {
    struct lake_part **parts;
    size_t n;
};

static bool is_small(const struct lake_part *p)
{
    return p->bytes < SMALL_BYTES;
}

/* The small parts of the day of parts[first], the oldest first. */
static struct candidates of_day(struct arena *a, const struct lake_table *t, size_t first,
                                bool only_here)
{
    size_t end = first;
    while (end < t->n && t->parts[end]->day == t->parts[first]->day)
        end++;
    struct candidates c = {arena_array(a, struct lake_part *, end - first), 0};
    int64_t bytes = 0;
    for (size_t i = first; i < end; i++) {
        if (!is_small(t->parts[i]) || bytes + t->parts[i]->bytes > MERGE_BYTES ||
            (only_here && lake_is_away(t->parts[i])))
            continue;
        bytes += t->parts[i]->bytes;
        c.parts[c.n++] = t->parts[i];
    }
    return c;
}

static bool worth_it(const struct candidates *c, int64_t now)
{
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < c->n; i++)
        newest = c->parts[i]->made > newest ? c->parts[i]->made : newest;
    return c->n >= MANY || (c->n >= 2 && now - newest >= QUIET_TICKS);
}

static bool write_merged(struct lake *l, struct arena *a, const struct lake_table *t,
                         const struct candidates *c, struct err *e)
{
    struct lake_source src = {.table = t->name};
    struct str hot;
    src.cols = lake_columns(l, a, t->name, &hot, &src.n);
    AUTO(sbuf_fini) struct sbuf from = sbuf_make(0);
    struct lake_from f = {.w = l->w, .parts = lake_whole(a, c->parts, c->n), .n_parts = c->n};
    f.cols = src.cols;
    f.n_cols = src.n;
    f.from = INT64_MIN;
    f.to = INT64_MAX;
    sbuf_addc(&from, '(');
    lake_sql_parts(&f, &from);
    sbuf_addc(&from, ')');
    src.from = sbuf_str(&from);
    int64_t rows = 0;
    for (size_t i = 0; i < c->n; i++)
        rows += c->parts[i]->rows;
    struct lake_written x = {0};
    if (!lake_write(l, a, &src, &x, e)) {
        (void)lake_suspect(l, c->parts, c->n);
        return false;
    }
    if (x.n != 1 || x.rows != rows) {
        lake_write_undo(&x);
        return err_set(e, ERR_INTERNAL, "%zu parts hold %lld rows, the merged one %lld", c->n,
                       (long long)rows, (long long)x.rows);
    }
    struct lake_edit edit = {.table = t->name, .add = x.parts, .n_add = 1, .remove = c->parts};
    edit.n_remove = c->n;
    bool ok = lake_manifest_commit(l, &edit, e);
    lake_part_unref(x.parts[0]);
    if (ok)
        LOG(LOG_INFO, "lake", "merged", log_s("workspace", l->w->name), log_s("table", t->name),
            log_i("parts", (int64_t)c->n), log_i("rows", rows));
    return ok;
}

static bool merge(struct lake *l, struct arena *a, const struct lake_table *t,
                  const struct candidates *c, struct err *e)
{
    if (!lake_pin(c->parts, c->n, NULL, e))
        return false;
    bool ok = write_merged(l, a, t, c, e);
    lake_unpin(c->parts, c->n);
    return ok;
}

bool lake_compact(struct lake *l, bool all, bool *out_more, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct lake_view *v = lake_view_take(l);
    bool ok = true;
    int64_t now = clock_now(l->w->s->clock);
    /* While the store does not answer, nobody waits for it here. */
    bool only_here = !all && store_remote(l->w->s).failing_since != 0;
    *out_more = false;
    for (size_t i = 0; ok && !*out_more && i < v->n; i++) {
        const struct lake_table *t = &v->tables[i];
        for (size_t k = 0; ok && !*out_more && k < t->n; k++) {
            if (k > 0 && t->parts[k]->day == t->parts[k - 1]->day)
                continue;
            if (k + 1 >= t->n || t->parts[k + 1]->day != t->parts[k]->day)
                continue;
            struct candidates c = of_day(a, t, k, only_here);
            if (c.n < 2 || (!all && !worth_it(&c, now)))
                continue;
            ok = merge(l, a, t, &c, e);
            *out_more = ok;
        }
    }
    lake_view_drop(v);
    if (!ok)
        err_prefix(e, "merging of parts");
    return ok;
}
