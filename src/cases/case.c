/* Cases: their bodies, changes, and the log of changes. */
#include "cases/cases_priv.h"
#include "text/date.h"

enum {
    MAX_TITLE = 1000,
    MAX_DESCRIPTION = 30000,
    MAX_NOTES = 30000,
    MAX_URL = 4096,
    MAX_LINK_TITLE = 500
};

const char *const case_priorities[] = {"Very low", "Low", "Medium", "High", "Critical", NULL};

bool case_get(struct cases *k, struct arena *a, struct workspace *w, struct str id,
              struct state_case *out, struct err *e)
{
    return state_case_get(k->state, a, workspace_id(w), id, out, e);
}

bool case_end(struct cases *k, bool ok, struct err *e)
{
    return state_end(k->state, ok, e);
}

/* ---- the body ---- */

bool case_read_time(const struct json *p, const char *name, int64_t *out, struct err *e)
{
    const struct json *v = json_get(p, name);
    *out = 0;
    return v == NULL || v->type == JSON_NULL || date_parse_iso(json_text(v, STR("")), out) ||
           err_set(e, ERR_INVALID, "properties.%s: a time in ISO 8601 expected", name);
}

/* Only what a browser may be sent to. */
static bool is_web_address(struct str url)
{
    return str_starts(url, STR("https://")) || str_starts(url, STR("http://"));
}

static bool read_links(struct arena *a, const struct json *links, struct str *out, struct err *e)
{
    *out = STR("");
    if (links == NULL || links->type == JSON_NULL)
        return true;
    if (links->type != JSON_ARRAY || links->n > CASE_MAX_LINKS)
        return err_set(e, ERR_INVALID, "properties.links: an array of at most %d links expected",
                       CASE_MAX_LINKS);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < links->n; i++) {
        struct str url = json_text(json_get(&links->items[i], "url"), STR("")),
                   title = json_text(json_get(&links->items[i], "title"), STR(""));
        if (!is_web_address(url) || url.n > MAX_URL || title.n > MAX_LINK_TITLE)
            return err_set(
                e, ERR_INVALID,
                "properties.links[%zu]: {\"url\": \"https://…\", \"title\"} expected, of "
                "at most %d and %d bytes",
                i, MAX_URL, MAX_LINK_TITLE);
        json_obj(&w);
        json_kv_str(&w, "url", url);
        json_kv_str(&w, "title", title);
        json_obj_end(&w);
    }
    json_arr_end(&w);
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

static bool read_texts(struct arena *a, const struct json *p, bool merge, struct state_case *c,
                       struct err *e)
{
    const struct {
        const char *name;
        struct str *to;
        size_t max;
    } texts[] = {{"title", &c->title, MAX_TITLE},
                 {"description", &c->description, MAX_DESCRIPTION},
                 {"priority", &c->priority, MAX_TITLE},
                 {"status", &c->status, MAX_TITLE},
                 {"closingNotes", &c->closing_notes, MAX_NOTES}};
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        if (merge && json_get(p, texts[i].name) == NULL)
            continue;
        if (!incident_read_text(a, p, texts[i].name, texts[i].to, e) ||
            !incident_short_enough(texts[i].name, *texts[i].to, texts[i].max, e))
            return false;
    }
    c->title = str_trim(c->title);
    return c->title.n > 0 || err_set(e, ERR_INVALID, "properties.title is missing");
}

static bool read_body(struct cases *k, struct arena *a, struct workspace *w, const struct json *p,
                      bool merge, struct state_case *c, struct err *e)
{
    if (!read_texts(a, p, merge, c, e))
        return false;
    if (c->priority.n == 0)
        c->priority = STR("Medium");
    if (c->status.n == 0)
        c->status = STR("New");
    if (!incident_canonical(case_priorities, "properties.priority", &c->priority, e) ||
        !case_status_check(k, a, w, &c->status, e))
        return false;
    if ((!merge || json_get(p, "assignee") != NULL) &&
        !incident_read_owner(k->incidents, a, json_get(p, "assignee"), &c->owner, e))
        return false;
    if ((!merge || json_get(p, "dueTimeUtc") != NULL) &&
        !case_read_time(p, "dueTimeUtc", &c->due, e))
        return false;
    return (merge && json_get(p, "links") == NULL) ||
           read_links(a, json_get(p, "links"), &c->links, e);
}

/* ---- the log ---- */

static bool put_activity(struct cases *k, const struct state_case *c, struct state_activity *x,
                         struct err *e)
{
    x->workspace = c->workspace;
    x->subject_type = STR(SUBJECT_CASE);
    x->subject = c->id;
    x->time = clock_now(k->clock);
    return state_activity_put(k->state, x, e);
}

bool case_log(struct cases *k, const struct state_case *c, const char *kind, struct str target,
              const struct incident_actor *who, struct err *e)
{
    struct state_activity x = {.kind = str_from(kind), .target = target, .who = who->name};
    return put_activity(k, c, &x, e);
}

