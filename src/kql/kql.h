/* The KQL compiler: text → syntax tree → bound plan → optimised plan. Knows no engine and does no
 * I/O. */
#pragma once
#include "kql/plan.h"
#include "kql/request.h"
#include "kql/syntax.h"

/* Which rows of a table a query sees. A column that the table lacks, or that is no string, makes a
 * comparison false. */
struct kql_row_rule {
    enum kql_rows { KQL_ROWS_ALL, KQL_ROWS_ANY, KQL_ROWS_WHERE } kind; /* of kids; a comparison */
    const struct kql_row_rule *const *kids;
    size_t n;
    struct str column;
    const char *op; /* an operator on strings: "==", "has_cs", "!startswith" … */
    struct str value;
};
struct kql_table {
    struct str workspace, name; /* canonical spelling */
    struct kql_schema schema;
    struct kql_schema hidden;  /* can be named, are not part of * (_ItemId, _TimeReceived …) */
    const char *not_for_rules; /* the plan that keeps analytics rules from it; NULL: they may */
    const struct kql_row_rule *rows; /* that this query may see; NULL: all */
};
struct kql_stored_function {
    struct str name, parameters, body; /* "(a:string, b:long=5)", "{ … }" as in .show functions */
    const struct syn
        *decl;        /* the two as kql_parse_function gave them, or NULL: parsed at each use */
    bool whole_time;  /* the query's time range does not narrow the tables that it reads */
    bool by_argument; /* the body for a constant first argument comes from find_variant */
    bool view;        /* union *, T*, search and find see it beside the tables; no parameters */
};
/* The SYN_FUNC_DECL of f; NULL: diags says why, with offsets into f->body (into f->parameters for
 * those that *out_in_parameters, which may be NULL, tells of). It borrows the texts of f and may be
 * read by any number of threads. */
const struct syn *kql_parse_function(struct arena *a, const struct kql_stored_function *f,
                                     struct kql_diags *diags, bool *out_in_parameters);
/* What names mean. Called by one thread; results are copied or live as long as the catalogue. */
struct kql_catalog {
    void *self;
    bool (*find_table)(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out);
    /* All tables in a stable order: union *, T*, search, find. false: past the end. */
    bool (*table_at)(void *self, struct arena *a, size_t i, struct kql_table *out);
    /* The workspace that a query names, by its id, name or resource id: *out_id, empty for the
     * query's own. false: there is none. NULL: there is one workspace. */
    bool (*find_workspace)(void *self, struct arena *a, struct str text, struct str *out_id);
    /* As table_at, of another workspace. */
    bool (*table_of)(void *self, struct arena *a, struct str workspace, size_t i,
                     struct kql_table *out);
    bool (*find_function)(void *self, struct arena *a, struct str name,
                          struct kql_stored_function *out);
    /* The function that a call with this first argument means, of one that is by_argument. NULL:
     * there is none. */
    bool (*find_variant)(void *self, struct arena *a, struct str name, struct str argument,
                         struct kql_stored_function *out);
    /* The names of the functions that are views, as table_at has tables. NULL: there are none. */
    bool (*view_at)(void *self, struct arena *a, size_t i, struct str *out_name);
    /* Schema that depends on rows (bag_unpack, pivot …): runs the plan, returns its rows of the
     * given width (n × in->cols.n values). NULL: compile only; such operators then bind with an
     * open schema. */
    bool (*peek)(void *self, struct arena *a, const struct plan *in, struct kql_value **out_rows,
                 size_t *out_n, struct err *e);
    void
        *peek_self; /* for peek instead of self, such as one with the query's limits; may be NULL */
};
struct kql_param {
    struct str name;
    struct kql_value value;
};
/* Who asks, and where: what current_principal(), current_database() … tell. All may be empty. */
struct kql_session {
    struct str database, endpoint; /* the workspace's name; host (and port) of the server */
    struct str app_id, app_name, tenant;
};
/* A query for many windows of time at once: each table that the scope narrows has a hidden column
 * KQL_WINDOW (datetime), the end of a window, and its source gives each row once for each window
 * that it is in. */
#define KQL_WINDOW "_WindowEnd"
/* Whether a table's source is asked for that column. *out_age: only in windows that end so many
 * ticks after the row's TimeGenerated, or sooner, is the row needed; INT64_MAX: in all. */
bool kql_window_column(struct str stored_name, int64_t *out_age) MUST_USE;
/* Instead of KQL_WINDOW a source may be asked for the ends of the first and the last window that a
 * row is in, and gives it once then. */
#define KQL_WINDOW_FIRST KQL_WINDOW " first"
#define KQL_WINDOW_LAST KQL_WINDOW " last"
/* Where windows end: at first, first + frequency …; a row can be in several of them. */
struct kql_window_grid {
    int64_t first, frequency; /* ticks; frequency 0: unknown, or a row is in one window at most */
};
enum kql_windows {
    KQL_WINDOWS_NONE,
    KQL_WINDOWS_ROWS,  /* what the query returns in each window, and KQL_WINDOW as last column */
    KQL_WINDOWS_NEEDED /* one column, KQL_WINDOW: the query returns nothing in any other window */
};
struct kql_options {
    const struct kql_catalog *catalog;
    struct kql_session session;
    int64_t now_ticks; /* now(), ago(): fixed for the query */
    bool has_scope;    /* add TimeGenerated in [from, to) to every table that has that column */
    int64_t scope_from, scope_to;
    struct str scope_column; /* empty = TimeGenerated */
    bool has_arrival; /* only rows whose _TimeReceived is in (arrived_after, arrived_until] */
    int64_t arrived_after, arrived_until;
    const struct kql_param *params; /* declare query_parameters */
    size_t n_params;
    /* Further ones (ids): a table's name stands for the tables of that name in all of them. */
    const struct str *workspaces;
    size_t n_workspaces;
    struct kql_request request; /* what the query's own set statements don't change */
    bool rule_restrictions;     /* refuse search *, union * as analytics rules do */
    enum kql_windows windows;   /* with a scope; now() is then a window's end. A query that can't be
                                   asked so is refused: ERR_UNSUPPORTED, or what its binding says */
    struct kql_window_grid grid; /* with windows */
    bool transformation;         /* of a data collection rule: the functions that only these have */
};
struct kql_render {
    struct str chart; /* empty: no render */
    struct kql_param *props;
    size_t n_props;
};
struct kql_result {
    struct plan *plan; /* root's cols carry the result's names and types */
    struct str name;   /* "Table_0" …, or the name given by as/fork */
    struct kql_render render;
};
struct kql_read {
    struct str workspace, table; /* workspace empty: the query's own */
};
struct kql_query {
    struct kql_result *results; /* at least one */
    size_t n;
    VEC(struct str) tables;     /* every table that the query reads, once */
    VEC(struct kql_read) reads; /* the same, with the workspaces that they are read of */
    struct kql_request request; /* with what the set statements say */
    bool limited;               /* it sees only some rows of a table */
    bool open_schema; /* columns known only from rows; the plan could not be bound completely */
};
/* Parses, binds and optimises. On false diags has at least one error, in the text's order and at
 * most KQL_MAX_ERRORS; what is healthy in a text with errors is bound, too, to find more of them,
 * but nothing runs (peek is not called). The result lives in a. */
bool kql_compile(struct arena *a, struct str text, const struct kql_options *opts,
                 struct kql_query *out, struct kql_diags *diags) MUST_USE;
