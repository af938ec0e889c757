/* The store: one engine, the workspaces below DATA/workspaces. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lake/lake.h"
#include "store/workspace_priv.h"
#include "text/geoip.h"

bool store_make_dir(const char *path, struct err *e)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    return err_errno(e, "can't make the folder", path);
}

static int is_workspace_dir(const struct dirent *d)
{
    struct guid g;
    return strlen(d->d_name) == 36 && guid_parse(str_from(d->d_name), &g);
}

static bool open_all(struct store *s, struct err *e)
{
    struct dirent **names = NULL;
    int n = scandir(s->dir, &names, is_workspace_dir, alphasort);
    if (n < 0)
        return err_errno(e, "can't read the folder", s->dir);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        ok = ok && workspaces_open_one(s, names[i]->d_name, e);
        xfree(names[i]);
    }
    xfree(names);
    return ok;
}

static bool open_engine(struct store *s, const struct store_options *o, struct err *e)
{
    struct arena *a = arena_new(1 << 20);
    const char *tmp = arena_fmt(a, "%s/tmp", o->data_dir).p;
    struct engine_options eo = {.temp_dir = tmp,
                                .memory_bytes = o->memory_bytes,
                                .spill_bytes = o->spill_max_bytes,
                                .threads = o->threads};
    bool ok = store_make_dir(tmp, e);
    if (ok)
        s->engine = engine_open(&eo, e);
    arena_free(a);
    /* The writer checkpoints after its acknowledgements; the database's own, inside a commit, is
     * for when that fails. */
    return ok && s->engine != NULL && engine_allow_directory(s->engine, s->dir, e) &&
           lake_place_open(s, o->data_dir, o->lake.dir, e) && lake_reads_open(s, e) &&
           lake_remote_open(s, o->data_dir, &o->remote, e) &&
           engine_set_checkpoint_bytes(s->engine, (size_t)2 << 30, e);
}

static struct store_lake_options lake_options(const struct store_lake_options *o)
{
    struct store_lake_options out = *o;
    out.seal_rows = o->seal_rows > 0 ? o->seal_rows : 4000000;
    out.seal_bytes = o->seal_bytes > 0 ? o->seal_bytes : INT64_C(512) << 20;
    out.row_group = o->row_group > 0 ? o->row_group : 122880;
    out.index_memory = o->index_memory > 0 ? o->index_memory : (size_t)256 << 20;
    out.seal_age_us = o->seal_age_us > 0 ? o->seal_age_us : INT64_C(3600) * 1000000;
    return out;
}

static bool start_work(struct store *s, struct err *e)
{
    if (s->lake.by_hand)
        return true;
    s->keeper = lake_keeper_start(s, e);
    return s->keeper != NULL && (s->remote == NULL || lake_remote_start(s->remote, e));
}

struct store *store_open(const struct store_options *o, struct err *e)
{
    struct store *s = xcalloc(1, sizeof(*s));
    /* A file-size limit must be an error of one write, not the end of the process. */
    signal(SIGXFSZ, SIG_IGN);
    s->a = arena_new(0);
    lock_init(&s->lock, "store");
    alterations_init(&s->alterations);
    s->clock = o->clock;
    s->lake_lock = -1;
    s->max_queue_bytes = o->max_queue_bytes;
    s->lake = lake_options(&o->lake);
    s->fetch = o->fetch;
    s->fetch_bytes = o->remote.fetch_bytes;
    struct room_limits room = {o->min_free_bytes, o->min_free_percent};
    s->room = room_new(&room);
    s->geoip_file = o->geoip_file != NULL && o->geoip_file[0] != '\0' ? o->geoip_file : NULL;
    s->dir = xstrndup(arena_fmt(s->a, "%s/workspaces", o->data_dir));
    s->schemas = schema_set_open(o->schema_dir, e);
    if (s->schemas != NULL && (s->geoip_file == NULL || geoip_check(s->geoip_file, e)) &&
        store_make_dir(s->dir, e) && open_engine(s, o, e) && engine_lock_down(s->engine, e) &&
        open_all(s, e) && lake_place_keep(s, e) && lake_remote_keep(s, e) && start_work(s, e))
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    lake_keeper_stop(s->keeper);
    lake_reads_wait(s->reads);
    lake_remote_stop(s);
    for (size_t i = 0; i < s->workspaces.n; i++)
        workspace_close(s->workspaces.p[i]);
    for (size_t i = 0; i < s->deleted.n; i++)
        workspace_close(s->deleted.p[i].w);
    if (s->engine != NULL)
        engine_close(s->engine);
    lake_reads_close(s->reads);
    schema_set_close(s->schemas);
    lake_place_close(s);
    lake_remote_close(s);
    xfree(s->dir);
    room_free(s->room);
    alterations_fini(&s->alterations);
    lock_fini(&s->lock);
    arena_free(s->a);
    xfree(s);
}

struct engine *store_engine(struct store *s)
{
    return s->engine;
}

void store_clock_set(struct store *s, struct clock *clock)
{
    s->clock = clock;
}
