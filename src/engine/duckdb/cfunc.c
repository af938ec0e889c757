/* The frame that DuckDB calls C functions through, and their registration. */
#include "engine/duckdb/cfunc_priv.h"
#include <stdatomic.h>
#include <stdio.h>

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

duckdb_logical_type cf_sig_type(const char **p)
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
void cf_call_begin(struct cf_call *c, const char *sig)
{
    c->fn = NULL;
    c->bound = NULL;
    c->call = NULL;
    c->out_type = sig_result(sig);
    c->arena = NULL;
    c->buf = (struct sbuf){0};
    c->running = NULL;
    c->out_bytes = 0;
    c->steps = 0;
    c->heavy = false;
    c->refused = false;
}

/* Whether a text argument is longer than a function may be given. */
static void check_length(struct cf_call *c, size_t arg)
{
    const duckdb_string_t *s = c->arg[arg].data;
    for (size_t r = 0; r < c->n; r++) {
        if (s[r].value.inlined.length > CF_VALUE_BYTES && !cf_null(c, arg, r)) {
            cf_refuse(c, ERR_LIMIT, "a text of %u bytes is more than a function takes (%zu MiB)",
                      s[r].value.inlined.length, CF_VALUE_BYTES >> 20);
            return;
        }
    }
}

void cf_call_args(struct cf_call *c, const char *sig, duckdb_data_chunk in)
{
    c->n = duckdb_data_chunk_get_size(in);
    c->n_args = duckdb_data_chunk_get_column_count(in);
    if (c->n_args > CF_MAX_ARGS)
        c->n_args = CF_MAX_ARGS;
    for (size_t i = 0; i < c->n_args; i++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(in, i);
        c->arg[i] = (struct cf_vec){duckdb_vector_get_data(v), duckdb_vector_get_validity(v), v};
    }
    for (size_t i = 0; i < c->n_args && *sig != ':'; i++) {
        const char *letter = sig;
        if (*sig == 's' || *sig == 'j')
            check_length(c, i);
        sig += *sig == '[' ? 2 : 1;
        if (*sig == '*') /* any number more of it */
            sig = letter;
    }
}

bool cf_call_end(struct cf_call *c, char out[CF_ERROR_BYTES])
{
    arena_free(c->arena);
    if (c->buf.max)
        sbuf_fini(&c->buf);
    if (!c->refused)
        return false;
    if (c->running)
        running_refuse(c->running, &c->why);
    snprintf(out, CF_ERROR_BYTES, DUCK_LIMIT_MARK "%s", c->why.msg);
    return true;
}

void cf_row_begin(struct cf_call *c)
{
    c->out_written = false;
    if (c->arena)
        arena_reset(c->arena);
}

enum { HEAVY = 16 << 10 };
void cf_row_end(struct cf_call *c)
{
    c->heavy = c->buf.n > HEAVY || (c->arena && arena_used(c->arena) > HEAVY);
    if (c->buf.failed)
        cf_refuse(c, ERR_LIMIT, "a value would be larger than %zu MiB", CF_VALUE_BYTES >> 20);
    if (c->arena && arena_full(c->arena))
        cf_refuse(c, ERR_LIMIT, "a function needs more than %zu MiB of memory for one row",
                  CF_ROW_BYTES >> 20);
}

struct arena *cf_arena(struct cf_call *c)
{
    if (!c->arena)
        c->arena = arena_new_soft(CF_ROW_BYTES);
    return c->arena;
}

struct sbuf *cf_buf(struct cf_call *c)
{
    if (!c->buf.max)
        c->buf = sbuf_make(CF_VALUE_BYTES);
    sbuf_clear(&c->buf);
    return &c->buf;
}

bool cf_any_null(const struct cf_call *c, size_t r)
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
    if (cf_room(c, v.n))
        put_string(c->out.v, r, v);
    else
        cf_out_null(c, r);
}

