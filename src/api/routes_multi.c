/* What spans workspaces and tenants: one query in each of many tenants, and one list of incidents.
 * Source: "Advanced hunting in Microsoft Defender multitenant management": a query runs once for
 * each tenant, and the rows come together with a column TenantId; 50,000 in all. */
#include "api/query_log.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "text/json.h"

enum { MAX_TARGETS = 100, MAX_ROWS = 50000, MAX_BODY = 2 << 20 };

/* One tenant's part. */
struct target {
    struct str tenant, asked; /* asked: the tenant as the request named it */
    struct workspace *w;      /* NULL: it can't be asked */
    struct store_result result;
    struct err err;
    bool ok;
    int64_t took_us;
};

struct multi {
    struct vedette *v;
    struct http_request *q;
    struct target *targets;
    size_t n;
};

/* ---- whom to ask ---- */

static struct workspace *choose(struct multi *m, struct str tenant, struct str name)
{
    struct workspace *w = NULL, *primary = identity_primary(m->v->identity, tenant);
    struct str key = identity_tenant_key(m->v->identity, tenant);
    if (name.n > 0) {
        w = store_workspace_find_in(m->v->store, key, name);
        return w != NULL && api_may(m->q, workspace_id(w)) ? w : NULL;
    }
    if (primary != NULL && api_may(m->q, workspace_id(primary)))
        return primary;
    for (size_t i = 0; (w = store_workspace_at(m->v->store, i)) != NULL; i++)
        if (str_ieq(workspace_place(w).tenant, key) && api_may(m->q, workspace_id(w)))
            return w;
    return NULL;
}

static void add_target(struct multi *m, struct str asked, struct str workspace)
{
    struct target *t = &m->targets[m->n++];
    struct state_tenant tenant = {0};
    *t = (struct target){.asked = asked};
    bool found = identity_tenant_find(m->v->identity, m->q->arena, asked, &tenant, &t->err);
    bool seen = found && identity_sees_tenant(api_caller(m->q), tenant.id);
    if (!found && t->err.code != ERR_NOT_FOUND)
        return;
    if (seen) {
        t->tenant = tenant.id;
        t->w = choose(m, tenant.id, workspace);
    }
    if (!seen)
        err_set(&t->err, ERR_NOT_FOUND, "The tenant '%.*s' could not be found.",
                (int)(asked.n < 80 ? asked.n : 80), asked.p);
    else if (t->w == NULL)
        err_set(&t->err, ERR_FORBIDDEN,
                "There is no such workspace in it that the caller may query.");
}

/* The tenants that the body names, else all in which the caller may query something. */
static bool read_targets(struct multi *m, const struct json *list, struct err *e)
{
    struct state_tenant *all = NULL;
    size_t n = 0;
    m->targets = arena_array(m->q->arena, struct target, MAX_TARGETS);
    if (list == NULL || list->type == JSON_NULL) {
        if (!state_tenant_list(m->v->state, m->q->arena, &all, &n, e))
            return false;
        for (size_t i = 0; i < n && m->n < MAX_TARGETS; i++)
            if (choose(m, all[i].id, STR("")) != NULL)
                add_target(m, all[i].id, STR(""));
        return m->n > 0 ||
               err_set(e, ERR_FORBIDDEN, "There is no tenant that the caller may query.");
    }
    if (list->type != JSON_ARRAY || list->n == 0 || list->n > MAX_TARGETS)
        return err_set(e, ERR_INVALID, "tenants: a list of 1 to %d expected", MAX_TARGETS);
    for (size_t i = 0; i < list->n; i++) {
        const struct json *x = &list->items[i];
        bool object = x->type == JSON_OBJECT;
        struct str name = json_text(object ? json_get(x, "tenant") : x, STR(""));
        if (name.n == 0)
            return err_set(e, ERR_INVALID,
                           "tenants[%zu]: a tenant, or {\"tenant\", \"workspace\"} expected", i);
        add_target(m, name, object ? json_text(json_get(x, "workspace"), STR("")) : STR(""));
    }
    return true;
}

