/* Names: which keywords may be names where, quoted names, wild cards, types, schemas and
 * parameters. KQL has three classes of keywords: most may be used like any name; some only where a
 * name is declared (extend count = …), there they need ['brackets'] when referred to; and some
 * never without brackets. */
#include "kql/functions.h"
#include "kql/parser_priv.h"

static const char *const never[] = {
    "and",         "or",           "asc",           "desc",         "first",         "last",
    "between",     "contains_cs",  "containscs",    "notcontains",  "notcontainscs", "endswith",
    "endswith_cs", "startswith",   "startswith_cs", "has_all",      "has_any",       "has_cs",
    "hasprefix",   "hasprefix_cs", "hassuffix",     "hassuffix_cs", "like",          "likecs",
    "notlike",     "notlikecs",    "order",         "project",      "join",          "union",
    "mvexpand",    "mvapply",      "true",          "false",        "True",          "False",
    "TRUE",        "FALSE",
};
static const char *const declared_only[] = {
    "as",           "by",      "contains", "consume",   "datatable", "distinct", "extend",
    "externaldata", "find",    "filter",   "has",       "in",        "invoke",   "limit",
    "materialize",  "of",      "parse",    "print",     "sample",    "scan",     "search",
    "serialize",    "set",     "sort",     "summarize", "take",      "to",       "top",
    "toscalar",     "totable", "where",
};

static bool listed(const char *const *words, size_t n, struct str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqz(s, words[i]))
            return true;
    return false;
}
bool kql_name_is_declaration(struct str name)
{
    return lex_is_ident(name) && !listed(never, COUNTOF(never), name);
}
bool kql_name_is_reference(struct str name)
{
    return kql_name_is_declaration(name) && !listed(declared_only, COUNTOF(declared_only), name);
}

static bool at_quoted_name(const struct parser *p, size_t ahead)
{
    return p_at_n(p, ahead, "[") && p_tok(p, ahead + 1)->kind == TOK_STRING &&
           p_at_n(p, ahead + 2, "]");
}
bool p_at_name(const struct parser *p, size_t ahead, bool declaration)
{
    if (p->panic)
        return false;
    if (p_tok(p, ahead)->kind != TOK_IDENT)
        return at_quoted_name(p, ahead);
    struct str s = p_text(p, ahead);
    return !listed(never, COUNTOF(never), s) &&
           (declaration || !listed(declared_only, COUNTOF(declared_only), s));
}

bool p_take_name(struct parser *p, bool declaration, struct str *out)
{
    *out = STR_NONE;
    if (!p_at_name(p, 0, declaration)) {
        bool keyword = p_at_kind(p, TOK_IDENT);
        struct str t = p_text(p, 0);
        struct str hint =
            keyword ? arena_fmt(p->a, "a keyword needs brackets to be a name: ['%.*s']", STR_ARG(t))
                    : STR_NONE;
        if (p_at_end(p) || p_at(p, ","))
            p_missing(p, "a name", NULL);
        else
            p_expected(p, "a name", keyword ? arena_strz(p->a, hint) : NULL);
        return false;
    }
    if (p_tok(p, 0)->kind == TOK_IDENT) {
        *out = p_text(p, 0);
        p->at++;
    } else {
        *out = lex_string(p->a, p_text(p, 1));
        p->at += 3;
    }
    return true;
}

struct syn *p_name(struct parser *p, bool declaration)
{
    uint32_t off = p_off(p);
    struct str name;
    if (!p_take_name(p, declaration, &name))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    return p_node(p, SYN_NAME, off, name, NULL);
}

/* Part of a wild name: letters, digits, * and, between such parts, a dash. No white space inside.
 */
