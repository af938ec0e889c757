/* Which incidents belong to a case, and the workspace's words for a case's status. */
#include "cases/cases_priv.h"

/* ---- incidents ---- */

bool case_link(struct cases *k, struct arena *a, struct workspace *w, const struct state_case *c,
               struct str incident, const struct incident_actor *who, struct err *e)
{
    struct state_incident i = {0};
    struct str *list = NULL;
    size_t n = 0;
    if (!incident_get(k->incidents, a, w, incident, &i, e) ||
        !state_case_incidents(k->state, a, c->workspace, c->id, &list, &n, e))
        return false;
    for (size_t at = 0; at < n; at++)
        if (str_eq(list[at], i.id))
            return true;
    if (n >= CASE_MAX_INCIDENTS)
        return err_set(e, ERR_LIMIT, "a case has at most %d incidents", CASE_MAX_INCIDENTS);
    return state_case_link(k->state, c->workspace, c->id, i.id, e) &&
           case_log(k, c, "IncidentAdded", i.id, who, e);
}

static bool add_locked(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                       struct str incident, const struct incident_actor *who, struct err *e)
{
    struct state_case c = {0};
    return case_get(k, a, w, id, &c, e) && case_link(k, a, w, &c, incident, who, e) &&
           case_save(k, a, &c, who, e);
}

bool case_incident_add(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                       struct str incident, const struct incident_actor *who, struct err *e)
{
    if (!state_begin(k->state, e))
        return false;
    return case_end(k, add_locked(k, a, w, id, incident, who, e), e);
}

static bool remove_locked(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                          struct str incident, const struct incident_actor *who, struct err *e)
{
    struct state_case c = {0};
    struct state_incident i = {0};
    bool there = false;
    if (!case_get(k, a, w, id, &c, e) || !incident_get(k->incidents, a, w, incident, &i, e) ||
        !state_case_unlink(k->state, c.workspace, c.id, i.id, &there, e))
        return false;
    if (!there)
        return err_set(e, ERR_NOT_FOUND, "incident '%.*s' is not in case '%.*s'", STR_ARG(i.id),
                       STR_ARG(c.id));
    return case_log(k, &c, "IncidentRemoved", i.id, who, e) && case_save(k, a, &c, who, e);
}

bool case_incident_remove(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                          struct str incident, const struct incident_actor *who, struct err *e)
{
    if (!state_begin(k->state, e))
        return false;
    return case_end(k, remove_locked(k, a, w, id, incident, who, e), e);
}

/* ---- statuses ---- */

enum { MAX_STATUSES = 50, MAX_STATUS = 60 };
static const char *const own_statuses[] = {"New", "Open", "Closed"};

bool case_status_check(struct cases *k, struct arena *a, struct workspace *w, struct str *status,
                       struct err *e)
{
    struct str *list = NULL;
    size_t n = 0;
    for (size_t i = 0; i < COUNTOF(own_statuses); i++)
        if (str_ieqz(*status, own_statuses[i])) {
            *status = str_from(own_statuses[i]);
            return true;
        }
    if (!state_case_status_list(k->state, a, workspace_id(w), &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (str_ieq(*status, list[i])) {
            *status = list[i];
            return true;
        }
    return err_set(e, ERR_INVALID,
                   "properties.status: '%.*s' is neither New, Open or Closed nor one of the "
                   "workspace's caseStatuses",
                   (int)(status->n < 60 ? status->n : 60), status->p);
}

bool case_statuses_json(struct cases *k, struct arena *a, struct workspace *w, struct json_out *out,
                        struct err *e)
{
    struct str *list = NULL;
    size_t n = 0;
    if (!state_case_status_list(k->state, a, workspace_id(w), &list, &n, e))
        return false;
    json_arr(out);
    for (size_t i = 0; i < COUNTOF(own_statuses); i++)
        json_z(out, own_statuses[i]);
    for (size_t i = 0; i < n; i++)
        json_str(out, list[i]);
    json_arr_end(out);
    return true;
}

static struct str key_of(struct arena *a, struct str name)
{
    char *key = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        if (key[i] >= 'A' && key[i] <= 'Z')
            key[i] = (char)(key[i] + 32);
    return (struct str){key, name.n};
}

bool case_status_add(struct cases *k, struct arena *a, struct workspace *w, struct str name,
                     struct err *e)
{
    struct str *list = NULL;
    size_t n = 0;
    name = str_trim(name);
    if (name.n == 0 || name.n > MAX_STATUS)
        return err_set(e, ERR_INVALID, "status: 1 to %d bytes expected", MAX_STATUS);
    for (size_t i = 0; i < COUNTOF(own_statuses); i++)
        if (str_ieqz(name, own_statuses[i]))
            return err_set(e, ERR_CONFLICT, "every workspace has the status '%s'", own_statuses[i]);
    if (!state_case_status_list(k->state, a, workspace_id(w), &list, &n, e))
        return false;
    if (n >= MAX_STATUSES)
        return err_set(e, ERR_LIMIT, "a workspace has at most %d statuses of its own",
                       MAX_STATUSES);
    return state_case_status_put(k->state, workspace_id(w), key_of(a, name), name, e);
}

static bool status_is_free(struct cases *k, struct arena *a, struct workspace *w, struct str name,
                           struct err *e)
{
    struct state_case *list = NULL;
    size_t n = 0;
    if (!state_case_list(k->state, a, workspace_id(w), &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (str_ieq(list[i].status, name))
            return err_set(e, ERR_CONFLICT, "case %.*s has the status '%.*s'", STR_ARG(list[i].id),
                           STR_ARG(list[i].status));
    return true;
}

static bool status_remove_locked(struct cases *k, struct arena *a, struct workspace *w,
                                 struct str name, struct err *e)
{
    bool there = false;
    if (!status_is_free(k, a, w, name, e) ||
        !state_case_status_delete(k->state, workspace_id(w), key_of(a, name), &there, e))
        return false;
    return there || err_set(e, ERR_NOT_FOUND, "there is no status '%.*s' of the workspace's own",
                            (int)(name.n < 60 ? name.n : 60), name.p);
}

bool case_status_remove(struct cases *k, struct arena *a, struct workspace *w, struct str name,
                        struct err *e)
{
    if (!state_begin(k->state, e))
        return false;
    return case_end(k, status_remove_locked(k, a, w, name, e), e);
}
