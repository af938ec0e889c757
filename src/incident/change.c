/* Changing incidents by hand: the ARM body and single fields. Both end in one check of the whole
 * incident, so that no face of it can make a state that another one refuses. */
#include "incident/incident.h"
#include "incident/incident_priv.h"
#include "state/principals.h"
#include "text/date.h"

enum {
    MAX_TITLE = 2000,
    MAX_DESCRIPTION = 5000,
    MAX_COMMENT = 5000,
    MAX_LABELS = 100,
    MAX_OWNER = 64 << 10,
    MAX_NAME = 90
};

/* ---- closed sets of values; any case is read, the canonical one is kept ---- */

static const char *const statuses[] = {"New", "Active", "Closed", NULL};
static const char *const severities[] = {"Informational", "Low", "Medium", "High", NULL};
static const char *const classifications[] = {"Undetermined", "TruePositive", "BenignPositive",
                                              "FalsePositive", NULL};
static const char *const reasons[] = {"SuspiciousActivity", "SuspiciousButExpected",
                                      "IncorrectAlertLogic", "InaccurateData", NULL};

bool incident_canonical(const char *const *set, const char *property, struct str *value,
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

bool incident_short_enough(const char *property, struct str value, size_t max, struct err *e)
{
    return value.n <= max || err_set(e, ERR_INVALID, "%s: at most %zu bytes", property, max);
}

static bool check(struct state_incident *i, struct err *e)
{
    if (i->title.n == 0)
        return err_set(e, ERR_INVALID, "properties.title is missing");
    if (!incident_canonical(statuses, "properties.status", &i->status, e) ||
        !incident_canonical(severities, "properties.severity", &i->severity, e) ||
        !incident_canonical(classifications, "properties.classification", &i->classification, e) ||
        !incident_canonical(reasons, "properties.classificationReason", &i->classification_reason,
                            e) ||
        !incident_short_enough("properties.title", i->title, MAX_TITLE, e) ||
        !incident_short_enough("properties.description", i->description, MAX_DESCRIPTION, e) ||
        !incident_short_enough("properties.classificationComment", i->classification_comment,
                               MAX_COMMENT, e))
        return false;
    if (str_eqz(i->status, "Closed") && i->classification.n == 0)
        return err_set(e, ERR_INVALID,
                       "properties.classification is missing: a closed incident needs one");
    return true;
}

/* What is open again has no classification, even if it was sent back as it was read. */
static void reopen(struct state_incident *i, bool was_closed)
{
    if (was_closed && !str_ieqz(i->status, "Closed"))
        i->classification = i->classification_reason = i->classification_comment = STR("");
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

bool incident_etag_check(const char *what, const struct json *body, struct str if_match,
                         struct str is, struct err *e)
{
    struct str etag = if_match.n > 0 ? if_match : json_text(json_get(body, "etag"), STR(""));
    return etag_fits(etag, is) ||
           err_set(e, ERR_CONFLICT, "%s was changed meanwhile: its etag is another one", what);
}

/* ---- the ARM body ---- */

bool incident_read_text(struct arena *a, const struct json *properties, const char *name,
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

struct str incident_compact(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

/* An application that is known here has a name, too. */
static struct str owner_name(struct incidents *in, struct arena *a, struct str object_id)
{
    struct state_principal p = {0};
    return object_id.n > 0 && state_principal_get(in->state, a, object_id, &p, NULL) ? p.name
                                                                                     : STR("");
}

static bool owner_member(const struct json *owner, const char *name, struct str *out, struct err *e)
{
    const struct json *v = json_get(owner, name);
    *out = STR("");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    *out = v->text;
    return v->type == JSON_STRING ||
           err_set(e, ERR_INVALID, "properties.owner.%s: a text expected", name);
}

bool incident_read_owner(struct incidents *in, struct arena *a, const struct json *owner,
                         struct str *out, struct err *e)
{
    enum { OBJECT_ID, EMAIL, ASSIGNED_TO, UPN, OWNER_TYPE, MEMBERS };
    static const char *const names[MEMBERS] = {"objectId", "email", "assignedTo",
                                               "userPrincipalName", "ownerType"};
    static const char *const types[] = {"Unknown", "User", "Group", NULL};
    struct str values[MEMBERS];
    bool any = false;
    *out = STR("");
    if (owner == NULL || owner->type == JSON_NULL)
        return true;
    if (owner->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties.owner: an object expected");
    for (size_t i = 0; i < MEMBERS; i++) {
        if (!owner_member(owner, names[i], &values[i], e))
            return false;
        any = any || (i < OWNER_TYPE && values[i].n > 0);
    }
    if (!incident_canonical(types, "properties.owner.ownerType", &values[OWNER_TYPE], e))
        return false;
    if (!any)
        return true;
    if (values[ASSIGNED_TO].n == 0)
        values[ASSIGNED_TO] = owner_name(in, a, values[OBJECT_ID]);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_OWNER);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    for (size_t i = 0; i < MEMBERS; i++)
        if (values[i].n > 0)
            json_kv_str(&w, names[i], values[i]);
        else if (i != OWNER_TYPE)
            json_kv_null(&w, names[i]);
    json_obj_end(&w);
    *out = arena_str(a, sbuf_str(&b));
    return sbuf_ok(&b) || err_set(e, ERR_INVALID, "properties.owner: at most %d bytes", MAX_OWNER);
}

/* A label's type is the server's: who is a person's, unless it was assigned by a rule before. */
static struct str label_type(const struct json *before, struct str name)
{
    for (size_t i = 0; i < before->n; i++)
        if (str_eq(json_text(json_get(&before->items[i], "labelName"), STR("")), name))
            return json_text(json_get(&before->items[i], "labelType"), STR("User"));
    return STR("User");
}

static void write_label(struct json_out *w, struct str name, struct str type)
{
    json_obj(w);
    json_kv_str(w, "labelName", name);
    json_kv_str(w, "labelType", type);
    json_obj_end(w);
}

static bool read_labels(struct arena *a, const struct json *labels, struct str *out, struct err *e)
{
    struct json before = {.type = JSON_ARRAY};
    if (out->n > 0 && !json_parse(a, *out, NULL, &before, NULL))
        before = (struct json){.type = JSON_ARRAY};
    *out = STR("");
    if (labels == NULL || labels->type == JSON_NULL)
        return true;
    if (labels->type != JSON_ARRAY || labels->n > MAX_LABELS)
        return err_set(e, ERR_INVALID, "properties.labels: an array of at most %d labels expected",
                       MAX_LABELS);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < labels->n; i++) {
        struct str name = json_text(json_get(&labels->items[i], "labelName"), STR(""));
        if (name.n == 0)
            return err_set(e, ERR_INVALID, "properties.labels[%zu].labelName is missing", i);
        write_label(&w, name, label_type(&before, name));
    }
    json_arr_end(&w);
    *out = arena_str(a, sbuf_str(&b));
    return sbuf_ok(&b) || err_set(e, ERR_INVALID, "properties.labels is too long");
}

/* properties.NAME: a time; what is absent or null stays. */
static bool read_time(const struct json *p, const char *name, int64_t *out, struct err *e)
{
    const struct json *v = json_get(p, name);
    if (v == NULL || v->type == JSON_NULL)
        return true;
    return date_parse_iso(json_text(v, STR("")), out) ||
           err_set(e, ERR_INVALID, "properties.%s: a time in ISO 8601 expected", name);
}

static bool read_properties(struct incidents *in, struct arena *a, const struct json *p, bool merge,
                            struct state_incident *i, struct err *e)
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
        if ((!merge || json_get(p, texts[k].name) != NULL) &&
            !incident_read_text(a, p, texts[k].name, texts[k].to, e))
            return false;
    if (i->severity.n == 0)
        return err_set(e, ERR_INVALID, "properties.severity is missing");
    if (i->status.n == 0)
        return err_set(e, ERR_INVALID, "properties.status is missing");
    return read_time(p, "firstActivityTimeUtc", &i->first_activity, e) &&
           read_time(p, "lastActivityTimeUtc", &i->last_activity, e) &&
           ((merge && json_get(p, "owner") == NULL) ||
            incident_read_owner(in, a, json_get(p, "owner"), &i->owner, e)) &&
           ((merge && json_get(p, "labels") == NULL) ||
            read_labels(a, json_get(p, "labels"), &i->labels, e));
}

bool incident_name_check(const char *what, struct str id, struct err *e)
{
    bool ok = id.n >= 1 && id.n <= MAX_NAME;
    for (size_t i = 0; ok && i < id.n; i++) {
        char c = id.p[i];
        ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '-' || c == '_';
    }
    return ok || err_set(e, ERR_INVALID, "%s name: 1 to %d letters, digits, '-' and '_' expected",
                         what, MAX_NAME);
}

const struct json *incident_body_properties(const struct json *body, struct err *e)
{
    const struct json *p = json_get(body, "properties");
    if (p != NULL && p->type == JSON_OBJECT)
        return p;
    err_set(e, ERR_INVALID, "properties is missing: {\"properties\": {…}} expected");
    return NULL;
}

static bool create(struct incidents *in, struct arena *a, struct workspace *w,
                   const struct json *properties, struct str who, struct state_incident *i,
                   struct err *e)
{
    if (!read_properties(in, a, properties, false, i, e) || !check(i, e) ||
        !incident_init(in, a, w, i, e))
        return false;
    if (str_eqz(i->status, "Closed"))
        i->closed = clock_now(in->clock);
    return incident_save(in, a, w, i, who, e);
}

static bool change(struct incidents *in, struct arena *a, struct workspace *w,
                   const struct json *body, const struct incident_put *how,
                   struct state_incident *i, struct err *e)
{
    bool was_closed = str_eqz(i->status, "Closed");
    if (!incident_etag_check("the incident", body, how->if_match, i->etag, e) ||
        !read_properties(in, a, json_get(body, "properties"), how->merge, i, e))
        return false;
    reopen(i, was_closed);
    if (!check(i, e))
        return false;
    settle(in, i, was_closed);
    return incident_save(in, a, w, i, how->who, e);
}

static bool put_locked(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                       const struct json *body, const struct incident_put *how,
                       struct state_incident *out, bool *out_created, struct err *e)
{
    struct err missing = {0};
    *out_created = !incident_get(in, a, w, id, out, &missing);
    if (!*out_created)
        return change(in, a, w, body, how, out, e);
    if (missing.code != ERR_NOT_FOUND || how->merge) {
        *e = missing;
        return false;
    }
    *out = (struct state_incident){.id = id};
    return create(in, a, w, json_get(body, "properties"), how->who, out, e);
}

bool incident_put(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  const struct json *body, const struct incident_put *how,
                  struct state_incident *out, bool *out_created, struct err *e)
{
    *out = (struct state_incident){0};
    if (!incident_name_check("incident", id, e) || incident_body_properties(body, e) == NULL)
        return false;
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, put_locked(in, a, w, id, body, how, out, out_created, e), e) &&
           incidents_flush(in, e);
}

static bool delete_locked(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                          struct str if_match, struct str who, struct err *e)
{
    struct state_incident i = {0};
    if (!incident_get(in, a, w, id, &i, e) ||
        !incident_etag_check("the incident", NULL, if_match, i.etag, e))
        return false;
    incident_touch(in, a, &i, who);
    i.status = STR("Deleted");
    return incident_write_row(in, a, w, &i, NULL, e) &&
           state_incident_delete(in->state, i.workspace, i.id, e);
}

bool incident_delete(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     struct str if_match, struct str who, struct err *e)
{
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, delete_locked(in, a, w, id, if_match, who, e), e) &&
           incidents_flush(in, e);
}

