/* By what an entity is known: strong identification as Sentinel documents it, one row a combination
 * of identifiers, and the few that need more than their text. */
#include "correlate/correlate_priv.h"
#include "text/ip.h"

enum { MOST_PARTS = 4, MAX_DEPTH = 3 };

/* What the value of an identifier has to be, or becomes. */
enum part_form {
    AS_IT_IS,
    FOLDED,  /* names, hashes, ids: no case */
    OF_HOST, /* the entity that it refers to, by its own first key, else its name */
    OF_IP    /* the address that it refers to or is */
};
struct part {
    const char *name;
    enum part_form form;
};
struct combination {
    const char *type, *identifier; /* "host", "azure" */
    struct part parts[MOST_PARTS]; /* all must be there; joined by '|' */
};

/* Source: "Strong identifiers of an entity" of Sentinel's entity reference. Accounts, hosts, IP
 * addresses and URLs are below. */
static const struct combination combinations[] = {
    {"azure-resource", "id", {{"ResourceId", FOLDED}}},
    {"cloud-application", "app", {{"AppId", FOLDED}}},
    {"cloud-application", "saas", {{"SaasId", FOLDED}}},
    {"cloud-application", "name", {{"Name", FOLDED}, {"InstanceName", FOLDED}}},
    {"dns", "name", {{"DomainName", FOLDED}, {"DnsServerIp", OF_IP}, {"HostIpAddress", OF_IP}}},
    {"file", "path", {{"Directory", FOLDED}, {"Name", FOLDED}}},
    {"filehash", "value", {{"Algorithm", FOLDED}, {"Value", FOLDED}}},
    {"malware", "name", {{"Name", FOLDED}, {"Category", FOLDED}}},
    {"process", "id", {{"Host", OF_HOST}, {"ProcessId", FOLDED}, {"CreationTimeUtc", AS_IT_IS}}},
    {"registry-key", "key", {{"Hive", FOLDED}, {"Key", FOLDED}}},
    {"registry-value", "name", {{"Key", FOLDED}, {"Name", FOLDED}}},
    {"security-group", "dn", {{"DistinguishedName", FOLDED}}},
    {"security-group", "sid", {{"SID", FOLDED}}},
    {"security-group", "guid", {{"ObjectGuid", FOLDED}}},
    {"mailbox", "address", {{"MailboxPrimaryAddress", FOLDED}}},
    {"mail-cluster", "query", {{"Query", AS_IT_IS}, {"Source", FOLDED}}},
    {"mail-message", "message", {{"NetworkMessageId", FOLDED}, {"Recipient", FOLDED}}},
    {"submissionmail",
     "submission",
     {{"SubmissionId", FOLDED},
      {"NetworkMessageId", FOLDED},
      {"Recipient", FOLDED},
      {"Submitter", FOLDED}}},
    {"iotdevice", "device", {{"IoTHub", AS_IT_IS}, {"DeviceId", FOLDED}}},
    {"account", "aad", {{"AadUserId", FOLDED}}},
    {"account", "puid", {{"PUID", FOLDED}}},
    {"account", "guid", {{"ObjectGuid", FOLDED}}},
    {"host", "azure", {{"AzureID", FOLDED}}},
    {"host", "oms", {{"OMSAgentID", FOLDED}}},
};

struct keying {
    struct arena *a;
    const struct entity_nodes *all;
    const struct json *entity;
    struct entity_keys *out;
    int depth; /* entities that refer to others may refer in a circle */
};

static void add_keys(const struct keying *k);

/* The first key of an entity inside of the one under hand; empty: none. */
static struct str first_key(const struct keying *k, const struct json *entity)
{
    struct entity_keys own = {0};
    struct keying inner = {k->a, k->all, entity, &own, k->depth + 1};
    if (inner.depth < MAX_DEPTH)
        add_keys(&inner);
    return own.v.n > 0 ? own.v.p[0] : STR("");
}

/* ---- texts ---- */

static void add_folded(struct sbuf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        sbuf_addc(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i]);
}

/* A text or a number; empty: there is none. */
static struct str field(const struct json *entity, const char *name)
{
    const struct json *v = entity != NULL ? json_get(entity, name) : NULL;
    if (v == NULL || (v->type != JSON_STRING && v->type != JSON_INT))
        return STR("");
    return str_trim(v->text);
}

static void push(struct keying *k, struct str key)
{
    if (key.n > KEY_BYTES)
        return;
    for (size_t i = 0; i < k->out->v.n; i++)
        if (str_eq(k->out->v.p[i], key))
            return;
    VEC_PUSH(k->a, &k->out->v, arena_str(k->a, key));
}

/* type/identifier:one[separator other] in lower case. */
static void push_name(struct keying *k, const char *identifier, struct str one,
                      const char *separator, struct str other)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)4 * KEY_BYTES);
    sbuf_addf(&b, "%s:", identifier);
    add_folded(&b, one);
    sbuf_addz(&b, separator);
    add_folded(&b, other);
    if (sbuf_ok(&b))
        push(k, sbuf_str(&b));
}

