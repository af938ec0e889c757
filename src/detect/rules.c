/* Keeping rules: from YAML and ARM into the control database and back. */
#include "base/ids.h"
#include "detect/detect_priv.h"

enum { MAX_BODY = 4 << 20 };

bool rule_load(struct arena *a, const struct state_rule *stored, struct rule *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)MAX_BODY * 2);
    struct json_out w = json_out_make(&b);
    struct rule_issues is = {.a = a, .max_query_chars = MAX_BODY};
    json_obj(&w);
    json_kv_str(&w, "kind", stored->kind);
    json_key(&w, "properties");
    json_raw(&w, stored->body);
    json_obj_end(&w);
    if (!rule_read_arm(a, stored->id, arena_str(a, sbuf_str(&b)), out, &is)) {
        rule_issues_err(&is, e);
        return false;
    }
    out->extra = stored->extra;
    return true;
}

static struct str body_of(struct arena *a, const struct rule *r)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_BODY);
    struct json_out w = json_out_make(&b);
    rule_write_arm(r, 0, &w);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

/* Changes that make the old rhythm meaningless. */
static bool needs_new_schedule(struct arena *a, const struct rule *r,
                               const struct state_rule *before)
{
    struct rule old = {0};
    if (before == NULL || !before->enabled || before->next_run == 0 ||
        !rule_load(a, before, &old, NULL))
        return true;
    return old.kind != r->kind || rule_frequency(&old) != rule_frequency(r) ||
           old.start_time != r->start_time;
}

bool rule_store(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                const struct state_rule *before, struct err *e)
{
    char etag[37];
    int64_t now = clock_now(d->o.clock);
    struct state_rule s = before != NULL ? *before : (struct state_rule){.created = now};
    guid_format(guid_new(), etag);
    s.workspace = workspace_id(w);
    s.id = r->id;
    s.kind = str_from(rule_kind_name(r->kind));
    s.name = r->name;
    s.etag = arena_str(a, str_from(etag));
    s.body = body_of(a, r);
    s.extra = r->extra;
    s.enabled = r->enabled;
    s.modified = now;
    if (s.body.n == 0)
        return err_set(e, ERR_LIMIT, "the rule is larger than %d bytes", MAX_BODY);
    if (!r->enabled) {
        s.next_run = s.retry_at = 0;
    } else if (needs_new_schedule(a, r, before)) {
        s.next_run = schedule_first(d, r, now);
        s.arrived = detect_mark(d, w);
        s.late_after = s.arrived;
        if (r->kind == RULE_NRT) /* the first run sees the last minute */
            s.arrived -= NRT_FREQUENCY;
        s.retry_at = s.suppressed_until = s.failing_since = 0;
        s.attempts = s.failures = 0;
        s.failure_kind = STR("");
    }
    if (!state_rule_put(d->o.state, &s, e) || !state_rule_set_schedule(d->o.state, &s, e) ||
        !audit_row(d, a, w, s.id, s.name, false, e))
        return false;
    schedule_set(d, &s);
    schedule_changed(d, &s);
    return true;
}

/* ---- storing with its checks, in one transaction ---- */

struct writing {
    struct detect *d;
    struct arena *a;
    struct workspace *w;
    const struct rule *rule;
    struct str etag; /* expected; empty: any */
    bool created;
};

static bool write_locked(struct writing *x, struct err *e)
{
    struct state *s = x->d->o.state;
    struct state_rule before = {0}, *all = NULL;
    struct err missing = {0};
    size_t n = 0;
    bool there = state_rule_get(s, x->a, workspace_id(x->w), x->rule->id, &before, &missing);
    if (!there && missing.code != ERR_NOT_FOUND) {
        *e = missing;
        return false;
    }
    x->created = !there;
    if (there && !etag_fits(x->etag, before.etag))
        return err_set(e, ERR_CONFLICT, "the rule was changed meanwhile: its etag is another one");
    if (!there) {
        if (!state_rule_list(s, x->a, workspace_id(x->w), &all, &n, e))
            return false;
        if (n >= x->d->o.max_rules)
            return err_set(e, ERR_LIMIT,
                           "the workspace has %zu analytics rules already; delete one", n);
    }
    return rule_store(x->d, x->a, x->w, x->rule, there ? &before : NULL, e);
}

static bool write_rule(struct writing *x, struct err *e)
{
    struct state *s = x->d->o.state;
    if (!state_begin(s, e))
        return false;
    return state_end(s, write_locked(x, e), e) && incidents_flush(x->d->o.incidents, e);
}

