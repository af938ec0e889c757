/* Keeping rules: from YAML and ARM into the control database and back. */
#include "base/ids.h"
#include "base/log.h"
#include "detect/detect_priv.h"
#include "state/settings.h"

enum { MAX_BODY = 4 << 20 };
#define START_SOONEST (10 * TICKS_PER_MINUTE)
#define START_LATEST (30 * TICKS_PER_DAY)

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
    out->query_text = STR_NONE; /* it is not the author's */
    return true;
}

static struct str body_of(struct arena *a, const struct rule *r)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_BODY);
    struct json_out w = json_out_make(&b);
    rule_write_arm(r, 0, &w);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

struct str guid_text(struct arena *a)
{
    char text[37];
    guid_format(guid_new(), text);
    return arena_str(a, str_from(text));
}

/* ---- storing ---- */

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

static void set_schedule(struct detect *d, struct arena *a, struct workspace *w,
                         const struct rule *r, const struct state_rule *before,
                         struct state_rule *s)
{
    if (!r->enabled || !rule_has_windows(r->kind)) {
        s->next_run = s->retry_at = 0;
    } else if (needs_new_schedule(a, r, before)) {
        s->next_run = schedule_first(d, r, clock_now(d->o.clock));
        s->arrived = detect_mark(d, w);
        s->late_after = s->arrived;
        if (rule_by_arrival(r->kind)) /* the first run sees the last minute */
            s->arrived -= NRT_FREQUENCY;
        s->retry_at = s->suppressed_until = s->failing_since = 0;
        s->attempts = s->failures = 0;
        s->failure_kind = STR("");
    }
}

static bool put_version(struct detect *d, const struct state_rule *s, const char *what,
                        const struct detect_actor *who, struct err *e)
{
    struct state_rule_version v = {.workspace = s->workspace,
                                   .rule = s->id,
                                   .kind = s->kind,
                                   .name = s->name,
                                   .etag = s->etag,
                                   .body = s->body,
                                   .extra = s->extra,
                                   .change = str_from(what),
                                   .who = who->name,
                                   .address = who->address,
                                   .at = clock_now(d->o.clock)};
    return state_rule_version_add(d->o.state, &v, (int64_t)d->o.max_versions, e);
}

/* A rule that is older than its versions gets one of what it was, so that nothing is lost. */
static bool put_first_version(struct detect *d, struct arena *a, const struct state_rule *before,
                              struct err *e)
{
    struct state_rule_version *all = NULL;
    struct detect_actor nobody = {0};
    size_t n = 0;
    if (before == NULL)
        return true;
    if (!state_rule_version_list(d->o.state, a, before->workspace, before->id, &all, &n, e))
        return false;
    return n > 0 || put_version(d, before, "as it was before changes were kept", &nobody, e);
}

static bool store_as(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                     const struct state_rule *before, const char *what,
                     const struct detect_actor *who, struct err *e)
{
    int64_t now = clock_now(d->o.clock);
    struct state_rule s = before != NULL ? *before : (struct state_rule){.created = now};
    s.workspace = workspace_id(w);
    s.id = r->id;
    s.kind = str_from(rule_kind_name(r->kind));
    s.name = r->name;
    s.etag = guid_text(a);
    s.body = body_of(a, r);
    s.extra = r->extra;
    s.enabled = r->enabled;
    s.modified = now;
    if (s.body.n == 0)
        return err_set(e, ERR_LIMIT, "the rule is larger than %d bytes", MAX_BODY);
    set_schedule(d, a, w, r, before, &s);
    struct audit audit = {before, &s, who};
    if (who->id.n > 0 && !state_author_put(d->o.state, s.workspace, RULE_AUTHOR, s.id, who->id, e))
        return false;
    if (!state_rule_put(d->o.state, &s, e) || !state_rule_set_schedule(d->o.state, &s, e) ||
        !put_first_version(d, a, before, e) || !put_version(d, &s, what, who, e) ||
        !audit_row(d, a, w, &audit, e))
        return false;
    schedule_set(d, &s);
    schedule_changed(d, &s);
    company_note(d, a, w, &s, r);
    if (s.enabled && rule_kind_status(r->kind) != NULL)
        LOG(LOG_WARN, "detect", "an enabled rule does nothing", log_s("rule", s.id),
            log_z("kind", rule_kind_name(r->kind)), log_z("reason", rule_kind_status(r->kind)));
    return true;
}