/* ---- single fields ---- */

static void take(struct str *to, struct str from)
{
    if (from.p != NULL)
        *to = from;
}

/* labels without the one called drop (any case), and with add, of the type, at the end. */
static struct str change_labels(struct arena *a, struct str labels, struct str add, struct str type,
                                struct str drop)
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
        write_label(&w, add, type);
    }
    json_arr_end(&w);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : labels;
}

static bool apply(struct incidents *in, struct arena *a, const struct incident_change *c,
                  struct state_incident *i, struct err *e)
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
        i->labels =
            change_labels(a, i->labels, c->add_label,
                          c->auto_label ? STR("AutoAssigned") : STR("User"), c->remove_label);
    if (c->owner.p != NULL && (!json_parse(a, c->owner, NULL, &owner, e) ||
                               !incident_read_owner(in, a, &owner, &i->owner, e)))
        return false;
    return check(i, e);
}

bool incident_update(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     const struct incident_change *c, struct str who, struct state_incident *out,
                     struct err *e)
{
    if (!state_begin(in->state, e))
        return false;
    bool ok = incident_get(in, a, w, id, out, e) &&
              incident_etag_check("the incident", NULL, c->etag, out->etag, e);
    bool was_closed = ok && str_eqz(out->status, "Closed");
    ok = ok && apply(in, a, c, out, e);
    if (ok)
        settle(in, out, was_closed);
    ok = ok && incident_save(in, a, w, out, who, e);
    return state_end(in->state, ok, e) && incidents_flush(in, e);
}
