/* What people do with rules beside writing them: importing files, switching, copying, going back to
 * a version, taking a template's newer one. */
#include "detect/detect_priv.h"
#include "text/date.h"

/* ---- importing ---- */

static struct detect_imported imported(const struct rule *r, bool created)
{
    return (struct detect_imported){r->id, r->name, r->kind, created};
}

static bool put_template(struct detect *d, struct arena *a, struct workspace *w,
                         const struct rule *r, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    int64_t now = clock_now(d->o.clock);
    struct detect_template before = {0};
    struct err missing = {0};
    bool there = detect_template_get(d, a, w, r->id, &before, &missing);
    rule_write_arm(r, 0, &o);
    struct state_rule_template t = {.workspace = workspace_id(w),
                                    .id = r->id,
                                    .kind = str_from(rule_kind_name(r->kind)),
                                    .name = r->name,
                                    .version = r->template_version,
                                    .body = sbuf_str(&b),
                                    .extra = r->extra,
                                    .created = there && !before.ships ? before.created : now,
                                    .modified = now};
    return state_rule_template_put(d->o.state, &t, e);
}

/* A refusal of one rule is an issue; what stops them all is an error. */
static bool is_refusal(const struct err *e)
{
    return e->code == ERR_INVALID || e->code == ERR_LIMIT || e->code == ERR_CONFLICT ||
           e->code == ERR_NOT_FOUND;
}

static bool import_one(struct detect *d, struct arena *a, struct workspace *w,
                       const struct detect_import *x, struct rule *r, struct rule_issues *is,
                       bool *out_created, struct err *e)
{
    struct rule_change change = {.rule = r, .who = x->who};
    struct str name = STR("");
    size_t before = is->n_errors;
    if (!rule_name(a, r->id, &name, e))
        return false;
    r->id = name;
    if (!x->templates && !rule_check_query(a, w, r, clock_now(d->o.clock), is))
        return err_set(e, ERR_INVALID, "%s", ""); /* told in is */
    CHECK(is->n_errors == before);
    if (!x->templates && !detect_may_run(x->who, w, r->query, e))
        return false;
    if (!x->templates && rule_is_bound(r->kind) && !template_fill(d, a, w, r, e))
        return false;
    if (x->only_check)
        return true;
    if (x->templates)
        return put_template(d, a, w, r, e);
    if (!rule_change(d, a, w, &change, e))
        return false;
    *out_created = change.created;
    return true;
}

/* A hunting query is the library's: it is only checked here. */
static void hunting(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                    struct rule_issues *is, struct detect_imports *out)
{
    if (rule_check_query(a, w, r, clock_now(d->o.clock), is))
        VEC_PUSH(a, &out->hunting, *r);
    else
        out->refused++;
}

bool detect_rules_import(struct detect *d, struct arena *a, struct workspace *w,
                         const struct detect_import *x, struct rule_issues *is,
                         struct detect_imports *out, struct err *e)
{
    struct rule_list list = {0};
    is->a = a;
    is->max_query_chars = d->o.max_query_chars;
    if (!rule_read_text(a, x->text, workspace_name(w), &list, is)) {
        rule_issues_err(is, e);
        return false;
    }
    out->refused = list.refused;
    for (size_t i = 0; i < list.v.n; i++) {
        struct rule *r = &list.v.p[i];
        struct err why = {0};
        bool created = false;
        if (r->kind == RULE_HUNTING) {
            hunting(d, a, w, r, is, out);
            continue;
        }
        if (import_one(d, a, w, x, r, is, &created, &why)) {
            VEC_PUSH(a, &out->v, imported(r, created));
            continue;
        }
        if (!is_refusal(&why)) {
            *e = why;
            return false;
        }
        if (why.msg[0] != '\0')
            rule_issue_add(is, false, 0, r->name, "%s", why.msg);
        out->refused++;
    }
    if (out->refused > 0)
        rule_issues_err(is, e);
    return true;
}

/* ---- one rule ---- */

static bool restore(struct detect *d, struct arena *a, struct workspace *w,
                    const struct detect_edit *x, struct rule *r, struct err *e)
{
    struct str id = STR("");
    struct state_rule_version v = {0};
    if (!rule_name(a, x->id, &id, e) ||
        !state_rule_version_get(d->o.state, a, workspace_id(w), id, x->version, &v, e))
        return false;
    struct state_rule stored = {.id = id, .kind = v.kind, .body = v.body, .extra = v.extra};
    return rule_load(a, &stored, r, e);
}

