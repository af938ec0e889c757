/* Kusto's commands that change the columns of a table. */
#include "api/kusto.h"
#include "text/json.h"

enum { MAX_COLUMNS = 500 };

struct altering {
    struct vedette *v;
    struct http_request *q;
    struct workspace *here;
    struct kusto_words w;
    struct str table;
    struct kql_schema columns;
    struct err *e;
};

static bool is(const struct altering *x, size_t ahead, const char *word)
{
    size_t at = x->w.at + ahead < x->w.n ? x->w.at + ahead : x->w.n - 1;
    return str_ieqz(kusto_word(&x->w, at), word);
}

static bool expected(const struct altering *x, const char *what)
{
    struct str t = kusto_word(&x->w, x->w.at);
    struct pos at = pos_in(x->w.text, x->w.toks[x->w.at].off);
    if (t.n == 0)
        return err_at(x->e, ERR_SYNTAX, at, "expected %s, found the end of the text", what);
    return err_at(x->e, ERR_SYNTAX, at, "expected %s, found '%.*s'", what,
                  (int)(t.n < 40 ? t.n : 40), t.p);
}

static bool accept(struct altering *x, const char *word)
{
    bool there = is(x, 0, word);
    x->w.at += there;
    return there;
}

static bool expect(struct altering *x, const char *word, const char *what)
{
    return accept(x, word) || expected(x, what);
}

static bool name(struct altering *x, const char *what, struct str *out)
{
    return kusto_take_name(&x->w, x->q->arena, out) || expected(x, what);
}

static bool type(struct altering *x, enum kql_type *out)
{
    if (!kql_type_parse(kusto_word(&x->w, x->w.at), out))
        return expected(x, "a type");
    x->w.at++;
    return true;
}

/* [D.]T.C type=string */
static bool read_column(struct altering *x)
{
    struct str names[3];
    size_t n = 0;
    do {
        if (!name(x, n == 0 ? "a table's name" : "a column's name", &names[n]))
            return false;
        n++;
    } while (n < COUNTOF(names) && accept(x, "."));
    if (n < 2)
        return expected(x, "'.' and the column's name");
    if (n == 3 && !str_ieq(names[0], workspace_name(x->here)) &&
        !str_ieq(names[0], workspace_id(x->here)))
        return err_set(x->e, ERR_NOT_FOUND, "Database '%.*s' is not the one of the request.",
                       (int)(names[0].n < 80 ? names[0].n : 80), names[0].p);
    x->table = names[n - 2];
    x->columns.cols[0].name = names[n - 1];
    x->columns.n = 1;
    return expect(x, "type", "type=") && expect(x, "=", "'=' behind type") &&
           type(x, &x->columns.cols[0].type);
}

/* T (A:string, B:long) */
static bool read_columns(struct altering *x)
{
    if (!name(x, "a table's name", &x->table) || !expect(x, "(", "'(' and columns"))
        return false;
    do {
        struct kql_column *c = &x->columns.cols[x->columns.n++];
        if (x->columns.n > MAX_COLUMNS)
            return err_set(x->e, ERR_LIMIT, "at most %d columns", MAX_COLUMNS);
        if (!name(x, "a column's name", &c->name) || !expect(x, ":", "':' and a type") ||
            !type(x, &c->type))
            return false;
    } while (accept(x, ","));
    if (!expect(x, ")", "',' or ')' behind the column"))
        return false;
    return !is(x, 0, "with") ||
           err_at(x->e, ERR_UNSUPPORTED, pos_in(x->w.text, x->w.toks[x->w.at].off),
                  "a table has no docstring and no folder");
}

static const struct kql_column *find(const struct kql_table *t, struct str column)
{
    size_t at;
    return store_column_find(t, column, &at);
}

/* .alter column is for columns that are there, .alter-merge for others. */
static bool check(const struct altering *x, bool merge)
{
    struct kql_table t = {0};
    if (!workspace_table_find(x->here, x->q->arena, x->table, &t))
        return err_set(x->e, ERR_NOT_FOUND, "Table '%.*s' could not be found.",
                       (int)(x->table.n < 80 ? x->table.n : 80), x->table.p);
    for (size_t i = 0; i < x->columns.n; i++) {
        const struct kql_column *c = &x->columns.cols[i], *there = find(&t, c->name);
        if (merge && there != NULL && there->type != c->type)
            return err_set(
                x->e, ERR_CONFLICT,
                "column '%.*s' is %s: .alter column changes types, .alter-merge does not",
                STR_ARG(c->name), kql_type_name(there->type));
        if (!merge && there == NULL)
            return err_set(x->e, ERR_NOT_FOUND, "Column '%.*s' could not be found.",
                           (int)(c->name.n < 80 ? c->name.n : 80), c->name.p);
    }
    return true;
}

static bool may_change(const struct altering *x)
{
    return identity_allows(api_caller(x->q), "tables/write", workspace_id(x->here)) ||
           err_set(x->e, ERR_FORBIDDEN,
                   "The client '%.*s' may not change tables of the database '%.*s'.",
                   STR_ARG(api_caller(x->q)->id), STR_ARG(workspace_name(x->here)));
}

static bool at_end(const struct altering *x)
{
    return x->w.toks[x->w.at].kind == TOK_EOF || is(x, 0, "|") ||
           expected(x, "the end of the command");
}

/* What the table is by then, and the query behind the command. */
static bool show(const struct altering *x, struct kusto_table *out, struct str *out_rest)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(2 * KQL_MAX_BYTES);
    sbuf_addz(&b, ".show table [");
    json_escape(&b, x->table); /* JSON's escapes are all KQL's, too */
    sbuf_addz(&b, "] cslschema ");
    sbuf_add(&b, str_sub(x->w.text, x->w.toks[x->w.at].off, x->w.text.n));
    return kusto_show(x->v, x->q, x->here, arena_str(x->q->arena, sbuf_str(&b)), out, out_rest,
                      x->e);
}

bool kusto_alter(struct vedette *v, struct http_request *q, struct workspace *here, struct str csl,
                 struct kusto_table *out, struct str *out_rest, struct err *e)
{
    struct altering x = {.v = v, .q = q, .here = here, .w = {.text = csl}, .e = e};
    x.w.toks = lex_all(q->arena, csl, &x.w.n);
    x.columns.cols = arena_array(q->arena, struct kql_column, MAX_COLUMNS + 1);
    x.w.at = 1; /* behind the dot */
    bool column = is(&x, 0, "alter") && is(&x, 1, "column");
    bool merge = is(&x, 0, "alter") && is(&x, 1, "-") && is(&x, 2, "merge") && is(&x, 3, "table");
    if (!column && !merge)
        return false;
    x.w.at += column ? 2 : 4;
    return (column ? read_column(&x) : read_columns(&x)) && at_end(&x) && may_change(&x) &&
           check(&x, merge) && workspace_table_define(here, x.table, &x.columns, e) &&
           show(&x, out, out_rest);
}
