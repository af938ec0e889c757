/* Functions out of files: Azure-Sentinel's parsers in YAML, ARM templates, lists as `vedette kql
 * --functions` reads them, Kusto commands, plain queries. */
#include "library/library_priv.h"
#include "text/yaml.h"

enum { MAX_DEPTH = 64, MAX_FOUND = 2000 };

struct import {
    struct library *l;
    struct arena *a;
    struct workspace *w;
    struct str file, who;
    struct library_import *out;
    struct err *e;
};

static bool save(struct import *m, struct library_save x)
{
    struct library_saved s = {0};
    struct state_saved before = {0};
    struct err why = {0};
    x.who = m->who;
    if (x.category.n == 0)
        x.category = STR("Function");
    if (x.name.n == 0)
        x.name = x.alias;
    x.query = str_trim(x.query);
    /* A function that is there keeps its id, whatever the file calls it. */
    if (x.alias.n > 0 && library_function_get(m->l, m->a, m->w, x.alias, &before, &why))
        x.id = before.id;
    if (m->out->saved.n >= MAX_FOUND)
        return err_set(m->e, ERR_LIMIT, "more than %d functions in one file", MAX_FOUND);
    if (!saved_keep(m->l, m->a, m->w, &x, &s, m->e)) {
        struct pos at = m->e->pos;
        if (at.line > 0)
            err_prefix(m->e, "line %u, column %u of the query", at.line, at.col);
        m->e->pos = (struct pos){0};
        return false;
    }
    VEC_PUSH(m->a, &m->out->saved, s);
    return true;
}

/* ---- YAML of Azure-Sentinel ---- */

/* A default as KQL: texts may stand without quotes. */
static struct str default_value(struct import *m, struct str type, const struct json *v)
{
    struct str text = v->text;
    if (v->type == JSON_TRUE || v->type == JSON_FALSE)
        return v->type == JSON_TRUE ? STR("true") : STR("false");
    if (v->type == JSON_NULL)
        return str_eqz(type, "string") ? STR("''") : STR("");
    bool quoted =
        text.n >= 2 && (text.p[0] == '\'' || text.p[0] == '"') && text.p[text.n - 1] == text.p[0];
    if (!str_eqz(type, "string") || quoted)
        return text;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    json_escape(&b, text);
    return sbuf_ok(&b) ? arena_str(m->a, sbuf_str(&b)) : STR("''");
}

/* [{Name, Type, Default}], ["a:string"], or "a:string, b:long=1" as "a:string, b:long=1"; call: the
 * same as "a=a, b=b". */
static bool parameters(struct import *m, const struct json *list, struct str *out, struct str *call)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 18);
    AUTO(sbuf_fini) struct sbuf c = sbuf_make(1 << 18);
    *out = json_text(list, STR(""));
    *call = STR_NONE;
    for (size_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++) {
        const struct json *p = &list->items[i], *value = member(p, "Default");
        struct str name = json_text(member(p, "Name"), STR("")),
                   type = json_text(member(p, "Type"), STR("string"));
        const char *comma = i > 0 ? ", " : "";
        if (p->type == JSON_STRING) {
            sbuf_addf(&b, "%s%.*s", comma, STR_ARG(p->text));
            continue;
        }
        if (name.n == 0)
            return err_set(m->e, ERR_INVALID, "parameter %zu has no Name", i + 1);
        if (str_starts(type, STR("table:")))
            type = str_sub(type, 6, type.n);
        if (str_eqz(type, "table")) /* {Name: "T:(a:long)", Type: table} */
            sbuf_addf(&b, "%s%.*s", comma, STR_ARG(name));
        else
            sbuf_addf(&b, "%s%.*s:%.*s", comma, STR_ARG(name), STR_ARG(type));
        size_t colon = name.n;
        (void)str_find(name, STR(":"), &colon);
        struct str bare = str_sub(name, 0, colon);
        sbuf_addf(&c, "%s%.*s=%.*s", comma, STR_ARG(bare), STR_ARG(bare));
        struct str d = value != NULL ? default_value(m, type, value) : STR("");
        if (d.n > 0)
            sbuf_addf(&b, "=%.*s", STR_ARG(d));
    }
    if (!sbuf_ok(&b) || !sbuf_ok(&c))
        return err_set(m->e, ERR_LIMIT, "the parameters are too long");
    if (list != NULL && list->type == JSON_ARRAY)
        *out = arena_str(m->a, sbuf_str(&b));
    *call = arena_str(m->a, sbuf_str(&c));
    return true;
}

