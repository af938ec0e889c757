/* Answers in Kusto's two forms. Source: "Query/management HTTP response" (v1) and "Query V2 HTTP
 * response". */
#include "api/kusto.h"
#include "engine/engine.h"
#include "text/date.h"
#include "text/json.h"

static void column(struct json_out *w, struct str name, enum kql_type type, bool v1)
{
    json_obj(w);
    json_kv_str(w, "ColumnName", name);
    if (v1)
        json_kv_z(w, "DataType", strrchr(kql_type_dotnet(type), '.') + 1);
    json_kv_z(w, "ColumnType", kql_type_name(type));
    json_obj_end(w);
}
static void columns(struct json_out *w, const struct kql_schema *s, bool v1)
{
    json_key(w, "Columns");
    json_arr(w);
    for (size_t i = 0; i < s->n; i++)
        column(w, s->cols[i].name, s->cols[i].type, v1);
    json_arr_end(w);
}
/* v1 has dynamic values as JSON inside a text, v2 as they are. */
static void cell(struct json_out *w, const struct kql_value *v, bool v1)
{
    if (v->type == KQL_DYNAMIC && !v->is_null && v1)
        json_str(w, v->s);
    else
        engine_value_json(w, v);
}
static void one_api_error(struct json_out *w, const char *why)
{
    json_obj(w);
    json_key(w, "error");
    json_obj(w);
    json_kv_z(w, "code", "LimitsExceeded");
    json_kv_z(w, "message", "Request is invalid and cannot be executed.");
    json_kv_z(w, "@type",
              "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException");
    json_kv_z(w, "@message", why);
    json_kv_bool(w, "@permanent", false);
    json_obj_end(w);
    json_obj_end(w);
}
static void cut_row(struct json_out *w, const char *why, bool v1)
{
    json_obj(w);
    json_key(w, v1 ? "Exceptions" : "OneApiErrors");
    json_arr(w);
    if (v1)
        json_z(w, why);
    else
        one_api_error(w, why);
    json_arr_end(w);
    json_obj_end(w);
}
static void rows(struct json_out *w, const struct kusto_table *t, bool v1)
{
    json_key(w, "Rows");
    json_arr(w);
    for (size_t i = 0; i < t->n_rows; i++) {
        json_arr(w);
        for (size_t k = 0; k < t->schema.n; k++) {
            struct kql_value v = t->cell(t->self, i, k);
            cell(w, &v, v1);
        }
        json_arr_end(w);
    }
    if (t->cut != NULL)
        cut_row(w, t->cut, v1);
    json_arr_end(w);
}

/* ---- tables about the answer ---- */

struct fixed {
    const char *name;
    enum kql_type type;
};
static void fixed_columns(struct json_out *w, const struct fixed *cols, size_t n, bool v1)
{
    json_key(w, "Columns");
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        column(w, str_from(cols[i].name), cols[i].type, v1);
    json_arr_end(w);
    json_key(w, "Rows");
    json_arr(w);
}
static void time_text(struct json_out *w, int64_t now)
{
    char text[29];
    date_format(now, text);
    json_z(w, text);
}

/* ---- v1 ---- */

static void v1_start(struct json_out *w, struct arena *a, size_t i)
{
    json_obj(w);
    json_kv_str(w, "TableName", arena_fmt(a, "Table_%zu", i));
}
static void v1_end(struct json_out *w)
{
    json_arr_end(w);
    json_obj_end(w);
}
static void v1_properties(struct json_out *w)
{
    static const struct fixed cols[] = {{"Value", KQL_STRING}};
    fixed_columns(w, cols, COUNTOF(cols), true);
    json_arr(w);
    json_z(w, "{\"Visualization\":null}");
    json_arr_end(w);
}
static void v1_status(struct json_out *w, const struct http_request *q, int64_t now)
{
    static const struct fixed cols[] = {
        {"Timestamp", KQL_DATETIME},       {"Severity", KQL_INT},
        {"SeverityName", KQL_STRING},      {"StatusCode", KQL_INT},
        {"StatusDescription", KQL_STRING}, {"Count", KQL_INT},
        {"RequestId", KQL_GUID},           {"ActivityId", KQL_GUID},
        {"SubActivityId", KQL_GUID},       {"ClientActivityId", KQL_STRING}};
    fixed_columns(w, cols, COUNTOF(cols), true);
    json_arr(w);
    time_text(w, now);
    json_int(w, 4);
    json_z(w, "Info");
    json_int(w, 0);
    json_z(w, "Query completed successfully");
    json_int(w, 1);
    json_z(w, q->id);
    json_z(w, q->id);
    json_z(w, q->id);
    json_str(w, http_header(q, "x-ms-client-request-id"));
    json_arr_end(w);
}
static void v1_entry(struct json_out *w, struct arena *a, size_t i, const char *kind,
                     const char *name)
{
    json_arr(w);
    json_int(w, (int64_t)i);
    json_z(w, kind);
    json_z(w, name);
    json_str(w, arena_fmt(a, "%zu", i));
    json_z(w, "");
    json_arr_end(w);
}
static void v1_contents(struct json_out *w, struct arena *a, size_t n)
{
    static const struct fixed cols[] = {{"Ordinal", KQL_LONG},
                                        {"Kind", KQL_STRING},
                                        {"Name", KQL_STRING},
                                        {"Id", KQL_STRING},
                                        {"PrettyName", KQL_STRING}};
    fixed_columns(w, cols, COUNTOF(cols), true);
    for (size_t i = 0; i < n; i++)
        v1_entry(w, a, i, "QueryResult", "PrimaryResult");
    v1_entry(w, a, n, "QueryProperties", "@ExtendedProperties");
    v1_entry(w, a, n + 1, "QueryStatus", "QueryStatus");
}

