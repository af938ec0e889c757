/* Records of the Data Collector API: each property becomes a column with a suffix that tells its
 * type. Source: "Azure Monitor HTTP Data Collector API", record type and properties. */
#include "base/ids.h"
#include "ingest/ingest_priv.h"
#include "text/date.h"

enum { SUFFIX_CHARS = 2, GUID_CHARS = 36, MAX_COLUMN = 128 };

static const struct suffix {
    const char *text;
    enum kql_type type;
} suffixes[] = {{"_s", KQL_STRING},
                {"_d", KQL_REAL},
                {"_b", KQL_BOOL},
                {"_t", KQL_DATETIME},
                {"_g", KQL_STRING}};

static bool is_guid(struct str s)
{
    struct guid g;
    return s.n == GUID_CHARS && guid_parse(s, &g);
}

/* "2026-01-02T03:04:05Z": a date alone is text, as are numbers. */
static bool is_time(struct str s)
{
    int64_t t;
    return s.n >= STR("2026-01-02T03:04Z").n && (s.p[10] == 'T' || s.p[10] == ' ') &&
           date_parse_iso(s, &t);
}

static const struct suffix *natural(const struct json *v)
{
    switch (v->type) {
    case JSON_TRUE:
    case JSON_FALSE:
        return &suffixes[2];
    case JSON_INT:
    case JSON_REAL:
        return &suffixes[1];
    case JSON_STRING:
        return is_guid(v->text) ? &suffixes[4] : is_time(v->text) ? &suffixes[3] : &suffixes[0];
    case JSON_ARRAY:
    case JSON_OBJECT:
    case JSON_NULL:
        break;
    }
    return &suffixes[0];
}

static struct str column_name(struct arena *a, struct str property, const struct suffix *s)
{
    struct str cut = property;
    (void)convert_cut(&cut, MAX_COLUMN - SUFFIX_CHARS);
    char *p = arena_alloc(a, cut.n + SUFFIX_CHARS + 1);
    for (size_t i = 0; i < cut.n; i++) {
        char c = cut.p[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
        p[i] = plain ? c : '_';
    }
    memcpy(p + cut.n, s->text, SUFFIX_CHARS);
    return (struct str){p, cut.n + SUFFIX_CHARS};
}

/* The column for a value: the one of its own type; else, when the property has a column of another
 * type that can hold it, that; else a new one of its own type. */
static struct str column_for(const struct collector *k, struct arena *a, struct str property,
                             const struct json *v)
{
    const struct suffix *own = natural(v);
    struct str name = column_name(a, property, own);
    struct kql_value converted;
    if (k->has_column(k->self, name))
        return name;
    for (size_t i = 0; i < COUNTOF(suffixes); i++) {
        struct str other = column_name(a, property, &suffixes[i]);
        if (k->has_column(k->self, other) &&
            convert_value(v, suffixes[i].type, k->scratch, &converted) == CONVERT_OK)
            return other;
    }
    return name;
}

/* Names that the service fills or reads itself. */
static bool is_reserved(struct str name)
{
    return str_ieqz(name, "tenant") || str_ieqz(name, "TimeGenerated") || str_ieqz(name, "RawData");
}

static void add(struct json *to, const char *name, struct str text)
{
    to->keys[to->n] = str_from(name);
    to->items[to->n++] = (struct json){.type = JSON_STRING, .text = text};
}

bool collector_record(const struct collector *k, struct arena *a, struct json *record,
                      struct err *e)
{
    enum { ADDED = 3 };
    const struct ingest_collector *o = k->options;
    struct json out = {.type = JSON_OBJECT};
    bool timed = false;
    out.keys = arena_array(a, struct str, record->n + ADDED);
    out.items = arena_array(a, struct json, record->n + ADDED);
    add(&out, "SourceSystem", STR("RestAPI"));
    if (o->resource_id.n > 0)
        add(&out, "_ResourceId", o->resource_id);
    for (size_t i = 0; i < record->n; i++) {
        struct str name = record->keys[i];
        const struct json *v = &record->items[i];
        if (is_reserved(name))
            return err_set(e, ERR_INVALID, "'%.*s' is a name of the service's own", STR_ARG(name));
        if (!timed && o->time_field.n > 0 && str_eq(name, o->time_field) &&
            v->type == JSON_STRING) {
            add(&out, "TimeGenerated", v->text);
            timed = true; /* a record may name a property twice */
        }
        if (v->type == JSON_NULL || name.n == 0)
            continue;
        out.keys[out.n] = column_for(k, a, name, v);
        out.items[out.n++] = *v;
    }
    *record = out;
    return true;
}
