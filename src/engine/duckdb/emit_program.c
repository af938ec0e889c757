/* Operators and plugins that are programs: one row in the table and one emitter each. */
#include "engine/duckdb/emit_priv.h"

static const struct program_arg *find_arg(const struct plan *p, const char *name, size_t at)
{
    for (size_t i = 0; i < p->program->n_args; i++) {
        if (str_eqz(p->program->args[i].name, name))
            return &p->program->args[i];
    }
    if (at < p->program->n_args && p->program->args[at].name.n == 0)
        return &p->program->args[at];
    return NULL;
}

/* bag_unpack(bag [, prefix]): new columns are members of the bag, typed by the binder from the rows
 * it looked at. */
static bool bag_unpack(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct program_arg *bag = find_arg(p, "bag", 0), *prefix = find_arg(p, "prefix", 1);
    if (!bag || !bag->e)
        return emit_unsupported(m, p->off, p->len, "bag_unpack of this column");
    struct str pre = prefix && prefix->e ? prefix->e->value.s : prefix ? prefix->text : STR_NONE;
    struct str text;
    if (!emit_arg(m, bag->e, KQL_DYNAMIC, &text))
        return false;
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        bool old = false;
        for (size_t j = 0; j < p->in[0]->cols.n; j++)
            old = old || p->in[0]->cols.p[j].id == c->id;
        sbuf_addz(out, i ? ", " : "");
        if (old) {
            emit_col(c->id, out);
            continue;
        }
        struct cast k;
        (void)cast_find(KQL_DYNAMIC, c->type, &k);
        struct str key = str_starts(c->name, pre) ? str_sub(c->name, pre.n, c->name.n) : c->name;
        sbuf_addf(out, "%svdc_dyn_key(%.*s, ", k.before, STR_ARG(text));
        sql_text(out, key);
        sbuf_addf(out, ")%s AS c%u", k.after, c->id);
    }
    if (p->cols.n == 0)
        sbuf_addz(out, "1 AS c0");
    sbuf_addz(out, " FROM ");
    return emit_from(m, p->in[0], out);
}

/* ---- lookups: a join on "is the address in the network", "is the place in the polygon" ---- */
/* A place in the polygon, or within a radius of the shape. */
static bool geo_condition(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct program_arg *radius = find_arg(p, "radius", SIZE_MAX);
    struct str lng, lat, shape;
    if (!emit_arg(m, p->program->args[0].e, KQL_REAL, &lng) ||
        !emit_arg(m, p->program->args[1].e, KQL_REAL, &lat) ||
        !emit_arg(m, p->program->args[2].e, KQL_DYNAMIC, &shape))
        return false;
    sbuf_addf(out, "coalesce(%s(%.*s, %.*s, %.*s",
              radius != NULL ? "vd_geo_near" : "vdf_geo_point_in_polygon", STR_ARG(lng),
              STR_ARG(lat), STR_ARG(shape));
    if (radius != NULL) {
        sbuf_addz(out, ", ");
        if (!emit_as(m, radius->e, KQL_REAL, out))
            return false;
    }
    sbuf_addz(out, "), FALSE)");
    return true;
}

static bool ip_condition(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct program *g = p->program;
    bool six = str_eqz(g->name, "ipv6_lookup"), have_key = false;
    sbuf_addf(out, "coalesce(%s(", six ? "vdf_ipv6_in_range" : "vdf_ipv4_in_range");
    if (!emit_as(m, g->args[0].e, KQL_STRING, out))
        return false;
    sbuf_addz(out, ", ");
    if (!emit_as(m, g->args[1].e, KQL_STRING, out))
        return false;
    sbuf_addz(out, "), FALSE)");
    for (size_t i = 2; i < g->n_args; i++) {
        if (!str_eqz(g->args[i].name, "key"))
            continue;
        sbuf_addz(out, have_key ? " = " : " AND ");
        if (!emit_as(m, g->args[i].e, g->args[i].e->type, out))
            return false;
        have_key = !have_key;
    }
    return true;
}

static bool is_among(const struct plan_cols *cols, uint32_t id)
{
    for (size_t i = 0; i < cols->n; i++)
        if (cols->p[i].id == id)
            return true;
    return false;
}

