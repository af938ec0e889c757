/* The daily cap: kept in the control database, told in Operation when it is near, reached, and
 * over. */
#include "health/health_priv.h"
#include "state/cursors.h"
#include "text/date.h"

enum { QUERY_US = 60000000, NEAR_PERCENT = 90 };
#define BYTES_PER_GB 1e9

/* What is kept: {"quotaGb", "day", "told"}. */
struct kept {
    double quota_gb; /* < 0: none */
    int64_t day;     /* ticks: the start of the day that told is of */
    enum cap_level told;
};

static const struct {
    const char *status, *key, *words;
} levels[] = {
    [CAP_RESPECTED] = {"Succeeded", "started",
                       "Data collection goes on. Ingestion status = RespectQuota"},
    [CAP_NEAR] = {"Warning", "near",
                  "90 % of the daily limit of data is reached. Ingestion status = "
                  "ApproachingQuota"},
    [CAP_REACHED] = {"Warning", "reached",
                     "Data collection stopped due to daily limit of data reached. Ingestion "
                     "status = OverQuota"},
};

const char *health_cap_status(struct workspace *w)
{
    static const char *const names[] = {[CAP_RESPECTED] = "RespectQuota",
                                        [CAP_NEAR] = "ApproachingQuota",
                                        [CAP_REACHED] = "OverQuota"};
    struct store_cap cap = workspace_cap(w);
    return names[cap_level(&cap)];
}

enum cap_level cap_level(const struct store_cap *c)
{
    if (c->quota < 0)
        return CAP_RESPECTED;
    if (c->bytes >= (uint64_t)c->quota)
        return CAP_REACHED;
    return (double)c->bytes >= (double)c->quota / 100 * NEAR_PERCENT ? CAP_NEAR : CAP_RESPECTED;
}

static struct str name_of(struct arena *a, const struct workspace *w)
{
    return arena_fmt(a, "cap/%.*s", STR_ARG(workspace_id(w)));
}

static bool read_kept(struct health *h, struct arena *a, struct workspace *w, struct kept *out,
                      struct err *e)
{
    struct str text = STR("");
    struct json row = {0};
    *out = (struct kept){.quota_gb = -1};
    if (!state_cursor_get(h->o.state, a, name_of(a, w), &text, e))
        return false;
    if (text.n == 0)
        return true;
    if (!json_parse(a, text, NULL, &row, e))
        return false;
    const struct json *quota = json_get(&row, "quotaGb"), *day = json_get(&row, "day"),
                      *told = json_get(&row, "told");
    out->quota_gb = quota != NULL ? quota->d : -1;
    out->day = day != NULL ? day->i : 0;
    out->told = told != NULL && told->i >= CAP_RESPECTED && told->i <= CAP_REACHED
                    ? (enum cap_level)told->i
                    : CAP_RESPECTED;
    return true;
}

static bool write_kept(struct health *h, struct arena *a, struct workspace *w, const struct kept *k,
                       struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_real(&o, "quotaGb", k->quota_gb);
    json_kv_int(&o, "day", k->day);
    json_kv_int(&o, "told", (int64_t)k->told);
    json_obj_end(&o);
    return state_cursor_set(h->o.state, name_of(a, w), sbuf_str(&b), e);
}

static int64_t bytes_of(double gb)
{
    return gb < 0 ? -1 : (int64_t)(gb * BYTES_PER_GB);
}

/* ---- at the start: what the day has seen so far ---- */

static bool count_today(struct arena *a, struct workspace *w, int64_t day, uint64_t *out,
                        struct err *e)
{
    struct kql_diags diags = {0};
    struct store_result r = {0};
    struct store_query q = {
        .text = STR("VedetteIngestion | where BilledBytes > 0 | summarize b = sum(BilledBytes) by "
                    "TableName"),
        .options = {.now_ticks = day,
                    .has_scope = true,
                    .scope_from = day,
                    .scope_to = day + TICKS_PER_DAY},
        .limits = {.deadline_us = clock_mono_us() + QUERY_US}};
    *out = 0;
    if (!workspace_query(w, a, &q, &r, &diags, e))
        return false;
    for (size_t i = 0; i < engine_rows_count(r.rows[0]); i++)
        if (workspace_table_is_billable(w, engine_rows_get(r.rows[0], i, 0).s))
            *out += (uint64_t)engine_rows_get(r.rows[0], i, 1).i;
    store_result_fini(&r);
    return true;
}

