/* Azure diagnostic settings: which table a category goes to, and how a record's envelope and
 * properties become columns. Sources: "Resource log schemas", "Microsoft Entra sign-in log schema",
 * "Azure activity log event schema" and the references of the tables. */
#include "ingest/azure.h"

const struct json *azure_member(const struct json *v, const char *name)
{
    for (size_t i = 0; v != NULL && v->type == JSON_OBJECT && i < v->n; i++)
        if (str_ieqz(v->keys[i], name))
            return &v->items[i];
    return NULL;
}

static bool first_use(struct azure_row *r, const char *column)
{
    if (map_get(r->used, str_from(column)) != NULL)
        return false;
    map_put(r->used, str_from(column), r);
    return true;
}

void azure_text(struct azure_row *r, const char *column, struct str text)
{
    if (text.n > 0 && first_use(r, column))
        record_text(&r->m, column, text);
}

void azure_value(struct azure_row *r, const char *column, const struct json *v)
{
    if (v != NULL && v->type != JSON_NULL && first_use(r, column))
        record_value(&r->m, column, v);
}

static struct str text_of(const struct azure_row *r, const char *name)
{
    const struct json *v = azure_member(r->record, name);
    bool scalar = v != NULL && v->type != JSON_OBJECT && v->type != JSON_ARRAY;
    return scalar ? v->text : STR_NONE;
}

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
    return (struct str){p, s.n};
}

/* The piece of an id behind the piece called name. */
struct azure_resource azure_resource_of(struct str id)
{
    struct azure_resource out = {0};
    struct str before = STR_NONE, rest = id;
    bool in_provider = false;
    while (rest.n > 0) {
        const char *slash = memchr(rest.p, '/', rest.n);
        struct str piece = str_sub(rest, 0, slash != NULL ? (size_t)(slash - rest.p) : rest.n);
        rest = slash != NULL ? str_sub(rest, piece.n + 1, rest.n) : STR_NONE;
        if (piece.n == 0)
            continue;
        if (str_ieqz(before, "subscriptions"))
            out.subscription = piece;
        else if (str_ieqz(before, "resourceGroups"))
            out.group = piece;
        else if (str_ieqz(before, "providers"))
            out.provider = piece;
        else if (in_provider && out.type.n == 0)
            out.type = piece;
        else if (in_provider)
            out.name = piece;
        in_provider |= str_ieqz(before, "providers");
        before = piece;
    }
    return out;
}

/* ---- which table ---- */

struct category {
    const char *name, *table;
};
static const struct category categories[] = {
    {"SignInLogs", "SigninLogs"},
    {"NonInteractiveUserSignInLogs", "AADNonInteractiveUserSignInLogs"},
    {"ServicePrincipalSignInLogs", "AADServicePrincipalSignInLogs"},
    {"ManagedIdentitySignInLogs", "AADManagedIdentitySignInLogs"},
    {"ProvisioningLogs", "AADProvisioningLogs"},
    {"RiskyUsers", "AADRiskyUsers"},
    {"UserRiskEvents", "AADUserRiskEvents"},
    {"RiskyServicePrincipals", "AADRiskyServicePrincipals"},
    {"ServicePrincipalRiskEvents", "AADServicePrincipalRiskEvents"},
    {"NetworkAccessTrafficLogs", "NetworkAccessTraffic"},
    {"Administrative", "AzureActivity"},
    {"ServiceHealth", "AzureActivity"},
    {"ResourceHealth", "AzureActivity"},
    {"Alert", "AzureActivity"},
    {"Autoscale", "AzureActivity"},
    {"Security", "AzureActivity"},
    {"Policy", "AzureActivity"},
    {"Recommendation", "AzureActivity"},
};
/* Categories that are called like a table which no diagnostic setting fills. */
static const char *const not_tables[] = {
    "Event",     "Syslog",    "SecurityEvent", "SecurityAlert", "SecurityIncident",
    "Heartbeat", "Operation", "Usage",         "Update",        "Perf",
    "Alert"};

static struct str storage_table(struct str resource_id)
{
    static const struct category services[] = {{"/blobservices/", "StorageBlobLogs"},
                                               {"/fileservices/", "StorageFileLogs"},
                                               {"/queueservices/", "StorageQueueLogs"},
                                               {"/tableservices/", "StorageTableLogs"}};
    size_t at = 0;
    for (size_t i = 0; i < COUNTOF(services); i++)
        if (str_find(resource_id, str_from(services[i].name), &at))
            return str_from(services[i].table);
    return STR_NONE;
}

