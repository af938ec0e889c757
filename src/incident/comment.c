/* Comments of incidents. */
#include "base/ids.h"
#include "incident/incident_priv.h"
#include "text/date.h"

enum { MAX_COMMENTS_IN_ROW = 64 << 10 };

struct str incident_actor_json(struct arena *a, const struct incident_actor *who)
{
    bool address = str_holds(who->name, '@');
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    if (address)
        json_kv_str(&w, "email", who->name);
    else
        json_kv_null(&w, "email");
    json_kv_str(&w, "name", who->name);
    if (who->id.n > 0)
        json_kv_str(&w, "objectId", who->id);
    else
        json_kv_null(&w, "objectId");
    if (address)
        json_kv_str(&w, "userPrincipalName", who->name);
    else
        json_kv_null(&w, "userPrincipalName");
    json_obj_end(&w);
    return arena_str(a, sbuf_str(&b));
}

static bool list_of(struct incidents *in, struct arena *a, const struct state_incident *i,
                    struct state_comment **out, size_t *n, struct err *e)
{
    return state_comment_list(in->state, a, i->workspace, SUBJECT_INCIDENT, i->id, out, n, e);
}

/* ---- reading ---- */

void comment_members_write(const struct state_comment *c, struct json_out *out)
{
    json_kv_str(out, "message", c->message);
    json_kv_time(out, "createdTimeUtc", c->created);
    json_kv_time(out, "lastModifiedTimeUtc", c->modified);
    incident_kv_raw(out, "author", c->author, "{}");
}

void incident_comment_to_json(struct incidents *in, struct workspace *w,
                              const struct state_comment *c, struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str incident = incident_resource_id(in, a, w, "Incidents", c->subject);
    json_obj(out);
    incident_resource_head(out,
                           arena_fmt(a, "%.*s/Comments/%.*s", STR_ARG(incident), STR_ARG(c->id)),
                           c->id, "Microsoft.SecurityInsights/Incidents/Comments");
    etag_write(out, c->etag);
    json_key(out, "properties");
    json_obj(out);
    comment_members_write(c, out);
    json_obj_end(out);
    json_obj_end(out);
}

bool incident_comments_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                               const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct state_comment *list = NULL;
    size_t n = 0;
    if (!list_of(in, a, i, &list, &n, e))
        return false;
    json_arr(out);
    for (size_t k = n; k-- > 0;) /* the newest first */
        incident_comment_to_json(in, w, &list[k], out);
    json_arr_end(out);
    return true;
}

static struct state_comment *find(struct state_comment *list, size_t n, struct str id)
{
    for (size_t k = 0; k < n; k++)
        if (str_ieq(list[k].id, id))
            return &list[k];
    return NULL;
}

bool incident_comment_get(struct incidents *in, struct arena *a, const struct state_incident *i,
                          struct str id, struct state_comment *out, struct err *e)
{
    struct state_comment *list = NULL, *found;
    size_t n = 0;
    if (!list_of(in, a, i, &list, &n, e))
        return false;
    found = find(list, n, id);
    if (found == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no comment '%.*s' of incident '%.*s'",
                       (int)(id.n < 80 ? id.n : 80), id.p, STR_ARG(i->id));
    *out = *found;
    return true;
}

static size_t row_bytes(const struct state_comment *c)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    comment_members_write(c, &w);
    json_obj_end(&w);
    return b.n + 1;
}

bool incident_row_comments(struct incidents *in, struct arena *a, const struct state_incident *i,
                           struct json_out *o, struct err *e)
{
    struct state_comment *list = NULL;
    size_t n = 0, from, bytes = 0;
    if (!list_of(in, a, i, &list, &n, e))
        return false;
    for (from = n; from > 0; from--) { /* the earliest are cut first */
        bytes += row_bytes(&list[from - 1]);
        if (bytes > MAX_COMMENTS_IN_ROW)
            break;
    }
    json_key(o, "Comments");
    json_arr(o);
    for (size_t k = from; k < n; k++) {
        json_obj(o);
        comment_members_write(&list[k], o);
        json_obj_end(o);
    }
    json_arr_end(o);
    return true;
}

/* ---- writing ---- */

