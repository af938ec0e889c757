/* Purges: kept in the control database until they are done, then without the values that were
 * looked for. */
#include "audit/audit.h"
#include "base/ids.h"
#include "base/log.h"
#include "purge/purge_priv.h"
#include "state/cursors.h"
#include "text/date.h"
#include "text/json.h"
#include <stdio.h>

enum { MAX_DOC = 32 << 20 };

struct purge {
    struct str id, table, who;
    struct str predicate; /* empty once it is done */
    struct str columns;   /* JSON: [{"column", "operator"}, …], for the audit */
    int64_t requested;
    uint64_t deleted;
    bool done;
};

/* ---- as it is kept: one cursor a purge, and one that names those that are not done ---- */

static struct str cursor_of(struct arena *a, const struct workspace *w, struct str id)
{
    return arena_fmt(a, "purge/%.*s/%.*s", STR_ARG(workspace_id(w)), STR_ARG(id));
}

static struct str pending_of(struct arena *a, const struct workspace *w)
{
    return arena_fmt(a, "purges/%.*s", STR_ARG(workspace_id(w)));
}

static bool put(const struct purge_options *o, struct arena *a, struct workspace *w,
                const struct purge *p, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_DOC);
    struct json_out j = json_out_make(&b);
    json_obj(&j);
    json_kv_str(&j, "table", p->table);
    json_kv_str(&j, "who", p->who);
    json_kv_str(&j, "predicate", p->predicate);
    json_kv_str(&j, "columns", p->columns);
    json_kv_int(&j, "requested", p->requested);
    json_kv_int(&j, "deleted", (int64_t)p->deleted);
    json_kv_bool(&j, "done", p->done);
    json_obj_end(&j);
    /* The pending one; one after the other, so that one name is enough. */
    return (sbuf_ok(&b) || err_set(e, ERR_LIMIT, "the filters are too long")) &&
           state_cursor_set(o->state, cursor_of(a, w, p->id), sbuf_str(&b), e) &&
           state_cursor_set(o->state, pending_of(a, w), p->done ? STR("") : p->id, e);
}

static bool check_free(const struct purge_options *o, struct arena *a, struct workspace *w,
                       struct err *e)
{
    struct str pending = STR("");
    if (!state_cursor_get(o->state, a, pending_of(a, w), &pending, e))
        return false;
    if (pending.n == 0)
        return true;
    err_set(e, ERR_CONFLICT, "Purge operation '%.*s' is not done yet.", STR_ARG(pending));
    err_hint(e, "if it failed, the server's log says why; it is repeated at the next start");
    return false;
}

static bool keep(const struct purge_options *o, struct arena *a, struct workspace *w,
                 const struct purge *p, struct err *e)
{
    if (!state_begin(o->state, e))
        return false;
    return state_end(o->state, check_free(o, a, w, e) && put(o, a, w, p, e), e);
}

/* Forgets one that can't be done. */
static void cancel(const struct purge_options *o, struct arena *a, struct workspace *w,
                   const struct purge *p)
{
    struct err e = {0};
    if (!state_cursor_set(o->state, cursor_of(a, w, p->id), STR(""), &e) ||
        !state_cursor_set(o->state, pending_of(a, w), STR(""), &e))
        LOG(LOG_ERROR, "purge", "a purge that failed can't be forgotten", log_s("id", p->id),
            log_z("reason", e.msg));
}

static bool load(const struct purge_options *o, struct arena *a, struct workspace *w, struct str id,
                 struct purge *out, struct err *e)
{
    struct str text = STR("");
    struct json row = {0};
    if (!state_cursor_get(o->state, a, cursor_of(a, w, id), &text, e))
        return false;
    if (text.n == 0)
        return err_set(e, ERR_NOT_FOUND, "There is no purge operation '%.*s'.",
                       (int)(id.n < 80 ? id.n : 80), id.p);
    if (!json_parse(a, text, NULL, &row, e))
        return false;
    const struct json *requested = json_get(&row, "requested"), *done = json_get(&row, "done");
    *out = (struct purge){.id = id,
                          .table = json_text(json_get(&row, "table"), STR("")),
                          .who = json_text(json_get(&row, "who"), STR("")),
                          .predicate = json_text(json_get(&row, "predicate"), STR("")),
                          .columns = json_text(json_get(&row, "columns"), STR("")),
                          .requested = requested != NULL ? requested->i : 0,
                          .done = done != NULL && done->type == JSON_TRUE};
    return true;
}

/* What the disk or the load is to blame for is repeated at the start. */
static void cancel_unless_it_passes(const struct purge_options *o, struct arena *a,
                                    struct workspace *w, const struct purge *p,
                                    const struct err *why)
{
    if (why->code != ERR_IO && why->code != ERR_BUSY)
        cancel(o, a, w, p);
}

/* ---- the audit ---- */

