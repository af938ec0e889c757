/* Copies of what the server holds, made on its machine: POST /vedette/v1/backup {"directory"},
 * POST /vedette/v1/export {"directory", "workspace"}. directory: an absolute path. */
#include "api/api_priv.h"
#include "backup/backup.h"
#include "text/json.h"

/* What a request asks for. false: answered. */
static bool asked(struct vedette *v, struct http_request *q, struct http_response *r,
                  struct json *body, const char **out_dir)
{
    struct err e = {0};
    if (!api_body(v, q, r, body))
        return false;
    struct str dir = json_text(json_get(body, "directory"), STR(""));
    *out_dir = arena_strz(q->arena, dir);
    if (dir.n > 0 && strlen(*out_dir) == dir.n)
        return true;
    err_set(&e, ERR_INVALID, "directory: the absolute path of a new folder expected");
    api_error(v, q, &e, r);
    return false;
}

/* what: "backup" or "export". */
static void answer(struct vedette *v, struct http_request *q, struct http_response *r,
                   const char *what, const char *dir, const struct backup_result *result,
                   const struct err *failed)
{
    if (failed != NULL) {
        LOG(LOG_ERROR, "backup", "no copy was made", log_z("what", what), log_z("folder", dir),
            log_z("reason", failed->msg));
        api_error(v, q, failed, r);
        return;
    }
    LOG(LOG_INFO, "backup", "copy made", log_z("what", what), log_z("folder", dir),
        log_i("files", (int64_t)result->files), log_i("bytes", (int64_t)result->bytes));
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_kv_z(&w, "directory", dir);
    json_kv_int(&w, "files", (int64_t)result->files);
    json_kv_int(&w, "bytes", (int64_t)result->bytes);
    json_obj_end(&w);
}

static void backup(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct backup_result result = {0};
    struct backup_options o = {
        .store = v->store, .state = v->state, .clock = v->o.clock, .data_dir = v->o.data_dir};
    if (asked(v, q, r, &body, &o.dir))
        answer(v, q, r, "backup", o.dir, &result, backup_write(&o, &result, &e) ? NULL : &e);
}

static void export(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct backup_result result = {0};
    struct export_options o = {
        .store = v->store, .state = v->state, .clock = v->o.clock, .data_dir = v->o.data_dir};
    if (!asked(v, q, r, &body, &o.dir))
        return;
    struct str name = json_text(json_get(&body, "workspace"), STR(""));
    o.workspace =
        name.n > 0 ? store_workspace_find(v->store, name) : store_workspace_at(v->store, 0);
    if (o.workspace == NULL) {
        err_set(&e, ERR_NOT_FOUND, "there is no workspace '%.*s'", STR_ARG(name));
        api_error(v, q, &e, r);
        return;
    }
    answer(v, q, r, "export", o.dir, &result, backup_export(&o, &result, &e) ? NULL : &e);
}

const struct http_route backup_routes[] = {
    {HTTP_POST, "/vedette/v1/backup", backup, "backup/write", 0, FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/export", export, "backup/write", 0, FAMILY_ARM},
};
const size_t n_backup_routes = COUNTOF(backup_routes);
