/* Texts as numbers: open addressing over a list of entries. */
#include "engine/duckdb/dict.h"

struct dict_entry {
    uint64_t hash;
    size_t off, n;
};
enum { FIRST_SLOTS = 64, FIRST_BYTES = 1024 };

static void place(struct dict *d, uint32_t number)
{
    size_t i = d->entries[number].hash & (d->n_slots - 1);
    while (d->slots[i] != 0)
        i = (i + 1) & (d->n_slots - 1);
    d->slots[i] = number + 1;
}

static void make_room(struct dict *d, size_t n_bytes)
{
    if (d->n == d->cap) {
        d->cap = d->cap > 0 ? d->cap * 2 : FIRST_SLOTS / 2;
        d->entries = xrealloc(d->entries, d->cap * sizeof(*d->entries));
        d->n_slots = d->cap * 2;
        xfree(d->slots);
        d->slots = xcalloc(d->n_slots, sizeof(*d->slots));
        for (size_t i = 0; i < d->n; i++)
            place(d, (uint32_t)i);
    }
    if (d->cap_bytes - d->n_bytes < n_bytes) {
        d->cap_bytes = d->cap_bytes * 2 + n_bytes + FIRST_BYTES;
        d->bytes = xrealloc(d->bytes, d->cap_bytes);
    }
}

static bool find(const struct dict *d, struct str text, uint64_t hash, uint32_t *out)
{
    for (size_t i = hash & (d->n_slots - 1); d->n_slots > 0; i = (i + 1) & (d->n_slots - 1)) {
        uint32_t s = d->slots[i];
        if (s == 0)
            return false;
        if (d->entries[s - 1].hash != hash || !str_eq(dict_at(d, s - 1), text))
            continue;
        *out = s - 1;
        return true;
    }
    return false;
}

bool dict_find(const struct dict *d, struct str text, uint32_t *out)
{
    return find(d, text, str_hash(text), out);
}

uint32_t dict_put(struct dict *d, struct str text)
{
    uint64_t hash = str_hash(text);
    uint32_t number;
    if (find(d, text, hash, &number))
        return number;
    CHECK(d->n < DICT_MAX);
    make_room(d, text.n);
    number = (uint32_t)d->n++;
    d->entries[number] = (struct dict_entry){hash, d->n_bytes, text.n};
    if (text.n > 0)
        memcpy(d->bytes + d->n_bytes, text.p, text.n);
    d->n_bytes += text.n;
    place(d, number);
    return number;
}

struct str dict_at(const struct dict *d, uint32_t i)
{
    const struct dict_entry *x = &d->entries[i];
    return x->n == 0 ? STR("") : (struct str){d->bytes + x->off, x->n};
}

size_t dict_size_bytes(const struct dict *d)
{
    return d->n_slots * sizeof(*d->slots) + d->cap * sizeof(*d->entries) + d->cap_bytes;
}

void dict_fini(struct dict *d)
{
    xfree(d->slots);
    xfree(d->entries);
    xfree(d->bytes);
    *d = (struct dict){0};
}
