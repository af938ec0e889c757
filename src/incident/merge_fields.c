/* What merging does to an incident's fields: lists, the fields that are kept to take it back, and
 * what alerts bring. */
#include "incident/merge_fields.h"
#include "incident/merge.h"
#include "state/alerts.h"

enum { MAX_FIELDS = 4 << 20 };

/* ---- lists ---- */

static struct str item_key(const struct json *v)
{
    return json_text(v->type == JSON_OBJECT ? json_get(v, "labelName") : v, STR(""));
}

static struct json parsed(struct arena *a, struct str list)
{
    struct json v = {.type = JSON_ARRAY};
    if (list.n > 0 && (!json_parse(a, list, NULL, &v, NULL) || v.type != JSON_ARRAY))
        v = (struct json){.type = JSON_ARRAY};
    return v;
}

static bool has(const struct json *list, const struct json *item)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_ieq(item_key(&list->items[i]), item_key(item)))
            return true;
    return false;
}

/* The items of x, then those of y that x lacks; or only the items of x that y lacks. */
static struct str combine(struct arena *a, struct str one, struct str other, bool with)
{
    struct json x = parsed(a, one), y = parsed(a, other);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_FIELDS);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < x.n; i++)
        if (with || !has(&y, &x.items[i]))
            json_value(&w, &x.items[i]);
    for (size_t i = 0; with && i < y.n; i++)
        if (!has(&x, &y.items[i]))
            json_value(&w, &y.items[i]);
    json_arr_end(&w);
    if (!sbuf_ok(&b) || b.n == 2) /* an empty list is what an incident without any has */
        return sbuf_ok(&b) && one.n > 0 ? STR("[]") : one;
    return arena_str(a, sbuf_str(&b));
}

struct str incident_list_union(struct arena *a, struct str one, struct str more)
{
    return combine(a, one, more, true);
}

struct str list_without(struct arena *a, struct str one, struct str less)
{
    return combine(a, one, less, false);
}

struct str label_add(struct arena *a, struct str labels, struct str name)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    json_obj(&w);
    json_kv_str(&w, "labelName", name);
    json_kv_z(&w, "labelType", "AutoAssigned");
    json_obj_end(&w);
    json_arr_end(&w);
    return incident_list_union(a, labels, arena_str(a, sbuf_str(&b)));
}

/* ---- fields ---- */

#define KEPT(kind, member)                                                                         \
    {                                                                                              \
#member, kind, offsetof(struct state_incident, member)                                     \
    }
static const struct {
    const char *name;
    enum { KEPT_TEXT, KEPT_NUMBER } kind;
    size_t offset;
} kept_fields[] = {
    KEPT(KEPT_TEXT, title),
    KEPT(KEPT_TEXT, severity),
    KEPT(KEPT_TEXT, status),
    KEPT(KEPT_TEXT, classification),
    KEPT(KEPT_TEXT, classification_reason),
    KEPT(KEPT_TEXT, classification_comment),
    KEPT(KEPT_TEXT, labels),
    KEPT(KEPT_TEXT, tactics),
    KEPT(KEPT_TEXT, techniques),
    KEPT(KEPT_TEXT, products),
    KEPT(KEPT_TEXT, rule_ids),
    KEPT(KEPT_NUMBER, first_activity),
    KEPT(KEPT_NUMBER, last_activity),
    KEPT(KEPT_NUMBER, closed),
    KEPT(KEPT_NUMBER, alerts),
};
#undef KEPT

struct str fields_write(struct arena *a, const struct state_incident *i)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    for (size_t k = 0; k < COUNTOF(kept_fields); k++) {
        const char *at = (const char *)i + kept_fields[k].offset;
        struct str text = STR("");
        int64_t number = 0;
        if (kept_fields[k].kind == KEPT_TEXT) {
            memcpy(&text, at, sizeof(text));
            json_kv_str(&w, kept_fields[k].name, text);
        } else {
            memcpy(&number, at, sizeof(number));
            json_kv_int(&w, kept_fields[k].name, number);
        }
    }
    json_obj_end(&w);
    return arena_str(a, sbuf_str(&b));
}

bool fields_read(struct arena *a, struct str text, struct state_incident *out, struct err *e)
{
    struct json v = {0};
    if (!json_parse(a, text, NULL, &v, e))
        return false;
    for (size_t k = 0; k < COUNTOF(kept_fields); k++) {
        char *at = (char *)out + kept_fields[k].offset;
        const struct json *x = json_get(&v, kept_fields[k].name);
        struct str s = json_text(x, STR(""));
        int64_t number = x != NULL && x->type == JSON_INT ? x->i : 0;
        if (kept_fields[k].kind == KEPT_TEXT)
            memcpy(at, &s, sizeof(s));
        else
            memcpy(at, &number, sizeof(number));
    }
    return true;
}

/* ---- alerts ---- */

static void add_alert(struct arena *a, struct alert_sums *x, const struct state_alert *al)
{
    x->first = x->n == 0 || al->start < x->first ? al->start : x->first;
    x->last = al->end > x->last ? al->end : x->last;
    x->tactics = incident_list_union(a, x->tactics, al->tactics);
    x->techniques = incident_list_union(a, x->techniques, al->techniques);
    x->products = incident_list_union(a, x->products, json_texts_of(a, al->product));
    x->rule_ids = incident_list_union(a, x->rule_ids, json_texts_of(a, al->rule_id));
    if (incident_severity_rank(al->severity) > incident_severity_rank(x->severity))
        x->severity = al->severity;
    x->n++;
}

bool alert_sums_of(struct state *s, struct arena *a, const struct state_incident *i,
                   struct str known, struct alert_sums *all, struct alert_sums *newer,
                   struct err *e)
{
    struct state_alert *list = NULL;
    size_t n = 0;
    struct json old = parsed(a, known);
    if (!state_alert_of_incident(s, a, i->workspace, i->id, &list, &n, e))
        return false;
    for (size_t k = 0; k < n; k++) {
        struct json id = {.type = JSON_STRING, .text = list[k].id};
        add_alert(a, all, &list[k]);
        if (!has(&old, &id))
            add_alert(a, newer, &list[k]);
    }
    return true;
}

void alert_sums_add(struct arena *a, struct state_incident *i, const struct alert_sums *x)
{
    if (x->n == 0)
        return;
    i->tactics = incident_list_union(a, i->tactics, x->tactics);
    i->techniques = incident_list_union(a, i->techniques, x->techniques);
    i->products = incident_list_union(a, i->products, x->products);
    i->rule_ids = incident_list_union(a, i->rule_ids, x->rule_ids);
    if (i->first_activity == 0 || x->first < i->first_activity)
        i->first_activity = x->first;
    if (x->last > i->last_activity)
        i->last_activity = x->last;
    if (incident_severity_rank(x->severity) > incident_severity_rank(i->severity))
        i->severity = x->severity;
}
