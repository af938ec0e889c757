/* Cases, their incidents and attachments. */
#include "state/cases.h"
#include "state/state_priv.h"
#include "state/work.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_case, workspace),     KEY(F_TEXT, state_case, id),
    FIELD(F_I64, state_case, number),       FIELD(F_TEXT, state_case, etag),
    FIELD(F_TEXT, state_case, title),       FIELD(F_TEXT, state_case, description),
    FIELD(F_TEXT, state_case, priority),    FIELD(F_TEXT, state_case, status),
    FIELD(F_TEXT, state_case, owner),       FIELD(F_I64, state_case, due),
    FIELD(F_TEXT, state_case, links),       FIELD(F_TEXT, state_case, closing_notes),
    FIELD(F_I64, state_case, created),      FIELD(F_I64, state_case, modified),
    FIELD(F_I64, state_case, closed),       FIELD(F_TEXT, state_case, created_by),
    FIELD(F_TEXT, state_case, modified_by),
};
static const struct table cases = {"cases", fields, COUNTOF(fields), sizeof(struct state_case)};

static const struct field attachment_fields[] = {
    KEY(F_TEXT, state_attachment, workspace), KEY(F_TEXT, state_attachment, id),
    FIELD(F_TEXT, state_attachment, case_id), FIELD(F_TEXT, state_attachment, name),
    FIELD(F_I64, state_attachment, size),     FIELD(F_TEXT, state_attachment, sha256),
    FIELD(F_I64, state_attachment, created),  FIELD(F_TEXT, state_attachment, created_by),
};
static const struct table attachments = {"case_attachments", attachment_fields,
                                         COUNTOF(attachment_fields),
                                         sizeof(struct state_attachment)};

/* ---- a text or a number of each row ---- */

