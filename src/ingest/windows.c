/* Rows of SecurityEvent, Event and WindowsEvent. Sources: the tables' references in Azure Monitor's
 * documentation, and rows that Microsoft's agents wrote. */
#include "ingest/windows.h"
#include "ingest/evtx.h"
#include "text/xml.h"

#define EVENT_NAMESPACE "http://schemas.microsoft.com/win/2004/08/events/event"

static const char *const level_names[] = {"LogAlways", "Critical",    "Error",
                                          "Warning",   "Information", "Verbose"};

/* 0…5, or -1 when the event does not say. */
static int level_of(const struct windows_event *e)
{
    static const char *const others[] = {"", "", "", "", "Info", "Debug"};
    struct str text = str_trim(e->part[WINDOWS_LEVEL]);
    int64_t n = 0;
    if (str_to_i64(text, &n) && n >= 0 && n < (int64_t)COUNTOF(level_names))
        return (int)n;
    for (size_t i = 0; text.n > 0 && i < COUNTOF(level_names); i++)
        if (str_ieqz(text, level_names[i]) || str_ieqz(text, others[i]))
            return (int)i;
    if (str_to_i64(e->part[WINDOWS_SEVERITY], &n) && n >= 1 && n <= 5)
        return 6 - (int)n;
    return -1;
}

static struct str time_of(const struct windows_event *e)
{
    for (int part = WINDOWS_TIME; part <= WINDOWS_TIME_RECEIVED; part++)
        if (e->part[part].n > 0)
            return e->part[part];
    return STR_NONE;
}

static void put_int(struct record_maker *m, const char *column, struct str text)
{
    int64_t n = 0;
    if (str_to_i64(str_trim(text), &n))
        record_int(m, column, n);
}

static struct str data_of(const struct windows_event *e, const char *name)
{
    for (size_t i = 0; i < e->data.n; i++)
        if (str_eqz(e->data.p[i].name, name))
            return e->data.p[i].value;
    return STR_NONE;
}

/* ---- data as XML ---- */

static void add_element(struct sbuf *b, const struct windows_event *e, size_t i)
{
    const struct windows_data *d = &e->data.p[i];
    if (e->part[WINDOWS_USER_DATA].n > 0) {
        sbuf_addf(b, "<%.*s>", STR_ARG(d->name));
        xml_escape(b, d->value);
        sbuf_addf(b, "</%.*s>", STR_ARG(d->name));
        return;
    }
    sbuf_addz(b, "<Data");
    if (d->name.n > 0) {
        sbuf_addz(b, " Name=\"");
        xml_escape(b, d->name);
        sbuf_addc(b, '"');
    }
    sbuf_addc(b, '>');
    xml_escape(b, d->value);
    sbuf_addz(b, "</Data>");
}

/* As SecurityEvent has it, an element a line; as Event has it, without breaks. */
static void add_data_xml(struct sbuf *b, const struct windows_event *e, bool lines)
{
    struct str user = e->part[WINDOWS_USER_DATA];
    sbuf_addf(b, "<%s xmlns=\"" EVENT_NAMESPACE "\">", user.n > 0 ? "UserData" : "EventData");
    if (user.n > 0)
        sbuf_addf(b, "<%.*s>", STR_ARG(user));
    for (size_t i = 0; i < e->data.n; i++) {
        sbuf_addz(b, lines ? "\r\n  " : "");
        add_element(b, e, i);
    }
    sbuf_addz(b, lines ? "\r\n" : "");
    if (user.n > 0)
        sbuf_addf(b, "</%.*s>", STR_ARG(user));
    sbuf_addf(b, "</%s>", user.n > 0 ? "UserData" : "EventData");
}

/* ---- accounts ---- */

static struct str account(struct arena *a, struct str domain, struct str name)
{
    if (name.n == 0)
        return STR_NONE;
    return domain.n == 0 ? name : arena_fmt(a, "%.*s\\%.*s", STR_ARG(domain), STR_ARG(name));
}