static const struct json *first_of(const struct json *v, const char *const *names)
{
    for (; *names != NULL; names++) {
        const struct json *x = member(v, *names);
        if (x != NULL && x->type != JSON_NULL)
            return x;
    }
    return NULL;
}

/* The same function under the name that it has where it is built in: rules call that one. */
static bool save_built_in_name(struct import *m, const struct library_save *x, struct str name,
                               struct str call)
{
    struct library_save other = *x;
    if (name.n == 0 || str_eq(name, x->alias) || store_function_ships(name))
        return true;
    other.alias = other.name = name;
    other.query = arena_fmt(m->a, "%.*s(%.*s)", STR_ARG(x->alias), STR_ARG(call));
    return save(m, other);
}

static bool import_yaml(struct import *m, struct str text)
{
    static const char *const names[] = {"ParserName", "FunctionAlias", "FunctionName", NULL};
    static const char *const queries[] = {"ParserQuery", "FunctionQuery", NULL};
    static const char *const lists[] = {"ParserParams", "FunctionParams", "FunctionParameters",
                                        NULL};
    static const char *const built_in[] = {"EquivalentBuiltInParser", "EquivalentBuiltInFunction",
                                           NULL};
    struct json v = {0};
    struct str call = STR("");
    struct library_save x = {0};
    if (!yaml_parse(m->a, text, NULL, &v, m->e))
        return false;
    x.alias = json_text(first_of(&v, names), STR(""));
    x.query = json_text(first_of(&v, queries), STR(""));
    if (x.alias.n == 0 || x.query.n == 0)
        return err_set(m->e, ERR_INVALID,
                       "a parser needs ParserName and ParserQuery, or FunctionName and "
                       "FunctionQuery");
    bool asim = member(&v, "ParserName") != NULL;
    x.category = json_text(member(&v, "Category"), asim ? STR("ASIM") : STR(""));
    x.doc = json_text(member(&v, "Description"),
                      json_text(json_path(&v, asim ? "Parser.Title" : "Function.Title"), STR("")));
    x.doc = brief(str_trim(x.doc), 4096);
    return parameters(m, first_of(&v, lists), &x.parameters, &call) && save(m, x) &&
           save_built_in_name(m, &x, json_text(first_of(&v, built_in), STR("")), call);
}

/* ---- JSON: ARM templates, lists ---- */

static bool is_saved_search(const struct json *v)
{
    const struct json *p = member(v, "properties");
    struct str type = json_text(member(v, "type"), STR(""));
    bool typed =
        type.n == 0 || str_ends(type, STR("savedSearches")) || str_ends(type, STR("savedsearches"));
    return typed && json_text(member(p, "query"), STR("")).n > 0 &&
           (json_text(member(p, "functionAlias"), STR("")).n > 0 || type.n > 0);
}

static bool is_listed(const struct json *v)
{
    return v->type == JSON_OBJECT && json_text(member(v, "name"), STR("")).n > 0 &&
           json_text(member(v, "body"), STR("")).n > 0;
}

static struct str without(struct str s, char open, char close)
{
    s = str_trim(s);
    return s.n >= 2 && s.p[0] == open && s.p[s.n - 1] == close ? str_sub(s, 1, s.n - 2) : s;
}

static bool save_arm(struct import *m, const struct json *v)
{
    struct library_save x = {0};
    if (!library_saved_read(m->a, v, &x, m->e))
        return false;
    x.etag = STR("");
    struct str name = json_text(member(v, "name"), STR(""));
    /* "[concat(…)]" is an expression of the template, not a name. */
    x.id = x.alias.n > 0 || str_starts(name, STR("[")) ? STR("") : name;
    if (x.id.n == 0 && x.alias.n == 0)
        x.id = new_guid(m->a);
    return save(m, x);
}

