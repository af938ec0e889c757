/* What a workspace keeps for its queries: saved searches, the functions among them, and watchlists.
 * The control database is the truth; the store gets what queries may call, at start and at each
 * change, and the log tables get a row for each change through the outbox. */
#pragma once
#include "incident/incident.h"
#include "state/saved.h"
#include "state/watchlists.h"

struct library; /* shared by threads */
struct library_options {
    struct store *store; /* borrowed, as are the next three */
    struct state *state;
    struct clock *clock;
    struct incidents *incidents; /* whose outbox takes the rows */
    struct arm_scope scope;
};
/* Gives each workspace its functions and watchlists. A function that no longer reads is logged and
 * left out. */
struct library *library_open(const struct library_options *o, struct err *e) MUST_USE;
void library_close(struct library *l);
/* Of one workspace: it was recovered. */
bool library_load(struct library *l, struct str workspace, struct err *e) MUST_USE;

/* ---- saved searches and functions ---- */
enum {
    LIBRARY_MAX_QUERY = 512 << 10, /* bytes */
    LIBRARY_MAX_SAVED = 5000,      /* of a workspace */
    LIBRARY_MAX_ALIAS = 128
};
enum library_mode { LIBRARY_ANY, LIBRARY_NEW, LIBRARY_KNOWN };
struct library_save {
    struct str id;    /* the resource's name; empty: that of the alias's search, else the alias */
    struct str alias; /* the function's name; empty: a saved query */
    struct str parameters; /* of the function, without the outer parentheses */
    struct str query, category, name, doc;
    struct str tags;        /* JSON array of {"name", "value"}; empty: none */
    int64_t version;        /* of the language; 0 = 2 */
    struct str etag;        /* expected; empty: any */
    bool needs_etag;        /* one that is there is not replaced without */
    enum library_mode mode; /* must it be new, must it be there */
    bool strict;            /* tables and functions that are not there are errors */
    bool unchecked;         /* the body has only to parse */
    enum { LIBRARY_AS_TAGS, LIBRARY_VIEW, LIBRARY_NO_VIEW } view; /* goes into the tags */
    struct str who;                                               /* user's or application's name */
};
struct library_saved {
    struct state_saved row;
    bool created;
    struct str missing; /* what the function names and is not there yet, as a message; or empty */
    struct str broken;  /* what calls the function and its new parameters don't allow; or empty */
};
/* Checks, keeps and hands on to queries. Nothing is written when nothing changes. Errors:
 * ERR_SYNTAX, ERR_SEMANTIC (with the place in query), ERR_INVALID, ERR_CONFLICT (etag; the alias is
 * another search's; mode; strict, not unchecked: what calls it could not any more), ERR_NOT_FOUND
 * (mode), ERR_LIMIT. Sources: "Saved Searches" of the Log
 * Analytics API, ".create-or-alter function". */
bool library_save(struct library *l, struct arena *a, struct workspace *w,
                  const struct library_save *x, struct library_saved *out, struct err *e) MUST_USE;
/* PUT of an ARM body {etag?, properties{…}}. One that is there is replaced only with its etag, or
 * "*", in the body or in If-Match, as the service has it. */
bool library_saved_put(struct library *l, struct arena *a, struct workspace *w, struct str id,
                       const struct json *body, struct str if_match, struct str who,
                       struct library_saved *out, struct err *e) MUST_USE;
/* Errors of both: ERR_NOT_FOUND. */
bool library_saved_get(struct library *l, struct arena *a, struct workspace *w, struct str id,
                       struct state_saved *out, struct err *e) MUST_USE;
bool library_function_get(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                          struct state_saved *out, struct err *e) MUST_USE;
bool library_saved_list(struct library *l, struct arena *a, struct workspace *w,
                        bool functions_only, struct state_saved **out, size_t *n,
                        struct err *e) MUST_USE;
bool library_saved_delete(struct library *l, struct workspace *w, struct str id, struct str who,
                          bool *out_was_there, struct err *e) MUST_USE;
/* The ARM resource {id, name, type, etag, properties}, one JSON object. */
void library_saved_to_json(struct library *l, struct arena *a, struct workspace *w,
                           const struct state_saved *x, struct json_out *out);
/* Does union * see the function beside the tables? It has the tag {"name": "view", "value": "true"}
 * then, as .create function with (view=true) sets it. Source: "Views" of the KQL reference. */
