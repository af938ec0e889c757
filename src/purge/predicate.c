/* From filters to a KQL predicate. Columns are those of the table, values become string literals
 * that KQL itself turns into the column's type, so that what is deleted is what a query finds. */
#include "base/ids.h"
#include "purge/purge_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_FILTERS = 50, MAX_VALUES = 1000, MAX_VALUE = 64 << 10, MAX_PREDICATE = 16 << 20 };

enum shape { SHAPE_ONE, SHAPE_LIST, SHAPE_RANGE };
static const struct operator
{
    const char *name;
    enum shape shape;
    bool text_only, ordered;
}
operators[] = {
    {"==", SHAPE_ONE, false, false},       {"=~", SHAPE_ONE, true, false},
    {"in", SHAPE_LIST, false, false},      {"in~", SHAPE_LIST, true, false},
    {">", SHAPE_ONE, false, true},         {">=", SHAPE_ONE, false, true},
    {"<", SHAPE_ONE, false, true},         {"<=", SHAPE_ONE, false, true},
    {"between", SHAPE_RANGE, false, true},
};

/* How a literal becomes a value of a type. */
static const char *const conversions[KQL_N_TYPES] = {
    [KQL_INT] = "toint",   [KQL_LONG] = "tolong",         [KQL_REAL] = "toreal",
    [KQL_BOOL] = "tobool", [KQL_DATETIME] = "todatetime", [KQL_TIMESPAN] = "totimespan",
    [KQL_GUID] = "toguid", [KQL_DECIMAL] = "todecimal",
};

struct filter {
    size_t at; /* its place, for messages */
    const struct operator* op;
    const struct kql_column *column;
    struct str key;            /* of a dynamic column; may be empty */
    enum kql_type type;        /* what is compared */
    const struct json *values; /* n of them */
    size_t n;
};

static bool refuse(struct err *e, const struct filter *f, const char *what)
{
    return err_set(e, ERR_INVALID, "filters[%zu].%s", f->at, what);
}

static bool read_operator(struct str name, struct filter *f)
{
    for (size_t i = 0; i < COUNTOF(operators); i++)
        if (str_ieqz(name, operators[i].name))
            f->op = &operators[i];
    return f->op != NULL;
}

static bool read_values(const struct json *v, struct filter *f, struct err *e)
{
    bool list = v != NULL && v->type == JSON_ARRAY;
    if (f->op->shape == SHAPE_ONE &&
        (v == NULL || list || v->type == JSON_OBJECT || v->type == JSON_NULL))
        return refuse(e, f, "value: one text, number or boolean expected");
    if (f->op->shape == SHAPE_RANGE && (!list || v->n != 2))
        return refuse(e, f, "value: an array of two expected, from and to");
    if (f->op->shape == SHAPE_LIST && (!list || v->n == 0 || v->n > MAX_VALUES))
        return refuse(e, f, "value: an array of 1 to 1,000 expected");
    f->values = list ? v->items : v;
    f->n = list ? v->n : 1;
    return true;
}

static bool read_filter(const struct kql_table *t, const struct json *row, struct filter *f,
                        struct err *e)
{
    struct str column = json_text(json_get(row, "column"), STR(""));
    size_t at;
    f->column = store_column_find(t, column, &at);
    if (f->column == NULL)
        return err_set(e, ERR_INVALID, "filters[%zu].column: table '%.*s' has no column '%.*s'",
                       f->at, STR_ARG(t->name), (int)(column.n < 80 ? column.n : 80), column.p);
    if (!read_operator(json_text(json_get(row, "operator"), STR("")), f))
        return refuse(e, f, "operator: ==, =~, in, in~, >, >=, <, <= or between expected");
    f->key = json_text(json_get(row, "key"), STR(""));
    if (f->key.n > 0 && f->column->type != KQL_DYNAMIC)
        return refuse(e, f, "key: only for columns of type dynamic");
    f->type = f->column->type == KQL_DYNAMIC ? KQL_STRING : f->column->type;
    if (f->op->text_only && f->type != KQL_STRING)
        return refuse(e, f, "operator: only for texts");
    if (f->op->ordered && (f->type == KQL_STRING || f->type == KQL_BOOL || f->type == KQL_GUID))
        return refuse(e, f, "operator: the column's values have no order");
    return read_values(json_get(row, "value"), f, e);
}

