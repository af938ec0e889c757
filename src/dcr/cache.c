/* Rules in use: read once, kept while a request or the list has them. */
#include "dcr/dcr_priv.h"

static void drop_locked(struct dcr_entry *x)
{
    if (--x->refs == 0)
        arena_free(x->a);
}

static struct dcr_entry *find_locked(struct dcrs *d, struct str immutable_id, size_t *at)
{
    for (*at = 0; *at < d->entries.n; ++*at)
        if (str_eq(d->entries.p[*at]->immutable_id, immutable_id))
            return d->entries.p[*at];
    return NULL;
}

struct dcr_entry *dcr_entry_new(struct dcrs *d, struct arena *a, const struct state_dcr *row,
                                struct err *e)
{
    struct json properties = {0};
    struct dcr_issues issues = {.a = a};
    struct dcr_about about = dcr_about(d, row->kind);
    struct dcr_entry *x = arena_new_of(a, struct dcr_entry);
    *x = (struct dcr_entry){.a = a, .refs = 1};
    if (!json_parse(a, arena_str(a, row->properties), NULL, &properties, e)) {
        arena_free(a);
        return NULL;
    }
    /* What has gone since the rule was kept is an issue now; the other flows go on. */
    (void)!dcr_model_read(a, &about, &properties, &x->model, &issues);
    x->immutable_id = arena_str(a, row->immutable_id);
    x->name = arena_str(a, row->id);
    x->muted = arena_array(a, struct dcr_muted, x->model.n_flows + 1);
    return x;
}

static struct dcr_entry *load(struct dcrs *d, struct str immutable_id, struct err *e)
{
    struct arena *a = arena_new(0);
    struct state_dcr row = {0};
    if (state_dcr_find(d->o.state, a, STATE_COLLECTION_RULES, immutable_id, &row, e))
        return dcr_entry_new(d, a, &row, e);
    arena_free(a);
    return NULL;
}

struct dcr_entry *dcr_entry_take(struct dcrs *d, struct str immutable_id, struct err *e)
{
    size_t at;
    lock_take(&d->lock);
    struct dcr_entry *x = find_locked(d, immutable_id, &at);
    if (x == NULL) {
        x = load(d, immutable_id, e);
        if (x != NULL)
            VEC_PUSH(d->a, &d->entries, x);
    }
    if (x != NULL)
        x->refs++;
    lock_drop(&d->lock);
    return x;
}

void dcr_entry_drop(struct dcrs *d, struct dcr_entry *x)
{
    lock_take(&d->lock);
    drop_locked(x);
    lock_drop(&d->lock);
}

void dcr_entry_forget(struct dcrs *d, struct str immutable_id)
{
    size_t at;
    lock_take(&d->lock);
    struct dcr_entry *x = find_locked(d, immutable_id, &at);
    if (x != NULL) {
        d->entries.p[at] = d->entries.p[--d->entries.n];
        drop_locked(x);
    }
    lock_drop(&d->lock);
}

void dcr_entries_clear(struct dcrs *d)
{
    lock_take(&d->lock);
    while (d->entries.n > 0)
        drop_locked(d->entries.p[--d->entries.n]);
    lock_drop(&d->lock);
}

bool dcr_entry_tells(struct dcrs *d, struct dcr_entry *x, size_t flow, struct str message)
{
    uint64_t hash = str_hash(message);
    int64_t now = clock_now(d->o.clock);
    lock_take(&d->lock);
    struct dcr_muted *m = &x->muted[flow];
    bool tells = m->told == 0 || m->hash != hash || now - m->told >= TICKS_PER_HOUR;
    if (tells)
        *m = (struct dcr_muted){hash, now};
    lock_drop(&d->lock);
    return tells;
}
