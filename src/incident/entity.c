/* What entities are: kinds, what identifies one, and reading them from the Entities column. */
#include "incident/entity.h"
#include "base/ids.h"
#include "incident/entity_priv.h"
#include "incident/incident_priv.h"

enum { MAX_BODY = 256 << 10, MAX_DEPTH = 8, REFRESH_BATCH = 500 };

/* Identifiers: sets of names of which the first that is complete makes the id. Names: of ARM's
 * properties that are not just the column's with a small first letter. */
static const struct entity_kind kinds[] = {
    {"account",
     "Account",
     {"Name UPNSuffix", "AadUserId", "ObjectGuid", "Sid", "Name NTDomain", "PUID"},
     "Name=accountName",
     "aadTenantId aadUserId accountName displayName dnsDomain hostEntityId isDomainJoined ntDomain "
     "objectGuid puid sid upnSuffix"},
    {"host",
     "Host",
     {"HostName DnsDomain", "HostName NTDomain", "HostName", "NetBiosName", "AzureID",
      "OMSAgentID"},
     "",
     "azureID dnsDomain hostName isDomainJoined netBiosName ntDomain omsAgentID osFamily "
     "osVersion"},
    {"ip", "Ip", {"Address AddressScope", "Address"}, "", "address location threatIntelligence"},
    {"url", "Url", {"Url"}, "", "url"},
    {"azure-resource", "AzureResource", {"ResourceId"}, "", "resourceId subscriptionId"},
    {"cloud-application",
     "CloudApplication",
     {"AppId InstanceName", "AppId", "Name InstanceName", "Name"},
     "Name=appName",
     "appId appName instanceName"},
    {"dns",
     "DnsResolution",
     {"DomainName"},
     "DnsServerIpEntityId=dnsServerIpEntityId IpAddressEntityIds=ipAddressEntityIds",
     "domainName dnsServerIpEntityId hostIpAddressEntityId ipAddressEntityIds"},
    {"file",
     "File",
     {"Directory Name HostEntityId", "Directory Name", "Name"},
     "Name=fileName FileHashesEntityIds=fileHashEntityIds",
     "directory fileName fileHashEntityIds hostEntityId"},
    {"filehash",
     "FileHash",
     {"Algorithm Value", "Value"},
     "Value=hashValue",
     "algorithm hashValue"},
    {"malware",
     "Malware",
     {"Name Category", "Name"},
     "Name=malwareName FilesEntityIds=fileEntityIds ProcessesEntityIds=processEntityIds",
     "malwareName category fileEntityIds processEntityIds"},
    {"process",
     "Process",
     {"ProcessId CommandLine CreationTimeUtc HostEntityId", "ProcessId CommandLine HostEntityId",
      "ProcessId HostEntityId", "CommandLine HostEntityId", "ProcessId CommandLine"},
     "LogonSessionEntityId=hostLogonSessionEntityId ParentProcessEntityId=parentProcessEntityId",
     "processId commandLine creationTimeUtc elevationToken accountEntityId hostEntityId "
     "hostLogonSessionEntityId imageFileEntityId parentProcessEntityId"},
    {"registry-key", "RegistryKey", {"Hive Key", "Key"}, "", "hive key"},
    {"registry-value",
     "RegistryValue",
     {"KeyEntityId Name", "Name Value", "Name"},
     "Name=valueName Value=valueData",
     "keyEntityId valueName valueData valueType"},
    {"security-group",
     "SecurityGroup",
     {"ObjectGuid", "SID", "DistinguishedName"},
     "",
     "distinguishedName objectGuid sid"},
    {"mailbox",
     "Mailbox",
     {"MailboxPrimaryAddress", "ExternalDirectoryObjectId", "Upn"},
     "",
     "mailboxPrimaryAddress displayName upn externalDirectoryObjectId"},
    {"mail-cluster",
     "MailCluster",
     {"Query Source"},
     "",
     "networkMessageIds countByDeliveryStatus countByThreatType countByProtectionStatus threats "
     "query queryTime mailCount isVolumeAnomaly source clusterSourceIdentifier clusterSourceType "
     "clusterQueryStartTime clusterQueryEndTime clusterGroup"},
    {"mail-message",
     "MailMessage",
     {"NetworkMessageId Recipient", "NetworkMessageId"},
     "ReceivedDate=receiveDate",
     "fileEntityIds recipient urls threats p1Sender p1SenderDisplayName p1SenderDomain p2Sender "
     "p2SenderDisplayName p2SenderDomain senderIP receiveDate networkMessageId internetMessageId "
     "subject language threatDetectionMethods bodyFingerprintBin1 bodyFingerprintBin2 "
     "bodyFingerprintBin3 bodyFingerprintBin4 bodyFingerprintBin5 antispamDirection deliveryAction "
     "deliveryLocation"},
    {"SubmissionMail",
     "SubmissionMail",
     {"SubmissionId NetworkMessageId", "SubmissionId"},
     "",
     "submissionId networkMessageId submitter submissionDate timestamp recipient sender senderIp "
     "subject reportType"},
    {"iotdevice",
     "IoTDevice",
     {"IoTHubEntityId DeviceId", "DeviceId"},
     "Manufacturer=vendor IoTSecurityAgentId=iotSecurityAgentId IoTHubEntityId=iotHubEntityId "
     "NicsEntityIds=nicEntityIds",
     "deviceId deviceName deviceType deviceSubType source vendor model serialNumber "
     "firmwareVersion operatingSystem edgeId macAddress iotSecurityAgentId iotHubEntityId "
     "hostEntityId ipAddressEntityId nicEntityIds protocols owners site zone sensor importance "
     "purdueLayer isAuthorized isProgramming isScanner threatIntelligence"},
    {"nic", "Nic", {"MacAddress"}, "", "macAddress ipAddressEntityId vlans"},
};

