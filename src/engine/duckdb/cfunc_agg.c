/* Aggregates written in C: what DuckDB calls, and their registration. */
#include "engine/duckdb/cfunc_priv.h"

/* In front of a state: the destructor is not told which function or query it serves. */
struct head {
    const struct cf_entry *entry;
    struct running *running; /* a reference; NULL: no limits, or no row yet */
    size_t booked;
    void *unused; /* what follows is aligned to 16 as the state is */
};

static struct head *head_of(duckdb_aggregate_state s)
{
    return (void *)s;
}

static void *user_of(duckdb_aggregate_state s)
{
    return (char *)s + sizeof(struct head);
}

static const struct cf_aggregate *row_of(const struct cf_entry *entry)
{
    return entry->row;
}

static idx_t agg_size(duckdb_function_info info)
{
    const struct cf_entry *entry = duckdb_aggregate_function_get_extra_info(info);
    return sizeof(struct head) + row_of(entry)->state_size;
}

static void agg_init(duckdb_function_info info, duckdb_aggregate_state s)
{
    const struct cf_entry *entry = duckdb_aggregate_function_get_extra_info(info);
    memset(s, 0, sizeof(struct head) + row_of(entry)->state_size);
    head_of(s)->entry = entry;
    if (row_of(entry)->init)
        row_of(entry)->init(user_of(s));
}

/* Books what the state has now. */
static void book_state(struct cf_call *c, duckdb_aggregate_state s)
{
    struct head *h = head_of(s);
    const struct cf_aggregate *fn = row_of(h->entry);
    size_t has = fn->bytes ? fn->bytes(user_of(s)) : 0;
    if (!h->running || has == h->booked)
        return;
    if (has < h->booked)
        cf_unbook(c, h->booked - has);
    else if (!cf_book(c, has - h->booked))
        return;
    h->booked = has;
}

/* The query, which is the last argument of some overloads: a reference of the call's. */
static void take_query(struct cf_call *c, const struct cf_entry *entry)
{
    if (!entry->has_query)
        return;
    c->n_args--;
    int64_t id = c->n > 0 ? cf_i64(c, c->n_args, 0) : -1;
    if (id < 0)
        return;
    c->running = running_find(entry->list, (uint64_t)id);
    if (!c->running)
        cf_refuse(c, ERR_CANCELLED, "the query has ended");
}

static void set_query(struct head *h, struct running *running)
{
    if (!h->running && running)
        h->running = running_ref(running);
}

/* States of many groups lie anywhere: asks for those of the next rows, so that memory answers in
 * parallel. */
static void fetch_ahead(const struct cf_aggregate *fn, duckdb_aggregate_state *states, size_t r,
                        size_t n)
{
    enum { STATES_AHEAD = 12, HEAPS_AHEAD = 6 };
    if (r + STATES_AHEAD < n)
        __builtin_prefetch(states[r + STATES_AHEAD]);
    if (fn->ahead != NULL && r + HEAPS_AHEAD < n)
        fn->ahead(user_of(states[r + HEAPS_AHEAD]));
}

static void agg_update(duckdb_function_info info, duckdb_data_chunk in,
                       duckdb_aggregate_state *states)
{
    const struct cf_entry *entry = duckdb_aggregate_function_get_extra_info(info);
    const struct cf_aggregate *fn = row_of(entry);
    char message[CF_ERROR_BYTES];
    struct cf_call c;
    cf_call_begin(&c, fn->sig);
    cf_call_args(&c, fn->sig, in);
    take_query(&c, entry);
    bool skip_nulls = !(fn->flags & CF_NULLS) && cf_may_have_nulls(&c);
    for (size_t r = 0; r < c.n && cf_goes_on(&c, r); r++) {
        fetch_ahead(fn, states, r, c.n);
        if (skip_nulls && cf_any_null(&c, r))
            continue;
        cf_row_begin(&c);
        set_query(head_of(states[r]), c.running);
        fn->update(user_of(states[r]), &c, r);
        book_state(&c, states[r]);
        cf_row_end(&c);
    }
    struct running *running = c.running;
    if (cf_call_end(&c, message))
        duckdb_aggregate_function_set_error(info, message);
    running_unref(running);
}