static struct str table_of(struct foreign *f, struct str category, struct str resource_id)
{
    if (str_ieqz(category, "StorageRead") || str_ieqz(category, "StorageWrite") ||
        str_ieqz(category, "StorageDelete")) {
        struct str table = storage_table(lower(foreign_arena(f), resource_id));
        if (table.n > 0)
            return table;
    }
    for (size_t i = 0; i < COUNTOF(categories); i++)
        if (str_ieqz(category, categories[i].name))
            return str_from(categories[i].table);
    if (str_starts(category, STR("AdvancedHunting-"))) /* Defender's streaming */
        category = str_sub(category, 16, category.n);
    for (size_t i = 0; i < COUNTOF(not_tables); i++)
        if (str_eqz(category, not_tables[i]))
            return STR("AzureDiagnostics");
    bool ours = str_starts(category, STR("Vedette")) || str_ends(category, STR("_CL"));
    return !ours && foreign_table_exists(f, category) ? category : STR("AzureDiagnostics");
}

/* ---- tables of their own ---- */

/* Members whose column has another name, where the table has that column. */
static const struct field_map renamed_properties[] = {
    {"location", "LocationDetails"},
    {"appliedConditionalAccessPolicies", "ConditionalAccessPolicies"},
    {"operationType", "AADOperationType"},
    {"processingTimeInMilliseconds", "ProcessingTimeInMs"},
    {"resourceId", "ResourceIdentity"},
};
static const struct field_map renamed_envelope[] = {
    {"tenantId", "AADTenantId"},
    {"callerIpAddress", "CallerIpAddress"},
    {"callerIpAddress", "IPAddress"},
    {"level", "Level"},
};
/* Storage's logs say who asks in an object. */
static const struct field_map storage_identity[] = {
    {"type", "AuthenticationType"},
    {"tokenHash", "AuthenticationHash"},
    {"authorization", "AuthorizationDetails"},
    {"requester.appId", "RequesterAppId"},
    {"requester.audience", "RequesterAudience"},
    {"requester.objectId", "RequesterObjectId"},
    {"requester.tenantId", "RequesterTenantId"},
    {"requester.tokenIssuer", "RequesterTokenIssuer"},
    {"requester.upn", "RequesterUpn"},
};

/* The column of a member: its other name, else its own in any case. What has none keeps its name,
 * so that it is counted as dropped. */
static void put_member(struct azure_row *r, struct str name, const struct json *v,
                       const struct field_map *others, size_t n)
{
    const char *column = NULL;
    for (size_t i = 0; i < n && column == NULL; i++)
        if (str_ieqz(name, others[i].path) &&
            foreign_has_column(r->f, r->table, str_from(others[i].column)))
            column = others[i].column;
    if (column == NULL && !str_ieqz(name, "tenantId"))
        column = foreign_column(r->f, r->table, name);
    azure_value(r, column != NULL ? column : arena_strz(r->m.a, name), v);
}

static void put_resource(struct azure_row *r)
{
    struct str id = text_of(r, "resourceId");
    struct azure_resource parts = azure_resource_of(id);
    struct str entra = str_ieqz(parts.provider, "Microsoft.aadiam") ? parts.provider : STR_NONE;
    azure_text(r, "_ResourceId", lower(r->m.a, id));
    azure_text(r, "_SubscriptionId", lower(r->m.a, parts.subscription));
    const struct {
        const char *column;
        struct str text;
    } columns[] = {{"ResourceId", id},
                   {"SubscriptionId", parts.subscription},
                   {"ResourceGroup", entra.n > 0 ? entra : parts.group},
                   {"ResourceProvider", parts.provider},
                   {"ResourceProviderValue", parts.provider},
                   {"Resource", entra.n > 0 ? entra : parts.name}};
    for (size_t i = 0; i < COUNTOF(columns); i++)
        if (foreign_has_column(r->f, r->table, str_from(columns[i].column)))
            azure_text(r, columns[i].column, columns[i].text);
}

