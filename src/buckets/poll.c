/* One source: a thread that looks into its bucket again and again. */
#include "base/log.h"
#include "buckets/buckets_priv.h"
#include <fnmatch.h>
#include <stdlib.h>
#include <time.h>

static void pause_for(struct reader *r, int64_t us)
{
    const struct timespec slice = {0, 50000000};
    for (int64_t end = clock_mono_us() + us; clock_mono_us() < end && !atomic_load(&r->stop);)
        (void)nanosleep(&slice, NULL);
}

/* ---- keys ---- */

static struct str variable(const char *name)
{
    return name != NULL ? str_from(getenv(name)) : STR("");
}

static bool read_keys(struct reader *r, struct arena *a, struct s3_credentials *out, struct err *e)
{
    const struct buckets_source *s = r->s;
    *out = (struct s3_credentials){0};
    if (s->anonymous)
        return true;
    if (s->keys_file != NULL)
        return s3_credentials_file(a, s->keys_file, s->profile, out, e);
    out->access_key = variable(s->access_key_env);
    out->secret_key = variable(s->secret_key_env);
    out->session_token = variable(s->session_token_env);
    return (out->access_key.n > 0 && out->secret_key.n > 0) ||
           err_set(e, ERR_INVALID, "the variables %s and %s are not set", s->access_key_env,
                   s->secret_key_env);
}

/* For each poll anew: keys in files may change. */
static bool open_store(struct reader *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct s3_credentials keys;
    if (!read_keys(r, a, &keys, e))
        return false;
    struct s3_options o = {.endpoint = r->s->endpoint,
                           .region = r->s->region,
                           .bucket = r->s->bucket,
                           .virtual_host = r->s->virtual_host,
                           .ca_file = r->s->ca,
                           .access_key = keys.access_key,
                           .secret_key = keys.secret_key,
                           .session_token = keys.session_token,
                           .clock = r->o.clock,
                           .stop = &r->stop};
    r->s3 = s3_open(&o, e);
    return r->s3 != NULL;
}

/* ---- one poll ---- */

static bool is_chosen(const struct reader *r, const struct s3_object *o)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct buckets_source *s = r->s;
    const char *key = arena_strz(a, o->key);
    size_t at = 0;
    if (o->key.p[o->key.n - 1] == '/' || memchr(o->key.p, '\0', o->key.n) != NULL)
        return false;
    /* Digests prove that logs are whole; they hold no events. */
    if (s->format == INGEST_CLOUDTRAIL && str_find(o->key, STR("/CloudTrail-Digest/"), &at))
        return false;
    return (s->include == NULL || fnmatch(s->include, key, 0) == 0) &&
           (s->exclude == NULL || fnmatch(s->exclude, key, 0) != 0);
}

static void count(struct reader *r, const struct s3_object *o, uint64_t rows)
{
    lock_take(&r->lock);
    r->stats.objects++;
    r->stats.bytes += (uint64_t)o->size;
    r->stats.rows += rows;
    lock_drop(&r->lock);
}

static bool visit(void *self, const struct s3_object *o, struct err *e)
{
    struct reader *r = self;
    uint64_t rows = 0;
    if (!is_chosen(r, o) || position_is_done(r, o))
        return true;
    if (position_no_room(r, o)) { /* the pass must end, so that the horizon moves */
        r->cap = "more objects are younger than lookback and full_listing than can be remembered";
        return true;
    }
    if (r->objects_left <= 0 || r->rows_left <= 0) {
        r->cap = r->rows_left <= 0 ? "max_rows is reached" : "max_objects is reached";
        return err_set(e, ERR_LIMIT, "%s", r->cap);
    }
    if (!object_read(r, o, &rows, e) || !position_add(r, o, e))
        return false;
    r->objects_left--;
    r->rows_left -= rows < INT64_MAX ? (int64_t)rows : INT64_MAX;
    count(r, o, rows);
    return true;
}

static void begin_pass(struct reader *r)
{
    int64_t now = clock_now(r->o.clock);
    if (r->at.pass_began != 0) /* one goes on */
        return;
    r->at.whole = !r->s->date_folders || r->at.whole_at == 0 || position_is_full(r) ||
                  now - r->at.whole_at >= r->s->full_listing || now < r->at.whole_at;
    r->at.n_after = 0;
}

static bool poll_once(struct reader *r, struct err *e)
{
    struct err why = {0};
    r->cap = NULL;
    r->objects_left = r->s->max_objects;
    r->rows_left = r->s->max_rows;
    begin_pass(r);
    if (!open_store(r, e))
        return false;
    bool ok = walk(r, visit, r, &why);
    s3_close(r->s3);
    r->s3 = NULL;
    if (ok)
        return position_end_pass(r, e);
    if (!position_save(r, e))
        return false;
    *e = why;
    return r->cap != NULL && why.code == ERR_LIMIT;
}

/* ---- what is said of it ---- */

/* A row an hour while polls end at a cap. */
static void tell_cap(struct reader *r)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    int64_t hour = clock_now(r->o.clock) / TICKS_PER_HOUR;
    LOG(LOG_WARN, "s3", "a poll ended before its end; the next one goes on",
        log_s("source", r->s->name), log_z("reason", r->cap));
    if (hour == r->told_cap)
        return;
    struct health_report report = {
        .category = "Ingestion",
        .status = "Warning",
        .detail = arena_fmt(a, "A poll of source %s ended before it had read all objects: %s.",
                            r->name, r->cap),
        .key = arena_fmt(a, "s3-cap/%s/%lld", r->name, (long long)hour),
    };
    if (health_tell(r->o.health, r->workspace, &report, &e))
        r->told_cap = hour;
    else
        LOG(LOG_WARN, "s3", "a row about a poll was not written", log_z("reason", e.msg));
}

static void tell(struct reader *r, bool ok, const struct err *e)
{
    bool stopped = atomic_load(&r->stop);
    lock_take(&r->lock);
    r->stats.polls++;
    r->stats.capped += r->cap != NULL;
    r->stats.known = position_known(r);
    r->stats.failed += !ok && !stopped;
    r->stats.waiting = !ok && !stopped;
    lock_drop(&r->lock);
    if (r->cap != NULL)
        tell_cap(r);
    if (!ok && !stopped)
        LOG(LOG_WARN, "s3", "a poll failed; it is tried again", log_s("source", r->s->name),
            log_z("reason", e->msg), log_z("hint", e->hint));
}

void *poll_main(void *reader)
{
    struct reader *r = reader;
    while (!atomic_load(&r->stop)) {
        struct err e = {0};
        bool ok = poll_once(r, &e);
        tell(r, ok, &e);
        pause_for(r, r->s->poll / TICKS_PER_US);
    }
    return NULL;
}
