/* Verbs of vedette rules that ask a server about single rules and templates. */
#include "cli/rules_manage.h"
#include "cli/files.h"
#include "cli/verbs.h"
#include "detect/rule.h"
#include <stdio.h>
#include <sys/stat.h>

enum { MAX_FILE = 32 << 20 };
#define VERSION "api-version=2024-09-01"

static char *own(struct client *c, const struct client_workspace *w, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* A target below the workspace's own routes. */
static char *own(struct client *c, const struct client_workspace *w, const char *fmt, ...)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    va_list ap;
    sbuf_addf(&b, "/vedette/v1/workspaces/%s/", w->id);
    va_start(ap, fmt);
    sbuf_addv(&b, fmt, ap);
    va_end(ap);
    return arena_strz(c->a, sbuf_str(&b));
}

static const char *encoded(struct client *c, const char *word)
{
    return arena_strz(c->a, client_encoded(c->a, str_from(word)));
}

static struct str text_of(const struct json *v, const char *path)
{
    return json_text(json_path(v, path), STR(""));
}

static bool need_words(const struct rules_job *j, int n, const char *what, struct err *e)
{
    return verb_words_are(&(struct verb_words){j->words, j->n}, n, what, e);
}

/* ---- files ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool add_folder(struct arena *a, char *dir, struct file_paths *out, struct err *e)
{
    static const char *const suffixes[] = {".yaml", ".yml", ".json", NULL};
    struct file_paths found = {0};
    size_t before = out->n;
    if (!folder_walk(a, dir, suffixes, &found, e))
        return false;
    for (size_t i = 0; i < found.n; i++)
        if (!str_ends(str_from(found.p[i]), STR(".test.yaml")) &&
            !str_ends(str_from(found.p[i]), STR(".parameters.json")))
            VEC_PUSH(a, out, found.p[i]);
    return out->n > before || err_set(e, ERR_NOT_FOUND, "no .yaml or .json file in %s", dir);
}

bool rules_files(struct arena *a, char **words, int n, struct file_paths *out, struct err *e)
{
    if (n == 0)
        return err_set(e, ERR_INVALID, "files or folders of rules expected");
    for (int i = 0; i < n; i++) {
        if (!is_folder(words[i]))
            VEC_PUSH(a, out, words[i]);
        else if (!add_folder(a, words[i], out, e))
            return false;
    }
    return true;
}

static long long number_of(const struct json *v, const char *key)
{
    const struct json *n = json_get(v, key);
    return n != NULL ? (long long)n->i : 0;
}

size_t rules_print_issues(const char *file, const struct json *answer)
{
    size_t errors = 0;
    const struct json *list = json_get(answer, "issues");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        const struct json *x = &list->items[i];
        struct str level = json_text(json_get(x, "level"), STR("error"));
        struct str key = text_of(x, "key"), message = text_of(x, "message");
        fprintf(stderr, "%s:%lld:%lld: %.*s: %.*s%s%.*s\n", file, number_of(x, "line"),
                number_of(x, "column"), STR_ARG(level), STR_ARG(key), key.n > 0 ? ": " : "",
                STR_ARG(message));
        fprintf(stderr, "%.*s", STR_ARG(text_of(x, "excerpt")));
        errors += str_eqz(level, "error") ? 1 : 0;
    }
    return errors;
}

static bool send_file(struct client *c, const char *target, const char *file,
                      struct rules_sent *out, struct err *e)
{
    struct str text = STR("");
    struct json answer = {0};
    int status = 0;
    if (!file_read(c->a, file, MAX_FILE, &text, e) ||
        !client_call_any(c, "POST", target, "application/yaml", text, &status, &answer, e))
        return false;
    size_t errors = rules_print_issues(file, &answer);
    if (status != 200 && errors == 0) {
        (void)client_refused(status, &answer, e);
        err_prefix(e, "%s", file);
        return false;
    }
    const struct json *rules = json_get(&answer, "rules");
    size_t refused = (size_t)number_of(&answer, "refused");
    out->rules += rules != NULL ? rules->n : 0;
    out->refused += status != 200 && refused == 0 ? 1 : refused;
    return true;
}

bool rules_send(struct client *c, const char *target, const struct file_paths *files,
                struct rules_sent *out, struct err *e)
{
    for (size_t i = 0; i < files->n; i++)
        if (!send_file(c, target, files->p[i], out, e))
            return false;
    return true;
}

/* ---- looking ---- */

