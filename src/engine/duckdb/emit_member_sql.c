/* SQL of members of dynamic columns: as columns that emit_members put into a plan, computed from
 * the JSON, and out of columns that were filled with them. */
#include "engine/duckdb/emit_priv.h"
#include "engine/duckdb/jscan.h"

static const enum kql_type form_types[ENGINE_PATH_FORMS] = {
    [ENGINE_PATH_VALUE] = KQL_DYNAMIC, [ENGINE_PATH_TEXT] = KQL_STRING,
    [ENGINE_PATH_LONG] = KQL_LONG,     [ENGINE_PATH_REAL] = KQL_REAL,
    [ENGINE_PATH_BOOL] = KQL_BOOL,     [ENGINE_PATH_MATCH] = KQL_STRING};

enum kql_type emit_member_type(int form)
{
    return form_types[form];
}

bool emit_member_column(struct emit *m, const struct plan *table, uint32_t id, struct sbuf *out)
{
    const struct emit_member *k = &m->members.p[(id - MEMBER_FIRST) / MEMBER_STRIDE];
    return m->src->path(m->src->self, table->workspace, table->table, k->column, k->path,
                        (enum engine_path_form)((id - MEMBER_FIRST) % MEMBER_STRIDE), out, m->e);
}

bool emit_member_as(const struct expr *x, enum kql_type to, struct sbuf *out)
{
    if (x->kind != EX_COLUMN || x->type != KQL_DYNAMIC || !emit_is_member(x->col))
        return false;
    for (uint32_t f = 0; f < ENGINE_PATH_MATCH; f++)
        if (form_types[f] == to) {
            emit_col(x->col + f, out);
            return true;
        }
    return false;
}

bool emit_member_match(const struct expr *x, struct sbuf *out)
{
    if (expr_is_call(x, "tostring") && x->n_args == 1)
        x = x->args[0];
    if (x->kind != EX_COLUMN || x->type != KQL_DYNAMIC || !emit_is_member(x->col))
        return false;
    emit_col(x->col + ENGINE_PATH_MATCH, out);
    return true;
}

static void convert(enum kql_type to, struct str value, struct sbuf *out)
{
    struct cast c;
    CHECK(cast_find(KQL_DYNAMIC, to, &c));
    sbuf_addz(out, c.before);
    sbuf_add(out, value);
    sbuf_addz(out, c.after);
}

static void path_call(const char *name, struct str column, struct str path, struct sbuf *out)
{
    sbuf_addf(out, "%s(", name);
    sbuf_add(out, column);
    sbuf_addz(out, ", ");
    sql_text(out, path);
    sbuf_addc(out, ')');
}

void engine_sql_path(struct str column, struct str path, enum engine_path_form form,
                     struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf value = sbuf_make(EMIT_MAX_SQL_BYTES);
    bool text = form == ENGINE_PATH_TEXT || form == ENGINE_PATH_MATCH;
    path_call(text ? "vdc_dyn_path_str" : "vdc_dyn_path", column, path, &value);
    if (form == ENGINE_PATH_VALUE || text)
        sbuf_add(out, sbuf_str(&value));
    else
        convert(form_types[form], sbuf_str(&value), out);
}

void engine_sql_path_kept(enum kql_type type, struct str column, enum engine_path_form form,
                          struct sbuf *out)
{
    enum kql_type to = form_types[form];
    AUTO(sbuf_fini) struct sbuf value = sbuf_make(EMIT_MAX_SQL_BYTES);
    struct cast c;
    if (type == to && (type != KQL_STRING || form == ENGINE_PATH_MATCH)) {
        sbuf_add(out, column);
        return;
    }
    if (to == KQL_STRING && (type == KQL_STRING || type == KQL_LONG)) {
        sbuf_addf(out, "coalesce(CAST(%.*s AS VARCHAR), '')", STR_ARG(column));
        return;
    }
    if (type == KQL_LONG && to == KQL_REAL) {
        sbuf_addf(out, "CAST(%.*s AS DOUBLE)", STR_ARG(column));
        return;
    }
    CHECK(cast_find(type, KQL_DYNAMIC, &c));
    sbuf_addf(&value, "%s%.*s%s", c.before, STR_ARG(column), c.after);
    if (to == KQL_DYNAMIC)
        sbuf_add(out, sbuf_str(&value));
    else
        convert(to, sbuf_str(&value), out);
}

void engine_sql_path_keep(enum kql_type type, struct str column, struct str path, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf value = sbuf_make(EMIT_MAX_SQL_BYTES);
    path_call(type == KQL_STRING ? "vdc_dyn_path_kept" : "vdc_dyn_path", column, path, &value);
    if (type == KQL_STRING || type == KQL_DYNAMIC)
        sbuf_add(out, sbuf_str(&value));
    else
        convert(type, sbuf_str(&value), out);
}

void engine_sql_path_kinds(struct str column, struct str path, struct sbuf *out)
{
    sbuf_addz(out, "coalesce(bit_or(");
    path_call("vdc_dyn_path_kind", column, path, out);
    sbuf_addz(out, "), 0)");
}

enum kql_type engine_path_type(int64_t kinds)
{
    return kinds == JS_KEPT_LONG                 ? KQL_LONG
           : kinds == JS_KEPT_REAL               ? KQL_REAL
           : kinds == JS_KEPT_STRING             ? KQL_STRING
           : kinds == 0 || kinds == JS_KEPT_BOOL ? KQL_BOOL
                                                 : KQL_DYNAMIC;
}
