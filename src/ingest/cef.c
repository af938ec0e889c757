/* CEF: "CEF:0|vendor|product|version|class|name|severity|key=value key=value", into the columns of
 * CommonSecurityLog. The keys are those of ArcSight's Common Event Format, the columns those of
 * Microsoft's "CEF and CommonSecurityLog field mapping". */
#include "text/cef.h"
#include "ingest/syslog.h"
#include "text/date.h"
#include <stdlib.h>

enum { SEARCHED = 1024 };

/* ---- finding an event ---- */

static bool starts_event(struct str s, const char *name)
{
    struct str word = str_from(name);
    if (!str_starts(s, word) || s.n <= word.n || s.p[word.n] < '0' || s.p[word.n] > '9')
        return false;
    for (size_t i = word.n; i < s.n && i < word.n + 8; i++)
        if (s.p[i] == '|')
            return true;
    return false;
}

enum event_format event_find(struct str content, struct str *out_event)
{
    for (size_t i = 0; i < content.n && i < SEARCHED; i++) {
        if (i > 0 && content.p[i - 1] != ' ' && content.p[i - 1] != ':')
            continue;
        *out_event = str_sub(content, i, content.n);
        if (starts_event(*out_event, "CEF:"))
            return EVENT_CEF;
        if (starts_event(*out_event, "LEEF:"))
            return EVENT_LEEF;
        if (cisco_starts(*out_event))
            return EVENT_CISCO;
    }
    return EVENT_NONE;
}

/* ---- where a key's value goes ---- */

