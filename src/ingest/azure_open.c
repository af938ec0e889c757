/* AzureDiagnostics: one table for the resource logs of all services that have no table of their
 * own. Its columns are made as they come, named after the member, its objects, and its type. */
#include "ingest/azure.h"

#include "base/ids.h"
#include "text/date.h"

enum { MAX_DEPTH = 16, MAX_NAME = 126 };

/* Members of the envelope that have a column of their own. */
static const struct field_map envelope[] = {
    {"category", "Category"},
    {"operationName", "OperationName"},
    {"operationVersion", "OperationVersion"},
    {"resultType", "ResultType"},
    {"resultSignature", "ResultSignature"},
    {"resultDescription", "ResultDescription"},
    {"durationMs", "DurationMs"},
    {"callerIpAddress", "CallerIPAddress"},
    {"correlationId", "CorrelationId"},
    {"level", "Level"},
};

static struct str upper(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] & ~0x20) : s.p[i];
    return (struct str){p, s.n};
}

static const char *suffix_of(const struct json *v)
{
    struct guid g;
    int64_t ticks = 0;
    if (v->type == JSON_INT || v->type == JSON_REAL)
        return "_d";
    if (v->type == JSON_TRUE || v->type == JSON_FALSE)
        return "_b";
    if (v->type != JSON_STRING)
        return "_s";
    if (v->text.n == 36 && guid_parse(v->text, &g))
        return "_g";
    return v->text.n >= 19 && date_parse_iso(v->text, &ticks) ? "_t" : "_s";
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static const char *column_name(struct azure_row *r, struct str path, const char *suffix)
{
    char *name = arena_alloc(r->m.a, MAX_NAME + 3);
    size_t n = path.n < MAX_NAME ? path.n : MAX_NAME;
    for (size_t i = 0; i < n; i++)
        name[i] = is_word(path.p[i]) ? path.p[i] : '_';
    memcpy(name + n, suffix, 3);
    return name;
}

/* path: the members on the way, with '_' between them. */
static void put_flat(struct azure_row *r, struct str path, const struct json *v, int depth)
{
    if (v->type == JSON_OBJECT && depth < MAX_DEPTH && path.n < MAX_NAME) {
        for (size_t i = 0; i < v->n; i++)
            put_flat(r,
                     path.n == 0
                         ? v->keys[i]
                         : arena_fmt(r->m.a, "%.*s_%.*s", STR_ARG(path), STR_ARG(v->keys[i])),
                     &v->items[i], depth + 1);
        return;
    }
    if (v->type == JSON_NULL || path.n == 0)
        return;
    const char *column = column_name(r, path, suffix_of(v));
    if (v->type == JSON_OBJECT || v->type == JSON_ARRAY)
        record_json_text(&r->m, column, v);
    else
        azure_value(r, column, v);
}

static void put_resource(struct azure_row *r)
{
    const struct json *v = azure_member(r->record, "resourceId");
    struct str id = json_text(v, STR_NONE);
    struct azure_resource parts = azure_resource_of(id);
    struct arena *a = r->m.a;
    char *low = arena_alloc(a, id.n + 1);
    for (size_t i = 0; i < id.n; i++)
        low[i] = id.p[i] >= 'A' && id.p[i] <= 'Z' ? (char)(id.p[i] | 0x20) : id.p[i];
    azure_text(r, "_ResourceId", (struct str){low, id.n});
    azure_text(r, "ResourceId", upper(a, id));
    azure_text(r, "SubscriptionId", parts.subscription);
    azure_text(r, "ResourceGroup", upper(a, parts.group));
    azure_text(r, "ResourceProvider", upper(a, parts.provider));
    azure_text(r, "ResourceType", upper(a, parts.type));
    azure_text(r, "Resource", upper(a, parts.name));
}

void azure_diagnostics(struct azure_row *r)
{
    azure_value(r, "TimeGenerated", azure_member(r->record, "time"));
    put_resource(r);
    for (size_t i = 0; i < r->record->n; i++) {
        struct str name = r->record->keys[i];
        const struct json *v = &r->record->items[i];
        const char *column = NULL;
        for (size_t k = 0; k < COUNTOF(envelope) && column == NULL; k++)
            if (str_ieqz(name, envelope[k].path))
                column = envelope[k].column;
        if (str_ieqz(name, "time") || str_ieqz(name, "resourceId"))
            continue;
        if (str_ieqz(name, "properties"))
            put_flat(r, v->type == JSON_OBJECT ? STR_NONE : name, v, 0);
        else if (column != NULL)
            azure_value(r, column, v);
        else
            put_flat(r, name, v, 0);
    }
}