static bool put_audit(const struct purge_options *o, struct arena *a, struct workspace *w,
                      const struct purge *p, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_DOC);
    struct json_out j = json_out_make(&b);
    json_obj(&j);
    json_kv_time(&j, "Requested", p->requested);
    json_kv_int(&j, "RowsDeleted", (int64_t)p->deleted);
    json_key(&j, "Filters");
    json_raw(&j, p->columns);
    json_obj_end(&j);
    const struct audit_entry x = {.operation =
                                      "Microsoft.OperationalInsights/workspaces/purge/action",
                                  .resource_name = p->table,
                                  .resource_type = STR("Table"),
                                  .display_name = p->table,
                                  .description = STR("Rows were purged."),
                                  .caller = p->who,
                                  .more = arena_str(a, sbuf_str(&b)),
                                  .id = p->id};
    return audit_put(o->incidents, w, clock_now(o->clock), &x, e);
}

static bool finish(const struct purge_options *o, struct arena *a, struct workspace *w,
                   struct purge *p, struct err *e)
{
    p->predicate = STR("");
    p->done = true;
    if (!state_begin(o->state, e))
        return false;
    return state_end(o->state, put_audit(o, a, w, p, e) && put(o, a, w, p, e), e) &&
           incidents_flush(o->incidents, e);
}

/* ---- the work ---- */

static bool run(const struct purge_options *o, struct arena *a, struct workspace *w,
                struct purge *p, struct err *e)
{
    /* Commits of one moment get times a tick apart: a second holds all of them. */
    struct store_purge what = {p->table, p->predicate, p->requested + TICKS_PER_SECOND};
    if (!workspace_purge(w, &what, &p->deleted, e))
        return false;
    LOG(LOG_INFO, "purge", "rows purged", log_s("id", p->id), log_s("table", p->table),
        log_i("rows", (int64_t)p->deleted), log_s("by", p->who));
    return finish(o, a, w, p, e);
}

/* What was asked for, without the values: they are what is to be forgotten. */
static struct str describe(struct arena *a, const struct json *filters)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_DOC);
    struct json_out j = json_out_make(&b);
    json_arr(&j);
    for (size_t i = 0; i < filters->n; i++) {
        json_obj(&j);
        json_kv_str(&j, "column", json_text(json_get(&filters->items[i], "column"), STR("")));
        json_kv_str(&j, "operator", json_text(json_get(&filters->items[i], "operator"), STR("")));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    return arena_str(a, sbuf_str(&b));
}

static bool read_body(struct arena *a, struct workspace *w, const struct json *body,
                      struct purge *out, struct err *e)
{
    struct kql_table t = {0};
    const struct json *filters = json_get(body, "filters");
    out->table = json_text(json_get(body, "table"), STR(""));
    if (out->table.n == 0)
        return err_set(e, ERR_INVALID, "table: the name of a table expected");
    if (!workspace_table_find(w, a, out->table, &t))
        return err_set(e, ERR_NOT_FOUND, "The table '%.*s' could not be found.",
                       (int)(out->table.n < 80 ? out->table.n : 80), out->table.p);
    if (!purge_predicate(a, &t, filters, &out->predicate, e))
        return false;
    out->columns = describe(a, filters);
    return true;
}

bool purge_start(const struct purge_options *o, struct workspace *w, const struct json *body,
                 struct str who, char out_id[PURGE_ID_BYTES], struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    char guid[37];
    struct purge p = {.who = who, .requested = clock_now(o->clock)};
    guid_format(guid_new(), guid);
    (void)snprintf(out_id, PURGE_ID_BYTES, "purge-%s", guid);
    p.id = arena_str(a, str_from(out_id));
    if (!read_body(a, w, body, &p, e) || !workspace_settle(w, e) || !keep(o, a, w, &p, e))
        return false;
    struct err own = {0};
    if (run(o, a, w, &p, &own))
        return true;
    cancel_unless_it_passes(o, a, w, &p, &own);
    if (e != NULL)
        *e = own;
    return false;
}

bool purge_status(const struct purge_options *o, struct workspace *w, struct str id,
                  const char **out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct purge p = {0};
    if (!load(o, a, w, id, &p, e))
        return false;
    *out = p.done ? "completed" : "pending";
    return true;
}

void purge_resume(const struct purge_options *o)
{
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(o->store, i)) != NULL; i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct err e = {0};
        struct str id = STR("");
        struct purge p = {0};
        bool ok = state_cursor_get(o->state, a, pending_of(a, w), &id, &e) &&
                  (id.n == 0 || (load(o, a, w, id, &p, &e) && run(o, a, w, &p, &e)));
        if (ok)
            continue;
        LOG(LOG_ERROR, "purge", "a purge that was not finished could not be done", log_s("id", id),
            log_z("reason", e.msg));
        if (p.id.n > 0)
            cancel_unless_it_passes(o, a, w, &p, &e);
    }
}