/* ---- kinds ---- */

/* "Account", "account", "azure-resource" and "AzureResource" are the same: only letters count. */
static bool same_letters(struct str x, struct str y)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < x.n && x.p[i] == '-')
            i++;
        while (k < y.n && y.p[k] == '-')
            k++;
        if (i == x.n || k == y.n)
            return i == x.n && k == y.n;
        if (!str_ieq(str_sub(x, i, 1), str_sub(y, k, 1)))
            return false;
    }
}

const struct entity_kind *entity_kind_find(struct str name)
{
    for (size_t i = 0; i < COUNTOF(kinds); i++)
        if (same_letters(name, str_from(kinds[i].v3)) ||
            same_letters(name, str_from(kinds[i].kind)))
            return &kinds[i];
    return NULL;
}

const struct entity_kind *entity_kind_at(size_t i)
{
    return i < COUNTOF(kinds) ? &kinds[i] : NULL;
}

const char *entity_kind_of(struct str v3_type)
{
    const struct entity_kind *k = entity_kind_find(v3_type);
    return k != NULL ? k->kind : "";
}

/* ---- the id ---- */

static void add_folded(struct sbuf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        sbuf_addc(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i]);
}

static bool is_scalar(const struct json *v)
{
    return v != NULL && v->type != JSON_NULL && v->type != JSON_OBJECT && v->type != JSON_ARRAY &&
           (v->text.n > 0 || v->type == JSON_TRUE || v->type == JSON_FALSE);
}

static struct str scalar_text(const struct json *v)
{
    if (v->type == JSON_TRUE || v->type == JSON_FALSE)
        return v->type == JSON_TRUE ? STR("true") : STR("false");
    return v->text;
}

