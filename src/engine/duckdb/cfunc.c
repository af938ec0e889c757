#include "engine/duckdb/cfunc.h"

/* What DuckDB keeps for one registered overload. */
struct cf_bound {
    _Atomic int refs;
    void *value;
    void (*release)(void *);
};

/* ---- signatures ---- */
static duckdb_logical_type type_of_letter(char c)
{
    switch (c) {
    case 'b':
        return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case 'i':
        return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
    case 'l':
        return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case 'd':
        return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case 'm':
        return duckdb_create_decimal_type(38, 18);
    case 'h':
        return duckdb_create_logical_type(DUCKDB_TYPE_HUGEINT);
    case 'g':
        return duckdb_create_logical_type(DUCKDB_TYPE_UUID);
    case 's':
    case 'j':
        return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    default:
        UNREACHABLE();
    }
}

/* Reads one type of a signature and moves *p behind it. */
static duckdb_logical_type sig_type(const char **p)
{
    bool list = **p == '[';
    if (list)
        (*p)++;
    duckdb_logical_type t = type_of_letter(**p);
    (*p)++;
    if (!list)
        return t;
    duckdb_logical_type l = duckdb_create_list_type(t);
    duckdb_destroy_logical_type(&t);
    return l;
}

static char sig_result(const char *sig)
{
    const char *colon = strchr(sig, ':');
    CHECK(colon && colon[1]);
    return colon[1];
}

/* ---- a call ---- */
static void call_begin(struct cf_call *c, const struct cf_scalar *fn, const char *sig)
{
    c->fn = fn;
    c->out_type = sig_result(sig);
    c->arena = NULL;
    c->buf = (struct sbuf){0};
}

static void call_args(struct cf_call *c, duckdb_data_chunk in)
{
    c->n = duckdb_data_chunk_get_size(in);
    c->n_args = duckdb_data_chunk_get_column_count(in);
    if (c->n_args > CF_MAX_ARGS)
        c->n_args = CF_MAX_ARGS;
    for (size_t i = 0; i < c->n_args; i++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(in, i);
        c->arg[i] = (struct cf_vec){duckdb_vector_get_data(v), duckdb_vector_get_validity(v), v};
    }
}

static void call_end(struct cf_call *c)
{
    arena_free(c->arena);
    if (c->buf.max)
        sbuf_fini(&c->buf);
}

struct arena *cf_arena(struct cf_call *c)
{
    if (!c->arena)
        c->arena = arena_new((size_t)256 << 20);
    return c->arena;
}

struct sbuf *cf_buf(struct cf_call *c)
{
    if (!c->buf.max)
        c->buf = sbuf_make((size_t)256 << 20);
    sbuf_clear(&c->buf);
    return &c->buf;
}

static bool any_null(const struct cf_call *c, size_t r)
{
    for (size_t i = 0; i < c->n_args; i++) {
        if (cf_null(c, i, r))
            return true;
    }
    return false;
}

size_t cf_list(const struct cf_call *c, size_t arg, size_t r, size_t *first,
               struct cf_vec *out_child)
{
    const duckdb_list_entry *e = (const duckdb_list_entry *)c->arg[arg].data + r;
    duckdb_vector v = duckdb_list_vector_get_child(c->arg[arg].v);
    *out_child = (struct cf_vec){duckdb_vector_get_data(v), duckdb_vector_get_validity(v), v};
    *first = e->offset;
    return e->length;
}

/* ---- results ---- */
void cf_out_null(struct cf_call *c, size_t r)
{
    c->out_written = true;
    if (c->out_type == 's') {
        duckdb_vector_assign_string_element_len(c->out.v, r, "", 0);
        return;
    }
    duckdb_vector_ensure_validity_writable(c->out.v);
    c->out.valid = duckdb_vector_get_validity(c->out.v);
    c->out.valid[r >> 6] &= ~((uint64_t)1 << (r & 63));
    if (c->out_type == '[')
        ((duckdb_list_entry *)c->out.data)[r] = (duckdb_list_entry){0, 0};
}

/* DuckDB refuses invalid UTF-8 later and with an error: repair it here. */
static void put_string(duckdb_vector v, size_t at, struct str s)
{
    size_t bad;
    if (str_ascii(s) || utf8_valid(s, &bad)) {
        duckdb_vector_assign_string_element_len(v, at, s.n ? s.p : "", s.n);
        return;
    }
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(s.n * 3 + 16);
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        char u[4];
        sbuf_addmem(&b, u, utf8_put(u, utf8_next(&p, end)));
    }
    struct str fixed = sbuf_str(&b);
    duckdb_vector_assign_string_element_len(v, at, fixed.p, fixed.n);
}

