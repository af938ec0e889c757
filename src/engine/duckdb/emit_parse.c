/* parse and parse-kv: a C function cuts the text into the columns' texts; its constant second
 * argument says how, as JSON. */
#include "engine/duckdb/emit_priv.h"
#include "text/json.h"

/* {"mode":"simple","flags":"","parts":[["*"],["t","text"],["c","long"]]} */
static void parse_spec(const struct parse *x, struct sbuf *out)
{
    static const char *const modes[] = {"simple", "relaxed", "regex"};
    struct json_out w = json_out_make(out);
    json_obj(&w);
    json_kv_z(&w, "mode", modes[x->mode]);
    json_kv_str(&w, "flags", x->flags);
    json_key(&w, "parts");
    json_arr(&w);
    for (size_t i = 0; i < x->n; i++) {
        const struct parse_part *part = &x->parts[i];
        json_arr(&w);
        json_z(&w, part->kind == PARSE_STAR ? "*" : part->kind == PARSE_TEXT ? "t" : "c");
        if (part->kind == PARSE_TEXT)
            json_str(&w, part->text);
        if (part->kind == PARSE_COLUMN)
            json_z(&w, kql_type_name(part->col.type));
        json_arr_end(&w);
    }
    json_arr_end(&w);
    json_obj_end(&w);
}

/* Position (from 1) of a column among the captured ones; 0: a column of the input. */
static size_t capture_index(const struct parse *x, uint32_t id, enum kql_type *type)
{
    size_t at = 0;
    for (size_t i = 0; i < x->n; i++) {
        if (x->parts[i].kind != PARSE_COLUMN)
            continue;
        at++;
        *type = x->parts[i].col.type;
        if (x->parts[i].col.id == id)
            return at;
    }
    return 0;
}

static void captured(size_t at, enum kql_type type, uint32_t id, struct sbuf *out)
{
    struct cast k = {"", ""};
    if (type == KQL_STRING) {
        sbuf_addf(out, "coalesce(list_extract(hcut, %zu), '') AS c%u", at, id);
        return;
    }
    /* a string that is missing converts to null as '' does; '' is not a dynamic, though */
    (void)cast_find(KQL_STRING, type, &k);
    if (type == KQL_DYNAMIC)
        k = (struct cast){"vdc_parse_json(", ")"};
    sbuf_addf(out, "%scoalesce(list_extract(hcut, %zu), '')%s AS c%u", k.before, at, k.after, id);
}

static bool cut_source(struct emit *m, const struct plan *p, const struct expr *e, const char *fn,
                       struct str spec, struct sbuf *out)
{
    sbuf_addf(out, " FROM (SELECT *, %s(", fn);
    if (!emit_as(m, e, KQL_STRING, out))
        return false;
    sbuf_addz(out, ", ");
    sql_text(out, spec);
    sbuf_addz(out, ") AS hcut FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addf(out, ") AS t%u", emit_fresh(m));
    return true;
}

bool emit_parse(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct parse *x = p->parse;
    AUTO(sbuf_fini) struct sbuf spec = sbuf_make(1 << 20);
    parse_spec(x, &spec);
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) {
        enum kql_type type;
        uint32_t id = p->cols.p[i].id;
        size_t at = capture_index(x, id, &type);
        sbuf_addz(out, i ? ", " : "");
        if (at)
            captured(at, type, id, out);
        else
            emit_col(id, out);
    }
    if (!cut_source(m, p, x->e, "vdf_parse", sbuf_str(&spec), out))
        return false;
    if (x->where)
        sbuf_addz(out, " WHERE hcut IS NOT NULL");
    return true;
}

static void kv_spec(const struct parse_kv *x, struct sbuf *out)
{
    struct json_out w = json_out_make(out);
    json_obj(&w);
    json_kv_str(&w, "pair", x->pair_delimiter);
    json_kv_str(&w, "kv", x->kv_delimiter);
    json_kv_str(&w, "regex", x->regex);
    json_kv_str(&w, "escape", x->escape);
    json_kv_bool(&w, "greedy", x->greedy);
    json_key(&w, "quotes");
    json_arr(&w);
    for (size_t i = 0; i < x->n_quotes; i++)
        json_str(&w, x->quotes[i]);
    json_arr_end(&w);
    json_key(&w, "keys");
    json_arr(&w);
    for (size_t i = 0; i < x->n; i++)
        json_str(&w, x->cols[i].name);
    json_arr_end(&w);
    json_obj_end(&w);
}

bool emit_parse_kv(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct parse_kv *x = p->parse_kv;
    AUTO(sbuf_fini) struct sbuf spec = sbuf_make(1 << 20);
    kv_spec(x, &spec);
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) {
        uint32_t id = p->cols.p[i].id;
        size_t at = 0;
        for (size_t k = 0; k < x->n && !at; k++)
            at = x->cols[k].id == id ? k + 1 : 0;
        sbuf_addz(out, i ? ", " : "");
        if (at)
            captured(at, x->cols[at - 1].type, id, out);
        else
            emit_col(id, out);
    }
    return cut_source(m, p, x->e, "vdf_parse_kv", sbuf_str(&spec), out);
}
