/* Backups: POST /vedette/v1/backup {"directory": absolute path on this machine}. */
#include "api/api_priv.h"
#include "backup/backup.h"
#include "text/json.h"

static void backup(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct backup_result result = {0};
    if (!api_body(v, q, r, &body))
        return;
    struct str dir = json_text(json_get(&body, "directory"), STR(""));
    struct backup_options o = {.store = v->store,
                               .state = v->state,
                               .clock = v->o.clock,
                               .data_dir = v->o.data_dir,
                               .dir = arena_strz(q->arena, dir)};
    if (dir.n == 0 || strlen(o.dir) != dir.n) {
        err_set(&e, ERR_INVALID, "directory: the absolute path of a new folder expected");
        api_error(v, q, &e, r);
        return;
    }
    int64_t began = clock_mono_us();
    if (!backup_write(&o, &result, &e)) {
        LOG(LOG_ERROR, "backup", "no backup was made", log_s("folder", dir),
            log_z("reason", e.msg));
        api_error(v, q, &e, r);
        return;
    }
    LOG(LOG_INFO, "backup", "backup made", log_s("folder", dir),
        log_i("files", (int64_t)result.files), log_i("bytes", (int64_t)result.bytes),
        log_i("took_us", clock_mono_us() - began));
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_kv_str(&w, "directory", dir);
    json_kv_int(&w, "files", (int64_t)result.files);
    json_kv_int(&w, "bytes", (int64_t)result.bytes);
    json_obj_end(&w);
}

const struct http_route backup_routes[] = {
    {HTTP_POST, "/vedette/v1/backup", backup, "backup/write", 0, FAMILY_ARM},
};
const size_t n_backup_routes = COUNTOF(backup_routes);
