/* The mover: one thread a store of parts. It uploads what is sealed, deletes what has gone, mends
 * and compares, and lets parts leave. Nobody waits for it: while the store does not answer parts
 * stay here. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"
#include "text/deflate.h"
#include "text/json.h"

enum { TICK_US = 1000000, FIRST_WAIT_US = 1000000, MAX_OWNER = 4096, MAX_TERMS = 1 << 30 };
#define LAST_WAIT_US INT64_C(60000000)
#define LIST_US (INT64_C(24) * 3600 * 1000000) /* between two listings */
#define UPLOAD_TICKS (2 * TICKS_PER_DAY)       /* an upload that is older was left */

/* ---- whose place it is ---- */

/* One data folder a prefix: two would delete each other's objects. The mark is never changed. */
static bool read_owner(struct lake_remote *r, struct s3 *s3, struct str key, bool *found,
                       struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_OWNER + 65536);
    struct json j = {0};
    struct err why = {0};
    *found = s3_get(s3, key, STR(""), 0, MAX_OWNER, &b, &why);
    if (!*found && (why.code != ERR_NOT_FOUND || strcmp(why.kind, "NoSuchBucket") == 0)) {
        *e = why;
        return false;
    }
    if (!*found)
        return true;
    struct str owner = json_parse(a, sbuf_str(&b), NULL, &j, NULL)
                           ? json_text(json_get(&j, "owner"), STR("?"))
                           : STR("?");
    if (str_eqz(owner, r->owner))
        return true;
    err_set(e, ERR_CONFLICT, "%s is used by another data folder (%.*s)", r->url,
            STR_ARG(str_sub(owner, 0, 36)));
    err_hint(e, "set another prefix; or remove the object %.*s, if that data folder is no more",
             STR_ARG(str_sub(key, 0, 90)));
    return false;
}

static bool own(struct lake_remote *r, struct s3 *s3, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_OWNER);
    struct str key = arena_fmt(a, "%.*svedette-owner.json", STR_ARG(r->prefix));
    struct json_out o = json_out_make(&b);
    char etag[S3_ETAG_BYTES];
    struct s3_object mark;
    bool found = false;
    if (r->owned)
        return true;
    r->asked = true;
    if (!read_owner(r, s3, key, &found, e))
        return false;
    json_obj(&o);
    json_kv_z(&o, "owner", r->owner);
    json_obj_end(&o);
    if (!found && (!s3_put(s3, key, sbuf_str(&b), etag, e) || !read_owner(r, s3, key, &found, e)))
        return false;
    if (!s3_head(s3, a, key, &mark, e))
        return false;
    r->owned_since = mark.modified;
    r->owned = true;
    return true;
}

/* ---- uploads ---- */

static struct str terms_below(struct arena *a, const struct lake_part *p)
{
    return str_sub(str_from(lake_terms_path(a, p->path)), strlen(p->lake->dir) + 1, SIZE_MAX);
}

static bool is_gone(struct lake_part *p)
{
    lock_take(&p->lake->lock);
    bool gone = p->gone;
    lock_drop(&p->lake->lock);
    return gone;
}

/* *crc: of the index as it was sent; -1: there is none. Without it a part is only slower. */
static bool send_terms(struct s3 *s3, struct lake_part *p, int64_t *crc, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct s3_sent sent = {0};
    lock_take(&p->lake->lock);
    bool has = p->terms_bytes > 0;
    uint32_t wanted = p->terms_crc;
    lock_drop(&p->lake->lock);
    const char *path = lake_terms_path(a, p->path);
    *crc = -1;
    if (!has || access(path, R_OK) != 0)
        return true;
    if (!s3_put_file(s3, lake_remote_key(a, p->lake, terms_below(a, p)), path, &sent, e))
        return false;
    *crc = sent.crc32 == wanted ? (int64_t)sent.crc32 : -1;
    return true;
}

