/* scan: walks through rows in their order, against all steps from the last to the first, with the
 * state that each step has. The steps come as a JSON text that emit_scan.c writes.
 * Source: "scan operator" of the Kusto reference, "Scan logic". */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/steps.h"
#include "engine/duckdb/steps_call.h"
#include "kql/scan.h"

enum { MAX_OUT_BYTES = 512 << 20, STEPS = 64 /* rows between looks at the clock */ };

/* ---- the program ---- */
struct step {
    int output;
    struct step_expr condition;
    size_t *set_at;
    struct step_expr *sets;
    size_t n_sets;
};
struct steps {
    struct arena *a;
    struct step *steps;
    size_t n_steps, n_values, n_declared;
    struct kql_value *defaults;
};

static size_t count_of(const struct json *v, const char *key)
{
    const struct json *n = json_get(v, key);
    return n != NULL && n->type == JSON_INT && n->i >= 0 ? (size_t)n->i : 0;
}

static enum kql_type type_of(const struct json *v)
{
    enum kql_type t = KQL_UNKNOWN;
    return kql_type_parse(json_text(json_get(v, "t"), STR_NONE), &t) ? t : KQL_UNKNOWN;
}

static struct str raw_of(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return arena_str(a, sbuf_str(&b));
}

static void end_outside(void *outside)
{
    step_outside_end(outside);
}

/* As the emitter chose. */
static void read_function(struct arena *a, struct str name, struct step_expr *x)
{
    bool dynamic = x->type == KQL_DYNAMIC;
    for (size_t i = 0; i < x->n; i++)
        dynamic = dynamic || x->args[i].type == KQL_DYNAMIC;
    x->fn = step_function_find(name, dynamic);
    if (x->fn != NULL)
        return;
    x->kind = STEP_OUTSIDE;
    x->outside = step_outside_new(a, name, x->args, x->n, x->type);
    CHECK(x->outside != NULL);
    arena_defer(a, end_outside, x->outside);
}

static struct step_expr read_expr(struct arena *a, const struct json *v)
{
    struct step_expr x = {.kind = STEP_CONST, .type = type_of(v), .at = count_of(v, "at")};
    const struct json *args = json_get(v, "a"), *constant = json_get(v, "v");
    x.step = count_of(v, "step");
    if (json_get(v, "row") != NULL) {
        x.kind = json_get(v, "step") != NULL ? STEP_STATE_ROW : STEP_ROW;
    } else if (json_get(v, "step") != NULL) {
        x.kind = STEP_STATE_DECLARED;
    } else if (args != NULL) {
        x.kind = STEP_CALL;
        x.n = args->n;
        x.args = arena_array(a, struct step_expr, x.n + 1);
        for (size_t i = 0; i < x.n; i++)
            x.args[i] = read_expr(a, &args->items[i]);
        read_function(a, json_text(json_get(v, "f"), STR_NONE), &x);
    } else {
        x.value = step_value(a, constant != NULL ? raw_of(a, constant) : STR("null"), x.type);
    }
    return x;
}

static void read_step(struct steps *g, const struct json *v, struct step *out)
{
    const struct json *sets = json_get(v, "sets");
    out->output = (int)count_of(v, "output");
    out->condition = read_expr(g->a, json_get(v, "condition"));
    out->n_sets = sets != NULL ? sets->n : 0;
    out->sets = arena_array(g->a, struct step_expr, out->n_sets + 1);
    out->set_at = arena_array(g->a, size_t, out->n_sets + 1);
    for (size_t i = 0; i < out->n_sets; i++) {
        out->set_at[i] = count_of(&sets->items[i], "to");
        out->sets[i] = read_expr(g->a, json_get(&sets->items[i], "e"));
    }
}

static void *prepare(const struct cf_const *args, size_t n)
{
    if (n == 0 || !args[0].known || args[0].is_null)
        return NULL;
    struct arena *a = arena_new(0);
    struct steps *g = arena_new_of(a, struct steps);
    struct json v;
    g->a = a;
    if (!json_parse(a, arena_str(a, args[0].text), &(struct json_opts){.max_depth = 1000}, &v,
                    NULL)) {
        arena_free(a);
        return NULL;
    }
    const struct json *steps = json_get(&v, "steps"), *defaults = json_get(&v, "declared");
    g->n_values = count_of(&v, "values");
    g->n_steps = steps->n;
    g->n_declared = defaults->n;
    g->steps = arena_array(a, struct step, g->n_steps + 1);
    g->defaults = arena_array(a, struct kql_value, g->n_declared + 1);
    for (size_t i = 0; i < g->n_declared; i++)
        g->defaults[i] = read_expr(a, &defaults->items[i]).value;
    for (size_t i = 0; i < g->n_steps; i++)
        read_step(g, &steps->items[i], &g->steps[i]);
    return g;
}

