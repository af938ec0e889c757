/* Insights: what the logs say about an entity, by queries that ship. Their values are parameters of
 * the query, never part of its text. */
#include "base/ids.h"
#include "incident/entity.h"
#include "incident/entity_priv.h"
#include "text/date.h"

/* In a query `value` is what identifies the entity, and `name` its first part: of an account the
 * name without its suffix, of a host the one without its domain. */
static const struct insight {
    const char *kind, *table, *title, *description, *query;
} insights[] = {
    {"Account", "SigninLogs", "Sign-ins by result", "How the account's sign-ins ended.",
     "where UserPrincipalName =~ value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by ResultType, ResultDescription | top 10 by Count"},
    {"Account", "SigninLogs", "Sign-ins by address", "Where the account signed in from.",
     "where UserPrincipalName =~ value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by IPAddress, Location | top 10 by Count"},
    {"Account", "OfficeActivity", "Operations in Office 365", "What the account did there.",
     "where UserId =~ value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by OfficeWorkload, Operation | top 10 by Count"},
    {"Account", "AzureActivity", "Operations in Azure", "What the account did there.",
     "where Caller =~ value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by OperationNameValue, ActivityStatusValue | top 10 by Count"},
    {"Account", "SecurityEvent", "Windows logons", "Where the account logged on, or failed to.",
     "where EventID in (4624, 4625) and TargetUserName =~ name | summarize Count = count(), "
     "LastTime = max(TimeGenerated) by EventID, Computer | top 10 by Count"},
    {"Host", "SecurityEvent", "Windows events", "What the host logged most often.",
     "where Computer =~ value or Computer startswith strcat(name, '.') or Computer =~ name "
     "| summarize Count = count(), LastTime = max(TimeGenerated) by EventID, Activity "
     "| top 10 by Count"},
    {"Host", "SecurityEvent", "Rare processes", "What ran on the host least often.",
     "where EventID == 4688 and (Computer =~ value or Computer =~ name or Computer startswith "
     "strcat(name, '.')) | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by NewProcessName, SubjectUserName | top 10 by Count asc"},
    {"Host", "Syslog", "Syslog messages", "What the host logged most often.",
     "where Computer =~ value or Computer =~ name or HostName =~ name | summarize "
     "Count = count(), LastTime = max(TimeGenerated) by Facility, SeverityLevel | top 10 by Count"},
    {"Ip", "SigninLogs", "Sign-ins from the address", "Who signed in from it.",
     "where IPAddress == value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by UserPrincipalName, ResultType | top 10 by Count"},
    {"Ip", "CommonSecurityLog", "Actions of security devices", "What devices did with its traffic.",
     "where SourceIP == value or DestinationIP == value | summarize Count = count(), "
     "LastTime = max(TimeGenerated) by DeviceVendor, DeviceProduct, DeviceAction "
     "| top 10 by Count"},
    {"Ip", "AzureActivity", "Operations in Azure", "What was done from it.",
     "where CallerIpAddress == value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by Caller, OperationNameValue | top 10 by Count"},
    {"Url", "CommonSecurityLog", "Actions of security devices", "What devices did with requests.",
     "where RequestURL =~ value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by SourceIP, DeviceAction | top 10 by Count"},
    {"DnsResolution", "DnsEvents", "Who asked for the name", "Clients that looked it up.",
     "where Name =~ value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by ClientIP, IPAddresses | top 10 by Count"},
    {"AzureResource", "AzureActivity", "Operations on the resource", "What was done, and by whom.",
     "where _ResourceId =~ value | summarize Count = count(), LastTime = max(TimeGenerated) "
     "by OperationNameValue, Caller | top 10 by Count"},
};

static struct str insight_id(struct arena *a, const struct insight *x)
{
    struct guid ns;
    char id[37];
    CHECK(guid_parse(STR("c1d3a7b2-5e4f-4a6b-9c8d-7e6f5a4b3c2d"), &ns));
    guid_format(guid_derive(ns, arena_fmt(a, "%s/%s", x->kind, x->title)), id);
    return arena_str(a, str_from(id));
}

/* ---- as resources ---- */

