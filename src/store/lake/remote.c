/* The store that keeps parts: its place, as set and as remembered, keys, and what a lake finds of
 * its parts when it is opened. DATA/lake_store remembers the place, so that commands find it and
 * that a change is noticed; keys are not in it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"
#include "text/json.h"

enum { MAX_RECORD = 16 << 10, FETCHERS = 8, ATTEMPTS = 5 };

/* ---- the place ---- */

static const char *text_or_null(struct arena *a, const char *z)
{
    return z != NULL && z[0] != '\0' ? arena_strz(a, str_from(z)) : NULL;
}

/* Commands that find the place in the data folder run elsewhere. */
static const char *path_or_null(struct arena *a, const char *z)
{
    char whole[PATH_MAX];
    const char *given = text_or_null(a, z);
    return given != NULL && realpath(given, whole) != NULL ? arena_strz(a, str_from(whole)) : given;
}

/* s3://BUCKET[/PREFIX] */
static bool read_url(struct lake_remote *r, struct str url, struct err *e)
{
    struct str rest = str_sub(url, 5, url.n);
    size_t slash = 0;
    if (!str_starts(url, STR("s3://")) || rest.n == 0 || rest.n > 700)
        return err_set(e, ERR_INVALID, "lake_store: s3://BUCKET or s3://BUCKET/PREFIX expected");
    struct str prefix = STR("");
    if (str_find(rest, STR("/"), &slash)) {
        prefix = str_sub(rest, slash + 1, rest.n);
        rest = str_sub(rest, 0, slash);
    }
    while (prefix.n > 0 && prefix.p[prefix.n - 1] == '/')
        prefix.n--;
    for (size_t i = 0; i < prefix.n; i++)
        if ((unsigned char)prefix.p[i] < ' ' || prefix.p[i] == '\\')
            return err_set(e, ERR_INVALID, "lake_store: the prefix has a character that it can't");
    r->bucket = arena_strz(r->a, rest);
    r->prefix = prefix.n > 0 ? arena_fmt(r->a, "%.*s/", STR_ARG(prefix)) : STR("");
    r->url =
        arena_fmt(r->a, "s3://%s%s%.*s", r->bucket, prefix.n > 0 ? "/" : "", STR_ARG(prefix)).p;
    return true;
}

/* What tells one place from another. */
static struct str place_text(struct arena *a, const struct lake_remote *r)
{
    return arena_fmt(a, "%s at %s", r->url, r->endpoint);
}

static bool read_record(struct lake_remote *r, const struct json *j, struct err *e)
{
    const struct {
        const char *member;
        const char **to;
    } texts[] = {{"endpoint", &r->endpoint},
                 {"region", &r->region},
                 {"ca", &r->ca_file},
                 {"keysFile", &r->keys_file},
                 {"profile", &r->profile}};
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        struct str s = json_text(json_get(j, texts[i].member), STR(""));
        *texts[i].to = s.n > 0 ? arena_strz(r->a, s) : NULL;
    }
    r->virtual_host = json_is_true(json_get(j, "virtualHost"));
    return read_url(r, json_text(json_get(j, "url"), STR("")), e);
}

static bool take_options(struct lake_remote *r, const struct store_remote_options *o, struct err *e)
{
    r->endpoint = text_or_null(r->a, o->endpoint);
    r->region = text_or_null(r->a, o->region);
    r->ca_file = path_or_null(r->a, o->ca_file);
    r->keys_file = path_or_null(r->a, o->keys_file);
    r->profile = text_or_null(r->a, o->profile);
    r->virtual_host = o->virtual_host;
    return read_url(r, str_from(o->url), e) &&
           (r->endpoint != NULL ||
            err_set(e, ERR_INVALID, "lake_store_endpoint: https://HOST expected"));
}

