/* Which objects were read: a position and a set, in the control database. */
#include "base/ids.h"
#include "base/log.h"
#include "buckets/buckets_priv.h"
#include "state/cursors.h"
#include <stdio.h>

struct done {
    struct arena *a;
    struct map *ids; /* text of a guid: struct mark */
};
struct mark {
    int64_t modified;
    char id[37];
};

static struct str position_key(const struct reader *r, struct arena *a)
{
    return arena_fmt(a, "%s", r->name);
}

static struct str done_prefix(const struct reader *r, struct arena *a)
{
    return arena_fmt(a, "s3-done/%s/", r->name + 3);
}

/* A key whose content changed is another object. */
static void id_of(const struct s3_object *o, char out[37])
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct guid none = {{0}};
    sbuf_add(&b, o->key);
    sbuf_addc(&b, '\0');
    sbuf_add(&b, o->etag);
    guid_format(guid_derive(none, sbuf_str(&b)), out);
}

static void put(struct done *d, struct str id, int64_t modified)
{
    if (id.n != 36 || map_get(d->ids, id) != NULL)
        return;
    struct mark *m = arena_new_of(d->a, struct mark);
    m->modified = modified;
    memcpy(m->id, id.p, id.n);
    map_put(d->ids, (struct str){m->id, id.n}, m);
}

static struct done *done_new(void)
{
    struct done *d = xcalloc(1, sizeof(*d));
    d->a = arena_new(0);
    d->ids = map_new(d->a, false);
    return d;
}

static void done_free(struct done *d)
{
    if (d == NULL)
        return;
    arena_free(d->a);
    xfree(d);
}

static int64_t whole(const struct json *v, const char *key)
{
    const struct json *n = json_get(v, key);
    return n != NULL && n->type == JSON_INT ? n->i : 0;
}

static bool load_done(struct reader *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_cursor *all = NULL;
    size_t n = 0;
    struct str prefix = done_prefix(r, a);
    if (!state_cursor_list(r->o.state, a, prefix, &all, &n, e))
        return false;
    r->done = done_new();
    for (size_t i = 0; i < n; i++) {
        int64_t modified = 0;
        if (str_to_i64(all[i].value, &modified))
            put(r->done, str_sub(all[i].name, prefix.n, all[i].name.n), modified);
    }
    return true;
}

bool position_load(struct reader *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str text = STR("");
    struct json v = {0};
    if (!state_cursor_get(r->o.state, a, position_key(r, a), &text, e) || !load_done(r, e))
        return false;
    if (text.n == 0)
        return true;
    if (!json_parse(a, text, NULL, &v, e)) {
        err_prefix(e, "position of %s", r->name);
        return false;
    }
    struct str after = json_text(json_get(&v, "after"), STR(""));
    r->at = (struct position){.horizon = whole(&v, "horizon"),
                              .pass_began = whole(&v, "passBegan"),
                              .whole_at = whole(&v, "wholeAt"),
                              .whole = json_is_true(json_get(&v, "whole")),
                              .seen = json_is_true(json_get(&v, "seen"))};
    if (after.n <= sizeof(r->at.after)) {
        memcpy(r->at.after, after.p, after.n);
        r->at.n_after = after.n;
    }
    return true;
}

void position_free(struct reader *r)
{
    done_free(r->done);
    r->done = NULL;
}

bool position_save(struct reader *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_int(&w, "horizon", r->at.horizon);
    json_kv_int(&w, "passBegan", r->at.pass_began);
    json_kv_int(&w, "wholeAt", r->at.whole_at);
    json_kv_bool(&w, "whole", r->at.whole);
    json_kv_bool(&w, "seen", r->at.seen);
    json_kv_str(&w, "after", (struct str){r->at.after, r->at.n_after});
    json_obj_end(&w);
    return state_cursor_set(r->o.state, position_key(r, a), sbuf_str(&b), e);
}

bool position_is_done(const struct reader *r, const struct s3_object *o)
{
    char id[37];
    if (o->modified < r->at.horizon)
        return true;
    id_of(o, id);
    return map_get(r->done->ids, str_from(id)) != NULL;
}

/* In a whole pass older objects need no mark: the pass is behind them, and its end moves the
 * horizon over them. */
static bool needs_mark(const struct reader *r, const struct s3_object *o)
{
    return !r->at.whole || o->modified >= r->at.pass_began - r->s->lookback;
}

size_t position_known(const struct reader *r)
{
    return map_count(r->done->ids);
}

bool position_is_full(const struct reader *r)
{
    return map_count(r->done->ids) >= MAX_DONE;
}

bool position_no_room(const struct reader *r, const struct s3_object *o)
{
    return position_is_full(r) && needs_mark(r, o);
}

bool position_add(struct reader *r, const struct s3_object *o, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    char id[37];
    r->at.n_after = o->key.n;
    memcpy(r->at.after, o->key.p, o->key.n);
    if (!needs_mark(r, o))
        return position_save(r, e);
    id_of(o, id);
    struct str name = arena_fmt(a, "%.*s%s", STR_ARG(done_prefix(r, a)), id);
    struct str value = arena_fmt(a, "%lld", (long long)o->modified);
    if (!state_cursor_set(r->o.state, name, value, e))
        return false;
    put(r->done, str_from(id), o->modified);
    return true;
}

/* Marks that are older than the horizon say nothing any more. */
static bool forget(struct reader *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct done *kept = done_new();
    struct str id, prefix = done_prefix(r, a);
    void *value = NULL;
    bool ok = true;
    for (size_t i = 0; map_next(r->done->ids, &i, &id, &value);) {
        const struct mark *m = value;
        if (m->modified >= r->at.horizon) {
            put(kept, id, m->modified);
        } else if (ok) {
            struct str name = arena_fmt(a, "%.*s%.*s", STR_ARG(prefix), STR_ARG(id));
            ok = state_cursor_delete(r->o.state, name, e);
        }
    }
    done_free(r->done);
    r->done = kept;
    return ok;
}

bool position_end_pass(struct reader *r, struct err *e)
{
    bool was_whole = r->at.whole;
    int64_t horizon = r->at.pass_began - r->s->lookback;
    if (was_whole) {
        r->at.whole_at = r->at.pass_began;
        r->at.horizon = horizon > r->at.horizon ? horizon : r->at.horizon;
    }
    r->at.pass_began = 0;
    r->at.n_after = 0;
    return position_save(r, e) && (!was_whole || forget(r, e));
}