enum value_kind {
    VALUE_TEXT,
    VALUE_INT,
    VALUE_LONG,
    VALUE_REAL,
    VALUE_TIME, /* a datetime column; CEF's dates and milliseconds since 1970 */
    VALUE_BOTH  /* text, and among the additional extensions as well */
};
struct mapping {
    const char *key, *column;
    enum value_kind kind;
    const char *second; /* one more column for the same value */
};
/* Sorted by key, bytewise. */
static const struct mapping cef_keys[] = {
    {"act", "DeviceAction", VALUE_TEXT, NULL},
    {"app", "ApplicationProtocol", VALUE_TEXT, NULL},
    {"c6a1", "DeviceCustomIPv6Address1", VALUE_TEXT, NULL},
    {"c6a1Label", "DeviceCustomIPv6Address1Label", VALUE_TEXT, NULL},
    {"c6a2", "DeviceCustomIPv6Address2", VALUE_TEXT, NULL},
    {"c6a2Label", "DeviceCustomIPv6Address2Label", VALUE_TEXT, NULL},
    {"c6a3", "DeviceCustomIPv6Address3", VALUE_TEXT, NULL},
    {"c6a3Label", "DeviceCustomIPv6Address3Label", VALUE_TEXT, NULL},
    {"c6a4", "DeviceCustomIPv6Address4", VALUE_TEXT, NULL},
    {"c6a4Label", "DeviceCustomIPv6Address4Label", VALUE_TEXT, NULL},
    {"cat", "DeviceEventCategory", VALUE_BOTH, NULL},
    {"cfp1", "DeviceCustomFloatingPoint1", VALUE_REAL, NULL},
    {"cfp1Label", "DeviceCustomFloatingPoint1Label", VALUE_TEXT, NULL},
    {"cfp2", "DeviceCustomFloatingPoint2", VALUE_REAL, NULL},
    {"cfp2Label", "DeviceCustomFloatingPoint2Label", VALUE_TEXT, NULL},
    {"cfp3", "DeviceCustomFloatingPoint3", VALUE_REAL, NULL},
    {"cfp3Label", "DeviceCustomFloatingPoint3Label", VALUE_TEXT, NULL},
    {"cfp4", "DeviceCustomFloatingPoint4", VALUE_REAL, NULL},
    {"cfp4Label", "DeviceCustomFloatingPoint4Label", VALUE_TEXT, NULL},
    {"cn1", "FieldDeviceCustomNumber1", VALUE_LONG, "DeviceCustomNumber1"},
    {"cn1Label", "DeviceCustomNumber1Label", VALUE_TEXT, NULL},
    {"cn2", "FieldDeviceCustomNumber2", VALUE_LONG, "DeviceCustomNumber2"},
    {"cn2Label", "DeviceCustomNumber2Label", VALUE_TEXT, NULL},
    {"cn3", "FieldDeviceCustomNumber3", VALUE_LONG, "DeviceCustomNumber3"},
    {"cn3Label", "DeviceCustomNumber3Label", VALUE_TEXT, NULL},
    {"cnt", "EventCount", VALUE_INT, NULL},
    {"cs1", "DeviceCustomString1", VALUE_TEXT, NULL},
    {"cs1Label", "DeviceCustomString1Label", VALUE_TEXT, NULL},
    {"cs2", "DeviceCustomString2", VALUE_TEXT, NULL},
    {"cs2Label", "DeviceCustomString2Label", VALUE_TEXT, NULL},
    {"cs3", "DeviceCustomString3", VALUE_TEXT, NULL},
    {"cs3Label", "DeviceCustomString3Label", VALUE_TEXT, NULL},
    {"cs4", "DeviceCustomString4", VALUE_TEXT, NULL},
    {"cs4Label", "DeviceCustomString4Label", VALUE_TEXT, NULL},
    {"cs5", "DeviceCustomString5", VALUE_TEXT, NULL},
    {"cs5Label", "DeviceCustomString5Label", VALUE_TEXT, NULL},
    {"cs6", "DeviceCustomString6", VALUE_TEXT, NULL},
    {"cs6Label", "DeviceCustomString6Label", VALUE_TEXT, NULL},
    {"destinationDnsDomain", "DestinationDnsDomain", VALUE_TEXT, NULL},
    {"destinationServiceName", "DestinationServiceName", VALUE_TEXT, NULL},
    {"destinationTranslatedAddress", "DestinationTranslatedAddress", VALUE_TEXT, NULL},
    {"destinationTranslatedPort", "DestinationTranslatedPort", VALUE_INT, NULL},
    {"deviceCustomDate1", "DeviceCustomDate1", VALUE_TEXT, NULL},
    {"deviceCustomDate1Label", "DeviceCustomDate1Label", VALUE_TEXT, NULL},
    {"deviceCustomDate2", "DeviceCustomDate2", VALUE_TEXT, NULL},
    {"deviceCustomDate2Label", "DeviceCustomDate2Label", VALUE_TEXT, NULL},
    {"deviceDirection", "CommunicationDirection", VALUE_TEXT, NULL},
    {"deviceDnsDomain", "DeviceDnsDomain", VALUE_TEXT, NULL},
    {"deviceExternalId", "DeviceExternalID", VALUE_TEXT, NULL},
    {"deviceFacility", "DeviceFacility", VALUE_TEXT, NULL},
    {"deviceInboundInterface", "DeviceInboundInterface", VALUE_TEXT, NULL},
    {"deviceNtDomain", "DeviceNtDomain", VALUE_TEXT, NULL},
    {"deviceOutboundInterface", "DeviceOutboundInterface", VALUE_TEXT, NULL},
    {"devicePayloadId", "DevicePayloadId", VALUE_TEXT, NULL},
    {"deviceProcessName", "ProcessName", VALUE_TEXT, NULL},
    {"deviceTranslatedAddress", "DeviceTranslatedAddress", VALUE_TEXT, NULL},
    {"dhost", "DestinationHostName", VALUE_TEXT, NULL},
    {"dmac", "DestinationMACAddress", VALUE_TEXT, NULL},
    {"dntdom", "DestinationNTDomain", VALUE_TEXT, NULL},
    {"dpid", "DestinationProcessId", VALUE_INT, NULL},
    {"dpriv", "DestinationUserPrivileges", VALUE_TEXT, NULL},
    {"dproc", "DestinationProcessName", VALUE_TEXT, NULL},
    {"dpt", "DestinationPort", VALUE_INT, NULL},
    {"dst", "DestinationIP", VALUE_TEXT, NULL},
    {"dtz", "DeviceTimeZone", VALUE_TEXT, NULL},
    {"duid", "DestinationUserID", VALUE_TEXT, NULL},
    {"duser", "DestinationUserName", VALUE_TEXT, NULL},
    {"dvc", "DeviceAddress", VALUE_TEXT, NULL},
    {"dvchost", "DeviceName", VALUE_TEXT, NULL},
    {"dvcmac", "DeviceMacAddress", VALUE_TEXT, NULL},
    {"dvcpid", "ProcessID", VALUE_INT, NULL},
    {"end", "EndTime", VALUE_TIME, NULL},
    {"externalId", "ExtID", VALUE_TEXT, "ExternalID"},
    {"fileCreateTime", "FileCreateTime", VALUE_TEXT, NULL},
    {"fileHash", "FileHash", VALUE_TEXT, NULL},
    {"fileId", "FileID", VALUE_TEXT, NULL},
    {"fileModificationTime", "FileModificationTime", VALUE_TEXT, NULL},
    {"filePath", "FilePath", VALUE_TEXT, NULL},
    {"filePermission", "FilePermission", VALUE_TEXT, NULL},
    {"fileType", "FileType", VALUE_TEXT, NULL},
    {"flexDate1", "FlexDate1", VALUE_TEXT, NULL},
    {"flexDate1Label", "FlexDate1Label", VALUE_TEXT, NULL},
    {"flexNumber1", "FlexNumber1", VALUE_INT, NULL},
    {"flexNumber1Label", "FlexNumber1Label", VALUE_TEXT, NULL},
    {"flexNumber2", "FlexNumber2", VALUE_INT, NULL},
    {"flexNumber2Label", "FlexNumber2Label", VALUE_TEXT, NULL},
    {"flexString1", "FlexString1", VALUE_TEXT, NULL},
    {"flexString1Label", "FlexString1Label", VALUE_TEXT, NULL},
    {"flexString2", "FlexString2", VALUE_TEXT, NULL},
    {"flexString2Label", "FlexString2Label", VALUE_TEXT, NULL},
    {"fname", "FileName", VALUE_TEXT, NULL},
    {"fsize", "FileSize", VALUE_INT, NULL},
    {"in", "ReceivedBytes", VALUE_LONG, NULL},
    {"msg", "Message", VALUE_TEXT, NULL},
    {"oldFileCreateTime", "OldFileCreateTime", VALUE_TEXT, NULL},
    {"oldFileHash", "OldFileHash", VALUE_TEXT, NULL},
    {"oldFileId", "OldFileID", VALUE_TEXT, NULL},
    {"oldFileModificationTime", "OldFileModificationTime", VALUE_TEXT, NULL},
    {"oldFileName", "OldFileName", VALUE_TEXT, NULL},
    {"oldFilePath", "OldFilePath", VALUE_TEXT, NULL},
    {"oldFilePermission", "OldFilePermission", VALUE_TEXT, NULL},
    {"oldFileSize", "OldFileSize", VALUE_INT, NULL},
    {"oldFileType", "OldFileType", VALUE_TEXT, NULL},
    {"out", "SentBytes", VALUE_LONG, NULL},
    {"outcome", "EventOutcome", VALUE_TEXT, NULL},
    {"proto", "Protocol", VALUE_TEXT, NULL},
    {"reason", "Reason", VALUE_TEXT, NULL},
    {"request", "RequestURL", VALUE_TEXT, NULL},
    {"requestClientApplication", "RequestClientApplication", VALUE_TEXT, NULL},
    {"requestContext", "RequestContext", VALUE_TEXT, NULL},
    {"requestCookies", "RequestCookies", VALUE_TEXT, NULL},
    {"requestMethod", "RequestMethod", VALUE_TEXT, NULL},
    {"rt", "ReceiptTime", VALUE_TEXT, NULL},
    {"shost", "SourceHostName", VALUE_TEXT, NULL},
    {"smac", "SourceMACAddress", VALUE_TEXT, NULL},
    {"sntdom", "SourceNTDomain", VALUE_TEXT, NULL},
    {"sourceDnsDomain", "SourceDnsDomain", VALUE_TEXT, NULL},
    {"sourceServiceName", "SourceServiceName", VALUE_TEXT, NULL},
    {"sourceTranslatedAddress", "SourceTranslatedAddress", VALUE_TEXT, NULL},
    {"sourceTranslatedPort", "SourceTranslatedPort", VALUE_INT, NULL},
    {"spid", "SourceProcessId", VALUE_INT, NULL},
    {"spriv", "SourceUserPrivileges", VALUE_TEXT, NULL},
    {"sproc", "SourceProcessName", VALUE_TEXT, NULL},
    {"spt", "SourcePort", VALUE_INT, NULL},
    {"src", "SourceIP", VALUE_TEXT, NULL},
    {"start", "StartTime", VALUE_TIME, NULL},
    {"suid", "SourceUserID", VALUE_TEXT, NULL},
    {"suser", "SourceUserName", VALUE_TEXT, NULL},
    {"type", "EventType", VALUE_INT, NULL},
};
/* Log Event Extended Format 2, its predefined attributes. Sorted by key, bytewise. */
static const struct mapping leef_keys[] = {
    {"action", "DeviceAction", VALUE_TEXT, NULL},
    {"cat", "DeviceEventCategory", VALUE_BOTH, NULL},
    {"devTime", "ReceiptTime", VALUE_TEXT, NULL},
    {"domain", "SourceNTDomain", VALUE_TEXT, NULL},
    {"dst", "DestinationIP", VALUE_TEXT, NULL},
    {"dstBytes", "ReceivedBytes", VALUE_LONG, NULL},
    {"dstMAC", "DestinationMACAddress", VALUE_TEXT, NULL},
    {"dstPort", "DestinationPort", VALUE_INT, NULL},
    {"dstPostNAT", "DestinationTranslatedAddress", VALUE_TEXT, NULL},
    {"dstPostNATPort", "DestinationTranslatedPort", VALUE_INT, NULL},
    {"identHostName", "SourceHostName", VALUE_TEXT, NULL},
    {"msg", "Message", VALUE_TEXT, NULL},
    {"proto", "Protocol", VALUE_TEXT, NULL},
    {"reason", "Reason", VALUE_TEXT, NULL},
    {"resource", "DestinationHostName", VALUE_TEXT, NULL},
    {"sev", "LogSeverity", VALUE_TEXT, NULL},
    {"src", "SourceIP", VALUE_TEXT, NULL},
    {"srcBytes", "SentBytes", VALUE_LONG, NULL},
    {"srcMAC", "SourceMACAddress", VALUE_TEXT, NULL},
    {"srcPort", "SourcePort", VALUE_INT, NULL},
    {"srcPostNAT", "SourceTranslatedAddress", VALUE_TEXT, NULL},
    {"srcPostNATPort", "SourceTranslatedPort", VALUE_INT, NULL},
    {"url", "RequestURL", VALUE_TEXT, NULL},
    {"usrName", "SourceUserName", VALUE_TEXT, NULL},
};

