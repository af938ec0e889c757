/* Which fields records of others carried since somebody last asked: columns that got a value,
 * properties that have no column, values that did not fit. Bounded, and off the path of the
 * records: a batch costs a look at its columns, ingestion tells only of what is out of order. */
#include "store/store_priv.h"

enum { MAX_TABLES = 1000, MAX_FIELDS = 1000, MAX_NAME = 128 };

struct seen {
    struct str table;
    uint64_t rows;
    struct map *names[STORE_FIELD_KINDS]; /* name → itself */
    uint64_t *known;                      /* one bit a column that is in names[STORED] already */
    size_t width;                         /* columns that known is for */
};
struct fields {
    struct lock lock; /* everything below */
    struct arena *a;
    struct map *tables; /* name → struct seen */
};

struct fields *fields_new(void)
{
    struct fields *f = xcalloc(1, sizeof(*f));
    lock_init(&f->lock, "fields");
    f->a = arena_new(0);
    f->tables = map_new(f->a, false);
    return f;
}

void fields_free(struct fields *f)
{
    if (f == NULL)
        return;
    arena_free(f->a);
    lock_fini(&f->lock);
    xfree(f);
}

static struct seen *seen_of(struct fields *f, struct str table)
{
    struct seen *s = map_get(f->tables, table);
    if (s != NULL || map_count(f->tables) >= MAX_TABLES)
        return s;
    s = arena_new_of(f->a, struct seen);
    s->table = arena_str(f->a, table);
    for (size_t k = 0; k < STORE_FIELD_KINDS; k++)
        s->names[k] = map_new(f->a, false);
    map_put(f->tables, s->table, s);
    return s;
}

static void note(struct fields *f, struct seen *s, enum store_field_kind kind, struct str name)
{
    if (name.n > MAX_NAME || map_count(s->names[kind]) >= MAX_FIELDS ||
        map_get(s->names[kind], name) != NULL)
        return;
    map_put(s->names[kind], arena_str(f->a, name), s);
}

static void note_columns(struct fields *f, struct seen *s, const struct store_batch *b)
{
    size_t width = b->t.schema.n + b->t.hidden.n;
    if (width != s->width) { /* a column was added: they have other places now */
        s->known = arena_array(f->a, uint64_t, width / 64 + 1);
        s->width = width;
    }
    for (size_t i = 0; i < width; i++) {
        uint64_t bit = (uint64_t)1 << (i % 64);
        if ((s->known[i / 64] & bit) != 0 || !batch_uses(b, i))
            continue;
        s->known[i / 64] |= bit;
        const struct kql_column *c =
            i < b->t.schema.n ? &b->t.schema.cols[i] : &b->t.hidden.cols[i - b->t.schema.n];
        note(f, s, STORE_FIELD_STORED, c->name);
    }
}

void fields_note_batch(struct fields *f, const struct store_batch *b)
{
    lock_take(&f->lock);
    struct seen *s = seen_of(f, b->t.name);
    if (s != NULL) {
        s->rows += b->rows;
        note_columns(f, s, b);
    }
    lock_drop(&f->lock);
}

void store_field_note(struct workspace *w, struct str table, struct str name,
                      enum store_field_kind kind)
{
    struct fields *f = w->fields;
    lock_take(&f->lock);
    struct seen *s = seen_of(f, table);
    if (s != NULL)
        note(f, s, kind, name);
    lock_drop(&f->lock);
}

static void copy_names(struct arena *a, const struct map *names, struct store_fields *out,
                       enum store_field_kind kind)
{
    struct str name;
    void *value;
    out->names[kind] = arena_array(a, struct str, map_count(names));
    for (size_t i = 0; map_next(names, &i, &name, &value);)
        out->names[kind][out->n[kind]++] = arena_str(a, name);
}

size_t store_fields_take(struct workspace *w, struct arena *a, struct store_fields **out)
{
    struct fields *f = w->fields;
    struct str name;
    void *value;
    size_t n = 0;
    lock_take(&f->lock);
    *out = arena_array(a, struct store_fields, map_count(f->tables));
    for (size_t i = 0; map_next(f->tables, &i, &name, &value); n++) {
        const struct seen *s = value;
        (*out)[n].table = arena_str(a, s->table);
        (*out)[n].rows = s->rows;
        for (size_t k = 0; k < STORE_FIELD_KINDS; k++)
            copy_names(a, s->names[k], &(*out)[n], (enum store_field_kind)k);
    }
    arena_reset(f->a);
    f->tables = map_new(f->a, false);
    lock_drop(&f->lock);
    return n;
}