static bool is_machine(struct str name, struct str sid)
{
    return str_ends(name, STR("$")) || str_eqz(sid, "S-1-5-18") || str_eqz(sid, "S-1-5-19") ||
           str_eqz(sid, "S-1-5-20");
}

static void put_account(struct record_maker *m, struct str account, struct str name, struct str sid)
{
    record_text(m, "Account", account);
    record_text(m, "AccountType", is_machine(name, sid) ? STR("Machine") : STR("User"));
}

/* The account of an event is who logs on or off, else who acts. */
static void put_accounts(struct record_maker *m, const struct windows_event *e, int64_t id)
{
    struct str subject = data_of(e, "SubjectUserName"), target = data_of(e, "TargetUserName");
    struct str subject_account = account(m->a, data_of(e, "SubjectDomainName"), subject);
    struct str target_account = account(m->a, data_of(e, "TargetDomainName"), target);
    record_text(m, "SubjectAccount", subject_account);
    record_text(m, "TargetAccount", target_account);
    if ((id == 4624 || id == 4625 || id == 4634 || id == 4647) && target_account.n > 0)
        put_account(m, target_account, target, data_of(e, "TargetUserSid"));
    else if (subject_account.n > 0)
        put_account(m, subject_account, subject, data_of(e, "SubjectUserSid"));
}

/* ---- SecurityEvent ---- */

static const char *logon_type_name(int64_t type)
{
    static const char *const names[] = {"0 - System",
                                        NULL,
                                        "2 - Interactive",
                                        "3 - Network",
                                        "4 - Batch",
                                        "5 - Service",
                                        NULL,
                                        "7 - Unlock",
                                        "8 - NetworkCleartext",
                                        "9 - NewCredentials",
                                        "10 - RemoteInteractive",
                                        "11 - CachedInteractive",
                                        "12 - CachedRemoteInteractive",
                                        "13 - CachedUnlock"};
    return type >= 0 && type < (int64_t)COUNTOF(names) ? names[type] : NULL;
}

static struct str last_part(struct str path)
{
    const char *slash = path.n > 0 ? memrchr(path.p, '\\', path.n) : NULL;
    return slash == NULL ? path : str_sub(path, (size_t)(slash - path.p) + 1, path.n);
}

static struct str without_braces(struct str s)
{
    bool braces = s.n > 2 && s.p[0] == '{' && s.p[s.n - 1] == '}';
    return braces ? str_sub(s, 1, s.n - 2) : s;
}

/* "4624 - An account was successfully logged on.": in English for well-known events, whatever
 * language the host speaks; else the message's first line. */
static void put_activity(struct record_maker *m, const struct windows_event *e, int64_t id)
{
    struct str text = STR_NONE, provider = e->part[WINDOWS_PROVIDER];
    size_t n = 0;
    if (str_eqz(provider, "Microsoft-Windows-Security-Auditing") ||
        str_eqz(provider, "Microsoft-Windows-Eventlog"))
        text = windows_activity(id);
    if (text.n == 0) {
        text = str_trim(e->part[WINDOWS_MESSAGE]);
        while (n < text.n && text.p[n] != '\r' && text.p[n] != '\n')
            n++;
        text = str_trim(str_sub(text, 0, n));
    }
    if (text.n > 0)
        record_text(m, "Activity", arena_fmt(m->a, "%lld - %.*s", (long long)id, STR_ARG(text)));
}

/* Events of which the service leaves all data in EventData. */
static bool fills_columns(int64_t id)
{
    static const int ids[] = {4656, 4658, 4690, 5058, 5061, 5152,
                              5154, 5156, 5157, 5158, 5441, 5447};
    for (size_t i = 0; i < COUNTOF(ids); i++)
        if (ids[i] == id)
            return false;
    return true;
}

