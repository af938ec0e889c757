/* Changing incidents by hand: the ARM body and single fields. Both end in one check of the whole
 * incident, so that no face of it can make a state that another one refuses. */
#include "incident/incident.h"
#include "incident/incident_priv.h"

enum { MAX_TITLE = 2000, MAX_DESCRIPTION = 5000, MAX_COMMENT = 5000, MAX_LABELS = 100 };

/* ---- closed sets of values; any case is read, the canonical one is kept ---- */

static const char *const statuses[] = {"New", "Active", "Closed", NULL};
static const char *const severities[] = {"Informational", "Low", "Medium", "High", NULL};
static const char *const classifications[] = {"Undetermined", "TruePositive", "BenignPositive",
                                              "FalsePositive", NULL};
static const char *const reasons[] = {"SuspiciousActivity", "SuspiciousButExpected",
                                      "IncorrectAlertLogic", "InaccurateData", NULL};

static bool canonical(const char *const *set, const char *property, struct str *value,
                      struct err *e)
{
    if (value->n == 0)
        return true;
    AUTO(sbuf_fini) struct sbuf all = sbuf_make(1024);
    for (; *set != NULL; set++) {
        if (str_ieqz(*value, *set)) {
            *value = str_from(*set);
            return true;
        }
        sbuf_addf(&all, "%s%s", all.n > 0 ? ", " : "", *set);
    }
    return err_set(e, ERR_INVALID, "%s: '%.*s' is not one of %.*s", property,
                   (int)(value->n < 60 ? value->n : 60), value->p, STR_ARG(sbuf_str(&all)));
}

static bool short_enough(const char *property, struct str value, size_t max, struct err *e)
{
    return value.n <= max || err_set(e, ERR_INVALID, "%s: at most %zu bytes", property, max);
}

static bool check(struct state_incident *i, struct err *e)
{
    if (i->title.n == 0)
        return err_set(e, ERR_INVALID, "properties.title is missing");
    if (!canonical(statuses, "properties.status", &i->status, e) ||
        !canonical(severities, "properties.severity", &i->severity, e) ||
        !canonical(classifications, "properties.classification", &i->classification, e) ||
        !canonical(reasons, "properties.classificationReason", &i->classification_reason, e) ||
        !short_enough("properties.title", i->title, MAX_TITLE, e) ||
        !short_enough("properties.description", i->description, MAX_DESCRIPTION, e) ||
        !short_enough("properties.classificationComment", i->classification_comment, MAX_COMMENT,
                      e))
        return false;
    if (str_eqz(i->status, "Closed") && i->classification.n == 0)
        return err_set(e, ERR_INVALID,
                       "properties.classification is missing: a closed incident needs one");
    return true;
}

/* What follows from a change of status. */
static void settle(struct incidents *in, struct state_incident *i, bool was_closed)
{
    bool closed = str_eqz(i->status, "Closed");
    int64_t now = clock_now(in->clock);
    if (closed && !was_closed)
        i->closed = now;
    if (!closed) {
        i->closed = 0;
        i->classification = i->classification_reason = i->classification_comment = STR("");
    }
    if (i->first_modified == 0)
        i->first_modified = now;
}

static bool check_etag(struct str expected, struct str is, struct err *e)
{
    return etag_fits(expected, is) ||
           err_set(e, ERR_CONFLICT, "the incident was changed meanwhile: its etag is another one");
}

/* ---- the ARM body ---- */

static bool read_text(struct arena *a, const struct json *properties, const char *name,
                      struct str *out, struct err *e)
{
    const struct json *v = json_get(properties, name);
    *out = STR("");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_STRING)
        return err_set(e, ERR_INVALID, "properties.%s: a text expected", name);
    *out = arena_str(a, v->text);
    return true;
}

static struct str compact(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

static bool read_owner(struct arena *a, const struct json *owner, struct str *out, struct err *e)
{
    static const char *const members[] = {"objectId", "email", "assignedTo", "userPrincipalName"};
    bool any = false;
    *out = STR("");
    if (owner == NULL || owner->type == JSON_NULL)
        return true;
    if (owner->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties.owner: an object expected");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    for (size_t i = 0; i < COUNTOF(members); i++) {
        const struct json *v = json_get(owner, members[i]);
        if (v == NULL || v->type == JSON_NULL) {
            json_kv_null(&w, members[i]);
            continue;
        }
        if (v->type != JSON_STRING)
            return err_set(e, ERR_INVALID, "properties.owner.%s: a text expected", members[i]);
        json_kv_str(&w, members[i], v->text);
        any = any || v->text.n > 0;
    }
    json_obj_end(&w);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_INVALID, "properties.owner is too long");
    if (any)
        *out = arena_str(a, sbuf_str(&b));
    return true;
}

static bool read_labels(struct arena *a, const struct json *labels, struct str *out, struct err *e)
{
    *out = STR("");
    if (labels == NULL || labels->type == JSON_NULL)
        return true;
    if (labels->type != JSON_ARRAY || labels->n > MAX_LABELS)
        return err_set(e, ERR_INVALID, "properties.labels: an array of at most %d labels expected",
                       MAX_LABELS);
    for (size_t i = 0; i < labels->n; i++)
        if (json_text(json_get(&labels->items[i], "labelName"), STR("")).n == 0)
            return err_set(e, ERR_INVALID, "properties.labels[%zu].labelName is missing", i);
    *out = compact(a, labels);
    return true;
}

