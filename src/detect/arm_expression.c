/* Evaluates expressions of ARM templates over a tree. Source: "Template functions" of Azure
 * Resource Manager. */
#include "detect/arm_expression.h"
#include "base/ids.h"

enum { MAX_DEPTH = 32, MAX_ARGUMENTS = 64, MAX_TEXT = 4 << 20, MAX_CALLS = 100000 };

struct eval {
    struct arena *a;
    const struct arm_scope_of_template *t;
    struct str text; /* of the expression, without its brackets */
    size_t at;
    int depth;     /* of calls, and of variables within variables */
    size_t *calls; /* so far, of the whole tree: variables may stand for each other many times */
    struct err *e;
};

static bool evaluate_text(struct eval *parent, struct str text, struct json *out);
static bool evaluate_tree(struct eval *x, const struct json *v, struct json *out);
static bool expression(struct eval *x, struct json *out);

static bool wrong(struct eval *x, const char *what)
{
    return err_set(x->e, ERR_SYNTAX, "'[%.*s]': %s", (int)(x->text.n < 120 ? x->text.n : 120),
                   x->text.p, what);
}

static void skip_blanks(struct eval *x)
{
    while (x->at < x->text.n && strchr(" \t\r\n", x->text.p[x->at]) != NULL)
        x->at++;
}

static bool take(struct eval *x, char c)
{
    skip_blanks(x);
    if (x->at >= x->text.n || x->text.p[x->at] != c)
        return false;
    x->at++;
    return true;
}

static struct json text_value(struct str s)
{
    return (struct json){.type = JSON_STRING, .text = s};
}

/* ---- functions ---- */

static struct str as_text(struct eval *x, const struct json *v)
{
    if (v->type == JSON_STRING)
        return v->text;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TEXT);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return sbuf_ok(&b) ? arena_str(x->a, sbuf_str(&b)) : STR("");
}

static bool joined(struct eval *x, const struct json *args, size_t n, const char *between,
                   struct json *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TEXT);
    for (size_t i = 0; i < n; i++) {
        sbuf_addz(&b, i > 0 ? between : "");
        sbuf_add(&b, as_text(x, &args[i]));
    }
    if (!sbuf_ok(&b))
        return err_set(x->e, ERR_LIMIT, "a text of more than %d bytes", MAX_TEXT);
    *out = text_value(arena_str(x->a, sbuf_str(&b)));
    return true;
}

static bool call_concat(struct eval *x, const struct json *args, size_t n, struct json *out)
{
    return joined(x, args, n, "", out);
}

/* Ids are only looked at by their last segment. */
static bool call_resource_id(struct eval *x, const struct json *args, size_t n, struct json *out)
{
    return joined(x, args, n, "/", out);
}

static bool call_guid(struct eval *x, const struct json *args, size_t n, struct json *out)
{
    struct guid ns;
    char id[37];
    CHECK(guid_parse(STR("2b8f7a6c-54f5-4c0c-8a55-0d6a0d5f3c11"), &ns));
    if (!joined(x, args, n, "-", out))
        return false;
    guid_format(guid_derive(ns, out->text), id);
    *out = text_value(arena_str(x->a, str_from(id)));
    return true;
}

static bool call_lower(struct eval *x, const struct json *args, size_t n, struct json *out)
{
    if (n != 1)
        return wrong(x, "toLower() has one argument");
    char *p = arena_strz(x->a, as_text(x, &args[0]));
    for (size_t i = 0; p[i] != '\0'; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + 32);
    *out = text_value(str_from(p));
    return true;
}

/* format('{0}/{1}', a, b) */
static bool call_format(struct eval *x, const struct json *args, size_t n, struct json *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TEXT);
    if (n < 1)
        return wrong(x, "format() needs a text");
    struct str f = as_text(x, &args[0]);
    for (size_t i = 0; i < f.n; i++) {
        size_t end = 0;
        int64_t k = 0;
        bool hole = f.p[i] == '{' && str_find(str_sub(f, i, f.n), STR("}"), &end) &&
                    str_to_i64(str_sub(f, i + 1, end - 1), &k) && k >= 0 && (size_t)k + 1 < n;
        if (hole) {
            sbuf_add(&b, as_text(x, &args[k + 1]));
            i += end;
        } else {
            sbuf_addc(&b, f.p[i]);
        }
    }
    if (!sbuf_ok(&b))
        return err_set(x->e, ERR_LIMIT, "a text of more than %d bytes", MAX_TEXT);
    *out = text_value(arena_str(x->a, sbuf_str(&b)));
    return true;
}