/* Columns that come from the event's header, never from data of the same name. */
static bool is_header(struct str name)
{
    static const char *const names[] = {
        "TimeGenerated", "Computer",    "Channel",  "EventID", "Task",      "EventSourceName",
        "Level",         "Version",     "Keywords", "Opcode",  "EventData", "Activity",
        "Account",       "AccountType", "Process",  "Type",    "TenantId",  "SourceSystem",
        "EventLevelName"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_eqz(name, names[i]))
            return true;
    return str_starts(name, STR("_"));
}

static void put_data_columns(struct foreign *f, struct str table, struct record_maker *m,
                             const struct windows_event *e)
{
    for (size_t i = 0; i < e->data.n; i++) {
        const struct windows_data *d = &e->data.p[i];
        bool guid = str_eqz(d->name, "LogonGuid") || str_eqz(d->name, "TargetLogonGuid");
        if (is_header(d->name) || !foreign_has_column(f, table, d->name))
            continue;
        record_text(m, arena_strz(m->a, d->name), guid ? without_braces(d->value) : d->value);
    }
}

static void put_derived(struct record_maker *m, const struct windows_event *e, int64_t id)
{
    int64_t type = 0;
    struct str process = data_of(e, id == 4688 ? "NewProcessName" : "ProcessName");
    record_text(m, "Process", last_part(process));
    if (str_to_i64(data_of(e, "LogonType"), &type))
        record_text(m, "LogonTypeName", str_from(logon_type_name(type)));
    put_accounts(m, e, id);
}

/* "The audit log was cleared" has its subject in the message alone when it was not read from XML.
 */
static void take_subject(struct windows_event *e)
{
    static const struct {
        const char *label, *name;
    } lines[] = {{"Security ID:", "SubjectUserSid"},
                 {"Account Name:", "SubjectUserName"},
                 {"Domain Name:", "SubjectDomainName"},
                 {"Logon ID:", "SubjectLogonId"}};
    for (size_t i = 0; i < COUNTOF(lines); i++) {
        struct str text = e->part[WINDOWS_MESSAGE];
        size_t at = 0, n = 0;
        if (!str_find(text, str_from(lines[i].label), &at))
            continue;
        text = str_sub(text, at + strlen(lines[i].label), text.n);
        while (n < text.n && text.p[n] != '\r' && text.p[n] != '\n')
            n++;
        text = arena_str(e->a, str_trim(str_sub(text, 0, n)));
        for (size_t k = 0; i == 3 && k < text.n; k++)
            if (text.p[k] >= 'A' && text.p[k] <= 'F')
                ((char *)(uintptr_t)text.p)[k] += 'a' - 'A';
        struct windows_data d = {str_from(lines[i].name), text};
        VEC_PUSH(e->a, &e->data, d);
    }
}

static void put_system(struct record_maker *m, const struct windows_event *e)
{
    record_text(m, "Computer", e->part[WINDOWS_COMPUTER]);
    record_text(m, "Channel",
                str_ieqz(e->part[WINDOWS_CHANNEL], "Security") ? STR("Security")
                                                               : e->part[WINDOWS_CHANNEL]);
    put_int(m, "EventID", e->part[WINDOWS_ID]);
    put_int(m, "Task", e->part[WINDOWS_TASK]);
    put_int(m, "Version", e->part[WINDOWS_VERSION]);
    record_text(m, "Keywords", e->part[WINDOWS_KEYWORDS]);
    record_text(m, "Opcode", e->part[WINDOWS_OPCODE]);
    record_text(m, "EventRecordId", e->part[WINDOWS_RECORD]);
    record_text(m, "Correlation", e->part[WINDOWS_ACTIVITY]);
    put_int(m, "SystemProcessId", e->part[WINDOWS_PROCESS]);
    put_int(m, "SystemThreadId", e->part[WINDOWS_THREAD]);
    record_text(m, "SystemUserId", e->part[WINDOWS_SID]);
    record_text(m, "SourceSystem", STR("OpsManager"));
}