static void write_insight(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str entity, const struct insight *x, struct json_out *out)
{
    struct str id = insight_id(a, x), of = incident_resource_id(in, a, w, "entities", entity);
    json_obj(out);
    incident_resource_head(out, arena_fmt(a, "%.*s/queries/%.*s", STR_ARG(of), STR_ARG(id)), id,
                           "Microsoft.SecurityInsights/entities/queries");
    json_kv_z(out, "kind", "Insight");
    json_key(out, "properties");
    json_obj(out);
    json_kv_z(out, "displayName", x->title);
    json_kv_z(out, "description", x->description);
    json_kv_z(out, "inputEntityType", x->kind);
    json_key(out, "dataTypes");
    json_arr(out);
    json_obj(out);
    json_kv_z(out, "dataType", x->table);
    json_obj_end(out);
    json_arr_end(out);
    json_kv_str(out, "baseQuery", arena_fmt(a, "%s | %s", x->table, x->query));
    json_key(out, "defaultTimeRange");
    json_obj(out);
    json_kv_z(out, "beforeRange", "12h");
    json_kv_z(out, "afterRange", "12h");
    json_obj_end(out);
    json_obj_end(out);
    json_obj_end(out);
}

bool entity_insight_queries_json(struct incidents *in, struct arena *a, struct workspace *w,
                                 struct str id, struct json_out *out, struct err *e)
{
    struct entity_subject s;
    if (!entity_subject_find(in, a, w, id, &s, e))
        return false;
    json_arr(out);
    for (size_t i = 0; i < COUNTOF(insights) && s.type == SUBJECT_IS_ENTITY; i++)
        if (str_eqz(s.entity.kind, insights[i].kind))
            write_insight(in, a, w, id, &insights[i], out);
    json_arr_end(out);
    return true;
}

/* ---- running ---- */

struct asked {
    struct incidents *in;
    struct arena *a;
    struct workspace *w;
    struct str value, name;
    int64_t from, to;
    const struct engine_limits *limits;
    const struct store_access *access;
    struct sbuf *errors; /* JSON objects with commas between */
    struct json_out errors_out;
};

static struct str member(const struct json *body, const char *name)
{
    return json_text(json_get(body, name), STR(""));
}

/* What identifies the entity in logs. */
static void identify(struct arena *a, const struct state_entity *x, struct str *value,
                     struct str *name)
{
    static const char *const names[] = {"Address", "Url", "ResourceId", "DomainName"};
    struct json body = {0};
    *value = *name = STR("");
    if (!json_parse(a, x->body, NULL, &body, NULL))
        return;
    for (size_t i = 0; i < COUNTOF(names) && value->n == 0; i++)
        *value = *name = member(&body, names[i]);
    if (value->n > 0)
        return;
    bool host = str_eqz(x->kind, "Host");
    struct str rest = member(&body, host ? "DnsDomain" : "UPNSuffix");
    *value = *name = member(&body, host ? "HostName" : "Name");
    if (rest.n > 0)
        *value = arena_fmt(a, "%.*s%c%.*s", STR_ARG(*name), host ? '.' : '@', STR_ARG(rest));
}

/* Rows are texts here, whatever the columns' types. */
static void write_cell(const struct kql_value *v, struct json_out *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    engine_value_json(&o, v);
    if (v->is_null || (b.n > 0 && b.p[0] == '"'))
        json_raw(out, sbuf_str(&b));
    else
        json_str(out, sbuf_str(&b));
}

static void write_rows(const struct engine_rows *rows, struct json_out *out)
{
    const struct kql_schema *s = engine_rows_schema(rows);
    json_key(out, "columns");
    json_arr(out);
    for (size_t i = 0; i < s->n; i++) {
        json_obj(out);
        json_kv_str(out, "name", s->cols[i].name);
        json_kv_z(out, "type", kql_type_name(s->cols[i].type));
        json_obj_end(out);
    }
    json_arr_end(out);
    json_key(out, "rows");
    json_arr(out);
    for (size_t row = 0; row < engine_rows_count(rows); row++) {
        json_arr(out);
        for (size_t col = 0; col < s->n; col++) {
            struct kql_value v = engine_rows_get(rows, row, col);
            write_cell(&v, out);
        }
        json_arr_end(out);
    }
    json_arr_end(out);
}

static void write_error(struct asked *k, const struct insight *x, const struct err *why)
{
    json_obj(&k->errors_out);
    json_kv_z(&k->errors_out, "kind", "Insight");
    json_kv_str(&k->errors_out, "queryId", insight_id(k->a, x));
    json_kv_z(&k->errors_out, "errorMessage", why->msg);
    json_obj_end(&k->errors_out);
}

