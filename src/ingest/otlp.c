/* Log records of OTLP as records of OTelLogs. */
#include "ingest/otlp.h"
#include "text/date.h"

bool otlp_json(struct arena *a, struct str body, struct json *out, struct err *e)
{
    struct json_opts opts = {
        .max_depth = OTLP_DEPTH * 2, .max_values = OTLP_VALUES, .lone_surrogates = true};
    if (!json_parse(a, body, &opts, out, e))
        return false;
    return out->type == JSON_OBJECT ||
           err_set(e, ERR_INVALID, "an object with resourceLogs is expected");
}

/* ---- values ---- */

static bool whole(const struct json *v, int64_t *out)
{
    if (v == NULL || (v->type != JSON_INT && v->type != JSON_STRING))
        return false;
    if (v->type == JSON_STRING)
        return str_to_i64(v->text, out);
    *out = v->i;
    return true;
}

static void write_any(struct json_out *w, const struct json *v, int depth);

/* The later of two attributes of a name counts. */
static bool is_last(const struct json *list, size_t i, struct str key)
{
    enum { LOOK = 200 }; /* beyond that both are written, and readers take the last */
    for (size_t k = i + 1; k < list->n && k < i + LOOK; k++)
        if (str_eq(json_text(json_get(&list->items[k], "key"), STR("")), key))
            return false;
    return true;
}

static void write_members(struct json_out *w, const struct json *list, int depth)
{
    for (size_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++) {
        struct str key = json_text(json_get(&list->items[i], "key"), STR(""));
        if (!is_last(list, i, key))
            continue;
        json_key_str(w, key);
        write_any(w, json_get(&list->items[i], "value"), depth + 1);
    }
}

static void write_number(struct json_out *w, const struct json *v)
{
    int64_t i = 0;
    if (v->type == JSON_REAL)
        json_real(w, v->d);
    else if (whole(v, &i))
        json_int(w, i);
    else
        json_str(w, json_text(v, STR("")));
}

static void write_list(struct json_out *w, const struct json *list, int depth)
{
    json_arr(w);
    for (size_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++)
        write_any(w, &list->items[i], depth + 1);
    json_arr_end(w);
}

/* An AnyValue as plain JSON. */
static void write_any(struct json_out *w, const struct json *v, int depth)
{
    const struct json *x;
    if (depth > OTLP_DEPTH)
        json_null(w);
    else if ((x = json_get(v, "stringValue")) != NULL || (x = json_get(v, "bytesValue")) != NULL)
        json_str(w, json_text(x, STR("")));
    else if ((x = json_get(v, "boolValue")) != NULL)
        json_bool(w, json_is_true(x));
    else if ((x = json_get(v, "intValue")) != NULL || (x = json_get(v, "doubleValue")) != NULL)
        write_number(w, x);
    else if ((x = json_get(v, "arrayValue")) != NULL)
        write_list(w, json_get(x, "values"), depth);
    else if ((x = json_get(v, "kvlistValue")) != NULL) {
        json_obj(w);
        write_members(w, json_get(x, "values"), depth);
        json_obj_end(w);
    } else
        json_null(w);
}

/* ---- what the records of a resource and scope share ---- */

static struct str attribute(const struct json *attributes, const char *name)
{
    struct str found = STR("");
    for (size_t i = 0; attributes != NULL && attributes->type == JSON_ARRAY && i < attributes->n;
         i++)
        if (str_eqz(json_text(json_get(&attributes->items[i], "key"), STR("")), name))
            found = json_text(json_path(&attributes->items[i], "value.stringValue"), STR(""));
    return found;
}

static void put(struct json_out *w, const char *column, struct str v)
{
    if (v.n > 0)
        json_kv_str(w, column, v);
}

/* Names in front that have a column of their own; the first that is there counts. */
static const struct {
    const char *column, *attribute;
} resource_columns[] = {
    {"ServiceName", "service.name"},
    {"ServiceNamespace", "service.namespace"},
    {"ServiceInstanceId", "service.instance.id"},
    {"ServiceVersion", "service.version"},
    {"K8sContainerName", "k8s.container.name"},
    {"K8sNamespaceName", "k8s.namespace.name"},
    {"K8sPodName", "k8s.pod.name"},
};

static void write_resource(struct json_out *w, const struct json *attributes)
{
    struct str name = attribute(attributes, "service.name");
    struct str space = attribute(attributes, "service.namespace");
    struct str stage = attribute(attributes, "deployment.environment.name");
    struct str sdk = attribute(attributes, "telemetry.sdk.name");
    AUTO(sbuf_fini) struct sbuf joined = sbuf_make(0);
    for (size_t i = 0; i < COUNTOF(resource_columns); i++)
        put(w, resource_columns[i].column, attribute(attributes, resource_columns[i].attribute));
    put(w, "DeploymentEnvironmentName",
        stage.n > 0 ? stage : attribute(attributes, "deployment.environment"));
    sbuf_add(&joined, space);
    sbuf_addz(&joined, space.n > 0 && name.n > 0 ? "." : "");
    sbuf_add(&joined, name);
    put(w, "RoleName", sbuf_str(&joined));
    sbuf_clear(&joined);
    if (sdk.n > 0) {
        struct str version = attribute(attributes, "telemetry.sdk.version");
        sbuf_add(&joined, sdk);
        sbuf_addz(&joined, version.n > 0 ? ":" : "");
        sbuf_add(&joined, version);
        put(w, "SDKVersion", sbuf_str(&joined));
    }
    if (attributes != NULL) {
        json_key(w, "ResourceAttributes");
        json_obj(w);
        write_members(w, attributes, 0);
        json_obj_end(w);
    }
}