void cf_out_str(struct cf_call *c, size_t r, struct str v)
{
    c->out_written = true;
    put_string(c->out.v, r, v);
}

void cf_out_list(struct cf_call *c, size_t r, const struct str *items, const bool *valid, size_t n)
{
    c->out_written = true;
    size_t at = duckdb_list_vector_get_size(c->out.v);
    if (duckdb_list_vector_reserve(c->out.v, at + n) != DuckDBSuccess ||
        duckdb_list_vector_set_size(c->out.v, at + n) != DuckDBSuccess) {
        cf_out_null(c, r);
        return;
    }
    duckdb_vector child = duckdb_list_vector_get_child(c->out.v);
    for (size_t i = 0; i < n; i++) {
        if (!valid || valid[i]) {
            put_string(child, at + i, items[i]);
            continue;
        }
        duckdb_vector_ensure_validity_writable(child);
        duckdb_validity_set_row_invalid(duckdb_vector_get_validity(child), at + i);
    }
    ((duckdb_list_entry *)c->out.data)[r] = (duckdb_list_entry){at, n};
}

void cf_out_parts(struct cf_call *c, size_t r, struct str all, const size_t *ends, size_t n)
{
    struct str *items = xcalloc(n + 1, sizeof(*items));
    for (size_t i = 0, from = 0; i < n; from = ends[i++])
        items[i] = str_sub(all, from, ends[i] - from);
    cf_out_list(c, r, items, NULL, n);
    xfree(items);
}

static bool may_have_nulls(const struct cf_call *c)
{
    bool may = false;
    for (size_t i = 0; i < c->n_args; i++)
        may = may || c->arg[i].valid != NULL;
    return may;
}

static void all_rows(struct cf_call *c)
{
    bool skip_nulls = !(c->fn->flags & CF_NULLS) && may_have_nulls(c);
    for (size_t r = 0; r < c->n; r++) {
        c->out_written = false;
        if (!skip_nulls || !any_null(c, r)) {
            if (c->arena)
                arena_reset(c->arena);
            c->fn->row(c, r);
        }
        if (!c->out_written)
            cf_out_null(c, r);
    }
}

bool cf_nulls_through(struct cf_call *c)
{
    size_t words = (c->n + 63) / 64;
    bool any = false;
    for (size_t i = 0; i < c->n_args; i++) {
        const uint64_t *in = c->arg[i].valid;
        if (in == NULL)
            continue;
        if (!any) {
            duckdb_vector_ensure_validity_writable(c->out.v);
            c->out.valid = duckdb_vector_get_validity(c->out.v);
        }
        for (size_t w = 0; w < words; w++)
            c->out.valid[w] = any ? c->out.valid[w] & in[w] : in[w];
        any = true;
    }
    return any;
}

static void scalar_entry(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out)
{
    const struct cf_scalar *fn = duckdb_scalar_function_get_extra_info(info);
    struct cf_call c;
    call_begin(&c, fn, fn->sig);
    call_args(&c, in);
    const struct cf_bound *b = fn->prepare ? duckdb_scalar_function_get_bind_data(info) : NULL;
    c.bound = b ? b->value : NULL;
    c.out = (struct cf_vec){duckdb_vector_get_data(out), duckdb_vector_get_validity(out), out};
    if (fn->chunk)
        fn->chunk(&c);
    else
        all_rows(&c);
    call_end(&c);
}

/* ---- constants at bind time ---- */
static void bound_drop(void *p)
{
    struct cf_bound *b = p;
    if (--b->refs > 0)
        return;
    if (b->release && b->value)
        b->release(b->value);
    xfree(b);
}

static void *bound_share(void *p)
{
    struct cf_bound *b = p;
    b->refs++;
    return b;
}

static void const_read(duckdb_value v, char **text, struct cf_const *out)
{
    out->known = true;
    if (duckdb_is_null_value(v)) {
        out->is_null = true;
        return;
    }
    switch ((int)duckdb_get_type_id(duckdb_get_value_type(v))) {
    case DUCKDB_TYPE_BOOLEAN:
        out->i = duckdb_get_bool(v);
        break;
    case DUCKDB_TYPE_INTEGER:
        out->i = duckdb_get_int32(v);
        break;
    case DUCKDB_TYPE_BIGINT:
        out->i = duckdb_get_int64(v);
        break;
    case DUCKDB_TYPE_DOUBLE:
        out->d = duckdb_get_double(v);
        break;
    case DUCKDB_TYPE_VARCHAR:
        *text = duckdb_get_varchar(v);
        out->text = str_from(*text);
        break;
    default:
        out->known = false;
    }
}

