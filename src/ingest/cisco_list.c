/* "SrcIP: 10.0.0.1, DstIP: 10.0.0.2, Message: text, with commas, Priority: 1": the list that
 * Firepower writes of intrusions (430001), connections (430002, 430003), files (430004) and malware
 * (430005). Keys and their meaning are those of Cisco's "Firepower Threat Defense Syslog Messages",
 * "Security Event Syslog Messages"; columns are those that Cisco's own CEF of the same events
 * (eStreamer) has, as far as it has them. Values are not quoted and may hold commas and colons, so
 * that a value ends where something follows that is written as a key. */
#include "ingest/cisco_list.h"
#include "text/date.h"
#include "text/ip.h"

bool cisco_list_is(struct str class)
{
    static const char *const classes[] = {"430001", "430002", "430003", "430004", "430005"};
    for (size_t i = 0; i < COUNTOF(classes); i++)
        if (str_eqz(class, classes[i]))
            return true;
    return false;
}

enum value_kind {
    VALUE_TEXT,
    VALUE_NAME,
    VALUE_ADDRESS,
    VALUE_PORT,
    VALUE_INT,
    VALUE_LONG,
    VALUE_TIME
};
struct field {
    const char *key, *column;
    enum value_kind kind;
    const char *label; /* what a DeviceCustomString means; NULL: the column says it */
};
/* Where a record has several keys of one column, the first one in the message counts. */
static const struct field fields[] = {
    {"ACPolicy", "DeviceCustomString1", VALUE_TEXT, "fwPolicy"},
    {"AccessControlRuleAction", "DeviceAction", VALUE_TEXT, NULL},
    {"AccessControlRuleName", "DeviceCustomString2", VALUE_TEXT, "fwRule"},
    {"AccessControlRuleReason", "Reason", VALUE_TEXT, NULL},
    {"ApplicationProtocol", "ApplicationProtocol", VALUE_TEXT, NULL},
    {"Classification", "DeviceEventCategory", VALUE_TEXT, NULL},
    {"ConnectionID", "ExtID", VALUE_TEXT, NULL},
    {"DNSQuery", "DestinationDnsDomain", VALUE_TEXT, NULL},
    {"DeviceUUID", "DeviceExternalID", VALUE_TEXT, NULL},
    {"DstIP", "DestinationIP", VALUE_ADDRESS, NULL},
    {"DstPort", "DestinationPort", VALUE_PORT, NULL},
    {"EgressInterface", "DeviceOutboundInterface", VALUE_TEXT, NULL},
    {"EgressZone", "DeviceCustomString4", VALUE_TEXT, "egressZone"},
    {"FileAction", "DeviceAction", VALUE_TEXT, NULL},
    {"FileName", "FileName", VALUE_TEXT, NULL},
    {"FileSHA256", "FileHash", VALUE_TEXT, NULL},
    {"FileSize", "FileSize", VALUE_INT, NULL},
    {"FileType", "FileType", VALUE_TEXT, NULL},
    {"FirstPacketSecond", "StartTime", VALUE_TIME, NULL},
    {"HTTPReferer", "RequestContext", VALUE_TEXT, NULL},
    {"IngressInterface", "DeviceInboundInterface", VALUE_TEXT, NULL},
    {"IngressZone", "DeviceCustomString3", VALUE_TEXT, "ingressZone"},
    {"InitiatorBytes", "SentBytes", VALUE_LONG, NULL},
    {"InlineResult", "DeviceAction", VALUE_TEXT, NULL},
    {"Message", "Activity", VALUE_TEXT, NULL},
    {"NAT_InitiatorIP", "SourceTranslatedAddress", VALUE_ADDRESS, NULL},
    {"NAT_InitiatorPort", "SourceTranslatedPort", VALUE_PORT, NULL},
    {"NAT_ResponderIP", "DestinationTranslatedAddress", VALUE_ADDRESS, NULL},
    {"NAT_ResponderPort", "DestinationTranslatedPort", VALUE_PORT, NULL},
    {"Protocol", "Protocol", VALUE_TEXT, NULL},
    {"ReferencedHost", "DestinationHostName", VALUE_TEXT, NULL},
    {"ResponderBytes", "ReceivedBytes", VALUE_LONG, NULL},
    {"SrcIP", "SourceIP", VALUE_ADDRESS, NULL},
    {"SrcPort", "SourcePort", VALUE_PORT, NULL},
    {"ThreatName", "ThreatDescription", VALUE_NAME, NULL},
    {"URI", "RequestURL", VALUE_TEXT, NULL},
    {"URL", "RequestURL", VALUE_TEXT, NULL},
    {"URLCategory", "DeviceCustomString5", VALUE_TEXT, "urlCategory"},
    {"User", "SourceUserName", VALUE_NAME, NULL},
    {"UserAgent", "RequestClientApplication", VALUE_TEXT, NULL},
};