static void release(void *p)
{
    struct steps *g = p;
    if (g != NULL)
        arena_free(g->a);
}

/* ---- the state ---- */
/* What a state keeps of the record that matched one step. Texts of declared values are owned. */
struct record {
    bool set;
    struct str *row;
    struct kql_value *declared;
    char **texts;
};
struct state {
    bool active;
    int64_t match;
    struct record *of; /* of step 0 … k */
};
struct walk {
    const struct steps *g;
    struct arena *a;    /* of the whole walk */
    struct arena *made; /* of one row */
    struct state *states;
    const struct state *seen; /* what the expressions look at; NULL: nothing */
    size_t seen_steps;        /* steps whose records are valid in it */
    int64_t next_match;
    struct sbuf out; /* records, one after another */
    bool too_large;
    VEC(size_t) ends;
    struct sbuf *pending; /* of output=last, one a step */
};

static void keep_value(struct record *r, size_t at, const struct kql_value *v)
{
    char *old = r->texts[at];
    r->declared[at] = *v;
    r->texts[at] = NULL;
    if (v->s.p != NULL) {
        r->texts[at] = xstrndup(v->s);
        r->declared[at].s.p = r->texts[at];
    }
    xfree(old);
}

static void copy_record(const struct steps *g, struct record *to, const struct record *from)
{
    to->set = from->set;
    memcpy(to->row, from->row, g->n_values * sizeof(*to->row));
    for (size_t i = 0; i < g->n_declared; i++)
        keep_value(to, i, &from->declared[i]);
}

static const struct str *state_row(void *self, size_t step)
{
    const struct walk *w = self;
    bool there = w->seen != NULL && step < w->seen_steps && w->seen->of[step].set;
    return there ? w->seen->of[step].row : NULL;
}

static struct kql_value state_declared(void *self, size_t step, size_t at)
{
    const struct walk *w = self;
    bool there = w->seen != NULL && step < w->seen_steps && w->seen->of[step].set;
    return there ? w->seen->of[step].declared[at] : w->g->defaults[at];
}

/* ---- output ---- */
static void end_record(struct walk *w)
{
    VEC_PUSH(w->a, &w->ends, sbuf_str(&w->out).n);
}

static void flush_pending(struct walk *w, size_t k)
{
    struct str text = sbuf_str(&w->pending[k]);
    if (text.n == 0)
        return;
    sbuf_add(&w->out, text);
    end_record(w);
    sbuf_clear(&w->pending[k]);
}

static void put_record(struct walk *w, size_t k, size_t row_number, int64_t match,
                       const struct kql_value *declared)
{
    int how = w->g->steps[k].output;
    if (how == SCAN_OUTPUT_NONE)
        return;
    struct sbuf *b = how == SCAN_OUTPUT_LAST ? &w->pending[k] : &w->out;
    if (how == SCAN_OUTPUT_LAST)
        sbuf_clear(b);
    struct json_out out = json_out_make(b);
    json_arr(&out);
    json_int(&out, (int64_t)row_number);
    json_int(&out, match);
    for (size_t i = 0; i < w->g->n_declared; i++)
        step_write(&out, &declared[i]);
    json_arr_end(&out);
    if (how == SCAN_OUTPUT_ALL)
        end_record(w);
}

/* ---- matching ---- */
/* The record of a match of step k: assignments see the state as it was for the condition. */
static void take(struct walk *w, size_t k, const struct step_row *r, size_t row_number)
{
    const struct step *s = &w->g->steps[k];
    struct state *state = &w->states[k];
    struct kql_value *v = arena_array(w->made, struct kql_value, w->g->n_declared + 1);
    memcpy(v, w->g->defaults, w->g->n_declared * sizeof(*v));
    for (size_t i = 0; i < s->n_sets; i++) {
        struct kql_value *to = &v[s->set_at[i]];
        *to = step_eval(&s->sets[i], r);
        to->s = arena_str(w->made, to->s); /* it may be a text of the state that changes now */
    }
    state->of[k].set = true;
    memcpy(state->of[k].row, r->row, w->g->n_values * sizeof(*r->row));
    for (size_t i = 0; i < w->g->n_declared; i++)
        keep_value(&state->of[k], i, &v[i]);
    put_record(w, k, row_number, state->match, v);
}

