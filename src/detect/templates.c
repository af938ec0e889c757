/* Templates of rules: those that ship with the program, read once, and those of the workspace. */
#include "base/content.h"
#include "base/log.h"
#include "detect/detect_priv.h"
#include "text/date.h"
#include "text/files.h"
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_FILE = 1 << 20 };

/* ---- what ships ---- */

static int64_t time_of_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? TICKS_UNIX_EPOCH + (int64_t)st.st_mtime * TICKS_PER_SECOND : 0;
}

/* A file of ours that does not read is a mistake of the installation: it is told, the others
 * count. */
static bool read_shipped(struct arena *a, const char *path, struct rule *out)
{
    struct rule_issues is = {.a = a, .file = str_from(path)};
    struct str text = STR("");
    struct err e = {0};
    if (file_read(a, path, MAX_FILE, &text, &e)) {
        if (rule_read_yaml(a, text, out, &is))
            return true;
        rule_issues_err(&is, &e);
    }
    LOG(LOG_WARN, "detect", "a template that ships cannot be read", log_z("reason", e.msg));
    return false;
}

static void read_folder(struct detect *d, const char *folder)
{
    struct arena *a = d->templates;
    struct str dir = STR("");
    struct err e = {0};
    char **files = NULL;
    size_t n = 0;
    if (!content_find(a, folder, &dir, &e) || !folder_list(a, dir.p, ".yaml", &files, &n, &e)) {
        LOG(LOG_WARN, "detect", "templates that ship are not there", log_z("reason", e.msg));
        return;
    }
    struct rule *all = arena_array(a, struct rule, d->n_shipped + n + 1);
    int64_t *times = arena_array(a, int64_t, d->n_shipped + n + 1);
    for (size_t i = 0; i < d->n_shipped; i++) {
        all[i] = d->shipped[i];
        times[i] = d->shipped_times[i];
    }
    d->shipped = all;
    d->shipped_times = times;
    for (size_t i = 0; i < n; i++)
        if (read_shipped(a, files[i], &all[d->n_shipped]))
            times[d->n_shipped++] = time_of_file(files[i]);
}

static void need_shipped(struct detect *d)
{
    lock_take(&d->templates_lock);
    if (d->templates == NULL) {
        d->templates = arena_new(0);
        read_folder(d, "templates");
        read_folder(d, "rules");
    }
    lock_drop(&d->templates_lock);
}

void templates_fini(struct detect *d)
{
    arena_free(d->templates);
    d->templates = NULL;
}

/* ---- all ---- */

static struct detect_template *find(struct detect_template *all, size_t n, struct str id)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(all[i].rule.id, id))
            return &all[i];
    return NULL;
}

static bool add_own(struct arena *a, const struct state_rule_template *own, size_t n_own,
                    struct detect_template *all, size_t *n, struct err *e)
{
    for (size_t i = 0; i < n_own; i++) {
        struct state_rule stored = {
            .id = own[i].id, .kind = own[i].kind, .body = own[i].body, .extra = own[i].extra};
        struct detect_template *place = find(all, *n, own[i].id);
        if (place == NULL)
            place = &all[(*n)++];
        *place = (struct detect_template){.created = own[i].created, .modified = own[i].modified};
        if (!rule_load(a, &stored, &place->rule, e))
            return false;
    }
    return true;
}

static bool count_rules(struct detect *d, struct arena *a, struct workspace *w,
                        struct detect_template *all, size_t n, struct err *e)
{
    struct state_rule *rules = NULL;
    size_t n_rules = 0;
    if (!state_rule_list(d->o.state, a, workspace_id(w), &rules, &n_rules, e))
        return false;
    for (size_t i = 0; i < n_rules; i++) {
        struct json body = {0};
        if (!json_parse(a, rules[i].body, NULL, &body, NULL))
            continue;
        struct detect_template *t =
            find(all, n, json_text(json_get(&body, "alertRuleTemplateName"), STR("")));
        if (t != NULL)
            t->rules++;
    }
    return true;
}

static int by_name(const void *x, const void *y)
{
    const struct detect_template *a = x, *b = y;
    int c = str_cmp(a->rule.name, b->rule.name);
    return c != 0 ? c : str_cmp(a->rule.id, b->rule.id);
}