/* ---- asking ---- */

static void ask(struct multi *m, struct target *t, const struct api_question *k)
{
    struct kql_diags diags = {0};
    int64_t began = clock_mono_us();
    struct api_limits limits;
    struct store_query sq = api_store_query(m->v, m->q, k->query);
    api_limits(m->v, m->q, 0, &limits);
    /* Each has the time that one query has: a slow tenant takes nothing from the others. */
    limits.own.deadline_us += began - limits.since_us;
    sq.since_us = began;
    sq.limits = limits.own;
    sq.limits.max_rows = MAX_ROWS / m->n;
    sq.options.session = api_session(m->v, m->q);
    sq.options.has_scope = k->has_scope;
    sq.options.scope_from = k->from;
    sq.options.scope_to = k->to;
    struct query_audit audit;
    const struct api_workspaces of = {.list = &t->w, .n = 1};
    query_log_begin(m->v, &of, k->query, &sq, &audit);
    t->ok = workspace_query(t->w, m->q->arena, &sq, &t->result, &diags, &t->err);
    t->took_us = clock_mono_us() - began;
    query_log_end(m->v, m->q, &audit, t->ok ? &t->result : NULL, t->ok ? 200 : 400);
}

/* ---- the answer ---- */

/* Columns of all parts: by name and type, in the order in which they come. */
struct shared {
    struct kql_column *cols;
    size_t n;
};

static size_t place_of(const struct shared *s, const struct kql_column *c)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->cols[i].name, c->name) && s->cols[i].type == c->type)
            return i;
    return SIZE_MAX;
}

static struct shared columns_of(const struct multi *m)
{
    size_t most = 1;
    for (size_t i = 0; i < m->n; i++)
        most += m->targets[i].ok ? engine_rows_schema(m->targets[i].result.rows[0])->n : 0;
    struct shared s = {arena_array(m->q->arena, struct kql_column, most), 0};
    for (size_t i = 0; i < m->n; i++) {
        const struct kql_schema *own =
            m->targets[i].ok ? engine_rows_schema(m->targets[i].result.rows[0]) : NULL;
        for (size_t k = 0; own != NULL && k < own->n; k++)
            if (place_of(&s, &own->cols[k]) == SIZE_MAX)
                s.cols[s.n++] = own->cols[k];
    }
    return s;
}

static bool is_twice(const struct shared *s, size_t at)
{
    for (size_t i = 0; i < s->n; i++)
        if (i != at && str_eq(s->cols[i].name, s->cols[at].name))
            return true;
    return false;
}

static void write_columns(const struct multi *m, const struct shared *s, struct json_out *o)
{
    struct kql_column *named = arena_array(m->q->arena, struct kql_column, s->n + 2);
    struct kql_schema all = {named, s->n + 2};
    named[0] = (struct kql_column){STR("TenantId"), KQL_STRING};
    named[1] = (struct kql_column){STR("WorkspaceId"), KQL_STRING};
    for (size_t i = 0; i < s->n; i++) {
        struct kql_column c = s->cols[i];
        if (is_twice(s, i)) /* as union names columns of several types */
            c.name = arena_fmt(m->q->arena, "%.*s_%s", STR_ARG(c.name), kql_type_name(c.type));
        else if (str_eqz(c.name, "TenantId") || str_eqz(c.name, "WorkspaceId"))
            c.name = arena_fmt(m->q->arena, "%.*s1", STR_ARG(c.name));
        named[i + 2] = c;
    }
    api_columns(o, &all);
}