static void const_fold(duckdb_client_context ctx, duckdb_expression x, char **text,
                       struct cf_const *out)
{
    if (!duckdb_expression_is_foldable(x))
        return;
    duckdb_value v = NULL;
    duckdb_error_data bad = duckdb_expression_fold(ctx, x, &v);
    bool ok = !bad || !duckdb_error_data_has_error(bad);
    if (bad)
        duckdb_destroy_error_data(&bad);
    if (ok && v)
        const_read(v, text, out);
    if (v)
        duckdb_destroy_value(&v);
}

static void scalar_bind(duckdb_bind_info info)
{
    const struct cf_scalar *fn = duckdb_scalar_function_bind_get_extra_info(info);
    struct cf_const consts[CF_MAX_ARGS] = {0};
    char *texts[CF_MAX_ARGS] = {0};
    size_t n = duckdb_scalar_function_bind_get_argument_count(info);
    if (n > CF_MAX_ARGS) {
        duckdb_scalar_function_bind_set_error(info, "too many arguments");
        return;
    }
    duckdb_client_context ctx = NULL;
    duckdb_scalar_function_get_client_context(info, &ctx);
    for (size_t i = 0; i < n; i++) {
        duckdb_expression x = duckdb_scalar_function_bind_get_argument(info, i);
        const_fold(ctx, x, &texts[i], &consts[i]);
        duckdb_destroy_expression(&x);
    }
    duckdb_destroy_client_context(&ctx);
    struct cf_bound *b = xcalloc(1, sizeof(*b));
    b->refs = 1;
    b->release = fn->release;
    b->value = fn->prepare(consts, n);
    duckdb_scalar_function_set_bind_data(info, b, bound_drop);
    duckdb_scalar_function_set_bind_data_copy(info, bound_share);
    for (size_t i = 0; i < n; i++) {
        if (texts[i])
            duckdb_free(texts[i]);
    }
}

/* ---- aggregates ---- */
static idx_t agg_size(duckdb_function_info info)
{
    /* The last word of the state points back to its row: the destructor is not told which function
     * it serves. */
    const struct cf_aggregate *fn = duckdb_aggregate_function_get_extra_info(info);
    return sizeof(void *) * 2 + fn->state_size;
}

static void *agg_user(duckdb_aggregate_state s)
{
    return (char *)s + sizeof(void *) * 2;
}

static void agg_init(duckdb_function_info info, duckdb_aggregate_state s)
{
    const struct cf_aggregate *fn = duckdb_aggregate_function_get_extra_info(info);
    memset(s, 0, sizeof(void *) * 2 + fn->state_size);
    memcpy(s, &fn, sizeof(fn));
    if (fn->init)
        fn->init(agg_user(s));
}

static void agg_update(duckdb_function_info info, duckdb_data_chunk in,
                       duckdb_aggregate_state *states)
{
    const struct cf_aggregate *fn = duckdb_aggregate_function_get_extra_info(info);
    struct cf_call c;
    call_begin(&c, NULL, fn->sig);
    call_args(&c, in);
    bool skip_nulls = !(fn->flags & CF_NULLS) && may_have_nulls(&c);
    for (size_t r = 0; r < c.n; r++) {
        if (skip_nulls && any_null(&c, r))
            continue;
        if (c.arena)
            arena_reset(c.arena);
        fn->update(agg_user(states[r]), &c, r);
    }
    call_end(&c);
}

static void agg_combine(duckdb_function_info info, duckdb_aggregate_state *source,
                        duckdb_aggregate_state *target, idx_t n)
{
    const struct cf_aggregate *fn = duckdb_aggregate_function_get_extra_info(info);
    for (size_t i = 0; i < n; i++)
        fn->combine(agg_user(target[i]), agg_user(source[i]));
}

static void agg_finalize(duckdb_function_info info, duckdb_aggregate_state *source,
                         duckdb_vector result, idx_t n, idx_t offset)
{
    const struct cf_aggregate *fn = duckdb_aggregate_function_get_extra_info(info);
    struct cf_call c;
    call_begin(&c, NULL, fn->sig);
    c.n = n;
    c.n_args = 0;
    c.out =
        (struct cf_vec){duckdb_vector_get_data(result), duckdb_vector_get_validity(result), result};
    for (size_t i = 0; i < n; i++) {
        c.out_written = false;
        if (c.arena)
            arena_reset(c.arena);
        fn->finalize(agg_user(source[i]), &c, offset + i);
        if (!c.out_written)
            cf_out_null(&c, offset + i);
    }
    call_end(&c);
}

static void agg_destroy(duckdb_aggregate_state *states, idx_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct cf_aggregate *fn;
        memcpy(&fn, states[i], sizeof(fn));
        if (fn && fn->destroy)
            fn->destroy(agg_user(states[i]));
    }
}

