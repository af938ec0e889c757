/* Integrity: does a part's file still have the bytes that were written? One that has not is taken
 * out of the manifest and set aside, with a line in the log, a count, and a row in the table
 * Operation; the rest keeps answering. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"

enum {
    SUSPECT_US = 10000000,
    SUSPECT_PAUSE_US = 30000000,
    SCRUB_BYTES_PER_SECOND = 4 << 20,
    HEALED_US = 5000000
};

bool lake_part_verify(const struct lake_part *p, struct err *e)
{
    struct stat st;
    uint32_t crc;
    int64_t bytes;
    if (stat(p->path, &st) != 0)
        return err_errno(e, "can't read", p->path);
    if (st.st_size != p->bytes)
        return err_set(e, ERR_IO, "%s has %lld bytes, not %lld", p->path, (long long)st.st_size,
                       (long long)p->bytes);
    if (!lake_file_crc(p->path, &crc, &bytes, e))
        return false;
    return crc == p->crc ? true
                         : err_set(e, ERR_IO, "%s is not what was written: CRC-32 %08x, not %08x",
                                   p->path, (unsigned)crc, (unsigned)p->crc);
}

/* ---- quarantine ---- */

static void set_value(struct store_batch *b, const char *column, struct str text)
{
    for (size_t i = 0; i < b->t.schema.n; i++) {
        struct kql_value v = {.type = KQL_STRING, .s = text};
        if (str_eqz(b->t.schema.cols[i].name, column) && b->t.schema.cols[i].type == KQL_STRING)
            store_batch_set(b, i, &v);
    }
}

/* A row of Operation, the table in which Log Analytics tells of itself. */
static void tell(struct lake *l, struct arena *a, const struct lake_part *p, const struct err *why)
{
    struct kql_table t;
    struct err e = {0};
    if (!workspace_table_find(l->w, a, STR("Operation"), &t))
        return;
    struct store_batch *b = store_batch_new(&t);
    set_value(b, "OperationStatus", STR("Error"));
    set_value(b, "OperationCategory", STR("Storage"));
    set_value(b, "OperationKey", STR("Part quarantined"));
    set_value(b, "Solution", STR("Vedette"));
    set_value(b, "Detail",
              arena_fmt(a, "%lld rows of table %.*s can't be read: %s", (long long)p->rows,
                        STR_ARG(p->table), why->msg));
    store_batch_end_row(b);
    if (!store_append(l->w, &b, 1, STR_NONE, &e))
        LOG(LOG_WARN, "lake", "no row in Operation", log_z("reason", e.msg));
}

static void move_aside(struct lake *l, struct arena *a, const struct lake_part *p)
{
    struct err e = {0};
    const char *dir = arena_fmt(a, "%s/quarantine", l->dir).p;
    const char *to = arena_fmt(a, "%s/%.*s-%.*s.parquet", dir, STR_ARG(p->table), STR_ARG(p->id)).p;
    if (!lake_dir_make(dir, &e) || (rename(p->path, to) != 0 && errno != ENOENT))
        LOG(LOG_WARN, "lake", "a damaged part could not be moved", log_z("file", p->path));
    (void)unlink(lake_terms_path(a, p->path));
}

/* A damaged copy of a part that the store has as it was written. */
static bool heal(struct lake *l, struct lake_part *p, const struct err *why)
{
    lock_take(&l->lock);
    bool stored = p->stored;
    lock_drop(&l->lock);
    if (!stored)
        return false;
    lake_cache_drop(p);
    LOG(LOG_WARN, "lake", "a part's file is damaged; it is fetched from the store when it is read",
        log_s("workspace", l->w->name), log_s("table", p->table), log_z("reason", why->msg));
    return true;
}

static bool quarantine(struct lake *l, struct lake_part *p, const struct err *why, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct lake_edit edit = {.table = p->table, .remove = &p, .n_remove = 1};
    edit.damage = str_from(why->msg);
    if (!lake_manifest_commit(l, &edit, e))
        return false;
    lock_take(&l->lock);
    l->quarantined++;
    lock_drop(&l->lock);
    LOG(LOG_ERROR, "lake", "a part is damaged and was set aside; its rows are missing from answers",
        log_s("workspace", l->w->name), log_s("table", p->table), log_i("rows", p->rows),
        log_z("reason", why->msg));
    move_aside(l, a, p);
    tell(l, a, p, why);
    return true;
}

/* ---- who looks ---- */