void kusto_write_v1(const struct http_request *q, int64_t now, const struct kusto_table *tables,
                    size_t n, bool query, struct http_response *r)
{
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_key(&w, "Tables");
    json_arr(&w);
    for (size_t i = 0; i < n; i++) {
        v1_start(&w, q->arena, i);
        columns(&w, &tables[i].schema, true);
        rows(&w, &tables[i], true);
        json_obj_end(&w);
    }
    if (query) {
        v1_start(&w, q->arena, n);
        v1_properties(&w);
        v1_end(&w);
        v1_start(&w, q->arena, n + 1);
        v1_status(&w, q, now);
        v1_end(&w);
        v1_start(&w, q->arena, n + 2);
        v1_contents(&w, q->arena, n);
        v1_end(&w);
    }
    json_arr_end(&w);
    json_obj_end(&w);
}

/* ---- v2 ---- */

static void v2_frame(struct json_out *w, size_t id, const char *kind, const char *name)
{
    json_obj(w);
    json_kv_z(w, "FrameType", "DataTable");
    json_kv_int(w, "TableId", (int64_t)id);
    json_kv_z(w, "TableKind", kind);
    json_kv_z(w, "TableName", name);
}
static struct str visualization(struct arena *a, const struct kql_render *render)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    if (render->chart.n > 0)
        json_kv_str(&w, "Visualization", render->chart);
    else
        json_kv_null(&w, "Visualization");
    for (size_t i = 0; i < render->n_props; i++) {
        json_key_str(&w, render->props[i].name);
        engine_value_json(&w, &render->props[i].value);
    }
    json_obj_end(&w);
    return arena_str(a, sbuf_str(&b));
}
static void v2_properties(struct json_out *w, struct arena *a, const struct kql_render *render,
                          size_t n)
{
    static const struct fixed cols[] = {
        {"TableId", KQL_INT}, {"Key", KQL_STRING}, {"Value", KQL_DYNAMIC}};
    v2_frame(w, 0, "QueryProperties", "@ExtendedProperties");
    fixed_columns(w, cols, COUNTOF(cols), false);
    for (size_t i = 1; i <= n; i++) {
        json_arr(w);
        json_int(w, (int64_t)i);
        json_z(w, "Visualization");
        json_str(w, visualization(a, render));
        json_arr_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
}
static void v2_completion(struct json_out *w, const struct http_request *q, int64_t now, size_t id)
{
    static const struct fixed cols[] = {
        {"Timestamp", KQL_DATETIME},    {"ClientRequestId", KQL_STRING},
        {"ActivityId", KQL_GUID},       {"SubActivityId", KQL_GUID},
        {"ParentActivityId", KQL_GUID}, {"Level", KQL_INT},
        {"LevelName", KQL_STRING},      {"StatusCode", KQL_INT},
        {"StatusCodeName", KQL_STRING}, {"EventType", KQL_INT},
        {"EventTypeName", KQL_STRING},  {"Payload", KQL_STRING}};
    v2_frame(w, id, "QueryCompletionInformation", "QueryCompletionInformation");
    fixed_columns(w, cols, COUNTOF(cols), false);
    json_arr(w);
    time_text(w, now);
    json_str(w, http_header(q, "x-ms-client-request-id"));
    json_z(w, q->id);
    json_z(w, q->id);
    json_z(w, q->id);
    json_int(w, 4);
    json_z(w, "Info");
    json_int(w, 0);
    json_z(w, "S_OK (0)");
    json_int(w, 4);
    json_z(w, "QueryInfo");
    json_z(w, "{\"Count\":1,\"Text\":\"Query completed successfully\"}");
    json_arr_end(w);
    json_arr_end(w);
    json_obj_end(w);
}

void kusto_write_v2(const struct http_request *q, int64_t now, const struct kusto_table *tables,
                    size_t n, const struct kql_render *render, struct http_response *r)
{
    const char *cut = NULL;
    struct json_out w = json_out_make(&r->body);
    json_arr(&w);
    json_obj(&w);
    json_kv_z(&w, "FrameType", "DataSetHeader");
    json_kv_bool(&w, "IsProgressive", false);
    json_kv_z(&w, "Version", "v2.0");
    json_obj_end(&w);
    v2_properties(&w, q->arena, render, n);
    for (size_t i = 0; i < n; i++) {
        v2_frame(&w, i + 1, "PrimaryResult", "PrimaryResult");
        columns(&w, &tables[i].schema, false);
        rows(&w, &tables[i], false);
        json_obj_end(&w);
        cut = cut != NULL ? cut : tables[i].cut;
    }
    v2_completion(&w, q, now, n + 1);
    json_obj(&w);
    json_kv_z(&w, "FrameType", "DataSetCompletion");
    json_kv_bool(&w, "HasErrors", cut != NULL);
    json_kv_bool(&w, "Cancelled", false);
    if (cut != NULL) {
        json_key(&w, "OneApiErrors");
        json_arr(&w);
        one_api_error(&w, cut);
        json_arr_end(&w);
    }
    json_obj_end(&w);
    json_arr_end(&w);
}
