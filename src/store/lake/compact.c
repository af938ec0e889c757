/* Compaction: small parts of one day become one, when there are many of them or when nothing was
 * added to the day for a while; and so do those of a month that has long been over, so that the
 * number of parts does not grow by one a day for years. */
#include "store/lake/lake_priv.h"
#include "text/date.h"

#define SMALL_BYTES (INT64_C(128) << 20) /* larger parts are left alone */
#define MERGE_BYTES (INT64_C(256) << 20) /* of one merge, at the most */
#define QUIET_TICKS (6 * TICKS_PER_HOUR)
#define OLD_TICKS (30 * TICKS_PER_DAY)
enum { MANY = 8 };

enum span { SPAN_DAY, SPAN_MONTH, N_SPANS };
struct candidates {
    struct lake_part **parts;
    size_t n;
    int64_t newest_made, newest_time, first_received, last_received;
};

static bool is_small(const struct lake_part *p)
{
    return p->bytes < SMALL_BYTES;
}

static int64_t span_of(const struct lake_part *p, enum span span)
{
    if (span == SPAN_DAY)
        return p->day;
    struct civil c = civil_from_ticks(p->day * TICKS_PER_DAY);
    return (int64_t)c.year * 12 + c.month;
}

static void take(struct candidates *c, struct lake_part *p)
{
    c->parts[c->n++] = p;
    c->newest_made = p->made > c->newest_made ? p->made : c->newest_made;
    c->newest_time = p->max_time > c->newest_time ? p->max_time : c->newest_time;
    c->first_received = p->max_received < c->first_received ? p->max_received : c->first_received;
    c->last_received = p->max_received > c->last_received ? p->max_received : c->last_received;
}

/* The small parts of the span of parts[first], the oldest first. */
static struct candidates of_span(struct arena *a, const struct lake_table *t, size_t first,
                                 enum span span, bool only_here, size_t *out_end)
{
    size_t end = first;
    while (end < t->n && span_of(t->parts[end], span) == span_of(t->parts[first], span))
        end++;
    struct candidates c = {.parts = arena_array(a, struct lake_part *, end - first),
                           .newest_made = INT64_MIN,
                           .newest_time = INT64_MIN,
                           .first_received = INT64_MAX,
                           .last_received = INT64_MIN};
    int64_t bytes = 0;
    for (size_t i = first; i < end; i++) {
        if (!is_small(t->parts[i]) || bytes + t->parts[i]->bytes > MERGE_BYTES ||
            (only_here && lake_is_away(t->parts[i])))
            continue;
        bytes += t->parts[i]->bytes;
        take(&c, t->parts[i]);
    }
    *out_end = end;
    return c;
}

/* Whether they may become one. Months: what comes late is merged in its day first, a clustering key
 * keeps days apart, and a part leaves as a whole, with its newest row. */
static bool may_merge(struct lake *l, struct arena *a, const struct lake_table *t,
                      const struct candidates *c, enum span span)
{
    return span == SPAN_DAY ||
           (clock_now(l->w->s->clock) - c->newest_time >= OLD_TICKS &&
            workspace_cluster(l->w, a, t->name).n == 0 &&
            lake_retention_spares(l, t->name, c->first_received, c->last_received));
}

static bool worth_it(const struct candidates *c, enum span span, int64_t now)
{
    bool quiet = now - c->newest_made >= QUIET_TICKS;
    return span == SPAN_DAY ? c->n >= MANY || quiet : c->n >= MANY && quiet;
}

static bool write_merged(struct lake *l, struct arena *a, const struct lake_table *t,
                         const struct candidates *c, struct err *e)
{
    struct lake_source src = {.table = t->name, .whole = true};
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

/* The first merge that is to be done, if there is one. */
static bool compact_table(struct lake *l, const struct lake_table *t, enum span span, bool all,
                          bool *out_merged, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    int64_t now = clock_now(l->w->s->clock);
    /* While the store does not answer, nobody waits for it here. */
    bool only_here = !all && store_remote(l->w->s).failing_since != 0;
    for (size_t first = 0, end; first < t->n; first = end) {
        struct candidates c = of_span(a, t, first, span, only_here, &end);
        if (c.n < 2 || !(all || worth_it(&c, span, now)) || !may_merge(l, a, t, &c, span))
            continue;
        *out_merged = merge(l, a, t, &c, e);
        return *out_merged;
    }
    return true;
}

bool lake_compact(struct lake *l, bool all, bool *out_more, struct err *e)
{
    struct lake_view *v = lake_view_take(l);
    bool ok = true;
    *out_more = false;
    for (size_t i = 0; ok && !*out_more && i < v->n; i++)
        for (enum span span = 0; ok && !*out_more && span < N_SPANS; span++)
            ok = compact_table(l, &v->tables[i], span, all, out_more, e);
    lake_view_drop(v);
    if (!ok)
        err_prefix(e, "merging of parts");
    return ok;
}
