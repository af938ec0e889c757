/* Functions of text that the database has itself when their other arguments are known. */
#include "engine/duckdb/emit_priv.h"

enum { MOST_PLACE = 1000000000 }; /* the database's own bound of a place is 2^32 */

static bool known_place(const struct expr *x)
{
    return x->kind == EX_CONST && (x->type == KQL_LONG || x->type == KQL_INT) &&
           !x->value.is_null && x->value.i >= 0 && x->value.i <= MOST_PLACE;
}

static bool by_template(struct emit *m, const struct expr *x, struct sbuf *out)
{
    const struct emit_func *row = emit_func_find(x->fn->name, x->n_args);
    return row != NULL ? emit_func_call(m, x, row, out)
                       : emit_unsupported(m, x->off, x->len, x->fn->name);
}

bool emit_substring(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    for (size_t i = 1; i < x->n_args; i++)
        if (!known_place(x->args[i]))
            return by_template(m, x, out);
    sbuf_addz(out, "substring(");
    if (!emit_as(m, x->args[0], KQL_STRING, out))
        return false;
    sbuf_addf(out, ", %lld", (long long)x->args[1]->value.i + 1);
    if (x->n_args > 2)
        sbuf_addf(out, ", %lld", (long long)x->args[2]->value.i);
    sbuf_addc(out, ')');
    return true;
}

bool emit_indexof(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    const struct expr *k = x->args[1];
    if (x->n_args != 2 || k->kind != EX_CONST || k->type != KQL_STRING || k->value.s.n == 0)
        return by_template(m, x, out);
    sbuf_addz(out, "(instr(");
    if (!emit_as(m, x->args[0], KQL_STRING, out))
        return false;
    sbuf_addz(out, ", ");
    sql_value(out, &k->value);
    sbuf_addz(out, ") - 1)");
    return true;
}

/* split(text, delimiter)[index] */
bool emit_split_at(struct emit *m, const struct expr *split, int64_t index, bool as_text,
                   struct sbuf *out)
{
    sbuf_addz(out, as_text ? "vdf_split_at_str(" : "vdf_split_at(");
    for (size_t i = 0; i < 2; i++) {
        if (!emit_as(m, split->args[i], KQL_STRING, out))
            return false;
        sbuf_addz(out, ", ");
    }
    sbuf_addf(out, "%lld::BIGINT)", (long long)index);
    return true;
}