static void write_rows(const struct multi *m, const struct target *t, const struct shared *s,
                       struct json_out *o)
{
    const struct engine_rows *rows = t->result.rows[0];
    const struct kql_schema *own = engine_rows_schema(rows);
    size_t *from = arena_array(m->q->arena, size_t, s->n + 1);
    for (size_t i = 0; i < s->n; i++)
        from[i] = SIZE_MAX;
    for (size_t k = 0; k < own->n; k++)
        from[place_of(s, &own->cols[k])] = k;
    for (size_t row = 0; row < engine_rows_count(rows); row++) {
        json_arr(o);
        json_str(o, t->tenant);
        json_str(o, workspace_id(t->w));
        for (size_t i = 0; i < s->n; i++) {
            if (from[i] == SIZE_MAX && s->cols[i].type == KQL_STRING)
                json_z(o, "");
            else if (from[i] == SIZE_MAX)
                json_null(o);
            else {
                struct kql_value v = engine_rows_get(rows, row, from[i]);
                api_query_cell(o, &v);
            }
        }
        json_arr_end(o);
    }
}

static void write_status(struct multi *m, const struct target *t, struct json_out *o)
{
    struct state_tenant tenant = {0};
    struct err ignored = {0};
    struct str id = t->tenant.n > 0 ? t->tenant : t->asked;
    bool named =
        t->tenant.n > 0 && identity_tenant_find(m->v->identity, m->q->arena, id, &tenant, &ignored);
    json_obj(o);
    json_kv_str(o, "id", id);
    json_kv_str(o, "name", named ? tenant.name : t->asked);
    if (t->w != NULL) {
        json_key(o, "workspace");
        json_obj(o);
        json_kv_str(o, "id", workspace_id(t->w));
        json_kv_str(o, "name", workspace_name(t->w));
        json_obj_end(o);
    }
    json_kv_z(o, "status", t->ok ? "Succeeded" : "Failed");
    json_kv_int(o, "rows", t->ok ? (int64_t)engine_rows_count(t->result.rows[0]) : 0);
    json_kv_bool(o, "truncated", t->ok && engine_rows_truncated(t->result.rows[0]));
    json_kv_int(o, "durationMs", t->took_us / 1000);
    if (!t->ok) {
        json_key(o, "error");
        json_obj(o);
        json_kv_z(o, "code", t->err.kind[0] != '\0' ? t->err.kind : err_code_name(t->err.code));
        json_kv_z(o, "message", t->err.msg);
        json_obj_end(o);
    }
    json_obj_end(o);
}

static void answer(struct multi *m, struct http_response *r)
{
    size_t good = 0;
    struct shared s = columns_of(m);
    struct json_out o = json_out_make(&r->body);
    for (size_t i = 0; i < m->n; i++)
        good += m->targets[i].ok;
    json_obj(&o);
    json_kv_z(&o, "status",
              good == m->n ? "Succeeded"
              : good > 0   ? "PartiallySucceeded"
                           : "Failed");
    json_key(&o, "tenants");
    json_arr(&o);
    for (size_t i = 0; i < m->n; i++)
        write_status(m, &m->targets[i], &o);
    json_arr_end(&o);
    json_key(&o, "tables");
    json_arr(&o);
    json_obj(&o);
    json_kv_z(&o, "name", "PrimaryResult");
    write_columns(m, &s, &o);
    json_key(&o, "rows");
    json_arr(&o);
    for (size_t i = 0; i < m->n; i++)
        if (m->targets[i].ok)
            write_rows(m, &m->targets[i], &s, &o);
    json_arr_end(&o);
    json_obj_end(&o);
    json_arr_end(&o);
    json_obj_end(&o);
}

/* {"query", "timespan"?, "tenants"?}: to ask one tenant once more, name it alone. */
static void hunt(void *ctx, struct http_request *q, struct http_response *r)
{
    struct multi m = {.v = ctx, .q = q};
    struct err e = {0};
    struct json body = {0};
    struct api_question k = {0};
    if (!api_body(ctx, q, r, &body))
        return;
    if (!api_question_read(ctx, q, &body, &k, &e) ||
        !read_targets(&m, json_get(&body, "tenants"), &e)) {
        if (e.code == ERR_FORBIDDEN)
            api_error(ctx, q, &e, r);
        else
            api_error_status(ctx, q, 400, &e, r);
        return;
    }
    for (size_t i = 0; i < m.n; i++)
        if (m.targets[i].w != NULL)
            ask(&m, &m.targets[i], &k);
    answer(&m, r);
    for (size_t i = 0; i < m.n; i++)
        if (m.targets[i].ok)
            store_result_fini(&m.targets[i].result);
}

