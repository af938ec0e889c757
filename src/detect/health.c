/* Rows about rules: SentinelHealth for runs, SentinelAudit for changes. */
#include "base/ids.h"
#include "detect/detect_priv.h"
#include "text/date.h"

static void kv_span(struct json_out *w, const char *key, int64_t ticks)
{
    char text[32];
    span_format(ticks, text);
    json_kv_z(w, key, text);
}

static struct str rule_resource(struct detect *d, struct arena *a, struct workspace *w,
                                struct str id)
{
    return arm_id(a, &d->o.scope, workspace_name(w), "alertRules", id);
}

static void write_run(struct json_out *w, const struct rule *r, const struct state_run *run,
                      struct str issues)
{
    json_kv_str(w, "RuleId", run->rule_id);
    json_kv_str(w, "CorrelationId", run->correlation_id);
    json_kv_time(w, "executionStart", run->started);
    if (run->due > 0)
        json_kv_time(w, "executionDue", run->due);
    json_kv_time(w, "QueryStartTimeUTC", run->window_from);
    json_kv_time(w, "QueryEndTimeUTC", run->window_to);
    json_kv_time(w, "IngestionStartTimeUTC", run->arrived_after);
    json_kv_time(w, "IngestionEndTimeUTC", run->arrived_until);
    json_kv_str(w, "TriggerType", run->trigger_type);
    if (r->kind == RULE_SCHEDULED) {
        kv_span(w, "QueryFrequency", r->frequency);
        kv_span(w, "QueryPeriod", r->period);
        json_kv_z(w, "TriggerOperator", rule_operator_name(r->op));
        json_kv_int(w, "TriggerThreshold", r->threshold);
    }
    json_kv_z(w, "AggregationKind", r->alert_per_result ? "AlertPerResult" : "SingleAlert");
    json_kv_int(w, "QueryResultAmount", run->rows);
    json_kv_int(w, "AlertsGeneratedAmount", run->alerts);
    json_kv_int(w, "EntitiesGeneratedAmount", run->entities);
    json_kv_int(w, "EntitiesDroppedDueToMappingIssuesAmount", run->entities_dropped);
    json_kv_bool(w, "SuppressionEnabled", r->suppression);
    kv_span(w, "SuppressionDuration", r->suppression_duration);
    json_key(w, "QueryPerformanceIndicators");
    json_obj(w);
    json_kv_int(w, "DurationUs", run->duration_us);
    json_kv_int(w, "ProcessorUs", run->processor_us);
    json_kv_int(w, "Attempts", run->attempts);
    json_obj_end(w);
    json_key(w, "Issues");
    json_raw(w, issues.n > 0 ? issues : STR("[]"));
}

static struct str description(struct arena *a, const struct state_run *run)
{
    if (run->error.n > 0)
        return run->error;
    if (run->alerts > 0)
        return arena_fmt(a, "Rule executed successfully, generating %lld alert(s)",
                         (long long)run->alerts);
    return arena_fmt(a,
                     "Rule executed successfully, but did not reach the threshold (%lld result(s))",
                     (long long)run->rows);
}

bool health_row(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                const struct state_run *run, struct str issues, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4 << 20);
    struct json_out o = json_out_make(&b);
    bool good = str_eqz(run->status, "Success");
    json_arr(&o);
    json_obj(&o);
    json_kv_time(&o, "TimeGenerated", run->finished);
    json_kv_z(&o, "OperationName",
              r->kind == RULE_NRT ? "NRT analytics rule run" : "Scheduled analytics rule run");
    json_kv_str(&o, "SentinelResourceId", rule_resource(d, a, w, run->rule_id));
    json_kv_str(&o, "SentinelResourceName", r->name);
    json_kv_z(&o, "SentinelResourceType", "Analytics Rule");
    json_kv_z(&o, "SentinelResourceKind", rule_kind_name(r->kind));
    json_kv_z(&o, "Status", good ? "Success" : "Failure");
    json_kv_str(&o, "Description", description(a, run));
    json_kv_str(&o, "Reason", good ? STR("") : run->status);
    json_kv_str(&o, "WorkspaceId", workspace_id(w));
    json_key(&o, "ExtendedProperties");
    json_obj(&o);
    write_run(&o, r, run, issues);
    json_obj_end(&o);
    json_obj_end(&o);
    json_arr_end(&o);
    struct str dedup = arena_fmt(a, "health/%.*s/%lld/%.*s/%lld/%d", STR_ARG(run->rule_id),
                                 (long long)run->window_to, STR_ARG(run->trigger_type),
                                 (long long)run->number, run->attempts);
    return logrows_put(d->o.incidents, w, "SentinelHealth", sbuf_str(&b), dedup, e);
}

bool audit_row(struct detect *d, struct arena *a, struct workspace *w, struct str id,
               struct str name, bool deleted, struct err *e)
{
    char guid[37];
    guid_format(guid_new(), guid);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out o = json_out_make(&b);
    json_arr(&o);
    json_obj(&o);
    json_kv_time(&o, "TimeGenerated", clock_now(d->o.clock));
    json_kv_z(&o, "OperationName",
              deleted ? "Microsoft.SecurityInsights/alertRules/Delete"
                      : "Microsoft.SecurityInsights/alertRules/Write");
    json_kv_str(&o, "SentinelResourceId", rule_resource(d, a, w, id));
    json_kv_str(&o, "SentinelResourceName", id);
    json_kv_z(&o, "SentinelResourceType", "Analytic Rule");
    json_kv_z(&o, "Status", "Success");
    json_kv_z(&o, "Description",
              deleted ? "Analytics rule deleted" : "Create or update analytics rule.");
    json_kv_str(&o, "WorkspaceId", workspace_id(w));
    json_key(&o, "ExtendedProperties");
    json_obj(&o);
    json_kv_str(&o, "ResourceDisplayName", name);
    json_kv_str(&o, "WorkspaceName", workspace_name(w));
    json_obj_end(&o);
    json_obj_end(&o);
    json_arr_end(&o);
    return logrows_put(d->o.incidents, w, "SentinelAudit", sbuf_str(&b),
                       arena_fmt(a, "audit/%s", guid), e);
}
