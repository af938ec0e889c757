/* vedette rules export: rules of a workspace as files that import takes again. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/ids.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/rules_commands.h"
#include "cli/rules_remote.h"

static const char usage[] =
    "usage: vedette rules export [--data DIR|--url URL] [--workspace W] [options] [ID…]\n"
    "\n"
    "Writes rules of a workspace, all or those that are named, in a form that is imported again\n"
    "unchanged: as Azure-Sentinel's YAML or ARM JSON, a file a rule into a folder (--out DIR), or "
    "as\n"
    "one ARM template.\n"
    "\n"
    "  --format yaml|arm  of the files [yaml; ARM JSON for rules that YAML can't have]\n"
    "  --template FILE    one ARM template with all of them; - is standard output\n"
    "  --out DIR          a file a rule, named after it; made when it is not there. Without it a\n"
    "                     single rule goes to standard output\n";

struct options {
    struct client_place place;
    const char *out, *template;
    bool arm;
    char **words;
    int n;
};

static struct str resource_id(const struct json *r)
{
    return json_text(json_get(r, "name"), STR(""));
}

/* ---- which rules ---- */

static bool choose(struct client *c, const struct options *o, const struct json *all,
                   struct json *out, struct err *e)
{
    if (o->n == 0) {
        *out = *all;
        return true;
    }
    *out = (struct json){.type = JSON_ARRAY};
    out->items = arena_array(c->a, struct json, (size_t)o->n);
    for (int i = 0; i < o->n; i++) {
        size_t k = 0;
        while (k < all->n && !str_ieqz(resource_id(&all->items[k]), o->words[i]))
            k++;
        if (k == all->n)
            return err_set(e, ERR_NOT_FOUND, "there is no rule '%s'", o->words[i]);
        out->items[out->n++] = all->items[k];
    }
    return true;
}

/* ---- forms ---- */

/* What only the service sets is left out. */
static void write_properties(const struct json *resource, struct json_out *w)
{
    const struct json *p = json_get(resource, "properties");
    json_obj(w);
    for (size_t i = 0; p != NULL && i < p->n; i++) {
        if (str_eqz(p->keys[i], "lastModifiedUtc"))
            continue;
        json_key_str(w, p->keys[i]);
        json_value(w, &p->items[i]);
    }
    json_obj_end(w);
}

static void write_resource(const struct json *r, struct json_out *w)
{
    json_obj(w);
    json_kv_str(w, "name", resource_id(r));
    json_kv_z(w, "type", "Microsoft.SecurityInsights/alertRules");
    json_kv_str(w, "kind", json_text(json_get(r, "kind"), STR("")));
    json_key(w, "properties");
    write_properties(r, w);
    json_obj_end(w);
}

/* As the portal exports it. */
static bool write_template(struct arena *a, const struct json *list, struct sbuf *b, struct err *e)
{
    struct rule_set set = {.a = a};
    struct json_out w = json_out_make(b);
    struct rule *rules = arena_array(a, struct rule, list->n + 1);
    for (size_t i = 0; i < list->n; i++)
        rule_set_add_arm(&set, "the workspace", &list->items[i]);
    if (set.refused > 0)
        return err_set(e, ERR_INVALID, "%zu rules can't be read", set.refused);
    for (size_t i = 0; i < set.v.n; i++)
        rules[i] = set.v.p[i].rule;
    if (!rule_write_deployment(a, rules, set.v.n, &w, e))
        return false;
    sbuf_addc(b, '\n');
    return true;
}

static bool write_yaml(struct arena *a, const struct json *resource, struct sbuf *b, struct err *e)
{
    struct rule_set set = {.a = a};
    rule_set_add_arm(&set, "the workspace", resource);
    if (set.v.n != 1)
        return err_set(e, ERR_INVALID, "rule %.*s can't be read", STR_ARG(resource_id(resource)));
    if (!set.v.p[0].rule.enabled)
        fprintf(stderr, "note: rule %.*s is disabled, which YAML does not tell\n",
                STR_ARG(resource_id(resource)));
    return rule_write_yaml(&set.v.p[0].rule, b, e);
}

