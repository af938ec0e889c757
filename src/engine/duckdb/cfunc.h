/* C functions that DuckDB calls. Adding one is one row in a family's table and one function:
 *
 *   static void fn_strlen(struct cf_call *c, size_t r)
 *   {
 *       cf_out_i64(c, r, (int64_t)count_code_points(cf_str(c, 0, r)));
 *   }
 *   const struct cf_scalar fn_string_rows[] = {
 *       {.name = "vd_strlen", .sig = "s:l", .row = fn_strlen},
 *       {0}};
 *
 * A new family (fn_<family>.c) is one line in cfunc_families.c. Names start with "vd_". Rows that
 * share a name are overloads and must stand side by side.
 *
 * sig: one letter per argument, ':', the result
 *   b BOOLEAN  i INTEGER  l BIGINT (long, datetime and timespan ticks)  d DOUBLE  m DECIMAL(38,18)
 * g UUID  h HUGEINT s VARCHAR holding a string (never NULL)   j VARCHAR holding compact JSON:
 * dynamic (may be NULL) [x LIST of x   * after the last argument: any number more of it (also none:
 * "s*" is zero or more strings)
 *
 * Nulls: unless CF_NULLS is set, row is not called for a row with a null argument; its result is
 * NULL, or '' for result s. A row that sets nothing gets NULL ('' for s).
 *
 * Errors: a value that does not fit gives NULL, '' or the function's best value; Kusto's functions
 * do not raise. What would take too much memory or time ends the query instead (cf_refuse), and
 * whatever may work long on one row asks cf_stops() in its loops. The frame itself refuses texts of
 * more than CF_VALUE_BYTES, in and out, and rows that needed more than CF_ROW_BYTES of cf_arena.
 *
 * Constants: with prepare, the arguments that are constant in the query are given once at bind time
 * (NULL value: not constant); what it returns is c->bound in every call, shared by all threads (so:
 * read-only), released by release. */
#pragma once
#include "base/base.h"
#include <duckdb.h>

#define CF_VALUE_BYTES ((size_t)64 << 20)
#define CF_ROW_BYTES ((size_t)256 << 20)

struct cf_call;
struct cf_bound;
struct running;
struct running_list;
struct cf_const {
    bool known; /* constant in this query */
    bool is_null;
    struct str text; /* VARCHAR arguments; borrowed during prepare */
    int64_t i;       /* BOOLEAN, INTEGER, BIGINT */
    double d;        /* DOUBLE */
};
enum {
    CF_NULLS = 1 << 0,   /* row sees rows with null arguments, too */
    CF_VOLATILE = 1 << 1 /* never folded: random, ids */
};
struct cf_scalar {
    const char *name, *sig;
    uint32_t flags;
    void (*row)(struct cf_call *c, size_t r); /* one row … */
    void (*chunk)(struct cf_call *c);         /* … or the whole chunk; handles nulls itself */
    void *(*prepare)(const struct cf_const *args, size_t n); /* may be NULL; may return NULL */
    void (*release)(void *bound);
};

/* One chunk being computed. */
enum { CF_MAX_ARGS = 4096 }; /* as many as KQL_MAX_ARGS */
struct cf_vec {
    void *data;
    uint64_t *valid; /* NULL: all valid */
    duckdb_vector v;
};
struct cf_call {
    const struct cf_scalar *fn;
    const void *bound;
    struct cf_bound *call; /* the frame's */
    size_t n, n_args;
    struct cf_vec arg[CF_MAX_ARGS];
    struct cf_vec out;
    char out_type;
    bool out_written;        /* of the current row */
    struct arena *arena;     /* see cf_arena */
    struct sbuf buf;         /* see cf_buf */
    struct running *running; /* the query; NULL: one without limits */
    size_t out_bytes;        /* texts written in this chunk */
    unsigned steps;          /* asked cf_stops() */
    bool heavy;              /* the row before was no small one */
    bool refused;
    struct err why;
};

/* ---- arguments ---- */
static inline bool cf_null(const struct cf_call *c, size_t arg, size_t r)
{
    const uint64_t *m = c->arg[arg].valid;
    return m && !((m[r >> 6] >> (r & 63)) & 1);
}
static inline struct str cf_string_t(const duckdb_string_t *s)
{
    if (s->value.inlined.length <= 12)
        return (struct str){s->value.inlined.inlined, s->value.inlined.length};
    return (struct str){s->value.pointer.ptr, s->value.pointer.length};
}
static inline struct str cf_str(const struct cf_call *c, size_t arg, size_t r)
{
    return cf_string_t((const duckdb_string_t *)c->arg[arg].data + r);
}
static inline int64_t cf_i64(const struct cf_call *c, size_t arg, size_t r)
{
    return ((const int64_t *)c->arg[arg].data)[r];
}
static inline int32_t cf_i32(const struct cf_call *c, size_t arg, size_t r)
{
    return ((const int32_t *)c->arg[arg].data)[r];
}
static inline double cf_f64(const struct cf_call *c, size_t arg, size_t r)
{
    return ((const double *)c->arg[arg].data)[r];
}
static inline bool cf_bool(const struct cf_call *c, size_t arg, size_t r)
{
    return ((const bool *)c->arg[arg].data)[r];
}
/* DECIMAL(38,18): the value times 10^18; UUID: 128 bits with the top bit flipped. */
static inline duckdb_hugeint cf_i128(const struct cf_call *c, size_t arg, size_t r)
{
    return ((const duckdb_hugeint *)c->arg[arg].data)[r];
}
/* For chunk functions: a row with a null argument gets a null result, whatever is written for it.
 * false: there is none. Not for results of type s. */
