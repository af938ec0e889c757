/* Messages of Cisco's firewalls ASA and Firepower Threat Defense, "%ASA-4-106023: Deny tcp src …",
 * "%FTD-1-430003: …", into CommonSecurityLog as Sentinel's connector of both has them: the number
 * of the message is its DeviceEventClassID, the text is kept whole, and of the messages about
 * connections addresses, ports, protocol and action have columns. The texts are those of Cisco's
 * "Secure Firewall ASA Series Syslog Messages", the columns those that ASIM's parsers of ASA read.
 * Lists of keys and values, which only Firepower has, are read in cisco_list.c. */
#include "ingest/cisco_list.h"
#include "ingest/syslog.h"
#include "text/ip.h"

enum { WORDS = 40, CLASS_DIGITS = 6, NONE = -1 };

/* ---- the header: "%ASA-", perhaps a group and "-", a severity, "-", six digits and a colon ----
 */

struct cisco_header {
    struct str product, severity, class, text;
};

static size_t digits_at(struct str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
        n++;
    return n;
}

/* NGIPS is what Firepower's devices without a firewall write. */
static bool read_product(struct str s, struct str *out)
{
    static const char *const products[] = {"ASA", "FTD", "NGIPS"};
    if (s.n == 0 || s.p[0] != '%')
        return false;
    for (size_t i = 0; i < COUNTOF(products); i++) {
        struct str name = str_from(products[i]);
        if (str_starts(str_sub(s, 1, s.n), name) && s.n > name.n + 1 && s.p[name.n + 1] == '-') {
            *out = name;
            return true;
        }
    }
    return false;
}

static bool read_header(struct str s, struct cisco_header *out)
{
    struct str product;
    if (!read_product(s, &product))
        return false;
    size_t start = product.n + 2, at = start;
    if (digits_at(s, at) == 0) { /* of a message group */
        while (at < s.n && s.p[at] >= 'a' && s.p[at] <= 'z')
            at++;
        if (at == start || at == s.n || s.p[at++] != '-')
            return false;
    }
    size_t class = at + 2;
    if (digits_at(s, at) != 1 || s.p[at] > '7' || class > s.n || s.p[at + 1] != '-' ||
        digits_at(s, class) != CLASS_DIGITS || class + CLASS_DIGITS >= s.n ||
        s.p[class + CLASS_DIGITS] != ':')
        return false;
    *out = (struct cisco_header){.product = product,
                                 .severity = str_sub(s, at, 1),
                                 .class = str_sub(s, class, CLASS_DIGITS),
                                 .text = str_trim(str_sub(s, class + CLASS_DIGITS + 1, s.n))};
    return true;
}

bool cisco_starts(struct str s)
{
    struct cisco_header h;
    return read_header(s, &h);
}

/* ---- which words of a message are what ---- */

/* Numbers count words from 0. The source stands behind the word from, the destination behind the
 * first word to that comes later. */
struct layout {
    const char *class;
    signed char action, protocol, direction, rule;
    const char *from, *to;
};
/* Sorted by class. */
static const struct layout layouts[] = {
    {"106001", 3, 1, 0, NONE, "from", "to"},
    {"106002", 2, 0, NONE, NONE, "src", "dest"},
    {"106006", 0, 2, 1, NONE, "from", "to"},
    {"106007", 0, 2, 1, NONE, "from", "to"},
    {"106010", 0, 2, 1, NONE, "src", "dst"},
    {"106012", 0, 1, NONE, NONE, "from", "to"},
    {"106013", 0, NONE, NONE, NONE, "from", "address"},
    {"106014", 0, 2, 1, NONE, "src", "dst"},
    {"106015", 0, 1, NONE, NONE, "from", "to"},
    {"106016", 0, 1, NONE, NONE, "from", "to"},
    {"106017", 0, 1, NONE, NONE, "from", "to"},
    {"106018", 4, 0, NONE, 8, "src", "dest"},
    {"106020", 0, 1, NONE, NONE, "from", "to"},
    {"106021", 0, 1, NONE, NONE, "from", "to"},
    {"106022", 0, 1, NONE, NONE, "from", "to"},
    {"106023", 0, 1, NONE, NONE, "src", "dst"},
    {"106100", 2, 3, NONE, 1, NULL, "->"}, /* the source is the word behind the protocol */
    {"302013", 0, 2, 1, NONE, "for", "to"},
    {"302014", 0, 1, NONE, NONE, "for", "to"},
    {"302015", 0, 2, 1, NONE, "for", "to"},
    {"302016", 0, 1, NONE, NONE, "for", "to"},
    {"302020", 0, 2, 1, NONE, "faddr", "laddr"},
    {"302021", 0, 1, NONE, NONE, "faddr", "laddr"},
    {"605004", 1, NONE, NONE, NONE, "from", "to"},
    {"605005", 1, NONE, NONE, NONE, "from", "to"},
    {"710002", 2, 0, NONE, NONE, "from", "to"},
    {"710003", 2, 0, NONE, NONE, "from", "to"},
    {"710004", NONE, 0, NONE, NONE, "from", "to"},
    {"710005", 2, 0, NONE, NONE, "from", "to"},
};

static const struct layout *layout_of(struct str class)
{
    size_t from = 0, to = COUNTOF(layouts);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_cmp(class, str_from(layouts[middle].class));
        if (order == 0)
            return &layouts[middle];
        from = order > 0 ? middle + 1 : from;
        to = order < 0 ? middle : to;
    }
    return NULL;
}

