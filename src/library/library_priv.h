/* Shared by the files of this folder only. */
#pragma once
#include "audit/audit.h"
#include "library/library.h"

struct library {
    struct library_options o;
};

/* ---- library.c ---- */
/* A new GUID as text. */
struct str new_guid(struct arena *a);
/* "abc…" at most max bytes, for messages. */
struct str brief(struct str s, size_t max);
/* The text of an optional member, in a; ERR_INVALID when it is something else. */
bool read_text(struct arena *a, const struct json *properties, const char *name, struct str *out,
               struct err *e) MUST_USE;
/* json_get, names compared without case. */
const struct json *member(const struct json *object, const char *name);
struct str lower(struct arena *a, struct str s);
/* Compact JSON of v. */
struct str compact_json(struct arena *a, const struct json *v, size_t max);
/* A SentinelAudit row about a resource; inside the transaction that changes it. */
/* ---- function_check.c ---- */
bool function_name_ok(struct str name, struct err *e) MUST_USE;
/* Reads parameters and body, and binds the body with values made up for the parameters.
 * *out_missing: what it names and is not there, as a message in a; with strict that is an error. */
bool function_check(struct arena *a, struct workspace *w, const struct library_save *x, int64_t now,
                    struct str *out_missing, struct err *e) MUST_USE;

/* The workspace's catalogue with f in place of the function of its name. */
const struct kql_catalog *function_catalog(struct arena *a, struct workspace *w,
                                           const struct kql_stored_function *f);
/* A query that calls the function with values made up for its parameters; false: there is none,
 * since it does not read, or takes a table of any columns. */
bool function_probe(struct arena *a, const struct state_saved *x, struct str *out_text);

/* ---- function_callers.c ---- */
/* *out_broken, in a: which functions and analytics rules call the function in a way that f does not
 * allow and the one that there is does, as words; empty: none. */
bool function_callers(struct library *l, struct arena *a, struct workspace *w,
                      const struct kql_stored_function *f, struct str *out_broken,
                      struct err *e) MUST_USE;

/* ---- saved.c ---- */
/* What the store is told of a function; its texts live in a. */
struct kql_stored_function function_of(struct arena *a, const struct state_saved *x);
/* library_save, whose audit row waits in the outbox for the next flush. */
bool saved_keep(struct library *l, struct arena *a, struct workspace *w,
                const struct library_save *x, struct library_saved *out, struct err *e) MUST_USE;
/* "{query}", the closing brace on a line of its own when a comment stands before it. */
struct str body_of(struct arena *a, struct str query);

/* ---- saved_json.c ---- */
/* The tags of a function that is, or is not, a view. */
struct str tags_with_view(struct arena *a, struct str tags, bool view);
/* Reads an ARM body {etag?, properties}; x->id and x->who stay as they are. */
bool library_saved_read(struct arena *a, const struct json *body, struct library_save *x,
                        struct err *e) MUST_USE;

struct str saved_arm_id(struct library *l, struct arena *a, struct workspace *w, struct str id);

/* ---- watchlist_publish.c ---- */
#define WATCHLIST_CONFIDENTIAL "ConfidentialWatchlist" /* state_watchlist.type of those */
/* Tells the store of a list's columns. */
bool watchlist_publish(struct arena *a, struct workspace *w, const struct state_watchlist *x,
                       struct err *e) MUST_USE;
/* state_watchlist.columns as texts. */
bool watchlist_columns(struct arena *a, struct str text, struct str **out, size_t *n,
                       struct err *e) MUST_USE;

/* ---- watchlist_file.c ---- */
struct watchlist_file {
    struct str *columns; /* of the header */
    size_t n_columns;
    VEC(struct str) items; /* JSON objects: column → text */
    VEC(struct str) keys;  /* their values of the search key */
};
/* The rows of a file; separator ',' or '\t'. Errors: ERR_INVALID, ERR_LIMIT, with the line. */
struct watchlist_format {
    char separator;
    int64_t lines_to_skip;
    struct str search_key;
};
bool watchlist_file_read(struct arena *a, struct str text, const struct watchlist_format *f,
                         struct watchlist_file *out, struct err *e) MUST_USE;
/* May a column be called that; search_key: the list's. */
bool watchlist_column_ok(struct str name, struct str search_key, struct err *e) MUST_USE;

/* ---- watchlist_rows.c ---- */
/* Rows for the table Watchlist, gathered and put into the outbox in pieces. */
struct watchlist_rows {
    struct library *l;
    struct arena *a;
    struct workspace *w;
    const struct state_watchlist *x;
    const char *table;
    struct sbuf b;
    struct json_out o;
    size_t n;
    struct str correlation;
};
enum watchlist_status { WATCHLIST_CREATE, WATCHLIST_UPDATE, WATCHLIST_DELETE };
struct watchlist_rows watchlist_rows_make(struct library *l, struct arena *a, struct workspace *w,
                                          const struct state_watchlist *x); /* x is borrowed */
void watchlist_rows_fini(struct watchlist_rows *r);
/* A row about the list (item NULL) or one of its items. */
bool watchlist_rows_add(struct watchlist_rows *r, const struct state_watchlist_item *item,
                        enum watchlist_status status, struct err *e) MUST_USE;
bool watchlist_rows_end(struct watchlist_rows *r, struct err *e) MUST_USE; /* puts the rest */

/* ---- watchlist.c ---- */
/* The list, inside a transaction; ERR_NOT_FOUND. */
bool watchlist_find(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                    struct state_watchlist *out, struct err *e) MUST_USE;
/* x->columns with those of names that it lacks. */
bool watchlist_add_columns(struct arena *a, struct state_watchlist *x, const struct str *names,
                           size_t n, struct err *e) MUST_USE;
/* Tells the store what the database holds of an alias now. */
bool watchlist_settle(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                      struct err *e) MUST_USE;
bool watchlist_audit(struct library *l, struct arena *a, struct workspace *w,
                     const struct state_watchlist *x, const char *operation,
                     const char *description, struct str who, struct err *e) MUST_USE;
/* "createdBy": {objectId, email, name} */
void write_user(struct json_out *o, const char *key, struct str name);
