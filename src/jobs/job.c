/* Keeping KQL jobs. */
#include "base/ids.h"
#include "jobs/jobs_priv.h"

enum { MAX_NAME = 256 };

struct str job_key(struct arena *a, struct str name)
{
    char *p = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return (struct str){p, name.n};
}

struct str job_new_id(struct arena *a)
{
    char text[37];
    guid_format(guid_new(), text);
    return arena_str(a, str_from(text));
}

/* "no # or -", and nothing that a URL or a terminal would take for something else. */
static bool name_ok(struct str name, struct err *e)
{
    bool ok = name.n > 0 && name.n <= MAX_NAME && utf8_valid(name, NULL);
    for (size_t i = 0; ok && i < name.n; i++)
        ok = (unsigned char)name.p[i] >= ' ' && name.p[i] != 0x7F &&
             strchr("#-/\\?%\"<>", name.p[i]) == NULL;
    return ok || err_set(e, ERR_INVALID,
                         "a KQL job's name: 1 to %d bytes expected, without # - / \\ ? %% \" < >",
                         MAX_NAME);
}

static bool is_free(struct jobs *j, struct arena *a, struct str workspace, struct str key,
                    struct err *e)
{
    return !jobs_claimed(j, jobs_claim_name(a, "job", workspace, key)) ||
           err_set(e, ERR_CONFLICT, "the job runs just now: wait until it has ended");
}

static bool has_room(struct jobs *j, struct arena *a, const struct state_job *x, struct err *e)
{
    struct state_job *all = NULL;
    size_t n = 0, enabled = 0;
    if (!x->enabled)
        return true;
    if (!state_job_list(j->o.state, a, x->workspace, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        enabled += all[i].enabled && !str_eq(all[i].key, x->key);
    return enabled < JOBS_MAX_ENABLED ||
           err_set(e, ERR_LIMIT, "the workspace has %d enabled KQL jobs already: disable one",
                   JOBS_MAX_ENABLED);
}

static bool find_old(struct jobs *j, struct arena *a, const struct state_job *x,
                     struct str if_match, struct state_job *old, struct err *e)
{
    struct err why = {0};
    if (!state_job_get(j->o.state, a, x->workspace, x->key, old, &why)) {
        *old = (struct state_job){0};
        if (why.code != ERR_NOT_FOUND) {
            *e = why;
            return false;
        }
        return if_match.n == 0 || str_eqz(if_match, "*") ||
               err_set(e, ERR_CONFLICT, "etag: there is no such job");
    }
    return etag_fits(if_match, old->etag) ||
           err_set(e, ERR_CONFLICT, "etag: the job was changed meanwhile; its etag is %.*s",
                   STR_ARG(old->etag));
}

/* The first run: at the start, or now when that was before; of a rhythm the next one. */
static void schedule(struct state_job *x, int64_t now)
{
    bool once = str_eqz(x->frequency, "Once");
    if (x->start_time == 0)
        x->start_time = now;
    x->next_run = once && x->start_time < now ? now : schedule_after(x, now - 1);
}

static bool keep(struct jobs *j, struct arena *a, struct str if_match, struct state_job *x,
                 bool *out_created, struct err *e)
{
    struct state_job old = {0};
    int64_t now = clock_now(j->o.clock);
    if (!find_old(j, a, x, if_match, &old, e) || !has_room(j, a, x, e))
        return false;
    *out_created = old.name.n == 0;
    schedule(x, now);
    x->etag = job_new_id(a);
    x->created = *out_created ? now : old.created;
    x->modified = now;
    return state_job_put(j->o.state, x, e);
}

bool job_put(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
             const struct json *body, struct str if_match, struct str who, struct state_job *out,
             bool *out_created, struct err *e)
{
    struct state_job x = {.workspace = workspace_id(w), .name = name, .modified_by = who};
    if (!name_ok(name, e) || !job_read(a, body, &x, e) ||
        !job_check(a, w, &x, clock_now(j->o.clock), e))
        return false;
    x.key = job_key(a, name);
    if (!is_free(j, a, x.workspace, x.key, e) || !state_begin(j->o.state, e))
        return false;
    if (!state_end(j->o.state, keep(j, a, if_match, &x, out_created, e), e))
        return false;
    *out = x;
    jobs_changed(j);
    return true;
}

bool job_get(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
             struct state_job *out, struct err *e)
{
    return state_job_get(j->o.state, a, workspace_id(w), job_key(a, name), out, e);
}

bool job_list(struct jobs *j, struct arena *a, struct workspace *w, struct state_job **out,
              size_t *n, struct err *e)
{
    return state_job_list(j->o.state, a, workspace_id(w), out, n, e);
}

bool job_delete(struct jobs *j, struct workspace *w, struct str name, bool *out_was_there,
                struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str key = job_key(a, name);
    bool ok = is_free(j, a, workspace_id(w), key, e) &&
              state_job_delete(j->o.state, workspace_id(w), key, out_was_there, e);
    jobs_changed(j);
    return ok;
}

/* ---- enabling, disabling, once more ---- */

static bool set_enabled(struct jobs *j, struct arena *a, struct state_job *x, bool enabled,
                        struct err *e)
{
    if (x->enabled == enabled)
        return true;
    x->enabled = enabled;
    if (!has_room(j, a, x, e))
        return false;
    x->etag = job_new_id(a);
    if (enabled && !str_eqz(x->frequency, "Once"))
        x->next_run = schedule_after(x, clock_now(j->o.clock) - 1);
    return state_job_put(j->o.state, x, e);
}

bool job_enable(struct jobs *j, struct workspace *w, struct str name, bool enabled, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_job x = {0};
    if (!is_free(j, a, workspace_id(w), job_key(a, name), e) || !state_begin(j->o.state, e))
        return false;
    bool ok = job_get(j, a, w, name, &x, e) && set_enabled(j, a, &x, enabled, e);
    if (!state_end(j->o.state, ok, e))
        return false;
    jobs_changed(j);
    return true;
}

static bool add_run(struct jobs *j, struct arena *a, const struct state_job *x,
                    struct state_job_run *out, struct err *e)
{
    struct state_job_run *runs = NULL;
    size_t n = 0;
    if (!state_job_run_list(j->o.state, a, x->workspace, x->key, &runs, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (runs[i].finished == 0)
            return err_set(e, ERR_CONFLICT, "the job runs or is about to");
    *out = (struct state_job_run){.workspace = x->workspace,
                                  .key = x->key,
                                  .due = clock_now(j->o.clock),
                                  .id = job_new_id(a),
                                  .status = STR(STATE_JOB_WAITING),
                                  .error = STR("")};
    if (n > 0 && out->due <= runs[0].due)
        out->due = runs[0].due + 1; /* a run is known by its time */
    return state_job_run_put(j->o.state, out, e);
}

bool job_run_now(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
                 struct state_job_run *out, struct err *e)
{
    struct state_job x = {0};
    if (!is_free(j, a, workspace_id(w), job_key(a, name), e) || !state_begin(j->o.state, e))
        return false;
    bool ok = job_get(j, a, w, name, &x, e) && add_run(j, a, &x, out, e);
    if (!state_end(j->o.state, ok, e))
        return false;
    jobs_changed(j);
    return true;
}

bool job_runs(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
              struct state_job_run **out, size_t *n, struct err *e)
{
    struct state_job x = {0};
    return job_get(j, a, w, name, &x, e) &&
           state_job_run_list(j->o.state, a, x.workspace, x.key, out, n, e);
}
