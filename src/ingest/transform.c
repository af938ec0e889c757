/* Transformations: declared columns out of a body, the query over them, rows as JSON again. */
#include <stdio.h>

#include "ingest/transform.h"

#include "engine/engine_store.h"
#include "ingest/ingest_priv.h"

#define SOURCE "source"

/* ---- what the query sees: one table ---- */

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    const struct kql_schema *columns = self;
    (void)a;
    if (workspace.n > 0 || !str_eqz(name, SOURCE))
        return false;
    *out = (struct kql_table){.name = STR(SOURCE), .schema = *columns};
    return true;
}

static bool table_at(void *self, struct arena *a, size_t i, struct kql_table *out)
{
    return i == 0 && find_table(self, a, STR_NONE, STR(SOURCE), out);
}

static bool no_function(void *self, struct arena *a, struct str name,
                        struct kql_stored_function *out)
{
    (void)self;
    (void)a;
    (void)name;
    (void)out;
    return false;
}

static struct kql_catalog catalog_of(const struct kql_schema *columns)
{
    return (struct kql_catalog){.self = (void *)(uintptr_t)columns,
                                .find_table = find_table,
                                .table_at = table_at,
                                .find_function = no_function};
}

static bool from_given(void *self, struct str workspace, struct str table,
                       const struct engine_need *need, struct sbuf *out, struct err *e)
{
    (void)self;
    (void)workspace;
    (void)table;
    (void)need;
    (void)e;
    sbuf_addz(out, ENGINE_GIVEN);
    return true;
}

static bool column_given(void *self, struct str workspace, struct str table, struct str column,
                         enum kql_type type, struct sbuf *out, struct err *e)
{
    const struct kql_schema *columns = self;
    (void)workspace;
    (void)table;
    (void)type;
    for (size_t i = 0; i < columns->n; i++)
        if (str_eq(columns->cols[i].name, column)) {
            sbuf_addf(out, "f%zu", i);
            return true;
        }
    return err_set(e, ERR_INTERNAL, "source has no column '%.*s'", STR_ARG(column));
}

/* ---- the subset, as it is written ---- */

static const char *const operators[] = {
    "where",           "extend", "project",     "project-away", "project-rename", "project-keep",
    "project-reorder", "parse",  "parse-where", "parse-kv",     "print"};
/* Functions that lead to other tables. */
static const char *const elsewhere[] = {"workspace", "app",     "resource",       "adx",     "arg",
                                        "table",     "cluster", "external_table", "database"};
static const struct {
    enum syn_kind kind;
    const char *name;
} outside_kinds[] = {
    {SYN_EXTERNALDATA, "externaldata"},
    {SYN_TOSCALAR, "toscalar"},
    {SYN_TOTABLE, "totable"},
    {SYN_MATERIALIZE, "materialize"},
    {SYN_MACRO, "macro-expand"},
    {SYN_SET, "set"},
    {SYN_DECLARE_PARAMS, "declare query_parameters"},
    {SYN_DECLARE_PATTERN, "declare pattern"},
    {SYN_ALIAS_DB, "alias database"},
    {SYN_RESTRICT, "restrict access"},
};

static bool outside(const struct syn *n, struct str name, struct err *e)
{
    err_at(e, ERR_SEMANTIC, (struct pos){.off = n->off},
           "%.*s can't be used in a transformation, which looks at each record by itself",
           STR_ARG(name));
    e->len = n->len;
    return false;
}

static bool is_one_of(struct str name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqz(name, list[i]))
            return true;
    return false;
}

/* As Azure has it: more need a statement more. */
static bool parse_ok(const struct syn *n, struct err *e)
{
    size_t columns = 0;
    for (size_t i = 1; i < n->n; i++)
        columns += n->kids[i]->kind == SYN_NAME || n->kids[i]->kind == SYN_COLUMN_DECL;
    if (columns <= TRANSFORM_PARSE_COLUMNS)
        return true;
    err_at(e, ERR_SEMANTIC, (struct pos){.off = n->off},
           "%.*s gives %zu columns; in a transformation it gives at most %d", STR_ARG(n->text),
           columns, TRANSFORM_PARSE_COLUMNS);
    e->len = n->len;
    return false;
}

