/* A backup.json of unknown origin: it is refused with words, or every path in it stays below the
 * folder that it is restored to. */
#include "backup/backup_priv.h"
#include <string.h>

static void check_path(struct str path)
{
    size_t at = 0;
    CHECK(path.n > 0 && path.p[0] != '/' && memchr(path.p, 0, path.n) == NULL);
    CHECK(!str_eqz(path, "..") && !str_starts(path, STR("../")) && !str_ends(path, STR("/..")));
    CHECK(!str_find(path, STR("/../"), &at));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct backup_file *files = NULL;
    struct err e = {0};
    size_t n = 0;
    bool ok = backup_read_manifest(a, (struct str){(const char *)data, size}, &files, &n, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    for (size_t i = 0; ok && i < n; i++) {
        check_path(files[i].path);
        CHECK(strlen(files[i].sha256) <= BACKUP_SHA256_HEX);
    }
    return 0;
}
