/* Kusto's control commands, as far as they show something: ".show tables" and its relatives. One
 * row each in the table of commands. Source: "Management commands overview" and the pages of the
 * commands. */
#include "api/kusto.h"
#include "text/json.h"
#include <unistd.h>

enum { MAX_DATATABLE_BYTES = KQL_MAX_BYTES };

struct show {
    struct vedette *v;
    struct http_request *q;
    struct workspace *here;
    struct str name; /* {name} of the pattern */
    struct workspace **all;
    size_t n_all;
    struct kql_schema schema;
    VEC(struct kql_value) cells;
    struct err *e;
};

/* ---- cells ---- */

static void text(struct show *s, struct str t)
{
    struct kql_value v = {.type = KQL_STRING, .s = t};
    VEC_PUSH(s->q->arena, &s->cells, v);
}
static void text_z(struct show *s, const char *z)
{
    text(s, str_from(z));
}
static void number(struct show *s, enum kql_type type, int64_t i)
{
    struct kql_value v = {.type = type, .i = i};
    VEC_PUSH(s->q->arena, &s->cells, v);
}
static void boolean(struct show *s, bool b)
{
    struct kql_value v = {.type = KQL_BOOL, .b = b};
    VEC_PUSH(s->q->arena, &s->cells, v);
}
static void guid(struct show *s, struct str t)
{
    struct kql_value v = {.type = KQL_GUID, .s = t};
    VEC_PUSH(s->q->arena, &s->cells, v);
}

/* ---- what is shown ---- */

/* With the tables that the caller sees. */
static const struct kql_catalog *catalog_of(struct show *s, struct workspace *w)
{
    const struct store_access *access = api_access(s->v, s->q);
    return access == NULL ? workspace_catalog(w) : workspace_catalog_for(w, s->q->arena, access);
}

static bool find_table(struct show *s, struct kql_table *t)
{
    if (api_sees_table(s->q, s->here, s->name) &&
        workspace_table_find(s->here, s->q->arena, s->name, t))
        return true;
    struct str near = workspace_table_suggest(s->here, s->q->arena, s->name);
    if (near.n > 0 && !api_sees_table(s->q, s->here, near))
        near = STR_NONE;
    err_set(s->e, ERR_NOT_FOUND, "Table '%.*s' could not be found.",
            (int)(s->name.n < 80 ? s->name.n : 80), s->name.p);
    if (near.n > 0)
        err_hint(s->e, "did you mean '%.*s'?", STR_ARG(near));
    return false;
}

static bool show_version(struct show *s)
{
    text_z(s, VEDETTE_VERSION);
    number(s, KQL_DATETIME, 0);
    s->cells.p[s->cells.n - 1].is_null = true; /* builds are reproducible and know no time */
    text_z(s, "Engine");
    text_z(s, "Vedette " VEDETTE_VERSION);
    text_z(s, "{\"Type\":\"Vedette\"}");
    return true;
}

static bool show_cluster(struct show *s)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    text_z(s, "KEngine000000");
    text_z(s, s->v->o.base_url != NULL ? s->v->o.base_url : "");
    text_z(s, "vedette");
    int64_t up = (clock_mono_us() - s->v->started) * 10;
    number(s, KQL_DATETIME, clock_now(s->v->o.clock) - up);
    boolean(s, true);
    number(s, KQL_LONG, pages > 0 && page > 0 ? (int64_t)pages * page : 0);
    number(s, KQL_INT, cores > 0 ? cores : 1);
    text_z(s, "Vedette " VEDETTE_VERSION);
    return true;
}

static void database_row(struct show *s, struct workspace *w)
{
    text(s, workspace_name(w));
    text_z(s, "");
    text_z(s, "v1.0");
    boolean(s, w == s->here);
    text_z(s, "ReadWrite");
    text(s, workspace_name(w));
    guid(s, workspace_id(w));
}
static bool show_databases(struct show *s)
{
    for (size_t i = 0; i < s->n_all; i++)
        database_row(s, s->all[i]);
    return true;
}
static bool show_database(struct show *s)
{
    database_row(s, s->here);
    return true;
}

static void table_row(struct show *s, const struct kql_table *t)
{
    text(s, t->name);
    text(s, workspace_name(s->here));
    text_z(s, str_ends(t->name, STR("_CL")) ? "Custom" : "");
    text_z(s, "");
}
static bool show_tables(struct show *s)
{
    const struct kql_catalog *c = catalog_of(s, s->here);
    struct kql_table t = {0};
    for (size_t i = 0; c->table_at(c->self, s->q->arena, i, &t); i++)
        table_row(s, &t);
    return true;
}
static bool show_table(struct show *s)
{
    struct kql_table t = {0};
    if (!find_table(s, &t))
        return false;
    table_row(s, &t);
    return true;
}
static bool table_schema(struct show *s,
                         struct str (*format)(struct arena *, const struct kql_table *))
{
    struct kql_table t = {0};
    if (!find_table(s, &t))
        return false;
    text(s, t.name);
    text(s, format(s->q->arena, &t));
    text(s, workspace_name(s->here));
    text_z(s, str_ends(t.name, STR("_CL")) ? "Custom" : "");
    text_z(s, "");
    return true;
}
static bool show_table_csl(struct show *s)
{
    return table_schema(s, kusto_table_csl);
}
static bool show_table_json(struct show *s)
{
    return table_schema(s, kusto_table_json);
}