/* The values of "Name UPNSuffix", when all are there. */
static bool add_set(struct sbuf *b, const struct json *body, const char *set)
{
    while (*set != '\0') {
        size_t n = strcspn(set, " ");
        const struct json *v = json_get_str(body, (struct str){set, n});
        if (!is_scalar(v))
            return false;
        sbuf_addc(b, '\x1f');
        sbuf_add(b, (struct str){set, n});
        sbuf_addc(b, '=');
        add_folded(b, scalar_text(v));
        set += set[n] == ' ' ? n + 1 : n;
    }
    return true;
}

static void add_all(struct sbuf *b, const struct json *body)
{
    for (size_t i = 0; i < body->n; i++) {
        if (!is_scalar(&body->items[i]) || str_eqz(body->keys[i], "Type"))
            continue;
        sbuf_addc(b, '\x1f');
        sbuf_add(b, body->keys[i]);
        sbuf_addc(b, '=');
        add_folded(b, scalar_text(&body->items[i]));
    }
}

/* The same in every workspace, so that an index is right in a workspace that was copied. */
static struct str id_of(struct arena *a, struct str type, const struct entity_kind *kind,
                        const struct json *body)
{
    struct guid ns;
    char id[37];
    size_t head;
    bool found = false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(2 * (size_t)MAX_BODY);
    CHECK(guid_parse(STR("b9b6d2a4-3f2b-4c0e-9a55-6f1c5f1f3d10"), &ns));
    sbuf_add(&b, kind != NULL ? str_from(kind->kind) : type);
    head = b.n;
    for (size_t i = 0; !found && kind != NULL && i < ENTITY_SETS && kind->identifiers[i] != NULL;
         i++) {
        b.n = head;
        found = add_set(&b, body, kind->identifiers[i]);
    }
    if (!found) {
        b.n = head;
        add_all(&b, body);
    }
    guid_format(guid_derive(ns, sbuf_str(&b)), id);
    return arena_str(a, str_from(id));
}

/* ---- reading the column ---- */

struct reading {
    struct arena *a;
    struct map *by_number; /* "$id" → entity, resolved */
    struct map *raw;       /* "$id" → its JSON */
    VEC(struct state_entity) found;
};

static const struct state_entity *read_entity(struct reading *r, const struct json *v, int depth);

/* The entity that a member is or points to; NULL: it is something else. */
static const struct state_entity *linked(struct reading *r, const struct json *v, int depth)
{
    if (v->type != JSON_OBJECT || depth >= MAX_DEPTH)
        return NULL;
    struct str number = json_text(json_get(v, "$ref"), STR(""));
    if (number.n == 0)
        return json_get(v, "Type") != NULL ? read_entity(r, v, depth + 1) : NULL;
    const struct state_entity *done = map_get(r->by_number, number);
    const struct json *target = map_get(r->raw, number);
    if (done != NULL)
        return done;
    return target != NULL ? read_entity(r, target, depth + 1) : NULL;
}

static void write_link(struct reading *r, struct json_out *o, struct str key, const struct json *v,
                       int depth)
{
    const struct state_entity *x = linked(r, v, depth);
    if (x == NULL)
        return;
    json_key_str(o, arena_fmt(r->a, "%.*sEntityId", STR_ARG(key)));
    json_str(o, x->id);
}

static void write_array(struct reading *r, struct json_out *o, struct str key, const struct json *v,
                        int depth)
{
    bool links = v->n > 0 && v->items[0].type == JSON_OBJECT;
    json_key_str(o, links ? arena_fmt(r->a, "%.*sEntityIds", STR_ARG(key)) : key);
    json_arr(o);
    for (size_t i = 0; i < v->n; i++) {
        const struct state_entity *x = links ? linked(r, &v->items[i], depth) : NULL;
        if (x != NULL)
            json_str(o, x->id);
        else if (!links)
            json_value(o, &v->items[i]);
    }
    json_arr_end(o);
}

