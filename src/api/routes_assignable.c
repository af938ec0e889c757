/* To whom incidents may be given: people who may work on those of a workspace. */
#include "api/api_priv.h"
#include "identity/rights.h"
#include "identity/users.h"
#include "text/json.h"

enum { MAX_TOP = 200, DEFAULT_TOP = 50, MAX_SEARCH = 200 };

struct page {
    int64_t top, skip;
    struct str search;
};

static bool read_number(const struct http_request *q, const char *name, int64_t least, int64_t most,
                        int64_t *out, struct err *e)
{
    struct str text = http_query(q, name);
    if (text.n == 0 || (str_to_i64(text, out) && *out >= least && *out <= most))
        return true;
    return err_set(e, ERR_INVALID, "%s: %lld to %lld expected", name, (long long)least,
                   (long long)most);
}

static bool read_page(const struct http_request *q, struct page *out, struct err *e)
{
    *out = (struct page){.top = DEFAULT_TOP, .search = str_trim(http_query(q, "search"))};
    if (out->search.n > MAX_SEARCH)
        return err_set(e, ERR_INVALID, "search: at most %d bytes expected", MAX_SEARCH);
    return read_number(q, "$top", 1, MAX_TOP, &out->top, e) &&
           read_number(q, "$skipToken", 0, INT32_MAX, &out->skip, e);
}

static void write_person(struct json_out *o, const struct identity_person *p)
{
    json_obj(o);
    json_kv_str(o, "id", p->id);
    json_kv_str(o, "name", p->name);
    json_kv_str(o, "displayName", p->display_name);
    json_kv_str(o, "email", p->email);
    json_kv_str(o, "userPrincipalName", p->login);
    json_kv_z(o, "kind", "user");
    json_obj_end(o);
}

static struct workspace *workspace_of(struct http_request *q, struct err *e)
{
    struct str name = http_query(q, "workspace");
    struct workspace *w = identity_workspace_named(api_caller(q), name);
    if (w != NULL && api_may(q, workspace_id(w)))
        return w;
    err_set(e, ERR_NOT_FOUND, "workspace: the workspace '%.*s' could not be found.",
            (int)(name.n < 80 ? name.n : 80), name.p);
    return NULL;
}

static void assignable(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct page page;
    struct identity_people_page found = {0};
    struct workspace *w = workspace_of(q, &e);
    if (w != NULL && read_page(q, &page, &e)) {
        const struct identity_people_wish wish = {.workspace = workspace_id(w),
                                                  .right = "incidents/write",
                                                  .search = page.search,
                                                  .skip = (size_t)page.skip,
                                                  .top = (size_t)page.top};
        if (identity_people_find(v->identity, q->arena, &wish, &found, &e)) {
            struct json_out o = json_out_make(&r->body);
            json_obj(&o);
            json_key(&o, "value");
            json_arr(&o);
            for (size_t i = 0; i < found.n; i++)
                write_person(&o, &found.people[i]);
            json_arr_end(&o);
            if (found.next > 0)
                json_kv_str(&o, "nextLink",
                            api_link(v, q, "$skipToken", arena_fmt(q->arena, "%zu", found.next)));
            json_obj_end(&o);
            return;
        }
    }
    api_error(v, q, &e, r);
}

const struct http_route assignable_routes[] = {
    {HTTP_GET, "/vedette/v1/assignable", assignable, "incidents/read", 0, FAMILY_ARM},
};
const size_t n_assignable_routes = COUNTOF(assignable_routes);