static void put_own_table(struct azure_row *r)
{
    const struct json *properties = azure_member(r->record, "properties");
    const struct json *identity = azure_member(r->record, "identity");
    bool storage = str_starts(r->table, STR("Storage"));
    azure_value(r, "TimeGenerated", azure_member(r->record, "time"));
    put_resource(r);
    for (size_t i = 0; storage && i < COUNTOF(storage_identity); i++)
        azure_value(r, storage_identity[i].column, json_path(identity, storage_identity[i].path));
    for (size_t i = 0; properties != NULL && properties->type == JSON_OBJECT && i < properties->n;
         i++)
        put_member(r, properties->keys[i], &properties->items[i], renamed_properties,
                   COUNTOF(renamed_properties));
    for (size_t i = 0; i < r->record->n; i++) {
        struct str name = r->record->keys[i];
        const struct json *v = &r->record->items[i];
        if (str_ieqz(name, "time") || str_ieqz(name, "resourceId") || v == properties ||
            (storage && v == identity))
            continue;
        put_member(r, name, v, renamed_envelope, COUNTOF(renamed_envelope));
    }
}

/* ---- AzureActivity ---- */

static struct str caller_of(const struct json *claims)
{
    static const char *const names[] = {
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "appid"};
    for (size_t i = 0; i < COUNTOF(names); i++) {
        struct str text = json_text(json_get(claims, names[i]), STR_NONE);
        if (text.n > 0)
            return text;
    }
    return STR_NONE;
}

/* An object as the table has it twice: as text, and as a dynamic column. */
static void put_twice(struct azure_row *r, const char *text, const char *dynamic,
                      const struct json *v)
{
    if (v == NULL || v->type != JSON_OBJECT)
        return;
    record_json_text(&r->m, text, v);
    azure_value(r, dynamic, v);
}

static void put_activity(struct azure_row *r)
{
    const struct json *identity = azure_member(r->record, "identity");
    const struct json *claims = azure_member(identity, "claims");
    const struct json *properties = azure_member(r->record, "properties");
    struct str signature = text_of(r, "resultSignature");
    const char *dot = signature.n > 0 ? memchr(signature.p, '.', signature.n) : NULL;
    azure_value(r, "TimeGenerated", azure_member(r->record, "time"));
    azure_value(r, "EventSubmissionTimestamp", azure_member(r->record, "time"));
    put_resource(r);
    azure_text(r, "OperationNameValue", text_of(r, "operationName"));
    azure_text(r, "CategoryValue", text_of(r, "category"));
    azure_text(r, "ActivityStatusValue", text_of(r, "resultType"));
    azure_text(r, "ActivitySubstatusValue",
               dot == NULL ? signature
                           : str_sub(signature, (size_t)(dot - signature.p) + 1, signature.n));
    azure_text(r, "CallerIpAddress", text_of(r, "callerIpAddress"));
    azure_text(r, "CorrelationId", text_of(r, "correlationId"));
    azure_text(r, "Level", text_of(r, "level"));
    azure_text(r, "Description", text_of(r, "resultDescription"));
    azure_text(r, "Caller", caller_of(claims));
    azure_text(r, "EventDataId", json_text(azure_member(properties, "eventDataId"), STR_NONE));
    azure_text(r, "Hierarchy", json_text(azure_member(properties, "hierarchy"), STR_NONE));
    put_twice(r, "Authorization", "Authorization_d", azure_member(identity, "authorization"));
    put_twice(r, "Claims", "Claims_d", claims);
    put_twice(r, "Properties", "Properties_d", properties);
}

/* ---- records ---- */

static void put_record(struct foreign *f, const struct json *v, struct str category)
{
    struct azure_row r = {.f = f, .record = v};
    r.m.a = foreign_arena(f);
    r.used = map_new(r.m.a, false);
    r.table = foreign_table(f);
    if (r.table.n == 0)
        r.table = table_of(f, category, text_of(&r, "resourceId"));
    if (str_eqz(r.table, "AzureActivity"))
        put_activity(&r);
    else if (str_eqz(r.table, "AzureDiagnostics"))
        azure_diagnostics(&r);
    else
        put_own_table(&r);
    struct json record = record_done(&r.m);
    foreign_put(f, r.table, &record);
}

void azure_read(struct foreign *f, struct str body)
{
    struct documents d = documents_make(f, body, "records");
    const struct json *v;
    struct err why = {0};
    while (documents_next(&d, &v, &why)) {
        struct str category = json_text(azure_member(v, "category"), STR_NONE);
        if (v == NULL) {
            foreign_reject(f, d.raw, &why);
        } else if (category.n > 0) {
            put_record(f, v, category);
        } else {
            err_set(&why, ERR_INVALID, "the record names no category");
            foreign_reject(f, d.raw, &why);
        }
    }
}