static bool node_ok(const struct syn *n, struct err *e)
{
    for (size_t i = 0; i < COUNTOF(outside_kinds); i++)
        if (n->kind == outside_kinds[i].kind)
            return outside(n, str_from(outside_kinds[i].name), e);
    if (n->kind == SYN_CALL && is_one_of(n->text, elsewhere, COUNTOF(elsewhere)))
        return outside(n, n->text, e);
    if (n->kind != SYN_OP)
        return true;
    if (!is_one_of(n->text, operators, COUNTOF(operators)))
        return outside(n, n->text, e);
    return !str_starts(n->text, STR("parse")) || str_eqz(n->text, "parse-kv") || parse_ok(n, e);
}

static bool subset_ok(const struct syn *n, struct err *e)
{
    if (n == NULL)
        return true;
    if (!node_ok(n, e))
        return false;
    for (size_t i = 0; i < n->n; i++)
        if (!subset_ok(n->kids[i], e))
            return false;
    for (size_t i = 0; i < n->n_params; i++)
        if (!subset_ok(n->params[i], e))
            return false;
    return true;
}

/* ---- the subset, as it is understood: at most one row for each record ---- */

static bool reads_source(const struct plan *p);

static bool expr_reads_source(const struct expr *x, const struct expr **out)
{
    if (x->kind == EX_SUBQUERY && reads_source(x->plan)) {
        *out = x;
        return true;
    }
    for (size_t i = 0; i < x->n_args; i++)
        if (expr_reads_source(x->args[i], out))
            return true;
    return false;
}

/* Of the expressions of one node. */
static bool node_reads_source(const struct plan *p, const struct expr **out)
{
    for (size_t i = 0; i < p->n_exprs; i++)
        if (expr_reads_source(p->exprs[i], out))
            return true;
    for (size_t i = 0; i < p->n_named; i++)
        if (expr_reads_source(p->named[i].e, out))
            return true;
    return (p->parse != NULL && expr_reads_source(p->parse->e, out)) ||
           (p->parse_kv != NULL && expr_reads_source(p->parse_kv->e, out));
}

static bool reads_source(const struct plan *p)
{
    const struct expr *where = NULL;
    if (p->kind == P_TABLE || node_reads_source(p, &where))
        return true;
    for (size_t i = 0; i < p->n_in; i++)
        if (reads_source(p->in[i]))
            return true;
    return false;
}

static bool refused(uint32_t off, uint32_t len, const char *why, struct err *e)
{
    err_at(e, ERR_SEMANTIC, (struct pos){.off = off}, "%s", why);
    e->len = len;
    return false;
}

static bool plan_ok(const struct plan *p, struct err *e)
{
    static const char second[] = "a transformation looks at each record by itself: source can't be "
                                 "read a second time";
    const struct expr *where = NULL;
    if (node_reads_source(p, &where))
        return refused(where->off, where->len, second, e);
    switch ((int)p->kind) {
    case P_TABLE:
        return true;
    case P_FILTER:
    case P_PROJECT:
    case P_PARSE:
    case P_PARSE_KV:
        return plan_ok(p->in[0], e);
    case P_JOIN: /* what "in" over a datatable became */
        return reads_source(p->in[1]) ? refused(p->off, p->len, second, e) : plan_ok(p->in[0], e);
    case P_VALUES:
        if (p->n_rows == 0) /* no record passes */
            return true;
        break;
    default:
        break;
    }
    return refused(p->off, p->len,
                   "a transformation begins with source, the records, or with print", e);
}

/* ---- compiling ---- */

/* print gives its row for each record. */
static void print_each(struct plan *p)
{
    while (p->n_in == 1)
        p = p->in[0];
    if (p->kind != P_ONE_ROW)
        return;
    p->kind = P_TABLE;
    p->table = STR(SOURCE);
}

