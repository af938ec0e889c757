/* d.a["b"][0]: steps that are known become one call, which writes nothing in between. */
#include "engine/duckdb/emit_priv.h"
#include "text/json.h"

enum { MOST_STEPS = 64 };

bool emit_is_step(const struct expr *x)
{
    if (!expr_is_call(x, "[]") && !expr_is_call(x, "."))
        return false;
    const struct expr *k = x->args[1];
    return k->kind == EX_CONST && !k->value.is_null &&
           (k->type == KQL_STRING || k->type == KQL_LONG || k->type == KQL_INT);
}

void emit_path_text(const struct expr *const *steps, size_t n, struct sbuf *path)
{
    struct json_out w = json_out_make(path);
    json_arr(&w);
    while (n-- > 0) {
        const struct kql_value *v = &steps[n]->args[1]->value;
        if (v->type == KQL_STRING)
            json_str(&w, v->s);
        else
            json_int(&w, v->i);
    }
    json_arr_end(&w);
}

static void write_path(const struct expr *const *steps, size_t n, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf path = sbuf_make(EMIT_MAX_SQL_BYTES);
    emit_path_text(steps, n, &path);
    sql_text(out, sbuf_str(&path));
}

static bool is_parse_json(const struct expr *x)
{
    return expr_is_call(x, "parse_json") || expr_is_call(x, "todynamic") ||
           expr_is_call(x, "parsejson") || expr_is_call(x, "toobject");
}

bool emit_path(struct emit *m, const struct expr *x, enum emit_path_form form, bool *done,
               struct sbuf *out)
{
    static const char *const suffixes[] = {"", "_str", "_length"};
    const struct expr *steps[MOST_STEPS];
    size_t n = 0;
    while (n < MOST_STEPS && emit_is_step(x)) {
        steps[n++] = x;
        x = x->args[0];
    }
    *done = n > 0;
    if (n == 0)
        return true;
    const struct kql_value *first = &steps[n - 1]->args[1]->value;
    if (n == 1 && expr_is_call(x, "split") && x->n_args == 2 && first->type != KQL_STRING &&
        first->i >= 0 && form != PATH_LENGTH)
        return emit_split_at(m, x, first->i, form == PATH_TEXT, out);
    bool text = is_parse_json(x);
    sbuf_addf(out, "vdc_%s_path%s(", text ? "text" : "dyn", suffixes[form]);
    if (!(text ? emit_as(m, x->args[0], KQL_STRING, out) : emit_as(m, x, KQL_DYNAMIC, out)))
        return false;
    sbuf_addz(out, ", ");
    write_path(steps, n, out);
    sbuf_addc(out, ')');
    return true;
}

bool emit_array_length(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool done = false;
    if (x->args[0]->type == KQL_DYNAMIC &&
        (!emit_path(m, x->args[0], PATH_LENGTH, &done, out) || done))
        return done;
    return emit_func_call(m, x, emit_func_find(x->fn->name, x->n_args), out);
}
