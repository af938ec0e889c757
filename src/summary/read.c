/* A summary rule's ARM face, and what its query may not use. */
#include "summary/summary_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_TEXT = 4096, MAX_DELAY_MINUTES = 1440 };
static const int64_t bin_minutes[] = {20, 30, 60, 120, 180, 360, 720, 1440};

/* ---- reading ---- */

static bool read_text(struct arena *a, const struct json *p, const char *name, size_t max,
                      struct str *out, struct err *e)
{
    const struct json *v = json_get(p, name);
    *out = STR("");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_STRING || v->text.n > max)
        return err_set(e, ERR_INVALID, "%s: a text of at most %zu bytes expected", name, max);
    *out = arena_str(a, v->text);
    return true;
}

static bool read_bin(const struct json *p, struct state_summary *x, struct err *e)
{
    const struct json *size = json_get(p, "binSize"), *delay = json_get(p, "binDelay");
    for (size_t i = 0; size != NULL && size->type == JSON_INT && i < COUNTOF(bin_minutes); i++)
        if (size->i == bin_minutes[i])
            x->bin_size = size->i * TICKS_PER_MINUTE;
    if (x->bin_size == 0)
        return err_set(e, ERR_INVALID,
                       "properties.ruleDefinition.binSize: 20, 30, 60, 120, 180, 360, 720 or 1440 "
                       "minutes expected");
    x->bin_delay = -1;
    if (delay == NULL || delay->type == JSON_NULL)
        return true;
    if (delay->type != JSON_INT || delay->i < 0 || delay->i > MAX_DELAY_MINUTES)
        return err_set(e, ERR_INVALID,
                       "properties.ruleDefinition.binDelay: 0 to %d minutes expected",
                       MAX_DELAY_MINUTES);
    x->bin_delay = delay->i * TICKS_PER_MINUTE;
    return true;
}

static bool read_start(const struct json *p, struct state_summary *x, struct err *e)
{
    struct str text = json_text(json_get(p, "binStartTime"), STR(""));
    return text.n == 0 || date_parse_iso(text, &x->bin_start) ||
           err_set(e, ERR_INVALID,
                   "properties.ruleDefinition.binStartTime: a time such as 2026-01-02T03:00:00Z "
                   "expected");
}

