/* LAJobLogs: what jobs did, a row a change of state. */
#include "base/log.h"
#include "jobs/jobs_priv.h"

static struct str destination_of(struct arena *a, struct str table)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_str(&o, "tableName", table);
    json_obj_end(&o);
    return arena_str(a, sbuf_str(&b));
}

struct store_batch *job_log_row(struct jobs *j, struct arena *a, struct workspace *w,
                                const struct job_log *l)
{
    struct kql_table t = {0};
    if (!workspace_table_find(w, a, STR("LAJobLogs"), &t))
        return NULL;
    const struct store_cell cells[] = {
        {"TimeGenerated", {.type = KQL_DATETIME, .i = clock_now(j->o.clock)}},
        {"CorrelationId", {.type = KQL_STRING, .s = l->correlation.n > 0 ? l->correlation : l->id}},
        {"Destination", {.type = KQL_DYNAMIC, .s = destination_of(a, l->destination)}},
        {"JobId", {.type = KQL_STRING, .s = l->id}},
        {"JobType", {.type = KQL_STRING, .s = str_from(l->type)}},
        {"Message", {.type = KQL_STRING, .s = l->message}},
        {"ResultsRecordCount", {.type = KQL_LONG, .i = l->rows}},
        {"SourceTable", {.type = KQL_STRING, .s = l->source}},
        {"Status", {.type = KQL_STRING, .s = str_from(l->status)}},
        {"_ResourceId",
         {.type = KQL_STRING, .s = arm_workspace_id(a, &j->o.scope, workspace_name(w))}},
        {"SourceSystem", {.type = KQL_STRING, .s = STR("Azure")}},
    };
    struct store_batch *b = store_batch_new(&t);
    store_batch_row(b, cells, COUNTOF(cells));
    return b;
}

void job_log_put(struct jobs *j, struct arena *a, struct workspace *w, const struct job_log *l,
                 struct str dedup)
{
    struct err e = {0};
    struct store_batch *b = job_log_row(j, a, w, l);
    if (b != NULL && !store_append(w, &b, 1, dedup, &e))
        LOG(LOG_ERROR, "jobs", "a job's change of state can't be logged", log_s("job", l->id),
            log_z("reason", e.msg));
}
