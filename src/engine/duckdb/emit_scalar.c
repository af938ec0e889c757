/* Further calls whose SQL depends on the types of their arguments: distances in time, time zones,
 * sizes, hashes of several values. */
#include "engine/duckdb/emit_priv.h"

static bool is_ticks(enum kql_type t)
{
    return t == KQL_DATETIME || t == KQL_TIMESPAN;
}

/* around(value, center, delta) */
static bool op_around(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool real = false;
    for (size_t i = 0; i < x->n_args; i++)
        real = real || x->args[i]->type == KQL_REAL || x->args[i]->type == KQL_DECIMAL;
    sbuf_addz(out, real ? "vdf_around_real(" : "vdf_around(");
    for (size_t i = 0; i < x->n_args; i++) {
        enum kql_type t = x->args[i]->type;
        sbuf_addz(out, i ? ", " : "");
        if (!emit_as(m, x->args[i], real ? KQL_REAL : is_ticks(t) ? t : KQL_LONG, out))
            return false;
    }
    sbuf_addc(out, ')');
    return true;
}

/* datetime_diff() of weeks is real, of everything else long. */
static bool op_datetime_diff(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                             struct sbuf *out)
{
    (void)ctx;
    static const enum kql_type types[] = {KQL_STRING, KQL_DATETIME, KQL_DATETIME};
    sbuf_addz(out, x->type == KQL_REAL ? "CAST(vdf_datetime_diff(" : "vdf_datetime_diff(");
    for (size_t i = 0; i < 3; i++) {
        sbuf_addz(out, i ? ", " : "");
        if (!emit_as(m, x->args[i], types[i], out))
            return false;
    }
    sbuf_addz(out, x->type == KQL_REAL ? ") AS DOUBLE)" : ")");
    return true;
}

/* Bytes of one value, about as Kusto counts them. */
static bool value_size(struct emit *m, const struct expr *x, struct sbuf *out)
{
    static const unsigned char sizes[KQL_N_TYPES] = {
        [KQL_BOOL] = 1,     [KQL_INT] = 4,      [KQL_LONG] = 8,     [KQL_REAL] = 8,
        [KQL_DECIMAL] = 16, [KQL_DATETIME] = 8, [KQL_TIMESPAN] = 8, [KQL_GUID] = 16};
    if (x->type != KQL_STRING && x->type != KQL_DYNAMIC) {
        sbuf_addf(out, "%d", sizes[x->type]);
        return true;
    }
    sbuf_addz(out, x->type == KQL_DYNAMIC ? "coalesce(2 * strlen(" : "strlen(");
    if (!emit_expr(m, x, EMIT_EXACT, out))
        return false;
    sbuf_addz(out, x->type == KQL_DYNAMIC ? "), 0)" : ")");
    return true;
}

static bool op_data_size(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    sbuf_addz(out, "CAST(0");
    for (size_t i = 0; i < x->n_args; i++) {
        sbuf_addz(out, " + ");
        if (!value_size(m, x->args[i], out))
            return false;
    }
    sbuf_addz(out, " AS BIGINT)");
    return true;
}

static bool op_hash_many(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    sbuf_addz(out, "vdf_hash_combine(");
    for (size_t i = 0; i < x->n_args; i++) {
        sbuf_addz(out, i ? ", vdf_hash(" : "vdf_hash(");
        if (!emit_expr(m, x->args[i], EMIT_EXACT, out))
            return false;
        sbuf_addc(out, ')');
    }
    sbuf_addc(out, ')');
    return true;
}

/* ---- time zones: names and rules are those of the database's ICU ---- */
#define UNIX_EPOCH_US "62135596800000000"

/* The SQL repeats its arguments, so that calls inside calls grow quickly. An unknown zone, or a
 * time out of range, is null. */
enum { ZONE_ARGS_BYTES = 1 << 20 };

static bool zone_args(struct emit *m, const struct expr *x, struct str *time, struct str *zone)
{
    if (!emit_arg(m, x->args[0], KQL_DATETIME, time) || !emit_arg(m, x->args[1], KQL_STRING, zone))
        return false;
    if (time->n + zone->n <= ZONE_ARGS_BYTES)
        return true;
    err_at(m->e, ERR_LIMIT, (struct pos){.off = x->off},
           "%s() stands too often in its own arguments", x->fn->name);
    if (m->e)
        m->e->len = x->len;
    return false;
}

static bool op_utc_to_local(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                            struct sbuf *out)
{
    (void)ctx;
    struct str t, zone;
    if (!zone_args(m, x, &t, &zone))
        return false;
    sbuf_addf(out,
              "vdc_ticks((epoch_us(TRY(timezone(vdf_zone(%.*s), make_timestamptz(%.*s // 10 "
              "- " UNIX_EPOCH_US ")))) + " UNIX_EPOCH_US ") * 10 + %.*s %% 10)",
              STR_ARG(zone), STR_ARG(t), STR_ARG(t));
    return sbuf_ok(out);
}

/* A local time that the clocks left out is read with the offset that came after it, one that they
 * went through twice with that of the second time. */
static bool op_local_to_utc(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                            struct sbuf *out)
{
    (void)ctx;
    struct str t, zone;
    if (!zone_args(m, x, &t, &zone))
        return false;
    struct str utc = arena_fmt(
        m->a, "TRY(timezone(vdf_zone(%.*s), make_timestamp(%.*s // 10 - " UNIX_EPOCH_US ")))",
        STR_ARG(zone), STR_ARG(t));
    sbuf_addf(out,
              "vdc_ticks((epoch_us(%.*s) - epoch_us(TRY(timezone(vdf_zone(%.*s), %.*s))) + %.*s // "
              "10) * 10 "
              "+ %.*s %% 10)",
              STR_ARG(utc), STR_ARG(zone), STR_ARG(utc), STR_ARG(t), STR_ARG(t));
    return sbuf_ok(out);
}

/* Without a file nothing is known about any address. */
static bool geoip(struct emit *m, const struct expr *x, const char *function, struct sbuf *out)
{
    if (m->src->geoip_file == NULL) {
        emit_pad(KQL_DYNAMIC, out);
        return true;
    }
    sbuf_addz(out, function);
    if (!emit_as(m, x->args[0], KQL_STRING, out))
        return false;
    sbuf_addz(out, ", ");
    sql_text(out, str_from(m->src->geoip_file));
    sbuf_addc(out, ')');
    return true;
}

static bool op_geoip(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    return geoip(m, x, "vdf_geoip(", out);
}

static bool op_geo_location(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                            struct sbuf *out)
{
    (void)ctx;
    return geoip(m, x, "vdf_geo_location(", out);
}

static const struct {
    const char *name;
    emit_call_fn *fn;
} calls[] = {
    {"around", op_around},
    {"datetime_diff", op_datetime_diff},
    {"datetime_local_to_utc", op_local_to_utc},
    {"datetime_utc_to_local", op_utc_to_local},
    {"estimate_data_size", op_data_size},
    {"geo_info_from_ip_address", op_geoip},
    {"geo_location", op_geo_location},
    {"hash_many", op_hash_many},
};

emit_call_fn *emit_scalar_find(const char *name)
{
    for (size_t i = 0; i < COUNTOF(calls); i++)
        if (kql_same_name(calls[i].name, name))
            return calls[i].fn;
    return NULL;
}