static void function_row(struct show *s, const struct state_saved *f)
{
    text(s, f->alias);
    text(s, library_parameters(s->q->arena, f));
    text(s, library_body(s->q->arena, f));
    text(s, f->category);
    text(s, f->doc);
}
static bool show_functions(struct show *s)
{
    struct state_saved *all = NULL;
    size_t n = 0;
    if (!library_saved_list(s->v->library, s->q->arena, s->here, true, &all, &n, s->e))
        return false;
    for (size_t i = 0; i < n; i++)
        function_row(s, &all[i]);
    return true;
}
static bool show_function(struct show *s)
{
    struct state_saved f = {0};
    if (!library_function_get(s->v->library, s->q->arena, s->here, s->name, &f, s->e))
        return false;
    function_row(s, &f);
    return true;
}

static void schema_row(struct show *s, struct workspace *w, struct str table, struct str column,
                       const char *type)
{
    text(s, workspace_name(w));
    text(s, table);
    text(s, column);
    text_z(s, type);
    boolean(s, false);
    boolean(s, false);
    text_z(s, "");
    text_z(s, table.n == 0 ? "v1.0" : "");
    text_z(s, "");
    text_z(s, "");
}
static void schema_rows(struct show *s, struct workspace *w)
{
    const struct kql_catalog *c = catalog_of(s, w);
    struct kql_table t = {0};
    schema_row(s, w, STR(""), STR(""), "");
    for (size_t i = 0; c->table_at(c->self, s->q->arena, i, &t); i++) {
        schema_row(s, w, t.name, STR(""), "");
        for (size_t k = 0; k < t.schema.n; k++)
            schema_row(s, w, t.name, t.schema.cols[k].name, kql_type_dotnet(t.schema.cols[k].type));
    }
}
static bool show_schema(struct show *s)
{
    for (size_t i = 0; i < s->n_all; i++)
        schema_rows(s, s->all[i]);
    return true;
}
static bool show_database_schema(struct show *s)
{
    schema_rows(s, s->here);
    return true;
}
static bool show_schema_json(struct show *s)
{
    text(s, kusto_schema_json(s->v, s->q, s->all, s->n_all));
    return true;
}
static bool show_database_json(struct show *s)
{
    text(s, kusto_schema_json(s->v, s->q, &s->here, 1));
    return true;
}

/* ---- the table of commands ---- */

#define DATABASE_COLUMNS                                                                           \
    "DatabaseName:string PersistentStorage:string Version:string IsCurrent:bool "                  \
    "DatabaseAccessMode:string PrettyName:string DatabaseId:guid"
#define FUNCTION_COLUMNS "Name:string Parameters:string Body:string Folder:string DocString:string"
#define TABLE_COLUMNS "TableName:string DatabaseName:string Folder:string DocString:string"
#define TABLE_SCHEMA_COLUMNS                                                                       \
    "TableName:string Schema:string DatabaseName:string Folder:string DocString:string"
#define SCHEMA_COLUMNS                                                                             \
    "DatabaseName:string TableName:string ColumnName:string ColumnType:string "                    \
    "IsDefaultTable:bool IsDefaultColumn:bool PrettyName:string Version:string Folder:string "     \
    "DocString:string"

/* {db} makes another database the current one, {name} is a table's. */
static const struct {
    const char *pattern, *columns;
    bool (*run)(struct show *s);
} commands[] = {
    {"show version",
     "BuildVersion:string BuildTime:datetime ServiceType:string ProductVersion:string "
     "ServiceOffering:string",
     show_version},
    {"show cluster",
     "NodeId:string Address:string Name:string StartTime:datetime IsAdmin:bool "
     "MachineTotalMemory:long ProcessorCount:int ProductVersion:string",
     show_cluster},
    {"show databases", DATABASE_COLUMNS, show_databases},
    {"show database", DATABASE_COLUMNS, show_database},
    {"show tables", TABLE_COLUMNS, show_tables},
    {"show table {name}", TABLE_COLUMNS, show_table},
    {"show table {name} cslschema", TABLE_SCHEMA_COLUMNS, show_table_csl},
    {"show table {name} schema as csl", TABLE_SCHEMA_COLUMNS, show_table_csl},
    {"show table {name} schema as json", TABLE_SCHEMA_COLUMNS, show_table_json},
    {"show functions", FUNCTION_COLUMNS, show_functions},
    {"show function {name}", FUNCTION_COLUMNS, show_function},
    {"show schema", SCHEMA_COLUMNS, show_schema},
    {"show schema as json", "DatabaseSchema:string", show_schema_json},
    {"show databases schema", SCHEMA_COLUMNS, show_schema},
    {"show databases schema as json", "DatabaseSchema:string", show_schema_json},
    {"show database schema", SCHEMA_COLUMNS, show_database_schema},
    {"show database schema as json", "DatabaseSchema:string", show_database_json},
    {"show database {db} schema", SCHEMA_COLUMNS, show_database_schema},
    {"show database {db} schema as json", "DatabaseSchema:string", show_database_json},
};

