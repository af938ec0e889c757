/* bag_pack() and pack_array() as joined text, when the keys are known and differ. */
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

/* A value as JSON; a dynamic one without text is null, too. */
static bool member(struct emit *m, const struct expr *v, struct sbuf *out)
{
    bool dynamic = v->type == KQL_DYNAMIC, may_miss = dynamic || expr_nullable(v);
    sbuf_addz(out, dynamic ? "coalesce(nullif(" : may_miss ? "coalesce(" : "");
    if (!emit_as(m, v, KQL_DYNAMIC, out))
        return false;
    sbuf_addz(out, dynamic ? ", ''), 'null')" : may_miss ? ", 'null')" : "");
    return true;
}

static void piece(struct sbuf *text, struct sbuf *out)
{
    sql_text(out, sbuf_str(text));
    sbuf_clear(text);
}

bool emit_bag_pack(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    if (!keys_known(x) || x->n_args == 0)
        return emit_func_call(m, x, emit_func_find(x->fn->name, x->n_args), out);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(EMIT_MAX_SQL_BYTES);
    sbuf_addz(out, "concat(");
    for (size_t i = 0; i < x->n_args; i += 2) {
        sbuf_addc(&text, i > 0 ? ',' : '{');
        json_escape(&text, x->args[i]->value.s);
        sbuf_addc(&text, ':');
        piece(&text, out);
        sbuf_addz(out, ", ");
        if (!member(m, x->args[i + 1], out))
            return false;
        sbuf_addz(out, ", ");
    }
    sbuf_addz(out, "'}')");
    return true;
}

bool emit_pack_array(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    if (x->n_args == 0 || x->n_args > MOST_KEYS)
        return emit_func_call(m, x, emit_func_find(x->fn->name, x->n_args), out);
    sbuf_addz(out, "concat('[', ");
    for (size_t i = 0; i < x->n_args; i++) {
        sbuf_addz(out, i > 0 ? ", ',', " : "");
        if (!member(m, x->args[i], out))
            return false;
    }
    sbuf_addz(out, ", ']')");
    return true;
}