static void agg_combine(duckdb_function_info info, duckdb_aggregate_state *source,
                        duckdb_aggregate_state *target, idx_t n)
{
    const struct cf_entry *entry = duckdb_aggregate_function_get_extra_info(info);
    char message[CF_ERROR_BYTES];
    struct cf_call c;
    cf_call_begin(&c, row_of(entry)->sig);
    for (size_t i = 0; i < n; i++) {
        struct head *to = head_of(target[i]), *from = head_of(source[i]);
        set_query(to, from->running);
        c.running = to->running;
        if (!cf_goes_on(&c, i))
            break;
        if (from->running)
            cf_unbook(&c, from->booked);
        from->booked = 0; /* it is about to go */
        row_of(entry)->combine(user_of(target[i]), user_of(source[i]));
        book_state(&c, target[i]);
    }
    if (cf_call_end(&c, message))
        duckdb_aggregate_function_set_error(info, message);
}

static void agg_finalize(duckdb_function_info info, duckdb_aggregate_state *source,
                         duckdb_vector result, idx_t n, idx_t offset)
{
    const struct cf_entry *entry = duckdb_aggregate_function_get_extra_info(info);
    char message[CF_ERROR_BYTES];
    struct cf_call c;
    cf_call_begin(&c, row_of(entry)->sig);
    c.n = n;
    c.n_args = 0;
    c.out =
        (struct cf_vec){duckdb_vector_get_data(result), duckdb_vector_get_validity(result), result};
    for (size_t i = 0; i < n; i++) {
        c.running = head_of(source[i])->running;
        if (!cf_goes_on(&c, i))
            break;
        cf_row_begin(&c);
        row_of(entry)->finalize(user_of(source[i]), &c, offset + i);
        if (!c.out_written)
            cf_out_null(&c, offset + i);
        cf_row_end(&c);
    }
    if (cf_call_end(&c, message))
        duckdb_aggregate_function_set_error(info, message);
}

static void agg_destroy(duckdb_aggregate_state *states, idx_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct head *h = head_of(states[i]);
        if (!h->entry)
            continue;
        if (h->running)
            running_unbook(h->running, h->booked);
        running_unref(h->running);
        if (row_of(h->entry)->destroy)
            row_of(h->entry)->destroy(user_of(states[i]));
    }
}

/* ---- registration ---- */
static duckdb_aggregate_function make_aggregate(const struct cf_aggregate *row, bool has_query,
                                                struct running_list *list)
{
    duckdb_aggregate_function f = duckdb_create_aggregate_function();
    duckdb_aggregate_function_set_name(f, row->name);
    const char *p = row->sig;
    while (*p != ':') {
        duckdb_logical_type t = cf_sig_type(&p);
        duckdb_aggregate_function_add_parameter(f, t);
        duckdb_destroy_logical_type(&t);
    }
    if (has_query) {
        duckdb_logical_type t = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
        duckdb_aggregate_function_add_parameter(f, t);
        duckdb_destroy_logical_type(&t);
    }
    p++;
    duckdb_logical_type result = cf_sig_type(&p);
    duckdb_aggregate_function_set_return_type(f, result);
    duckdb_destroy_logical_type(&result);
    struct cf_entry *entry = xcalloc(1, sizeof(*entry));
    *entry = (struct cf_entry){row, list, has_query};
    duckdb_aggregate_function_set_special_handling(f);
    duckdb_aggregate_function_set_extra_info(f, entry, xfree);
    duckdb_aggregate_function_set_functions(f, agg_size, agg_init, agg_update, agg_combine,
                                            agg_finalize);
    duckdb_aggregate_function_set_destructor(f, agg_destroy);
    return f;
}

bool cf_register_aggregate(duckdb_connection con, const struct cf_aggregate *rows, size_t n,
                           struct running_list *list, struct err *e)
{
    duckdb_aggregate_function_set set = duckdb_create_aggregate_function_set(rows[0].name);
    bool ok = true;
    for (size_t i = 0; i < 2 * n; i++) {
        duckdb_aggregate_function f = make_aggregate(&rows[i / 2], i % 2 == 1, list);
        ok = duckdb_add_aggregate_function_to_set(set, f) == DuckDBSuccess && ok;
        duckdb_destroy_aggregate_function(&f);
    }
    ok = ok && duckdb_register_aggregate_function_set(con, set) == DuckDBSuccess;
    duckdb_destroy_aggregate_function_set(&set);
    return ok ||
           err_set(e, ERR_INTERNAL, "the C aggregate '%s' cannot be registered", rows[0].name);
}