static int by_key(const void *key, const void *row)
{
    return str_cmp(*(const struct str *)key, str_from(((const struct mapping *)row)->key));
}

/* ---- values ---- */

/* "Sep 02 2020 12:59:19[.123][ UTC]", milliseconds since 1970, and what KQL reads as a date. */
static bool read_time(struct str v, int64_t *out)
{
    int64_t ms = 0;
    if (str_to_i64(v, &ms))
        return ms > 0 && ms < INT64_C(253402300800000) &&
               (*out = TICKS_UNIX_EPOCH + ms * TICKS_PER_MS, true);
    return date_parse_iso(v, out) || date_parse_kusto(v, out);
}

static void add_more(struct record_maker *m, struct str key, struct str value)
{
    if (m->more->n > 0)
        sbuf_addc(m->more, ';');
    sbuf_add(m->more, key);
    sbuf_addc(m->more, '=');
    sbuf_add(m->more, value);
}

/* false: the value does not fit its column. */
static bool add_mapped(struct record_maker *m, const struct mapping *to, struct str v)
{
    int64_t i = 0;
    double d = 0;
    switch (to->kind) {
    case VALUE_TEXT:
    case VALUE_BOTH:
        record_text(m, to->column, v);
        if (to->second != NULL && str_to_i64(v, &i) && i >= INT32_MIN && i <= INT32_MAX)
            record_int(m, to->second, i);
        return to->kind == VALUE_TEXT;
    case VALUE_INT:
    case VALUE_LONG:
        if (!str_to_i64(v, &i) || (to->kind == VALUE_INT && (i < INT32_MIN || i > INT32_MAX)))
            return false;
        record_int(m, to->column, i);
        if (to->second != NULL && i >= INT32_MIN && i <= INT32_MAX)
            record_int(m, to->second, i);
        return true;
    case VALUE_REAL:
        if (!str_to_f64(v, &d))
            return false;
        record_text(m, to->column, v);
        return true;
    case VALUE_TIME:
        if (!read_time(v, &i))
            return false;
        record_time(m, to->column, i);
        return true;
    }
    UNREACHABLE();
}

