/* Which files were imported: asked of, and told to, the server. */
#include "cli/ingest_once.h"
#include "base/ids.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 20 };

bool file_identity(const char *path, char out[FILE_ID_BYTES], struct err *e)
{
    struct guid g = {{0}};
    char text[37];
    uint64_t size = 0;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "can't open", path);
    AUTO(xfreep) char *block = xmalloc(BLOCK_BYTES);
    size_t have = 0;
    do { /* whole blocks, so that short reads change nothing */
        n = read(fd, block + have, BLOCK_BYTES - have);
        have += n > 0 ? (size_t)n : 0;
        if (have == BLOCK_BYTES || n <= 0) {
            g = guid_derive(g, (struct str){block, have});
            size += have;
            have = 0;
        }
    } while (n > 0);
    close(fd);
    if (n < 0)
        return err_errno(e, "can't read", path);
    guid_format(g, text);
    snprintf(out, FILE_ID_BYTES, "%s-%llu", text, (unsigned long long)size);
    return true;
}

static struct str target_of(struct client *c, const char *workspace, const char *table,
                            const char *id)
{
    return arena_fmt(c->a, "/vedette/v1/workspaces/%s/imports/%s/%s", workspace, table, id);
}

bool import_known(struct client *c, const char *workspace, const char *table, const char *id,
                  struct str *out_when, struct err *e)
{
    int status = 0;
    struct json answer = {0};
    *out_when = STR("");
    if (!client_call_any(c, "GET", target_of(c, workspace, table, id).p, NULL, STR(""), &status,
                         &answer, e))
        return false;
    if (status == 404)
        return true;
    if (status != 200)
        return client_refused(status, &answer, e);
    *out_when = json_text(json_get(&answer, "imported"), STR("an unknown time"));
    return true;
}

bool import_done(struct client *c, const char *workspace, const char *table, const char *id,
                 const char *file, uint64_t records, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    struct json_out w = json_out_make(&body);
    json_obj(&w);
    json_kv_z(&w, "file", file);
    json_kv_int(&w, "records", (int64_t)records);
    json_obj_end(&w);
    return client_call(c, "PUT", target_of(c, workspace, table, id).p, "application/json",
                       sbuf_str(&body), NULL, e);
}
