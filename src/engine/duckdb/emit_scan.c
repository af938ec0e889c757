/* scan: what the steps say of the row alone becomes columns that SQL computes; the rest becomes a
 * JSON text for vd_scan(), which walks through the rows. */
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/emit_priv.h"
#include "engine/duckdb/steps.h"
#include "engine/duckdb/steps_call.h"
#include "kql/scan.h"
#include "text/json.h"

enum { ROW_CHUNK = 32 };

struct scan_emit {
    struct emit *m;
    const struct scan *v;
    VEC(const struct expr *) values; /* of the row, in the order in which vd_scan gets them */
};

static const struct scan_ref *find_ref(const struct scan *v, uint32_t id)
{
    for (size_t i = 0; i < v->refs.n; i++)
        if (v->refs.p[i].id == id)
            return &v->refs.p[i];
    return NULL;
}

static bool looks_back(const struct scan *v, const struct expr *x)
{
    if (x->kind == EX_COLUMN)
        return find_ref(v, x->col) != NULL;
    for (size_t i = 0; i < x->n_args; i++)
        if (looks_back(v, x->args[i]))
            return true;
    return false;
}

static size_t value_of_row(struct scan_emit *s, const struct expr *x)
{
    for (size_t i = 0; i < s->values.n; i++) {
        const struct expr *known = s->values.p[i];
        if (known == x ||
            (known->kind == EX_COLUMN && x->kind == EX_COLUMN && known->col == x->col))
            return i;
    }
    VEC_PUSH(s->m->a, &s->values, x);
    return s->values.n - 1;
}

static void write_type(struct json_out *w, enum kql_type t)
{
    json_kv_z(w, "t", kql_type_name(t));
}

static void write_const(struct json_out *w, const struct kql_value *v, enum kql_type t)
{
    json_obj(w);
    write_type(w, t);
    json_key(w, "v");
    step_write(w, v);
    json_obj_end(w);
}

static void write_ref(struct scan_emit *s, const struct scan_ref *r, enum kql_type t,
                      struct json_out *w)
{
    CHECK(r != NULL);
    if (r->kind == SCAN_DECLARED) {
        write_const(w, &s->v->defaults[r->at], t);
        return;
    }
    size_t at = r->at;
    if (!r->of_declared) {
        const struct plan_col *c = &s->v->in->cols.p[r->at];
        struct expr *x = arena_new_of(s->m->a, struct expr);
        *x = (struct expr){.kind = EX_COLUMN, .type = c->type, .col = c->id};
        at = value_of_row(s, x);
    }
    json_obj(w);
    write_type(w, t);
    if (!r->of_declared)
        json_kv_bool(w, "row", true);
    json_kv_int(w, "step", (int64_t)r->step);
    json_kv_int(w, "at", (int64_t)at);
    json_obj_end(w);
}

static bool write_expr(struct scan_emit *s, const struct expr *x, struct json_out *w);

/* Whether vd_scan can call it: of the functions of steps, or of those in C. */
static bool can_call(struct scan_emit *s, const struct expr *x)
{
    bool dynamic = x->type == KQL_DYNAMIC, known = x->type != KQL_DECIMAL;
    struct step_expr *args = arena_array(s->m->a, struct step_expr, x->n_args + 1);
    for (size_t i = 0; i < x->n_args; i++) {
        const struct expr *e = x->args[i];
        args[i] = (struct step_expr){.kind = STEP_ROW, .type = e->type};
        dynamic = dynamic || e->type == KQL_DYNAMIC;
        known = known && e->type != KQL_DECIMAL && e->type != KQL_UNKNOWN;
    }
    struct str name = str_from(x->fn->name);
    if (!known || x->type == KQL_UNKNOWN)
        return false;
    if (step_function_find(name, dynamic) != NULL)
        return true;
    struct step_outside *found = step_outside_new(s->m->a, name, args, x->n_args, x->type);
    if (found != NULL)
        step_outside_end(found);
    return found != NULL;
}

static bool write_call(struct scan_emit *s, const struct expr *x, struct json_out *w)
{
    if (!can_call(s, x))
        return emit_unsupported(s->m, x->off, x->len,
                                arena_fmt(s->m->a, "%s%s of a step's value", x->fn->name,
                                          x->fn->flags & KF_OPERATOR ? "" : "()")
                                    .p);
    json_obj(w);
    write_type(w, x->type);
    json_kv_z(w, "f", x->fn->name);
    json_key(w, "a");
    json_arr(w);
    for (size_t i = 0; i < x->n_args; i++)
        if (!write_expr(s, x->args[i], w))
            return false;
    json_arr_end(w);
    json_obj_end(w);
    return true;
}

static bool write_expr(struct scan_emit *s, const struct expr *x, struct json_out *w)
{
    if (w->depth > 100)
        return err_set(s->m->e, ERR_LIMIT, "an expression in a step of scan nests too deep");
    if (x->kind == EX_CONST) {
        write_const(w, &x->value, x->type);
    } else if (!looks_back(s->v, x)) {
        size_t at = value_of_row(s, x);
        json_obj(w);
        write_type(w, x->type);
        json_kv_bool(w, "row", true);
        json_kv_int(w, "at", (int64_t)at);
        json_obj_end(w);
    } else if (x->kind == EX_COLUMN) {
        write_ref(s, find_ref(s->v, x->col), x->type, w);
    } else if (x->kind == EX_CALL) {
        return write_call(s, x, w);
    } else {
        return emit_unsupported(s->m, x->off, x->len, "a sub-query over a step's values");
    }
    return true;
}

