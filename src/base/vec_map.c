/* Vector growth, and the string map: open addressing over an entry list in insertion order. */
#include "base/base.h"
#include "base/base_priv.h"

#include <sys/auxv.h>

void *base_vec_grow(struct arena *a, void *p, size_t *cap, size_t item)
{
    size_t next = *cap == 0 ? 8 : *cap * 2;
    CHECK(next > *cap && next <= SIZE_MAX / item);
    p = arena_grow(a, p, *cap * item, next * item);
    *cap = next;
    return p;
}

#define SLOT_FREE ((uint32_t)0)
#define SLOT_GONE UINT32_MAX
enum { MAP_FIRST = 16, FOLD_CHUNK = 64 };

struct entry {
    struct str key;
    uint64_t hash;
    void *value;
    bool live;
};

/* slots[] holds entry number + 1; at most three quarters of it are in use, gone ones included. */
struct map {
    struct arena *a;
    bool ignore_case;
    uint64_t seed;
    uint32_t *slots;
    size_t n_slots, n_used, n_live;
    VEC(struct entry) entries;
};

/* The kernel's 16 random bytes of this process: keys from outside cannot be chosen to collide. */
static uint64_t process_seed(void)
{
    uint64_t seed = 0x5851F42D4C957F2DULL;
    uintptr_t at = (uintptr_t)getauxval(AT_RANDOM);
    if (at != 0)
        seed = base_hash((struct str){(const char *)at, 16}, seed);
    return seed;
}

struct map *map_new(struct arena *a, bool ignore_case)
{
    struct map *m = arena_new_of(a, struct map);
    m->a = a;
    m->ignore_case = ignore_case;
    m->seed = process_seed();
    return m;
}

static uint64_t key_hash(const struct map *m, struct str key)
{
    if (key.n == 0)
        return base_hash(STR(""), m->seed);
    if (!m->ignore_case)
        return base_hash(key, m->seed);
    uint64_t h = m->seed;
    for (size_t i = 0; i < key.n; i += FOLD_CHUNK) {
        char low[FOLD_CHUNK];
        struct str part = str_sub(key, i, FOLD_CHUNK);
        for (size_t k = 0; k < part.n; k++) {
            char c = part.p[k];
            low[k] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        }
        h = base_hash((struct str){low, part.n}, h);
    }
    return h;
}

/* Slot of the key, or SIZE_MAX. */
static size_t find_slot(const struct map *m, struct str key, uint64_t hash)
{
    if (m->n_slots == 0)
        return SIZE_MAX;
    for (size_t i = hash & (m->n_slots - 1);; i = (i + 1) & (m->n_slots - 1)) {
        uint32_t s = m->slots[i];
        if (s == SLOT_FREE)
            return SIZE_MAX;
        if (s == SLOT_GONE)
            continue;
        const struct entry *e = &m->entries.p[s - 1];
        if (e->hash == hash && (m->ignore_case ? str_ieq(e->key, key) : str_eq(e->key, key)))
            return i;
    }
}

static void rebuild(struct map *m)
{
    size_t live = 0;
    for (size_t i = 0; i < m->entries.n; i++)
        if (m->entries.p[i].live)
            m->entries.p[live++] = m->entries.p[i];
    m->entries.n = live;
    size_t n = MAP_FIRST;
    while (n < live * 2 + 2)
        n *= 2;
    CHECK(live < UINT32_MAX - 1);
    if (n > m->n_slots)
        m->slots = arena_array(m->a, uint32_t, n);
    else
        memset(m->slots, 0, n * sizeof(*m->slots));
    m->n_slots = n;
    m->n_used = live;
    for (size_t k = 0; k < live; k++) {
        size_t i = m->entries.p[k].hash & (n - 1);
        while (m->slots[i] != SLOT_FREE)
            i = (i + 1) & (n - 1);
        m->slots[i] = (uint32_t)k + 1;
    }
}

void *map_get(const struct map *m, struct str key)
{
    size_t at = find_slot(m, key, key_hash(m, key));
    return at == SIZE_MAX ? NULL : m->entries.p[m->slots[at] - 1].value;
}

void *map_put(struct map *m, struct str key, void *value)
{
    uint64_t hash = key_hash(m, key);
    size_t at = find_slot(m, key, hash);
    if (at != SIZE_MAX) {
        struct entry *e = &m->entries.p[m->slots[at] - 1];
        void *old = e->value;
        e->value = value;
        return old;
    }
    if ((m->n_used + 1) * 4 > m->n_slots * 3)
        rebuild(m);
    struct entry fresh = {key, hash, value, true};
    VEC_PUSH(m->a, &m->entries, fresh);
    size_t i = hash & (m->n_slots - 1);
    while (m->slots[i] != SLOT_FREE)
        i = (i + 1) & (m->n_slots - 1);
    m->slots[i] = (uint32_t)m->entries.n;
    m->n_used++;
    m->n_live++;
    return NULL;
}

void *map_del(struct map *m, struct str key)
{
    size_t at = find_slot(m, key, key_hash(m, key));
    if (at == SIZE_MAX)
        return NULL;
    struct entry *e = &m->entries.p[m->slots[at] - 1];
    e->live = false;
    m->slots[at] = SLOT_GONE;
    m->n_live--;
    return e->value;
}

size_t map_count(const struct map *m)
{
    return m->n_live;
}

bool map_next(const struct map *m, size_t *i, struct str *out_key, void **out_value)
{
    while (*i < m->entries.n && !m->entries.p[*i].live)
        (*i)++;
    if (*i >= m->entries.n)
        return false;
    const struct entry *e = &m->entries.p[(*i)++];
    if (out_key != NULL)
        *out_key = e->key;
    if (out_value != NULL)
        *out_value = e->value;
    return true;
}