/* "1.0.0 -> 1.1.0" when there is a newer one. */
static struct str version_cell(struct client *c, const struct json *r)
{
    struct str is = text_of(r, "templateVersion");
    if (!json_is_true(json_get(r, "updateAvailable")))
        return is;
    return arena_fmt(c->a, "%.*s -> %.*s", STR_ARG(is), STR_ARG(text_of(r, "newestVersion")));
}

static void rule_row(struct client *c, const struct json *x, struct str *cells)
{
    cells[0] = text_of(x, "id");
    cells[1] = text_of(x, "kind");
    cells[2] = text_of(x, "severity");
    cells[3] = json_is_true(json_get(x, "enabled")) ? STR("yes") : STR("no");
    cells[4] = version_cell(c, x);
    cells[5] = text_of(x, "status");
    cells[6] = text_of(x, "name");
}

bool rules_list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"ID",      "KIND",   "SEVERITY", "ENABLED",
                                        "VERSION", "STATUS", "NAME"};
    (void)arg;
    return verb_list(c, own(c, w, "rules"), heads, COUNTOF(heads), rule_row, e);
}

static bool print_yaml(struct client *c, const struct json *resource, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf yaml = sbuf_make(0);
    struct json_out o = json_out_make(&text);
    struct rule_list list = {0};
    struct rule_issues is = {.a = c->a, .max_query_chars = SIZE_MAX};
    json_value(&o, resource);
    if (!rule_read_text(c->a, sbuf_str(&text), STR(""), &list, &is) || list.v.n != 1) {
        rule_issues_err(&is, e);
        return false;
    }
    if (!rule_write_yaml(&list.v.p[0], &yaml, e))
        return false;
    fwrite(yaml.p, 1, yaml.n, stdout);
    return true;
}

bool rules_show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct rules_job *j = arg;
    struct json answer = {0};
    if (!need_words(j, 1, "one rule's id", e))
        return false;
    char *target = arena_strz(
        c->a, arena_fmt(c->a, "%s/alertRules/%s?" VERSION, w->insights, encoded(c, j->words[0])));
    if (j->format == NULL || strcmp(j->format, "json") == 0)
        return verb_show(c, target, e);
    if (strcmp(j->format, "yaml") != 0)
        return err_set(e, ERR_INVALID, "--format: json or yaml expected");
    return client_call(c, "GET", target, NULL, STR(""), &answer, e) && print_yaml(c, &answer, e);
}

/* ---- changing ---- */

/* The same for each rule that is named. */
static bool each(struct client *c, const struct client_workspace *w, const struct rules_job *j,
                 const char *verb, struct err *e)
{
    if (j->n == 0)
        return err_set(e, ERR_INVALID, "ids of rules expected");
    for (int i = 0; i < j->n; i++)
        if (!client_call(c, "POST", own(c, w, "rules/%s/%s", encoded(c, j->words[i]), verb), NULL,
                         STR(""), NULL, e)) {
            err_prefix(e, "%s", j->words[i]);
            return false;
        }
    return true;
}

bool rules_enable(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    return each(c, w, arg, "enable", e);
}

bool rules_disable(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    return each(c, w, arg, "disable", e);
}

bool rules_update(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    return each(c, w, arg, "update", e);
}

bool rules_delete(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    const struct rules_job *j = arg;
    if (j->n == 0)
        return err_set(e, ERR_INVALID, "ids of rules expected");
    for (int i = 0; i < j->n; i++)
        if (!verb_delete(
                c,
                arena_fmt(c->a, "%s/alertRules/%s?" VERSION, w->insights, encoded(c, j->words[i]))
                    .p,
                e))
            return false;
    return true;
}

static bool copy(struct client *c, const struct rules_job *j, const char *target, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    struct json answer = {0};
    json_obj(&o);
    if (j->id != NULL)
        json_kv_z(&o, "id", j->id);
    if (j->name != NULL)
        json_kv_z(&o, "name", j->name);
    json_obj_end(&o);
    if (!client_call(c, "POST", target, "application/json", sbuf_str(&b), &answer, e))
        return false;
    printf("%.*s\n", STR_ARG(text_of(&answer, "name")));
    return true;
}