/* ---- words ---- */

struct words {
    struct str p[WORDS];
    size_t n;
};

static struct words words_of(struct str text)
{
    struct words w = {.n = 0};
    size_t at = 0;
    while (w.n < WORDS) {
        while (at < text.n && text.p[at] == ' ')
            at++;
        size_t end = at;
        while (end < text.n && text.p[end] != ' ')
            end++;
        if (end == at)
            break;
        w.p[w.n++] = str_sub(text, at, end - at);
        at = end;
    }
    return w;
}

static struct str word(const struct words *w, long at)
{
    return at >= 0 && (size_t)at < w->n ? w->p[at] : STR("");
}

/* The place behind the first such word that is not before at; NONE: there is none. */
static long behind(const struct words *w, long at, const char *key)
{
    for (size_t i = at > 0 ? (size_t)at : 0; i + 1 < w->n; i++)
        if (str_eqz(w->p[i], key))
            return (long)i + 1;
    return NONE;
}

static struct str without(struct str s, const char *ends)
{
    while (s.n > 0 && strchr(ends, s.p[0]) != NULL)
        s = str_sub(s, 1, s.n);
    while (s.n > 0 && strchr(ends, s.p[s.n - 1]) != NULL)
        s = str_sub(s, 0, s.n - 1);
    return s;
}

/* ---- addresses ---- */

struct endpoint {
    struct str address; /* empty: none that is an address */
    int64_t port;       /* 0: none that is a number */
};

static bool is_address(struct str s)
{
    struct ip ip;
    return ip_parse(s, &ip);
}

/* An address, perhaps with a port: "10.0.0.1", "10.0.0.1/443", "10.0.0.1(443)". */
static bool read_address(struct str s, struct endpoint *out)
{
    size_t at = s.n;
    struct str port = STR("");
    if (str_find(s, STR("/"), &at) || str_find(s, STR("("), &at))
        port = without(str_sub(s, at + 1, s.n), "()");
    if (!is_address(str_sub(s, 0, at)))
        return false;
    size_t more = port.n; /* "443(user)" */
    if (str_find(port, STR("("), &more))
        port = str_sub(port, 0, more);
    *out = (struct endpoint){.address = str_sub(s, 0, at)};
    if (!str_to_i64(port, &out->port) || out->port < 0 || out->port > 65535)
        out->port = 0;
    return true;
}

/* Perhaps with an interface in front, and ':' or '/' behind it: "inside:10.0.0.1/443". */
static struct endpoint endpoint_of(struct str s)
{
    struct endpoint out = {.address = STR("")};
    s = without(s, "(),"); /* of a port, too */
    for (size_t at = 0; at < s.n; at++) {
        if (at > 0 && s.p[at - 1] != ':' && s.p[at - 1] != '/')
            continue;
        if (read_address(str_sub(s, at, s.n), &out))
            return out;
    }
    return out;
}

static void add_endpoint(struct record_maker *m, const struct words *w, long at,
                         const char *address, const char *port)
{
    struct endpoint x = endpoint_of(word(w, at));
    record_text(m, address, x.address);
    if (x.address.n > 0 && x.port > 0)
        record_int(m, port, x.port);
}

/* ---- the record ---- */

static const char *direction_of(struct str s)
{
    if (str_ieqz(s, "inbound"))
        return "Inbound";
    return str_ieqz(s, "outbound") ? "Outbound" : "";
}

static void add_connection(struct record_maker *m, const struct layout *l, const struct words *w)
{
    long from = l->from != NULL ? behind(w, 0, l->from) : l->protocol + 1;
    long to = from >= 0 ? behind(w, from, l->to) : NONE;
    long list = behind(w, 0, "access-group"), user = behind(w, 0, "user");
    struct str protocol = word(w, l->protocol);
    if (l->direction != NONE && word(w, l->direction).n > 0 &&
        direction_of(word(w, l->direction))[0] == '\0')
        protocol = word(w, l->direction); /* older releases do not say which way */
    record_text(m, "DeviceAction", word(w, l->action));
    record_text(m, "Protocol", protocol);
    record_text(m, "CommunicationDirection", str_from(direction_of(word(w, l->direction))));
    add_endpoint(m, w, from, "SourceIP", "SourcePort");
    add_endpoint(m, w, to, "DestinationIP", "DestinationPort");
    record_text(m, "DeviceCustomString2",
                list >= 0 ? without(word(w, list), "\"") : word(w, l->rule));
    record_text(m, "DestinationUserName", without(word(w, user), "\"'"));
}

void cisco_record(struct record_maker *m, struct str event, struct str host)
{
    struct cisco_header h;
    CHECK(read_header(event, &h));
    const struct layout *l = layout_of(h.class);
    record_text(m, "DeviceVendor", STR("Cisco"));
    record_text(m, "DeviceProduct", h.product);
    record_text(m, "DeviceEventClassID", h.class);
    record_text(m, "LogSeverity", h.severity);
    record_text(m, "OriginalLogSeverity", h.severity);
    record_text(m, is_address(host) ? "DeviceAddress" : "DeviceName", host);
    record_text(m, "Message", event);
    if (cisco_list_is(h.class))
        cisco_list_record(m, h.text);
    if (l == NULL)
        return;
    struct words w = words_of(h.text);
    add_connection(m, l, &w);
}
