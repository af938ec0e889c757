/* Search jobs: keeping them, their ARM face, ending them. */
#include "base/ids.h"
#include "jobs/jobs_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_TEXT = 4096, MAX_QUERY = 512 << 10 };

/* ---- reading ---- */

static bool read_text(const struct json *p, const char *name, size_t max, struct str *out,
                      struct err *e)
{
    const struct json *v = json_get(p, name);
    *out = STR("");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_STRING || v->text.n > max)
        return err_set(e, ERR_INVALID,
                       "properties.searchResults.%s: a text of at most %zu bytes expected", name,
                       max);
    *out = v->text;
    return true;
}

static bool read_time(const struct json *p, const char *name, int64_t *out, struct err *e)
{
    return date_parse_iso(json_text(json_get(p, name), STR("")), out) ||
           err_set(e, ERR_INVALID,
                   "properties.searchResults.%s: a time such as 2026-01-02T03:00:00Z expected",
                   name);
}

static bool read_limit(const struct json *p, int64_t *out, struct err *e)
{
    const struct json *v = json_get(p, "limit");
    *out = JOBS_SEARCH_MAX_ROWS;
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_INT || v->i < 1 || v->i > JOBS_SEARCH_MAX_ROWS)
        return err_set(e, ERR_INVALID, "properties.searchResults.limit: 1 to %d rows expected",
                       JOBS_SEARCH_MAX_ROWS);
    *out = v->i;
    return true;
}

static bool read_body(const struct json *body, struct state_search *x, struct err *e)
{
    const struct json *p = json_path(body, "properties.searchResults");
    if (p == NULL || p->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties.searchResults: an object expected");
    if (!read_text(p, "query", MAX_QUERY, &x->query, e) ||
        !read_text(p, "description", MAX_TEXT, &x->description, e) ||
        !read_limit(p, &x->row_limit, e) || !read_time(p, "startSearchTime", &x->from_time, e) ||
        !read_time(p, "endSearchTime", &x->to_time, e))
        return false;
    if (str_trim(x->query).n == 0)
        return err_set(e, ERR_INVALID, "properties.searchResults.query is missing");
    if (x->from_time >= x->to_time)
        return err_set(e, ERR_INVALID,
                       "properties.searchResults.endSearchTime: a time behind startSearchTime "
                       "expected");
    return x->to_time - x->from_time <= JOBS_SEARCH_MAX_DAYS * TICKS_PER_DAY ||
           err_set(e, ERR_INVALID,
                   "properties.searchResults: a search job looks at one year at most (%d days)",
                   JOBS_SEARCH_MAX_DAYS);
}

/* ---- keeping ---- */

static bool has_room(struct jobs *j, struct arena *a, struct workspace *w, struct err *e)
{
    struct state_search *all = NULL;
    size_t n = 0;
    return state_search_list(j->o.state, a, workspace_id(w), &all, &n, e) &&
           (n < JOBS_SEARCH_MAX_TABLES ||
            err_set(e, ERR_LIMIT,
                    "the workspace has %d tables of search results already: delete one",
                    JOBS_SEARCH_MAX_TABLES));
}

bool search_put(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
                const struct json *body, struct str who, struct state_search *out, struct err *e)
{
    struct state_search x = {.workspace = workspace_id(w), .name = name, .who = who};
    struct search_query q = {0};
    char id[37];
    x.created = clock_now(j->o.clock);
    if (!read_body(body, &x, e) ||
        !search_query_read(a, workspace_catalog(w), x.query, x.created, &q, e) ||
        !has_room(j, a, w, e) || !workspace_results_define(w, name, &q.columns, e))
        return false;
    guid_format(guid_new(), id);
    x.id = arena_str(a, str_from(id));
    x.source = q.source;
    x.position = x.from_time;
    x.slice = TICKS_PER_DAY;
    x.status = STR(STATE_JOB_WAITING);
    x.error = STR("");
    if (!state_search_put(j->o.state, &x, e))
        return false;
    *out = x;
    jobs_changed(j);
    return true;
}

bool search_get(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
                struct state_search *out, struct err *e)
{
    return state_search_get(j->o.state, a, workspace_id(w), name, out, e);
}

/* ---- ending ---- */

static bool set_canceled(struct jobs *j, struct state_search *x, struct err *e)
{
    if (x->finished != 0)
        return err_set(e, ERR_CONFLICT, "the search job has ended: %.*s", STR_ARG(x->status));
    x->status = STR(STATE_JOB_CANCELED);
    x->finished = clock_now(j->o.clock);
    return state_search_put(j->o.state, x, e);
}

bool search_cancel(struct jobs *j, struct workspace *w, struct str name, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_search x = {0};
    if (!state_begin(j->o.state, e))
        return false;
    if (!state_end(j->o.state, search_get(j, a, w, name, &x, e) && set_canceled(j, &x, e), e))
        return false;
    jobs_cancel(j, jobs_claim_name(a, "search", x.workspace, x.name));
    jobs_changed(j);
    struct job_log l = {.type = "SearchJob",
                        .id = x.id,
                        .source = x.source,
                        .destination = x.name,
                        .message = STR(""),
                        .status = "Canceled",
                        .rows = x.ingested};
    job_log_put(j, a, w, &l, arena_fmt(a, "search/%.*s/Canceled", STR_ARG(x.id)));
    return true;
}

bool search_delete(struct jobs *j, struct workspace *w, struct str name, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err ended = {0};
    /* One that has ended, or was never there, needs no end. */
    if (!search_cancel(j, w, name, &ended) && ended.code != ERR_CONFLICT &&
        ended.code != ERR_NOT_FOUND) {
        *e = ended;
        return false;
    }
    if (!jobs_end(j, jobs_claim_name(a, "search", workspace_id(w), name)))
        return err_set(e, ERR_BUSY, "the search job is still ending: try again");
    /* A crash may have left the job without its table. */
    struct err why = {0};
    bool dropped = workspace_table_drop(w, name, &why);
    if (!dropped)
        *e = why;
    bool ok = (dropped || why.code == ERR_NOT_FOUND) &&
              state_search_delete(j->o.state, workspace_id(w), name, e) && dropped;
    jobs_changed(j);
    return ok;
}

/* ---- writing ---- */

void search_to_json(const struct state_search *x, struct json_out *o)
{
    double whole = (double)(x->to_time - x->from_time);
    bool done = str_eqz(x->status, STATE_JOB_SUCCEEDED);
    json_kv_str(o, "provisioningState", x->status);
    json_key(o, "searchResults");
    json_obj(o);
    json_kv_str(o, "query", x->query);
    json_kv_str(o, "description", x->description);
    json_kv_int(o, "limit", x->row_limit);
    json_kv_time(o, "startSearchTime", x->from_time);
    json_kv_time(o, "endSearchTime", x->to_time);
    json_kv_str(o, "sourceTable", x->source);
    json_kv_str(o, "azureAsyncOperationId", x->id);
    if (x->error.n > 0)
        json_kv_str(o, "message", x->error);
    json_obj_end(o);
    json_key(o, "resultStatistics");
    json_obj(o);
    json_kv_real(o, "progress", done ? 100 : 100 * (double)(x->position - x->from_time) / whole);
    json_kv_int(o, "ingestedRecords", x->ingested);
    json_kv_real(o, "scannedGb", (double)x->scanned / 1e9);
    json_obj_end(o);
}
