/* The connection: open, lock, transactions, statements. */
#include "state/state.h"
#include "state/state_priv.h"
#include <fcntl.h>
#include <unistd.h>

enum { BUSY_TIMEOUT_MS = 10000 };

static unsigned long self(void)
{
    return (unsigned long)pthread_self();
}

void state_lock(struct state *s)
{
    if (atomic_load(&s->owner) != self()) {
        lock_take(&s->lock);
        atomic_store(&s->owner, self());
    }
    s->depth++;
}

void state_unlock(struct state *s)
{
    CHECK(atomic_load(&s->owner) == self() && s->depth > 0);
    if (--s->depth > 0)
        return;
    atomic_store(&s->owner, 0);
    lock_drop(&s->lock);
}

bool state_error(struct state *s, struct err *e, const char *what)
{
    int rc = sqlite3_errcode(s->db);
    enum err_code code = ERR_IO;
    if ((rc & 0xFF) == SQLITE_BUSY || (rc & 0xFF) == SQLITE_LOCKED)
        code = ERR_BUSY;
    else if ((rc & 0xFF) == SQLITE_CONSTRAINT)
        code = ERR_CONFLICT;
    return err_set(e, code, "control database: %s: %s", what, sqlite3_errmsg(s->db));
}

static bool exec(struct state *s, const char *sql, struct err *e)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || state_error(s, e, sql);
}

/* The file must not be readable by others from its first byte on. */
static bool make_private(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "control database", path);
    close(fd);
    return true;
}

static bool configure(struct state *s, struct err *e)
{
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    sqlite3_extended_result_codes(s->db, 1);
    return exec(s, "PRAGMA journal_mode=WAL", e) && exec(s, "PRAGMA synchronous=FULL", e) &&
           exec(s, "PRAGMA foreign_keys=ON", e) && exec(s, "PRAGMA trusted_schema=OFF", e) &&
           /* Indexes of a hundred thousand alerts; the default of 2 MB reads them again and again.
            */
           exec(s, "PRAGMA cache_size=-65536", e) &&
           /* 32 MiB of pages: a page that many transactions change is moved into the file once. */
           exec(s, "PRAGMA wal_autocheckpoint=8192", e) &&
           /* What a purge looked for must not stay in free pages. */
           exec(s, "PRAGMA secure_delete=ON", e) && state_migrate(s, e);
}

struct state *state_open(const char *path, struct err *e)
{
    if (path != NULL && !make_private(path, e))
        return NULL;
    struct state *s = xcalloc(1, sizeof(*s));
    lock_init(&s->lock, "state");
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    bool ok = sqlite3_open_v2(path != NULL ? path : ":memory:", &s->db, flags, NULL) == SQLITE_OK;
    if (!ok)
        err_set(e, ERR_IO, "control database '%s': %s", path != NULL ? path : ":memory:",
                s->db != NULL ? sqlite3_errmsg(s->db) : "no memory");
    if (ok && configure(s, e))
        return s;
    state_close(s);
    return NULL;
}

void state_close(struct state *s)
{
    if (s == NULL)
        return;
    CHECK(s->tx == 0);
    for (size_t i = 0; i < STATE_STATEMENTS; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    lock_fini(&s->lock);
    xfree(s);
}

bool state_snapshot(struct state *s, const char *path, struct err *e)
{
    struct bind b[] = {BT(str_from(path))};
    state_lock(s);
    CHECK(s->tx == 0);
    bool ok = state_run(s, "VACUUM INTO ?1", b, COUNTOF(b), e);
    state_unlock(s);
    return ok;
}

bool state_check(struct state *s, struct err *e)
{
    state_lock(s);
    bool ok = false;
    sqlite3_stmt *st = state_prepare_locked(s, "PRAGMA quick_check(1)", NULL, 0, e);
    if (st != NULL) {
        ok = sqlite3_step(st) == SQLITE_ROW &&
             strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
        if (!ok)
            err_set(e, ERR_IO, "control database: it is damaged; restore state.db from a backup");
    }
    sqlite3_finalize(st);
    state_unlock(s);
    return ok;
}

/* ---- transactions ---- */

bool state_begin(struct state *s, struct err *e)
{
    state_lock(s);
    if (s->tx == 0) {
        s->doomed = false;
        if (!exec(s, "BEGIN IMMEDIATE", e)) {
            state_unlock(s);
            return false;
        }
    }
    s->tx++;
    return true;
}

bool state_commit(struct state *s, struct err *e)
{
    CHECK(s->tx > 0 && atomic_load(&s->owner) == self());
    bool ok = true;
    s->tx--;
    if (s->tx == 0 && s->doomed)
        ok = err_set(e, ERR_INTERNAL,
                     "control database: a part of this transaction was rolled back");
    else if (s->tx == 0)
        ok = exec(s, "COMMIT", e);
    if (s->tx == 0 && !ok)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    state_unlock(s);
    return ok;
}

void state_rollback(struct state *s)
{
    CHECK(s->tx > 0 && atomic_load(&s->owner) == self());
    s->tx--;
    s->doomed = true;
    if (s->tx == 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    state_unlock(s);
}

bool state_end(struct state *s, bool ok, struct err *e)
{
    if (ok)
        return state_commit(s, e);
    state_rollback(s);
    return false;
}

/* ---- statements ---- */

static bool bind_all(sqlite3_stmt *st, const struct bind *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int rc = b[i].type == BIND_INT
                     ? sqlite3_bind_int64(st, (int)i + 1, b[i].i)
                     : sqlite3_bind_text64(st, (int)i + 1, b[i].text.p != NULL ? b[i].text.p : "",
                                           b[i].text.n, SQLITE_STATIC, SQLITE_UTF8);
        if (rc != SQLITE_OK)
            return false;
    }
    return true;
}

sqlite3_stmt *state_prepare_locked(struct state *s, const char *sql, const struct bind *b, size_t n,
                                   struct err *e)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK && bind_all(st, b, n))
        return st;
    state_error(s, e, sql);
    sqlite3_finalize(st);
    return NULL;
}

