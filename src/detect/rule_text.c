/* Files of rules: which form a text has, and the rules in it. */
#include "detect/arm_expression.h"
#include "detect/rule_priv.h"
#include "text/yaml.h"

enum { MAX_TEXT = 32 << 20, MAX_RULES = 5000, MAX_NESTING = 4 };

struct file {
    struct rule_reader r;
    struct arm_scope_of_template scope;
    struct rule_list *out;
    size_t found; /* rules, right or wrong */
};

/* One rule; a wrong one has its issues and is counted. */
static void add_rule(struct file *f, bool yaml, struct str id, const struct json *root)
{
    struct rule rule = {0};
    f->found++;
    if (f->found > MAX_RULES) {
        if (f->found == MAX_RULES + 1)
            (void)rule_bad(&f->r, root, STR_NONE, "more than %d rules in one text", MAX_RULES);
        f->out->refused++;
        return;
    }
    f->r.yaml = yaml;
    if (rule_read_resource(&f->r, id, root, &rule))
        VEC_PUSH(f->r.a, &f->out->v, rule);
    else
        f->out->refused++;
}

/* ---- ARM ---- */

/* ".../alertRules", "Microsoft.SecurityInsights/AlertRuleTemplates" */
static bool is_rule_type(struct str type)
{
    size_t slash = 0;
    while (str_find(type, STR("/"), &slash))
        type = str_sub(type, slash + 1, type.n);
    return str_ieqz(type, "alertRules") || str_ieqz(type, "alertRuleTemplates");
}

/* A saved search that is a hunting query; others in a template are not rules' business. */
static bool is_hunting_query(const struct json *resource)
{
    const struct json *p = json_iget(resource, "properties");
    return str_ieqz(json_text(json_iget(p, "category"), STR("")), RULE_HUNTING_CATEGORY);
}

/* The last segment of a name or an id. */
static struct str last_segment(struct str s)
{
    size_t at = 0;
    while (str_find(s, STR("/"), &at) && at + 1 < s.n)
        s = str_sub(s, at + 1, s.n);
    return s;
}

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_strz(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + 32);
    return (struct str){p, s.n};
}

/* Outside of a template only a name that is an expression makes the others expressions, too. */
static void add_resource(struct file *f, const struct json *resource, bool in_template)
{
    struct json tree = *resource;
    struct err e = {0};
    bool evaluate =
        in_template || str_starts(json_text(json_iget(resource, "name"), STR("")), STR("["));
    if (evaluate && !arm_evaluate(f->r.a, &f->scope, resource, &tree, &e)) {
        f->found++;
        f->out->refused++;
        (void)rule_bad(&f->r, resource, STR_NONE, "%s", e.msg);
        return;
    }
    struct str id = last_segment(json_text(json_iget(&tree, "name"), STR("")));
    if (id.n == 0)
        id = last_segment(json_text(json_iget(&tree, "id"), STR("")));
    if (id.n == 0) {
        f->found++;
        f->out->refused++;
        (void)rule_bad(&f->r, resource, STR("name"), "this key is missing");
        return;
    }
    struct json hunting = {0};
    if (rule_tree_of_saved(f->r.a, &tree, id, &hunting))
        add_rule(f, true, id, &hunting);
    else
        add_rule(f, false, lower(f->r.a, id), &tree);
}

/* Templates are nested in deployments and in the packages of solutions. */
static void add_template(struct file *f, const struct json *template, int depth)
{
    const struct json *resources = json_iget(template, "resources");
    const struct arm_scope_of_template outer = f->scope;
    if (depth > MAX_NESTING || resources == NULL || resources->type != JSON_ARRAY)
        return;
    f->scope.parameters = json_iget(template, "parameters");
    f->scope.variables = json_iget(template, "variables");
    f->scope.outer = depth > 0 ? &outer : NULL;
    for (size_t i = 0; i < resources->n; i++) {
        const struct json *one = &resources->items[i], *p = json_iget(one, "properties");
        if (is_rule_type(json_text(json_iget(one, "type"), STR(""))) || is_hunting_query(one))
            add_resource(f, one, true);
        add_template(f, json_iget(p, "mainTemplate"), depth + 1);
        add_template(f, json_iget(p, "template"), depth + 1);
    }
    f->scope = outer;
}

/* ---- the text ---- */

static void add_value(struct file *f, const struct json *v)
{
    if (json_iget(v, "properties") != NULL)
        add_resource(f, v, false);
    else if (!f->r.json || json_iget(v, "query") != NULL || json_iget(v, "kind") != NULL)
        add_rule(f, true, STR_NONE, v); /* YAML's keys; other JSON is something else */
}

static void add_all(struct file *f, const struct json *root)
{
    const struct json *list = root->type == JSON_ARRAY ? root : json_iget(root, "value");
    if (list != NULL && list->type == JSON_ARRAY)
        for (size_t i = 0; i < list->n; i++)
            add_value(f, &list->items[i]);
    else if (json_iget(root, "resources") != NULL)
        add_template(f, root, 0);
    else
        add_value(f, root);
}

static bool is_json(struct str text)
{
    struct str t =
        str_trim(str_starts(text, STR("\xef\xbb\xbf")) ? str_sub(text, 3, text.n) : text);
    return t.n > 0 && (t.p[0] == '{' || t.p[0] == '[');
}

/* Published files with a few bytes of Windows-1252 in a text that is ASCII otherwise. */
static struct str recoded(struct rule_reader *r, struct str text)
{
    static const uint16_t high[32] = {
        0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    size_t bad = 0, at = 0;
    (void)utf8_valid(text, &bad);
    struct json place = {.off = (uint32_t)bad};
    rule_warn(r, &place, STR_NONE, "not UTF-8: what is not is read as Windows-1252");
    while (at < text.n) {
        struct str rest = str_sub(text, at, text.n);
        size_t good = rest.n;
        char out[4];
        (void)utf8_valid(rest, &good);
        sbuf_add(&b, str_sub(rest, 0, good));
        at += good;
        if (at >= text.n)
            break;
        unsigned char c = (unsigned char)text.p[at++];
        sbuf_addmem(&b, out, utf8_put(out, c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c));
    }
    return arena_str(r->a, sbuf_str(&b));
}

bool rule_read_text(struct arena *a, struct str text, struct str workspace, struct rule_list *out,
                    struct rule_issues *is)
{
    struct json root = {0};
    struct err e = {0};
    struct file f = {.out = out, .scope.workspace = workspace};
    f.r = (struct rule_reader){.a = a, .text = text, .is = is, .json = is_json(text)};
    if (text.n > MAX_TEXT)
        return rule_bad(&f.r, NULL, STR_NONE, "larger than %d bytes", MAX_TEXT);
    if (f.r.json && str_starts(text, STR("\xef\xbb\xbf")))
        f.r.text = text = str_sub(text, 3, text.n);
    if (!utf8_valid(text, NULL))
        f.r.text = text = recoded(&f.r, text);
    if (!(f.r.json ? json_parse(a, text, NULL, &root, &e)
                   : yaml_parse_stream(a, text, NULL, &root, &e)))
        return rule_unreadable(&f.r, &e);
    for (size_t i = 0; !f.r.json && i < root.n; i++)
        add_all(&f, &root.items[i]);
    if (f.r.json)
        add_all(&f, &root);
    return f.found > 0 || rule_bad(&f.r, NULL, STR_NONE, "there is no analytics rule in it");
}