bool rules_duplicate(struct client *c, const struct client_workspace *w, const void *arg,
                     struct err *e)
{
    const struct rules_job *j = arg;
    return need_words(j, 1, "one rule's id", e) &&
           copy(c, j, own(c, w, "rules/%s/duplicate", encoded(c, j->words[0])), e);
}

/* ---- versions ---- */

static void version_row(struct client *c, const struct json *x, struct str *cells)
{
    cells[0] = arena_fmt(c->a, "%lld", number_of(x, "version"));
    cells[1] = text_of(x, "at");
    cells[2] = text_of(x, "who");
    cells[3] = text_of(x, "change");
    cells[4] = text_of(x, "name");
}

bool rules_versions(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    static const char *const heads[] = {"VERSION", "AT", "WHO", "CHANGE", "NAME"};
    const struct rules_job *j = arg;
    if (j->n != 1 && j->n != 2)
        return err_set(e, ERR_INVALID, "a rule's id, and perhaps a version, expected");
    const char *id = encoded(c, j->words[0]);
    if (j->n == 2)
        return verb_show(c, own(c, w, "rules/%s/versions/%s", id, encoded(c, j->words[1])), e);
    return verb_list(c, own(c, w, "rules/%s/versions", id), heads, COUNTOF(heads), version_row, e);
}

bool rules_restore(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct rules_job *j = arg;
    return need_words(j, 2, "a rule's id and a version", e) &&
           client_call(c, "POST",
                       own(c, w, "rules/%s/versions/%s/restore", encoded(c, j->words[0]),
                           encoded(c, j->words[1])),
                       NULL, STR(""), NULL, e);
}

/* ---- templates ---- */

static void template_row(struct client *c, const struct json *x, struct str *cells)
{
    const struct json *p = json_get(x, "properties");
    cells[0] = text_of(x, "name");
    cells[1] = text_of(x, "kind");
    cells[2] = text_of(p, "version");
    cells[3] = arena_fmt(c->a, "%lld", number_of(p, "alertRulesCreatedByTemplateCount"));
    cells[4] = text_of(p, "displayName");
}

static bool list_templates(struct client *c, const struct client_workspace *w, struct err *e)
{
    static const char *const heads[] = {"ID", "KIND", "VERSION", "RULES", "NAME"};
    struct str target = arena_fmt(c->a, "%s/alertRuleTemplates?" VERSION, w->insights);
    return verb_list(c, arena_strz(c->a, target), heads, COUNTOF(heads), template_row, e);
}

static bool import_templates(struct client *c, const struct client_workspace *w,
                             const struct rules_job *j, struct err *e)
{
    struct file_paths files = {0};
    struct rules_sent sent = {0};
    if (!rules_files(c->a, j->words + 1, j->n - 1, &files, e) ||
        !rules_send(c, own(c, w, "ruleTemplates"), &files, &sent, e))
        return false;
    printf("%zu templates imported, %zu refused\n", sent.rules, sent.refused);
    return sent.refused == 0 || err_set(e, ERR_INVALID, "some templates were refused");
}

bool rules_templates(struct client *c, const struct client_workspace *w, const void *arg,
                     struct err *e)
{
    const struct rules_job *j = arg;
    const char *verb = j->n > 0 ? j->words[0] : "list";
    if (strcmp(verb, "list") == 0)
        return list_templates(c, w, e);
    if (strcmp(verb, "import") == 0)
        return import_templates(c, w, j, e);
    if (!need_words(j, 2, "list, import FILE…, show ID, create ID or delete ID", e))
        return false;
    const char *id = encoded(c, j->words[1]);
    if (strcmp(verb, "show") == 0)
        return verb_show(c, arena_fmt(c->a, "%s/alertRuleTemplates/%s?" VERSION, w->insights, id).p,
                         e);
    if (strcmp(verb, "create") == 0)
        return copy(c, j, own(c, w, "ruleTemplates/%s/create", id), e);
    if (strcmp(verb, "delete") == 0)
        return client_call(c, "DELETE", own(c, w, "ruleTemplates/%s", id), NULL, STR(""), NULL, e);
    return err_set(e, ERR_INVALID, "templates: '%s' is no verb", verb);
}
