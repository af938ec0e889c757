/* A rule's properties, understood and checked: what its streams and destinations are. */
#include <stdio.h>

#include "dcr/dcr_priv.h"

void dcr_issue(struct dcr_reading *r, const char *code, struct str target, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    struct dcr_issue x = {code, arena_str(r->a, str_from(text)), target};
    if (r->issues->list.n < DCR_MAX_ISSUES)
        VEC_PUSH(r->a, &r->issues->list, x);
}

struct str dcr_brief(struct str s)
{
    size_t n = s.n < 100 ? s.n : 100;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return str_sub(s, 0, n);
}

const struct json *dcr_array(struct dcr_reading *r, const struct json *object, const char *name,
                             struct str target)
{
    const struct json *v = json_get(object, name);
    if (v == NULL || v->type == JSON_NULL)
        return NULL;
    if (v->type == JSON_ARRAY && v->n <= DCR_MAX_PARTS)
        return v;
    dcr_issue(r, "InvalidPayload", arena_fmt(r->a, "%.*s.%s", STR_ARG(target), name),
              "an array of at most %d expected", DCR_MAX_PARTS);
    return NULL;
}

/* ---- stream declarations ---- */

static const struct {
    const char *name;
    enum kql_type type;
} types[] = {
    {"string", KQL_STRING},     {"int", KQL_INT},         {"long", KQL_LONG}, {"real", KQL_REAL},
    {"boolean", KQL_BOOL},      {"bool", KQL_BOOL},       {"guid", KQL_GUID}, {"double", KQL_REAL},
    {"datetime", KQL_DATETIME}, {"dynamic", KQL_DYNAMIC},
};

static bool declared_twice(const struct dcr_stream *s, struct str name)
{
    for (size_t i = 0; i < s->columns.n; i++)
        if (str_eq(s->columns.cols[i].name, name))
            return true;
    return false;
}

static void read_column(struct dcr_reading *r, const struct json *v, struct str target,
                        struct dcr_stream *s)
{
    static const char code[] = "InvalidStreamDeclaration";
    struct str name = json_text(json_get(v, "name"), STR("")),
               type = json_text(json_get(v, "type"), STR(""));
    struct kql_column c = {arena_str(r->a, name), KQL_UNKNOWN};
    for (size_t i = 0; i < COUNTOF(types); i++)
        if (str_ieqz(type, types[i].name))
            c.type = types[i].type;
    if (name.n == 0 || name.n > DCR_MAX_NAME)
        dcr_issue(r, code, target, "a column needs a name of 1 to %d bytes", DCR_MAX_NAME);
    else if (declared_twice(s, name))
        dcr_issue(r, code, target, "column '%.*s' is declared twice", STR_ARG(dcr_brief(name)));
    else if (c.type == KQL_UNKNOWN)
        dcr_issue(r, code, target,
                  "column '%.*s': string, int, long, real, boolean, datetime, dynamic or guid "
                  "expected, not '%.*s'",
                  STR_ARG(dcr_brief(name)), STR_ARG(dcr_brief(type)));
    else
        s->columns.cols[s->columns.n++] = c;
}

static void read_stream(struct dcr_reading *r, struct str name, const struct json *v,
                        struct dcr_stream *s)
{
    static const char code[] = "InvalidStreamDeclaration";
    struct str target =
        arena_fmt(r->a, "properties.streamDeclarations.%.*s", STR_ARG(dcr_brief(name)));
    const struct json *columns = json_get(v, "columns");
    *s = (struct dcr_stream){.name = arena_str(r->a, name)};
    if (!str_starts(name, STR("Custom-")) || name.n == 7 || name.n > DCR_MAX_NAME)
        dcr_issue(r, code, target, "a stream's name begins with Custom- and has at most %d bytes",
                  DCR_MAX_NAME);
    if (columns == NULL || columns->type != JSON_ARRAY || columns->n == 0 ||
        columns->n > DCR_MAX_COLUMNS) {
        dcr_issue(r, code, target, "columns: an array of 1 to %d expected", DCR_MAX_COLUMNS);
        return;
    }
    s->columns.cols = arena_array(r->a, struct kql_column, columns->n);
    for (size_t i = 0; i < columns->n; i++)
        read_column(r, &columns->items[i], target, s);
}

static void read_streams(struct dcr_reading *r, const struct json *v)
{
    if (v == NULL || v->type == JSON_NULL)
        return;
    if (v->type != JSON_OBJECT || v->n > DCR_MAX_PARTS) {
        dcr_issue(r, "InvalidPayload", STR("properties.streamDeclarations"),
                  "an object of at most %d streams expected", DCR_MAX_PARTS);
        return;
    }
    r->m->streams = arena_array(r->a, struct dcr_stream, v->n + 1);
    r->m->n_streams = v->n;
    for (size_t i = 0; i < v->n; i++)
        read_stream(r, v->keys[i], &v->items[i], &r->m->streams[i]);
}