static void write_column(const struct filter *f, struct sbuf *b)
{
    bool dynamic = f->column->type == KQL_DYNAMIC;
    sbuf_addz(b, dynamic ? "tostring([" : "[");
    json_escape(b, f->column->name);
    sbuf_addc(b, ']');
    if (f->key.n > 0) {
        sbuf_addc(b, '[');
        json_escape(b, f->key);
        sbuf_addc(b, ']');
    }
    if (dynamic)
        sbuf_addc(b, ')');
}

static bool is_time(enum kql_type t, struct str text)
{
    int64_t ticks;
    return t != KQL_DATETIME || date_parse_kusto(text, &ticks);
}

static bool is_number(enum kql_type t, const struct json *v, struct str text)
{
    int64_t n;
    if (t == KQL_INT || t == KQL_LONG)
        return str_to_i64(text, &n);
    if (t != KQL_REAL && t != KQL_DECIMAL)
        return true;
    struct arena *a = arena_new(1 << 20);
    struct json x = {0};
    bool ok = v->type == JSON_INT || v->type == JSON_REAL ||
              (json_parse(a, text, NULL, &x, NULL) && (x.type == JSON_INT || x.type == JSON_REAL));
    arena_free(a);
    return ok;
}

/* A value that is no value of its column's type would match nothing, in silence. */
static bool fits(enum kql_type t, const struct json *v, struct str text)
{
    int64_t span;
    struct guid g;
    if (t == KQL_BOOL)
        return str_ieqz(text, "true") || str_ieqz(text, "false");
    if (t == KQL_GUID)
        return guid_parse(text, &g);
    if (t == KQL_TIMESPAN)
        return span_parse_kusto(text, &span);
    return is_time(t, text) && is_number(t, v, text);
}

static bool write_value(const struct filter *f, const struct json *v, struct sbuf *b, struct err *e)
{
    struct str text = v->type == JSON_TRUE    ? STR("true")
                      : v->type == JSON_FALSE ? STR("false")
                                              : v->text;
    bool scalar = v->type == JSON_STRING || v->type == JSON_INT || v->type == JSON_REAL ||
                  v->type == JSON_TRUE || v->type == JSON_FALSE;
    if (!scalar || text.n > MAX_VALUE || memchr(text.p, 0, text.n) != NULL ||
        !fits(f->type, v, text))
        return err_set(e, ERR_INVALID, "filters[%zu].value: no value of type %s", f->at,
                       kql_type_name(f->type));
    const char *convert = conversions[f->type];
    if (convert != NULL)
        sbuf_addf(b, "%s(", convert);
    json_escape(b, text);
    if (convert != NULL)
        sbuf_addc(b, ')');
    return true;
}

static bool write_filter(const struct filter *f, struct sbuf *b, struct err *e)
{
    static const char *const between[] = {
        [SHAPE_ONE] = "", [SHAPE_LIST] = ", ", [SHAPE_RANGE] = " .. "};
    sbuf_addc(b, '(');
    write_column(f, b);
    sbuf_addf(b, " %s %s", f->op->name, f->op->shape == SHAPE_ONE ? "" : "(");
    for (size_t i = 0; i < f->n; i++) {
        if (i > 0)
            sbuf_addz(b, between[f->op->shape]);
        if (!write_value(f, &f->values[i], b, e))
            return false;
    }
    sbuf_addz(b, f->op->shape == SHAPE_ONE ? ")" : "))");
    return true;
}

bool purge_predicate(struct arena *a, const struct kql_table *t, const struct json *filters,
                     struct str *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_PREDICATE);
    if (filters == NULL || filters->type != JSON_ARRAY || filters->n == 0 ||
        filters->n > MAX_FILTERS)
        return err_set(e, ERR_INVALID, "filters: an array of 1 to %d filters expected",
                       MAX_FILTERS);
    for (size_t i = 0; i < filters->n; i++) {
        struct filter f = {.at = i};
        if (i > 0)
            sbuf_addz(&b, " and ");
        if (!read_filter(t, &filters->items[i], &f, e) || !write_filter(&f, &b, e))
            return false;
    }
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "the filters are too long");
    *out = arena_str(a, sbuf_str(&b));
    return true;
}
