/* Rules in files. */
#include "cli/rule_files.h"
#include "cli/files.h"
#include "text/yaml.h"
#include <stdio.h>
#include <sys/stat.h>

enum { MAX_RULE_FILE = 64 << 20 };

static void tell(const struct rule_issues *is)
{
    for (size_t i = 0; i < is->v.n; i++)
        if (!is->v.p[i].warning)
            fprintf(stderr, "%.*s:%u: error: %.*s: %.*s\n", STR_ARG(is->v.p[i].file),
                    is->v.p[i].line, STR_ARG(is->v.p[i].key), STR_ARG(is->v.p[i].message));
}

/* ---- ARM ---- */

void rule_set_add_arm(struct rule_set *s, const char *path, const struct json *resource)
{
    struct rule_issues is = {.a = s->a, .file = str_from(path)};
    struct rule_file f = {.path = path};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_RULE_FILE);
    struct json_out w = json_out_make(&b);
    struct str id = json_text(json_get(resource, "name"), STR(""));
    json_obj(&w);
    json_kv_str(&w, "name", id);
    for (size_t i = 0; i < resource->n; i++) {
        if (!str_eqz(resource->keys[i], "kind") && !str_eqz(resource->keys[i], "properties"))
            continue;
        json_key_str(&w, resource->keys[i]);
        json_value(&w, &resource->items[i]);
    }
    json_obj_end(&w);
    f.text = arena_str(s->a, sbuf_str(&b));
    if (rule_read_arm(s->a, arena_str(s->a, id), f.text, &f.rule, &is)) {
        VEC_PUSH(s->a, &s->v, f);
        return;
    }
    s->refused++;
    tell(&is);
}

static bool is_rule_resource(const struct json *v)
{
    struct str type = json_text(json_get(v, "type"), STR(""));
    struct str kind = json_text(json_get(v, "kind"), STR(""));
    enum rule_kind known;
    bool named = type.n == 0 || str_ends(type, STR("alertRules"));
    return v->type == JSON_OBJECT && named && json_get(v, "properties") != NULL &&
           rule_kind_parse(kind, &known);
}

static bool list_holds_rules(const struct json *list)
{
    for (size_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++)
        if (is_rule_resource(&list->items[i]))
            return true;
    return false;
}

/* A resource, a list of them, or a template. */
static bool holds_rules(const struct json *root)
{
    return is_rule_resource(root) || list_holds_rules(root) ||
           list_holds_rules(json_get(root, "resources")) ||
           list_holds_rules(json_get(root, "value"));
}

static void add_rule(struct rule_set *s, const char *path, const struct rule *r)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_RULE_FILE);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_str(&w, "name", r->id);
    json_kv_z(&w, "kind", rule_kind_name(r->kind));
    json_key(&w, "properties");
    rule_write_arm(r, 0, &w);
    json_obj_end(&w);
    struct rule_file f = {.path = path, .rule = *r, .text = arena_str(s->a, sbuf_str(&b))};
    VEC_PUSH(s->a, &s->v, f);
}

static bool add_json(struct rule_set *s, const char *path, struct str text, bool found,
                     struct err *e)
{
    struct json root = {0};
    struct rule_list list = {0};
    struct rule_issues is = {.a = s->a, .file = str_from(path)};
    if (!json_parse(s->a, text, NULL, &root, e)) {
        err_prefix(e, "%s", path);
        return false;
    }
    if (found && !holds_rules(&root))
        return true;
    if (!rule_read_text(s->a, text, STR("workspace"), &list, &is)) {
        rule_issues_err(&is, e);
        return false;
    }
    for (size_t i = 0; i < list.v.n; i++)
        if (list.v.p[i].kind != RULE_HUNTING)
            add_rule(s, path, &list.v.p[i]);
    s->refused += list.refused;
    tell(&is);
    return true;
}

/* ---- files ---- */

/* A hunting query has neither kind nor schedule, a file of tests has cases. */
static bool is_rule_yaml(struct arena *a, struct str text)
{
    struct json root = {0};
    return !yaml_parse(a, text, NULL, &root, NULL) ||
           (json_get(&root, "query") != NULL &&
            (json_get(&root, "kind") != NULL || json_get(&root, "queryFrequency") != NULL));
}

static bool add_file(struct rule_set *s, const char *path, bool found, struct err *e)
{
    struct str text = STR("");
    struct rule_file f = {.path = path, .yaml = true};
    struct rule_issues is = {.a = s->a, .file = str_from(path)};
    if (!file_read(s->a, path, MAX_RULE_FILE, &text, e))
        return false;
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_sub(text, 3, text.n);
    if (str_ends(str_from(path), STR(".json")))
        return add_json(s, path, text, found, e);
    if (found && !is_rule_yaml(s->a, text))
        return true;
    f.text = text;
    if (rule_read_yaml(s->a, text, &f.rule, &is)) {
        VEC_PUSH(s->a, &s->v, f);
        return true;
    }
    s->refused++;
    tell(&is);
    return true;
}

static bool add_folder(struct rule_set *s, const char *path, struct err *e)
{
    static const char *const suffixes[] = {".yaml", ".yml", ".json", NULL};
    struct file_paths files = {0};
    size_t before = s->v.n + s->refused;
    if (!folder_walk(s->a, path, suffixes, &files, e))
        return false;
    for (size_t i = 0; i < files.n; i++) {
        struct str name = str_from(files.p[i]);
        if (!str_ends(name, STR(".test.yaml")) && !str_ends(name, STR(".test.yml")) &&
            !add_file(s, files.p[i], true, e))
            return false;
    }
    return s->v.n + s->refused > before || err_set(e, ERR_NOT_FOUND, "no rule in %s", path);
}

bool rule_set_read(struct rule_set *s, char *const *paths, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        if (stat(paths[i], &st) != 0)
            return err_errno(e, "can't read", paths[i]);
        if (!(S_ISDIR(st.st_mode) ? add_folder(s, paths[i], e) : add_file(s, paths[i], false, e)))
            return false;
    }
    return true;
}
