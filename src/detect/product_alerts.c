/* Alerts that other products made and that came in as rows of SecurityAlert: which of them a rule
 * of kind MicrosoftSecurityIncidentCreation wants, and what incidents need of them. Source: "Create
 * incidents from Microsoft Security alerts". */
#include "base/ids.h"
#include "detect/detect_priv.h"

/* Products by the name in productFilter: their newer names, and what stands in ProviderName. */
static const struct {
    const char *product, *newer, *provider;
} products[] = {
    {"Microsoft Cloud App Security", "Microsoft Defender for Cloud Apps", "MCAS"},
    {"Azure Security Center", "Microsoft Defender for Cloud", "Azure Security Center"},
    {"Azure Advanced Threat Protection", "Microsoft Defender for Identity",
     "Azure Advanced Threat Protection"},
    {"Azure Active Directory Identity Protection", "Microsoft Entra ID Protection", "IPC"},
    {"Azure Security Center for IoT", "Microsoft Defender for IoT", "IoTSecurity"},
    {"Office 365 Advanced Threat Protection", "Microsoft Defender for Office 365", "OATP"},
    {"Microsoft Defender Advanced Threat Protection", "Microsoft Defender for Endpoint", "MDATP"},
};

struct str rule_query(const struct rule *r)
{
    if (r->kind != RULE_MICROSOFT_INCIDENT)
        return r->query;
    return STR("SecurityAlert | where ProductName != 'Azure Sentinel' "
               "| sort by TimeGenerated asc, SystemAlertId asc");
}

/* ---- filters ---- */

static bool of_product(struct str filter, struct str product, struct str provider)
{
    if (str_ieq(filter, product))
        return true;
    for (size_t i = 0; i < COUNTOF(products); i++)
        if (str_ieqz(filter, products[i].product) || str_ieqz(filter, products[i].newer))
            return str_ieqz(product, products[i].product) || str_ieqz(product, products[i].newer) ||
                   str_ieqz(provider, products[i].provider);
    return str_ieq(filter, provider);
}

static bool contains_folded(struct str text, struct str part)
{
    for (size_t i = 0; i + part.n <= text.n; i++)
        if (str_ieq(str_sub(text, i, part.n), part))
            return true;
    return false;
}

static bool contains_one(struct str name, const struct strs *parts)
{
    for (size_t i = 0; i < parts->n; i++)
        if (contains_folded(name, parts->p[i]))
            return true;
    return false;
}

static enum rule_severity severity_of(struct evaluation *ev, size_t row)
{
    enum rule_severity s = SEV_INFORMATIONAL;
    if (!rule_severity_parse(str_trim(cell(ev, row, STR("AlertSeverity"))), &s))
        return SEV_INFORMATIONAL;
    return s;
}

static bool has_severity(const struct rule *r, enum rule_severity s)
{
    for (size_t i = 0; i < r->severities.n; i++)
        if (str_ieqz(r->severities.p[i], rule_severity_name(s)))
            return true;
    return r->severities.n == 0;
}

static struct str name_of(struct evaluation *ev, size_t row)
{
    struct str name = cell(ev, row, STR("DisplayName"));
    return name.n > 0 ? name : cell(ev, row, STR("AlertName"));
}

static bool wanted(struct evaluation *ev, size_t row)
{
    const struct rule *r = ev->r;
    struct str name = name_of(ev, row);
    return of_product(r->product, cell(ev, row, STR("ProductName")),
                      cell(ev, row, STR("ProviderName"))) &&
           has_severity(r, severity_of(ev, row)) &&
           (r->names.n == 0 || contains_one(name, &r->names)) &&
           !contains_one(name, &r->excluded_names);
}

/* ---- an alert ---- */

static int64_t time_of(struct evaluation *ev, size_t row, struct str column, int64_t otherwise)
{
    size_t at = column_of(ev, column);
    if (at == SIZE_MAX || engine_rows_schema(ev->rows)->cols[at].type != KQL_DATETIME)
        return otherwise;
    struct kql_value v = engine_rows_get(ev->rows, row, at);
    return v.is_null ? otherwise : v.i;
}

