/* Windows events in JSON: Winlogbeat's objects, NXLog's, and flat ones like those. */
#include "ingest/windows.h"

struct part_name {
    const char *name; /* with dots: inside of objects */
    enum windows_part part;
};
/* Winlogbeat 7 and later. */
static const struct part_name beat[] = {
    {"@timestamp", WINDOWS_TIME},
    {"winlog.channel", WINDOWS_CHANNEL},
    {"winlog.provider_name", WINDOWS_PROVIDER},
    {"winlog.computer_name", WINDOWS_COMPUTER},
    {"winlog.event_id", WINDOWS_ID},
    {"event.code", WINDOWS_ID},
    {"winlog.version", WINDOWS_VERSION},
    {"log.level", WINDOWS_LEVEL},
    {"winlog.task", WINDOWS_TASK},
    {"winlog.opcode", WINDOWS_OPCODE},
    {"winlog.keywords", WINDOWS_KEYWORDS},
    {"winlog.record_id", WINDOWS_RECORD},
    {"winlog.activity_id", WINDOWS_ACTIVITY},
    {"winlog.related_activity_id", WINDOWS_RELATED_ACTIVITY},
    {"winlog.process.pid", WINDOWS_PROCESS},
    {"winlog.process.thread.id", WINDOWS_THREAD},
    {"winlog.user.identifier", WINDOWS_SID},
    {"winlog.user.name", WINDOWS_USER},
    {"winlog.user.domain", WINDOWS_DOMAIN},
    {"message", WINDOWS_MESSAGE},
};
/* Winlogbeat 5 and 6. */
static const struct part_name old_beat[] = {
    {"@timestamp", WINDOWS_TIME},
    {"log_name", WINDOWS_CHANNEL},
    {"source_name", WINDOWS_PROVIDER},
    {"computer_name", WINDOWS_COMPUTER},
    {"event_id", WINDOWS_ID},
    {"version", WINDOWS_VERSION},
    {"level", WINDOWS_LEVEL},
    {"task", WINDOWS_TASK},
    {"opcode", WINDOWS_OPCODE},
    {"keywords", WINDOWS_KEYWORDS},
    {"record_number", WINDOWS_RECORD},
    {"activity_id", WINDOWS_ACTIVITY},
    {"related_activity_id", WINDOWS_RELATED_ACTIVITY},
    {"process_id", WINDOWS_PROCESS},
    {"thread_id", WINDOWS_THREAD},
    {"user.identifier", WINDOWS_SID},
    {"user.name", WINDOWS_USER},
    {"user.domain", WINDOWS_DOMAIN},
    {"message", WINDOWS_MESSAGE},
};
/* NXLog's im_msvistalog and flat objects: every other member is data of the event. */
static const struct part_name flat[] = {
    {"@timestamp", WINDOWS_TIME},
    {"@version", WINDOWS_NOTHING},
    {"AccountName", WINDOWS_USER},
    {"AccountType", WINDOWS_NOTHING},
    {"ActivityID", WINDOWS_ACTIVITY},
    {"Category", WINDOWS_NOTHING},
    {"Channel", WINDOWS_CHANNEL},
    {"Domain", WINDOWS_DOMAIN},
    {"ERROR_EVT_UNRESOLVED", WINDOWS_NOTHING},
    {"EventID", WINDOWS_ID},
    {"EventReceivedTime", WINDOWS_TIME_RECEIVED},
    {"EventTime", WINDOWS_TIME_EVENT},
    {"ExecutionProcessID", WINDOWS_PROCESS},
    {"ExecutionThreadID", WINDOWS_THREAD},
    {"Hostname", WINDOWS_COMPUTER},
    {"Keywords", WINDOWS_KEYWORDS},
    {"Level", WINDOWS_LEVEL},
    {"Message", WINDOWS_MESSAGE},
    {"MessageSourceAddress", WINDOWS_NOTHING},
    {"Opcode", WINDOWS_NOTHING},
    {"OpcodeValue", WINDOWS_OPCODE},
    {"ProviderGuid", WINDOWS_NOTHING},
    {"RecordNumber", WINDOWS_RECORD},
    {"RelatedActivityID", WINDOWS_RELATED_ACTIVITY},
    {"Severity", WINDOWS_NOTHING},
    {"SeverityValue", WINDOWS_SEVERITY},
    {"SourceModuleName", WINDOWS_NOTHING},
    {"SourceModuleType", WINDOWS_NOTHING},
    {"SourceName", WINDOWS_PROVIDER},
    {"Task", WINDOWS_TASK},
    {"ThreadID", WINDOWS_THREAD},
    {"TimeCreated", WINDOWS_TIME_CREATED},
    {"UserID", WINDOWS_SID},
    {"Version", WINDOWS_VERSION},
    {"host", WINDOWS_NOTHING},
    {"port", WINDOWS_NOTHING},
    {"tags", WINDOWS_NOTHING},
};

