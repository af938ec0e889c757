/* The rights of authors, asked where a query binds a table of another workspace. */
#include "api/authors.h"
#include "state/settings.h"

struct author_access {
    struct store_access access;
    struct vedette *v;
    struct workspace *own;
    struct str id; /* of the principal */
    bool loaded, known;
    struct identity_caller caller;
    struct err refused;
};

static bool may_read(struct author_access *x, struct arena *a, struct workspace *w,
                     struct str table)
{
    const struct kql_row_rule *rows = NULL;
    const struct identity_table t = {
        .workspace = workspace_id(w), .name = table, .custom = api_is_custom_table(table)};
    struct err why = {0};
    if (!x->loaded)
        x->known = identity_caller_load(x->v->identity, a, x->id, &x->caller, &why);
    x->loaded = true;
    return x->known && identity_allows(&x->caller, "query/read", workspace_id(w)) &&
           identity_reads(&x->caller, a, &t, &rows) == IDENTITY_READS_ALL;
}

/* The first refusal is the reason; a query that goes on without the table fails, too. */
static bool reads(void *self, struct arena *a, struct workspace *w, struct str table,
                  const struct kql_row_rule **out_rows)
{
    struct author_access *x = self;
    *out_rows = NULL;
    if (w == x->own || may_read(x, a, w, table))
        return true;
    if (x->refused.code == ERR_OK && !x->known)
        err_set(&x->refused, ERR_FORBIDDEN,
                "it reads the table '%.*s' of the workspace '%.*s' with the rights of its author, "
                "who is disabled or does not exist any more: somebody who may read it has to save "
                "it again",
                STR_ARG(table), STR_ARG(workspace_name(w)));
    else if (x->refused.code == ERR_OK)
        err_set(&x->refused, ERR_FORBIDDEN,
                "it reads the table '%.*s' of the workspace '%.*s' with the rights of its author "
                "'%.*s', who may not read all of it: somebody who may has to save it again",
                STR_ARG(table), STR_ARG(workspace_name(w)), STR_ARG(x->caller.name));
    return false;
}

/* What was saved before authors were kept, and by who runs the server, reads its tenant. */
static const struct store_access *access_of(void *self, struct arena *a, struct workspace *w,
                                            const char *kind, struct str id)
{
    struct vedette *v = self;
    struct str principal = STR_NONE;
    struct err e = {0};
    struct author_access *x = arena_new_of(a, struct author_access);
    *x = (struct author_access){.v = v, .own = w};
    x->access = (struct store_access){.self = x, .reads = reads, .refused = &x->refused};
    if (!state_author_get(v->state, a, workspace_id(w), kind, id, &principal, &e)) {
        x->refused = e; /* the query fails with it */
        return &x->access;
    }
    x->id = principal;
    return principal.n > 0 && !str_eqz(principal, IDENTITY_OPERATOR_ID) ? &x->access : NULL;
}

const struct store_authors *authors_of(struct vedette *v)
{
    v->authors = (struct store_authors){v, access_of};
    return &v->authors;
}

bool author_keep(struct vedette *v, struct http_request *q, struct workspace *w, const char *kind,
                 struct str id, struct err *e)
{
    return state_author_put(v->state, workspace_id(w), kind, id, api_caller(q)->id, e);
}
