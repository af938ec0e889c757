/* Rows as tables of fields: one generic INSERT and one generic SELECT for all subjects. The SQL
 * text is made of constant names from our own tables; values are always bound. */
#include "state/state_priv.h"

enum { SQL_MAX = 16384, MAX_FIELDS = 64 };

static struct bind field_bind(const struct field *f, const void *row)
{
    const char *p = (const char *)row + f->offset;
    switch (f->type) {
    case F_TEXT: {
        struct str v;
        memcpy(&v, p, sizeof(v));
        return BT(v);
    }
    case F_I64: {
        int64_t v;
        memcpy(&v, p, sizeof(v));
        return BI(v);
    }
    case F_I32: {
        int32_t v;
        memcpy(&v, p, sizeof(v));
        return BI(v);
    }
    case F_BOOL: {
        bool v;
        memcpy(&v, p, sizeof(v));
        return BI(v ? 1 : 0);
    }
    }
    UNREACHABLE();
}

static void field_read(struct arena *a, const struct field *f, sqlite3_stmt *st, int col, void *row)
{
    char *p = (char *)row + f->offset;
    switch (f->type) {
    case F_TEXT: {
        struct str v = state_column_text(a, st, col);
        memcpy(p, &v, sizeof(v));
        return;
    }
    case F_I64: {
        int64_t v = sqlite3_column_int64(st, col);
        memcpy(p, &v, sizeof(v));
        return;
    }
    case F_I32: {
        int32_t v = sqlite3_column_int(st, col);
        memcpy(p, &v, sizeof(v));
        return;
    }
    case F_BOOL: {
        bool v = sqlite3_column_int(st, col) != 0;
        memcpy(p, &v, sizeof(v));
        return;
    }
    }
    UNREACHABLE();
}

static void add_names(struct sbuf *b, const struct table *t, bool keys_only, bool skip_keys,
                      const char *suffix)
{
    bool first = true;
    for (size_t i = 0; i < t->n; i++) {
        const struct field *f = &t->fields[i];
        if ((keys_only && !f->key) || (skip_keys && f->key))
            continue;
        sbuf_addz(b, first ? "" : ", ");
        sbuf_addz(b, f->name);
        if (suffix != NULL) {
            sbuf_addz(b, suffix);
            sbuf_addz(b, f->name);
        }
        first = false;
    }
}

bool table_put(struct state *s, const struct table *t, const void *row, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(SQL_MAX);
    struct bind b[MAX_FIELDS];
    CHECK(t->n <= MAX_FIELDS);
    sbuf_addz(&sql, "INSERT INTO ");
    sbuf_addz(&sql, t->name);
    sbuf_addz(&sql, " (");
    add_names(&sql, t, false, false, NULL);
    sbuf_addz(&sql, ") VALUES (");
    for (size_t i = 0; i < t->n; i++) {
        sbuf_addz(&sql, i == 0 ? "?" : ", ?");
        b[i] = field_bind(&t->fields[i], row);
    }
    sbuf_addz(&sql, ") ON CONFLICT (");
    add_names(&sql, t, true, false, NULL);
    sbuf_addz(&sql, ") DO UPDATE SET ");
    add_names(&sql, t, false, true, " = excluded.");
    CHECK(sbuf_ok(&sql));
    return state_run(s, sbuf_str(&sql).p, b, t->n, e);
}

static bool read_rows(struct state *s, struct arena *a, const struct table *t, sqlite3_stmt *st,
                      void **out, size_t *out_n, struct err *e)
{
    size_t n = 0, cap = 0;
    char *rows = NULL;
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        if (n == cap)
            rows = base_vec_grow(a, rows, &cap, t->row_size);
        char *row = rows + n++ * t->row_size;
        memset(row, 0, t->row_size);
        for (size_t i = 0; i < t->n; i++)
            field_read(a, &t->fields[i], st, (int)i, row);
    }
    if (rc != SQLITE_DONE)
        return state_error(s, e, t->name);
    *out = rows;
    *out_n = n;
    return true;
}

bool table_select(struct state *s, struct arena *a, const struct table *t, const char *from,
                  const char *tail, const struct bind *b, size_t n_binds, void **out, size_t *n,
                  struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(SQL_MAX);
    sbuf_addz(&sql, "SELECT ");
    add_names(&sql, t, false, false, NULL);
    sbuf_addz(&sql, " FROM ");
    sbuf_addz(&sql, from != NULL ? from : t->name);
    sbuf_addz(&sql, " ");
    sbuf_addz(&sql, tail);
    CHECK(sbuf_ok(&sql));
    state_lock(s);
    sqlite3_stmt *st = state_take_locked(s, sbuf_str(&sql).p, b, n_binds, e);
    bool ok = st != NULL && read_rows(s, a, t, st, out, n, e);
    state_give_locked(st);
    state_unlock(s);
    return ok;
}

bool table_one(struct state *s, struct arena *a, const struct table *t, const char *from,
               const char *tail, const struct bind *b, size_t n_binds, void *out, struct err *e)
{
    void *rows = NULL;
    size_t n = 0;
    if (!table_select(s, a, t, from, tail, b, n_binds, &rows, &n, e))
        return false;
    if (n == 0)
        return err_set(e, ERR_NOT_FOUND, "%s: not found", t->name);
    memcpy(out, rows, t->row_size);
    return true;
}