/* The template as it is, under the rule's name and with what only the rule has. */
static bool take_template(struct detect *d, struct arena *a, struct workspace *w, struct rule *r,
                          struct err *e)
{
    struct detect_template t = {0};
    if (r->template_id.n == 0)
        return err_set(e, ERR_INVALID, "the rule was not made of a template");
    if (!detect_template_get(d, a, w, r->template_id, &t, e))
        return false;
    if (rule_version_compare(t.rule.template_version, r->template_version) <= 0)
        return err_set(e, ERR_INVALID, "the template has no newer version than %.*s",
                       STR_ARG(r->template_version));
    struct rule newer = t.rule;
    newer.id = r->id;
    newer.enabled = r->enabled;
    newer.template_id = r->template_id;
    newer.start_time = r->start_time;
    *r = newer;
    return true;
}

static bool check(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                  const struct detect_actor *who, struct err *e)
{
    struct rule_issues is = {.a = a, .max_query_chars = d->o.max_query_chars};
    if (!detect_may_run(who, w, r->query, e))
        return false;
    if (!r->enabled || rule_check_query(a, w, r, clock_now(d->o.clock), &is))
        return true;
    rule_issues_err(&is, e);
    return false;
}

static bool edit_of(struct detect *d, struct arena *a, struct workspace *w,
                    const struct detect_edit *x, struct rule *r, struct rule_change *change,
                    struct err *e)
{
    struct state_rule stored = {0};
    if (x->what == EDIT_RESTORE) {
        change->what = arena_fmt(a, "restored to version %lld", (long long)x->version).p;
        return restore(d, a, w, x, r, e);
    }
    if (!rule_get(d, a, w, x->id, &stored, r, e))
        return false;
    change->etag = stored.etag;
    if (x->what != EDIT_UPDATE) {
        r->enabled = x->what == EDIT_ENABLE;
        if (r->enabled != stored.enabled)
            change->what = r->enabled ? "enabled" : "disabled";
        return true;
    }
    struct str from = r->template_version;
    if (!take_template(d, a, w, r, e))
        return false;
    change->what = arena_fmt(a, "updated to the template's version %.*s from %.*s",
                             STR_ARG(r->template_version), STR_ARG(from))
                       .p;
    return true;
}

/* The query is compiled outside of the transaction; a change in between is a conflict. */
bool detect_rule_edit(struct detect *d, struct arena *a, struct workspace *w,
                      const struct detect_edit *x, struct err *e)
{
    struct rule r = {0};
    struct rule_change change = {.rule = &r, .who = x->who};
    if (!edit_of(d, a, w, x, &r, &change, e))
        return false;
    return change.what == NULL ||
           (check(d, a, w, &r, x->who, e) && rule_change(d, a, w, &change, e));
}

/* ---- copies ---- */

static bool copy_source(struct detect *d, struct arena *a, struct workspace *w,
                        const struct detect_copy *x, struct rule *out, struct err *e)
{
    struct state_rule stored = {0};
    struct detect_template t = {0};
    if (!x->of_template) {
        if (!rule_get(d, a, w, x->from, &stored, out, e))
            return false;
        out->name = arena_fmt(a, "Copy of %.*s", STR_ARG(out->name));
        out->enabled = false;
        return true;
    }
    if (!detect_template_get(d, a, w, x->from, &t, e))
        return false;
    *out = t.rule;
    out->template_id = t.rule.id;
    out->enabled = true;
    return true;
}

bool detect_rule_copy(struct detect *d, struct arena *a, struct workspace *w,
                      const struct detect_copy *x, struct str *out_id, struct err *e)
{
    struct rule r = {0};
    struct state_rule taken = {0};
    struct rule_change change = {.rule = &r, .who = x->who};
    if (!copy_source(d, a, w, x, &r, e) ||
        !rule_name(a, x->new_id.n > 0 ? x->new_id : guid_text(a), &r.id, e))
        return false;
    if (x->name.n > 0)
        r.name = x->name;
    if (r.name.n > RULE_NAME_BYTES)
        return err_set(e, ERR_INVALID, "the name is longer than %d bytes", RULE_NAME_BYTES);
    if (state_rule_get(d->o.state, a, workspace_id(w), r.id, &taken, NULL))
        return err_set(e, ERR_CONFLICT, "there is a rule '%.*s' already", STR_ARG(r.id));
    change.what = x->of_template
                      ? arena_fmt(a, "created from the template %.*s", STR_ARG(x->from)).p
                      : arena_fmt(a, "copied from %.*s", STR_ARG(x->from)).p;
    if (!check(d, a, w, &r, x->who, e) || !rule_change(d, a, w, &change, e))
        return false;
    *out_id = r.id;
    return true;
}