static struct str time_words(struct arena *a, int64_t ticks)
{
    char text[29];
    if (ticks == 0)
        return STR("");
    date_format(ticks, text);
    return arena_str(a, str_from(text));
}

static bool log_changes(struct cases *k, struct arena *a, const struct state_case *old,
                        const struct state_case *c, const struct incident_actor *who, struct err *e)
{
    const struct {
        const char *field;
        struct str before, after;
    } compared[] = {
        {"title", old->title, c->title},
        {"description", old->description, c->description},
        {"priority", old->priority, c->priority},
        {"status", old->status, c->status},
        {"assignee", incident_owner_words(a, old->owner), incident_owner_words(a, c->owner)},
        {"dueTimeUtc", time_words(a, old->due), time_words(a, c->due)},
        {"links", old->links, c->links},
        {"closingNotes", old->closing_notes, c->closing_notes},
    };
    for (size_t i = 0; i < COUNTOF(compared); i++) {
        struct state_activity x = {.kind = STR("Changed"),
                                   .field = str_from(compared[i].field),
                                   .old_value = compared[i].before,
                                   .new_value = compared[i].after,
                                   .who = who->name};
        if (!str_eq(x.old_value, x.new_value) && !put_activity(k, c, &x, e))
            return false;
    }
    return true;
}

/* ---- changing ---- */

bool case_save(struct cases *k, struct arena *a, struct state_case *c,
               const struct incident_actor *who, struct err *e)
{
    c->etag = incident_etag_new(a);
    c->modified = clock_now(k->clock);
    c->modified_by = incident_actor_json(a, who);
    if (!str_eqz(c->status, "Closed"))
        c->closed = 0;
    else if (c->closed == 0)
        c->closed = c->modified;
    return state_case_put(k->state, c, e);
}

static bool link_all(struct cases *k, struct arena *a, struct workspace *w,
                     const struct state_case *c, const struct json *list,
                     const struct incident_actor *who, struct err *e)
{
    if (list == NULL || list->type == JSON_NULL)
        return true;
    if (list->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "properties.incidents: an array of names expected");
    for (size_t i = 0; i < list->n; i++)
        if (!case_link(k, a, w, c, json_text(&list->items[i], STR("")), who, e))
            return false;
    return true;
}

static bool create_locked(struct cases *k, struct arena *a, struct workspace *w,
                          const struct json *body, const struct incident_actor *who,
                          struct state_case *c, struct err *e)
{
    int64_t count = 0, number = 0;
    const struct json *p = incident_body_properties(body, e);
    *c = (struct state_case){.workspace = workspace_id(w)};
    if (p == NULL || !read_body(k, a, w, p, false, c, e) ||
        !state_case_count(k->state, c->workspace, &count, e))
        return false;
    if (count >= CASES_MAX)
        return err_set(e, ERR_LIMIT, "a workspace has at most %d cases", CASES_MAX);
    if (!state_counter_next(k->state, c->workspace, "case", &number, e))
        return false;
    c->number = CASES_FIRST_NUMBER - 1 + number;
    c->id = arena_fmt(a, "%lld", (long long)c->number);
    c->created = clock_now(k->clock);
    c->created_by = incident_actor_json(a, who);
    return case_save(k, a, c, who, e) && case_log(k, c, "Created", STR(""), who, e) &&
           link_all(k, a, w, c, json_get(p, "incidents"), who, e);
}

bool case_create(struct cases *k, struct arena *a, struct workspace *w, const struct json *body,
                 const struct incident_actor *who, struct state_case *out, struct err *e)
{
    if (!state_begin(k->state, e))
        return false;
    return case_end(k, create_locked(k, a, w, body, who, out, e), e);
}

static bool change_locked(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                          const struct json *body, struct str if_match, bool merge,
                          const struct incident_actor *who, struct state_case *out, struct err *e)
{
    struct state_case old;
    const struct json *p = incident_body_properties(body, e);
    if (p == NULL || !case_get(k, a, w, id, out, e) ||
        !incident_etag_check("the case", body, if_match, out->etag, e))
        return false;
    old = *out;
    return read_body(k, a, w, p, merge, out, e) && log_changes(k, a, &old, out, who, e) &&
           case_save(k, a, out, who, e);
}

bool case_change(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                 const struct json *body, struct str if_match, bool merge,
                 const struct incident_actor *who, struct state_case *out, struct err *e)
{
    if (!state_begin(k->state, e))
        return false;
    return case_end(k, change_locked(k, a, w, id, body, if_match, merge, who, out, e), e);
}

static bool delete_locked(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                          struct str if_match, struct err *e)
{
    struct state_case c = {0};
    return case_get(k, a, w, id, &c, e) &&
           incident_etag_check("the case", NULL, if_match, c.etag, e) &&
           state_case_delete(k->state, c.workspace, c.id, e);
}

bool case_delete(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                 struct str if_match, struct err *e)
{
    if (!state_begin(k->state, e))
        return false;
    return case_end(k, delete_locked(k, a, w, id, if_match, e), e);
}