static bool compile(struct arena *a, const struct ingest_transform *t, int64_t now,
                    struct kql_query *out, struct err *e)
{
    struct kql_catalog catalog = catalog_of(t->columns);
    struct kql_options o = {.catalog = &catalog, .now_ticks = now, .transformation = true};
    struct kql_diags diags = {.a = a, .text = t->query};
    if (!kql_compile(a, t->query, &o, out, &diags)) {
        kql_diags_err(&diags, e);
        return false;
    }
    if (out->n != 1)
        return err_set(e, ERR_SEMANTIC, "a transformation gives one table, not %zu", out->n);
    print_each(out->results[0].plan);
    return true;
}

/* NULL: e says why. */
static const struct plan *check(struct arena *a, const struct ingest_transform *t, int64_t now,
                                struct err *e)
{
    struct kql_query q = {0};
    struct kql_diags diags = {.a = a, .text = t->query};
    if (t->query.n > TRANSFORM_MAX_QUERY) {
        err_set(e, ERR_SEMANTIC, "a transformation has at most %d bytes", TRANSFORM_MAX_QUERY);
        return NULL;
    }
    const struct syn *tree = kql_parse(a, t->query, &diags);
    bool readable = tree != NULL && diags.n_errors == 0;
    bool ok = (!readable || subset_ok(tree, e)) && compile(a, t, now, &q, e) &&
              plan_ok(q.results[0].plan, e);
    return ok ? q.results[0].plan : NULL;
}

bool ingest_transform_check(struct arena *a, const struct ingest_transform *t, int64_t now,
                            struct kql_schema *out, struct err *e)
{
    const struct plan *p = check(a, t, now, e);
    if (p == NULL) {
        kql_err_locate(t->query, e);
        return false;
    }
    out->cols = arena_array(a, struct kql_column, p->cols.n + 1);
    out->n = 0;
    for (size_t i = 0; i < p->cols.n; i++)
        if (!p->cols.p[i].hidden)
            out->cols[out->n++] = (struct kql_column){p->cols.p[i].name, p->cols.p[i].type};
    return true;
}

/* ---- running ---- */

struct run {
    struct ingest *in;
    const struct ingest_transform *t;
    const struct ingest_request *r;
    struct ingest_transformed *out;
    struct map *columns; /* name → index + 1 */
    struct sbuf scratch;
    struct arena *a;
    VEC(struct ingest_reject) rejects;
    size_t max_bytes; /* of the result */
    bool body_is_bad; /* the error is the sender's */
};

static void add_record(struct run *run, const struct json *record, struct engine_appender *rows)
{
    for (size_t i = 0; i < record->n; i++) {
        uintptr_t at = (uintptr_t)map_get(run->columns, record->keys[i]);
        struct kql_value v;
        if (at == 0) {
            run->out->dropped++;
            continue;
        }
        enum convert_result result =
            convert_value(&record->items[i], run->t->columns->cols[at - 1].type, &run->scratch, &v);
        if (result == CONVERT_OK)
            engine_append_value(rows, (size_t)at - 1, &v);
        else
            run->out->nulled += result == CONVERT_MISMATCH;
    }
}

static void reject(struct run *run, const struct record *rec, size_t index)
{
    const struct ingest_reject x = {
        .raw = rec->raw, .reason = rec->reason, .err = rec->err, .index = index};
    VEC_PUSH(run->a, &run->rejects, x);
}

static bool fill(void *self, struct engine_appender *rows, struct err *e)
{
    struct run *run = self;
    struct reader reader = reader_make(run->r, clock_now(run->in->clock), &run->in->limits);
    struct record rec;
    struct err own = {0};
    bool ok = true;
    while (ok && reader_next(&reader, &rec, &own)) {
        if (reader.n > run->in->limits.max_records)
            ok = err_set(&own, ERR_LIMIT, "more than %zu records in one call",
                         run->in->limits.max_records);
        else if (!rec.ok)
            reject(run, &rec, reader.n - 1);
        else {
            add_record(run, &rec.value, rows);
            ok = engine_append_end_row(rows, &own);
        }
    }
    run->out->read = reader.n;
    reader_fini(&reader);
    run->body_is_bad = own.code != ERR_OK;
    if (own.code != ERR_OK && e != NULL)
        *e = own;
    return own.code == ERR_OK;
}