/* ---- incidents ---- */

/* The workspaces that ?workspaces= names (commas between), else all where the caller may. */
static bool read_workspaces(struct vedette *v, struct http_request *q, struct str **out, size_t *n,
                            struct err *e)
{
    const struct identity_caller *c = api_caller(q);
    struct workspace *w = NULL;
    struct str rest = http_query(q, "workspaces");
    struct str *all = arena_array(q->arena, struct str, MAX_TARGETS + 1);
    *out = all;
    *n = 0;
    for (size_t i = 0; rest.n == 0 && (w = store_workspace_at(v->store, i)) != NULL; i++)
        if (*n < MAX_TARGETS && api_may(q, workspace_id(w)))
            all[(*n)++] = workspace_id(w);
    while (rest.n > 0) {
        size_t at = rest.n;
        (void)str_find(rest, STR(","), &at);
        struct str name = str_trim(str_sub(rest, 0, at));
        rest = str_sub(rest, at + 1, rest.n);
        w = identity_workspace_named(c, name);
        if (w == NULL || !api_may(q, workspace_id(w)))
            return err_set(e, ERR_NOT_FOUND, "The workspace '%.*s' could not be found.",
                           (int)(name.n < 200 ? name.n : 200), name.p);
        if (*n == MAX_TARGETS)
            return err_set(e, ERR_INVALID, "workspaces: at most %d", MAX_TARGETS);
        bool twice = false;
        for (size_t i = 0; i < *n; i++)
            twice = twice || str_eq(all[i], workspace_id(w));
        if (!twice)
            all[(*n)++] = workspace_id(w);
    }
    return true;
}

static void write_home(struct vedette *v, struct http_request *q, const struct workspace *w,
                       struct json_out *o)
{
    struct state_tenant t = {0};
    struct err ignored = {0};
    struct str tenant = identity_tenant_of(v->identity, w);
    if (!identity_tenant_find(v->identity, q->arena, tenant, &t, &ignored))
        t.name = tenant;
    json_key(o, "workspace");
    json_obj(o);
    json_kv_str(o, "id", workspace_id(w));
    json_kv_str(o, "name", workspace_name(w));
    json_kv_str(o, "resourceId", identity_resource_id(q->arena, w));
    json_obj_end(o);
    json_key(o, "tenant");
    json_obj(o);
    json_kv_str(o, "id", tenant);
    json_kv_str(o, "name", t.name);
    json_obj_end(o);
}

static void incidents(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str *ids = NULL;
    size_t n = 0;
    struct incident_query query;
    struct incident_page page = {0};
    if (!read_workspaces(v, q, &ids, &n, &e) || !api_list_query(q, &query, &e) ||
        !incident_list_all(v->incidents, q->arena, ids, n, &query, &page, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < page.n; i++) {
        struct workspace *w = store_workspace_find(v->store, page.p[i].workspace);
        if (w == NULL) /* deleted meanwhile */
            continue;
        json_obj(&o);
        write_home(v, q, w, &o);
        json_key(&o, "incident");
        incident_to_json(v->incidents, w, &page.p[i], &o);
        json_obj_end(&o);
    }
    json_arr_end(&o);
    if (page.next_token.n > 0)
        json_kv_str(&o, "nextLink", api_link(v, q, "$skipToken", page.next_token));
    json_obj_end(&o);
}

const struct http_route multi_routes[] = {
    {HTTP_POST, "/vedette/v1/hunting/multi", hunt, "query/read", MAX_BODY, FAMILY_QUERY},
    {HTTP_GET, "/vedette/v1/incidents", incidents, "incidents/read", 0, FAMILY_ARM},
};
const size_t n_multi_routes = COUNTOF(multi_routes);