/* The next word of s, which moves behind it. */
static struct str next_word(struct str *s)
{
    size_t at = s->n;
    (void)str_find(*s, STR(" "), &at);
    struct str word = str_sub(*s, 0, at);
    *s = str_sub(*s, at + 1, s->n);
    return word;
}

static void read_columns(struct show *s, const char *columns)
{
    struct str rest = str_from(columns);
    s->schema.cols = arena_array(s->q->arena, struct kql_column, 16);
    while (rest.n > 0) {
        struct str one = next_word(&rest);
        size_t at = 0;
        CHECK(s->schema.n < 16 && str_find(one, STR(":"), &at));
        struct kql_column *c = &s->schema.cols[s->schema.n++];
        c->name = str_sub(one, 0, at);
        CHECK(kql_type_parse(str_sub(one, at + 1, one.n), &c->type));
    }
}

/* ---- reading a command ---- */

struct str kusto_word(const struct kusto_words *w, size_t i)
{
    return str_sub(w->text, w->toks[i].off, w->toks[i].len);
}
bool kusto_take_name(struct kusto_words *w, struct arena *a, struct str *out)
{
    const struct tok *t = &w->toks[w->at];
    if (t->kind == TOK_IDENT) {
        *out = kusto_word(w, w->at++);
        return true;
    }
    if (t->kind == TOK_STRING) {
        *out = lex_string(a, kusto_word(w, w->at++));
        return true;
    }
    if (w->at + 2 < w->n && str_eqz(kusto_word(w, w->at), "[") && t[1].kind == TOK_STRING &&
        str_eqz(kusto_word(w, w->at + 2), "]")) {
        *out = lex_string(a, kusto_word(w, w->at + 1));
        w->at += 3;
        return true;
    }
    return false;
}
/* Does the command have this pattern, up to its end or a '|'? */
static bool matches(struct kusto_words w, struct arena *a, const char *pattern,
                    struct str *out_name, size_t *out_end)
{
    struct str rest = str_from(pattern);
    while (rest.n > 0) {
        struct str word = next_word(&rest);
        if (word.p[0] == '{' ? !kusto_take_name(&w, a, out_name)
                             : !str_ieq(word, kusto_word(&w, w.at)) || w.at++ >= w.n)
            return false;
    }
    *out_end = w.at;
    return w.toks[w.at].kind == TOK_EOF || str_eqz(kusto_word(&w, w.at), "|");
}

bool kusto_is_command(struct str csl)
{
    struct arena *a = arena_new(0);
    size_t n = 0;
    /* The first token is enough; a command is short, so a long text is a query. */
    const struct tok *t = lex_all(a, str_sub(csl, 0, 65536), &n);
    bool dot = t[0].kind == TOK_PUNCT && str_eqz(str_sub(csl, t[0].off, t[0].len), ".");
    arena_free(a);
    return dot;
}

static struct kql_value show_cell(const void *self, size_t row, size_t column)
{
    const struct show *s = self;
    return s->cells.p[row * s->schema.n + column];
}

static void list_databases(struct show *s)
{
    struct workspace *w;
    size_t n = 0;
    while (store_workspace_at(s->v->store, n) != NULL)
        n++;
    s->all = arena_array(s->q->arena, struct workspace *, n + 1);
    for (size_t i = 0; i < n && (w = store_workspace_at(s->v->store, i)) != NULL; i++)
        if (api_may(s->q, workspace_id(w)))
            s->all[s->n_all++] = w;
}
static bool choose_database(struct show *s)
{
    for (size_t i = 0; i < s->n_all; i++) {
        struct workspace *w = s->all[i];
        if (str_ieq(workspace_name(w), s->name) || str_ieq(workspace_id(w), s->name)) {
            s->here = w;
            return true;
        }
    }
    return err_set(s->e, ERR_NOT_FOUND, "Database '%.*s' could not be found.",
                   (int)(s->name.n < 80 ? s->name.n : 80), s->name.p);
}