static const struct field *field_of(struct str key)
{
    for (size_t i = 0; i < COUNTOF(fields); i++)
        if (str_eqz(key, fields[i].key))
            return &fields[i];
    return NULL;
}

/* ---- keys and values ---- */

static bool is_key_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ' ';
}

/* Bytes of the key at the beginning of s: a capital letter, then letters, digits, '_' and single
 * words of a name ("Prefilter Policy"), up to ": " or a colon at the end. 0: there is none. */
static size_t key_at(struct str s)
{
    enum { LONGEST = 40 };
    size_t n = 0;
    if (s.n == 0 || s.p[0] < 'A' || s.p[0] > 'Z')
        return 0;
    while (n < s.n && n <= LONGEST && is_key_char(s.p[n]))
        n++;
    bool ends = n < s.n && s.p[n] == ':' && (n + 1 == s.n || s.p[n + 1] == ' ');
    return ends && s.p[n - 1] != ' ' ? n : 0;
}

/* Where the value at the beginning of s ends: at a comma with a key behind it, or at the end. */
static size_t value_end(struct str s)
{
    for (size_t at = 0; at < s.n; at++) {
        if (s.p[at] != ',')
            continue;
        size_t next = at + 1;
        while (next < s.n && s.p[next] == ' ')
            next++;
        if (key_at(str_sub(s, next, s.n)) > 0)
            return at;
    }
    return s.n;
}

static bool add_number(struct record_maker *m, const struct field *f, struct str value)
{
    int64_t max = f->kind == VALUE_PORT ? UINT16_MAX : f->kind == VALUE_INT ? INT32_MAX : INT64_MAX;
    int64_t i = 0;
    if (!str_to_i64(value, &i) || i < 0 || i > max)
        return false;
    record_int(m, f->column, i);
    return true;
}

/* What stands where there is no name. */
static bool is_no_name(struct str value)
{
    static const char *const words[] = {"Unknown", "Not Found", "No Authentication Required", "N/A",
                                        "None"};
    for (size_t i = 0; i < COUNTOF(words); i++)
        if (str_ieqz(value, words[i]))
            return true;
    return false;
}

/* false: the value is not of the column's kind; the message has it. */
static bool add_value(struct record_maker *m, const struct field *f, struct str value)
{
    struct ip address;
    int64_t ticks = 0;
    switch (f->kind) {
    case VALUE_PORT:
    case VALUE_INT:
    case VALUE_LONG:
        return add_number(m, f, value);
    case VALUE_TIME:
        if (!date_parse_iso(value, &ticks))
            return false;
        record_time(m, f->column, ticks);
        return true;
    case VALUE_ADDRESS:
        if (!ip_parse(value, &address))
            return false;
        break;
    case VALUE_NAME:
        if (is_no_name(value))
            return false;
        break;
    case VALUE_TEXT:
        break;
    }
    record_text(m, f->column, value);
    return value.n > 0;
}

static bool has_column(const struct record_maker *m, const char *column)
{
    for (size_t i = 0; i < m->keys.n; i++)
        if (str_eqz(m->keys.p[i], column))
            return true;
    return false;
}

static void add_label(struct record_maker *m, const struct field *f)
{
    if (f->label != NULL)
        record_text(m, arena_fmt(m->a, "%sLabel", f->column).p, str_from(f->label));
}

void cisco_list_record(struct record_maker *m, struct str list)
{
    while (list.n > 0) {
        size_t key = key_at(list), end = value_end(list);
        struct str value = key > 0 ? str_trim(str_sub(list, key + 1, end - key - 1)) : STR("");
        const struct field *f = key > 0 ? field_of(str_sub(list, 0, key)) : NULL;
        if (f != NULL && !has_column(m, f->column) && add_value(m, f, value))
            add_label(m, f);
        list = str_trim(str_sub(list, end + 1, list.n));
    }
}