/* ---- accounts ---- */

/* Domains that every machine has, or that stand for the machine itself. */
static bool is_domain(struct str s)
{
    static const char *const generic[] = {"WORKGROUP", "NT AUTHORITY", "NT SERVICE", "BUILTIN",
                                          "LOCALHOST", "LOCAL",        ".",          "-"};
    for (size_t i = 0; i < COUNTOF(generic); i++)
        if (str_ieqz(s, generic[i]))
            return false;
    return s.n > 0;
}

/* The same on every machine: they name nobody. */
static bool is_built_in(struct str sid)
{
    static const char *const prefixes[] = {"S-1-0",     "S-1-1-",    "S-1-2-",
                                           "S-1-3-",    "S-1-5-32-", "S-1-5-80-",
                                           "S-1-5-82-", "S-1-5-90-", "S-1-5-96-"};
    if (!str_ieqz(str_sub(sid, 0, 4), "S-1-"))
        return true;
    for (size_t i = 0; i < COUNTOF(prefixes); i++)
        if (str_ieqz(str_sub(sid, 0, strlen(prefixes[i])), prefixes[i]))
            return true;
    /* S-1-5-18 and its like; those of a domain or a machine begin with S-1-5-21- */
    size_t dashes = 0;
    for (size_t i = 0; i < sid.n; i++)
        dashes += sid.p[i] == '-';
    return dashes < 4;
}

static struct str host_name(struct keying *k, const struct json *host);

static void account_keys(struct keying *k)
{
    struct str name = field(k->entity, "Name"), upn = field(k->entity, "UPNSuffix");
    struct str dns = field(k->entity, "DnsDomain"), nt = field(k->entity, "NTDomain");
    struct str sid = field(k->entity, "Sid");
    struct str host = host_name(k, entity_at(k->all, json_get(k->entity, "Host")));
    size_t at = 0;
    if (sid.n > 0 && !is_built_in(sid))
        push_name(k, "account/sid", sid, "", STR(""));
    else if (sid.n > 0 && host.n > 0)
        push_name(k, "account/sid", sid, "@", host);
    if (name.n == 0)
        return;
    if (upn.n > 0)
        push_name(k, "account/upn", name, "@", upn);
    else if (str_find(name, STR("@"), &at) && at > 0 && at + 1 < name.n)
        push_name(k, "account/upn", name, "", STR(""));
    if (dns.n > 0)
        push_name(k, "account/upn", name, "@", dns);
    if (is_domain(nt) &&
        !str_ieq(nt, field(entity_at(k->all, json_get(k->entity, "Host")), "HostName")))
        push_name(k, "account/nt", nt, "\\", name);
    else if (nt.n > 0 && host.n > 0)
        push_name(k, "account/nt", host, "\\", name);
}

/* ---- hosts ---- */

static void host_keys(struct keying *k)
{
    struct str name = field(k->entity, "HostName"), dns = field(k->entity, "DnsDomain");
    struct str nt = field(k->entity, "NTDomain");
    struct ip address;
    size_t at = 0;
    if (name.n == 0)
        name = field(k->entity, "NetBiosName");
    if (name.n == 0)
        return;
    if (dns.n > 0)
        push_name(k, "host/dns", name, ".", dns);
    else if (!ip_parse(name, &address) && str_find(name, STR("."), &at) && at > 0)
        push_name(k, "host/dns", name, "", STR(""));
    if (is_domain(nt))
        push_name(k, "host/nt", nt, "\\", name);
}

/* For keys of what is on a host: its first key, else its bare name. */
static struct str host_name(struct keying *k, const struct json *host)
{
    if (host == NULL || !str_ieqz(json_text(json_get(host, "Type"), STR("")), "host"))
        return STR("");
    struct str key = first_key(k, host), name = field(host, "HostName");
    if (key.n > 0)
        return key;
    return name.n > 0 ? name : field(host, "NetBiosName");
}

/* ---- addresses ---- */

/* Addresses that mean the same to everybody. What RFC 6890 keeps for documentation counts as
 * global. */
static bool is_global(struct ip a)
{
    static const char *const others[] = {"0.0.0.0/8",      "100.64.0.0/10", "127.0.0.0/8",
                                         "169.254.0.0/16", "224.0.0.0/4",   "240.0.0.0/4",
                                         "::/127",         "fe80::/10",     "ff00::/8"};
    if (ip_is_private(a))
        return false;
    for (size_t i = 0; i < COUNTOF(others); i++) {
        struct ip_net net;
        CHECK(ip_net_parse(str_from(others[i]), &net));
        if (ip_in_net(a, net))
            return false;
    }
    return true;
}

static struct str canonical_ip(struct arena *a, struct str text)
{
    struct ip address;
    char out[IP_TEXT_MAX];
    if (!ip_parse(text, &address))
        return STR("");
    ip_format(address, out);
    return arena_str(a, str_from(out));
}