struct s3 *lake_remote_client(const struct lake_remote *r, const _Atomic bool *stop, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct s3_credentials keys = {0};
    struct s3_options o = {.endpoint = r->endpoint,
                           .region = r->region,
                           .bucket = r->bucket,
                           .virtual_host = r->virtual_host,
                           .ca_file = r->ca_file,
                           .clock = r->s->clock,
                           .attempts = ATTEMPTS,
                           .stop = stop};
    if (r->keys_file != NULL) {
        if (!s3_credentials_file(a, r->keys_file, r->profile, &keys, e))
            return NULL;
    } else {
        keys.access_key = str_from(getenv("AWS_ACCESS_KEY_ID"));
        keys.secret_key = str_from(getenv("AWS_SECRET_ACCESS_KEY"));
        keys.session_token = str_from(getenv("AWS_SESSION_TOKEN"));
        if (keys.access_key.n == 0 || keys.secret_key.n == 0) {
            err_set(e, ERR_INVALID, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
            err_hint(e, "or set lake_store_keys_file");
            return NULL;
        }
    }
    o.access_key = keys.access_key;
    o.secret_key = keys.secret_key;
    o.session_token = keys.session_token;
    return s3_open(&o, e);
}

/* What s3_open would say later. */
static bool check_place(const struct lake_remote *r, struct err *e)
{
    struct s3_options o = {.endpoint = r->endpoint,
                           .region = r->region,
                           .bucket = r->bucket,
                           .virtual_host = r->virtual_host};
    struct s3 *s3 = s3_open(&o, e);
    if (s3 == NULL)
        err_prefix(e, "lake_store");
    s3_close(s3);
    return s3 != NULL;
}

/* ---- what the data folder remembers ---- */

static bool load_record(const char *path, struct arena *a, struct json *out, bool *found,
                        struct err *e)
{
    char *text = arena_alloc(a, MAX_RECORD);
    *found = false;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return errno == ENOENT || err_errno(e, "can't read", path);
    size_t n = fread(text, 1, MAX_RECORD, f);
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (bad)
        return err_errno(e, "can't read", path);
    if (!json_parse(a, (struct str){text, n}, NULL, out, e)) {
        err_prefix(e, "%s", path);
        return false;
    }
    *found = true;
    return true;
}

static void write_record(const struct lake_remote *r, struct sbuf *b)
{
    struct json_out o = json_out_make(b);
    json_obj(&o);
    json_kv_z(&o, "url", r->url);
    json_kv_z(&o, "endpoint", r->endpoint);
    json_kv_z(&o, "region", r->region != NULL ? r->region : "");
    json_kv_z(&o, "ca", r->ca_file != NULL ? r->ca_file : "");
    json_kv_z(&o, "keysFile", r->keys_file != NULL ? r->keys_file : "");
    json_kv_z(&o, "profile", r->profile != NULL ? r->profile : "");
    json_kv_bool(&o, "virtualHost", r->virtual_host);
    json_kv_z(&o, "owner", r->owner);
    json_obj_end(&o);
    sbuf_addc(b, '\n');
}

static void take_owner(struct lake_remote *r, const struct json *record)
{
    struct guid g;
    if (record == NULL || !guid_parse(json_text(json_get(record, "owner"), STR("")), &g))
        g = guid_new();
    guid_format(g, r->owner);
}

static struct lake_remote *remote_new(struct store *s, const struct store_remote_options *o)
{
    struct lake_remote *r = xcalloc(1, sizeof(*r));
    r->s = s;
    r->a = arena_new(0);
    lock_init(&r->lock, "remote");
    cond_init(&r->wake);
    cond_init(&r->mover_wake);
    cond_init(&r->done);
    r->cache_bytes = o->cache_bytes;
    r->opened = clock_now(s->clock);
    r->max_fetchers = o->connections == 0 ? FETCHERS : o->connections;
    if (r->max_fetchers > COUNTOF(r->fetchers))
        r->max_fetchers = COUNTOF(r->fetchers);
    return r;
}

static void remote_free(struct lake_remote *r)
{
    if (r == NULL)
        return;
    cond_fini(&r->done);
    cond_fini(&r->mover_wake);
    cond_fini(&r->wake);
    lock_fini(&r->lock);
    arena_free(r->a);
    xfree(r);
}

bool lake_remote_open(struct store *s, const char *data_dir, const struct store_remote_options *o,
                      struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json record = {0};
    bool found = false;
    s->remote_record = xstrndup(arena_fmt(a, "%s/lake_store", data_dir));
    if (!load_record(s->remote_record, a, &record, &found, e))
        return false;
    struct lake_remote *before = found ? remote_new(s, o) : NULL;
    if (found && !read_record(before, &record, e)) {
        err_prefix(e, "%s", s->remote_record);
        remote_free(before);
        return false;
    }
    if (found)
        s->remote_before = xstrndup(place_text(a, before));
    if (o->url == NULL) {
        s->remote = before;
    } else {
        remote_free(before);
        s->remote = o->url[0] != '\0' ? remote_new(s, o) : NULL;
        if (s->remote != NULL && !take_options(s->remote, o, e))
            return false;
    }
    if (s->remote == NULL)
        return true;
    take_owner(s->remote, found ? &record : NULL);
    s->remote->moved = !found || !str_eq(str_from(s->remote_before), place_text(a, s->remote));
    return check_place(s->remote, e);
}

/* Written at each start: also what is no part of the place may have changed. */
bool lake_remote_keep(struct store *s, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_RECORD);
    if (s->remote == NULL)
        return unlink(s->remote_record) == 0 || errno == ENOENT ||
               err_errno(e, "can't remove", s->remote_record);
    write_record(s->remote, &b);
    if (s->remote->moved)
        LOG(LOG_INFO, "lake", "sealed parts are kept in a store from now on",
            log_z("store", s->remote->url), log_z("endpoint", s->remote->endpoint));
    return lake_text_put(s->remote_record, sbuf_str(&b), e);
}

