/* Rows of our own tables (SecurityAlert, SecurityIncident, SentinelHealth …) from JSON objects to
 * store batches. */
#include "incident/incident.h"
#include "incident/incident_priv.h"
#include "state/outbox.h"
#include "text/date.h"

enum { MAX_CELL = 16 << 20 };

bool logrows_put(struct incidents *in, struct workspace *w, const char *table, struct str rows,
                 struct str dedup, struct err *e)
{
    struct state_outbox o = {
        .workspace = workspace_id(w), .table = str_from(table), .dedup = dedup, .rows = rows};
    return state_outbox_put(in->state, &o, e);
}

static struct str compact(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_CELL);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

static bool is_number(const struct json *v)
{
    return v->type == JSON_INT || v->type == JSON_REAL;
}

/* A JSON value as a value of the column's type; what does not fit is null. */
static struct kql_value convert(struct arena *a, const struct json *v, enum kql_type type)
{
    struct kql_value out = {.type = type, .is_null = true};
    bool text = v->type == JSON_STRING;
    if (type == KQL_STRING) {
        out.is_null = false;
        if (v->type != JSON_NULL)
            out.s = text ? v->text : compact(a, v);
    } else if (v->type == JSON_NULL) {
        return out;
    } else if (type == KQL_DATETIME) {
        out.is_null = !text || !date_parse_iso(v->text, &out.i);
    } else if (type == KQL_DYNAMIC) {
        out.is_null = false;
        out.s = compact(a, v);
    } else if (type == KQL_BOOL) {
        out.is_null = v->type != JSON_TRUE && v->type != JSON_FALSE;
        out.b = v->type == JSON_TRUE;
    } else if (type == KQL_INT || type == KQL_LONG) {
        out.is_null = v->type != JSON_INT;
        out.i = v->i;
    } else if (type == KQL_REAL) {
        out.is_null = !is_number(v);
        out.d = v->d;
    } else if (type == KQL_GUID && text) {
        out.is_null = false;
        out.s = v->text;
    }
    return out;
}

static bool column_index(const struct kql_schema *s, struct str name, size_t *out)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->cols[i].name, name)) {
            *out = i;
            return true;
        }
    return false;
}

static void put_row(struct arena *a, struct store_batch *b, const struct kql_table *t,
                    const struct json *row)
{
    for (size_t i = 0; i < row->n; i++) {
        size_t col = 0;
        if (!column_index(&t->schema, row->keys[i], &col))
            continue;
        struct kql_value v = convert(a, &row->items[i], t->schema.cols[col].type);
        store_batch_set(b, col, &v);
    }
    store_batch_end_row(b);
}

bool logrows_batch(struct workspace *w, struct arena *a, struct str table, const struct json *rows,
                   struct store_batch **out, struct err *e)
{
    struct kql_table t = {0};
    if (!workspace_table_find(w, a, table, &t))
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(table));
    if (rows->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "table '%.*s': an array of rows expected", STR_ARG(table));
    struct store_batch *b = store_batch_new(&t);
    for (size_t i = 0; i < rows->n; i++)
        if (rows->items[i].type == JSON_OBJECT)
            put_row(a, b, &t, &rows->items[i]);
    *out = b;
    return true;
}