bool rule_store(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                const struct state_rule *before, struct err *e)
{
    struct detect_actor own = {.name = STR("Vedette")};
    return store_as(d, a, w, r, before, "disabled, since it kept failing", &own, e);
}

/* ---- limits of a workspace ---- */

/* Of a template that allows one rule no second one is made. */
static bool check_template(struct detect *d, struct workspace *w, const struct rule *r,
                           struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_rule *rules = NULL;
    size_t n = 0;
    if (!rule_is_bound(r->kind))
        return true;
    if (!state_rule_list_of_kind(d->o.state, a, workspace_id(w), str_from(rule_kind_name(r->kind)),
                                 &rules, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct json body = {0};
        if (!str_eq(rules[i].id, r->id) && json_parse(a, rules[i].body, NULL, &body, NULL) &&
            str_ieq(json_text(json_get(&body, "alertRuleTemplateName"), STR("")), r->template_id))
            return err_set(e, ERR_CONFLICT,
                           "the rule '%.*s' was made of the template '%.*s', which allows one",
                           STR_ARG(rules[i].id), STR_ARG(r->template_id));
    }
    return true;
}

static bool check_limits(struct detect *d, struct workspace *w, const struct rule *r,
                         const struct state_rule *before, struct err *e)
{
    struct state_rule_tally t = {0};
    bool nrt = r->kind == RULE_NRT, enables = r->enabled && (before == NULL || !before->enabled);
    size_t most = nrt ? d->o.max_nrt_rules : d->o.max_rules;
    size_t most_enabled = nrt ? d->o.max_enabled_nrt_rules : d->o.max_enabled_rules;
    struct state_rule_others others = {.workspace = workspace_id(w),
                                       .id = r->id,
                                       .kind = str_from(rule_kind_name(RULE_NRT)),
                                       .of_other_kinds = !nrt};
    if (!check_template(d, w, r, e) || !state_rule_count(d->o.state, &others, &t, e))
        return false;
    if (before == NULL && t.all >= most)
        return err_set(e, ERR_LIMIT, "the workspace has %zu %s rules already; delete one", t.all,
                       nrt ? "NRT" : "analytics");
    if (enables && t.enabled >= most_enabled)
        return err_set(e, ERR_LIMIT, "the workspace has %zu enabled %s rules already; disable one",
                       t.enabled, nrt ? "NRT" : "analytics");
    return true;
}

/* "Start running at" is a choice for the future; a start that has passed only keeps the rhythm. */
static bool check_start(struct detect *d, struct arena *a, const struct rule *r,
                        const struct state_rule *before, struct err *e)
{
    struct rule old = {0};
    int64_t now = clock_now(d->o.clock);
    if (before != NULL && rule_load(a, before, &old, NULL) && old.start_time == r->start_time)
        return true;
    return r->start_time <= now ||
           (r->start_time >= now + START_SOONEST && r->start_time <= now + START_LATEST) ||
           err_set(e, ERR_INVALID,
                   "startTimeUtc: 10 minutes to 30 days from now expected, or a time that passed");
}

/* ---- a change with its checks, in one transaction ---- */

static const char *name_of_change(const struct rule_change *x, const struct state_rule *before)
{
    if (x->what != NULL)
        return x->what;
    if (before == NULL)
        return "created";
    return before->enabled == x->rule->enabled ? "updated"
           : x->rule->enabled                  ? "updated and enabled"
                                               : "updated and disabled";
}

static bool change_locked(struct detect *d, struct arena *a, struct workspace *w,
                          struct rule_change *x, struct err *e)
{
    struct state_rule before = {0};
    struct err missing = {0};
    bool there = state_rule_get(d->o.state, a, workspace_id(w), x->rule->id, &before, &missing);
    if (!there && missing.code != ERR_NOT_FOUND) {
        *e = missing;
        return false;
    }
    x->created = !there;
    if (there && !etag_fits(x->etag, before.etag))
        return err_set(e, ERR_CONFLICT, "the rule was changed meanwhile: its etag is another one");
    const struct state_rule *old = there ? &before : NULL;
    return check_limits(d, w, x->rule, old, e) && check_start(d, a, x->rule, old, e) &&
           store_as(d, a, w, x->rule, old, name_of_change(x, old), x->who, e);
}

bool rule_change(struct detect *d, struct arena *a, struct workspace *w, struct rule_change *x,
                 struct err *e)
{
    struct state *s = d->o.state;
    if (!state_begin(s, e))
        return false;
    return state_end(s, change_locked(d, a, w, x, e), e) && incidents_flush(d->o.incidents, e);
}

bool detect_may_run(const struct detect_actor *who, struct workspace *w, struct str query,
                    struct err *e)
{
    return who == NULL || who->may_run == NULL || query.n == 0 ||
           who->may_run(who->self, w, query, e);
}

/* ---- importing ---- */

bool detect_rule_import_yaml(struct detect *d, struct arena *a, struct workspace *w,
                             struct str text, struct rule_issues *is, struct str *out_id,
                             struct err *e)
{
    struct rule r = {0};
    struct detect_actor own = {.name = STR("Vedette")};
    is->a = a;
    is->max_query_chars = d->o.max_query_chars;
    if (!rule_read_yaml(a, text, &r, is) ||
        !rule_check_query(a, w, &r, clock_now(d->o.clock), is)) {
        rule_issues_err(is, e);
        return false;
    }
    if (out_id != NULL)
        *out_id = r.id;
    struct rule_change x = {.rule = &r, .who = &own};
    return (!rule_is_bound(r.kind) || template_fill(d, a, w, &r, e)) && rule_change(d, a, w, &x, e);
}

bool rule_name(struct arena *a, struct str id, struct str *out, struct err *e)
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

/* ---- ARM ---- */

bool detect_rule_put(struct detect *d, struct arena *a, struct workspace *w,
                     const struct detect_put *put, bool *out_created, struct err *e)
{
    struct rule r = {0};
    struct json root = {0};
    struct str name = STR("");
    struct rule_issues is = {.a = a, .max_query_chars = d->o.max_query_chars};
    if (!rule_name(a, put->id, &name, e) || !json_parse(a, put->body, NULL, &root, e))
        return false;
    if (!rule_read_arm(a, name, put->body, &r, &is) ||
        !rule_check_query(a, w, &r, clock_now(d->o.clock), &is)) {
        rule_issues_err(&is, e);
        return false;
    }
    if (!detect_may_run(put->who, w, r.query, e))
        return false;
    struct rule_change x = {.rule = &r, .who = put->who};
    x.etag = put->if_match.n > 0 ? put->if_match : json_text(json_get(&root, "etag"), STR(""));
    if ((rule_is_bound(r.kind) && !template_fill(d, a, w, &r, e)) || !rule_change(d, a, w, &x, e))
        return false;
    *out_created = x.created;
    return true;
}

bool detect_rule_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                     struct state_rule *out, struct err *e)
{
    struct str name = STR("");
    if (!rule_name(a, id, &name, e))
        return false;
    return state_rule_get(d->o.state, a, workspace_id(w), name, out, e);
}