void lake_remote_close(struct store *s)
{
    remote_free(s->remote);
    xfree(s->remote_record);
    xfree(s->remote_before);
}

struct str lake_remote_key(struct arena *a, const struct lake *l, struct str below)
{
    const struct lake_remote *r = l->w->s->remote;
    return arena_fmt(a, "%.*s%.*s/%.*s", STR_ARG(r->prefix), STR_ARG(l->w->id), STR_ARG(below));
}

/* ---- figures ---- */

void lake_remote_note(struct lake_remote *r, const struct err *why)
{
    int64_t now = clock_now(r->s->clock);
    lock_take(&r->lock);
    bool first = (why != NULL) != (r->figures.failing_since != 0);
    if (why != NULL) {
        r->figures.failures++;
        r->figures.failing_since = first ? now : r->figures.failing_since;
        snprintf(r->figures.reason, sizeof(r->figures.reason), "%s", why->msg);
    } else {
        r->figures.failing_since = 0;
    }
    lock_drop(&r->lock);
    if (first && why != NULL)
        LOG(LOG_WARN, "lake", "the store of parts does not do what it is asked; it is tried again",
            log_z("store", r->url), log_z("reason", why->msg));
    else if (first)
        LOG(LOG_INFO, "lake", "the store of parts answers again", log_z("store", r->url));
}

struct store_remote store_remote(struct store *s)
{
    struct store_remote out = {0};
    if (s->remote == NULL)
        return out;
    lock_take(&s->remote->lock);
    out = s->remote->figures;
    lock_drop(&s->remote->lock);
    out.url = s->remote->url;
    return out;
}

/* ---- when a lake is opened ---- */

/* What is there of a stored part's file; a torn one is as none. */
static bool is_here(const struct lake_part *p)
{
    struct stat st;
    if (stat(p->path, &st) == 0 && st.st_size == p->bytes)
        return true;
    (void)unlink(p->path);
    return false;
}

static bool is_missing(const struct lake *l, int64_t n, struct err *e)
{
    const struct store *s = l->w->s;
    const char *before = s->remote_before != NULL ? s->remote_before : "another store";
    if (s->remote == NULL)
        err_set(e, ERR_CONFLICT, "%lld parts are only in %s, and lake_store is not set",
                (long long)n, before);
    else
        err_set(e, ERR_CONFLICT,
                "lake_store has changed, but %lld parts that were in %s are not in %s",
                (long long)n, before, s->remote->url);
    err_hint(e,
             "set lake_store back; what is there comes here with lake_cache = 0 and 'vedette check "
             "--deep'");
    return false;
}

/* objects NULL: the store has nothing any more. */
static bool settle_parts(struct lake *l, const struct map *objects, struct err *e)
{
    int64_t missing = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < l->current->n; i++)
        for (size_t k = 0; ok && k < l->current->tables[i].n; k++) {
            struct lake_part *p = l->current->tables[i].parts[k];
            const struct s3_object *o = objects != NULL ? map_get(objects, lake_below(p)) : NULL;
            bool there = o != NULL && o->size == p->bytes;
            if (!p->stored)
                continue;
            missing += !there && p->where == LAKE_AWAY;
            if (there || p->where == LAKE_HERE)
                ok = lake_manifest_stored(l, p, there ? o->etag.p : NULL,
                                          there ? p->stored_terms : -1, e);
        }
    return ok && (missing == 0 || is_missing(l, missing, e));
}

bool lake_remote_settle(struct lake *l, struct err *e)
{
    struct lake_remote *r = l->w->s->remote;
    int64_t stored = 0;
    for (size_t i = 0; i < l->current->n; i++)
        for (size_t k = 0; k < l->current->tables[i].n; k++) {
            struct lake_part *p = l->current->tables[i].parts[k];
            if (p->stored && !is_here(p))
                p->where = LAKE_AWAY;
            stored += p->stored;
        }
    if (stored == 0 || (r != NULL && !r->moved))
        return true;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct map *objects = NULL;
    struct s3 *s3 = r != NULL ? lake_remote_client(r, NULL, e) : NULL;
    bool ok = r == NULL || (s3 != NULL && lake_remote_list(s3, a, l, &objects, e));
    s3_close(s3);
    if (!ok)
        err_prefix(e, "lake_store has changed, and it can't be seen whether the parts are there");
    return ok && settle_parts(l, objects, e);
}