void cf_out_list(struct cf_call *c, size_t r, const struct str *items, const bool *valid, size_t n)
{
    c->out_written = true;
    size_t at = duckdb_list_vector_get_size(c->out.v), bytes = n * sizeof(duckdb_string_t);
    for (size_t i = 0; i < n; i++)
        bytes += items[i].n;
    if (!cf_room(c, bytes) || duckdb_list_vector_reserve(c->out.v, at + n) != DuckDBSuccess ||
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

bool cf_may_have_nulls(const struct cf_call *c)
{
    bool may = false;
    for (size_t i = 0; i < c->n_args; i++)
        may = may || c->arg[i].valid != NULL;
    return may;
}

static void all_rows(struct cf_call *c)
{
    bool skip_nulls = !(c->fn->flags & CF_NULLS) && cf_may_have_nulls(c);
    for (size_t r = 0; r < c->n && cf_goes_on(c, r); r++) {
        cf_row_begin(c);
        if (!skip_nulls || !cf_any_null(c, r))
            c->fn->row(c, r);
        if (!c->out_written)
            cf_out_null(c, r);
        cf_row_end(c);
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

/* Was something prepared from a text that the database's C strings cut at a NUL? The rows have it
 * whole. */
static bool was_cut(const struct cf_call *c, const struct cf_bound *b)
{
    for (size_t i = 0; i < c->n_args && i < CF_MEASURED && c->n > 0; i++)
        if (b->bytes[i] != SIZE_MAX && !cf_null(c, i, 0) && cf_str(c, i, 0).n != b->bytes[i])
            return true;
    return false;
}

/* What a function prepares when no argument is known. */
static void *prepare_blind(const struct cf_scalar *fn, size_t n_args)
{
    struct cf_const *none = xcalloc(n_args + 1, sizeof(*none));
    void *value = fn->prepare(none, n_args);
    xfree(none);
    return value;
}

static void scalar_entry(duckdb_function_info info, duckdb_data_chunk in, duckdb_vector out)
{
    const struct cf_entry *entry = duckdb_scalar_function_get_extra_info(info);
    const struct cf_scalar *fn = entry->row;
    char message[CF_ERROR_BYTES];
    struct cf_call c;
    cf_call_begin(&c, fn->sig);
    c.fn = fn;
    c.call = duckdb_scalar_function_get_bind_data(info);
    c.bound = c.call->value;
    c.running = c.call->running;
    cf_call_args(&c, fn->sig, in);
    bool cut = fn->prepare != NULL && was_cut(&c, c.call);
    void *own = cut ? prepare_blind(fn, c.n_args) : NULL;
    if (cut)
        c.bound = own;
    c.out = (struct cf_vec){duckdb_vector_get_data(out), duckdb_vector_get_validity(out), out};
    if (fn->chunk && cf_goes_on(&c, 0)) {
        fn->chunk(&c);
        cf_row_end(&c);
    } else if (!fn->chunk) {
        all_rows(&c);
    }
    if (own != NULL && fn->release != NULL)
        fn->release(own);
    if (cf_call_end(&c, message))
        duckdb_scalar_function_set_error(info, message);
}

/* ---- constants at bind time ---- */
static void bound_drop(void *p)
{
    struct cf_bound *b = p;
    if (--b->refs > 0)
        return;
    if (b->release && b->value)
        b->release(b->value);
    if (b->running)
        running_unbook(b->running, b->booked);
    running_unref(b->running);
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

/* The constants of a call as its prepare wants them. */
static bool prepare_call(duckdb_bind_info info, duckdb_client_context ctx,
                         const struct cf_scalar *fn, struct cf_bound *b)
{
    struct cf_const consts[CF_MAX_ARGS] = {0};
    char *texts[CF_MAX_ARGS] = {0};
    size_t n = duckdb_scalar_function_bind_get_argument_count(info);
    if (n > CF_MAX_ARGS)
        return false;
    for (size_t i = 0; i < n; i++) {
        duckdb_expression x = duckdb_scalar_function_bind_get_argument(info, i);
        const_fold(ctx, x, &texts[i], &consts[i]);
        duckdb_destroy_expression(&x);
    }
    b->release = fn->release;
    b->value = fn->prepare(consts, n);
    for (size_t i = 0; i < CF_MEASURED; i++)
        b->bytes[i] = i < n && texts[i] != NULL ? consts[i].text.n : SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (texts[i])
            duckdb_free(texts[i]);
    }
    return true;
}

static void scalar_bind(duckdb_bind_info info)
{
    const struct cf_entry *entry = duckdb_scalar_function_bind_get_extra_info(info);
    const struct cf_scalar *fn = entry->row;
    duckdb_client_context ctx = NULL;
    duckdb_scalar_function_get_client_context(info, &ctx);
    struct cf_bound *b = xcalloc(1, sizeof(*b));
    b->refs = 1;
    b->running = running_find(entry->list, duckdb_client_context_get_connection_id(ctx));
    if (fn->prepare && !prepare_call(info, ctx, fn, b))
        duckdb_scalar_function_bind_set_error(info, "too many arguments");
    duckdb_scalar_function_set_bind_data(info, b, bound_drop);
    duckdb_scalar_function_set_bind_data_copy(info, bound_share);
    duckdb_destroy_client_context(&ctx);
}

/* ---- registration ---- */
static duckdb_scalar_function make_scalar(const struct cf_scalar *row, struct running_list *list)
{
    duckdb_scalar_function f = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(f, row->name);
    const char *p = row->sig;
    while (*p != ':') {
        duckdb_logical_type t = cf_sig_type(&p);
        if (*p == '*') {
            duckdb_scalar_function_set_varargs(f, t);
            p++;
        } else {
            duckdb_scalar_function_add_parameter(f, t);
        }
        duckdb_destroy_logical_type(&t);
    }
    p++;
    duckdb_logical_type result = cf_sig_type(&p);
    duckdb_scalar_function_set_return_type(f, result);
    duckdb_destroy_logical_type(&result);
    duckdb_scalar_function_set_special_handling(f);
    if (row->flags & CF_VOLATILE)
        duckdb_scalar_function_set_volatile(f);
    struct cf_entry *entry = xcalloc(1, sizeof(*entry));
    *entry = (struct cf_entry){.row = row, .list = list};
    duckdb_scalar_function_set_extra_info(f, entry, xfree);
    duckdb_scalar_function_set_function(f, scalar_entry);
    duckdb_scalar_function_set_bind(f, scalar_bind);
    return f;
}

/* Registers rows[0 … n), all of one name. */
static bool register_scalar(duckdb_connection con, const struct cf_scalar *rows, size_t n,
                            struct running_list *list, struct err *e)
{
    duckdb_scalar_function_set set = duckdb_create_scalar_function_set(rows[0].name);
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        duckdb_scalar_function f = make_scalar(&rows[i], list);
        ok = duckdb_add_scalar_function_to_set(set, f) == DuckDBSuccess && ok;
        duckdb_destroy_scalar_function(&f);
    }
    ok = ok && duckdb_register_scalar_function_set(con, set) == DuckDBSuccess;
    duckdb_destroy_scalar_function_set(&set);
    return ok || err_set(e, ERR_INTERNAL, "the C function '%s' cannot be registered", rows[0].name);
}

static bool register_family(duckdb_connection con, const struct cf_family *f,
                            struct running_list *list, struct err *e)
{
    for (const struct cf_scalar *s = f->scalars; s && s->name;) {
        size_t n = 1;
        while (s[n].name && strcmp(s[n].name, s->name) == 0)
            n++;
        if (!register_scalar(con, s, n, list, e))
            return false;
        s += n;
    }
    for (const struct cf_aggregate *a = f->aggregates; a && a->name;) {
        size_t n = 1;
        while (a[n].name && strcmp(a[n].name, a->name) == 0)
            n++;
        if (!cf_register_aggregate(con, a, n, list, e))
            return false;
        a += n;
    }
    return true;
}

bool cf_register(duckdb_connection con, const struct cf_family *all, struct running_list *list,
                 struct err *e)
{
    for (size_t i = 0; all[i].scalars || all[i].aggregates; i++) {
        if (!register_family(con, &all[i], list, e))
            return false;
    }
    return true;
}
