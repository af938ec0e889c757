/* One alert: its fields, and its SecurityAlert row. */
#include "detect/detect_priv.h"
#include "text/base64.h"
#include "text/date.h"
#include "text/deflate.h"

enum { MAX_ROW = 8 << 20 };

/* Always the same for the same rule, window and rows: a window that is run again makes the same
 * alerts, not new ones. */
static struct str derived_id(struct evaluation *ev, const char *what, struct row_range rows)
{
    struct guid ns;
    char id[37];
    CHECK(guid_parse(STR("0e6e9a53-5e0d-4b7e-8d0b-7d6f0c1f2a44"), &ns));
    struct str ids = {(const char *)(ev->ids + rows.from),
                      (rows.to - rows.from) * sizeof(*ev->ids)};
    guid_format(guid_derive(ns, ids), id);
    struct str name = arena_fmt(ev->a, "%s/%.*s/%.*s/%lld/%s", what, STR_ARG(workspace_id(ev->w)),
                                STR_ARG(ev->r->id), (long long)ev->out->to, id);
    guid_format(guid_derive(ns, name), id);
    return arena_str(ev->a, str_from(id));
}

/* ---- times ---- */

static void set_times(struct evaluation *ev, struct row_range rows, struct detect_alert *al)
{
    size_t at = column_of(ev, STR("TimeGenerated"));
    const struct kql_schema *s = engine_rows_schema(ev->rows);
    if (at != SIZE_MAX && s->cols[at].type == KQL_DATETIME)
        for (size_t row = rows.from; row < rows.to; row++) {
            struct kql_value v = evaluation_value(ev, row, at);
            if (v.is_null)
                continue;
            al->start = al->start == 0 || v.i < al->start ? v.i : al->start;
            al->end = v.i > al->end ? v.i : al->end;
        }
    if (al->start == 0) {
        al->start = ev->out->from;
        al->end = ev->out->to;
    }
}

/* "2023-02-20 05:58:58Z"; the window is printed rounded outwards to whole seconds. */
static struct str window_time(struct arena *a, int64_t ticks, bool up)
{
    int64_t rest = ticks % TICKS_PER_SECOND;
    if (up && rest != 0)
        ticks += TICKS_PER_SECOND - rest;
    struct civil c = civil_from_ticks(ticks);
    return arena_fmt(a, "%04d-%02d-%02d %02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute,
                     c.second);
}

/* ---- tactics and techniques ---- */

struct str texts_array(struct arena *a, const struct strs *list)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < list->n; i++)
        json_str(&w, list->p[i]);
    json_arr_end(&w);
    return arena_str(a, sbuf_str(&b));
}

static void add_tactic(struct arena *a, struct strs *list, struct str text)
{
    const char *name = mitre_tactic(str_trim(text));
    if (name == NULL)
        return;
    struct str *p = arena_array(a, struct str, list->n + 1);
    if (list->n > 0)
        memcpy(p, list->p, list->n * sizeof(*p));
    p[list->n++] = str_from(name);
    list->p = p;
}

/* One tactic, a comma list or a JSON array; unreadable: the rule's own. */
struct strs tactics_from(struct evaluation *ev, struct str text)
{
    struct strs out = {0};
    struct json v = {0};
    if (text.n > 0 && text.p[0] == '[' && json_parse(ev->a, text, NULL, &v, NULL)) {
        for (size_t i = 0; i < v.n; i++)
            add_tactic(ev->a, &out, json_text(&v.items[i], STR("")));
        return out.n > 0 ? out : ev->r->tactics;
    }
    while (text.n > 0) {
        size_t at = text.n;
        (void)str_find(text, STR(","), &at);
        add_tactic(ev->a, &out, str_sub(text, 0, at));
        text = str_sub(text, at + 1, text.n);
    }
    return out.n > 0 ? out : ev->r->tactics;
}

/* ---- overrides ---- */