/* Its own values, with links as <name>EntityId. */
static void write_body(struct reading *r, struct json_out *o, const struct json *v, int depth)
{
    json_obj(o);
    for (size_t i = 0; i < v->n; i++) {
        const struct json *m = &v->items[i];
        if (v->keys[i].n > 0 && v->keys[i].p[0] == '$')
            continue;
        if (m->type == JSON_ARRAY) {
            write_array(r, o, v->keys[i], m, depth);
        } else if (m->type == JSON_OBJECT && (json_get(m, "$ref") || json_get(m, "Type"))) {
            write_link(r, o, v->keys[i], m, depth);
        } else if (m->type != JSON_NULL) {
            json_key_str(o, v->keys[i]);
            json_value(o, m);
        }
    }
    json_obj_end(o);
}

static const struct state_entity *read_entity(struct reading *r, const struct json *v, int depth)
{
    struct str type = json_text(json_get(v, "Type"), STR("")),
               number = json_text(json_get(v, "$id"), STR(""));
    struct state_entity *done = number.n > 0 ? map_get(r->by_number, number) : NULL;
    struct json body = {0};
    if (done != NULL || type.n == 0 || r->found.n >= ENTITY_MAX_OF_COLUMN)
        return done;
    if (number.n > 0)
        (void)map_del(r->raw, number); /* a reference to itself leads nowhere */
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_BODY);
    struct json_out o = json_out_make(&b);
    write_body(r, &o, v, depth);
    if (!sbuf_ok(&b))
        return NULL;
    struct state_entity *x = arena_new_of(r->a, struct state_entity);
    x->body = arena_str(r->a, sbuf_str(&b));
    if (!json_parse(r->a, x->body, NULL, &body, NULL))
        return NULL;
    const struct entity_kind *kind = entity_kind_find(type);
    x->kind = kind != NULL ? str_from(kind->kind) : type;
    x->id = id_of(r->a, type, kind, &body);
    if (number.n > 0)
        (void)map_put(r->by_number, number, x);
    VEC_PUSH(r->a, &r->found, *x);
    return x;
}

bool entities_read(struct arena *a, struct str column, struct state_entity **out, size_t *n,
                   struct err *e)
{
    struct reading r = {.a = a, .by_number = map_new(a, false), .raw = map_new(a, false)};
    struct json list = {0};
    *out = NULL;
    *n = 0;
    if (column.n == 0)
        return true;
    if (!json_parse(a, column, NULL, &list, e))
        return false;
    for (size_t i = 0; list.type == JSON_ARRAY && i < list.n; i++) {
        struct str number = json_text(json_get(&list.items[i], "$id"), STR(""));
        if (number.n > 0)
            (void)map_put(r.raw, number, &list.items[i]);
    }
    for (size_t i = 0; list.type == JSON_ARRAY && i < list.n; i++)
        if (list.items[i].type == JSON_OBJECT)
            (void)read_entity(&r, &list.items[i], 0);
    *out = r.found.p;
    *n = r.found.n;
    return true;
}

/* ---- the index ---- */

bool entities_link(struct incidents *in, struct arena *a, struct workspace *w, const char *type,
                   struct str source, struct str column, int64_t time, struct err *e)
{
    struct state_entity *list = NULL;
    size_t n = 0;
    if (!entities_read(a, column, &list, &n, e) ||
        !state_entity_unlink(in->state, workspace_id(w), type, source, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct state_entity_link link = {workspace_id(w), list[i].id, str_from(type), source, time};
        list[i].workspace = workspace_id(w);
        list[i].first_seen = list[i].last_seen = time;
        if (!state_entity_put(in->state, &list[i], e) || !state_entity_link(in->state, &link, e))
            return false;
    }
    return true;
}

/* An alert whose entities can't be read has none; it must not hold up those behind it. */
static bool index_alert(struct incidents *in, struct workspace *w, const struct state_alert *al,
                        struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err why = {0};
    int64_t time = al->end != 0 ? al->end : al->generated;
    if (!entities_link(in, a, w, LINK_ALERT, al->id, al->entities, time, &why) &&
        why.code != ERR_SYNTAX && why.code != ERR_LIMIT) {
        *e = why;
        return false;
    }
    return state_alert_indexed(in->state, al->workspace, al->id, e);
}

bool entities_refresh(struct incidents *in, struct workspace *w, struct err *e)
{
    size_t n = REFRESH_BATCH;
    bool ok = true;
    while (ok && n == REFRESH_BATCH) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct state_alert *list = NULL;
        if (!state_begin(in->state, e))
            return false;
        ok = state_alert_not_indexed(in->state, a, workspace_id(w), REFRESH_BATCH, &list, &n, e);
        for (size_t i = 0; ok && i < n; i++)
            ok = index_alert(in, w, &list[i], e);
        ok = state_end(in->state, ok, e);
    }
    return ok;
}