static void put_security(struct foreign *f, struct str table, struct record_maker *m,
                         struct windows_event *e)
{
    int64_t id = 0;
    int level = level_of(e);
    (void)!str_to_i64(str_trim(e->part[WINDOWS_ID]), &id);
    put_system(m, e);
    record_text(m, "EventSourceName", e->part[WINDOWS_PROVIDER]);
    if (level >= 0) {
        record_int(m, "Level", level);
        record_text(m, "EventLevelName", str_from(level_names[level]));
    }
    put_activity(m, e, id);
    if (e->data.n > 0) {
        AUTO(sbuf_fini) struct sbuf xml = sbuf_make(0);
        add_data_xml(&xml, e, true);
        record_text(m, "EventData", arena_str(m->a, sbuf_str(&xml)));
    } else if (id == 1102) {
        take_subject(e);
    }
    if (!fills_columns(id))
        return;
    put_data_columns(f, table, m, e);
    put_derived(m, e, id);
}

/* ---- Event ---- */

static struct str user_of(const struct record_maker *m, const struct windows_event *e)
{
    static const char *const known[][2] = {{"S-1-5-18", "NT AUTHORITY\\SYSTEM"},
                                           {"S-1-5-19", "NT AUTHORITY\\LOCAL SERVICE"},
                                           {"S-1-5-20", "NT AUTHORITY\\NETWORK SERVICE"}};
    struct str name = account(m->a, e->part[WINDOWS_DOMAIN], e->part[WINDOWS_USER]);
    struct str sid = e->part[WINDOWS_SID];
    for (size_t i = 0; name.n == 0 && i < COUNTOF(known); i++)
        if (str_eqz(sid, known[i][0]))
            name = str_from(known[i][1]);
    return name.n > 0 ? name : sid.n > 0 ? sid : STR("N/A");
}

static void put_event_data(struct record_maker *m, const struct windows_event *e)
{
    AUTO(sbuf_fini) struct sbuf xml = sbuf_make(0);
    sbuf_addz(&xml, "<DataItem type=\"System.XmlData\" time=\"");
    xml_escape(&xml, time_of(e));
    sbuf_addz(&xml, "\" sourceHealthServiceId=\"00000000-0000-0000-0000-000000000000\">");
    add_data_xml(&xml, e, false);
    sbuf_addz(&xml, "</DataItem>");
    record_text(m, "EventData", arena_str(m->a, sbuf_str(&xml)));
    sbuf_clear(&xml);
    for (size_t i = 0; i < e->data.n; i++) {
        sbuf_addz(&xml, "<Param>");
        xml_escape(&xml, e->data.p[i].value);
        sbuf_addz(&xml, "</Param>");
    }
    record_text(m, "ParameterXml", arena_str(m->a, sbuf_str(&xml)));
}

static void put_event(struct record_maker *m, const struct windows_event *e)
{
    int level = level_of(e);
    record_text(m, "Computer", e->part[WINDOWS_COMPUTER]);
    record_text(m, "Source", e->part[WINDOWS_PROVIDER]);
    record_text(m, "EventLog", e->part[WINDOWS_CHANNEL]);
    put_int(m, "EventID", e->part[WINDOWS_ID]);
    put_int(m, "EventCategory", e->part[WINDOWS_TASK]);
    if (level >= 0) {
        record_int(m, "EventLevel", level);
        record_text(m, "EventLevelName", str_from(level_names[level]));
    }
    record_text(m, "UserName", user_of(m, e));
    record_text(m, "RenderedDescription", e->part[WINDOWS_MESSAGE]);
    record_text(m, "SourceSystem", STR("OpsManager"));
    if (e->data.n > 0)
        put_event_data(m, e);
}

/* ---- WindowsEvent ---- */