/* ---- registration ---- */
static void *no_const(const void *p)
{
    void *q;
    memcpy(&q, &p, sizeof(q));
    return q;
}

static duckdb_scalar_function make_scalar(const struct cf_scalar *row)
{
    duckdb_scalar_function f = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(f, row->name);
    const char *p = row->sig;
    while (*p != ':') {
        duckdb_logical_type t = sig_type(&p);
        if (*p == '*') {
            duckdb_scalar_function_set_varargs(f, t);
            p++;
        } else {
            duckdb_scalar_function_add_parameter(f, t);
        }
        duckdb_destroy_logical_type(&t);
    }
    p++;
    duckdb_logical_type result = sig_type(&p);
    duckdb_scalar_function_set_return_type(f, result);
    duckdb_destroy_logical_type(&result);
    duckdb_scalar_function_set_special_handling(f);
    if (row->flags & CF_VOLATILE)
        duckdb_scalar_function_set_volatile(f);
    duckdb_scalar_function_set_extra_info(f, no_const(row), NULL);
    duckdb_scalar_function_set_function(f, scalar_entry);
    if (row->prepare)
        duckdb_scalar_function_set_bind(f, scalar_bind);
    return f;
}

/* Registers rows[0 … n), all of one name. */
static bool register_scalar(duckdb_connection con, const struct cf_scalar *rows, size_t n,
                            struct err *e)
{
    duckdb_scalar_function_set set = duckdb_create_scalar_function_set(rows[0].name);
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        duckdb_scalar_function f = make_scalar(&rows[i]);
        ok = duckdb_add_scalar_function_to_set(set, f) == DuckDBSuccess && ok;
        duckdb_destroy_scalar_function(&f);
    }
    ok = ok && duckdb_register_scalar_function_set(con, set) == DuckDBSuccess;
    duckdb_destroy_scalar_function_set(&set);
    return ok || err_set(e, ERR_INTERNAL, "the C function '%s' cannot be registered", rows[0].name);
}

static duckdb_aggregate_function make_aggregate(const struct cf_aggregate *row)
{
    duckdb_aggregate_function f = duckdb_create_aggregate_function();
    duckdb_aggregate_function_set_name(f, row->name);
    const char *p = row->sig;
    while (*p != ':') {
        duckdb_logical_type t = sig_type(&p);
        duckdb_aggregate_function_add_parameter(f, t);
        duckdb_destroy_logical_type(&t);
    }
    p++;
    duckdb_logical_type result = sig_type(&p);
    duckdb_aggregate_function_set_return_type(f, result);
    duckdb_destroy_logical_type(&result);
    duckdb_aggregate_function_set_special_handling(f);
    duckdb_aggregate_function_set_extra_info(f, no_const(row), NULL);
    duckdb_aggregate_function_set_functions(f, agg_size, agg_init, agg_update, agg_combine,
                                            agg_finalize);
    duckdb_aggregate_function_set_destructor(f, agg_destroy);
    return f;
}

static bool register_aggregate(duckdb_connection con, const struct cf_aggregate *rows, size_t n,
                               struct err *e)
{
    duckdb_aggregate_function_set set = duckdb_create_aggregate_function_set(rows[0].name);
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        duckdb_aggregate_function f = make_aggregate(&rows[i]);
        ok = duckdb_add_aggregate_function_to_set(set, f) == DuckDBSuccess && ok;
        duckdb_destroy_aggregate_function(&f);
    }
    ok = ok && duckdb_register_aggregate_function_set(con, set) == DuckDBSuccess;
    duckdb_destroy_aggregate_function_set(&set);
    return ok ||
           err_set(e, ERR_INTERNAL, "the C aggregate '%s' cannot be registered", rows[0].name);
}

static bool register_family(duckdb_connection con, const struct cf_family *f, struct err *e)
{
    for (const struct cf_scalar *s = f->scalars; s && s->name;) {
        size_t n = 1;
        while (s[n].name && strcmp(s[n].name, s->name) == 0)
            n++;
        if (!register_scalar(con, s, n, e))
            return false;
        s += n;
    }
    for (const struct cf_aggregate *a = f->aggregates; a && a->name;) {
        size_t n = 1;
        while (a[n].name && strcmp(a[n].name, a->name) == 0)
            n++;
        if (!register_aggregate(con, a, n, e))
            return false;
        a += n;
    }
    return true;
}

bool cf_register_all(duckdb_connection con, struct err *e)
{
    for (size_t i = 0; cf_families[i].scalars || cf_families[i].aggregates; i++) {
        if (!register_family(con, &cf_families[i], e))
            return false;
    }
    return true;
}