/* What was read from the disk must be what was written, and the store must have all of it. */
static bool send_part(struct s3 *s3, struct lake_part *p, struct s3_sent *sent, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str key = lake_remote_key(a, p->lake, lake_below(p));
    struct s3_object o;
    if (!s3_put_file(s3, key, p->path, sent, e))
        return false;
    if (sent->crc32 != p->crc || sent->bytes != p->bytes)
        return err_set(e, ERR_INVALID, "%s is not what was written: CRC-32 %08x, not %08x", p->path,
                       (unsigned)sent->crc32, (unsigned)p->crc);
    if (!s3_head(s3, a, key, &o, e))
        return false;
    bool same = o.size == p->bytes && (sent->etag[0] == '\0' || str_eqz(o.etag, sent->etag));
    if (same)
        lake_sums_make(p);
    return same || err_set(e, ERR_IO, "%s has %lld bytes of %.*s, not the %lld that were sent",
                           s3_label(s3), (long long)o.size, STR_ARG(key), (long long)p->bytes);
}

static bool upload(struct lake_remote *r, struct s3 *s3, struct lake_part *p, struct err *e)
{
    struct lake *l = p->lake;
    struct s3_sent sent = {0};
    int64_t terms = -1;
    lock_take(&l->lock);
    p->offered = true; /* whatever happens: the object is deleted with the part */
    bool stored = p->stored;
    lock_drop(&l->lock);
    if (stored)
        snprintf(sent.etag, sizeof(sent.etag), "%s", p->etag); /* only this thread changes it */
    else if (!send_part(s3, p, &sent, e))
        return false;
    if (!send_terms(s3, p, &terms, e) || !lake_manifest_stored(l, p, sent.etag, terms, e))
        return false;
    lock_take(&l->lock);
    p->upload_retry_us = clock_mono_us() + LAST_WAIT_US; /* of an index that is made anew */
    lock_drop(&l->lock);
    r->asked = true;
    lock_take(&r->lock);
    r->figures.uploaded += !stored;
    r->figures.uploaded_bytes += stored ? 0 : (uint64_t)p->bytes;
    lock_drop(&r->lock);
    return true;
}

/* A part, or only its index, that the store does not have. Of the parts that are not gone. */
static bool is_due_locked(const struct lake_part *p, int64_t now)
{
    bool terms = p->stored && p->terms_bytes > 0 && p->stored_terms != (int64_t)p->terms_crc;
    return !p->gone && (!p->stored || terms) && p->where == LAKE_HERE && now >= p->upload_retry_us;
}

/* The part that has waited for the longest time; with a reference. NULL: none is due. */
static struct lake_part *next_due(struct lake *l)
{
    int64_t now = clock_mono_us();
    struct lake_part *first = NULL;
    lock_take(&l->lock);
    const struct lake_view *v = l->current;
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->tables[i].n; k++) {
            struct lake_part *p = v->tables[i].parts[k];
            if (is_due_locked(p, now) && (first == NULL || p->made < first->made))
                first = p;
        }
    if (first != NULL) {
        first->refs++;
        first->pins++;
    }
    lock_drop(&l->lock);
    return first;
}

/* It is the part's file that is wrong, or the part has gone: others can go on. */
static bool is_own_fault(struct lake_part *p, const struct err *why)
{
    struct stat st;
    return why->code == ERR_INVALID || stat(p->path, &st) != 0 || st.st_size != p->bytes ||
           is_gone(p);
}

/* A damaged file is dealt with as one that a query met. */
static void suspect(struct lake_part *p)
{
    lake_work_begin(p->lake);
    (void)lake_suspect(p->lake, &p, 1);
    lake_work_end(p->lake);
}

static bool upload_next(struct lake_remote *r, struct s3 *s3, struct lake *l, bool *more,
                        struct err *e)
{
    struct err why = {0};
    struct lake_part *p = next_due(l);
    *more = p != NULL;
    if (p == NULL)
        return true;
    bool ok = upload(r, s3, p, &why);
    bool own_fault = !ok && is_own_fault(p, &why);
    lake_unpin(&p, 1);
    if (own_fault) {
        LOG(LOG_WARN, "lake", "a part was not uploaded; it stays here", log_z("part", p->path),
            log_z("reason", why.msg));
        lock_take(&l->lock);
        p->upload_retry_us = clock_mono_us() + LAST_WAIT_US;
        lock_drop(&l->lock);
        suspect(p);
    }
    lake_part_unref(p);
    if (!ok && !own_fault)
        *e = why;
    return ok || own_fault;
}

/* ---- deletions ---- */

/* Whether no part of the same table and day is still to be uploaded: one of them may be what the
 * deleted one was merged into. */