static bool write_step(struct scan_emit *s, const struct scan_step *step, struct json_out *w)
{
    json_obj(w);
    json_kv_int(w, "output", (int64_t)step->output);
    json_key(w, "condition");
    if (!write_expr(s, step->condition, w))
        return false;
    json_key(w, "sets");
    json_arr(w);
    for (size_t i = 0; i < step->n_sets; i++) {
        json_obj(w);
        json_kv_int(w, "to", (int64_t)step->sets[i].at);
        json_key(w, "e");
        if (!write_expr(s, step->sets[i].e, w))
            return false;
        json_obj_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
    return true;
}

static bool write_program(struct scan_emit *s, struct sbuf *out)
{
    struct json_out w = json_out_make(out);
    const struct scan *v = s->v;
    json_obj(&w);
    json_key(&w, "steps");
    json_arr(&w);
    for (size_t i = 0; i < v->n_steps; i++)
        if (!write_step(s, &v->steps[i], &w))
            return false;
    json_arr_end(&w);
    json_key(&w, "declared");
    json_arr(&w);
    for (size_t i = 0; i < v->n_declared; i++)
        write_const(&w, &v->defaults[i], v->declared[i].type);
    json_arr_end(&w);
    json_kv_int(&w, "values", (int64_t)s->values.n);
    json_obj_end(&w);
    return true;
}

static bool row_value(struct emit *m, const struct expr *x, struct sbuf *out)
{
    struct cast k;
    if (!cast_to_json(x->type, &k))
        return emit_unsupported(m, x->off, x->len, "a step's value of this type");
    sbuf_addz(out, k.before);
    if (!emit_expr(m, x, EMIT_EXACT, out))
        return false;
    sbuf_addz(out, k.after);
    return true;
}

static bool row_values(struct scan_emit *s, struct sbuf *out)
{
    sbuf_addz(out, "vdf_pack_array(");
    for (size_t i = 0; i < s->values.n; i++) {
        sbuf_addz(out, i % ROW_CHUNK != 0 ? ", "
                       : i > 0            ? "), vdf_pack_array("
                                          : "vdf_pack_array(");
        if (!row_value(s->m, s->values.p[i], out))
            return false;
    }
    sbuf_addz(out, s->values.n > 0 ? "))" : ")");
    return true;
}

/* Columns of the input are picked out of the list of rows by number; declared ones and the number
 * of the match come out of vd_scan's answer. */
static void output_columns(const struct plan *p, const struct scan *v, struct sbuf *out)
{
    size_t n_in = p->in[0]->cols.n;
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        struct cast k;
        sbuf_addz(out, i > 0 ? ", " : "");
        if (i < n_in) {
            sbuf_addf(out, "hr.c%u AS c%u", c->id, c->id);
            continue;
        }
        size_t at = i < n_in + v->n_declared ? 2 + i - n_in : 1;
        (void)cast_from_json(c->type, &k);
        sbuf_addf(out, "%svdc_dyn_at(ho, %zu)%s AS c%u", k.before, at, k.after, c->id);
    }
    if (p->cols.n == 0)
        sbuf_addz(out, "1 AS c0");
}

static void row_struct(const struct plan_cols *cols, struct sbuf *out)
{
    sbuf_addz(out, "list({'none': 0");
    for (size_t i = 0; i < cols->n; i++)
        sbuf_addf(out, ", 'c%u': c%u", cols->p[i].id, cols->p[i].id);
    sbuf_addz(out, "} ORDER BY hrow) AS hrows");
}

bool emit_scan(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct scan_emit s = {.m = m, .v = p->program->detail};
    AUTO(sbuf_fini) struct sbuf program = sbuf_make(EMIT_MAX_SQL_BYTES);
    if (!write_program(&s, &program))
        return false;
    sbuf_addz(out, "SELECT ");
    output_columns(p, s.v, out);
    sbuf_addz(out, " FROM (SELECT unnest(list_select(hrows, list_transform(houts, lambda o: "
                   "vdc_dyn_long(vdc_dyn_at(o, 0))))) AS hr, unnest(houts) AS ho FROM "
                   "(SELECT hrows, coalesce(vd_scan(");
    sql_text(out, sbuf_str(&program));
    sbuf_addz(out, ", hvalues), CASE WHEN hvalues IS NOT NULL THEN error(");
    sql_text(out, STR(DUCK_LIMIT_MARK "scan gives more than it may hold: narrow its input"));
    sbuf_addz(out, ") END) AS houts FROM (SELECT ");
    row_struct(&p->in[0]->cols, out);
    sbuf_addz(out, ", list(");
    if (!row_values(&s, out))
        return false;
    sbuf_addz(out, " ORDER BY hrow) AS hvalues FROM (SELECT *, row_number() OVER () AS hrow FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addf(out, ") AS t%u) AS t%u) AS t%u) AS t%u", emit_fresh(m), emit_fresh(m), emit_fresh(m),
              emit_fresh(m));
    return true;
}