/* An alert without an id gets one of its own, the same whenever the window is looked at again. */
static struct str id_of(struct evaluation *ev, size_t row)
{
    struct str id = str_trim(cell(ev, row, STR("SystemAlertId")));
    struct guid ns;
    char text[37];
    if (id.n > 0)
        return id;
    CHECK(guid_parse(STR("b3c6a1de-31d1-4b0f-9c1a-77a0f5d6f0b2"), &ns));
    guid_format(guid_derive(ns, row_json(ev, row)), text);
    return arena_str(ev->a, str_from(text));
}

/* A JSON array as it is; a comma list as one; else an empty one. */
static struct str list_json(struct evaluation *ev, struct str text)
{
    struct json v = {0};
    VEC(struct str) items = {0};
    text = str_trim(text);
    if (text.n > 0 && text.p[0] == '[' && json_parse(ev->a, text, NULL, &v, NULL) &&
        v.type == JSON_ARRAY)
        return text;
    while (text.n > 0 && text.p[0] != '[') {
        size_t at = text.n;
        (void)str_find(text, STR(","), &at);
        if (str_trim(str_sub(text, 0, at)).n > 0)
            VEC_PUSH(ev->a, &items, str_trim(str_sub(text, 0, at)));
        text = str_sub(text, at + 1, text.n);
    }
    return texts_array(ev->a, &(struct strs){items.p, items.n});
}

static struct str entities_json(struct evaluation *ev, size_t row, size_t *n)
{
    struct json v = {0};
    struct str text = cell(ev, row, STR("Entities"));
    if (text.n == 0 || !json_parse(ev->a, text, NULL, &v, NULL) || v.type != JSON_ARRAY) {
        if (text.n > 0)
            evaluation_issue(ev, "an alert's Entities are no JSON array; they are left out");
        return STR("[]");
    }
    *n = v.n;
    return text;
}

static void make(struct evaluation *ev, size_t row, struct detect_alert *al)
{
    struct strs tactics = tactics_from(ev, cell(ev, row, STR("Tactics")));
    int64_t generated = time_of(ev, row, STR("TimeGenerated"), ev->out->to);
    *al = (struct detect_alert){.id = id_of(ev, row)};
    al->vendor_id = cell(ev, row, STR("VendorOriginalId"));
    al->name = cut(name_of(ev, row), NAME_BYTES);
    if (al->name.n == 0)
        al->name = arena_fmt(ev->a, "Alert of %.*s", STR_ARG(ev->r->product));
    al->description = cut(cell(ev, row, STR("Description")), TEXT_BYTES);
    al->severity = severity_of(ev, row);
    al->start = time_of(ev, row, STR("StartTime"), generated);
    al->end = time_of(ev, row, STR("EndTime"), generated);
    al->entities = entities_json(ev, row, &al->n_entities);
    al->custom_details = STR("{}");
    al->row = row_json(ev, row);
    al->tactics = texts_array(ev->a, &tactics);
    al->techniques = list_json(ev, cell(ev, row, STR("Techniques")));
    al->product = cell(ev, row, STR("ProductName"));
    if (al->product.n == 0)
        al->product = ev->r->product;
}

void product_alerts_make(struct evaluation *ev)
{
    struct detect_result *out = ev->out;
    struct map *seen = map_new(ev->a, true);
    size_t n = out->rows;
    out->alerts = arena_array(ev->a, struct detect_alert, n + 1);
    for (size_t row = 0; row < n; row++) {
        struct detect_alert al;
        if (!wanted(ev, row))
            continue;
        make(ev, row, &al);
        struct detect_alert *before = map_get(seen, al.id);
        if (before != NULL) { /* the newer row of one that changed within the window */
            *before = al;
            continue;
        }
        out->alerts[out->n_alerts] = al;
        (void)map_put(seen, al.id, &out->alerts[out->n_alerts++]);
        out->entities += al.n_entities;
    }
    out->rows = out->n_alerts;
    out->triggered = out->n_alerts > 0;
}