static bool read_definition(struct arena *a, const struct json *p, struct state_summary *x,
                            struct err *e)
{
    struct err why = {0};
    if (p == NULL || p->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties.ruleDefinition: an object expected");
    if (!read_text(a, p, "query", SUMMARY_MAX_QUERY, &x->query, &why) ||
        !read_text(a, p, "destinationTable", MAX_TEXT, &x->destination, &why) ||
        !read_text(a, p, "timeSelector", MAX_TEXT, &x->time_selector, &why)) {
        err_prefix(&why, "properties.ruleDefinition");
        *e = why;
        return false;
    }
    if (x->time_selector.n == 0)
        x->time_selector = STR("TimeGenerated");
    if (str_trim(x->query).n == 0)
        return err_set(e, ERR_INVALID, "properties.ruleDefinition.query is missing");
    if (!str_ends(x->destination, STR("_CL")))
        return err_set(e, ERR_INVALID,
                       "properties.ruleDefinition.destinationTable: the name of a custom table, "
                       "ending in _CL, expected");
    return read_bin(p, x, e) && read_start(p, x, e);
}

bool summary_read(struct arena *a, const struct json *body, struct state_summary *x, struct err *e)
{
    const struct json *p = json_get(body, "properties");
    if (p == NULL || p->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties: an object expected");
    struct str type = json_text(json_get(p, "ruleType"), STR("User"));
    if (!str_ieqz(type, "User"))
        return err_set(e, ERR_INVALID, "properties.ruleType: \"User\" expected");
    return read_text(a, p, "displayName", MAX_TEXT, &x->name, e) &&
           read_text(a, p, "description", MAX_TEXT, &x->description, e) &&
           read_definition(a, json_get(p, "ruleDefinition"), x, e);
}

/* ---- the query ---- */

static const char *const refused[] = {"workspace", "app",        "resource", "adx",
                                      "arg",       "bag_unpack", "narrow",   "pivot"};

static bool calls_ok(const struct syn *n, struct err *e)
{
    if (n == NULL)
        return true;
    for (size_t i = 0; n->kind == SYN_CALL && i < COUNTOF(refused); i++)
        if (str_eqz(n->text, refused[i])) {
            err_at(e, ERR_INVALID, (struct pos){.off = n->off},
                   "%s() can't be used in a summary rule", refused[i]);
            e->len = n->len;
            return false;
        }
    for (size_t i = 0; i < n->n; i++)
        if (!calls_ok(n->kids[i], e))
            return false;
    for (size_t i = 0; i < n->n_params; i++)
        if (!calls_ok(n->params[i], e))
            return false;
    return true;
}

static bool binds(struct arena *a, struct workspace *w, const struct state_summary *x, int64_t now,
                  struct err *e)
{
    struct kql_options o = {.catalog = workspace_catalog(w), .now_ticks = now};
    struct kql_diags diags = {.a = a, .text = x->query};
    struct kql_query q = {0};
    if (!kql_compile(a, x->query, &o, &q, &diags)) {
        kql_diags_err(&diags, e);
        return false;
    }
    return q.n == 1 ||
           err_set(e, ERR_INVALID, "the query returns %zu tables; a summary rule needs one", q.n);
}

bool summary_check(struct arena *a, struct workspace *w, const struct state_summary *x, int64_t now,
                   struct err *e)
{
    struct kql_diags diags = {.a = a, .text = x->query};
    struct err why = {0};
    struct syn *tree = kql_parse(a, x->query, &diags);
    if ((tree != NULL && diags.n_errors == 0 && !calls_ok(tree, &why)) ||
        !binds(a, w, x, now, &why)) {
        kql_err_locate(x->query, &why);
        if (why.pos.line > 0)
            err_prefix(&why, "properties.ruleDefinition.query, line %u, column %u", why.pos.line,
                       why.pos.col);
        why.code = why.code == ERR_INTERNAL ? ERR_INTERNAL : ERR_INVALID;
        *e = why;
        return false;
    }
    return true;
}

/* ---- writing ---- */

static void write_definition(struct json_out *o, const struct state_summary *x)
{
    json_key(o, "ruleDefinition");
    json_obj(o);
    json_kv_str(o, "query", x->query);
    json_kv_int(o, "binSize", x->bin_size / TICKS_PER_MINUTE);
    if (x->bin_delay >= 0)
        json_kv_int(o, "binDelay", x->bin_delay / TICKS_PER_MINUTE);
    json_kv_time(o, "binStartTime", x->bin_start);
    json_kv_str(o, "timeSelector", x->time_selector);
    json_kv_str(o, "destinationTable", x->destination);
    json_obj_end(o);
}

void summary_to_json(struct summaries *s, struct arena *a, struct workspace *w,
                     const struct state_summary *x, struct json_out *o)
{
    struct str of_workspace = arm_workspace_id(a, &s->o.scope, workspace_name(w));
    json_obj(o);
    json_kv_str(o, "id",
                arena_fmt(a, "%.*s/summaryLogs/%.*s", STR_ARG(of_workspace), STR_ARG(x->id)));
    json_kv_str(o, "name", x->id);
    json_kv_z(o, "type", "Microsoft.OperationalInsights/workspaces/summaryLogs");
    etag_write(o, x->etag);
    json_key(o, "properties");
    json_obj(o);
    json_kv_z(o, "ruleType", "User");
    json_kv_str(o, "displayName", x->name);
    json_kv_str(o, "description", x->description);
    json_kv_bool(o, "isActive", x->active);
    if (x->status_code.n > 0)
        json_kv_str(o, "statusCode", x->status_code);
    json_kv_z(o, "provisioningState", "Succeeded");
    json_kv_time(o, "ruleLastModifiedTime", x->modified);
    write_definition(o, x);
    json_obj_end(o);
    json_obj_end(o);
}
