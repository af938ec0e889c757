/* bag_pack() and pack_array() when the keys are known and differ: see fn_pack.c. */
#include "engine/duckdb/emit_priv.h"
#include "text/json.h"

enum { MOST_KEYS = 64 };

static bool keys_known(const struct expr *x)
{
    if (x->n_args % 2 != 0 || x->n_args / 2 > MOST_KEYS)
        return false;
    for (size_t i = 0; i < x->n_args; i += 2) {
        const struct expr *k = x->args[i];
        if (k->kind != EX_CONST || k->type != KQL_STRING || k->value.is_null)
            return false;
        for (size_t j = 0; j < i; j += 2)
            if (str_eq(x->args[j]->value.s, k->value.s))
                return false;
    }
    return true;
}

bool emit_is_pack(const struct expr *x)
{
    static const char *const names[] = {"bag_pack", "pack", "pack_dictionary", "pack_array"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (expr_is_call(x, names[i]))
            return true;
    return false;
}

/* The call: pieces of text, then the values. step: how far apart these are in the arguments. */
static bool pack(struct emit *m, const struct expr *x, size_t step, struct sbuf *out)
{
    AUTO(sbuf_fini)
    struct sbuf all = sbuf_make(EMIT_MAX_SQL_BYTES), piece = sbuf_make(EMIT_MAX_SQL_BYTES);
    struct json_out w = json_out_make(&all);
    json_arr(&w);
    for (size_t i = 0; i < x->n_args; i += step) {
        bool text = x->args[i + step - 1]->type == KQL_STRING;
        sbuf_clear(&piece);
        sbuf_addc(&piece, text ? 's' : 'j');
        sbuf_addc(&piece, i > 0 ? ',' : step > 1 ? '{' : '[');
        if (step > 1) {
            json_escape(&piece, x->args[i]->value.s);
            sbuf_addc(&piece, ':');
        }
        json_str(&w, sbuf_str(&piece));
    }
    json_z(&w, step > 1 ? "j}" : "j]");
    json_arr_end(&w);
    sbuf_addz(out, "vdf_pack(");
    sql_text(out, sbuf_str(&all));
    for (size_t i = step - 1; i < x->n_args; i += step) {
        bool text = x->args[i]->type == KQL_STRING;
        sbuf_addz(out, ", ");
        if (!emit_as(m, x->args[i], text ? KQL_STRING : KQL_DYNAMIC, out))
            return false;
    }
    sbuf_addc(out, ')');
    return true;
}

bool emit_bag_pack(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    return keys_known(x) && x->n_args > 0
               ? pack(m, x, 2, out)
               : emit_func_call(m, x, emit_func_find(x->fn->name, x->n_args), out);
}

bool emit_pack_array(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    return x->n_args > 0 && x->n_args <= MOST_KEYS
               ? pack(m, x, 1, out)
               : emit_func_call(m, x, emit_func_find(x->fn->name, x->n_args), out);
}
