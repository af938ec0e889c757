/* How many rows the tables that rules read have, hour by hour, and how late they arrived: each
 * table is counted once, in one query. */
#include "backtest/backtest_priv.h"
#include "text/date.h"

enum { MOST_HOURS = 24 * (BACKTEST_MAX_DAYS + 15) };

struct volume {
    struct str table;
    int64_t *hours; /* rows up to and without hour i of the range */
    int64_t rows, late;
    double mean_s;   /* between TimeGenerated and arrival */
    int64_t longest; /* ticks: the same, of what arrived within the time of the backtest */
};
struct volumes {
    struct arena *a;
    const struct trial_options *o;
    const _Atomic bool *cancel;
    int64_t from; /* the first hour; ticks */
    size_t n_hours;
    struct map *tables; /* name → struct volume */
    int64_t to;
};

struct volumes *volumes_new(struct arena *a, const struct trial_options *o,
                            const struct backtest_request *q, const _Atomic bool *cancel)
{
    struct volumes *v = arena_new_of(a, struct volumes);
    int64_t period = 0;
    for (size_t i = 0; i < q->n; i++)
        if (rule_period(&q->rules[i]) > period)
            period = rule_period(&q->rules[i]);
    v->a = a;
    v->o = o;
    v->cancel = cancel;
    v->to = q->to;
    v->from = q->from - period;
    v->from -= v->from % TICKS_PER_HOUR;
    v->n_hours = (size_t)((q->to - v->from) / TICKS_PER_HOUR) + 2;
    v->tables = map_new(a, false);
    return v;
}

static struct str query_of(struct arena *a, struct str table, int64_t arrived_by)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    char by[29];
    date_format(arrived_by, by);
    sbuf_addz(&b, "[");
    json_escape(&b, table);
    sbuf_addf(&b,
              "] | extend Arrived = ingestion_time() | extend Delay = Arrived - TimeGenerated"
              " | summarize Rows = count(), Late = countif(Delay > 10m), Seconds = sum(Delay / 1s),"
              " Longest = maxif(Delay, Arrived <= datetime(%s)) by Hour = bin(TimeGenerated, 1h)",
              by);
    return arena_str(a, sbuf_str(&b));
}

static void fill(struct volumes *v, struct volume *x, const struct engine_rows *rows)
{
    double seconds = 0;
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        int64_t hour = (engine_rows_get(rows, i, 0).i - v->from) / TICKS_PER_HOUR;
        int64_t n = engine_rows_get(rows, i, 1).i;
        if (hour < 0 || (size_t)hour + 1 >= v->n_hours)
            continue;
        x->hours[hour + 1] = n;
        x->rows += n;
        x->late += engine_rows_get(rows, i, 2).i;
        seconds += engine_rows_get(rows, i, 3).d;
        struct kql_value longest = engine_rows_get(rows, i, 4);
        if (!longest.is_null && longest.i > x->longest)
            x->longest = longest.i;
    }
    x->mean_s = x->rows > 0 ? seconds / (double)x->rows : 0;
    for (size_t i = 1; i < v->n_hours; i++)
        x->hours[i] += x->hours[i - 1];
}

/* A table that can't be counted (no TimeGenerated) has no rows here. */
static struct volume *volume_of(struct volumes *v, struct str table)
{
    struct volume *x = map_get(v->tables, table);
    if (x != NULL)
        return x;
    x = arena_new_of(v->a, struct volume);
    x->table = arena_str(v->a, table);
    x->hours = arena_array(v->a, int64_t, v->n_hours + 1);
    map_put(v->tables, x->table, x);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kql_diags diags = {0};
    struct store_result result = {0};
    struct err ignored = {0};
    struct store_query q = {.text = query_of(a, table, v->to + TICKS_PER_HOUR)};
    q.options = (struct kql_options){
        .now_ticks = v->to, .has_scope = true, .scope_from = v->from, .scope_to = v->to};
    q.limits = (struct engine_limits){.max_rows = MOST_HOURS, .cancel = v->cancel};
    if (workspace_query(v->o->workspace, a, &q, &result, &diags, &ignored)) {
        fill(v, x, result.rows[0]);
        store_result_fini(&result);
    }
    return x;
}

static int64_t up_to(const struct volumes *v, const struct volume *x, int64_t t)
{
    int64_t hour = (t - v->from) / TICKS_PER_HOUR;
    if (hour < 0)
        return 0;
    if ((size_t)hour + 1 >= v->n_hours)
        return x->hours[v->n_hours - 1];
    double part = (double)((t - v->from) % TICKS_PER_HOUR) / (double)TICKS_PER_HOUR;
    return x->hours[hour] + (int64_t)(part * (double)(x->hours[hour + 1] - x->hours[hour]));
}

int64_t volumes_longest(struct volumes *v, struct str table)
{
    return volume_of(v, table)->longest;
}

bool volumes_compile(const struct volumes *v, struct arena *a, const struct rule *r,
                     struct kql_query *out)
{
    struct kql_options o = {
        .catalog = workspace_catalog(v->o->workspace), .now_ticks = v->to, .has_scope = true};
    struct kql_catalog *catalog = arena_new_of(a, struct kql_catalog);
    struct kql_diags diags = {0};
    *catalog = *o.catalog;
    catalog->peek = NULL;
    o.catalog = catalog;
    return kql_compile(a, r->query, &o, out, &diags);
}

int64_t volumes_in_windows(struct volumes *v, const struct rule *r, const struct grid *g)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kql_query q;
    int64_t sum = 0;
    if (!volumes_compile(v, a, r, &q))
        return 0;
    for (size_t t = 0; t < q.tables.n; t++) {
        const struct volume *x = volume_of(v, q.tables.p[t]);
        for (size_t i = 0; x->rows > 0 && i < g->n; i++) {
            int64_t s = grid_at(g, i);
            sum += up_to(v, x, s) - up_to(v, x, s - rule_period(r));
        }
    }
    return sum;
}

void volumes_write(const struct volumes *v, struct json_out *out)
{
    struct str name;
    void *p;
    json_arr(out);
    for (size_t i = 0; map_next(v->tables, &i, &name, &p);) {
        const struct volume *x = p;
        if (x->rows == 0)
            continue;
        json_obj(out);
        json_kv_str(out, "name", name);
        json_kv_int(out, "rows", x->rows);
        json_kv_int(out, "late", x->late);
        json_kv_real(out, "meanDelaySeconds", x->mean_s);
        json_obj_end(out);
    }
    json_arr_end(out);
}
