/* The tables of an export, of unknown origin: they are made, or refused with words; files are asked
 * for by paths that stay below the folder only. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/store.h"

static bool no_file(void *ctx, struct str path, const char *own, struct err *e)
{
    size_t at = 0;
    (void)ctx;
    CHECK(str_starts(path, STR("lake/")) && str_ends(path, STR(".parquet")));
    CHECK(!str_find(path, STR(".."), &at) && !str_find(path, STR("//"), &at) && own[0] == '/');
    return err_set(e, ERR_NOT_FOUND, "there are no files here");
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* Of no other input: a table that was made can't be made again. A store takes some of them. */
static struct workspace *fresh(void)
{
    enum { OF_A_STORE = 50, OPEN_FOLDERS = 16 };
    static struct store *s;
    static struct clock *clock;
    static char dir[32];
    static unsigned n;
    struct err e = {0};
    if (s != NULL && n % OF_A_STORE == 0) {
        store_close(s);
        s = NULL;
        (void)nftw(dir, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    }
    if (s == NULL) {
        log_setup(LOG_ERROR, 2);
        clock = clock != NULL ? clock : clock_new_manual(INT64_C(639000000000000000));
        snprintf(dir, sizeof(dir), "/tmp/fuzz-tables-XXXXXX");
        CHECK(mkdtemp(dir) != NULL);
        struct store_options o = {
            .data_dir = dir, .clock = clock, .threads = 1, .lake = {.by_hand = true}};
        s = store_open(&o, &e);
        CHECK(s != NULL);
    }
    n++;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct workspace *w = store_workspace_create(
        s, arena_fmt(a, "00000000-0000-4000-8000-%012u", n), arena_fmt(a, "w%u", n), &e);
    CHECK(w != NULL);
    return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json tables = {0};
    struct err e = {0};
    uint64_t old_rows = 0;
    if (!json_parse(a, (struct str){(const char *)data, size}, NULL, &tables, &e))
        return 0;
    struct store_tables_read x = {.tables = &tables, .fn = no_file};
    struct err why = {0};
    bool ok = workspace_tables_read(fresh(), &x, &old_rows, &why);
    CHECK(ok == (why.code == ERR_OK) && (ok || why.msg[0] != '\0') && (!ok || old_rows == 0));
    return 0;
}