static const struct json *member(const struct json *object, struct str name)
{
    for (size_t i = 0; object != NULL && object->type == JSON_OBJECT && i < object->n; i++)
        if (str_ieq(object->keys[i], name))
            return &object->items[i];
    return NULL;
}

static bool holds_workspace(struct eval *x, struct str name)
{
    struct json folded = {0}, arg = text_value(name);
    size_t at = 0;
    return call_lower(x, &arg, 1, &folded) && str_find(folded.text, STR("workspace"), &at);
}

/* A parameter or a variable of the template, or of those around it. */
static const struct json *named(struct eval *x, bool parameter, struct str name)
{
    for (const struct arm_scope_of_template *t = x->t; t != NULL; t = t->outer) {
        const struct json *v = member(parameter ? t->parameters : t->variables, name);
        if (v != NULL)
            return v;
    }
    return NULL;
}

static bool call_parameters(struct eval *x, const struct json *args, size_t n, struct json *out)
{
    struct str name = n == 1 ? as_text(x, &args[0]) : STR("");
    const struct json *p = named(x, true, name);
    const struct json *v = member(p, STR("defaultValue"));
    if (v == NULL)
        v = member(p, STR("value"));
    if (v != NULL)
        return evaluate_tree(x, v, out);
    if (!holds_workspace(x, name))
        return err_set(x->e, ERR_NOT_FOUND, "the template's parameter '%.*s' has no default value",
                       STR_ARG(name));
    *out = text_value(x->t->workspace.n > 0 ? x->t->workspace : STR("workspace"));
    return true;
}

static bool call_variables(struct eval *x, const struct json *args, size_t n, struct json *out)
{
    struct str name = n == 1 ? as_text(x, &args[0]) : STR("");
    const struct json *v = named(x, false, name);
    if (v == NULL)
        return err_set(x->e, ERR_NOT_FOUND, "the template has no variable '%.*s'", STR_ARG(name));
    return evaluate_tree(x, v, out);
}

/* subscription(), resourceGroup(): objects whose members are of no use here. */
static bool call_place(struct eval *x, const struct json *args, size_t n, struct json *out)
{
    (void)x, (void)args, (void)n;
    *out = (struct json){.type = JSON_OBJECT};
    return true;
}

static const struct {
    const char *name;
    bool (*call)(struct eval *x, const struct json *args, size_t n, struct json *out);
} functions[] = {
    {"concat", call_concat},
    {"parameters", call_parameters},
    {"variables", call_variables},
    {"format", call_format},
    {"resourceId", call_resource_id},
    {"extensionResourceId", call_resource_id},
    {"subscriptionResourceId", call_resource_id},
    {"guid", call_guid},
    {"uniqueString", call_guid},
    {"toLower", call_lower},
    {"string", call_concat},
    {"subscription", call_place},
    {"resourceGroup", call_place},
    {"deployment", call_place},
};

/* ---- the grammar ---- */

/* 'it''s' */
static bool literal(struct eval *x, struct json *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TEXT);
    for (x->at++; x->at < x->text.n; x->at++) {
        char c = x->text.p[x->at];
        if (c == '\'') {
            if (x->at + 1 >= x->text.n || x->text.p[x->at + 1] != '\'')
                break;
            x->at++;
        }
        sbuf_addc(&b, c);
    }
    if (!take(x, '\''))
        return wrong(x, "a text is not closed");
    *out = text_value(arena_str(x->a, sbuf_str(&b)));
    return true;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static struct str name_at(struct eval *x)
{
    size_t from = x->at;
    while (x->at < x->text.n && is_name(x->text.p[x->at]))
        x->at++;
    return str_sub(x->text, from, x->at - from);
}

struct arguments {
    VEC(struct json) v;
};

static bool arguments(struct eval *x, struct arguments *args)
{
    if (take(x, ')'))
        return true;
    do {
        struct json one = {0};
        if (args->v.n == MAX_ARGUMENTS)
            return wrong(x, "too many arguments");
        if (!expression(x, &one))
            return false;
        VEC_PUSH(x->a, &args->v, one);
    } while (take(x, ','));
    return take(x, ')') || wrong(x, "')' expected");
}