static bool walk(struct import *m, const struct json *v, unsigned depth)
{
    if (depth > MAX_DEPTH)
        return true; /* json_parse refuses it before */
    if (is_saved_search(v))
        return save_arm(m, v);
    if (is_listed(v)) {
        struct library_save x = {.alias = json_text(member(v, "name"), STR("")),
                                 .category = json_text(member(v, "folder"), STR("")),
                                 .doc = json_text(member(v, "description"), STR(""))};
        x.doc = brief(x.doc, 4096);
        x.query = without(json_text(member(v, "body"), STR("")), '{', '}');
        x.parameters = without(json_text(member(v, "parameters"), STR("")), '(', ')');
        /* A list may hold what ships. */
        return store_function_ships(x.alias) || save(m, x);
    }
    bool many = v->type == JSON_ARRAY || v->type == JSON_OBJECT;
    for (size_t i = 0; many && i < v->n; i++)
        if (!walk(m, &v->items[i], depth + 1))
            return false;
    return true;
}

static bool import_json(struct import *m, struct str text)
{
    struct json v = {0};
    size_t before = m->out->saved.n;
    if (!json_parse(m->a, text, NULL, &v, m->e) || !walk(m, &v, 0))
        return false;
    return m->out->saved.n > before || err_set(m->e, ERR_NOT_FOUND, "no function is in it");
}

/* ---- KQL ---- */

static bool import_commands(struct import *m, struct str text)
{
    size_t at = 0;
    bool any = false;
    struct library_command c;
    while (library_command_read(m->a, text, &at, &c, m->e)) {
        if (c.what != COMMAND_SAVE)
            return err_set(m->e, ERR_INVALID,
                           "only commands that create functions can be imported");
        c.save.strict = false;
        c.save.mode = LIBRARY_ANY;
        any = true;
        if (!save(m, c.save))
            return false;
    }
    if (m->e->code != ERR_OK)
        return false;
    return (any && str_trim(str_sub(text, at, text.n)).n == 0) ||
           err_at(m->e, ERR_SYNTAX, pos_in(text, at), "a .create function command is expected");
}

static struct str base_name(struct str file)
{
    size_t at = 0;
    while (str_find(file, STR("/"), &at))
        file = str_sub(file, at + 1, file.n);
    if (str_find(file, STR("."), &at) && at > 0)
        file = str_sub(file, 0, at);
    return file;
}

static bool is_command(struct arena *a, struct str text)
{
    size_t at = 0;
    struct library_command c;
    struct err e = {0};
    return library_command_read(a, text, &at, &c, &e) || e.code != ERR_OK;
}

static bool import_query(struct import *m, struct str text)
{
    if (is_command(m->a, text))
        return import_commands(m, text);
    return save(m, (struct library_save){.alias = base_name(m->file), .query = text});
}

const char *const library_suffixes[] = {".yaml", ".yml", ".json", ".kql", ".csl", ".txt", NULL};

bool library_import(struct library *l, struct arena *a, struct workspace *w, struct str text,
                    struct str file, struct str who, struct library_import *out, struct err *e)
{
    struct err own = {0};
    struct import m = {.l = l, .a = a, .w = w, .file = file, .who = who, .out = out, .e = &own};
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_sub(text, 3, text.n);
    struct str start = str_trim(text);
    bool yaml = str_ends(file, STR(".yaml")) || str_ends(file, STR(".yml"));
    bool json = str_starts(start, STR("{")) || str_starts(start, STR("["));
    bool ok = yaml ? import_yaml(&m, text) : json ? import_json(&m, text) : import_query(&m, text);
    bool flushed = incidents_flush(l->o.incidents, ok ? e : NULL);
    if (!ok && own.pos.line > 0)
        err_prefix(&own, "line %u, column %u", own.pos.line, own.pos.col);
    own.pos = (struct pos){0};
    if (!ok && e != NULL)
        *e = own;
    return ok && flushed;
}