static void add_pair(struct record_maker *m, const struct mapping *table, size_t n, struct str key,
                     struct str value)
{
    const struct mapping *to = bsearch(&key, table, n, sizeof(*table), by_key);
    if (to == NULL || !add_mapped(m, to, value))
        add_more(m, key, value);
}

/* ---- the header ---- */

static void add_severity(struct record_maker *m, struct str v)
{
    record_text(m, "LogSeverity", v);
    record_text(m, "OriginalLogSeverity", v);
}

/* ---- CEF's extension ---- */

static void cef_extension(struct record_maker *m, struct str s)
{
    size_t at = 0;
    struct str key, value;
    while (at < s.n && s.p[at] == ' ')
        at++;
    if (!cef_key_at(s, at, &key) && at < s.n) { /* text before the first key */
        size_t next = at, end = cef_value_end(s, at, &next);
        record_text(m, "Message", str_trim(cef_unescape(m->a, str_sub(s, at, end - at))));
        at = next;
    }
    while (cef_pair(m->a, s, &at, &key, &value))
        add_pair(m, cef_keys, COUNTOF(cef_keys), key, value);
}

bool cef_record(struct record_maker *m, struct str event, const char **why)
{
    struct str field[CEF_HEADER_FIELDS];
    struct str s = event;
    for (size_t i = 0; i < CEF_HEADER_FIELDS; i++) {
        if (cef_header_field(m->a, &s, &field[i]))
            continue;
        if (i + 1 < CEF_HEADER_FIELDS) {
            *why = "a CEF header has seven fields, each with '|' behind it";
            return false;
        }
        field[i] = str_trim(s); /* an event without an extension */
        s = STR("");
    }
    record_text(m, "DeviceVendor", field[1]);
    record_text(m, "DeviceProduct", field[2]);
    record_text(m, "DeviceVersion", field[3]);
    record_text(m, "DeviceEventClassID", field[4]);
    record_text(m, "Activity", field[5]);
    add_severity(m, field[6]);
    cef_extension(m, s);
    record_text(m, "AdditionalExtensions", arena_str(m->a, sbuf_str(m->more)));
    return true;
}

