/* What the files of the frame around C functions share. */
#pragma once
#include "engine/duckdb/cfunc.h"
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/running.h"

enum {
    CF_ERROR_BYTES = 640,
    CF_MEASURED = 8 /* no function prepares a text behind its eighth argument */
};

/* What DuckDB keeps for one registered overload. */
struct cf_entry {
    const void *row; /* struct cf_scalar or cf_aggregate */
    struct running_list *list;
    bool has_query; /* an aggregate with the query as one more argument */
};
/* What DuckDB keeps for one call in a query. */
struct cf_bound {
    _Atomic int refs;
    struct running *running; /* may be NULL */
    _Atomic size_t booked;   /* the most that a chunk's texts took */
    void *value;             /* from prepare */
    void (*release)(void *);
    size_t bytes[CF_MEASURED]; /* of constant texts, as prepare saw them; SIZE_MAX: no such */
};

/* ---- signatures (cfunc.c) ---- */
/* Reads one type of a signature and moves *p behind it. The caller destroys it. */
duckdb_logical_type cf_sig_type(const char **p);

/* ---- calls (cfunc.c) ---- */
void cf_call_begin(struct cf_call *c, const char *sig);
/* Takes the arguments; refuses texts that are too long. */
void cf_call_args(struct cf_call *c, const char *sig, duckdb_data_chunk in);
/* Before and after each row. */
void cf_row_begin(struct cf_call *c);
void cf_row_end(struct cf_call *c);
bool cf_may_have_nulls(const struct cf_call *c);
bool cf_any_null(const struct cf_call *c, size_t r);
/* Frees working memory. True: the call is to end with the error in out. */
bool cf_call_end(struct cf_call *c, char out[CF_ERROR_BYTES]) MUST_USE;

/* ---- limits (cfunc_end.c) ---- */
/* Books a text of the result; false: refused. */
bool cf_room(struct cf_call *c, size_t bytes) MUST_USE;
/* In a loop over rows: false when the call must end. */
bool cf_goes_on(struct cf_call *c, size_t r) MUST_USE;

/* ---- aggregates (cfunc_agg.c) ---- */
/* Registers rows[0 … n), all of one name. */
bool cf_register_aggregate(duckdb_connection con, const struct cf_aggregate *rows, size_t n,
                           struct running_list *list, struct err *e) MUST_USE;
