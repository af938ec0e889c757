/* Jobs over the data lake. */
#include "state/jobs.h"
#include "state/state_priv.h"

static const struct field search_fields[] = {
    KEY(F_TEXT, state_search, workspace),     KEY(F_TEXT, state_search, name),
    FIELD(F_TEXT, state_search, id),          FIELD(F_TEXT, state_search, query),
    FIELD(F_TEXT, state_search, description), FIELD(F_TEXT, state_search, source),
    FIELD(F_I64, state_search, row_limit),    FIELD(F_I64, state_search, from_time),
    FIELD(F_I64, state_search, to_time),      FIELD(F_I64, state_search, position),
    FIELD(F_I64, state_search, slice),        FIELD(F_I64, state_search, ingested),
    FIELD(F_I64, state_search, scanned),      FIELD(F_I64, state_search, created),
    FIELD(F_I64, state_search, started),      FIELD(F_I64, state_search, finished),
    FIELD(F_TEXT, state_search, status),      FIELD(F_TEXT, state_search, error),
    FIELD(F_TEXT, state_search, who),
};
static const struct table searches = {"search_jobs", search_fields, COUNTOF(search_fields),
                                      sizeof(struct state_search)};

bool state_search_put(struct state *s, const struct state_search *x, struct err *e)
{
    return table_put(s, &searches, x, e);
}

bool state_search_get(struct state *s, struct arena *a, struct str workspace, struct str name,
                      struct state_search *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(name)};
    struct err why = {0};
    if (table_one(s, a, &searches, NULL, "WHERE workspace = ?1 AND name = ?2", b, COUNTOF(b), out,
                  &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no search job '%.*s'",
                       (int)(name.n < 100 ? name.n : 100), name.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_search_list(struct state *s, struct arena *a, struct str workspace,
                       struct state_search **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &searches, NULL,
                      "WHERE ?1 = '' OR workspace = ?1 ORDER BY created, workspace, name", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_search_delete(struct state *s, struct str workspace, struct str name, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(name)};
    return state_run(s, "DELETE FROM search_jobs WHERE workspace = ?1 AND name = ?2", b, COUNTOF(b),
                     e);
}

/* ---- KQL jobs ---- */

static const struct field job_fields[] = {
    KEY(F_TEXT, state_job, workspace),     KEY(F_TEXT, state_job, key),
    FIELD(F_TEXT, state_job, name),        FIELD(F_TEXT, state_job, etag),
    FIELD(F_TEXT, state_job, description), FIELD(F_TEXT, state_job, query),
    FIELD(F_TEXT, state_job, destination), FIELD(F_TEXT, state_job, frequency),
    FIELD(F_I64, state_job, every),        FIELD(F_I64, state_job, start_time),
    FIELD(F_I64, state_job, end_time),     FIELD(F_I64, state_job, next_run),
    FIELD(F_BOOL, state_job, enabled),     FIELD(F_I64, state_job, created),
    FIELD(F_I64, state_job, modified),     FIELD(F_TEXT, state_job, modified_by),
};
static const struct table jobs = {"kql_jobs", job_fields, COUNTOF(job_fields),
                                  sizeof(struct state_job)};

static const struct field run_fields[] = {
    KEY(F_TEXT, state_job_run, workspace), KEY(F_TEXT, state_job_run, key),
    KEY(F_I64, state_job_run, due),        FIELD(F_TEXT, state_job_run, id),
    FIELD(F_TEXT, state_job_run, status),  FIELD(F_TEXT, state_job_run, error),
    FIELD(F_I64, state_job_run, started),  FIELD(F_I64, state_job_run, finished),
    FIELD(F_I64, state_job_run, rows),
};
static const struct table runs = {"kql_job_runs", run_fields, COUNTOF(run_fields),
                                  sizeof(struct state_job_run)};

bool state_job_put(struct state *s, const struct state_job *x, struct err *e)
{
    return table_put(s, &jobs, x, e);
}

bool state_job_get(struct state *s, struct arena *a, struct str workspace, struct str key,
                   struct state_job *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key)};
    struct err why = {0};
    if (table_one(s, a, &jobs, NULL, "WHERE workspace = ?1 AND key = ?2", b, COUNTOF(b), out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no KQL job '%.*s'",
                       (int)(key.n < 100 ? key.n : 100), key.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_job_list(struct state *s, struct arena *a, struct str workspace, struct state_job **out,
                    size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &jobs, NULL, "WHERE ?1 = '' OR workspace = ?1 ORDER BY workspace, key",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_job_delete(struct state *s, struct str workspace, struct str key, bool *out_was_there,
                      struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key)};
    if (!state_begin(s, e))
        return false;
    bool ok =
        state_run(s, "DELETE FROM kql_job_runs WHERE workspace = ?1 AND key = ?2", b, COUNTOF(b),
                  e) &&
        state_run(s, "DELETE FROM kql_jobs WHERE workspace = ?1 AND key = ?2", b, COUNTOF(b), e);
    *out_was_there = ok && state_changes(s) > 0;
    return state_end(s, ok, e);
}

bool state_job_run_put(struct state *s, const struct state_job_run *x, struct err *e)
{
    return table_put(s, &runs, x, e);
}

static bool list_runs(struct state *s, struct arena *a, const char *tail, const struct bind *b,
                      size_t n_binds, struct state_job_run **out, size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &runs, NULL, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_job_run_list(struct state *s, struct arena *a, struct str workspace, struct str key,
                        struct state_job_run **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key)};
    return list_runs(s, a, "WHERE workspace = ?1 AND key = ?2 ORDER BY due DESC", b, COUNTOF(b),
                     out, n, e);
}

bool state_job_run_open(struct state *s, struct arena *a, struct state_job_run **out, size_t *n,
                        struct err *e)
{
    return list_runs(s, a, "WHERE finished = 0 ORDER BY due, workspace, key", NULL, 0, out, n, e);
}

bool state_job_run_trim(struct state *s, struct str workspace, struct str key, int64_t keep,
                        struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key), BI(keep)};
    return state_run(s,
                     "DELETE FROM kql_job_runs WHERE workspace = ?1 AND key = ?2 AND finished <> 0 "
                     "AND due NOT IN (SELECT due FROM kql_job_runs WHERE workspace = ?1 AND "
                     "key = ?2 ORDER BY due DESC LIMIT ?3)",
                     b, COUNTOF(b), e);
}
