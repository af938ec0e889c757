/* Which tables the caller of a request reads, and which of their rows. Everything that shows tables
 * or their contents asks here; what runs by itself (rules, jobs, summaries) runs as the workspace,
 * so whoever makes it must be able to read all that it reads. */
#include "api/api_priv.h"

bool api_is_custom_table(struct str table)
{
    return str_ends(table, STR("_CL")) || str_ends(table, STR(STORE_RESULTS)) ||
           str_ends(table, STR(STORE_RESTORED));
}

static enum identity_reading reading_of(const struct identity_caller *c, struct arena *a,
                                        struct str workspace, struct str table,
                                        const struct kql_row_rule **out_rows)
{
    struct identity_table t = {
        .workspace = workspace, .name = table, .custom = api_is_custom_table(table)};
    if (!identity_allows(c, "query/read", workspace))
        return IDENTITY_READS_NOTHING;
    return identity_reads(c, a, &t, out_rows);
}

static enum identity_reading reading(const struct http_request *q, struct arena *a,
                                     struct workspace *w, struct str table,
                                     const struct kql_row_rule **out_rows)
{
    return reading_of(api_caller(q), a, workspace_id(w), table, out_rows);
}

bool api_caller_sees_table(const struct identity_caller *c, struct str workspace, struct str table)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct kql_row_rule *rows = NULL;
    return identity_reads_everything(c, workspace) ||
           reading_of(c, a, workspace, table, &rows) != IDENTITY_READS_NOTHING;
}

static bool reads(void *self, struct arena *a, struct workspace *w, struct str table,
                  const struct kql_row_rule **out_rows)
{
    return reading(self, a, w, table, out_rows) != IDENTITY_READS_NOTHING;
}

const struct store_access *api_access(struct vedette *v, struct http_request *q)
{
    (void)v;
    if (identity_reads_all_workspaces(api_caller(q)))
        return NULL;
    struct store_access *x = arena_new_of(q->arena, struct store_access);
    *x = (struct store_access){.self = q, .reads = reads};
    return x;
}

struct store_query api_store_query(struct vedette *v, struct http_request *q, struct str text)
{
    return (struct store_query){.text = text, .access = api_access(v, q), .reach = api_reach(q)};
}

bool api_sees_table(struct http_request *q, struct workspace *w, struct str table)
{
    const struct kql_row_rule *rows = NULL;
    return identity_reads_everything(api_caller(q), workspace_id(w)) ||
           reads(q, q->arena, w, table, &rows);
}

bool api_reads_all_rows(struct http_request *q, struct workspace *w, struct str table)
{
    const struct kql_row_rule *rows = NULL;
    return identity_reads_everything(api_caller(q), workspace_id(w)) ||
           reading(q, q->arena, w, table, &rows) == IDENTITY_READS_ALL;
}

/* ---- what runs as the workspace ---- */

struct running {
    const struct http_request *q;
    struct str refused; /* the first table of which it reads some rows only; empty: none */
    bool hidden;        /* one that it may not read was asked for */
};

static bool reads_all(void *self, struct arena *a, struct workspace *w, struct str table,
                      const struct kql_row_rule **out_rows)
{
    struct running *x = self;
    const struct kql_row_rule *rows = NULL;
    enum identity_reading may = reading(x->q, a, w, table, &rows);
    *out_rows = NULL;
    if (may == IDENTITY_READS_ROWS && x->refused.n == 0)
        x->refused = arena_str(a, table);
    x->hidden = x->hidden || may == IDENTITY_READS_NOTHING;
    return may != IDENTITY_READS_NOTHING;
}

bool api_may_run(void *request, struct workspace *w, struct str query, struct err *e)
{
    struct http_request *q = request;
    struct running x = {.q = q};
    struct store_access access = {.self = &x, .reads = reads_all};
    struct store_query sq = {.text = query, .access = &access};
    struct kql_query compiled;
    struct kql_diags diags = {0};
    struct err why = {0};
    /* Of one workspace is not enough: the query may name others of the tenant. */
    if (identity_reads_all_workspaces(api_caller(q)))
        return true;
    bool ok = workspace_compile(w, q->arena, &sq, &compiled, &diags, &why);
    if (x.refused.n > 0)
        return err_set(e, ERR_INVALID,
                       "query: you may read some rows of the table '%.*s' only; what runs as the "
                       "workspace reads all of them",
                       STR_ARG(x.refused));
    /* A table that is absent for everybody may come; one that is hidden would be read. */
    if (!ok && x.hidden)
        return err_set(e, ERR_INVALID, "query: %s", why.msg);
    if (x.hidden) /* isfuzzy, or a wildcard, leaves it out for the caller only */
        return err_set(e, ERR_INVALID,
                       "query: it reads tables that you may not read; what runs as the workspace "
                       "reads all of them");
    return true;
}

bool api_may_run_table(struct http_request *q, struct workspace *w, struct str table, struct err *e)
{
    return api_reads_all_rows(q, w, table) ||
           err_set(e, ERR_NOT_FOUND, "The table '%.*s' could not be found.",
                   (int)(table.n < 80 ? table.n : 80), table.p);
}
