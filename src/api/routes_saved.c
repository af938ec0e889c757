/* Microsoft.OperationalInsights/workspaces/savedSearches: saved queries and functions; and our own
 * routes for functions by name, and for importing them from files. */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_SAVED = 2 << 20, MAX_IMPORT = 32 << 20 };

/* Limits and syntax are what the caller sent. */
static void fail(struct vedette *v, struct http_request *q, const struct err *e,
                 struct http_response *r)
{
    struct err placed = *e;
    if (e->pos.line > 0)
        err_prefix(&placed, "line %u, column %u of the query", e->pos.line, e->pos.col);
    api_error(v, q, &placed, r);
}

static void write_one(struct vedette *v, struct http_request *q, struct workspace *w,
                      const struct state_saved *x, struct http_response *r)
{
    struct json_out o = json_out_make(&r->body);
    library_saved_to_json(v->library, q->arena, w, x, &o);
}

/* ---- ARM ---- */

/* The workspace with its saved searches, or only those that are functions; NULL: answered. */
static struct workspace *read_all(struct vedette *v, struct http_request *q, bool functions,
                                  struct state_saved **all, size_t *n, struct http_response *r)
{
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || library_saved_list(v->library, q->arena, w, functions, all, n, &e))
        return w;
    api_error(v, q, &e, r);
    return NULL;
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct state_saved *all = NULL;
    size_t n = 0;
    struct workspace *w = read_all(v, q, false, &all, &n, r);
    if (w == NULL)
        return;
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        library_saved_to_json(v->library, q->arena, w, &all[i], &o);
    api_list_end(&o);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_saved x = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (library_saved_get(v->library, q->arena, w, http_param(q, "search"), &x, &e))
        write_one(v, q, w, &x, r);
    else
        api_error(v, q, &e, r);
}

/* The resource has no place for it: a header (RFC 7234, 5.5), of plain characters only. */
static void warn(struct http_request *q, const struct library_saved *s, struct http_response *r)
{
    enum { MAX_WARNING = 1000 };
    if (s->broken.n == 0)
        return;
    struct str text = str_sub(s->broken, 0, MAX_WARNING);
    char *plain = arena_strz(q->arena, text);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)plain[i] < 0x20 || (unsigned char)plain[i] > 0x7e || plain[i] == '"' ||
            plain[i] == '\\')
            plain[i] = '?';
    http_response_header(
        r, "Warning",
        arena_fmt(q->arena, "299 - \"these can't call the function any more: %s\"", plain));
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct library_saved out = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (library_saved_put(v->library, q->arena, w, http_param(q, "search"), &body,
                          http_header(q, "if-match"), api_caller(q)->name, &out, &e)) {
        warn(q, &out, r);
        write_one(v, q, w, &out.row, r);
    } else {
        fail(v, q, &e, r);
    }
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = library_saved_delete(v->library, w, http_param(q, "search"), api_caller(q)->name,
                                   &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* ---- by name ---- */

static void write_function(struct json_out *o, struct arena *a, const struct state_saved *x)
{
    json_obj(o);
    json_kv_str(o, "name", x->alias);
    json_kv_str(o, "parameters", library_parameters(a, x));
    json_kv_str(o, "body", library_body(a, x));
    json_kv_str(o, "folder", x->category);
    json_kv_str(o, "docString", x->doc);
    json_kv_str(o, "savedSearch", x->id);
    json_kv_int(o, "revision", x->revision);
    json_kv_time(o, "modified", x->modified);
    json_kv_str(o, "modifiedBy", x->modified_by);
    json_obj_end(o);
}

static void functions(void *ctx, struct http_request *q, struct http_response *r)
{
    struct state_saved *all = NULL;
    size_t n = 0;
    if (read_all(ctx, q, true, &all, &n, r) == NULL)
        return;
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        write_function(&o, q->arena, &all[i]);
    api_list_end(&o);
}

static bool find(struct vedette *v, struct http_request *q, struct workspace *w,
                 struct state_saved *out, struct http_response *r)
{
    struct err e = {0};
    if (library_function_get(v->library, q->arena, w, http_param(q, "function"), out, &e))
        return true;
    api_error(v, q, &e, r);
    return false;
}

static void function(void *ctx, struct http_request *q, struct http_response *r)
{
    struct state_saved x = {0};
    struct workspace *w = api_workspace(ctx, q, r);
    struct json_out o = json_out_make(&r->body);
    if (w != NULL && find(ctx, q, w, &x, r))
        write_function(&o, q->arena, &x);
}

static void function_delete(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_saved x = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && find(v, q, w, &x, r) &&
        !library_saved_delete(v->library, w, x.id, api_caller(q)->name, &was_there, &e))
        api_error(v, q, &e, r);
}

/* ---- files ---- */

static void write_saved(struct json_out *o, const struct library_saved *s)
{
    json_obj(o);
    json_kv_str(o, "name", s->row.alias.n > 0 ? s->row.alias : s->row.name);
    json_kv_bool(o, "created", s->created);
    json_kv_str(o, "missing", s->missing);
    json_kv_str(o, "broken", s->broken);
    json_obj_end(o);
}

/* POST of a file's text, ?file= its name. 200: the functions saved, with what each names and is not
 * there; 400: what is wrong. */
static void import(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct library_import done = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!library_import(v->library, q->arena, w, q->body, http_query(q, "file"),
                        api_caller(q)->name, &done, &e)) {
        fail(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < done.saved.n; i++)
        write_saved(&o, &done.saved.p[i]);
    api_list_end(&o);
}

#define OWN_PATH "/vedette/v1/workspaces/{workspace}/functions"
const struct http_route saved_routes[] = {
    {HTTP_GET, WORKSPACE_PATH "/savedSearches", list, "functions/read", 0, FAMILY_ARM},
    {HTTP_GET, WORKSPACE_PATH "/savedSearches/{search}", get, "functions/read", 0, FAMILY_ARM},
    {HTTP_PUT, WORKSPACE_PATH "/savedSearches/{search}", put, "functions/write", MAX_SAVED,
     FAMILY_ARM},
    {HTTP_DELETE, WORKSPACE_PATH "/savedSearches/{search}", delete, "functions/write", 0,
     FAMILY_ARM},
    {HTTP_GET, OWN_PATH, functions, "functions/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN_PATH, import, "functions/write", MAX_IMPORT, FAMILY_ARM},
    {HTTP_GET, OWN_PATH "/{function}", function, "functions/read", 0, FAMILY_ARM},
    {HTTP_DELETE, OWN_PATH "/{function}", function_delete, "functions/write", 0, FAMILY_ARM},
};
const size_t n_saved_routes = COUNTOF(saved_routes);