/* Where the statement is, or may be prepared: a free place, else another one's. */
static sqlite3_stmt **place_of(struct state *s, const char *sql)
{
    uint64_t hash = str_hash(str_from(sql));
    sqlite3_stmt **set = &s->statements[hash % (STATE_STATEMENTS / STATE_PLACES) * STATE_PLACES];
    sqlite3_stmt **other = NULL;
    for (size_t i = 0; i < STATE_PLACES; i++) {
        if (set[i] != NULL && strcmp(sqlite3_sql(set[i]), sql) == 0)
            return &set[i];
        bool is_free = set[i] == NULL;
        if (other == NULL || (is_free && *other != NULL))
            other = &set[i];
    }
    return other;
}

/* Preparing costs several times what most statements do. The one that has been there longest of
 * those that share its places makes room. */
sqlite3_stmt *state_take_locked(struct state *s, const char *sql, const struct bind *b, size_t n,
                                struct err *e)
{
    sqlite3_stmt **slot = place_of(s, sql);
    if (*slot != NULL && strcmp(sqlite3_sql(*slot), sql) != 0) {
        sqlite3_stmt **last = slot + STATE_PLACES - 1;
        sqlite3_finalize(*slot);
        memmove(slot, slot + 1, (size_t)(last - slot) * sizeof(*slot));
        slot = last;
        *slot = NULL;
    }
    if (*slot == NULL &&
        sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK) {
        state_error(s, e, sql);
        return NULL;
    }
    CHECK(!sqlite3_stmt_busy(*slot));
    if (bind_all(*slot, b, n))
        return *slot;
    state_error(s, e, sql);
    state_give_locked(*slot);
    return NULL;
}

void state_give_locked(sqlite3_stmt *st)
{
    if (st == NULL)
        return;
    (void)sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st); /* they point to the caller's memory */
}

struct str state_column_text(struct arena *a, sqlite3_stmt *st, int col)
{
    const char *p = (const char *)sqlite3_column_text(st, col);
    return arena_str(
        a, (struct str){p != NULL ? p : "", p != NULL ? (size_t)sqlite3_column_bytes(st, col) : 0});
}

bool state_run(struct state *s, const char *sql, const struct bind *b, size_t n, struct err *e)
{
    state_lock(s);
    sqlite3_stmt *st = state_take_locked(s, sql, b, n, e);
    bool ok = st != NULL;
    if (ok && sqlite3_step(st) != SQLITE_DONE)
        ok = state_error(s, e, sql);
    state_give_locked(st);
    state_unlock(s);
    return ok;
}

int state_changes(struct state *s)
{
    return sqlite3_changes(s->db);
}

bool state_run_counted(struct state *s, const char *sql, const struct bind *b, size_t n,
                       int64_t *out_n, struct err *e)
{
    if (!state_begin(s, e))
        return false;
    bool ok = state_run(s, sql, b, n, e);
    *out_n = ok ? state_changes(s) : 0;
    return state_end(s, ok, e);
}

bool state_counter_next(struct state *s, struct str workspace, const char *name, int64_t *out,
                        struct err *e)
{
    static const char sql[] =
        "INSERT INTO counters (workspace, name, value) VALUES (?1, ?2, 1) "
        "ON CONFLICT (workspace, name) DO UPDATE SET value = value + 1 RETURNING value";
    struct bind b[] = {BT(workspace), BT(str_from(name))};
    state_lock(s);
    sqlite3_stmt *st = state_take_locked(s, sql, b, COUNTOF(b), e);
    bool ok = st != NULL;
    if (ok && sqlite3_step(st) == SQLITE_ROW)
        *out = sqlite3_column_int64(st, 0);
    else if (ok)
        ok = state_error(s, e, "count up");
    /* RETURNING hands out its row before the change is finished: step on to the end. */
    if (ok && sqlite3_step(st) != SQLITE_DONE)
        ok = state_error(s, e, "count up");
    state_give_locked(st);
    state_unlock(s);
    return ok;
}

bool state_counter_get(struct state *s, struct str workspace, const char *name, int64_t *out,
                       struct err *e)
{
    static const char sql[] = "SELECT value FROM counters WHERE workspace = ?1 AND name = ?2";
    struct bind b[] = {BT(workspace), BT(str_from(name))};
    *out = 0;
    state_lock(s);
    sqlite3_stmt *st = state_prepare_locked(s, sql, b, COUNTOF(b), e);
    int rc = st != NULL ? sqlite3_step(st) : SQLITE_ERROR;
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(st, 0);
    else if (st != NULL && rc != SQLITE_DONE)
        state_error(s, e, "read a counter");
    sqlite3_finalize(st);
    state_unlock(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}
