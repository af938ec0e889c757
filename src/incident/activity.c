/* The log of activities: each change of an incident with who, when, the field, and its old and new
 * value. It is written in the transaction of the change. */
#include "incident/incident_priv.h"
#include "text/date.h"

static bool put(struct incidents *in, const struct state_incident *i, struct state_activity *x,
                struct err *e)
{
    x->workspace = i->workspace;
    x->subject_type = STR(SUBJECT_INCIDENT);
    x->subject = i->id;
    x->time = clock_now(in->clock);
    return state_activity_put(in->state, x, e);
}

bool incident_log(struct incidents *in, const struct state_incident *i, const char *kind,
                  struct str target, struct str who, struct err *e)
{
    struct state_activity x = {.kind = str_from(kind), .target = target, .who = who};
    return put(in, i, &x, e);
}

/* ---- changes of the incident's own properties ---- */

#define TEXT(name, member)                                                                         \
    {                                                                                              \
        name, offsetof(struct state_incident, member)                                              \
    }
static const struct {
    const char *field;
    size_t offset;
} compared[] = {
    TEXT("title", title),
    TEXT("description", description),
    TEXT("severity", severity),
    TEXT("status", status),
    TEXT("classification", classification),
    TEXT("classificationReason", classification_reason),
    TEXT("classificationComment", classification_comment),
    TEXT("owner", owner),
    TEXT("labels", labels),
};
#undef TEXT

static struct str text_at(const struct state_incident *i, size_t offset)
{
    struct str s;
    memcpy(&s, (const char *)i + offset, sizeof(s));
    return s;
}

struct str incident_owner_words(struct arena *a, struct str owner)
{
    static const char *const names[] = {"assignedTo", "userPrincipalName", "email", "objectId"};
    struct json v = {0};
    if (owner.n == 0 || !json_parse(a, owner, NULL, &v, NULL))
        return STR("");
    for (size_t i = 0; i < COUNTOF(names); i++) {
        struct str s = json_text(json_get(&v, names[i]), STR(""));
        if (s.n > 0)
            return s;
    }
    return STR("");
}

static struct str label_words(struct arena *a, struct str labels)
{
    struct json v = {.type = JSON_ARRAY};
    if (labels.n > 0 && !json_parse(a, labels, NULL, &v, NULL))
        return labels;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    for (size_t i = 0; i < v.n; i++) {
        sbuf_addz(&b, i > 0 ? ", " : "");
        sbuf_add(&b, json_text(json_get(&v.items[i], "labelName"), STR("")));
    }
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : labels;
}

static struct str words(struct arena *a, const char *field, struct str value)
{
    if (strcmp(field, "owner") == 0)
        return incident_owner_words(a, value);
    if (strcmp(field, "labels") == 0)
        return label_words(a, value);
    return value;
}

static bool log_difference(struct incidents *in, struct arena *a, const struct state_incident *old,
                           const struct state_incident *i, struct str who, struct err *e)
{
    for (size_t k = 0; k < COUNTOF(compared); k++) {
        struct str before = words(a, compared[k].field, text_at(old, compared[k].offset));
        struct str after = words(a, compared[k].field, text_at(i, compared[k].offset));
        struct state_activity x = {.kind = STR("Changed"),
                                   .field = str_from(compared[k].field),
                                   .old_value = before,
                                   .new_value = after,
                                   .who = who};
        if (!str_eq(before, after) && !put(in, i, &x, e))
            return false;
    }
    return true;
}

bool incident_log_changes(struct incidents *in, struct arena *a, const struct state_incident *i,
                          struct str who, struct err *e)
{
    struct state_incident old = {0};
    struct err missing = {0};
    if (state_incident_get(in->state, a, i->workspace, i->id, &old, &missing))
        return log_difference(in, a, &old, i, who, e);
    if (missing.code == ERR_NOT_FOUND)
        return incident_log(in, i, "Created", STR(""), who, e);
    *e = missing;
    return false;
}

/* ---- as JSON ---- */

void activity_members_write(const struct state_activity *x, struct json_out *out)
{
    json_kv_str(out, "activity", x->kind);
    json_kv_str(out, "who", x->who);
    incident_kv_some(out, "target", x->target);
    if (x->field.n > 0) {
        json_kv_str(out, "field", x->field);
        json_kv_str(out, "oldValue", x->old_value);
        json_kv_str(out, "newValue", x->new_value);
    }
}

void activity_to_json(const struct state_activity *x, struct json_out *out)
{
    json_obj(out);
    json_kv_time(out, "time", x->time);
    activity_members_write(x, out);
    json_obj_end(out);
}

bool incident_activities_to_json(struct incidents *in, struct arena *a, const char *subject_type,
                                 struct str workspace, struct str subject, int64_t after,
                                 size_t max, struct json_out *out, int64_t *out_last, struct err *e)
{
    struct state_activity *list = NULL;
    size_t n = 0;
    if (!state_activity_list(in->state, a, workspace, subject_type, subject, after, max + 1, &list,
                             &n, e))
        return false;
    json_arr(out);
    for (size_t i = 0; i < n && i < max; i++)
        activity_to_json(&list[i], out);
    json_arr_end(out);
    *out_last = n > max ? list[max - 1].seq : 0;
    return true;
}
