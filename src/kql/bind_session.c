/* Functions about the query's surroundings: who asks, the database, its cursor and extents, the
 * query's options, assert(). */
#include "kql/bind_priv.h"
#include "text/date.h"
#include "text/json.h"

/* The principal of what the server runs by itself. */
#define NO_ID "00000000-0000-0000-0000-000000000000"

static struct str or_else(struct str s, const char *fallback)
{
    return s.n > 0 ? s : str_from(fallback);
}

static bool no_arguments(const struct cx *c, const struct syn *s)
{
    if (s->n > 0)
        bind_error(c->b, "SEM0219", s, "%s() takes no arguments, not %zu", z(c->b, s->text), s->n);
    return s->n == 0;
}

/* A constant that stands for the call. */
static struct expr *answer(const struct cx *c, const struct syn *s, struct kql_value v)
{
    return no_arguments(c, s) ? ex_const(c->b, v, s) : bind_unknown(c->b, s);
}

static struct expr *answer_text(const struct cx *c, const struct syn *s, struct str text)
{
    return answer(c, s, (struct kql_value){.type = KQL_STRING, .s = text});
}

/* ---- the place ---- */
static struct expr *current_database(const struct cx *c, const struct syn *s)
{
    return answer_text(c, s, or_else(c->b->o->session.database, "default"));
}

static struct expr *current_endpoint(const struct cx *c, const struct syn *s)
{
    return answer_text(c, s, or_else(c->b->o->session.endpoint, "localhost"));
}

/* ---- the principal ---- */
static struct str principal_name(const struct cx *c)
{
    const struct kql_session *who = &c->b->o->session;
    struct str id = or_else(who->app_id, NO_ID), tenant = or_else(who->tenant, NO_ID);
    return arena_fmt(c->b->a, "aadapp=%.*s;%.*s", STR_ARG(id), STR_ARG(tenant));
}

static struct expr *current_principal(const struct cx *c, const struct syn *s)
{
    return answer_text(c, s, principal_name(c));
}

static struct expr *principal_details(const struct cx *c, const struct syn *s)
{
    const struct kql_session *who = &c->b->o->session;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_z(&w, "UserPrincipalName", "");
    json_kv_z(&w, "IdentityProvider", "https://sts.windows.net");
    json_kv_str(&w, "Authority", or_else(who->tenant, NO_ID));
    json_kv_z(&w, "Mfa", "False");
    json_kv_z(&w, "Type", "AadApp");
    json_kv_str(&w, "DisplayName", or_else(who->app_name, "vedette"));
    json_kv_str(&w, "ObjectId", or_else(who->app_id, NO_ID));
    json_kv_str(&w, "FQN", principal_name(c));
    json_obj_end(&w);
    struct kql_value v = {.type = KQL_DYNAMIC, .s = arena_str(c->b->a, sbuf_str(&b))};
    return answer(c, s, v);
}

/* "aadapp=<id>", with or without ";<tenant>". */
static bool is_caller(const struct cx *c, struct str wanted)
{
    struct str full = principal_name(c);
    size_t end;
    bool short_form = str_find(full, STR(";"), &end) && str_ieq(wanted, str_sub(full, 0, end));
    return short_form || str_ieq(wanted, full);
}

static bool any_caller(const struct cx *c, struct str array)
{
    struct json list;
    bool found = false;
    if (!json_parse(c->b->a, array, NULL, &list, NULL) || list.type != JSON_ARRAY)
        return false;
    for (size_t i = 0; i < list.n; i++)
        found = found || is_caller(c, json_text(&list.items[i], STR_NONE));
    return found;
}

static struct expr *is_member_of(const struct cx *c, const struct syn *s)
{
    bool found = false;
    for (size_t i = 0; i < s->n; i++) {
        const struct expr *e = bind_expr(c, s->kids[i]);
        bool text = e->type == KQL_STRING || e->type == KQL_DYNAMIC;
        if (e->kind != EX_CONST || !text) {
            bind_error(c->b, "SEM0219", s->kids[i],
                       "%s() takes principals as literal text or as a literal dynamic array",
                       z(c->b, s->text));
            return bind_unknown(c->b, s);
        }
        found =
            found || (e->type == KQL_STRING ? is_caller(c, e->value.s) : any_caller(c, e->value.s));
    }
    if (s->n == 0)
        bind_error(c->b, "SEM0219", s, "%s() takes at least 1 argument, not 0", z(c->b, s->text));
    return ex_bool(c->b, found);
}