/* ---- LEEF: "LEEF:2.0|vendor|product|version|event|delimiter|key=value…" ---- */

/* The sixth field of version 2: one character, or its code as 0x09 or x09. */
static char leef_delimiter(struct str field)
{
    if (field.n == 1)
        return field.p[0];
    size_t at = 0;
    char *end = NULL;
    if (!str_find(field, STR("x"), &at) || at > 1 || field.n > 6)
        return '\t';
    char digits[8] = "";
    for (size_t i = at + 1; i < field.n; i++)
        digits[i - at - 1] = field.p[i];
    long code = strtol(digits, &end, 16);
    return *end == '\0' && code > 0 && code < 128 ? (char)code : '\t';
}

static void leef_attributes(struct record_maker *m, struct str s, char delimiter)
{
    while (s.n > 0) {
        const char *end = memchr(s.p, delimiter, s.n);
        struct str pair = str_sub(s, 0, end != NULL ? (size_t)(end - s.p) : s.n);
        size_t at = 0;
        s = end != NULL ? str_sub(s, pair.n + 1, s.n) : STR("");
        if (str_find(pair, STR("="), &at) && at > 0)
            add_pair(m, leef_keys, COUNTOF(leef_keys), str_trim(str_sub(pair, 0, at)),
                     str_trim(str_sub(pair, at + 1, pair.n)));
        else if (str_trim(pair).n > 0)
            add_more(m, STR(""), str_trim(pair));
    }
}

bool leef_record(struct record_maker *m, struct str event, const char **why)
{
    struct str field[5], delimiter = STR("");
    struct str s = event;
    for (size_t i = 0; i < COUNTOF(field); i++) {
        if (!cef_header_field(m->a, &s, &field[i])) {
            *why = "a LEEF header has five fields, each with '|' behind it";
            return false;
        }
    }
    struct str behind = s;
    if (str_starts(field[0], STR("LEEF:2")) && cef_header_field(m->a, &behind, &delimiter) &&
        delimiter.n <= 6)
        s = behind;
    record_text(m, "DeviceVendor", field[1]);
    record_text(m, "DeviceProduct", field[2]);
    record_text(m, "DeviceVersion", field[3]);
    record_text(m, "DeviceEventClassID", field[4]);
    record_text(m, "Activity", field[4]);
    leef_attributes(m, s, leef_delimiter(delimiter));
    record_text(m, "AdditionalExtensions", arena_str(m->a, sbuf_str(m->more)));
    return true;
}