/* One that fails is told of beside those that don't. */
static bool run_one(struct asked *k, const struct insight *x, struct json_out *out)
{
    struct kql_param params[] = {{STR("value"), {.type = KQL_STRING, .s = k->value}},
                                 {STR("name"), {.type = KQL_STRING, .s = k->name}}};
    struct store_query q = {
        .text = arena_fmt(k->a, "declare query_parameters(value:string, name:string); %s | %s",
                          x->table, x->query),
        .options = {.now_ticks = clock_now(k->in->clock),
                    .has_scope = true,
                    .scope_from = k->from,
                    .scope_to = k->to,
                    .params = params,
                    .n_params = COUNTOF(params)},
        .limits = *k->limits,
        .access = k->access};
    struct store_result result = {0};
    struct kql_diags diags = {0};
    struct err why = {0};
    if (!workspace_query(k->w, k->a, &q, &result, &diags, &why)) {
        write_error(k, x, &why);
        return false;
    }
    json_obj(out);
    json_kv_str(out, "queryId", insight_id(k->a, x));
    json_key(out, "queryTimeInterval");
    json_obj(out);
    json_kv_time(out, "startTime", k->from);
    json_kv_time(out, "endTime", k->to);
    json_obj_end(out);
    json_key(out, "tableQueryResults");
    json_obj(out);
    write_rows(result.rows[0], out);
    json_obj_end(out);
    json_key(out, "chartQueryResults");
    json_arr(out);
    json_arr_end(out);
    json_obj_end(out);
    store_result_fini(&result);
    return true;
}

static bool is_wanted(struct arena *a, const struct json *ids, const struct insight *x)
{
    if (ids == NULL || ids->type != JSON_ARRAY || ids->n == 0)
        return true;
    for (size_t i = 0; i < ids->n; i++)
        if (str_ieq(json_text(&ids->items[i], STR("")), insight_id(a, x)))
            return true;
    return false;
}

static bool read_times(const struct json *body, struct asked *k, struct err *e)
{
    if (!date_parse_iso(member(body, "startTime"), &k->from) ||
        !date_parse_iso(member(body, "endTime"), &k->to) || k->from >= k->to)
        return err_set(e, ERR_INVALID,
                       "startTime and endTime: times in ISO 8601, one before the other, expected");
    if (json_is_true(json_get(body, "addDefaultExtendedTimeRange"))) {
        k->from -= 12 * TICKS_PER_HOUR;
        k->to += 12 * TICKS_PER_HOUR;
    }
    return true;
}

bool entity_insights_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                          const struct json *body, const struct engine_limits *limits,
                          const struct store_access *access, struct json_out *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf errors = sbuf_make(0), values = sbuf_make(RESOURCE_MAX_LIST);
    struct asked k = {.in = in,
                      .a = a,
                      .w = w,
                      .limits = limits,
                      .access = access,
                      .errors = &errors,
                      .errors_out = json_out_make(&errors)};
    struct json_out value = json_out_make(&values);
    struct entity_subject s;
    int64_t count = 0;
    if (!read_times(body, &k, e) || !entity_subject_find(in, a, w, id, &s, e))
        return false;
    if (s.type != SUBJECT_IS_ENTITY)
        return err_set(e, ERR_INVALID, "alerts and bookmarks have no insights");
    identify(a, &s.entity, &k.value, &k.name);
    json_arr(&k.errors_out);
    json_arr(&value);
    for (size_t i = 0; i < COUNTOF(insights) && k.value.n > 0; i++)
        if (str_eqz(s.entity.kind, insights[i].kind) &&
            is_wanted(a, json_get(body, "insightQueryIds"), &insights[i]))
            count += run_one(&k, &insights[i], &value);
    json_arr_end(&value);
    json_arr_end(&k.errors_out);
    json_obj(out);
    json_key(out, "metaData");
    json_obj(out);
    json_kv_int(out, "totalCount", count);
    json_key(out, "errors");
    json_raw(out, sbuf_str(&errors));
    json_obj_end(out);
    json_key(out, "value");
    json_raw(out, sbuf_str(&values));
    json_obj_end(out);
    return true;
}