static size_t count_chars(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

bool comment_message_check(struct str message, struct err *e)
{
    if (str_trim(message).n == 0)
        return err_set(e, ERR_INVALID, "properties.message is missing");
    return count_chars(message) <= INCIDENT_MAX_COMMENT_CHARS ||
           err_set(e, ERR_INVALID, "properties.message: at most %d characters",
                   INCIDENT_MAX_COMMENT_CHARS);
}

bool comment_is_author(struct arena *a, const struct state_comment *c,
                       const struct incident_actor *who)
{
    struct json author = {0};
    return json_parse(a, c->author, NULL, &author, NULL) &&
           str_eq(json_text(json_get(&author, "objectId"), STR("")), who->id) &&
           str_eq(json_text(json_get(&author, "name"), STR("")), who->name);
}

/* Stores the comment, and the incident with its count and its row. */
static bool save(struct incidents *in, struct arena *a, struct workspace *w,
                 struct state_incident *i, struct state_comment *c, bool created,
                 const struct incident_actor *who, struct err *e)
{
    c->etag = incident_etag_new(a);
    c->modified = clock_now(in->clock);
    if (created) {
        c->workspace = i->workspace;
        c->subject_type = STR(SUBJECT_INCIDENT);
        c->subject = i->id;
        c->author = incident_actor_json(a, who);
        c->created = c->modified;
        i->comments++;
    }
    if (i->first_modified == 0)
        i->first_modified = c->modified;
    return state_comment_put(in->state, c, e) &&
           incident_log(in, i, created ? "CommentAdded" : "CommentChanged", c->id, who->name, e) &&
           incident_save(in, a, w, i, who->name, e);
}

static bool put_locked(struct incidents *in, struct arena *a, struct workspace *w,
                       struct str incident, struct str id, const struct incident_sent *sent,
                       struct state_comment *out, bool *out_created, struct err *e)
{
    struct state_incident i = {0};
    struct state_comment *list = NULL, *there;
    size_t n = 0;
    struct str message = STR("");
    const struct json *p = incident_body_properties(sent->body, e);
    if (p == NULL || !incident_read_text(a, p, "message", &message, e) ||
        !comment_message_check(message, e) || !incident_get(in, a, w, incident, &i, e) ||
        !list_of(in, a, &i, &list, &n, e))
        return false;
    there = find(list, n, id);
    *out_created = there == NULL;
    if (there == NULL && n >= INCIDENT_MAX_COMMENTS)
        return err_set(e, ERR_INVALID, "an incident has at most %d comments",
                       INCIDENT_MAX_COMMENTS);
    if (there != NULL && !comment_is_author(a, there, sent->who))
        return err_set(e, ERR_FORBIDDEN, "a comment can be changed only by who wrote it");
    if (there != NULL &&
        !incident_etag_check("the comment", sent->body, sent->if_match, there->etag, e))
        return false;
    *out = there != NULL ? *there : (struct state_comment){.id = id};
    out->message = message;
    return save(in, a, w, &i, out, *out_created, sent->who, e);
}

bool incident_comment_put(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str incident, struct str id, const struct incident_sent *sent,
                          struct state_comment *out, bool *out_created, struct err *e)
{
    *out = (struct state_comment){0};
    if (!incident_name_check("comment", id, e) || !state_begin(in->state, e))
        return false;
    bool ok = put_locked(in, a, w, incident, id, sent, out, out_created, e);
    return state_end(in->state, ok, e) && incidents_flush(in, e);
}

bool incident_comment_add(struct incidents *in, struct arena *a, struct workspace *w,
                          struct state_incident *i, struct str message,
                          const struct incident_actor *who, struct err *e)
{
    char id[37];
    if (!comment_message_check(message, e))
        return false;
    if (i->comments >= INCIDENT_MAX_COMMENTS)
        return err_set(e, ERR_LIMIT, "an incident has at most %d comments", INCIDENT_MAX_COMMENTS);
    guid_format(guid_new(), id);
    struct state_comment c = {.id = arena_str(a, str_from(id)), .message = message};
    return save(in, a, w, i, &c, true, who, e);
}

static bool delete_locked(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str incident, struct str id, struct str if_match,
                          const struct incident_actor *who, struct err *e)
{
    struct state_incident i = {0};
    struct state_comment c = {0};
    if (!incident_get(in, a, w, incident, &i, e) || !incident_comment_get(in, a, &i, id, &c, e) ||
        !incident_etag_check("the comment", NULL, if_match, c.etag, e))
        return false;
    i.comments--;
    return state_comment_delete(in->state, &c, e) &&
           incident_log(in, &i, "CommentDeleted", c.id, who->name, e) &&
           incident_save(in, a, w, &i, who->name, e);
}

bool incident_comment_delete(struct incidents *in, struct arena *a, struct workspace *w,
                             struct str incident, struct str id, struct str if_match,
                             const struct incident_actor *who, struct err *e)
{
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, delete_locked(in, a, w, incident, id, if_match, who, e), e) &&
           incidents_flush(in, e);
}