/* Also those that are not shown, such as _ResourceId; not what the service fills in. */
static struct kql_schema columns_of(struct arena *a, const struct kql_table *t)
{
    size_t n = t->schema.n + t->hidden.n;
    struct kql_schema out = {arena_array(a, struct kql_column, n + 1), 0};
    for (size_t i = 0; i < n; i++) {
        struct kql_column c = i < t->schema.n ? t->schema.cols[i] : t->hidden.cols[i - t->schema.n];
        if (i < t->schema.n || !store_column_is_services(c.name))
            out.cols[out.n++] = c;
    }
    return out;
}

bool dcr_model_columns(struct arena *a, const struct dcr_model *m, struct workspace *w,
                       struct str stream, struct kql_schema *out, bool *out_declared)
{
    struct kql_table t = {0};
    struct str table = STR("");
    for (size_t i = 0; i < m->n_streams; i++)
        if (str_eq(m->streams[i].name, stream) && m->streams[i].columns.n > 0) {
            *out = m->streams[i].columns;
            if (out_declared != NULL)
                *out_declared = true;
            return true;
        }
    if (str_starts(stream, STR(DCR_TABLE_STREAM)))
        stream = arena_fmt(a, "Microsoft-%.*s",
                           STR_ARG(str_sub(stream, sizeof(DCR_TABLE_STREAM) - 1, stream.n)));
    if (!str_starts(stream, STR("Microsoft-")) ||
        !ingest_stream_table(w, a, stream, &table, NULL) || !workspace_table_find(w, a, table, &t))
        return false;
    *out = columns_of(a, &t);
    if (out_declared != NULL)
        *out_declared = false;
    return true;
}

/* ---- destinations ---- */

/* The name at the end of a workspace's resource id. */
static struct str last_segment(struct str id)
{
    size_t from = id.n;
    while (from > 0 && id.p[from - 1] != '/')
        from--;
    return str_sub(id, from, id.n);
}

static void read_destination(struct dcr_reading *r, const struct json *v, struct str target)
{
    struct str resource = json_text(json_get(v, "workspaceResourceId"), STR(""));
    struct str id = last_segment(resource), name = json_text(json_get(v, "name"), STR(""));
    if (id.n == 0)
        resource = id = json_text(json_get(v, "workspaceId"), STR(""));
    struct dcr_destination d = {arena_str(r->a, name),
                                store_workspace_of_resource(r->about->store, resource)};
    if (id.n == 0)
        dcr_issue(r, "InvalidDestination", target,
                  "workspaceResourceId is missing: the resource id of a workspace expected");
    else if (d.workspace == NULL)
        dcr_issue(r, "InvalidDestination", target,
                  "workspaceResourceId: there is no workspace '%.*s' here", STR_ARG(dcr_brief(id)));
    if (name.n == 0 || name.n > DCR_MAX_NAME)
        dcr_issue(r, "InvalidDestination", target, "a destination needs a name of 1 to %d bytes",
                  DCR_MAX_NAME);
    for (size_t i = 0; i < r->m->n_destinations; i++)
        if (str_eq(r->m->destinations[i].name, name))
            dcr_issue(r, "InvalidDestination", target, "there are two destinations '%.*s'",
                      STR_ARG(dcr_brief(name)));
    r->m->destinations[r->m->n_destinations++] = d;
}

static void read_destinations(struct dcr_reading *r, const struct json *v)
{
    const struct json *list = dcr_array(r, v, "logAnalytics", STR("properties.destinations"));
    size_t n = list != NULL ? list->n : 0;
    r->m->destinations = arena_array(r->a, struct dcr_destination, n + 1);
    for (size_t i = 0; i < n; i++)
        read_destination(r, &list->items[i],
                         arena_fmt(r->a, "properties.destinations.logAnalytics[%zu]", i));
}

void dcr_model_destinations(struct arena *a, const struct dcr_about *about,
                            const struct json *properties, struct dcr_model *out)
{
    struct dcr_issues issues = {.a = a};
    struct dcr_reading r = {a, about, out, &issues};
    *out = (struct dcr_model){0};
    read_destinations(&r, json_get(properties, "destinations"));
}

bool dcr_model_read(struct arena *a, const struct dcr_about *about, const struct json *properties,
                    struct dcr_model *out, struct dcr_issues *issues)
{
    struct dcr_reading r = {a, about, out, issues};
    *out = (struct dcr_model){0};
    read_streams(&r, json_get(properties, "streamDeclarations"));
    read_destinations(&r, json_get(properties, "destinations"));
    dcr_read_flows(&r, properties);
    dcr_check_data_sources(&r, properties);
    return issues->list.n == 0;
}
