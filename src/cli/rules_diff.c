/* vedette rules diff: what differs between two sets of rules. */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/complain.h"
#include "cli/options.h"
#include "cli/rules_commands.h"
#include "cli/rules_remote.h"
#include "cli/text_diff.h"

static const char usage[] =
    "usage: vedette rules diff [--data DIR|--url URL] [--workspace W] [--json] FILE|DIR…\n"
    "       vedette rules diff --old DIR [--json] FILE|DIR…\n"
    "\n"
    "What importing the files would change in a workspace, or what differs from another folder:\n"
    "rules that are added (+), removed (-) or changed (~), with the fields that differ and the\n"
    "query's lines. Rules are the same by their id. Files say nothing of whether a rule is "
    "enabled\n"
    "(YAML), so that does not count. Exit code 1 when anything differs.\n"
    "\n"
    "  --no-removed       the workspace may have more rules than the files\n"
    "  --json             {\"added\", \"removed\", \"changed\": [{\"id\", \"name\", \"fields\": "
    "[{\"field\", \"old\", "
    "\"new\"}]}]}\n";

struct options {
    struct client_place place;
    const char *old;
    bool json, no_removed;
    char **words;
    size_t n;
    int code;
};

/* ---- comparing ---- */

struct field {
    struct str name;
    const struct json *old, *new; /* NULL: not there */
};
struct change {
    const struct rule *old, *new; /* NULL: removed, added */
    VEC(struct field) fields;
};
typedef VEC(struct change) changes;

static bool properties_of(struct arena *a, const struct rule *r, struct json *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    rule_write_arm(r, 0, &w);
    return json_parse(a, arena_str(a, sbuf_str(&b)), NULL, out, e);
}

static struct str as_text(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    if (v == NULL)
        return STR("");
    if (v->type == JSON_STRING)
        return v->text;
    json_value(&w, v);
    return arena_str(a, sbuf_str(&b));
}

static bool is_nothing(const struct json *v)
{
    return v == NULL || v->type == JSON_NULL ||
           ((v->type == JSON_ARRAY || v->type == JSON_OBJECT) && v->n == 0) ||
           (v->type == JSON_STRING && v->text.n == 0);
}

/* Line ends, and blanks at the end of the text, are no difference. */
static struct str without_end(struct str s)
{
    while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

static bool differs(struct arena *a, const struct json *x, const struct json *y)
{
    if (is_nothing(x) || is_nothing(y))
        return is_nothing(x) != is_nothing(y);
    return !str_eq(without_end(as_text(a, x)), without_end(as_text(a, y)));
}

static void compare_field(struct arena *a, struct change *c, struct str name,
                          const struct json *old, const struct json *new)
{
    if (!str_eqz(name, "enabled") && !str_eqz(name, "alertRuleTemplateName") &&
        differs(a, old, new))
        VEC_PUSH(a, &c->fields, ((struct field){name, old, new}));
}

static bool compare_rules(struct arena *a, const struct rule *old, const struct rule *new,
                          struct change *out, struct err *e)
{
    struct json *x = arena_new_of(a, struct json), *y = arena_new_of(a, struct json);
    *out = (struct change){.old = old, .new = new};
    if (!properties_of(a, old, x, e) || !properties_of(a, new, y, e))
        return false;
    if (old->kind != new->kind) {
        struct json *kinds = arena_array(a, struct json, 2);
        kinds[0] = (struct json){.type = JSON_STRING, .text = str_from(rule_kind_name(old->kind))};
        kinds[1] = (struct json){.type = JSON_STRING, .text = str_from(rule_kind_name(new->kind))};
        compare_field(a, out, STR("kind"), &kinds[0], &kinds[1]);
    }
    for (size_t i = 0; i < y->n; i++)
        compare_field(a, out, y->keys[i], json_get_str(x, y->keys[i]), &y->items[i]);
    for (size_t i = 0; i < x->n; i++)
        if (json_get_str(y, x->keys[i]) == NULL)
            compare_field(a, out, x->keys[i], &x->items[i], NULL);
    return true;
}

static const struct rule *find(const struct rule_set *s, struct str id)
{
    for (size_t i = 0; i < s->v.n; i++)
        if (str_ieq(s->v.p[i].rule.id, id))
            return &s->v.p[i].rule;
    return NULL;
}

static bool compare_sets(struct arena *a, const struct rule_set *old, const struct rule_set *new,
                         bool no_removed, changes *out, struct err *e)
{
    for (size_t i = 0; i < new->v.n; i++) {
        const struct rule *r = &new->v.p[i].rule, *before = find(old, r->id);
        struct change c = {.new = r};
        if (before != NULL && !compare_rules(a, before, r, &c, e))
            return false;
        if (before == NULL || c.fields.n > 0)
            VEC_PUSH(a, out, c);
    }
    for (size_t i = 0; i < old->v.n && !no_removed; i++)
        if (find(new, old->v.p[i].rule.id) == NULL)
            VEC_PUSH(a, out, ((struct change){.old = &old->v.p[i].rule}));
    return true;
}

/* ---- telling ---- */

static void print_field(struct arena *a, const struct field *f)
{
    struct str old = as_text(a, f->old), new = as_text(a, f->new);
    if (str_holds(old, '\n') || str_holds(new, '\n')) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        text_diff(a, old, new, "      ", &b);
        printf("    %.*s:\n%.*s", STR_ARG(f->name), STR_ARG(sbuf_str(&b)));
        return;
    }
    printf("    %.*s: %.*s -> %.*s\n", STR_ARG(f->name), STR_ARG(old.n > 0 ? old : STR("nothing")),
           STR_ARG(new.n > 0 ? new : STR("nothing")));
}

