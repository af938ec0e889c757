/* properties.dataSources: what agents are to collect. Nothing here runs agents; the list is kept,
 * checked as Azure's specification has it, and read back by who manages them. Source: the Data
 * Collection Rules API, "Structure of a data collection rule in Azure Monitor". */
#include "dcr/dcr_priv.h"

enum { MAX_SOURCES = 64, MAX_SETTINGS = 32 << 10, MAX_TEXT = 1024 };
#define CODE "InvalidDataSource"

enum member_type { M_TEXT, M_TEXTS, M_COUNT, M_OBJECT };
struct member {
    const char *kind, *name;
    enum member_type type;
    bool required;
    size_t most;              /* of texts; of the number */
    const char *const *words; /* what the texts may be, without regard to case; NULL: anything */
};

static const char *const facilities[] = {
    "*",      "alert",  "audit",  "auth",   "authpriv", "clock",  "cron",   "daemon", "ftp", "kern",
    "local0", "local1", "local2", "local3", "local4",   "local5", "local6", "local7", "lpr", "mail",
    "mark",   "news",   "nopri",  "ntp",    "syslog",   "user",   "uucp",   NULL};
static const char *const levels[] = {"*",     "Debug",    "Info",  "Notice",    "Warning",
                                     "Error", "Critical", "Alert", "Emergency", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const profiles[] = {"Domain", "Private", "Public", NULL};

/* A kind that has no row of its own has "streams" and "name" only. */
static const struct member members[] = {
    {"performanceCounters", "samplingFrequencyInSeconds", M_COUNT, false, 1800, NULL},
    {"performanceCounters", "counterSpecifiers", M_TEXTS, true, 100, NULL},
    {"performanceCountersOTel", "samplingFrequencyInSeconds", M_COUNT, false, 1800, NULL},
    {"performanceCountersOTel", "counterSpecifiers", M_TEXTS, true, 100, NULL},
    {"windowsEventLogs", "xPathQueries", M_TEXTS, true, 100, NULL},
    {"syslog", "facilityNames", M_TEXTS, true, COUNTOF(facilities), facilities},
    {"syslog", "logLevels", M_TEXTS, false, COUNTOF(levels), levels},
    {"extensions", "extensionName", M_TEXT, true, 0, NULL},
    {"extensions", "extensionSettings", M_OBJECT, false, MAX_SETTINGS, NULL},
    {"extensions", "inputDataSources", M_TEXTS, false, MAX_SOURCES, NULL},
    {"logFiles", "filePatterns", M_TEXTS, true, 100, NULL},
    {"logFiles", "format", M_TEXT, true, 0, formats},
    {"logFiles", "settings", M_OBJECT, false, MAX_SETTINGS, NULL},
    {"iisLogs", "logDirectories", M_TEXTS, false, 100, NULL},
    {"windowsFirewallLogs", "profileFilter", M_TEXTS, false, COUNTOF(profiles), profiles},
    {"prometheusForwarder", "labelIncludeFilter", M_OBJECT, false, MAX_SETTINGS, NULL},
};
/* Lists of sources. */
static const char *const kinds[] = {"performanceCounters",
                                    "performanceCountersOTel",
                                    "windowsEventLogs",
                                    "syslog",
                                    "extensions",
                                    "logFiles",
                                    "iisLogs",
                                    "windowsFirewallLogs",
                                    "prometheusForwarder",
                                    "platformTelemetry",
                                    "otelLogs",
                                    "otelTraces",
                                    "otelMetrics",
                                    "etwProviders"};

static const char *const stamps[] = {"ISO 8601",
                                     "YYYY-MM-DD HH:MM:SS",
                                     "M/D/YYYY HH:MM:SS AM/PM",
                                     "Mon DD, YYYY HH:MM:SS",
                                     "yyMMdd HH:mm:ss",
                                     "ddMMyy HH:mm:ss",
                                     "MMM d hh:mm:ss",
                                     "dd/MMM/yyyy:HH:mm:ss zzz",
                                     "yyyy-MM-ddTHH:mm:ssK",
                                     NULL};

struct checking {
    struct dcr_reading *r;
    const char *kind;
    struct str target;
    struct map *names; /* of all sources of the rule */
};

static bool is_word(struct str s, const char *const *words)
{
    bool found = words == NULL;
    for (size_t i = 0; !found && words[i] != NULL; i++)
        found = str_ieqz(s, words[i]);
    return found;
}

static void wrong_word(const struct checking *x, const char *member, struct str s)
{
    dcr_issue(x->r, CODE, x->target, "%s: '%.*s' is none of what it may be", member,
              STR_ARG(dcr_brief(s)));
}

static bool is_text(const struct json *v)
{
    return v->type == JSON_STRING && v->text.n > 0 && v->text.n <= MAX_TEXT;
}

static void check_texts(const struct checking *x, const struct member *m, const struct json *v)
{
    if (v->type != JSON_ARRAY || v->n > m->most || (m->required && v->n == 0)) {
        dcr_issue(x->r, CODE, x->target, "%s: an array of %s%zu texts expected", m->name,
                  m->required ? "1 to " : "at most ", m->most);
        return;
    }
    for (size_t i = 0; i < v->n; i++)
        if (!is_text(&v->items[i]))
            dcr_issue(x->r, CODE, x->target, "%s: texts of 1 to %d bytes expected", m->name,
                      MAX_TEXT);
        else if (!is_word(v->items[i].text, m->words))
            wrong_word(x, m->name, v->items[i].text);
}

static size_t bytes_of(const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)2 * DCR_MAX_BYTES);
    struct json_out o = json_out_make(&b);
    json_value(&o, v);
    return b.n;
}

