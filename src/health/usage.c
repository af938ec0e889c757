/* Usage: one row an hour and table, as Azure Monitor writes them. Bytes come from VedetteIngestion,
 * whose rows are committed together with the rows that they count, so that a crash changes neither;
 * an hour is done when the cursor in the control database is past it, in the same transaction that
 * puts its rows into the outbox. */
#include "health/health_priv.h"
#include "state/cursors.h"
#include "text/date.h"

enum { MAX_ROWS = 64 << 20, QUERY_US = 60000000 };

/* Of tables that Azure Monitor does not put under LogManagement. */
static const struct {
    const char *table, *solution;
} solutions[] = {
    {"CommonSecurityLog", "Security"},
    {"ProtectionStatus", "Security"},
    {"SecurityAlert", "SecurityInsights"},
    {"SecurityBaseline", "Security"},
    {"SecurityEvent", "Security"},
    {"SecurityIncident", "SecurityInsights"},
    {"SentinelAudit", "SecurityInsights"},
    {"SentinelHealth", "SecurityInsights"},
    {"ThreatIntelIndicators", "SecurityInsights"},
    {"ThreatIntelligenceIndicator", "SecurityInsights"},
    {"Watchlist", "SecurityInsights"},
    {"WindowsEvent", "SecurityInsights"},
    {"WindowsFirewall", "Security"},
};

static const char *solution_of(struct str table)
{
    for (size_t i = 0; i < COUNTOF(solutions); i++)
        if (str_eqz(table, solutions[i].table))
            return solutions[i].solution;
    return "LogManagement";
}

struct usage {
    struct health *h;
    struct workspace *w;
    struct arena *a;
    int64_t from, to; /* ticks: hours that are over and not done */
    struct engine_rows *rows;
};

static struct str cursor_name(const struct usage *u)
{
    return arena_fmt(u->a, "usage/%.*s", STR_ARG(workspace_id(u->w)));
}

static bool read_cursor(struct usage *u, struct err *e)
{
    struct str text = STR("");
    if (!state_cursor_get(u->h->o.state, u->a, cursor_name(u), &text, e))
        return false;
    u->from = 0;
    return text.n == 0 || str_to_i64(text, &u->from) ||
           err_set(e, ERR_INTERNAL, "the cursor of usage is not a number");
}

/* Columns: hour, table, bytes, records. Usage itself is left out: its rows would make rows for
 * ever. */
static bool read_hours(struct usage *u, struct store_result *out, struct err *e)
{
    struct kql_diags diags = {0};
    struct store_query q = {
        .text = STR("VedetteIngestion | where BilledBytes > 0 and TableName != 'Usage' | summarize "
                    "sum(BilledBytes), sum(Stored) by bin(TimeGenerated, 1h), TableName | project "
                    "TimeGenerated, TableName, sum_BilledBytes, sum_Stored | sort by TimeGenerated "
                    "asc, TableName asc"),
        .options = {.now_ticks = u->to,
                    .has_scope = true,
                    .scope_from = u->from,
                    .scope_to = u->to},
        .limits = {.deadline_us = clock_mono_us() + QUERY_US, .cancel = &u->h->stop}};
    return workspace_query(u->w, u->a, &q, out, &diags, e);
}

static void write_row(const struct usage *u, struct json_out *o, size_t i)
{
    int64_t hour = engine_rows_get(u->rows, i, 0).i;
    struct str table = engine_rows_get(u->rows, i, 1).s;
    struct store_retention own, held;
    workspace_retention(u->w, table, &own, &held);
    json_obj(o);
    json_kv_time(o, "TimeGenerated", hour);
    json_kv_time(o, "StartTime", hour);
    json_kv_time(o, "EndTime", hour + TICKS_PER_HOUR);
    json_kv_str(o, "DataType", table);
    json_kv_real(o, "Quantity", (double)engine_rows_get(u->rows, i, 2).i / 1e6);
    json_kv_z(o, "QuantityUnit", "MBytes");
    json_kv_bool(o, "IsBillable", workspace_table_is_billable(u->w, table));
    json_kv_z(o, "Solution", solution_of(table));
    json_kv_z(o, "Plan", store_plan_name(held.plan));
    json_kv_str(o, "ResourceUri", health_workspace_id(u->h, u->a, u->w));
    json_kv_z(o, "SourceSystem", "OMS");
    json_obj_end(o);
}

/* The rows of one hour, from row i on; *next: the first of the next hour. */
static bool put_hour(struct usage *u, size_t i, size_t *next, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROWS);
    struct json_out o = json_out_make(&b);
    int64_t hour = engine_rows_get(u->rows, i, 0).i;
    json_arr(&o);
    for (; i < engine_rows_count(u->rows) && engine_rows_get(u->rows, i, 0).i == hour; i++)
        write_row(u, &o, i);
    json_arr_end(&o);
    *next = i;
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "too many tables in one hour");
    struct str dedup =
        arena_fmt(u->a, "usage/%.*s/%lld", STR_ARG(workspace_id(u->w)), (long long)hour);
    return logrows_put(u->h->o.incidents, u->w, "Usage", sbuf_str(&b), dedup, e);
}

static bool put_all(struct usage *u, struct err *e)
{
    for (size_t i = 0; i < engine_rows_count(u->rows);)
        if (!put_hour(u, i, &i, e))
            return false;
    struct str done = arena_fmt(u->a, "%lld", (long long)u->to);
    return state_cursor_set(u->h->o.state, cursor_name(u), done, e);
}

static bool store_hours(struct usage *u, struct err *e)
{
    struct state *s = u->h->o.state;
    if (!state_begin(s, e))
        return false;
    return state_end(s, put_all(u, e), e) && incidents_flush(u->h->o.incidents, e);
}

bool health_usage(struct health *h, struct workspace *w, int64_t to, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct usage u = {.h = h, .w = w, .a = a, .to = to};
    struct store_result result = {0};
    if (!read_cursor(&u, e))
        return false;
    if (u.to <= u.from)
        return true;
    if (!workspace_settle(w, e) || !read_hours(&u, &result, e))
        return false;
    u.rows = result.rows[0];
    bool ok = store_hours(&u, e);
    store_result_fini(&result);
    return ok;
}
