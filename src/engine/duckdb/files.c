/* Lists of files that the store opens and reads: the C side of files_shim.cc. */
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/files_shim.h"
#include <stdio.h>

struct engine_files {
    const struct engine_file_calls *calls;
    struct running_list *running;
    struct files_shim_calls shim;
};
struct open_file {
    const struct engine_file_calls *calls;
    void *file;
    struct running *running; /* the query; NULL: a statement of our own */
};

static bool wait_is_over(void *self, struct err *e)
{
    return self != NULL && running_stops(self, e);
}

/* The query ends with what is wrong, not with the database's words for it. */
static void refuse(struct running *running, const struct err *e, char why[FILES_SHIM_WHY_BYTES])
{
    snprintf(why, FILES_SHIM_WHY_BYTES, "%s", e->msg);
    if (running != NULL && (e->kind[0] != '\0' || e->code != ERR_IO))
        running_refuse(running, e);
}

static void *find_list(void *self, uint64_t number)
{
    const struct engine_files *f = self;
    return f->calls->list(f->calls->self, number);
}

static void *open_one(void *self, uint64_t list, size_t at, uint64_t connection, int64_t *bytes,
                      bool *here, char why[FILES_SHIM_WHY_BYTES])
{
    const struct engine_files *f = self;
    struct err e = {0};
    struct open_file *o = xcalloc(1, sizeof(*o));
    o->calls = f->calls;
    o->running = connection != 0 ? running_find(f->running, connection) : NULL;
    o->file = f->calls->open(f->calls->self, list, at, bytes, here, &e);
    if (o->file != NULL)
        return o;
    refuse(o->running, &e, why);
    running_unref(o->running);
    xfree(o);
    return NULL;
}

static bool read_some(void *file, void *to, size_t n, int64_t at, char why[FILES_SHIM_WHY_BYTES])
{
    const struct open_file *o = file;
    const struct engine_wait wait = {o->running, wait_is_over};
    struct err e = {0};
    if (o->calls->read(o->file, to, n, at, &wait, &e))
        return true;
    refuse(o->running, &e, why);
    return false;
}

static void close_one(void *file)
{
    struct open_file *o = file;
    o->calls->close(o->file);
    running_unref(o->running);
    xfree(o);
}

bool engine_files_open(struct engine *g, const struct engine_file_calls *calls, struct err *e)
{
    char why[FILES_SHIM_WHY_BYTES] = "";
    CHECK(g->files == NULL);
    g->files = xcalloc(1, sizeof(*g->files));
    *g->files = (struct engine_files){.calls = calls, .running = &g->running};
    g->files->shim = (struct files_shim_calls){.self = g->files,
                                               .list = find_list,
                                               .list_drop = calls->list_drop,
                                               .list_count = calls->list_count,
                                               .list_name = calls->list_name,
                                               .open = open_one,
                                               .read = read_some,
                                               .close = close_one};
    /* Objects of C++ are shared: their layout is that of the headers we were built with. */
    if (strcmp(duckdb_library_version(), FILES_SHIM_VERSION) != 0)
        return err_set(e, ERR_UNSUPPORTED, "libduckdb.so is %s; this program needs exactly %s",
                       duckdb_library_version(), FILES_SHIM_VERSION);
    if (!files_shim_register(g->db, &g->files->shim, why))
        return err_set(e, ERR_INTERNAL, "the database takes no file system: %s", why);
    return engine_allow_directory(g, FILES_SHIM_SCHEME, e);
}

void engine_files_item(uint64_t list, struct sbuf *out)
{
    sbuf_addf(out, "read_parquet('" FILES_SHIM_SCHEME "%llu'", (unsigned long long)list);
}
