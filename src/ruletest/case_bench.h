/* What test cases of rules run in: a store in memory that many cases use one after the other, each
 * with a workspace and a clock of its own. */
#pragma once
#include "backtest/backtest.h"
#include "kql/kql.h"
#include "library/library.h"

/* Stored functions that cases may use, read once. */
struct case_functions {
    struct arena *a;
    struct kql_stored_function *p;
    size_t n;
};
struct case_bench;          /* one thread at a time */
struct case_bench_options { /* 0: the default in brackets */
    size_t memory_bytes;    /* of the engine [its own] */
    int64_t timeout_us;     /* of one query [10 minutes] */
};
struct case_bench *case_bench_open(const struct case_bench_options *o, struct err *e) MUST_USE;
void case_bench_close(struct case_bench *b); /* NULL is fine */
/* Reads files of functions, and those below folders, in the forms that `vedette functions import`
 * takes, and appends them to out. Errors name the file. */
bool case_functions_read(struct case_bench *b, char *const *paths, size_t n,
                         struct case_functions *out, struct err *e) MUST_USE;

/* The stored functions of a workspace. */
bool case_functions_of(struct library *l, struct workspace *w, struct case_functions *out,
                       struct err *e) MUST_USE;

/* ---- one case ---- */
/* A new, empty workspace whose time is now. Ends the case before. */
bool case_begin(struct case_bench *b, int64_t now, struct err *e) MUST_USE;
void case_finish(struct case_bench *b);
struct workspace *case_workspace(struct case_bench *b);
struct trial *case_trial(struct case_bench *b);
/* Puts those of the functions that the text calls, and those that these call. */
bool case_put_functions(struct case_bench *b, struct arena *a, const struct case_functions *f,
                        struct str text, struct err *e) MUST_USE;
bool case_put_function(struct case_bench *b, const struct kql_stored_function *f,
                       struct err *e) MUST_USE;
/* Rows as NDJSON. Everything has to fit: a row that is rejected, a value of another type than its
 * column and, unless it is not strict, a property without a column is an error. */
bool case_put_rows(struct case_bench *b, struct arena *a, struct str table, struct str ndjson,
                   bool strict, struct err *e) MUST_USE;
/* A watchlist: CSV text with a line of names, the first of which is its key. */
bool case_put_watchlist(struct case_bench *b, struct arena *a, struct str alias, struct str csv,
                        struct err *e) MUST_USE;