static bool unknown(const struct kusto_words *w, struct err *e)
{
    struct str t = str_trim(w->text);
    struct pos at = pos_in(w->text, w->toks[0].off);
    return err_at(e, ERR_UNSUPPORTED, at, "the command '%.*s' is not supported",
                  (int)(t.n < 80 ? t.n : 80), t.p);
}

bool kusto_show(struct vedette *v, struct http_request *q, struct workspace *here, struct str csl,
                struct kusto_table *out, struct str *out_rest, struct err *e)
{
    struct kusto_words w = {.text = csl};
    struct show *s = arena_new_of(q->arena, struct show);
    size_t end = 0;
    *s = (struct show){.v = v, .q = q, .here = here, .e = e};
    w.toks = lex_all(q->arena, csl, &w.n);
    w.at = 1; /* behind the dot */
    list_databases(s);
    for (size_t i = 0; i < COUNTOF(commands); i++) {
        const char *pattern = commands[i].pattern;
        if (!matches(w, q->arena, pattern, &s->name, &end))
            continue;
        read_columns(s, commands[i].columns);
        if (strstr(pattern, "{db}") != NULL && !choose_database(s))
            return false;
        if (!commands[i].run(s))
            return false;
        *out_rest = STR("");
        if (w.toks[end].kind != TOK_EOF)
            *out_rest = str_sub(csl, w.toks[end].off, csl.n);
        *out = (struct kusto_table){.schema = s->schema, .cell = show_cell, .self = s};
        out->n_rows = s->cells.n / s->schema.n;
        return true;
    }
    return unknown(&w, e);
}

static bool may_change(const struct show *s)
{
    if (identity_allows(api_caller(s->q), "functions/write", workspace_id(s->here)))
        return true;
    return err_set(s->e, ERR_FORBIDDEN,
                   "The client '%.*s' may not change functions of the database '%.*s'.",
                   STR_ARG(api_caller(s->q)->id), STR_ARG(workspace_name(s->here)));
}

bool kusto_change(struct vedette *v, struct http_request *q, struct workspace *here, struct str csl,
                  struct kusto_table *out, struct str *out_rest, struct err *e)
{
    struct library_command c;
    struct state_saved *left = NULL;
    size_t n = 0, at = 0;
    struct show *s = arena_new_of(q->arena, struct show);
    *s = (struct show){.v = v, .q = q, .here = here, .e = e};
    if (!library_command_read(q->arena, csl, &at, &c, e) || !may_change(s))
        return false;
    struct str rest = str_trim(str_sub(csl, at, csl.n));
    if (rest.n > 0 && rest.p[0] != '|')
        return err_at(e, ERR_SYNTAX, pos_in(csl, at), "the end of the command is expected");
    if (!library_command_run(v->library, q->arena, here, &c, api_caller(q)->name, &left, &n, e))
        return false;
    *out_rest = rest.n > 0 ? str_sub(csl, at, csl.n) : STR("");
    bool one = c.what == COMMAND_DROP && !c.several;
    read_columns(s, one ? "Name:string" : FUNCTION_COLUMNS);
    for (size_t i = 0; i < c.n && one; i++)
        text(s, c.names[i]);
    for (size_t i = 0; i < n && !one; i++)
        function_row(s, &left[i]);
    *out = (struct kusto_table){.schema = s->schema, .cell = show_cell, .self = s};
    out->n_rows = s->cells.n / s->schema.n;
    return true;
}

struct str kusto_datatable(struct arena *a, const struct kusto_table *t)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)2 * MAX_DATATABLE_BYTES);
    struct json_out w = json_out_make(&b);
    sbuf_addz(&b, "datatable(");
    for (size_t i = 0; i < t->schema.n; i++)
        sbuf_addf(&b, "%s%.*s:%s", i > 0 ? "," : "", STR_ARG(t->schema.cols[i].name),
                  kql_type_name(t->schema.cols[i].type));
    sbuf_addz(&b, ")[");
    for (size_t i = 0; i < t->n_rows * t->schema.n && sbuf_ok(&b); i++) {
        struct kql_value v = t->cell(t->self, i / t->schema.n, i % t->schema.n);
        sbuf_addz(&b, i > 0 ? "," : "");
        if (v.type == KQL_STRING) { /* JSON's escapes are all KQL's, too */
            json_escape(&b, v.s);
            continue;
        }
        sbuf_addf(&b, "%s(", kql_type_name(v.type));
        w = json_out_make(&b);
        if (v.type == KQL_GUID)
            sbuf_add(&b, v.s);
        else if (v.type == KQL_BOOL)
            json_bool(&w, v.b);
        else if (v.is_null)
            json_null(&w);
        else
            json_int(&w, v.i);
        sbuf_addc(&b, ')');
    }
    sbuf_addz(&b, "] ");
    return arena_str(a, sbuf_str(&b));
}