static bool select_texts(struct state *s, struct arena *a, const char *from, const char *tail,
                         const struct bind *b, size_t n_binds, struct str **out, size_t *n,
                         struct err *e)
{
    struct one {
        struct str value;
    };
    static const struct field value[] = {FIELD(F_TEXT, one, value)};
    static const struct table texts = {"texts", value, 1, sizeof(struct one)};
    void *rows = NULL;
    if (!table_select(s, a, &texts, from, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows; /* a struct with one member is that member */
    return true;
}

static bool select_number(struct state *s, const char *from, const struct bind *b, size_t n_binds,
                          int64_t *out, struct err *e)
{
    struct one {
        int64_t value;
    } row = {0};
    static const struct field value[] = {FIELD(F_I64, one, value)};
    static const struct table numbers = {"numbers", value, 1, sizeof(struct one)};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (!table_one(s, a, &numbers, from, "", b, n_binds, &row, e))
        return false;
    *out = row.value;
    return true;
}

/* A DELETE; *out_was_there may be NULL. */
static bool run_delete(struct state *s, const char *sql, const struct bind *b, size_t n,
                       bool *out_was_there, struct err *e)
{
    if (!state_begin(s, e))
        return false;
    bool ok = state_run(s, sql, b, n, e);
    if (ok && out_was_there != NULL)
        *out_was_there = state_changes(s) > 0;
    return state_end(s, ok, e);
}

/* ---- cases ---- */

bool state_case_put(struct state *s, const struct state_case *c, struct err *e)
{
    return table_put(s, &cases, c, e);
}

bool state_case_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                    struct state_case *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct err why = {0};
    if (table_one(s, a, &cases, NULL, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no case '%.*s'", (int)(id.n < 80 ? id.n : 80),
                       id.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_case_list(struct state *s, struct arena *a, struct str workspace,
                     struct state_case **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &cases, NULL, "WHERE workspace = ?1 ORDER BY number DESC", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_case_count(struct state *s, struct str workspace, int64_t *out, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    return select_number(s, "(SELECT count(*) AS value FROM cases WHERE workspace = ?1)", b,
                         COUNTOF(b), out, e);
}

bool state_case_delete(struct state *s, struct str workspace, struct str id, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    if (!state_begin(s, e))
        return false;
    return state_end(
        s,
        state_work_delete(s, workspace, SUBJECT_CASE, id, e) &&
            state_run(s, "DELETE FROM cases WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), e),
        e);
}

/* ---- incidents ---- */

bool state_case_link(struct state *s, struct str workspace, struct str id, struct str incident,
                     struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id), BT(incident)};
    return state_run(s,
                     "INSERT INTO case_incidents (workspace, case_id, incident)"
                     " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                     b, COUNTOF(b), e);
}

bool state_case_unlink(struct state *s, struct str workspace, struct str id, struct str incident,
                       bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id), BT(incident)};
    return run_delete(s,
                      "DELETE FROM case_incidents WHERE workspace = ?1 AND case_id = ?2"
                      " AND incident = ?3",
                      b, COUNTOF(b), out_was_there, e);
}

bool state_case_incidents(struct state *s, struct arena *a, struct str workspace, struct str id,
                          struct str **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    return select_texts(s, a,
                        "(SELECT i.id AS value, i.number AS number FROM case_incidents c"
                        " JOIN incidents i ON i.workspace = c.workspace AND i.id = c.incident"
                        " WHERE c.workspace = ?1 AND c.case_id = ?2)",
                        "ORDER BY number", b, COUNTOF(b), out, n, e);
}

/* ---- attachments ---- */

bool state_attachment_put(struct state *s, const struct state_attachment *x, struct str content,
                          struct err *e)
{
    struct bind b[] = {BT(x->workspace), BT(x->id), BT(content)};
    if (!state_begin(s, e))
        return false;
    return state_end(s,
                     table_put(s, &attachments, x, e) &&
                         state_run(s,
                                   "INSERT INTO case_contents (workspace, id, base64)"
                                   " VALUES (?1, ?2, ?3)",
                                   b, COUNTOF(b), e),
                     e);
}

bool state_attachment_list(struct state *s, struct arena *a, struct str workspace, struct str id,
                           struct state_attachment **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    void *rows = NULL;
    if (!table_select(s, a, &attachments, NULL,
                      "WHERE workspace = ?1 AND case_id = ?2 ORDER BY created, id", b, COUNTOF(b),
                      &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_attachment_content(struct state *s, struct arena *a, struct str workspace, struct str id,
                              struct str *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct str *list = NULL;
    size_t n = 0;
    if (!select_texts(s, a,
                      "(SELECT base64 AS value FROM case_contents WHERE workspace = ?1"
                      " AND id = ?2)",
                      "", b, COUNTOF(b), &list, &n, e))
        return false;
    if (n == 0)
        return err_set(e, ERR_NOT_FOUND, "there is no attachment '%.*s'",
                       (int)(id.n < 80 ? id.n : 80), id.p);
    *out = list[0];
    return true;
}

bool state_attachment_delete(struct state *s, struct str workspace, struct str id, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    return run_delete(s, "DELETE FROM case_attachments WHERE workspace = ?1 AND id = ?2", b,
                      COUNTOF(b), NULL, e);
}

bool state_attachment_bytes(struct state *s, struct str workspace, int64_t *out, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    return select_number(
        s, "(SELECT coalesce(sum(size), 0) AS value FROM case_attachments WHERE workspace = ?1)", b,
        COUNTOF(b), out, e);
}

/* ---- statuses ---- */

bool state_case_status_put(struct state *s, struct str workspace, struct str key, struct str name,
                           struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key), BT(name)};
    return state_run(s,
                     "INSERT INTO case_statuses (workspace, key, name) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (workspace, key) DO UPDATE SET name = ?3",
                     b, COUNTOF(b), e);
}

bool state_case_status_delete(struct state *s, struct str workspace, struct str key,
                              bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key)};
    return run_delete(s, "DELETE FROM case_statuses WHERE workspace = ?1 AND key = ?2", b,
                      COUNTOF(b), out_was_there, e);
}

bool state_case_status_list(struct state *s, struct arena *a, struct str workspace,
                            struct str **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    return select_texts(s, a, "(SELECT name AS value FROM case_statuses WHERE workspace = ?1)",
                        "ORDER BY value", b, COUNTOF(b), out, n, e);
}