bool detect_template_list(struct detect *d, struct arena *a, struct workspace *w,
                          struct detect_template **out, size_t *n, struct err *e)
{
    struct state_rule_template *own = NULL;
    size_t n_own = 0, count = 0;
    need_shipped(d);
    if (!state_rule_template_list(d->o.state, a, workspace_id(w), &own, &n_own, e))
        return false;
    struct detect_template *all = arena_array(a, struct detect_template, d->n_shipped + n_own + 1);
    for (size_t i = 0; i < d->n_shipped; i++)
        if (find(all, count, d->shipped[i].id) == NULL)
            all[count++] = (struct detect_template){.rule = d->shipped[i],
                                                    .created = d->shipped_times[i],
                                                    .modified = d->shipped_times[i],
                                                    .ships = true};
    if (!add_own(a, own, n_own, all, &count, e) || !count_rules(d, a, w, all, count, e))
        return false;
    if (count > 1)
        qsort(all, count, sizeof(*all), by_name);
    *out = all;
    *n = count;
    return true;
}

bool detect_template_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                         struct detect_template *out, struct err *e)
{
    struct detect_template *all = NULL;
    size_t n = 0;
    if (!detect_template_list(d, a, w, &all, &n, e))
        return false;
    const struct detect_template *t = find(all, n, id);
    if (t == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no template '%.*s'",
                       (int)(id.n < 90 ? id.n : 90), id.p);
    *out = *t;
    return true;
}

bool detect_template_delete(struct detect *d, struct workspace *w, struct str id,
                            bool *out_was_there, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str name = STR("");
    return rule_name(a, id, &name, e) &&
           state_rule_template_delete(d->o.state, workspace_id(w), name, out_was_there, e);
}

bool template_fill(struct detect *d, struct arena *a, struct workspace *w, struct rule *r,
                   struct err *e)
{
    struct detect_template t = {0};
    struct err missing = {0};
    if (!detect_template_get(d, a, w, r->template_id, &t, &missing) || t.rule.kind != r->kind)
        return err_set(e, ERR_INVALID, "alertRuleTemplateName: '%.*s' is no template of kind %s",
                       (int)(r->template_id.n < 90 ? r->template_id.n : 90), r->template_id.p,
                       rule_kind_name(r->kind));
    r->template_id = t.rule.id;
    r->name = t.rule.name;
    r->description = t.rule.description;
    r->severity = t.rule.severity;
    r->tactics = t.rule.tactics;
    r->techniques = t.rule.techniques;
    r->subtechniques = t.rule.subtechniques;
    return true;
}

/* ---- the resource ---- */

static const char *template_status(const struct detect_template *t)
{
    return rule_is_bound(t->rule.kind) && t->rules > 0 ? "Installed" : "Available";
}

/* requiredDataConnectors as the template's file has them. */
static void write_connectors(struct arena *a, const struct rule *r, struct json_out *out)
{
    struct json extra = {0};
    const struct json *v = NULL;
    if (json_parse(a, r->extra, NULL, &extra, NULL))
        v = json_get(&extra, "requiredDataConnectors");
    json_key(out, "requiredDataConnectors");
    if (v != NULL && v->type == JSON_ARRAY) {
        json_value(out, v);
    } else {
        json_arr(out);
        json_arr_end(out);
    }
}

void detect_template_to_json(struct detect *d, struct arena *a, struct workspace *w,
                             const struct detect_template *t, struct json_out *out)
{
    const struct rule *r = &t->rule;
    json_obj(out);
    json_kv_str(out, "id", arm_id(a, &d->o.scope, workspace_name(w), "AlertRuleTemplates", r->id));
    json_kv_str(out, "name", r->id);
    json_kv_z(out, "type", "Microsoft.SecurityInsights/AlertRuleTemplates");
    json_kv_z(out, "kind", rule_kind_name(r->kind));
    json_key(out, "properties");
    json_obj(out);
    json_kv_int(out, "alertRulesCreatedByTemplateCount", (int64_t)t->rules);
    json_kv_time(out, "createdDateUTC", t->created);
    json_kv_time(out, "lastUpdatedDateUTC", t->modified);
    json_kv_z(out, "status", template_status(t));
    write_connectors(a, r, out);
    rule_write_template(r, out);
    json_obj_end(out);
    json_obj_end(out);
}