bool detect_rule_import_yaml(struct detect *d, struct arena *a, struct workspace *w,
                             struct str text, struct rule_issues *is, struct str *out_id,
                             struct err *e)
{
    struct rule r = {0};
    is->a = a;
    is->max_query_chars = d->o.max_query_chars;
    if (!rule_read_yaml(a, text, &r, is) ||
        !rule_check_query(a, w, &r, clock_now(d->o.clock), is)) {
        rule_issues_err(is, e);
        return false;
    }
    if (out_id != NULL)
        *out_id = r.id;
    struct writing x = {.d = d, .a = a, .w = w, .rule = &r};
    return write_rule(&x, e);
}

/* Lower case, as rules are kept; a name as ARM allows it. */
static bool rule_name(struct arena *a, struct str id, struct str *out, struct err *e)
{
    char *p = arena_strz(a, id);
    for (size_t i = 0; i < id.n; i++) {
        char c = p[i];
        if (c >= 'A' && c <= 'Z')
            p[i] = (char)(c + 32);
        else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return err_set(e, ERR_INVALID, "rule name: letters, digits, '-' and '_' expected");
    }
    *out = (struct str){p, id.n};
    return (id.n > 0 && id.n <= 90) ||
           err_set(e, ERR_INVALID, "rule name: 1 to 90 characters expected");
}

static bool supported_kind(const struct json *root, struct err *e)
{
    struct str kind = json_text(json_iget(root, "kind"), STR("Scheduled"));
    if (str_ieqz(kind, "Scheduled") || str_ieqz(kind, "NRT"))
        return true;
    return err_set(e, ERR_UNSUPPORTED,
                   "rules of kind '%.*s' are not supported; Scheduled or NRT expected",
                   (int)(kind.n < 60 ? kind.n : 60), kind.p);
}

bool detect_rule_put(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                     struct str body, struct str if_match, bool *out_created, struct err *e)
{
    struct rule r = {0};
    struct json root = {0};
    struct str name = STR("");
    struct rule_issues is = {.a = a, .max_query_chars = d->o.max_query_chars};
    if (!rule_name(a, id, &name, e) || !json_parse(a, body, NULL, &root, e) ||
        !supported_kind(&root, e))
        return false;
    if (!rule_read_arm(a, name, body, &r, &is) ||
        !rule_check_query(a, w, &r, clock_now(d->o.clock), &is)) {
        rule_issues_err(&is, e);
        return false;
    }
    struct writing x = {.d = d, .a = a, .w = w, .rule = &r};
    x.etag = if_match.n > 0 ? if_match : json_text(json_get(&root, "etag"), STR(""));
    bool ok = write_rule(&x, e);
    *out_created = x.created;
    return ok;
}

bool detect_rule_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                     struct state_rule *out, struct err *e)
{
    struct str name = STR("");
    if (!rule_name(a, id, &name, e))
        return false;
    return state_rule_get(d->o.state, a, workspace_id(w), name, out, e);
}

bool detect_rule_list(struct detect *d, struct arena *a, struct workspace *w,
                      struct state_rule **out, size_t *n, struct err *e)
{
    return state_rule_list(d->o.state, a, workspace_id(w), out, n, e);
}

static bool delete_locked(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                          bool *out_was_there, struct err *e)
{
    struct state_rule r = {0};
    struct err missing = {0};
    *out_was_there = state_rule_get(d->o.state, a, workspace_id(w), id, &r, &missing);
    if (!*out_was_there) {
        if (missing.code == ERR_NOT_FOUND)
            return true;
        *e = missing;
        return false;
    }
    return state_rule_delete(d->o.state, workspace_id(w), id, out_was_there, e) &&
           audit_row(d, a, w, id, r.name, true, e);
}

bool detect_rule_delete(struct detect *d, struct workspace *w, struct str id, bool *out_was_there,
                        struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str name = STR("");
    if (!rule_name(a, id, &name, e) || !state_begin(d->o.state, e))
        return false;
    if (!state_end(d->o.state, delete_locked(d, a, w, name, out_was_there, e), e))
        return false;
    schedule_drop(d, workspace_id(w), name);
    return incidents_flush(d->o.incidents, e);
}

bool detect_rule_to_json(struct detect *d, struct arena *a, struct workspace *w,
                         const struct state_rule *r, struct json_out *out, struct err *e)
{
    struct rule rule = {0};
    if (!rule_load(a, r, &rule, e))
        return false;
    json_obj(out);
    json_kv_str(out, "id", arm_id(a, &d->o.scope, workspace_name(w), "alertRules", r->id));
    json_kv_str(out, "name", r->id);
    json_kv_z(out, "type", "Microsoft.SecurityInsights/alertRules");
    json_kv_str(out, "kind", r->kind);
    etag_write(out, r->etag);
    json_key(out, "properties");
    rule_write_arm(&rule, r->modified, out);
    json_obj_end(out);
    return true;
}
