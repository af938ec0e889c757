/* Calls over t-digests whose SQL depends on the types of their arguments. */
#include "engine/duckdb/emit_priv.h"

/* The value that is looked for, as the digest has it: datetimes and timespans are ticks. */
static bool digest_value(struct emit *m, const struct expr *x, struct sbuf *out)
{
    if (x->type != KQL_DATETIME && x->type != KQL_TIMESPAN)
        return emit_as(m, x, KQL_REAL, out);
    sbuf_addz(out, "CAST(");
    if (!emit_expr(m, x, EMIT_EXACT, out))
        return false;
    sbuf_addz(out, " AS DOUBLE)");
    return true;
}

bool emit_rank_tdigest(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    sbuf_addf(out, "vdf_%s(", x->fn->name);
    if (!emit_as(m, x->args[0], KQL_DYNAMIC, out))
        return false;
    sbuf_addz(out, ", ");
    if (!digest_value(m, x->args[1], out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

/* percentile_tdigest(digest, percentile [, typeof(T)]) */
bool emit_percentile_tdigest(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                             struct sbuf *out)
{
    (void)ctx;
    struct cast c;
    if (!cast_find(KQL_DYNAMIC, x->type, &c))
        return emit_unsupported(m, x->off, x->len, "percentile_tdigest() of this type");
    sbuf_addf(out, "%svdf_percentile_tdigest(", c.before);
    if (!emit_as(m, x->args[0], KQL_DYNAMIC, out))
        return false;
    sbuf_addz(out, ", ");
    if (!emit_as(m, x->args[1], KQL_REAL, out))
        return false;
    sbuf_addf(out, ")%s", c.after);
    return true;
}

/* percentiles_array_tdigest(digest, percentile, …) or (digest, [percentile, …] [, typeof(T)]): T
 * has to be the digest's own type, which the values have anyway. */
bool emit_percentiles_tdigest(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                              struct sbuf *out)
{
    (void)ctx;
    bool array = x->args[1]->type == KQL_DYNAMIC;
    sbuf_addz(out, "vdf_percentiles_tdigest(");
    if (!emit_as(m, x->args[0], KQL_DYNAMIC, out))
        return false;
    sbuf_addz(out, array ? ", " : ", vdf_pack_array(");
    for (size_t i = 1; i < (array ? 2 : x->n_args); i++) {
        sbuf_addz(out, i > 1 ? ", " : "");
        if (!emit_as(m, x->args[i], KQL_DYNAMIC, out))
            return false;
    }
    sbuf_addz(out, array ? ")" : "))");
    return true;
}