static void set_texts(struct evaluation *ev, size_t row, struct detect_alert *al)
{
    const struct rule *r = ev->r;
    enum rule_severity severity = r->severity;
    al->name = r->name_format.n > 0 ? fill_format(ev, r->name_format, row, NAME_BYTES) : STR("");
    if (str_trim(al->name).n == 0)
        al->name = cut(r->name, NAME_BYTES);
    al->description = r->description_format.n > 0
                          ? fill_format(ev, r->description_format, row, TEXT_BYTES)
                          : STR("");
    if (str_trim(al->description).n == 0)
        al->description = cut(r->description, TEXT_BYTES);
    if (r->severity_column.n > 0 &&
        !rule_severity_parse(str_trim(cell(ev, row, r->severity_column)), &severity))
        severity = r->severity;
    al->severity = severity;
    al->product = property_text(ev, "ProductName", row, STR("Azure Sentinel"));
}

/* ---- the row ---- */

static struct str texts_json(struct arena *a, struct str one)
{
    return texts_array(a, &(struct strs){&one, 1});
}

/* A query that gives just the row, which it holds packed; empty: the row is too large for that. */
static struct str packed_row(struct evaluation *ev, size_t row)
{
    enum { MAX_PACKED = 10 << 10 };
    AUTO(sbuf_fini) struct sbuf packed = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    deflate_bytes(DEFLATE_ZLIB, row_json(ev, row), &packed);
    base64_encode(BASE64_STD, sbuf_str(&packed), &text);
    if (text.n > MAX_PACKED)
        return STR("");
    return arena_fmt(ev->a,
                     "datatable(compressedRec:string)['%.*s']\n"
                     "| extend raw = todynamic(zlib_decompress_from_base64_string(compressedRec))\n"
                     "| project raw\n"
                     "| evaluate bag_unpack(raw)",
                     STR_ARG(sbuf_str(&text)));
}

/* What opens the alert's rows again: the rule's query at its time, or just the one row. */
static struct str drill_down(struct evaluation *ev, struct row_range rows)
{
    char now[29];
    date_format(ev->out->to, now);
    if (ev->r->alert_per_result && rows.to - rows.from == 1) {
        struct str packed = packed_row(ev, rows.from);
        if (packed.n > 0)
            return packed;
    }
    return arena_fmt(ev->a,
                     "// The query parameters are set as they were when the alert was made.\n"
                     "set query_now = datetime(%s);\n%.*s",
                     now, STR_ARG(ev->r->query));
}

static void write_schedule(struct evaluation *ev, struct json_out *w)
{
    char span[32];
    struct arena *a = ev->a;
    if (ev->r->kind == RULE_SCHEDULED) {
        span_format(ev->r->period, span);
        json_kv_z(w, "Query Period", span);
        json_kv_z(w, "Trigger Operator", rule_operator_name(ev->r->op));
        json_kv_str(w, "Trigger Threshold", arena_fmt(a, "%lld", (long long)ev->r->threshold));
    }
    json_kv_str(w, "Query Start Time UTC", window_time(a, ev->out->from, false));
    json_kv_str(w, "Query End Time UTC", window_time(a, ev->out->to, true));
}

static struct str extended_properties(struct evaluation *ev, struct row_range rows,
                                      struct str details)
{
    struct arena *a = ev->a;
    const struct rule *r = ev->r;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW / 2);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    write_schedule(ev, &w);
    json_kv_str(&w, "Correlation Id", ev->out->correlation_id);
    json_kv_str(&w, "Search Query Results Overall Count", arena_fmt(a, "%zu", rows.to - rows.from));
    json_kv_str(&w, "Data Sources", texts_json(a, workspace_name(ev->w)));
    json_kv_str(&w, "Query", drill_down(ev, rows));
    if (r->alert_per_result)
        json_kv_str(&w, "OriginalQuery", r->query);
    json_kv_str(&w, "Analytic Rule Ids", texts_json(a, r->id));
    json_kv_str(&w, "Analytic Rule Name", r->name);
    json_kv_z(&w, "Event Grouping", r->alert_per_result ? "AlertPerResult" : "SingleAlert");
    json_kv_z(&w, "ProcessedBySentinel", "True");
    json_kv_z(&w, "Alert generation status", "Full alert created");
    if (r->n_details > 0)
        json_kv_str(&w, "Custom Details", details);
    json_obj_end(&w);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("{}");
}

