/* Shared by the files of this folder only. */
#pragma once
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
struct audit {
    struct str resource, name, display; /* ARM id; name; for people */
    const char *type, *operation, *description;
    struct str who;
};
bool audit_put(struct library *l, struct arena *a, struct workspace *w, const struct audit *x,
               struct err *e) MUST_USE;

/* ---- function_check.c ---- */
bool function_name_ok(struct str name, struct err *e) MUST_USE;
/* Reads parameters and body, and binds the body with values made up for the parameters.
 * *out_missing: what it names and is not there, as a message in a; with strict that is an error. */
bool function_check(struct arena *a, struct workspace *w, const struct library_save *x, int64_t now,
                    struct str *out_missing, struct err *e) MUST_USE;

/* ---- saved.c ---- */
/* What the store is told of a function; its texts live in a. */
struct kql_stored_function function_of(struct arena *a, const struct state_saved *x);
/* "{query}", the closing brace on a line of its own when a comment stands before it. */
struct str body_of(struct arena *a, struct str query);

/* ---- saved_json.c ---- */
/* Reads an ARM body {etag?, properties}; x->id and x->who stay as they are. */
bool library_saved_read(struct arena *a, const struct json *body, struct library_save *x,
                        struct err *e) MUST_USE;

/* ---- watchlist_publish.c ---- */
#define WATCHLIST_CONFIDENTIAL "ConfidentialWatchlist" /* state_watchlist.type of those */
/* Tells the store of a list's columns. */
bool watchlist_publish(struct arena *a, struct workspace *w, const struct state_watchlist *x,
                       struct err *e) MUST_USE;
/* state_watchlist.columns as texts. */
bool watchlist_columns(struct arena *a, struct str text, struct str **out, size_t *n,
                       struct err *e) MUST_USE;