/* Strings of rows without a match are empty: a string is never null. */
static bool lookup(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct program_arg *all = find_arg(p, "return_unmatched", SIZE_MAX);
    bool outer = all != NULL && all->e != NULL && all->e->value.b;
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        bool fill = outer && c->type == KQL_STRING && is_among(&p->in[1]->cols, c->id);
        sbuf_addz(out, i > 0 ? ", " : "");
        sbuf_addz(out, fill ? "coalesce(" : "");
        emit_col(c->id, out);
        if (fill)
            sbuf_addf(out, ", '') AS c%u", c->id);
    }
    sbuf_addz(out, " FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addz(out, outer ? " LEFT JOIN " : " JOIN ");
    if (!emit_from(m, p->in[1], out))
        return false;
    sbuf_addz(out, " ON ");
    bool geo = str_starts(p->program->name, STR("geo_"));
    return geo ? geo_condition(m, p, out) : ip_condition(m, p, out);
}

/* narrow(): a row for each cell: its row's number, its column's name, its text. */
static bool narrow(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct plan_cols *in = &p->in[0]->cols;
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) /* what nobody asks for has been pruned */
        sbuf_addf(out, "%s%s AS c%u", i > 0 ? ", " : "",
                  str_eqz(p->cols.p[i].name, "Row")      ? "hrow"
                  : str_eqz(p->cols.p[i].name, "Column") ? "hcell.n"
                                                         : "hcell.v",
                  p->cols.p[i].id);
    sbuf_addz(out, " FROM (SELECT hrow, unnest(CAST([");
    for (size_t i = 0, n = 0; i < in->n; i++) {
        struct cast k;
        if (in->p[i].hidden)
            continue;
        (void)cast_find(in->p[i].type, KQL_STRING, &k);
        sbuf_addz(out, n++ > 0 ? ", {'n': " : "{'n': ");
        sql_text(out, in->p[i].name);
        sbuf_addf(out, ", 'v': %sc%u%s}", k.before, in->p[i].id, k.after);
    }
    sbuf_addz(out, "] AS STRUCT(n VARCHAR, v VARCHAR)[])) AS hcell FROM (SELECT *, row_number() "
                   "OVER () - 1 AS hrow FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addf(out, ") AS t%u)", emit_fresh(m));
    return true;
}

/* Components of a graph. Nodes get numbers, vd_components() takes the edges between these. */
static bool components(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct plan_cols *node = &p->in[0]->cols, *edge = &p->in[1]->cols;
    bool strong = str_eqz(p->program->name, "graph-components-strong");
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; i < p->cols.n; i++)
        sbuf_addf(out, "%s AS c%u%s", i == 0 ? "id" : "vd_component_at(all_of, n)", p->cols.p[i].id,
                  i + 1 < p->cols.n ? ", " : "");
    sbuf_addf(out,
              " FROM (WITH hn AS MATERIALIZED (SELECT c%u AS id, row_number() OVER () AS n FROM ",
              node->p[0].id);
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addf(out,
              ") SELECT hn.id, hn.n, hk.all_of FROM hn, (SELECT vd_components(u, v, %s, vd_query())"
              " AS all_of FROM (SELECT n AS u, n AS v FROM hn UNION ALL SELECT a.n, b.n FROM ",
              strong ? "TRUE" : "FALSE");
    if (!emit_from(m, p->in[1], out))
        return false;
    sbuf_addf(out,
              " JOIN hn AS a ON a.id IS NOT DISTINCT FROM c%u"
              " JOIN hn AS b ON b.id IS NOT DISTINCT FROM c%u) AS t%u) AS hk) AS t%u",
              edge->p[1].id, edge->p[2].id, emit_fresh(m), emit_fresh(m));
    return true;
}

/* Several results of which something reads the first. */
static bool first_table(struct emit *m, const struct plan *p, struct sbuf *out)
{
    sbuf_addz(out, "SELECT ");
    emit_cols(&p->cols, out);
    sbuf_addz(out, " FROM ");
    return emit_from(m, p->in[0], out);
}

static const struct program_row {
    const char *name;
    bool (*fn)(struct emit *m, const struct plan *p, struct sbuf *out);
} programs[] = {
    /* clang-format off: one a line */
    {"autocluster", emit_mine},
    {"bag_unpack", bag_unpack},
    {"basket", emit_mine},
    {"diffpatterns", emit_mine},
    {"geo_line_lookup", lookup},
    {"geo_polygon_lookup", lookup},
    {"graph-components-strong", components},
    {"graph-components-weak", components},
    {"ipv4_lookup", lookup},
    {"ipv6_lookup", lookup},
    {"narrow", narrow},
    {"reduce", emit_reduce},
    {"scan", emit_scan},
    {"tables", first_table},
    /* clang-format on */
};

bool emit_program(struct emit *m, const struct plan *p, struct sbuf *out)
{
    for (size_t i = 0; i < COUNTOF(programs); i++) {
        if (str_eqz(p->program->name, programs[i].name))
            return programs[i].fn(m, p, out);
    }
    return emit_unsupported(m, p->off, p->len, arena_strz(m->a, p->program->name));
}