/* Names and values; what has no name is Param1, Param2 … */
static void put_windows_event(struct record_maker *m, const struct windows_event *e)
{
    int level = level_of(e);
    put_system(m, e);
    record_text(m, "Provider", e->part[WINDOWS_PROVIDER]);
    if (level >= 0) {
        record_int(m, "EventLevel", level);
        record_text(m, "EventLevelName", str_from(level_names[level]));
    }
    if (e->data.n == 0)
        return;
    struct json data = {.type = JSON_OBJECT, .n = e->data.n};
    data.keys = arena_array(m->a, struct str, data.n);
    data.items = arena_array(m->a, struct json, data.n);
    for (size_t i = 0; i < data.n; i++) {
        struct str name = e->data.p[i].name;
        data.keys[i] = name.n > 0 ? name : arena_fmt(m->a, "Param%zu", i + 1);
        data.items[i] = (struct json){.type = JSON_STRING, .text = e->data.p[i].value};
    }
    record_value(m, "EventData", &data);
}

/* ---- which ---- */

void windows_put(struct foreign *f, struct windows_event *e)
{
    struct record_maker m = {.a = e->a};
    struct str table = foreign_table(f);
    if (table.n == 0)
        table =
            str_ieqz(e->part[WINDOWS_CHANNEL], "Security") ? STR("SecurityEvent") : STR("Event");
    record_text(&m, "TimeGenerated", time_of(e));
    if (str_eqz(table, "WindowsEvent"))
        put_windows_event(&m, e);
    else if (str_eqz(table, "Event"))
        put_event(&m, e);
    else
        put_security(f, table, &m, e);
    struct json record = record_done(&m);
    foreign_put(f, table, &record);
}

static void read_json(struct foreign *f, struct str body)
{
    struct documents d = documents_make(f, body, "Events");
    const struct json *v;
    struct err why = {0};
    while (documents_next(&d, &v, &why)) {
        struct windows_event e;
        if (v == NULL) {
            foreign_reject(f, d.raw, &why);
        } else if (windows_from_json(foreign_arena(f), v, &e)) {
            windows_put(f, &e);
        } else {
            err_set(&why, ERR_INVALID, "the record is no Windows event: no event id or no channel");
            foreign_reject(f, d.raw, &why);
        }
    }
}

/* ---- .evtx ---- */

static void read_record(struct foreign *f, struct str chunk, struct str record)
{
    struct err why = {0};
    AUTO(sbuf_fini) struct sbuf xml = sbuf_make(XML_MAX_BYTES);
    foreign_next(f);
    if (!evtx_xml(chunk, record, &xml, &why) || !windows_xml_event(f, sbuf_str(&xml), &why))
        foreign_reject(f, record, &why);
}

/* What a log has not used yet is zeros. */
static bool is_empty(struct str chunk)
{
    for (size_t i = 0; i < chunk.n; i++)
        if (chunk.p[i] != '\0')
            return false;
    return true;
}

static void read_chunks(struct foreign *f, struct str body)
{
    if (str_starts(body, STR("ElfFile")))
        body = str_sub(body, EVTX_FILE_HEADER, body.n);
    for (; body.n > 0; body = str_sub(body, EVTX_CHUNK, body.n)) {
        struct str chunk = str_sub(body, 0, EVTX_CHUNK), record;
        struct err why = {0};
        if (is_empty(chunk))
            continue;
        for (size_t at = 0; evtx_next(chunk, &at, &record, &why);) {
            if (record.n > 0)
                read_record(f, chunk, record);
            else
                foreign_reject(f, chunk, &why);
        }
    }
}

void windows_read(struct foreign *f, struct str body)
{
    struct str text = str_trim(body);
    if (str_starts(body, STR("ElfFile")) || str_starts(body, STR("ElfChnk")))
        read_chunks(f, body);
    else if (text.n > 0 && text.p[0] == '<')
        windows_xml_read(f, body);
    else
        read_json(f, body);
}
