/* JSON values and fields of text as cells of a column. */
#include "engine/cell.h"

struct kql_value engine_cell_null(enum kql_type t)
{
    return (struct kql_value){.type = t, .is_null = t != KQL_STRING};
}

static struct str json_of(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return arena_str(a, sbuf_str(&b));
}

struct kql_value engine_cell(struct arena *a, const struct json *v, enum kql_type t, bool text_only)
{
    struct kql_value from = {.type = KQL_STRING}, out;
    struct json parsed;
    struct err e = {0};
    if (v->type == JSON_NULL)
        return engine_cell_null(t);
    if (t == KQL_DYNAMIC) {
        bool text = text_only && v->type == JSON_STRING;
        if (text && v->text.n == 0)
            return engine_cell_null(t);
        if (text && json_parse(a, v->text, NULL, &parsed, &e))
            v = &parsed;
        return (struct kql_value){.type = t, .s = json_of(a, v)};
    }
    if (v->type == JSON_INT)
        from = (struct kql_value){.type = KQL_LONG, .i = v->i};
    else if (v->type == JSON_REAL)
        from = (struct kql_value){.type = KQL_REAL, .d = v->d};
    else if (v->type == JSON_TRUE || v->type == JSON_FALSE)
        from = (struct kql_value){.type = KQL_BOOL, .b = v->type == JSON_TRUE};
    else if (v->type == JSON_STRING)
        from.s = v->text;
    else
        from.s = json_of(a, v);
    if (from.type == KQL_BOOL && t == KQL_STRING)
        from = (struct kql_value){.type = KQL_STRING, .s = from.b ? STR("true") : STR("false")};
    return kql_value_convert(a, &from, t, &out) ? out : engine_cell_null(t);
}