size_t lake_suspect(struct lake *l, struct lake_part *const *parts, size_t n)
{
    int64_t until = clock_mono_us() + SUSPECT_US;
    size_t found = 0;
    for (size_t i = 0; i < n && clock_mono_us() < until; i++) {
        struct err why = {0}, e = {0};
        lock_take(&l->lock);
        bool gone = parts[i]->gone;
        lock_drop(&l->lock);
        if (gone)
            continue;
        bool here = lake_pin_here(parts[i]), good = !here || lake_part_verify(parts[i], &why);
        if (here)
            lake_unpin(&parts[i], 1);
        if (!good)
            found += heal(l, parts[i], &why) || quarantine(l, parts[i], &why, &e);
        else if (!lake_terms_verify(parts[i], &why))
            lake_terms_distrust(parts[i], &why);
    }
    return found;
}

bool lake_after_failure(struct workspace *w, const struct lake_table *t)
{
    struct lake *l = w->lake;
    int64_t now = clock_mono_us();
    /* Sizes are cheap to compare, and most damage shows in them; then no pause is needed. */
    struct stat st;
    bool cheap = false;
    for (size_t i = 0; i < t->n && !cheap; i++)
        cheap = !lake_is_away(t->parts[i]) &&
                (stat(t->parts[i]->path, &st) != 0 || st.st_size != t->parts[i]->bytes);
    /* Somebody else found it just now, and the file went from under this query. */
    lock_take(&l->lock);
    bool healed = l->healed_us != 0 && now - l->healed_us < HEALED_US;
    lock_drop(&l->lock);
    lake_work_begin(l);
    bool due = cheap || now - l->suspected_us >= SUSPECT_PAUSE_US || l->suspected_us == 0;
    size_t found = due ? lake_suspect(l, t->parts, t->n) : 0;
    if (due)
        l->suspected_us = clock_mono_us();
    lake_work_end(l);
    return found > 0 || healed;
}

/* The part whose id follows the last one looked at. */
static struct lake_part *next_to_scrub(struct lake *l, const struct lake_view *v)
{
    struct lake_part *next = NULL, *first = NULL;
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->tables[i].n; k++) {
            struct lake_part *p = v->tables[i].parts[k];
            if (first == NULL || str_cmp(p->id, first->id) < 0)
                first = p;
            if (str_cmp(p->id, str_from(l->scrubbed)) > 0 &&
                (next == NULL || str_cmp(p->id, next->id) < 0))
                next = p;
        }
    return next != NULL ? next : first;
}

void lake_scrub(struct lake *l)
{
    int64_t now = clock_mono_us();
    if (now < l->scrub_us)
        return;
    struct lake_view *v = lake_view_take(l);
    struct lake_part *p = next_to_scrub(l, v);
    if (p != NULL) {
        snprintf(l->scrubbed, sizeof(l->scrubbed), "%.*s", STR_ARG(p->id));
        (void)lake_suspect(l, &p, 1);
    }
    l->scrub_us = now + 1000000 + (p != NULL ? p->bytes / SCRUB_BYTES_PER_SECOND * 1000000 : 0);
    lake_view_drop(v);
}

/* ---- vedette check ---- */

static void count_index(struct lake *l, const struct lake_part *p, struct store_check *out)
{
    lock_take(&l->lock);
    out->indexes += p->terms_bytes > 0;
    out->index_bytes += p->terms_bytes;
    lock_drop(&l->lock);
}

/* A part of a view that the caller holds. What can't be set aside now, the next look finds. */
static void set_aside(struct lake *l, struct lake_part *p, const struct err *why)
{
    struct err e = {0};
    lake_work_begin(l);
    lock_take(&l->lock);
    bool gone = p->gone;
    lock_drop(&l->lock);
    if (!gone && !quarantine(l, p, why, &e))
        LOG(LOG_WARN, "lake", "a damaged part could not be set aside", log_z("reason", e.msg));
    lake_work_end(l);
}

struct checking {
    struct workspace *w;
    struct arena *a;
    bool deep;
    const struct map *objects; /* of the store; NULL: there is none, or it does not answer */
    struct store_check *out;
    VEC(struct store_damage) damage;
};

static void note_damage(struct checking *c, struct lake_part *p, const struct err *why)
{
    struct store_damage d = {arena_str(c->a, p->table), arena_str(c->a, p->id), p->rows,
                             arena_str(c->a, str_from(why->msg))};
    VEC_PUSH(c->a, &c->damage, d);
    set_aside(c->w->lake, p, why);
}

/* The file that is here. */
static bool file_ok(struct checking *c, struct lake_part *p, struct err *why)
{
    return lake_part_verify(p, why) && lake_part_rows_ok(c->w, p, why);
}