/* The sequence of the step before goes on with this record. */
static bool advances(struct walk *w, size_t k, const struct step_row *r, size_t row_number)
{
    if (k == 0 || !w->states[k - 1].active)
        return false;
    w->seen = &w->states[k - 1];
    w->seen_steps = k;
    if (!step_true(&w->g->steps[k].condition, r))
        return false;
    flush_pending(w, k); /* the series in this step ends, and that of the step before */
    flush_pending(w, k - 1);
    struct state *from = &w->states[k - 1], *to = &w->states[k];
    for (size_t i = 0; i < k; i++)
        copy_record(w->g, &to->of[i], &from->of[i]);
    to->of[k].set = false;
    to->match = from->match;
    to->active = true;
    from->active = false;
    w->seen = to;
    take(w, k, r, row_number);
    return true;
}

/* One more record for the sequence that is in this step, or the first of a new one. */
static void repeats(struct walk *w, size_t k, const struct step_row *r, size_t row_number)
{
    struct state *s = &w->states[k];
    if (!s->active && k > 0)
        return;
    w->seen = s->active ? s : NULL;
    w->seen_steps = k + 1;
    if (!step_true(&w->g->steps[k].condition, r))
        return;
    if (!s->active)
        s->match = w->next_match++;
    s->active = true;
    take(w, k, r, row_number);
}

/* ---- a whole walk ---- */
static struct record new_record(struct arena *a, const struct steps *g)
{
    return (struct record){.row = arena_array(a, struct str, g->n_values + 1),
                           .declared = arena_array(a, struct kql_value, g->n_declared + 1),
                           .texts = arena_array(a, char *, g->n_declared + 1)};
}

static void begin(struct walk *w)
{
    const struct steps *g = w->g;
    w->states = arena_array(w->a, struct state, g->n_steps + 1);
    w->pending = arena_array(w->a, struct sbuf, g->n_steps + 1);
    for (size_t k = 0; k < g->n_steps; k++) {
        w->pending[k] = sbuf_make(0);
        w->states[k].of = arena_array(w->a, struct record, k + 1);
        for (size_t i = 0; i <= k; i++)
            w->states[k].of[i] = new_record(w->a, g);
    }
    w->out = sbuf_make(MAX_OUT_BYTES);
}

static void end(struct walk *w)
{
    for (size_t k = 0; k < w->g->n_steps; k++) {
        sbuf_fini(&w->pending[k]);
        for (size_t i = 0; i <= k; i++)
            for (size_t d = 0; d < w->g->n_declared; d++)
                xfree(w->states[k].of[i].texts[d]);
    }
    sbuf_fini(&w->out);
}

/* Values come in arrays inside one array, since a call takes a limited number of arguments. */
static void read_row(struct str text, struct str *out, size_t n)
{
    struct js_iter chunks = js_begin(text);
    struct str chunk, item;
    size_t at = 0;
    while (js_next(&chunks, NULL, &chunk)) {
        struct js_iter items = js_begin(chunk);
        while (at < n && js_next(&items, NULL, &item))
            out[at++] = item;
    }
    while (at < n)
        out[at++] = STR("null");
}

static void give(struct cf_call *c, size_t r, struct walk *w)
{
    struct str all = sbuf_str(&w->out);
    struct str *items = arena_array(w->a, struct str, w->ends.n + 1);
    for (size_t i = 0, from = 0; i < w->ends.n; from = w->ends.p[i++])
        items[i] = str_sub(all, from, w->ends.p[i] - from);
    if (sbuf_ok(&w->out))
        cf_out_list(c, r, items, NULL, w->ends.n);
}

/* vd_scan(steps, rows): [row number, match, declared values …] for each record of the output; null
 * when that is too large. */
static void fn_scan(struct cf_call *c, size_t r)
{
    struct cf_vec v;
    size_t first = 0, n = cf_list(c, 1, r, &first, &v);
    if (c->bound == NULL)
        return;
    AUTO(arena_freep) struct arena *a = arena_new(0), *made = arena_new(0);
    struct walk w = {.g = c->bound, .a = a, .made = made};
    begin(&w);
    struct str *row = arena_array(a, struct str, w.g->n_values + 1);
    struct step_caller *caller = step_caller_new(c);
    struct step_row seen = {made, row, &w, state_row, state_declared, caller};
    for (size_t i = 0; i < n && (i % STEPS != 0 || !cf_stops(c)); i++) {
        read_row(cf_string_t((const duckdb_string_t *)v.data + first + i), row, w.g->n_values);
        for (size_t k = w.g->n_steps; k-- > 0;)
            if (!advances(&w, k, &seen, i + 1))
                repeats(&w, k, &seen, i + 1);
        arena_reset(made);
    }
    for (size_t k = 0; k < w.g->n_steps; k++)
        flush_pending(&w, k);
    step_caller_free(caller);
    give(c, r, &w);
    end(&w);
}

const struct cf_scalar fn_scan_rows[] = {
    {.name = "vd_scan", .sig = "s[j:[j", .row = fn_scan, .prepare = prepare, .release = release},
    {0},
};