/* Scalars as written, lists as their texts with commas, objects as JSON. */
static struct str text_of(struct arena *a, const struct json *v)
{
    if (v == NULL || v->type == JSON_NULL)
        return STR_NONE;
    if (v->type == JSON_STRING || v->type == JSON_INT || v->type == JSON_REAL)
        return v->text;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    bool plain = v->type == JSON_ARRAY;
    for (size_t i = 0; plain && i < v->n; i++)
        plain = v->items[i].type == JSON_STRING;
    for (size_t i = 0; plain && i < v->n; i++) {
        sbuf_addz(&b, i > 0 ? ", " : "");
        sbuf_add(&b, v->items[i].text);
    }
    struct json_out w = json_out_make(&b);
    if (!plain)
        json_value(&w, v);
    return arena_str(a, sbuf_str(&b));
}

static void add_data(struct windows_event *e, struct str name, const struct json *v)
{
    struct windows_data d = {name, text_of(e->a, v)};
    if (v->type != JSON_NULL)
        VEC_PUSH(e->a, &e->data, d);
}

static void take_parts(struct windows_event *e, const struct json *v, const struct part_name *names,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str text = text_of(e->a, json_path(v, names[i].name));
        if (text.n > 0 && e->part[names[i].part].n == 0)
            e->part[names[i].part] = text;
    }
}

/* event_data: names and texts; user_data: the same, with the element's name in xml_name. */
static void take_data(struct windows_event *e, const struct json *data, const struct json *user)
{
    for (size_t i = 0; data != NULL && data->type == JSON_OBJECT && i < data->n; i++)
        add_data(e, data->keys[i], &data->items[i]);
    if (e->data.n > 0 || user == NULL || user->type != JSON_OBJECT)
        return;
    e->part[WINDOWS_USER_DATA] = STR("UserData");
    for (size_t i = 0; i < user->n; i++) {
        if (str_eqz(user->keys[i], "xml_name"))
            e->part[WINDOWS_USER_DATA] = text_of(e->a, &user->items[i]);
        else
            add_data(e, user->keys[i], &user->items[i]);
    }
}

/* NXLog writes its own EventType; Sysmon has data of that name. */
static bool is_nxlog_type(const struct json *v)
{
    static const char *const types[] = {"AUDIT_SUCCESS", "AUDIT_FAILURE", "INFO",  "WARNING",
                                        "ERROR",         "CRITICAL",      "DEBUG", "VERBOSE"};
    for (size_t i = 0; i < COUNTOF(types); i++)
        if (str_eqz(json_text(v, STR("")), types[i]))
            return true;
    return false;
}

static void take_flat(struct windows_event *e, const struct json *v)
{
    for (size_t i = 0; i < v->n; i++) {
        size_t k = 0;
        while (k < COUNTOF(flat) && !str_eqz(v->keys[i], flat[k].name))
            k++;
        if (k < COUNTOF(flat))
            e->part[flat[k].part] = text_of(e->a, &v->items[i]);
        else if (!str_eqz(v->keys[i], "EventType") || !is_nxlog_type(&v->items[i]))
            add_data(e, v->keys[i], &v->items[i]);
    }
}

bool windows_from_json(struct arena *a, const struct json *v, struct windows_event *out)
{
    *out = (struct windows_event){.a = a};
    const struct json *winlog = json_get(v, "winlog");
    if (winlog != NULL) {
        take_parts(out, v, beat, COUNTOF(beat));
        take_data(out, json_get(winlog, "event_data"), json_get(winlog, "user_data"));
    } else if (json_get(v, "log_name") != NULL) {
        take_parts(out, v, old_beat, COUNTOF(old_beat));
        take_data(out, json_get(v, "event_data"), json_get(v, "user_data"));
    } else {
        take_flat(out, v);
    }
    return out->part[WINDOWS_ID].n > 0 && out->part[WINDOWS_CHANNEL].n > 0;
}