static void take_tag(const struct checking *c, struct lake_part *p)
{
    const struct s3_object *o = map_get(c->objects, lake_below(p));
    struct err e = {0};
    if (!lake_manifest_stored(c->w->lake, p, o->etag.p, p->stored_terms, &e))
        LOG(LOG_WARN, "lake", "an entity tag was not entered", log_z("reason", e.msg));
}

/* A part that is only in the store: fetching compares its checksum. */
static void check_away(struct checking *c, struct lake_part *p, bool deep)
{
    struct err why = {0};
    if (c->objects != NULL && !lake_remote_has(c->objects, p, &why)) {
        note_damage(c, p, &why);
        return;
    }
    bool other_tag = c->objects != NULL && !lake_remote_has_tag(c->objects, p);
    if ((!deep && !other_tag) || c->objects == NULL) {
        c->out->unread++;
        return;
    }
    if (!lake_pin(&p, 1, NULL, &why) && strcmp(why.kind, LAKE_CHANGED) == 0) {
        note_damage(c, p, &why);
        return;
    }
    if (why.code != ERR_OK) {
        c->out->unread++;
        c->out->no_answer = arena_str(c->a, str_from(why.msg));
        return;
    }
    bool good = file_ok(c, p, &why);
    lake_unpin(&p, 1);
    if (!good)
        note_damage(c, p, &why);
    else if (other_tag) /* of a bucket that was copied, for example */
        take_tag(c, p);
}

/* The store has lost a part that is here: it is uploaded again. */
static void check_object(struct checking *c, struct lake_part *p)
{
    struct err why = {0}, e = {0};
    if (c->objects == NULL || lake_remote_has(c->objects, p, &why))
        return;
    LOG(LOG_ERROR, "lake", "the store does not have a part as it was written; it is uploaded again",
        log_s("workspace", c->w->name), log_z("part", p->path), log_z("reason", why.msg));
    c->out->healed += lake_manifest_stored(c->w->lake, p, NULL, -1, &e);
}

static void check_part(struct checking *c, struct lake_part *p, bool stored)
{
    struct lake *l = c->w->lake;
    struct err why = {0}, index = {0};
    c->out->parts++;
    c->out->rows += p->rows;
    c->out->bytes += p->bytes;
    c->out->stored += stored;
    c->out->stored_bytes += stored ? p->bytes : 0;
    if (!lake_terms_verify(p, &index)) {
        lake_terms_distrust(p, &index);
        c->out->bad_indexes++;
    }
    count_index(l, p, c->out);
    if (!lake_pin_here(p)) {
        check_away(c, p, c->deep);
        return;
    }
    bool good = file_ok(c, p, &why);
    if (good && stored)
        check_object(c, p);
    lake_unpin(&p, 1);
    if (good)
        return;
    if (heal(l, p, &why)) {
        c->out->healed++;
        check_away(c, p, true);
    } else {
        note_damage(c, p, &why);
    }
}

/* Which parts the store has: asked before the listing, since one may be uploaded meanwhile. */
static bool *stored_parts(struct lake *l, struct arena *a, const struct lake_view *v, size_t *out)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < v->n; i++)
        n += v->tables[i].n;
    bool *stored = arena_array(a, bool, n + 1);
    *out = 0;
    lock_take(&l->lock);
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->tables[i].n; k++) {
            *out += v->tables[i].parts[k]->stored;
            stored[at++] = v->tables[i].parts[k]->stored;
        }
    lock_drop(&l->lock);
    return stored;
}

static const struct map *list_objects(struct checking *c)
{
    struct lake_remote *r = c->w->s->remote;
    struct map *objects = NULL;
    struct err why = {0};
    struct s3 *s3 = lake_remote_client(r, &r->stop, &why);
    if (s3 == NULL || !lake_remote_list(s3, c->a, c->w->lake, &objects, &why))
        c->out->no_answer = arena_str(c->a, str_from(why.msg));
    s3_close(s3);
    return objects;
}

bool workspace_check(struct workspace *w, struct arena *a, bool deep, struct store_check *out,
                     struct err *e)
{
    struct lake *l = w->lake;
    struct checking c = {.w = w, .a = a, .deep = deep, .out = out};
    size_t n_stored = 0, at = 0;
    *out = (struct store_check){0};
    if (!lake_aside_count(l, out, e)) /* before it becomes more */
        return false;
    struct lake_view *v = lake_view_take(l);
    const bool *stored = stored_parts(l, a, v, &n_stored);
    if (n_stored > 0)
        c.objects = list_objects(&c);
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->tables[i].n; k++)
            check_part(&c, v->tables[i].parts[k], stored[at++]);
    lake_view_drop(v);
    out->damage = c.damage.p;
    out->n_damage = c.damage.n;
    return true;
}