bool cf_nulls_through(struct cf_call *c);
/* Items of a list argument: [*first, *first + count) of the child vector, whose data is *out_child.
 */
size_t cf_list(const struct cf_call *c, size_t arg, size_t r, size_t *first,
               struct cf_vec *out_child);

/* ---- the result of a row ---- */
void cf_out_str(struct cf_call *c, size_t r,
                struct str v);                 /* s, j; copies; invalid UTF-8 becomes U+FFFD */
void cf_out_null(struct cf_call *c, size_t r); /* '' when the result is s */
static inline void cf_out_i64(struct cf_call *c, size_t r, int64_t v)
{
    ((int64_t *)c->out.data)[r] = v;
    c->out_written = true;
}
static inline void cf_out_i32(struct cf_call *c, size_t r, int32_t v)
{
    ((int32_t *)c->out.data)[r] = v;
    c->out_written = true;
}
static inline void cf_out_f64(struct cf_call *c, size_t r, double v)
{
    ((double *)c->out.data)[r] = v;
    c->out_written = true;
}
static inline void cf_out_bool(struct cf_call *c, size_t r, bool v)
{
    ((bool *)c->out.data)[r] = v;
    c->out_written = true;
}
static inline void cf_out_i128(struct cf_call *c, size_t r, duckdb_hugeint v)
{
    ((duckdb_hugeint *)c->out.data)[r] = v;
    c->out_written = true;
}
/* Result [s or [j: items are copied; valid may be NULL (all are), valid[i] false gives NULL (only
 * [j). */
void cf_out_list(struct cf_call *c, size_t r, const struct str *items, const bool *valid, size_t n);
/* The same, the items being the parts of a text that end at ends[i]. */
void cf_out_parts(struct cf_call *c, size_t r, struct str all, const size_t *ends, size_t n);

/* ---- working memory ---- */
struct arena *cf_arena(struct cf_call *c); /* emptied before each row; past CF_ROW_BYTES cf_stops */
struct sbuf *cf_buf(struct cf_call *c);    /* an empty buffer; the same one each time */

/* ---- ending the query ----
 * cf_refuse ends it with an error: say what was too large, the limit, and (cf_hint, after it) what
 * to do: "series_fft() takes at most 65536 values, not 70000". ERR_LIMIT, or ERR_INVALID for an
 * argument that makes no sense. It returns; the caller returns, too, and what it wrote is thrown
 * away. Works in rows, chunks, updates and finalize, not in prepare: let that keep the message and
 * refuse at the first row. */
void cf_refuse(struct cf_call *c, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
void cf_hint(struct cf_call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* True when the caller has to return at once: refused, cancelled, out of time, or cf_arena past its
 * limit. Cheap; once in some thousand steps of a loop is enough. */
bool cf_stops(struct cf_call *c) MUST_USE;
/* Books memory that lives until cf_unbook, beyond the row; refuses when the query has too much. */
bool cf_book(struct cf_call *c, size_t bytes) MUST_USE;
void cf_unbook(struct cf_call *c, size_t bytes);

/* ---- aggregates ----
 * The state is state_size bytes, zeroed before init (which may be NULL). update sees one row:
 * arguments as in cf_call; called for null arguments, too, when CF_NULLS is set. What it keeps must
 * be copied (xmalloc) and freed by destroy. finalize writes with cf_out_* at row r; writing nothing
 * gives NULL ('' for s).
 *
 * bytes says what a state has on the heap; the frame asks after each row and books it to the query,
 * so it has to be quick. For that, and for cf_stops(), the SQL gives the query as one more argument
 * behind those of sig, which update does not see: vd_hll(x, 4, vd_query()). Without it there is no
 * limit. */
struct cf_aggregate {
    const char *name, *sig;
    uint32_t flags;
    size_t state_size;
    void (*init)(void *state);
    void (*update)(void *state, struct cf_call *c, size_t r);
    void (*combine)(void *target, const void *source);
    void (*finalize)(void *state, struct cf_call *c, size_t r);
    void (*destroy)(void *state);
    size_t (*bytes)(const void *state); /* NULL: nothing to speak of */
    void (*ahead)(const void *state);   /* a row of it comes soon: prefetches; may be NULL */
};

/* ---- registration ---- */
struct cf_family {
    const struct cf_scalar *scalars;       /* ends with a row without name; may be NULL */
    const struct cf_aggregate *aggregates; /* the same */
};
extern const struct cf_scalar cf_end_rows[]; /* vd_query(); cfunc_end.c */
extern const struct cf_family cf_families[]; /* ends with an empty row; cfunc_families.c */
/* Registers families, up to an empty row; list: where their calls find the query that they are in,
 * kept as long as the database. Errors: ERR_INTERNAL naming the function. */
bool cf_register(duckdb_connection con, const struct cf_family *all, struct running_list *list,
                 struct err *e) MUST_USE;