static bool write_rows(struct run *run, const struct engine_rows *rows, struct err *e)
{
    const struct kql_schema *s = engine_rows_schema(rows);
    struct json_out w = json_out_make(&run->out->body);
    json_arr(&w);
    run->out->given = engine_rows_count(rows);
    for (size_t row = 0; row < run->out->given; row++) {
        json_obj(&w);
        for (size_t i = 0; i < s->n; i++) {
            struct kql_value v = engine_rows_get(rows, row, i);
            if (v.is_null || (v.type == KQL_STRING && v.s.n == 0))
                continue;
            json_key_str(&w, s->cols[i].name);
            engine_value_json(&w, &v);
        }
        json_obj_end(&w);
    }
    json_arr_end(&w);
    return (sbuf_ok(&run->out->body) && !engine_rows_truncated(rows)) ||
           err_set(e, ERR_LIMIT, "the transformation's result has more than %zu bytes",
                   run->max_bytes);
}

static bool run_query(struct run *run, const struct kql_query *q, struct err *e)
{
    struct kql_schema *columns = (struct kql_schema *)(uintptr_t)run->t->columns;
    const struct engine_given given = {columns, run, fill};
    const struct engine_source src = {.self = columns,
                                      .from_item = from_given,
                                      .column = column_given,
                                      .geoip_file = workspace_source(run->r->workspace)->geoip_file,
                                      .given = &given};
    const struct engine_limits limits = {.deadline_us =
                                             clock_mono_us() + run->in->limits.transform_us,
                                         .max_bytes = run->max_bytes,
                                         .memory_bytes = run->in->limits.transform_memory_bytes};
    struct engine_rows *rows = NULL;
    if (!engine_run(store_engine(run->in->store), q->results[0].plan, &src, &limits, &rows, e))
        return false;
    bool ok = write_rows(run, rows, e);
    engine_rows_free(rows);
    return ok;
}

bool ingest_transform_run(struct ingest *in, struct arena *a, const struct ingest_transform *t,
                          const struct ingest_request *r, struct ingest_transformed *out,
                          struct err *e)
{
    struct run run = {.in = in, .a = a, .t = t, .r = r, .out = out, .columns = map_new(a, false)};
    struct kql_query q = {0};
    run.max_bytes = in->limits.max_body_bytes * TRANSFORM_GROWTH;
    *out = (struct ingest_transformed){.body = sbuf_make(run.max_bytes)};
    if (r->body.n > in->limits.max_body_bytes)
        return err_set(e, ERR_TOO_LARGE, "the body has %zu bytes; the limit is %zu", r->body.n,
                       in->limits.max_body_bytes);
    for (size_t i = 0; i < t->columns->n; i++)
        map_put(run.columns, t->columns->cols[i].name, (void *)(uintptr_t)(i + 1));
    run.scratch = sbuf_make(0);
    bool ok = compile(a, t, clock_now(in->clock), &q, e) && run_query(&run, &q, e);
    sbuf_fini(&run.scratch);
    out->rejects = run.rejects.p;
    out->n_rejects = run.rejects.n;
    if (!ok && !run.body_is_bad && e->code != ERR_BUSY && e->code != ERR_IO)
        (void)err_kind(e, INGEST_TRANSFORM_FAILED);
    return ok;
}

struct ingest_reject *ingest_transform_rejects(struct ingest *in, struct arena *a,
                                               const struct ingest_request *r,
                                               const struct err *why, size_t *out_n)
{
    VEC(struct ingest_reject) all = {0};
    struct reader reader = reader_make(r, clock_now(in->clock), &in->limits);
    struct record rec;
    while (reader_next(&reader, &rec, NULL)) {
        struct ingest_reject x = {.raw = rec.raw, .reason = TRANSFORM_REASON, .err = *why};
        if (!rec.ok) {
            x.reason = rec.reason;
            x.err = rec.err;
        }
        x.index = all.n;
        VEC_PUSH(a, &all, x);
    }
    reader_fini(&reader);
    *out_n = all.n;
    return all.p;
}