/* Azure-Sentinel's YAML is of scheduled and near-real-time rules, and its ids are GUIDs; others are
 * written as ARM JSON. */
static bool is_yaml(const struct options *o, const struct json *resource)
{
    struct guid id;
    enum rule_kind kind;
    return !o->arm && guid_parse(resource_id(resource), &id) &&
           rule_kind_parse(json_text(json_get(resource, "kind"), STR("")), &kind) &&
           rule_has_query(kind);
}

static bool write_rule(struct arena *a, const struct options *o, const struct json *resource,
                       struct sbuf *b, struct err *e)
{
    if (is_yaml(o, resource))
        return write_yaml(a, resource, b, e);
    struct json_out w = json_out_make(b);
    write_resource(resource, &w);
    sbuf_addc(b, '\n');
    return sbuf_ok(b) || err_set(e, ERR_LIMIT, "the rule is too large");
}

/* ---- files ---- */

/* The rule's name in small letters, digits and dashes; with its id when that is taken. */
static struct str file_name(struct arena *a, struct map *taken, const struct json *resource)
{
    enum { MAX_NAME = 80 };
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct str name = json_text(json_path(resource, "properties.displayName"), STR(""));
    for (size_t i = 0; i < name.n && b.n < MAX_NAME; i++) {
        char c = name.p[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain)
            sbuf_addc(&b, c);
        else if (b.n > 0 && b.p[b.n - 1] != '-')
            sbuf_addc(&b, '-');
    }
    while (b.n > 0 && b.p[b.n - 1] == '-')
        b.n--;
    struct str out = arena_str(a, sbuf_str(&b));
    if (out.n == 0 || map_get(taken, out) != NULL)
        out = arena_fmt(a, "%.*s%s%.*s", STR_ARG(out), out.n > 0 ? "-" : "",
                        STR_ARG(resource_id(resource)));
    map_put(taken, out, taken);
    return out;
}

static bool write_folder(struct client *c, const struct options *o, const struct json *list,
                         struct err *e)
{
    struct map *taken = map_new(c->a, true);
    if (mkdir(o->out, 0777) != 0 && errno != EEXIST)
        return err_errno(e, "can't make the folder", o->out);
    for (size_t i = 0; i < list->n; i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        struct str name = file_name(c->a, taken, &list->items[i]);
        const char *path = arena_fmt(c->a, "%s/%.*s.%s", o->out, STR_ARG(name),
                                     is_yaml(o, &list->items[i]) ? "yaml" : "json")
                               .p;
        if (!write_rule(c->a, o, &list->items[i], &b, e) || !file_write(path, &b, e))
            return false;
    }
    printf("%zu rules written to %s\n", list->n, o->out);
    return true;
}

static bool export(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct options *o = arg;
    struct json all = {0}, list = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    if (!rules_fetch(c, w, &all, e) || !choose(c, o, &all, &list, e))
        return false;
    if (o->template != NULL)
        return write_template(c->a, &list, &b, e) && file_write(o->template, &b, e);
    if (o->out != NULL)
        return write_folder(c, o, &list, e);
    if (list.n != 1)
        return err_set(e, ERR_INVALID, "%zu rules: --out DIR or --template FILE expected", list.n);
    return write_rule(c->a, o, &list.items[0], &b, e) && file_write("-", &b, e);
}

/* ---- the command ---- */

static bool take_format(void *ctx, char *value)
{
    struct options *o = ctx;
    o->arm = strcmp(value, "arm") == 0;
    return o->arm || strcmp(value, "yaml") == 0;
}

int rules_export(int argc, char **argv)
{
    struct options o = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(o.place),
                                         {"out", .text = &o.out},
                                         {"template", .text = &o.template},
                                         {"format", .take = take_format, .ctx = &o}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    o.words = argv + optind;
    o.n = argc - optind;
    return client_run("rules export", &o.place, false, export, &o);
}