static bool read_properties(struct arena *a, const struct json *p, struct state_incident *i,
                            struct err *e)
{
    const struct {
        const char *name;
        struct str *to;
    } texts[] = {
        {"title", &i->title},
        {"description", &i->description},
        {"severity", &i->severity},
        {"status", &i->status},
        {"classification", &i->classification},
        {"classificationReason", &i->classification_reason},
        {"classificationComment", &i->classification_comment},
    };
    for (size_t k = 0; k < COUNTOF(texts); k++)
        if (!read_text(a, p, texts[k].name, texts[k].to, e))
            return false;
    if (i->severity.n == 0)
        return err_set(e, ERR_INVALID, "properties.severity is missing");
    if (i->status.n == 0)
        return err_set(e, ERR_INVALID, "properties.status is missing");
    return read_owner(a, json_get(p, "owner"), &i->owner, e) &&
           read_labels(a, json_get(p, "labels"), &i->labels, e);
}

/* A resource name as ARM allows it. */
static bool name_fits(struct str id)
{
    if (id.n < 1 || id.n > 90)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '_'))
            return false;
    }
    return true;
}

static bool put_locked(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                       const struct json *body, struct str if_match, struct str who,
                       struct state_incident *out, bool *out_created, struct err *e)
{
    struct err missing = {0};
    *out_created = !incident_get(in, a, w, id, out, &missing);
    if (*out_created && missing.code != ERR_NOT_FOUND) {
        *e = missing;
        return false;
    }
    bool was_closed = str_eqz(out->status, "Closed");
    struct str etag = if_match.n > 0 ? if_match : json_text(json_get(body, "etag"), STR(""));
    if (!*out_created && !check_etag(etag, out->etag, e))
        return false;
    if (*out_created)
        *out = (struct state_incident){.id = id};
    if (!read_properties(a, json_get(body, "properties"), out, e) || !check(out, e) ||
        (*out_created && !incident_init(in, a, w, out, e)))
        return false;
    if (*out_created && str_eqz(out->status, "Closed"))
        out->closed = clock_now(in->clock);
    if (!*out_created)
        settle(in, out, was_closed);
    return incident_save(in, a, w, out, who, e);
}

bool incident_put(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  const struct json *body, struct str if_match, struct str who,
                  struct state_incident *out, bool *out_created, struct err *e)
{
    *out = (struct state_incident){0};
    if (!name_fits(id))
        return err_set(e, ERR_INVALID,
                       "incident name: 1 to 90 letters, digits, '-' and '_' expected");
    if (json_get(body, "properties") == NULL || json_get(body, "properties")->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties is missing: {\"properties\": {…}} expected");
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, put_locked(in, a, w, id, body, if_match, who, out, out_created, e),
                     e) &&
           incidents_flush(in, e);
}

/* ---- single fields ---- */

static void take(struct str *to, struct str from)
{
    if (from.p != NULL)
        *to = from;
}

/* labels without the one called drop (any case), and with add at the end. */
static struct str change_labels(struct arena *a, struct str labels, struct str add, struct str drop)
{
    struct json list = {.type = JSON_ARRAY};
    bool there = false;
    if (labels.n > 0 && !json_parse(a, labels, NULL, &list, NULL))
        list = (struct json){.type = JSON_ARRAY};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < list.n; i++) {
        struct str name = json_text(json_get(&list.items[i], "labelName"), STR(""));
        there = there || (add.n > 0 && str_ieq(name, add));
        if (drop.n == 0 || !str_ieq(name, drop))
            json_value(&w, &list.items[i]);
    }
    if (add.n > 0 && !there) {
        json_obj(&w);
        json_kv_str(&w, "labelName", add);
        json_kv_z(&w, "labelType", "User");
        json_obj_end(&w);
    }
    json_arr_end(&w);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : labels;
}

static bool apply(struct arena *a, const struct incident_change *c, struct state_incident *i,
                  struct err *e)
{
    struct json owner = {0};
    take(&i->title, c->title);
    take(&i->description, c->description);
    take(&i->severity, c->severity);
    take(&i->status, c->status);
    take(&i->classification, c->classification);
    take(&i->classification_reason, c->classification_reason);
    take(&i->classification_comment, c->classification_comment);
    if (c->add_label.n > 0 || c->remove_label.n > 0)
        i->labels = change_labels(a, i->labels, c->add_label, c->remove_label);
    if (c->owner.p != NULL &&
        (!json_parse(a, c->owner, NULL, &owner, e) || !read_owner(a, &owner, &i->owner, e)))
        return false;
    return check(i, e);
}

bool incident_update(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     const struct incident_change *c, struct str who, struct state_incident *out,
                     struct err *e)
{
    if (!state_begin(in->state, e))
        return false;
    bool ok = incident_get(in, a, w, id, out, e) && check_etag(c->etag, out->etag, e);
    bool was_closed = ok && str_eqz(out->status, "Closed");
    ok = ok && apply(a, c, out, e);
    if (ok)
        settle(in, out, was_closed);
    ok = ok && incident_save(in, a, w, out, who, e);
    return state_end(in->state, ok, e) && incidents_flush(in, e);
}