static bool may_be_deleted(struct lake *l, struct str path)
{
    bool waits = false;
    size_t n = path.n;
    while (n > 0 && path.p[n - 1] != '/')
        n--;
    struct str folder = str_sub(path, 0, n);
    lock_take(&l->lock);
    const struct lake_view *v = l->current;
    for (size_t i = 0; !waits && i < v->n; i++)
        for (size_t k = 0; !waits && k < v->tables[i].n; k++) {
            const struct lake_part *p = v->tables[i].parts[k];
            waits = !p->stored && str_starts(lake_below(p), folder);
        }
    lock_drop(&l->lock);
    return !waits;
}

static bool delete_both(struct s3 *s3, const struct lake *l, struct arena *a, struct str below,
                        struct err *e)
{
    const char *terms = lake_terms_path(a, arena_strz(a, below));
    return s3_delete(s3, lake_remote_key(a, l, below), e) &&
           s3_delete(s3, lake_remote_key(a, l, str_from(terms)), e);
}

static bool delete_gone(struct lake_remote *r, struct s3 *s3, struct lake *l, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str *paths = NULL, *went = NULL;
    size_t n = 0, n_went = 0;
    lock_take(&l->lock);
    bool some = l->store_gone > 0;
    lock_drop(&l->lock);
    if (!some)
        return true;
    if (!lake_manifest_store_gone(l, a, &paths, &n, e))
        return false;
    went = arena_array(a, struct str, n + 1);
    bool ok = true;
    for (size_t i = 0; ok && i < n && !atomic_load(&r->stop); i++) {
        if (!may_be_deleted(l, paths[i]))
            continue;
        ok = delete_both(s3, l, a, paths[i], e);
        r->asked = true;
        went[n_went] = paths[i];
        n_went += ok;
    }
    struct err later = {0};
    if (!lake_manifest_store_went(l, went, n_went, ok ? e : &later)) /* done again, to no effect */
        return false;
    lock_take(&r->lock);
    r->figures.deleted += n_went;
    lock_drop(&r->lock);
    return ok;
}

/* ---- indexes that were lost here ---- */

static struct lake_part *next_unindexed(struct lake *l)
{
    int64_t now = clock_mono_us();
    struct lake_part *found = NULL;
    lock_take(&l->lock);
    const struct lake_view *v = l->current;
    for (size_t i = 0; found == NULL && i < v->n; i++)
        for (size_t k = 0; found == NULL && k < v->tables[i].n; k++) {
            struct lake_part *p = v->tables[i].parts[k];
            if (p->where == LAKE_AWAY && p->terms_bytes == 0 && p->stored_terms >= 0 && !p->gone &&
                now >= p->upload_retry_us)
                found = p;
        }
    if (found != NULL)
        found->refs++;
    lock_drop(&l->lock);
    return found;
}

static bool get_terms(struct s3 *s3, struct lake_part *p, int64_t *bytes, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *path = lake_terms_path(a, p->path), *tmp = arena_fmt(a, "%s.tmp", path).p;
    struct s3_object o;
    uint32_t crc = 0;
    if (!s3_head(s3, a, lake_remote_key(a, p->lake, terms_below(a, p)), &o, e))
        return false;
    if (o.size <= 0 || o.size > MAX_TERMS)
        return err_set(e, ERR_INVALID, "an index of %lld bytes", (long long)o.size);
    int fd = open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "can't make", tmp);
    bool ok = s3_get_file(s3, &o, fd, e);
    close(fd);
    ok = ok && lake_file_crc(tmp, &crc, bytes, e) &&
         ((int64_t)crc == p->stored_terms ||
          err_set(e, ERR_INVALID, "an index that is not what was uploaded")) &&
         (rename(tmp, path) == 0 || err_errno(e, "can't name", path));
    if (!ok)
        (void)unlink(tmp);
    return ok;
}

static bool mend_terms(struct s3 *s3, struct lake *l, struct err *e)
{
    struct lake_part *p = l->w->s->lake.no_term_index ? NULL : next_unindexed(l);
    struct err why = {0};
    int64_t bytes = 0;
    if (p == NULL)
        return true;
    bool ok = get_terms(s3, p, &bytes, &why);
    ok = ok && lake_manifest_terms(l, p, bytes, (uint32_t)p->stored_terms, &why);
    lock_take(&l->lock);
    if (ok) {
        p->terms_bytes = bytes;
        p->terms_crc = (uint32_t)p->stored_terms;
    }
    p->upload_retry_us = clock_mono_us() + LAST_WAIT_US;
    lock_drop(&l->lock);
    lake_part_unref(p);
    bool own_fault = !ok && (why.code == ERR_INVALID || why.code == ERR_NOT_FOUND);
    if (!ok && !own_fault)
        *e = why;
    return ok || own_fault;
}