static void ip_keys(struct keying *k)
{
    struct str text = canonical_ip(k->a, field(k->entity, "Address"));
    struct str scope = field(k->entity, "AddressScope");
    struct ip address;
    if (text.n == 0 || !ip_parse(text, &address))
        return;
    if (is_global(address))
        push_name(k, "ip/address", text, "", STR(""));
    else if (scope.n > 0)
        push_name(k, "ip/scoped", text, "|", scope);
}

/* ---- URLs ---- */

static bool is_scheme(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return s.n > 0;
}

/* scheme://host[:port] in lower case without the port of the scheme, then path and query as they
 * are; the fragment never left the client. */
static void url_keys(struct keying *k)
{
    struct str url = field(k->entity, "Url");
    size_t at = 0, end = 0;
    if (!str_find(url, STR("://"), &at) || !is_scheme(str_sub(url, 0, at)) || at + 3 >= url.n)
        return;
    struct str scheme = str_sub(url, 0, at), rest = str_sub(url, at + 3, url.n);
    if (str_find(rest, STR("#"), &end))
        rest = str_sub(rest, 0, end);
    for (end = 0; end < rest.n && rest.p[end] != '/' && rest.p[end] != '?';)
        end++;
    struct str host = str_sub(rest, 0, end), path = str_sub(rest, end, rest.n);
    struct str port = str_ieqz(scheme, "https") ? STR(":443") : STR(":80");
    if ((str_ieqz(scheme, "https") || str_ieqz(scheme, "http")) && str_ends(host, port))
        host = str_sub(host, 0, host.n - port.n);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)4 * KEY_BYTES);
    sbuf_addz(&b, "url/url:");
    add_folded(&b, scheme);
    sbuf_addz(&b, "://");
    add_folded(&b, host);
    if (path.n == 0 || path.p[0] != '/')
        sbuf_addc(&b, '/');
    sbuf_add(&b, path);
    if (host.n > 0 && sbuf_ok(&b))
        push(k, sbuf_str(&b));
}

/* ---- any entity ---- */

static struct str part_text(struct keying *k, const struct part *p)
{
    const struct json *v = json_get(k->entity, p->name);
    switch (p->form) {
    case AS_IT_IS:
    case FOLDED:
        if (entity_at(k->all, v) == NULL)
            return field(k->entity, p->name);
        /* An entity of its own, such as the key of a registry value or an IoT hub. */
        return first_key(k, entity_at(k->all, v));
    case OF_HOST:
        return host_name(k, entity_at(k->all, v));
    case OF_IP:
        return canonical_ip(k->a, entity_at(k->all, v) != NULL
                                      ? field(entity_at(k->all, v), "Address")
                                      : field(k->entity, p->name));
    }
    UNREACHABLE();
}

static void combine(struct keying *k, const struct combination *c)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)8 * KEY_BYTES);
    sbuf_addf(&b, "%s/%s:", c->type, c->identifier);
    for (size_t i = 0; i < MOST_PARTS && c->parts[i].name != NULL; i++) {
        struct str text = part_text(k, &c->parts[i]);
        if (text.n == 0)
            return;
        sbuf_addz(&b, i > 0 ? "|" : "");
        if (c->parts[i].form == AS_IT_IS)
            sbuf_add(&b, text);
        else
            add_folded(&b, text);
    }
    if (sbuf_ok(&b))
        push(k, sbuf_str(&b));
}

static const struct {
    const char *type;
    void (*keys)(struct keying *k);
} special[] = {{"account", account_keys}, {"host", host_keys}, {"ip", ip_keys}, {"url", url_keys}};

static void add_keys(const struct keying *k)
{
    struct keying own = *k;
    struct str type = json_text(json_get(k->entity, "Type"), STR(""));
    for (size_t i = 0; i < COUNTOF(special); i++)
        if (str_ieqz(type, special[i].type))
            special[i].keys(&own);
    for (size_t i = 0; i < COUNTOF(combinations); i++)
        if (str_ieqz(type, combinations[i].type))
            combine(&own, &combinations[i]);
}

void entity_keys_add(struct arena *a, const struct entity_nodes *all, const struct json *entity,
                     struct entity_keys *out)
{
    struct keying k = {a, all, entity, out, 0};
    add_keys(&k);
}

void entity_keys_of(struct arena *a, struct str entities, size_t max, struct entity_keys *out)
{
    struct json column = {0};
    struct entity_nodes all;
    *out = (struct entity_keys){0};
    if (entities.n == 0 || !json_parse(a, entities, NULL, &column, NULL))
        return;
    correlate_entities(a, &column, KEYS_PER_ALERT, &all);
    for (size_t i = 0; i < all.n && out->v.n < max; i++)
        entity_keys_add(a, &all, all.p[i].object, out);
    if (out->v.n > max)
        out->v.n = max;
}
