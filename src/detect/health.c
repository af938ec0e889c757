/* Rows about rules: SentinelHealth for runs, SentinelAudit for changes. */
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
    json_kv_bool(w, "Shared", run->shared);
    json_kv_int(w, "RowsRead", run->rows_read);
    json_kv_int(w, "BytesRead", run->bytes_read);
    json_kv_int(w, "MemoryBytes", run->memory_bytes);
    json_kv_int(w, "Attempts", run->attempts);
    json_obj_end(w);
    json_key(w, "Issues");
    json_raw(w, issues.n > 0 ? issues : STR("[]"));
}

/* A run that was not is no failure, and what it leaves out is no success. */
static const char *status_of(const struct state_run *run)
{
    if (str_eqz(run->status, "Suppressed"))
        return "Informational";
    return str_eqz(run->status, "Success") ? "Success" : "Failure";
}

static struct str description(struct arena *a, const struct state_run *run)
{
    if (run->error.n > 0)
        return run->error;
    if (str_eqz(run->status, "Suppressed"))
        return STR("The rule is suppressed after an alert and was not executed");
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
    if (good && r->kind == RULE_MICROSOFT_INCIDENT && run->alerts == 0)
        return true; /* a look at the door each minute is no news */
    json_arr(&o);
    json_obj(&o);
    json_kv_time(&o, "TimeGenerated", run->finished);
    json_kv_z(&o, "OperationName",
              r->kind == RULE_SCHEDULED ? "Scheduled analytics rule run"
                                        : "NRT analytics rule run");
    json_kv_str(&o, "SentinelResourceId", rule_resource(d, a, w, run->rule_id));
    json_kv_str(&o, "SentinelResourceName", r->name);
    json_kv_z(&o, "SentinelResourceType", "Analytics Rule");
    json_kv_z(&o, "SentinelResourceKind", rule_kind_name(r->kind));
    json_kv_z(&o, "Status", status_of(run));
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

/* ---- audit ---- */

/* The members of "properties" that differ; the bodies are canonical. */
static void write_differences(struct json_out *o, struct arena *a, const struct audit *x)
{
    struct json before = {0}, after = {0};
    json_arr(o);
    if (x->before != NULL && x->after != NULL &&
        json_parse(a, x->before->body, NULL, &before, NULL) &&
        json_parse(a, x->after->body, NULL, &after, NULL)) {
        for (size_t i = 0; i < after.n; i++)
            if (!json_equal(&after.items[i], json_get_str(&before, after.keys[i])))
                json_str(o, after.keys[i]);
        for (size_t i = 0; i < before.n; i++)
            if (json_get_str(&after, before.keys[i]) == NULL)
                json_str(o, before.keys[i]);
    }
    json_arr_end(o);
}

static void write_state(struct json_out *o, const char *key, const struct state_rule *r)
{
    json_key(o, key);
    if (r == NULL) {
        json_null(o);
        return;
    }
    json_obj(o);
    json_kv_str(o, "name", r->id);
    json_kv_str(o, "kind", r->kind);
    json_kv_str(o, "etag", r->etag);
    json_key(o, "properties");
    json_raw(o, r->body);
    json_obj_end(o);
}

static struct str states(struct detect *d, struct arena *a, const struct audit *x)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(AUDIT_MAX_ROW);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    write_state(&o, "OriginalResourceState", x->before);
    write_state(&o, "UpdatedResourceState", x->after);
    json_key(&o, "ResourceDiffMemberNames");
    write_differences(&o, a, x);
    json_kv_str(&o, "ResourceGroupName", d->o.scope.resource_group);
    json_kv_str(&o, "SubscriptionId", d->o.scope.subscription);
    json_kv_str(&o, "Uri", x->who->uri);
    json_obj_end(&o);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

bool audit_row(struct detect *d, struct arena *a, struct workspace *w, const struct audit *x,
               struct err *e)
{
    const struct state_rule *rule = x->after != NULL ? x->after : x->before;
    const struct audit_entry row = {
        .operation = x->after == NULL ? "Microsoft.SecurityInsights/alertRules/Delete"
                                      : "Microsoft.SecurityInsights/alertRules/Write",
        .resource_id = rule_resource(d, a, w, rule->id),
        .resource_name = rule->id,
        .resource_type = STR("Analytic Rule"),
        .resource_kind = rule->kind,
        .display_name = rule->name,
        .description = x->after == NULL ? STR("Analytics rule deleted")
                                        : STR("Create or update analytics rule."),
        .caller = x->who->name,
        .address = x->who->address,
        .more = states(d, a, x),
        .correlation_id = x->who->correlation_id};
    if (row.more.n == 0)
        return err_set(e, ERR_LIMIT, "the audit row is too large");
    return audit_put(d->o.incidents, w, clock_now(d->o.clock), &row, e);
}