static size_t count(const changes *c, bool old, bool new)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += (c->p[i].old != NULL) == old && (c->p[i].new != NULL) == new;
    return n;
}

static void print_text(struct arena *a, const changes *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct change *x = &c->p[i];
        const struct rule *r = x->new != NULL ? x->new : x->old;
        CHECK(r != NULL);
        printf("%c %.*s  %.*s\n",
               x->old == NULL   ? '+'
               : x->new == NULL ? '-'
                                : '~',
               STR_ARG(r->id), STR_ARG(r->name));
        for (size_t k = 0; k < x->fields.n; k++)
            print_field(a, &x->fields.p[k]);
    }
    printf("%zu added, %zu removed, %zu changed\n", count(c, false, true), count(c, true, false),
           count(c, true, true));
}

static void write_rules(const changes *c, const char *key, bool old, struct json_out *w)
{
    json_key(w, key);
    json_arr(w);
    for (size_t i = 0; i < c->n; i++) {
        const struct rule *r = old ? c->p[i].old : c->p[i].new;
        if (r == NULL || (old ? c->p[i].new : c->p[i].old) != NULL)
            continue;
        json_obj(w);
        json_kv_str(w, "id", r->id);
        json_kv_str(w, "name", r->name);
        json_obj_end(w);
    }
    json_arr_end(w);
}

static void write_some(struct json_out *w, const char *key, const struct json *v)
{
    json_key(w, key);
    if (v != NULL)
        json_value(w, v);
    else
        json_null(w);
}

static void print_json(const changes *c)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    write_rules(c, "added", false, &w);
    write_rules(c, "removed", true, &w);
    json_key(&w, "changed");
    json_arr(&w);
    for (size_t i = 0; i < c->n; i++) {
        if (c->p[i].old == NULL || c->p[i].new == NULL)
            continue;
        json_obj(&w);
        json_kv_str(&w, "id", c->p[i].new->id);
        json_kv_str(&w, "name", c->p[i].new->name);
        json_key(&w, "fields");
        json_arr(&w);
        for (size_t k = 0; k < c->p[i].fields.n; k++) {
            json_obj(&w);
            json_kv_str(&w, "field", c->p[i].fields.p[k].name);
            write_some(&w, "old", c->p[i].fields.p[k].old);
            write_some(&w, "new", c->p[i].fields.p[k].new);
            json_obj_end(&w);
        }
        json_arr_end(&w);
        json_obj_end(&w);
    }
    json_arr_end(&w);
    json_obj_end(&w);
    printf("%.*s\n", STR_ARG(sbuf_str(&b)));
}

/* ---- the command ---- */

static bool diff(struct options *o, const struct rule_set *old, struct err *e)
{
    struct rule_set new = {.a = old->a};
    changes c = {0};
    if (!rule_set_read(&new, o->words, o->n, e) ||
        !compare_sets(old->a, old, &new, o->no_removed, &c, e))
        return false;
    if (new.refused > 0)
        return err_set(e, ERR_INVALID, "%zu rules can't be read", new.refused);
    if (o->json)
        print_json(&c);
    else
        print_text(old->a, &c);
    o->code = c.n > 0 ? 1 : 0;
    return true;
}

static bool with_workspace(struct client *c, const struct client_workspace *w, const void *arg,
                           struct err *e)
{
    struct rule_set old = {.a = c->a};
    return rule_set_fetch(&old, c, w, e) && diff(*(struct options *const *)arg, &old, e);
}

static int with_folder(struct options *o)
{
    struct err e = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct rule_set old = {.a = a};
    char *folder = arena_strz(a, str_from(o->old));
    if (rule_set_read(&old, &folder, 1, &e) && diff(o, &old, &e))
        return o->code;
    complain("rules diff", &e);
    return 2;
}

int rules_diff(int argc, char **argv)
{
    struct options o = {0};
    struct options *p = &o;
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(o.place),
                                         {"old", .text = &o.old},
                                         {"no-removed", .flag = &o.no_removed},
                                         {"json", .flag = &o.json}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    o.words = argv + optind;
    o.n = (size_t)(argc - optind);
    if (o.n == 0)
        return options_misused(usage);
    if (o.old != NULL)
        return with_folder(&o);
    return client_run("rules diff", &o.place, false, with_workspace, &p) != 0 ? 2 : o.code;
}