static bool call(struct eval *x, struct str name, struct json *out)
{
    struct arguments args = {0};
    if (!take(x, '('))
        return wrong(x, "'(' expected behind the function's name");
    if (++*x->calls > MAX_CALLS)
        return err_set(x->e, ERR_LIMIT, "the template calls more than %d functions", MAX_CALLS);
    if (!arguments(x, &args))
        return false;
    for (size_t i = 0; i < COUNTOF(functions); i++)
        if (str_ieqz(name, functions[i].name))
            return functions[i].call(x, args.v.p, args.v.n, out);
    return err_set(x->e, ERR_UNSUPPORTED,
                   "'[%.*s]': the function %.*s() of ARM templates is not known",
                   (int)(x->text.n < 120 ? x->text.n : 120), x->text.p, STR_ARG(name));
}

/* .name, and [expression] */
static bool members(struct eval *x, struct json *out)
{
    for (;;) {
        struct json key = {0};
        int64_t i = 0;
        if (take(x, '.'))
            key = text_value(name_at(x));
        else if (!take(x, '['))
            return true;
        else if (!expression(x, &key) || !take(x, ']'))
            return wrong(x, "']' expected");
        const struct json *v = member(out, as_text(x, &key));
        if (out->type == JSON_ARRAY && str_to_i64(as_text(x, &key), &i) && i >= 0 &&
            (size_t)i < out->n)
            v = &out->items[i];
        if (v != NULL)
            *out = *v;
        else
            *out = text_value(STR(""));
    }
}

static bool expression(struct eval *x, struct json *out)
{
    int64_t n = 0;
    bool ok = false;
    skip_blanks(x);
    if (++x->depth > MAX_DEPTH)
        return err_set(x->e, ERR_LIMIT, "an expression is nested deeper than %d levels", MAX_DEPTH);
    if (x->at < x->text.n && x->text.p[x->at] == '\'') {
        ok = literal(x, out);
    } else {
        struct str name = name_at(x);
        if (name.n == 0)
            return wrong(x, "a function or a text expected");
        if (str_to_i64(name, &n)) {
            *out = (struct json){.type = JSON_INT, .text = name, .i = n, .d = (double)n};
            ok = true;
        } else {
            ok = call(x, name, out);
        }
    }
    x->depth--;
    return ok && members(x, out);
}

static bool evaluate_text(struct eval *parent, struct str text, struct json *out)
{
    struct eval x = *parent;
    if (text.n < 2 || text.p[0] != '[' || text.p[text.n - 1] != ']') {
        *out = text_value(text);
        return true;
    }
    if (text.p[1] == '[') {
        *out = text_value(str_sub(text, 1, text.n - 1));
        return true;
    }
    x.text = str_sub(text, 1, text.n - 2);
    x.at = 0;
    if (!expression(&x, out))
        return false;
    skip_blanks(&x);
    return x.at == x.text.n || wrong(&x, "']' expected");
}

static bool evaluate_members(struct eval *x, const struct json *v, struct json *out)
{
    out->items = arena_array(x->a, struct json, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        if (!evaluate_tree(x, &v->items[i], &out->items[i]))
            return false;
    return true;
}

static bool evaluate_tree(struct eval *x, const struct json *v, struct json *out)
{
    struct eval inner = *x;
    *out = *v;
    if (++inner.depth > 2 * MAX_DEPTH)
        return err_set(x->e, ERR_LIMIT, "the template is nested deeper than %d levels",
                       2 * MAX_DEPTH);
    if (v->type == JSON_STRING) {
        struct json value = {0};
        if (!evaluate_text(&inner, v->text, &value))
            return false;
        value.off = v->off;
        *out = value;
        return true;
    }
    return (v->type != JSON_ARRAY && v->type != JSON_OBJECT) || evaluate_members(&inner, v, out);
}

bool arm_evaluate(struct arena *a, const struct arm_scope_of_template *t, const struct json *v,
                  struct json *out, struct err *e)
{
    struct err why = {0};
    size_t calls = 0;
    struct eval x = {.a = a, .t = t, .e = &why, .calls = &calls};
    if (evaluate_tree(&x, v, out))
        return true;
    why.pos.off = v->off;
    if (e != NULL)
        *e = why;
    return false;
}
