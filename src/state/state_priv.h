/* Shared by the files of this folder only: the connection, its lock, and rows as tables of fields.
 */
#pragma once
#include "base/thread.h"
#include "state/state.h"
#include <sqlite3.h>
#include <stdatomic.h>

/* Statements that stay prepared, and the places next to each other that one may have. */
enum { STATE_STATEMENTS = 512, STATE_PLACES = 4 };
struct state {
    sqlite3 *db;
    sqlite3_stmt *statements[STATE_STATEMENTS]; /* prepared before, by hash of their text */
    struct lock lock;
    atomic_ulong owner; /* thread that holds the lock, 0 = none: makes it recursive */
    int depth;          /* how often the owner took it */
    int tx;             /* depth of state_begin */
    bool doomed;        /* an inner transaction was rolled back */
};
void state_lock(struct state *s);
void state_unlock(struct state *s);

/* ---- statements ---- */
enum bind_type { BIND_TEXT, BIND_INT };
struct bind {
    enum bind_type type;
    struct str text;
    int64_t i;
};
#define BT(s) ((struct bind){BIND_TEXT, (s), 0})
#define BI(v) ((struct bind){BIND_INT, STR_NONE, (v)})
/* Runs one statement without result rows; sql is a constant, values are bound as ?1 …. */
bool state_run(struct state *s, const char *sql, const struct bind *b, size_t n,
               struct err *e) MUST_USE;
int state_changes(
    struct state *s); /* rows touched by the last state_run; call it inside a transaction */
/* state_run in a transaction of its own; *out_n: rows that it touched. */
bool state_run_counted(struct state *s, const char *sql, const struct bind *b, size_t n,
                       int64_t *out_n, struct err *e) MUST_USE;
bool state_error(struct state *s, struct err *e,
                 const char *what); /* false; the database's error as a struct err */
/* A prepared statement with values bound; the caller steps, then finalizes. NULL: failed. The lock
 * must be held. */
sqlite3_stmt *state_prepare_locked(struct state *s, const char *sql, const struct bind *b, size_t n,
                                   struct err *e);
/* The same, for a statement that is run again and again: it is kept for the next time. Whoever gets
 * it gives it back, and does not run the same text in between. */
sqlite3_stmt *state_take_locked(struct state *s, const char *sql, const struct bind *b, size_t n,
                                struct err *e);
void state_give_locked(sqlite3_stmt *st); /* NULL is fine */
struct str state_column_text(struct arena *a, sqlite3_stmt *st, int col);

/* ---- rows: one struct, one list of fields ---- */
enum field_type { F_TEXT, F_I64, F_I32, F_BOOL };
struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    bool key;
};
struct table {
    const char *name;
    const struct field *fields;
    size_t n;
    size_t row_size;
};
#define FIELD(type, row, member)                                                                   \
    {                                                                                              \
#member, (type), offsetof(struct row, member), false                                       \
    }
#define FIELD_AS(type, row, member, column)                                                        \
    {                                                                                              \
        (column), (type), offsetof(struct row, member), false                                      \
    }
#define KEY(type, row, member)                                                                     \
    {                                                                                              \
#member, (type), offsetof(struct row, member), true                                        \
    }
#define KEY_AS(type, row, member, column)                                                          \
    {                                                                                              \
        (column), (type), offsetof(struct row, member), true                                       \
    }
/* INSERT, or UPDATE of the non-key fields when the key is there. */
bool table_put(struct state *s, const struct table *t, const void *row, struct err *e) MUST_USE;
/* SELECT the fields FROM from; tail is "WHERE … ORDER BY … LIMIT …". from NULL: the table. */
bool table_select(struct state *s, struct arena *a, const struct table *t, const char *from,
                  const char *tail, const struct bind *b, size_t n_binds, void **out, size_t *n,
                  struct err *e) MUST_USE;
/* Exactly one row, or ERR_NOT_FOUND "no <what> '<id>'". */
bool table_one(struct state *s, struct arena *a, const struct table *t, const char *from,
               const char *tail, const struct bind *b, size_t n_binds, void *out,
               struct err *e) MUST_USE;

/* ---- migrations.c ---- */
bool state_migrate(struct state *s, struct err *e) MUST_USE;