static bool wild_part(const struct parser *p, size_t k)
{
    enum tok_kind kind = p_tok(p, k)->kind;
    return kind == TOK_IDENT || kind == TOK_LONG || kind == TOK_SPAN || p_at_n(p, k, "*");
}
struct syn *p_wild_name(struct parser *p)
{
    uint32_t off = p_off(p);
    size_t n = 1;
    bool wild = p_at(p, "*"), dash = false;
    if (p->panic || (!wild && p_tok(p, 0)->kind != TOK_IDENT))
        return p_name(p, false);
    for (; p_adjacent(p, n - 1) && (wild_part(p, n) || p_at_n(p, n, "-")); n++) {
        wild = wild || p_at_n(p, n, "*");
        dash = dash || p_at_n(p, n, "-");
    }
    if (!wild && !dash)
        return p_name(p, true);
    const struct tok *last = p_tok(p, n - 1);
    struct str text = str_sub(p->text, off, last->off + last->len - off);
    p->at += n;
    return p_node(p,
                  str_eqz(text, "*") ? SYN_STAR
                  : wild             ? SYN_WILDNAME
                                     : SYN_NAME,
                  off, text, NULL);
}

static const char type_names[] =
    "the types are bool, datetime, decimal, dynamic, guid, int, long, real, string and timespan";

static struct syn *unknown_type(struct parser *p)
{
    static const char *const names[] = {"bool", "datetime", "decimal", "dynamic", "guid",
                                        "int",  "long",     "real",    "string",  "timespan"};
    struct suggest near = {.want = p_text(p, 0)};
    for (size_t i = 0; i < COUNTOF(names); i++)
        suggest_offer(&near, str_from(names[i]));
    struct str hint = arena_fmt(p->a, "did you mean '%.*s'?", STR_ARG(near.best));
    struct syn *s = p_error(p, "SYN0002", near.best.n > 0 ? arena_strz(p->a, hint) : type_names,
                            "'%.*s' is not a type", STR_ARG(near.want));
    p->panic = false;
    p->at++;
    return s;
}

struct syn *p_type(struct parser *p)
{
    uint32_t off = p_off(p);
    enum kql_type t;
    if (!p_at_kind(p, TOK_IDENT))
        return p_expected(p, "a type", type_names);
    if (!kql_type_parse(p_text(p, 0), &t))
        return unknown_type(p);
    struct str text = str_from(kql_type_name(t));
    p->at++;
    return p_node(p, SYN_TYPE, off, text, NULL);
}

/* : type; the name before it is known, whatever stands here. */
static struct syn *type_after(struct parser *p, const char *what)
{
    if (p_expect(p, ":", what))
        return p_type(p);
    struct syn *s = p_node(p, SYN_ERROR, p_off(p), STR_NONE, NULL);
    struct str t = p_text(p, 0);
    if (str_eqz(t, ",") || str_eqz(t, ")"))
        p->panic = false;
    return s;
}

static struct syn *column_decl(struct parser *p)
{
    uint32_t off = p_off(p);
    struct str name;
    if (!p_take_name(p, true, &name))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    return p_node1(p, SYN_COLUMN_DECL, off, name,
                   type_after(p, "and a type after the column's name"));
}

/* ( name:type, … ) with an optional comma at the end; (*) where any table is welcome. */
struct syn *p_schema(struct parser *p, bool open_allowed)
{
    uint32_t off = p_off(p);
    struct syn_list cols = {0};
    struct str text = STR_NONE;
    unsigned before = p->errors;
    p_expect(p, "(", "before the columns");
    if (open_allowed && p_accept(p, "*"))
        text = STR("*");
    if (text.n == 0 || p_accept(p, ",")) {
        while (!p->panic && !p_at(p, ")")) {
            p_push(p, &cols, column_decl(p));
            if (!p_accept(p, ","))
                break;
        }
    }
    p_close(p, ")", "or ',' after the column's type");
    struct syn *s = p_node(p, SYN_SCHEMA, off, text, &cols);
    s->lost = p->errors > before;
    return s;
}

/* name:type = default, or with tables: name:(columns) */
struct syn *p_func_param(struct parser *p, bool tables)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    struct str name;
    if (!p_take_name(p, true, &name))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    if (tables && p_at(p, ":") && p_at_n(p, 1, "(")) {
        p->at++;
        p_push(p, &kids, p_schema(p, true));
    } else {
        p_push(p, &kids, type_after(p, "and a type after the parameter's name"));
    }
    if (p_accept(p, "="))
        p_push(p, &kids, p_literal(p, true));
    return p_node(p, SYN_FUNC_PARAM, off, name, &kids);
}
