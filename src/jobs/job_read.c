/* A KQL job's ARM face, and what its query and its destination must be. */
#include "jobs/jobs_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_TEXT = 4096, MAX_EVERY = 999 };

/* ---- reading ---- */

static bool read_text(struct arena *a, const struct json *p, const char *name, size_t max,
                      struct str *out, struct err *e)
{
    const struct json *v = json_get(p, name);
    *out = STR("");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_STRING || v->text.n > max)
        return err_set(e, ERR_INVALID, "properties.%s: a text of at most %zu bytes expected", name,
                       max);
    *out = arena_str(a, v->text);
    return true;
}

/* Left out or null: 0. */
static bool read_time(const struct json *p, const char *name, int64_t *out, struct err *e)
{
    const struct json *v = json_get(p, name);
    *out = 0;
    return v == NULL || v->type == JSON_NULL || date_parse_iso(json_text(v, STR("")), out) ||
           err_set(e, ERR_INVALID,
                   "properties.schedule.%s: a time such as 2026-01-02T03:00:00Z expected", name);
}

static bool read_schedule(const struct json *p, struct state_job *x, struct err *e)
{
    const struct json *every = json_get(p, "interval");
    const char *frequency = "Once";
    struct str text = json_text(json_get(p, "frequency"), STR("Once"));
    if (p != NULL && p->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties.schedule: an object expected");
    if (!schedule_frequency_ok(text, &frequency))
        return err_set(e, ERR_INVALID,
                       "properties.schedule.frequency: Once, Minute, Hour, Day, Week or Month "
                       "expected");
    x->frequency = str_from(frequency);
    x->every = 1;
    if (every != NULL && every->type != JSON_NULL) {
        if (every->type != JSON_INT || every->i < 1 || every->i > MAX_EVERY)
            return err_set(e, ERR_INVALID, "properties.schedule.interval: 1 to %d expected",
                           MAX_EVERY);
        x->every = every->i;
    }
    if (!read_time(p, "startTime", &x->start_time, e) || !read_time(p, "endTime", &x->end_time, e))
        return false;
    return x->end_time == 0 || x->end_time >= x->start_time ||
           err_set(e, ERR_INVALID, "properties.schedule.endTime: a time behind startTime expected");
}

bool job_read(struct arena *a, const struct json *body, struct state_job *x, struct err *e)
{
    const struct json *p = json_get(body, "properties"), *enabled = json_get(p, "enabled");
    if (p == NULL || p->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties: an object expected");
    if (enabled != NULL && enabled->type != JSON_TRUE && enabled->type != JSON_FALSE)
        return err_set(e, ERR_INVALID, "properties.enabled: true or false expected");
    x->enabled = enabled == NULL || enabled->type == JSON_TRUE;
    if (!read_text(a, p, "description", MAX_TEXT, &x->description, e) ||
        !read_text(a, p, "query", JOBS_MAX_QUERY, &x->query, e) ||
        !read_text(a, p, "destinationTable", MAX_TEXT, &x->destination, e))
        return false;
    if (str_trim(x->query).n == 0)
        return err_set(e, ERR_INVALID, "properties.query is missing");
    return read_schedule(json_get(p, "schedule"), x, e);
}

/* ---- the query and the destination ---- */

bool job_destination_ok(struct workspace *w, struct arena *a, struct str table, struct err *e)
{
    struct kql_table t = {0};
    bool there = workspace_table_find(w, a, table, &t);
    if (!str_ends(table, STR("_CL")) || (!there && !str_ends(table, STR("_KQL_CL"))))
        return err_set(e, ERR_INVALID,
                       "properties.destinationTable: a custom table that is there, or a new one "
                       "whose name ends in _KQL_CL, expected");
    return !there || t.not_for_rules == NULL ||
           err_set(e, ERR_INVALID,
                   "properties.destinationTable: table '%.*s' has the plan %s; rows of jobs go to "
                   "tables of plan Analytics",
                   STR_ARG(table), t.not_for_rules);
}

static bool columns_fit(struct arena *a, struct workspace *w, struct str table,
                        const struct plan_cols *cols, struct err *e)
{
    struct kql_table t = {0};
    bool there = workspace_table_find(w, a, table, &t);
    for (size_t i = 0; i < cols->n; i++) {
        const struct plan_col *c = &cols->p[i];
        bool is_time = str_eqz(c->name, "TimeGenerated");
        size_t at = 0;
        const struct kql_column *in = there ? store_column_find(&t, c->name, &at) : NULL;
        enum kql_type wanted = is_time ? KQL_DATETIME : in != NULL ? in->type : c->type;
        if (c->hidden || store_column_is_services(c->name) || c->type == wanted ||
            (c->type == KQL_INT && wanted == KQL_LONG))
            continue;
        return err_set(e, ERR_INVALID,
                       "properties.query: column '%.*s' of table %.*s holds %s, the query gives "
                       "%s: rename it in the query",
                       STR_ARG(c->name), STR_ARG(table), kql_type_name(wanted),
                       kql_type_name(c->type));
    }
    return true;
}

bool job_check(struct arena *a, struct workspace *w, const struct state_job *x, int64_t now,
               struct err *e)
{
    struct kql_options o = {.catalog = workspace_catalog(w), .now_ticks = now};
    struct kql_diags diags = {.a = a, .text = x->query};
    struct kql_query q = {0};
    struct err why = {0};
    if (!job_destination_ok(w, a, x->destination, e))
        return false;
    if (!kql_compile(a, x->query, &o, &q, &diags)) {
        kql_diags_err(&diags, &why);
        kql_err_locate(x->query, &why);
        if (why.pos.line > 0)
            err_prefix(&why, "properties.query, line %u, column %u", why.pos.line, why.pos.col);
        why.code = why.code == ERR_INTERNAL ? ERR_INTERNAL : ERR_INVALID;
        *e = why;
        return false;
    }
    if (q.n != 1)
        return err_set(e, ERR_INVALID,
                       "properties.query: it returns %zu tables; a KQL job needs one", q.n);
    return q.open_schema || columns_fit(a, w, x->destination, &q.results[0].plan->cols, e);
}

/* ---- writing ---- */

static void write_schedule(struct json_out *o, const struct state_job *x)
{
    json_key(o, "schedule");
    json_obj(o);
    json_kv_str(o, "frequency", x->frequency);
    json_kv_int(o, "interval", x->every);
    json_kv_time(o, "startTime", x->start_time);
    json_kv_time(o, "endTime", x->end_time);
    json_obj_end(o);
}

void job_to_json(struct jobs *j, struct arena *a, struct workspace *w, const struct state_job *x,
                 struct json_out *o)
{
    struct str of_workspace = arm_workspace_id(a, &j->o.scope, workspace_name(w));
    json_obj(o);
    json_kv_str(o, "id",
                arena_fmt(a, "%.*s/kqlJobs/%.*s", STR_ARG(of_workspace), STR_ARG(x->name)));
    json_kv_str(o, "name", x->name);
    json_kv_z(o, "type", "Microsoft.OperationalInsights/workspaces/kqlJobs");
    etag_write(o, x->etag);
    json_key(o, "properties");
    json_obj(o);
    json_kv_str(o, "description", x->description);
    json_kv_str(o, "query", x->query);
    json_kv_str(o, "destinationTable", x->destination);
    write_schedule(o, x);
    json_kv_bool(o, "enabled", x->enabled);
    json_kv_time(o, "nextRunTime", x->enabled ? x->next_run : 0);
    json_kv_z(o, "provisioningState", "Succeeded");
    json_kv_time(o, "createdTimeUtc", x->created);
    json_kv_time(o, "lastModifiedTimeUtc", x->modified);
    json_kv_str(o, "lastModifiedBy", x->modified_by);
    json_obj_end(o);
    json_obj_end(o);
}

void job_run_to_json(const struct state_job_run *x, struct json_out *o)
{
    json_obj(o);
    json_kv_str(o, "name", x->id);
    json_key(o, "properties");
    json_obj(o);
    json_kv_str(o, "status", x->status);
    json_kv_time(o, "dueTime", x->due);
    json_kv_time(o, "startTime", x->started);
    json_kv_time(o, "endTime", x->finished);
    json_kv_int(o, "rows", x->rows);
    if (x->error.n > 0)
        json_kv_str(o, "message", x->error);
    json_obj_end(o);
    json_obj_end(o);
}
