/* Looking for entities, which ARM has no word for. */
#include "api/api_priv.h"
#include "incident/entity.h"
#include "text/date.h"
#include "text/json.h"

enum { DEFAULT_TOP = 50, MAX_TOP = 1000, MAX_SKIP = 10000000 };

/* A number of the address; false: e says what is wrong. */
static bool number_of(struct http_request *q, const char *name, int64_t least, int64_t most,
                      int64_t *out, struct err *e)
{
    struct str text = http_query(q, name);
    if (text.n == 0 || (str_to_i64(text, out) && *out >= least && *out <= most))
        return true;
    return err_set(e, ERR_INVALID, "%s: %lld to %lld expected", name, (long long)least,
                   (long long)most);
}

static bool time_of(struct http_request *q, const char *name, int64_t *out, struct err *e)
{
    struct str text = http_query(q, name);
    if (text.n == 0 || date_parse_iso(text, out))
        return true;
    return err_set(e, ERR_INVALID, "%s: a time such as 2026-01-02T03:04:05Z is expected", name);
}

static void search(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    int64_t top = DEFAULT_TOP, skip = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    bool ok =
        number_of(q, "$top", 1, MAX_TOP, &top, &e) && number_of(q, "skip", 0, MAX_SKIP, &skip, &e);
    struct state_entity_query query = {.kind = http_query(q, "kind"),
                                       .text = http_query(q, "text"),
                                       .most_alerts = str_eqz(http_query(q, "order"), "alerts"),
                                       .skip = (size_t)skip,
                                       .max = (size_t)top};
    ok = ok && entity_search_json(v->incidents, q->arena, w, &query, &o, &e);
    json_obj_end(&o);
    if (ok)
        sbuf_add(&r->body, sbuf_str(&b));
    else
        api_error(v, q, &e, r);
}

static void incidents_of(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    int64_t from = 0, to = INT64_MAX;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "value");
    bool ok =
        time_of(q, "from", &from, &e) && time_of(q, "to", &to, &e) &&
        entity_incidents_json(v->incidents, q->arena, w, http_param(q, "entity"), from, to, &o, &e);
    if (!ok) {
        api_error(v, q, &e, r);
        return;
    }
    json_obj_end(&o);
    sbuf_add(&r->body, sbuf_str(&b));
}

#define ENTITIES "/vedette/v1/workspaces/{workspace}/entities"

const struct http_route entity_search_routes[] = {
    {HTTP_GET, ENTITIES, search, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, ENTITIES "/{entity}/incidents", incidents_of, "incidents/read", 0, FAMILY_ARM},
};
const size_t n_entity_search_routes = COUNTOF(entity_search_routes);