/* ---- records ---- */

static void put_time(struct json_out *w, const struct json *record)
{
    int64_t ns = 0;
    char text[29];
    if ((!whole(json_get(record, "timeUnixNano"), &ns) || ns <= 0) &&
        (!whole(json_get(record, "observedTimeUnixNano"), &ns) || ns <= 0))
        return;
    date_format(TICKS_UNIX_EPOCH + ns / 100, text);
    json_kv_z(w, "TimeGenerated", text);
}

/* Application Insights' levels: 0 verbose … 4 critical. */
static int severity_level(int64_t number)
{
    static const int64_t last[] = {8, 12, 16, 20};
    int level = 0;
    while (level < (int)COUNTOF(last) && number > last[level])
        level++;
    return level;
}

static void put_severity(struct json_out *w, const struct json *record)
{
    int64_t number = 0;
    put(w, "SeverityText", json_text(json_get(record, "severityText"), STR("")));
    if (!whole(json_get(record, "severityNumber"), &number) || number < 1 || number > 24)
        return;
    json_kv_int(w, "SeverityNumber", number);
    json_kv_int(w, "SeverityLevel", severity_level(number));
}

static bool is_zero(struct str id)
{
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] != '0')
            return false;
    return true;
}

static void put_id(struct json_out *w, const char *column, const struct json *v)
{
    struct str id = json_text(v, STR(""));
    if (!is_zero(id))
        json_kv_str(w, column, id);
}

static void put_attributes(struct json_out *w, const struct json *record)
{
    const struct json *list = json_get(record, "attributes");
    struct str event = json_text(json_get(record, "eventName"), STR(""));
    if (list == NULL && event.n == 0)
        return;
    json_key(w, "Attributes");
    json_obj(w);
    if (event.n > 0 && attribute(list, "event.name").n == 0)
        json_kv_str(w, "event.name", event);
    write_members(w, list, 0);
    json_obj_end(w);
}

static void write_record(const struct json *record, struct str shared, struct sbuf *out)
{
    struct json_out w = json_out_make(out);
    int64_t dropped = 0;
    const struct json *list = json_get(record, "attributes"), *body = json_get(record, "body");
    json_obj(&w);
    put_time(&w, record);
    put_severity(&w, record);
    put_id(&w, "TraceId", json_get(record, "traceId"));
    put_id(&w, "SpanId", json_get(record, "spanId"));
    if (body != NULL && body->type == JSON_OBJECT && body->n > 0) {
        json_key(&w, "Body");
        write_any(&w, body, 0);
    }
    put_attributes(&w, record);
    if (whole(json_get(record, "droppedAttributesCount"), &dropped) && dropped > 0)
        json_kv_int(&w, "DroppedAttributesCount", dropped);
    put(&w, "EndUserId", attribute(list, "enduser.id"));
    put(&w, "SessionId", attribute(list, "session.id"));
    json_kv_int(&w, "ItemCount", 1);
    if (shared.n > 2) { /* an object's members */
        sbuf_addc(out, ',');
        sbuf_add(out, str_sub(shared, 1, shared.n - 2));
    }
    json_obj_end(&w);
    sbuf_addc(out, '\n');
}

static bool list_of(const struct json *v, const char *name, const struct json **out, struct err *e)
{
    static const struct json none = {.type = JSON_ARRAY};
    const struct json *list = json_get(v, name);
    *out = list == NULL || list->type == JSON_NULL ? &none : list;
    return (*out)->type == JSON_ARRAY || err_set(e, ERR_INVALID, "%s: an array is expected", name);
}

static bool write_scope(const struct json *logs, const struct json *attributes, struct sbuf *out,
                        size_t *n, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf shared = sbuf_make(0);
    struct json_out w = json_out_make(&shared);
    const struct json *records;
    json_obj(&w);
    write_resource(&w, attributes);
    put(&w, "ScopeName", json_text(json_path(logs, "scope.name"), STR("")));
    put(&w, "ScopeVersion", json_text(json_path(logs, "scope.version"), STR("")));
    json_obj_end(&w);
    if (!list_of(logs, "logRecords", &records, e))
        return false;
    for (size_t i = 0; i < records->n; i++, (*n)++) {
        if (records->items[i].type != JSON_OBJECT)
            return err_set(e, ERR_INVALID, "logRecords: an object is expected");
        write_record(&records->items[i], sbuf_str(&shared), out);
        if (out->failed)
            return err_set(e, ERR_TOO_LARGE,
                           "the records, each with its resource, take more than %zu bytes: send "
                           "fewer at once",
                           out->max);
    }
    return true;
}

bool otlp_records(const struct json *request, struct sbuf *out, size_t *out_n, struct err *e)
{
    const struct json *resources, *scopes;
    *out_n = 0;
    if (!list_of(request, "resourceLogs", &resources, e))
        return false;
    for (size_t i = 0; i < resources->n; i++) {
        const struct json *attributes = json_path(&resources->items[i], "resource.attributes");
        if (!list_of(&resources->items[i], "scopeLogs", &scopes, e))
            return false;
        for (size_t k = 0; k < scopes->n; k++)
            if (!write_scope(&scopes->items[k], attributes, out, out_n, e))
                return false;
    }
    return true;
}