/* ---- cursors: the time of the last look, as ISO 8601 text ---- */
static struct expr *cursor_current(const struct cx *c, const struct syn *s)
{
    char text[29];
    if (c->b->o->windows != KQL_WINDOWS_NONE)
        bind_error(c->b, "SEM0500", s, "a cursor is of one run, not of many windows");
    date_format(c->b->o->now_ticks, text);
    return answer_text(c, s, arena_str(c->b->a, str_from(text)));
}

/* Everything is after the empty cursor. */
static struct expr *cursor_compare(const struct cx *c, const struct syn *s, const char *op)
{
    struct expr *cursor = s->n == 1 ? bind_constant(c, s->kids[0], KQL_STRING) : NULL;
    const struct plan_col *received =
        c->in != NULL ? bind_find_column(c->in, STR("_TimeReceived")) : NULL;
    bool after = strcmp(op, ">") == 0;
    struct kql_value v = {.type = KQL_DATETIME};
    if (cursor == NULL || cursor->kind != EX_CONST) {
        bind_error(c->b, "SEM0219", s, "%s() takes a cursor as literal text", z(c->b, s->text));
    } else if (received == NULL) {
        bind_error(c->b, "SEM0139", s, "%s() needs the records of a table", z(c->b, s->text));
    } else if (cursor->value.s.n == 0) {
        return ex_bool(c->b, after);
    } else if (!date_parse_iso(cursor->value.s, &v.i)) {
        bind_error(c->b, "SEM0219", s, "%s(): '%.40s' is no cursor; cursor_current() gives one",
                   z(c->b, s->text), z(c->b, cursor->value.s));
    } else {
        return ex_call2(c->b, op, KQL_BOOL, ex_column(c->b, received, s), ex_const(c->b, v, s));
    }
    return bind_unknown(c->b, s);
}

static struct expr *cursor_after(const struct cx *c, const struct syn *s)
{
    return cursor_compare(c, s, ">");
}

static struct expr *cursor_before(const struct cx *c, const struct syn *s)
{
    return cursor_compare(c, s, "<=");
}

/* ---- extents: no record lies in one here ---- */
static struct expr *extent_id(const struct cx *c, const struct syn *s)
{
    if (!no_arguments(c, s))
        return bind_unknown(c->b, s);
    return ex_cast(c->b, ex_string(c->b, STR(NO_ID)), KQL_GUID);
}

static struct expr *extent_tags(const struct cx *c, const struct syn *s)
{
    return no_arguments(c, s) ? ex_null(c->b, KQL_DYNAMIC) : bind_unknown(c->b, s);
}

static struct expr *internal(const struct cx *c, const struct syn *s)
{
    kql_diag_add(c->b->d, ERR_UNSUPPORTED, "", s, NULL,
                 "%s() looks inside Azure's storage and has no meaning here", z(c->b, s->text));
    return bind_unknown(c->b, s);
}

/* ---- estimate_data_size(*) and of columns ---- */
static struct expr *data_size(const struct cx *c, const struct syn *s)
{
    struct plan_cols cols = {0};
    struct expr **args = arena_array(c->b->a, struct expr *, s->n + 1);
    bool star = s->n == 1 && s->kids[0]->kind == SYN_STAR;
    if (star && c->in != NULL) {
        cols = c->in->cols;
        args = arena_array(c->b->a, struct expr *, cols.n + 1);
    }
    size_t n = 0;
    for (size_t i = 0; i < cols.n; i++)
        if (!cols.p[i].hidden)
            args[n++] = ex_column(c->b, &cols.p[i], s);
    for (size_t i = 0; !star && i < s->n; i++)
        args[n++] = bind_expr(c, s->kids[i]);
    if (n == 0)
        bind_error(c->b, "SEM0219", s, "%s() takes columns or *", z(c->b, s->text));
    return ex_call(c->b, "estimate_data_size", KQL_LONG, args, n);
}

/* ---- bin_auto(): set query_bin_auto_size=…; set query_bin_auto_at=… ---- */
static struct expr *option(const struct cx *c, const char *name)
{
    struct expr *value = NULL;
    struct cx none = cx_of(c->b, NULL, NULL);
    for (size_t i = 0; c->b->query != NULL && i < c->b->query->n; i++) {
        const struct syn *k = c->b->query->kids[i];
        if (k->kind == SYN_SET && str_eqz(k->text, name) && k->n > 0)
            value = bind_expr(&none, k->kids[0]);
    }
    return value;
}