bool rule_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
              struct state_rule *stored, struct rule *out, struct err *e)
{
    return detect_rule_get(d, a, w, id, stored, e) && rule_load(a, stored, out, e);
}

bool detect_rule_list(struct detect *d, struct arena *a, struct workspace *w,
                      struct state_rule **out, size_t *n, struct err *e)
{
    return state_rule_list(d->o.state, a, workspace_id(w), out, n, e);
}

static bool delete_locked(struct detect *d, struct arena *a, struct workspace *w,
                          const struct detect_put *x, struct str id, bool *out_was_there,
                          struct err *e)
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
    if (!etag_fits(x->if_match, r.etag))
        return err_set(e, ERR_CONFLICT, "the rule was changed meanwhile: its etag is another one");
    struct audit audit = {&r, NULL, x->who};
    return state_rule_delete(d->o.state, workspace_id(w), id, out_was_there, e) &&
           state_author_delete(d->o.state, workspace_id(w), RULE_AUTHOR, id, e) &&
           put_first_version(d, a, &r, e) && put_version(d, &r, "deleted", x->who, e) &&
           audit_row(d, a, w, &audit, e);
}

bool detect_rule_delete(struct detect *d, struct workspace *w, const struct detect_put *x,
                        bool *out_was_there, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str name = STR("");
    if (!rule_name(a, x->id, &name, e) || !state_begin(d->o.state, e))
        return false;
    if (!state_end(d->o.state, delete_locked(d, a, w, x, name, out_was_there, e), e))
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
