/* Names of the scalar types. */
#include "kql/types.h"
#include "text/json.h"

static const struct {
    const char *name, *dotnet;
} types[KQL_N_TYPES] = {
    [KQL_UNKNOWN] = {"unknown", "System.Object"},
    [KQL_BOOL] = {"bool", "System.SByte"},
    [KQL_INT] = {"int", "System.Int32"},
    [KQL_LONG] = {"long", "System.Int64"},
    [KQL_REAL] = {"real", "System.Double"},
    [KQL_DECIMAL] = {"decimal", "System.Data.SqlTypes.SqlDecimal"},
    [KQL_STRING] = {"string", "System.String"},
    [KQL_DATETIME] = {"datetime", "System.DateTime"},
    [KQL_TIMESPAN] = {"timespan", "System.TimeSpan"},
    [KQL_GUID] = {"guid", "System.Guid"},
    [KQL_DYNAMIC] = {"dynamic", "System.Object"},
};
static const struct {
    const char *name;
    enum kql_type type;
} names[] = {
    {"bool", KQL_BOOL},         {"boolean", KQL_BOOL},      {"int", KQL_INT},
    {"int8", KQL_INT},          {"int16", KQL_INT},         {"int32", KQL_INT},
    {"uint8", KQL_INT},         {"uint16", KQL_INT},        {"uint", KQL_LONG},
    {"uint32", KQL_LONG},       {"long", KQL_LONG},         {"int64", KQL_LONG},
    {"ulong", KQL_LONG},        {"uint64", KQL_LONG},       {"real", KQL_REAL},
    {"double", KQL_REAL},       {"float", KQL_REAL},        {"decimal", KQL_DECIMAL},
    {"string", KQL_STRING},     {"datetime", KQL_DATETIME}, {"date", KQL_DATETIME},
    {"timespan", KQL_TIMESPAN}, {"time", KQL_TIMESPAN},     {"guid", KQL_GUID},
    {"uuid", KQL_GUID},         {"uniqueid", KQL_GUID},     {"dynamic", KQL_DYNAMIC},
};

const char *kql_type_name(enum kql_type t)
{
    CHECK((unsigned)t < KQL_N_TYPES);
    return types[t].name;
}
const char *kql_type_dotnet(enum kql_type t)
{
    CHECK((unsigned)t < KQL_N_TYPES);
    return types[t].dotnet;
}
bool kql_type_parse(struct str name, enum kql_type *out)
{
    for (size_t i = 0; i < COUNTOF(names); i++) {
        if (str_eqz(name, names[i].name)) {
            *out = names[i].type;
            return true;
        }
    }
    return false;
}

enum kql_type kql_type_of_json(const struct json *v)
{
    switch (v->type) {
    case JSON_NULL:
        return KQL_UNKNOWN;
    case JSON_FALSE:
    case JSON_TRUE:
        return KQL_BOOL;
    case JSON_INT:
        return KQL_LONG;
    case JSON_REAL:
        return KQL_REAL;
    case JSON_STRING:
        return KQL_STRING;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return KQL_DYNAMIC;
    }
    UNREACHABLE();
}

/* ---- schemas ---- */
bool kql_schema_has(const struct kql_schema *s, struct str name)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->cols[i].name, name))
            return true;
    return false;
}

struct kql_schema kql_hidden_columns(struct arena *a, const struct kql_schema *schema)
{
    static const struct kql_column all[] = {
        {{"_ItemId", 7}, KQL_STRING},       {{"_TimeReceived", 13}, KQL_DATETIME},
        {{"_BilledSize", 11}, KQL_REAL},    {{"_IsBillable", 11}, KQL_STRING},
        {{"_ResourceId", 11}, KQL_STRING},  {{"_SubscriptionId", 15}, KQL_STRING},
        {{"_WorkspaceId", 12}, KQL_STRING},
    };
    struct kql_schema hidden = {arena_array(a, struct kql_column, COUNTOF(all)), 0};
    for (size_t i = 0; i < COUNTOF(all); i++)
        if (!kql_schema_has(schema, all[i].name))
            hidden.cols[hidden.n++] = all[i];
    return hidden;
}