bool library_is_view(struct str tags);
/* As Kusto shows them: "(a:long)", "{ … }". */
struct str library_parameters(struct arena *a, const struct state_saved *x);
struct str library_body(struct arena *a, const struct state_saved *x);

/* Changes of saved searches as text. */
struct library_import {
    VEC(struct library_saved) saved;
};
/* Endings of names of files of functions, for folder_walk. */
extern const char *const library_suffixes[];
/* Reads functions from a file's text and saves them: Azure-Sentinel's parsers in YAML, ARM
 * templates, lists of {"name", "parameters", "body"}, .create function commands, or one query,
 * whose function is called like the file. With an ASIM parser comes a function of its built-in
 * name. Those before the one that is refused are kept. */
bool library_import(struct library *l, struct arena *a, struct workspace *w, struct str text,
                    struct str file, struct str who, struct library_import *out,
                    struct err *e) MUST_USE;

/* ---- Kusto's commands about functions ---- */
struct library_command {
    enum { COMMAND_SAVE, COMMAND_DOC, COMMAND_FOLDER, COMMAND_DROP } what;
    struct library_save save;               /* SAVE; DOC and FOLDER: alias, and doc or category */
    bool if_not_exists, if_exists, several; /* several: .drop functions */
    struct str *names;                      /* DROP */
    size_t n;
};
/* Reads ".create function …" and its relatives at *at, which moves behind it. False with e->code
 * ERR_OK: it is another command. Errors: ERR_SYNTAX with the place in text. */
bool library_command_read(struct arena *a, struct str text, size_t *at, struct library_command *out,
                          struct err *e) MUST_USE;
/* Runs it; *out: the functions that it leaves or, for DROP, that are left. */
bool library_command_run(struct library *l, struct arena *a, struct workspace *w,
                         const struct library_command *c, struct str who, struct state_saved **out,
                         size_t *n, struct err *e) MUST_USE;

/* ---- watchlists ---- */
/* Sources: "Watchlists" of the Security Insights API, "Watchlists in Microsoft Sentinel" (limits).
 */
enum {
    WATCHLIST_MAX_CONTENT = 3800000, /* bytes of rawContent */
    WATCHLIST_MAX_LINE = 10240,      /* bytes of one line of it, and of an item as JSON */
    WATCHLIST_MAX_COLUMNS = 200,
    WATCHLIST_MAX_ITEMS = 10000000, /* of a workspace */
    WATCHLIST_MAX_LISTS = 1000
};
/* PUT of an ARM body. With rawContent the rows of the file are added: one whose search key is that
 * of one item takes its place, one that is there as it is stays. Errors: ERR_INVALID (the property,
 * or the line of the file), ERR_CONFLICT (etag), ERR_LIMIT. */
bool library_watchlist_put(struct library *l, struct arena *a, struct workspace *w,
                           struct str alias, const struct json *body, struct str if_match,
                           struct str who, struct state_watchlist *out, bool *out_created,
                           struct err *e) MUST_USE;
/* Errors: ERR_NOT_FOUND. */
bool library_watchlist_get(struct library *l, struct arena *a, struct workspace *w,
                           struct str alias, struct state_watchlist *out, struct err *e) MUST_USE;
bool library_watchlist_list(struct library *l, struct arena *a, struct workspace *w,
                            struct state_watchlist **out, size_t *n, struct err *e) MUST_USE;
bool library_watchlist_delete(struct library *l, struct workspace *w, struct str alias,
                              struct str who, bool *out_was_there, struct err *e) MUST_USE;
void library_watchlist_to_json(struct library *l, struct arena *a, struct workspace *w,
                               const struct state_watchlist *x, struct json_out *out);

/* One item by its id, a GUID: PUT of an ARM body {properties: {itemsKeyValue, entityMapping?}}. A
 * column that the list has not is added to it. */
bool library_item_put(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                      struct str id, const struct json *body, struct str if_match, struct str who,
                      struct state_watchlist_item *out, bool *out_created, struct err *e) MUST_USE;
bool library_item_get(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                      struct str id, struct state_watchlist_item *out, struct err *e) MUST_USE;
/* Those behind the id `after`, at most max. */
bool library_item_list(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                       struct str after, size_t max, struct state_watchlist_item **out, size_t *n,
                       struct err *e) MUST_USE;
bool library_item_delete(struct library *l, struct workspace *w, struct str alias, struct str id,
                         struct str who, bool *out_was_there, struct err *e) MUST_USE;
void library_item_to_json(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                          const struct state_watchlist_item *x, struct json_out *out);