bool health_cap_load(struct health *h, struct workspace *w, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kept k;
    uint64_t bytes = 0;
    int64_t now = clock_now(h->o.clock), day = now - now % TICKS_PER_DAY;
    if (!read_kept(h, a, w, &k, e) || !count_today(a, w, day, &bytes, e))
        return false;
    workspace_cap_start(w, day, bytes);
    workspace_cap_set(w, bytes_of(k.quota_gb));
    return true;
}

bool health_load_caps(struct health *h, struct err *e)
{
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(h->o.store, i)) != NULL; i++)
        if (!health_cap_load(h, w, e))
            return false;
    return true;
}

/* ---- while it runs ---- */

bool health_cap_get(struct health *h, struct workspace *w, double *out_gb, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct kept k;
    if (!read_kept(h, a, w, &k, e))
        return false;
    *out_gb = k.quota_gb < 0 ? -1 : k.quota_gb;
    return true;
}

bool health_cap_set(struct health *h, struct workspace *w, double gb, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct kept k;
    bool ok = state_begin(h->o.state, e);
    if (!ok)
        return false;
    ok = read_kept(h, a, w, &k, e);
    k.quota_gb = gb < 0 ? -1 : gb;
    ok = ok && write_kept(h, a, w, &k, e);
    if (!state_end(h->o.state, ok, e))
        return false;
    workspace_cap_set(w, bytes_of(k.quota_gb));
    LOG(LOG_INFO, "health", "daily cap set", log_s("workspace", workspace_name(w)),
        log_d("gigabytes", k.quota_gb));
    return true;
}

static bool put_level(struct health *h, struct arena *a, struct workspace *w,
                      const struct store_cap *cap, enum cap_level level, struct err *e)
{
    struct health_operation op = {.category = "Data Collection Status",
                                  .status = levels[level].status};
    op.detail = arena_fmt(a, "%s (%llu of %lld bytes since 00:00 UTC)", levels[level].words,
                          (unsigned long long)cap->bytes, (long long)cap->quota);
    op.key = arena_fmt(a, "cap/%s/%lld", levels[level].key, (long long)clock_now(h->o.clock));
    LOG(level == CAP_RESPECTED ? LOG_INFO : LOG_WARN, "health", levels[level].words,
        log_s("workspace", workspace_name(w)), log_i("bytes", (int64_t)cap->bytes),
        log_i("cap_bytes", cap->quota));
    return health_operation_put(h, a, w, &op, e);
}

static bool tell(struct health *h, struct arena *a, struct workspace *w,
                 const struct store_cap *cap, enum cap_level level, struct err *e)
{
    struct kept k;
    if (!read_kept(h, a, w, &k, e))
        return false;
    enum cap_level was = k.told;
    k.day = cap->day_start;
    k.told = level;
    /* That a cap was only near, and is not any more, is no news. */
    bool news = level > was || (was == CAP_REACHED && level < was);
    return (!news || put_level(h, a, w, cap, level, e)) && write_kept(h, a, w, &k, e);
}

bool health_cap(struct health *h, struct sources *l, struct err *e)
{
    struct store_cap cap = workspace_cap(l->w);
    enum cap_level level = cap_level(&cap);
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    if (l->cap_known && l->cap_told == level)
        return true;
    if (!state_begin(h->o.state, e))
        return false;
    if (!state_end(h->o.state, tell(h, a, l->w, &cap, level, e), e))
        return false;
    l->cap_known = true;
    l->cap_told = level;
    return incidents_flush(h->o.incidents, e);
}