static void check_member(const struct checking *x, const struct member *m, const struct json *v)
{
    switch (m->type) {
    case M_TEXT:
        if (!is_text(v))
            dcr_issue(x->r, CODE, x->target, "%s: a text expected", m->name);
        else if (!is_word(v->text, m->words))
            wrong_word(x, m->name, v->text);
        return;
    case M_TEXTS:
        check_texts(x, m, v);
        return;
    case M_COUNT:
        if (v->type != JSON_INT || v->i < 1 || v->i > (int64_t)m->most)
            dcr_issue(x->r, CODE, x->target, "%s: a number from 1 to %zu expected", m->name,
                      m->most);
        return;
    case M_OBJECT:
        if (v->type != JSON_OBJECT || bytes_of(v) > m->most)
            dcr_issue(x->r, CODE, x->target, "%s: an object of at most %zu bytes expected", m->name,
                      m->most);
        return;
    }
    UNREACHABLE();
}

/* How the text of a log file tells where a record begins. */
static void check_stamp(const struct checking *x, const struct json *v)
{
    const struct json *stamp = json_path(v, "settings.text.recordStartTimestampFormat");
    if (strcmp(x->kind, "logFiles") != 0 || stamp == NULL)
        return;
    if (!is_text(stamp) || !is_word(stamp->text, stamps))
        wrong_word(x, "settings.text.recordStartTimestampFormat", json_text(stamp, STR("")));
}

static bool is_declared(const struct dcr_model *m, struct str stream)
{
    for (size_t i = 0; i < m->n_streams; i++)
        if (str_eq(m->streams[i].name, stream))
            return true;
    return false;
}

static void check_streams(const struct checking *x, const struct json *v)
{
    const struct json *list = json_get(v, "streams");
    if (list == NULL || list->type != JSON_ARRAY || list->n == 0 || list->n > DCR_MAX_PARTS) {
        dcr_issue(x->r, CODE, x->target, "streams: an array of 1 to %d texts expected",
                  DCR_MAX_PARTS);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        struct str s = json_text(&list->items[i], STR(""));
        if (!str_starts(s, STR("Microsoft-")) && !is_declared(x->r->m, s))
            dcr_issue(x->r, "InvalidStream", x->target,
                      "'Streams' stream '%.*s' must be a custom stream that streamDeclarations "
                      "has, or one of Microsoft-…",
                      STR_ARG(dcr_brief(s)));
    }
}

static void check_name(const struct checking *x, const struct json *v)
{
    struct str name = json_text(json_get(v, "name"), STR(""));
    if (name.n == 0 || name.n > DCR_MAX_NAME)
        dcr_issue(x->r, CODE, x->target, "a data source needs a name of 1 to %d bytes",
                  DCR_MAX_NAME);
    else if (map_put(x->names, name, x->names) != NULL)
        dcr_issue(x->r, CODE, x->target, "there are two data sources '%.*s'",
                  STR_ARG(dcr_brief(name)));
}

static void check_source(const struct checking *x, const struct json *v)
{
    if (v->type != JSON_OBJECT) {
        dcr_issue(x->r, CODE, x->target, "an object expected");
        return;
    }
    check_name(x, v);
    check_streams(x, v);
    for (size_t i = 0; i < COUNTOF(members); i++) {
        const struct member *m = &members[i];
        const struct json *value = json_get(v, m->name);
        if (strcmp(m->kind, x->kind) != 0)
            continue;
        if (value != NULL && value->type != JSON_NULL)
            check_member(x, m, value);
        else if (m->required)
            dcr_issue(x->r, CODE, x->target, "%s is missing", m->name);
    }
    check_stamp(x, v);
}

static const char *kind_of(struct str name)
{
    for (size_t i = 0; i < COUNTOF(kinds); i++)
        if (str_eqz(name, kinds[i]))
            return kinds[i];
    return NULL;
}

static void check_list(struct dcr_reading *r, struct map *names, struct str key,
                       const struct json *v)
{
    struct str target = arena_fmt(r->a, "properties.dataSources.%.*s", STR_ARG(dcr_brief(key)));
    struct checking x = {r, kind_of(key), target, names};
    if (str_eqz(key, "dataImports")) /* an event hub's, which is none of an agent */
        return;
    if (x.kind == NULL) {
        dcr_issue(r, CODE, target, "there is no such kind of data source");
        return;
    }
    if (v->type != JSON_ARRAY || v->n > MAX_SOURCES) {
        dcr_issue(r, CODE, target, "an array of at most %d expected", MAX_SOURCES);
        return;
    }
    for (size_t i = 0; i < v->n; i++) {
        x.target = arena_fmt(r->a, "%.*s[%zu]", STR_ARG(target), i);
        check_source(&x, &v->items[i]);
    }
}

void dcr_check_data_sources(struct dcr_reading *r, const struct json *properties)
{
    const struct json *all = json_get(properties, "dataSources");
    struct map *names = map_new(r->a, true);
    if (all == NULL || all->type == JSON_NULL)
        return;
    if (all->type != JSON_OBJECT) {
        dcr_issue(r, CODE, STR("properties.dataSources"), "an object expected");
        return;
    }
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].type != JSON_NULL)
            check_list(r, names, all->keys[i], &all->items[i]);
}