/* ---- looking ---- */

bool detect_rule_versions(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                          struct state_rule_version **out, size_t *n, struct err *e)
{
    struct str name = STR("");
    struct state_rule r = {0};
    if (!rule_name(a, id, &name, e) ||
        !state_rule_version_list(d->o.state, a, workspace_id(w), name, out, n, e))
        return false;
    return *n > 0 || state_rule_get(d->o.state, a, workspace_id(w), name, &r, e);
}

void detect_rule_version_to_json(const struct state_rule_version *v, bool with_rule,
                                 struct json_out *out)
{
    json_obj(out);
    json_kv_int(out, "version", v->version);
    json_kv_str(out, "change", v->change);
    json_kv_str(out, "who", v->who);
    json_kv_str(out, "address", v->address);
    json_kv_time(out, "at", v->at);
    json_kv_str(out, "kind", v->kind);
    json_kv_str(out, "name", v->name);
    etag_write(out, v->etag);
    if (with_rule) {
        json_key(out, "properties");
        json_raw(out, v->body);
    }
    json_obj_end(out);
}

bool detect_rule_to_yaml(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                         struct sbuf *out, struct err *e)
{
    struct state_rule stored = {0};
    struct rule r = {0};
    return rule_get(d, a, w, id, &stored, &r, e) && rule_write_yaml(&r, out, e);
}

static const struct detect_template *template_of(const struct detect_template *all, size_t n,
                                                 struct str id)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(all[i].rule.id, id))
            return &all[i];
    return NULL;
}

static struct str status_of(struct detect *d, const struct state_rule *s, const struct rule *r)
{
    const char *idle = rule_kind_status(r->kind);
    if (!s->enabled)
        return STR("disabled");
    if (idle != NULL)
        return str_from(idle);
    if (s->suppressed_until > clock_now(d->o.clock))
        return STR("suppressed");
    return s->failures > 0 || s->attempts > 0 ? STR("failing") : STR("running");
}

static void write_text_list(struct json_out *o, const char *key, const struct strs *names)
{
    json_key(o, key);
    json_arr(o);
    for (size_t i = 0; i < names->n; i++)
        json_str(o, names->p[i]);
    json_arr_end(o);
}

static void write_overview(struct detect *d, const struct state_rule *s, const struct rule *r,
                           const struct detect_template *t, struct json_out *o)
{
    struct str newest = t != NULL ? t->rule.template_version : STR("");
    json_obj(o);
    json_kv_str(o, "id", s->id);
    json_kv_str(o, "name", s->name);
    json_kv_str(o, "kind", s->kind);
    json_kv_bool(o, "enabled", s->enabled);
    if (r->kind != RULE_MICROSOFT_INCIDENT)
        json_kv_z(o, "severity", rule_severity_name(r->severity));
    write_text_list(o, "tactics", &r->tactics);
    write_text_list(o, "techniques", &r->techniques);
    write_text_list(o, "subTechniques", &r->subtechniques);
    json_kv_z(o, "source", t != NULL ? "Gallery content" : "Custom content");
    json_kv_time(o, "lastModified", s->modified);
    json_kv_str(o, "template", r->template_id);
    json_kv_str(o, "templateVersion", r->template_version);
    json_kv_str(o, "newestVersion", newest);
    json_kv_bool(o, "updateAvailable",
                 t != NULL && rule_version_compare(newest, r->template_version) > 0);
    json_kv_str(o, "status", status_of(d, s, r));
    json_kv_time(o, "lastRun", s->last_run);
    json_kv_time(o, "nextRun", s->next_run);
    json_kv_int(o, "failures", s->failures > 0 ? s->failures : s->attempts);
    json_obj_end(o);
}

bool detect_rule_overview(struct detect *d, struct arena *a, struct workspace *w,
                          struct json_out *out, struct err *e)
{
    struct detect_template *templates = NULL;
    struct state_rule *rules = NULL;
    size_t n = 0, n_templates = 0;
    if (!detect_template_list(d, a, w, &templates, &n_templates, e) ||
        !detect_rule_list(d, a, w, &rules, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct rule r = {0};
        if (!rule_load(a, &rules[i], &r, e))
            return false;
        write_overview(d, &rules[i], &r, template_of(templates, n_templates, r.template_id), out);
    }
    return true;
}
