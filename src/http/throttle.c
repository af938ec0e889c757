/* Token buckets by key. One lock; the work under it is one hash look-up. */
#include "base/thread.h"
#include "http/http.h"

struct bucket {
    char *key;
    uint64_t hash;
    double tokens;
    int64_t at_us;
};

struct throttle {
    struct lock lock;
    double rate, burst;
    size_t max;
    struct bucket *buckets; /* open addressing within a probe window; max is a power of two */
};

enum { PROBES = 8 };

struct throttle *throttle_new(double rate, double burst, size_t max_keys)
{
    struct throttle *t = xcalloc(1, sizeof(*t));
    lock_init(&t->lock, "http.throttle");
    t->rate = rate;
    t->burst = burst;
    t->max = 64;
    while (t->max < max_keys)
        t->max *= 2;
    t->buckets = xcalloc(t->max, sizeof(*t->buckets));
    return t;
}

void throttle_free(struct throttle *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->max; i++)
        xfree(t->buckets[i].key);
    xfree(t->buckets);
    lock_fini(&t->lock);
    xfree(t);
}

static double level_at(const struct throttle *t, const struct bucket *b, int64_t now_us)
{
    double level = b->tokens + (double)(now_us - b->at_us) * t->rate / 1e6;
    return level > t->burst ? t->burst : level;
}

/* The key's bucket, or the fullest one in its window made new for it: forgetting a full bucket
 * changes nothing. */
static struct bucket *bucket_for(struct throttle *t, struct str key, int64_t now_us)
{
    uint64_t h = str_hash(key);
    struct bucket *fullest = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct bucket *b = &t->buckets[(h + i) & (t->max - 1)];
        if (b->key != NULL && b->hash == h && str_eqz(key, b->key))
            return b;
        if (fullest != NULL && fullest->key == NULL)
            continue;
        if (fullest == NULL || b->key == NULL ||
            level_at(t, b, now_us) > level_at(t, fullest, now_us))
            fullest = b;
    }
    xfree(fullest->key);
    *fullest = (struct bucket){xstrndup(key), h, t->burst, now_us};
    return fullest;
}

bool throttle_take(struct throttle *t, struct str key, int64_t now_mono_us, int *retry_after_s)
{
    lock_take(&t->lock);
    struct bucket *b = bucket_for(t, key, now_mono_us);
    b->tokens = level_at(t, b, now_mono_us);
    b->at_us = now_mono_us;
    bool ok = b->tokens >= 1;
    if (ok)
        b->tokens -= 1;
    else
        *retry_after_s = (int)((1 - b->tokens) / t->rate) + 1;
    lock_drop(&t->lock);
    return ok;
}