/* ---- rounds ---- */

static bool list_all(struct lake_remote *r, struct s3 *s3, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct workspace *w;
    size_t aborted = 0;
    struct err ignored = {0};
    if (r->listed && clock_mono_us() - r->listed_us < LIST_US)
        return true;
    r->owned = false; /* is it still ours? */
    if (!own(r, s3, e))
        return false;
    lock_take(&r->lock);
    r->figures.lost = r->figures.foreign = 0;
    lock_drop(&r->lock);
    for (size_t i = 0; (w = workspaces_any_at(r->s, i)) != NULL; i++) {
        struct str prefix = lake_remote_key(a, w->lake, STR(""));
        if (!lake_remote_tidy(r, s3, w->lake, e))
            return false;
        /* Not every store knows of them. */
        if (!s3_abort_uploads(s3, prefix, clock_now(r->s->clock) - UPLOAD_TICKS, &aborted,
                              &ignored))
            LOG(LOG_DEBUG, "lake", "uploads that were left can't be listed",
                log_z("reason", ignored.msg));
    }
    r->listed = true;
    r->listed_us = clock_mono_us();
    return true;
}

static bool look_after(struct lake_remote *r, struct s3 *s3, struct lake *l, struct err *e)
{
    bool more = true;
    while (more && !atomic_load(&r->stop)) {
        if (!upload_next(r, s3, l, &more, e))
            return false;
        lake_cache_shrink(r, 0);
    }
    return delete_gone(r, s3, l, e) && mend_terms(s3, l, e);
}

static bool go_round(struct lake_remote *r, struct err *e)
{
    struct s3 *s3 = lake_remote_client(r, &r->stop, e);
    bool ok = s3 != NULL && own(r, s3, e);
    struct workspace *w;
    for (size_t i = 0; ok && (w = workspaces_any_at(r->s, i)) != NULL; i++)
        ok = look_after(r, s3, w->lake, e);
    ok = ok && list_all(r, s3, e);
    s3_close(s3);
    return ok;
}

static void turn(struct lake_remote *r)
{
    struct err e = {0};
    if (clock_mono_us() < r->retry_us)
        return;
    lock_take(&r->lock);
    bool failed = r->figures.failing_since != 0;
    lock_drop(&r->lock);
    r->asked = false;
    r->owned = r->owned && !failed; /* asks for the mark, and so whether the store answers */
    if (go_round(r, &e)) {
        r->wait_us = 0;
        if (r->asked)
            lake_remote_note(r, NULL);
        lake_cache_shrink(r, 0);
    } else if (!atomic_load(&r->stop)) {
        r->wait_us = r->wait_us == 0 ? FIRST_WAIT_US : r->wait_us * 2;
        r->wait_us = r->wait_us < LAST_WAIT_US ? r->wait_us : LAST_WAIT_US;
        r->retry_us = clock_mono_us() + r->wait_us;
        lake_remote_note(r, &e);
    }
    lake_remote_fetch_tidy(r);
}

static void *move(void *arg)
{
    struct lake_remote *r = arg;
    while (!atomic_load(&r->stop)) {
        turn(r);
        lock_take(&r->lock);
        if (!r->due && !atomic_load(&r->stop))
            (void)cond_wait_us(&r->mover_wake, &r->lock, TICK_US);
        r->due = false;
        lock_drop(&r->lock);
    }
    return NULL;
}

void lake_remote_wake(struct lake_remote *r)
{
    lock_take(&r->lock);
    r->due = true;
    cond_signal(&r->mover_wake);
    lock_drop(&r->lock);
}

bool lake_remote_start(struct lake_remote *r, struct err *e)
{
    if (pthread_create(&r->mover, NULL, move, r) != 0)
        return err_set(e, ERR_IO, "can't start the thread that uploads");
    r->moving = true;
    return true;
}

void lake_remote_stop(struct store *s)
{
    struct lake_remote *r = s->remote;
    if (r == NULL)
        return;
    lake_remote_fetch_stop(r);
    lake_remote_wake(r);
    if (r->moving)
        pthread_join(r->mover, NULL);
    r->moving = false;
}