static void write_names(struct evaluation *ev, struct json_out *w, const struct detect_alert *al,
                        size_t row)
{
    const struct rule *r = ev->r;
    bool nrt = r->kind == RULE_NRT;
    struct str component = nrt ? STR("NRT Alerts") : STR("Scheduled Alerts");
    struct str provider = nrt ? STR("ASI NRT Alerts") : STR("ASI Scheduled Alerts");
    json_kv_str(w, "DisplayName", al->name);
    json_kv_str(w, "AlertName", al->name);
    json_kv_z(w, "AlertSeverity", rule_severity_name(al->severity));
    json_kv_str(w, "Description", al->description);
    json_kv_str(w, "ProviderName", property_text(ev, "ProviderName", row, provider));
    json_kv_z(w, "VendorName", "Microsoft");
    json_kv_str(w, "VendorOriginalId", al->vendor_id);
    json_kv_str(w, "SystemAlertId", al->id);
    json_kv_str(w, "AlertType",
                arena_fmt(ev->a, "%.*s_%.*s", STR_ARG(workspace_id(ev->w)), STR_ARG(r->id)));
    json_kv_str(w, "ProductName", al->product);
    json_kv_str(w, "ProductComponentName",
                property_text(ev, "ProductComponentName", row, component));
    json_kv_str(w, "ConfidenceLevel", property_confidence(ev, row));
    json_kv_str(w, "RemediationSteps", property_list(ev, "RemediationSteps", row));
    json_kv_str(w, "ExtendedLinks", property_list(ev, "ExtendedLinks", row));
    json_kv_str(w, "AlertLink", property_text(ev, "AlertLink", row, STR("")));
    double score = 0;
    if (property_score(ev, row, &score))
        json_kv_real(w, "ConfidenceScore", score);
}

static struct str comma_list(struct arena *a, const struct strs *list)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < list->n; i++)
        sbuf_addf(&b, "%s%.*s", i > 0 ? ", " : "", STR_ARG(list->p[i]));
    return b.n > 0 ? arena_str(a, sbuf_str(&b)) : STR("Unknown");
}

struct mitre {
    struct strs tactics, techniques, subtechniques;
};

static struct str write_row(struct evaluation *ev, struct row_range rows, const struct mitre *m,
                            const struct detect_alert *al)
{
    const struct arm_scope *scope = &ev->d->o.scope;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_time(&w, "TimeGenerated", ev->now);
    json_kv_time(&w, "ProcessingEndTime", ev->now);
    json_kv_time(&w, "StartTime", al->start);
    json_kv_time(&w, "EndTime", al->end);
    write_names(ev, &w, al, rows.from);
    json_kv_bool(&w, "IsIncident", false);
    json_kv_str(&w, "ExtendedProperties", extended_properties(ev, rows, al->custom_details));
    json_kv_str(&w, "Entities", al->entities);
    json_kv_z(&w, "SourceSystem", "Detection");
    json_kv_str(&w, "WorkspaceSubscriptionId", scope->subscription);
    json_kv_str(&w, "WorkspaceResourceGroup", scope->resource_group);
    json_kv_z(&w, "Status", "New");
    json_kv_str(&w, "Tactics", comma_list(ev->a, &m->tactics));
    json_kv_str(&w, "Techniques", texts_array(ev->a, &m->techniques));
    json_kv_str(&w, "SubTechniques", texts_array(ev->a, &m->subtechniques));
    json_obj_end(&w);
    return sbuf_ok(&b) ? arena_str(ev->a, sbuf_str(&b)) : STR("{}");
}

void alert_make(struct evaluation *ev, struct row_range rows, struct detect_alert *out)
{
    struct mitre m = {ev->r->tactics, ev->r->techniques, ev->r->subtechniques};
    *out = (struct detect_alert){0};
    out->id = derived_id(ev, "alert", rows);
    out->vendor_id = derived_id(ev, "vendor", rows);
    set_times(ev, rows, out);
    set_texts(ev, rows.from, out);
    out->entities = entities_of(ev, rows, &out->n_entities);
    out->custom_details = custom_details_of(ev, rows);
    if (ev->r->tactics_column.n > 0)
        m.tactics = tactics_from(ev, cell(ev, rows.from, ev->r->tactics_column));
    property_techniques(ev, rows.from, &m.techniques, &m.subtechniques);
    out->tactics = texts_array(ev->a, &m.tactics);
    out->techniques = texts_array(ev->a, &m.techniques);
    out->row = write_row(ev, rows, &m, out);
}