static struct expr *bin_auto(const struct cx *c, const struct syn *s)
{
    struct expr *size = option(c, "query_bin_auto_size"), *at = option(c, "query_bin_auto_at");
    if (s->n != 1) {
        bind_error(c->b, "SEM0219", s, "bin_auto() takes 1 argument, not %zu", s->n);
        return bind_unknown(c->b, s);
    }
    if (size == NULL) {
        kql_diag_add(c->b->d, ERR_SEMANTIC, "SEM0219", s,
                     "write 'set query_bin_auto_size=1h;' before the query",
                     "bin_auto() needs the option query_bin_auto_size");
        return bind_unknown(c->b, s);
    }
    struct expr **args = arena_array(c->b->a, struct expr *, 3);
    args[0] = bind_expr(c, s->kids[0]);
    args[1] = size;
    args[2] = at;
    const struct kql_func *f = kql_func_find(at != NULL ? STR("bin_at") : STR("bin"));
    return bind_apply_function(c, f, args, NULL, at != NULL ? 3 : 2, s);
}

/* ---- assert(condition, message) ---- */
bool bind_compute(const struct cx *c, struct expr *e, const struct syn *s, struct kql_value *out)
{
    const struct kql_catalog *catalog = c->b->o->catalog;
    if (e->kind == EX_CONST) {
        *out = e->value;
        return true;
    }
    if (catalog == NULL || catalog->peek == NULL || c->b->d->n_errors > 0)
        return false;
    struct plan *one = plan_new(c->b, P_ONE_ROW, NULL, s);
    struct named_expr n = {plan_fresh(c->b, STR("value"), e->type), e};
    struct kql_value *rows = NULL;
    size_t count = 0;
    struct err why;
    bool ok = catalog->peek(bind_peek_self(catalog), c->b->a, plan_project(c->b, one, &n, 1, s),
                            &rows, &count, &why);
    if (!ok || count != 1)
        return false;
    *out = rows[0];
    return true;
}

static struct expr *assertion(const struct cx *c, const struct syn *s)
{
    struct expr *condition = s->n == 2 ? bind_bool(c, s->kids[0]) : NULL;
    struct expr *message = s->n == 2 ? bind_expr(c, s->kids[1]) : NULL;
    struct kql_value held = {0}, text = {0};
    if (condition == NULL || message == NULL)
        bind_error(c->b, "SEM0219", s, "assert() takes 2 arguments, not %zu", s->n);
    else if (!ex_is_constant(condition) || !ex_is_constant(message))
        bind_error(c->b, "SEM0219", s, "assert(): both arguments must not depend on rows");
    else if (bind_compute(c, condition, s, &held) && (held.is_null || !held.b)) {
        bool known = bind_compute(c, message, s, &text) && text.type == KQL_STRING;
        bind_error(c->b, "SEM0235", s, "assert() has failed with message: '%s'",
                   z(c->b, known ? text.s : STR_NONE));
    }
    return ex_bool(c->b, true);
}

static const struct {
    const char *name;
    struct expr *(*fn)(const struct cx *c, const struct syn *s);
} calls[] = {
    {"assert", assertion},
    {"bin_auto", bin_auto},
    {"current_cluster_endpoint", current_endpoint},
    {"current_cursor", cursor_current},
    {"current_database", current_database},
    {"current_node_id", internal},
    {"current_principal", current_principal},
    {"current_principal_details", principal_details},
    {"current_principal_is_member_of", is_member_of},
    {"cursor_after", cursor_after},
    {"cursor_before_or_at", cursor_before},
    {"cursor_current", cursor_current},
    {"estimate_data_size", data_size},
    {"extent_id", extent_id},
    {"extent_tags", extent_tags},
    {"extentid", extent_id},
    {"row_id", internal},
    {"rowstore_ordinal_range", internal},
};

struct expr *bind_session_call(const struct cx *c, const struct syn *s)
{
    for (size_t i = 0; i < COUNTOF(calls); i++)
        if (str_eqz(s->text, calls[i].name))
            return calls[i].fn(c, s);
    return NULL;
}