/* ---- mappings of bookmarks ---- */

static void put_part(struct json_out *o, const char *name, struct str value)
{
    if (str_trim(value).n > 0)
        json_kv_str(o, name, str_trim(value));
}

/* A name that holds two identifiers: DOMAIN\name, name@suffix, host.domain. */
static void write_full_name(struct json_out *o, bool account, struct str value)
{
    size_t at = 0;
    const char *name = account ? "Name" : "HostName";
    if (str_find(value, STR("\\"), &at)) {
        put_part(o, "NTDomain", str_sub(value, 0, at));
        put_part(o, name, str_sub(value, at + 1, value.n));
    } else if (str_find(value, account ? STR("@") : STR("."), &at) && at > 0) {
        put_part(o, name, str_sub(value, 0, at));
        put_part(o, account ? "UPNSuffix" : "DnsDomain", str_sub(value, at + 1, value.n));
    } else {
        put_part(o, name, value);
    }
}

static bool write_mapping(struct json_out *o, size_t index, const struct json *m, struct err *e)
{
    char number[24];
    const struct entity_kind *kind =
        entity_kind_find(json_text(json_get(m, "entityType"), STR("")));
    const struct json *fields = json_get(m, "fieldMappings");
    if (kind == NULL)
        return err_set(e, ERR_INVALID, "properties.entityMappings[%zu].entityType: unknown", index);
    if (fields == NULL || fields->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID,
                       "properties.entityMappings[%zu].fieldMappings: an array expected", index);
    entity_number(number, index + 1);
    json_obj(o);
    json_kv_z(o, "$id", number);
    for (size_t i = 0; i < fields->n; i++) {
        struct str name = json_text(json_get(&fields->items[i], "identifier"), STR("")),
                   value = str_trim(json_text(json_get(&fields->items[i], "value"), STR("")));
        if (name.n == 0)
            return err_set(
                e, ERR_INVALID,
                "properties.entityMappings[%zu].fieldMappings[%zu].identifier is missing", index,
                i);
        if (str_ieqz(name, "FullName"))
            write_full_name(o, strcmp(kind->kind, "Account") == 0, value);
        else if (value.n > 0 && !str_eqz(name, "Type") && name.p[0] != '$') {
            json_key_str(o, name);
            json_str(o, value);
        }
    }
    json_kv_z(o, "Type", kind->v3);
    json_obj_end(o);
    return true;
}

bool entities_of_mappings(struct arena *a, const struct json *mappings, struct str *out_column,
                          struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out o = json_out_make(&b);
    if (mappings != NULL && mappings->type != JSON_NULL && mappings->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "properties.entityMappings: an array expected");
    json_arr(&o);
    for (size_t i = 0; mappings != NULL && i < mappings->n; i++)
        if (!write_mapping(&o, i, &mappings->items[i], e))
            return false;
    json_arr_end(&o);
    *out_column = arena_str(a, sbuf_str(&b));
    return sbuf_ok(&b) || err_set(e, ERR_INVALID, "properties.entityMappings is too long");
}
