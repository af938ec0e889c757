/* make_set: values in the order in which they come, each once. A set is kept in the aggregate's
 * state, so that copies cost little memory. Where the input's order counts, the rows say their
 * places: they reach the states in any order. */
#include <stdlib.h>

#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/json.h"

enum {
    SET_MAX_ITEMS = 1048576,
    SET_FIRST_BYTES = 64,
    SET_PACK_BYTES = 512, /* smaller ones are not worth looking at for copies */
    SET_MAX_BYTES = 1 << 30,
    SLOTS_ON_STACK = 256
};

/* Values are appended, with their copies; when the buffer is full and half of it new, the copies
 * go. That reads and writes memory in its order, where a look-up for each row would wait for it.
 *
 * Entry: uint32_t length, the bytes, and where the order counts int64_t, the place of its first
 * row, finer than rows. */
struct set {
    char *p;
    uint32_t n, cap;
    uint32_t packed; /* bytes of entries that differ */
    uint32_t most;
    bool begun;   /* most and ordered are known */
    bool ordered; /* entries have places */
    bool full;    /* as many values as may be */
    bool too_large;
};

static size_t set_bytes(const void *state)
{
    const struct set *s = state;
    return s->cap;
}

static void set_ahead(const void *state)
{
    const struct set *s = state;
    if (s->p != NULL)
        __builtin_prefetch(s->p + s->n, 1);
}

static void set_destroy(void *state)
{
    struct set *s = state;
    xfree(s->p);
}

static struct str entry_value(const struct set *s, uint32_t at)
{
    uint32_t n;
    memcpy(&n, s->p + at, sizeof(n));
    return (struct str){s->p + at + sizeof(n), n};
}

static uint32_t entry_bytes(const struct set *s, size_t value)
{
    return (uint32_t)(sizeof(uint32_t) + value + (s->ordered ? sizeof(int64_t) : 0));
}

static int64_t entry_place(const struct set *s, uint32_t at)
{
    struct str v = entry_value(s, at);
    int64_t place = 0;
    if (s->ordered)
        memcpy(&place, v.p + v.n, sizeof(place));
    return place;
}

static void entry_set_place(struct set *s, uint32_t at, int64_t place)
{
    struct str v = entry_value(s, at);
    memcpy(s->p + (v.p - s->p) + v.n, &place, sizeof(place));
}

/* ---- throwing copies out ---- */
struct slot {
    uint32_t hash, entry; /* entry + 1; 0: free */
};

static uint32_t hash_of(struct str v)
{
    uint64_t h;
    if (v.n != sizeof(h))
        h = str_hash(v);
    else {
        memcpy(&h, v.p, sizeof(h));
        h *= 0x9E3779B97F4A7C15u;
    }
    return (uint32_t)(h ^ h >> 32);
}

/* The entry of the same value, or UINT32_MAX: then the value's slot is taken for the entry to. */
static uint32_t same(const struct set *s, struct slot *slots, uint32_t mask, struct str v,
                     uint32_t to)
{
    uint32_t hash = hash_of(v), i = hash & mask;
    for (; slots[i].entry != 0; i = (i + 1) & mask)
        if (slots[i].hash == hash && str_eq(entry_value(s, slots[i].entry - 1), v))
            return slots[i].entry - 1;
    slots[i] = (struct slot){hash, to + 1};
    return UINT32_MAX;
}

static uint32_t count_entries(const struct set *s)
{
    uint32_t n = 0;
    for (uint32_t at = 0; at < s->n; at += entry_bytes(s, entry_value(s, at).n))
        n++;
    return n;
}

/* Keeps the first of each value; returns how many there are. */
static uint32_t keep_first(struct set *s, struct slot *slots, uint32_t mask)
{
    uint32_t to = 0, values = 0;
    for (uint32_t at = 0, bytes; at < s->n; at += bytes) {
        bytes = entry_bytes(s, entry_value(s, at).n);
        uint32_t old = same(s, slots, mask, entry_value(s, at), to);
        if (old == UINT32_MAX) {
            memmove(s->p + to, s->p + at, bytes);
            to += bytes;
            values++;
        } else if (entry_place(s, at) < entry_place(s, old)) {
            entry_set_place(s, old, entry_place(s, at));
        }
    }
    s->n = s->packed = to;
    return values;
}

static uint32_t pack(struct set *s)
{
    struct slot few[SLOTS_ON_STACK], *slots = few;
    uint32_t n = SLOTS_ON_STACK, entries = count_entries(s);
    while (n < entries * 2)
        n *= 2;
    if (n > SLOTS_ON_STACK)
        slots = xcalloc(n, sizeof(*slots));
    else
        memset(few, 0, sizeof(few));
    uint32_t values = keep_first(s, slots, n - 1);
    if (slots != few)
        xfree(slots);
    s->full = !s->ordered && values >= s->most;
    return values;
}

/* ---- appending ---- */
static bool make_room(struct set *s, size_t bytes)
{
    if (s->cap - s->n >= bytes)
        return true;
    if (s->n >= SET_PACK_BYTES && s->n / 2 >= s->packed)
        (void)pack(s);
    if (s->full || bytes > SET_MAX_BYTES - s->n) {
        s->too_large = s->too_large || !s->full;
        return false;
    }
    size_t cap = s->cap > 0 ? s->cap : SET_FIRST_BYTES;
    while (cap < s->n + bytes || (cap < (size_t)s->n * 2 && cap < SET_MAX_BYTES))
        cap *= 2;
    if (cap > s->cap) {
        s->p = xrealloc(s->p, cap);
        s->cap = (uint32_t)cap;
    }
    return true;
}

static void set_add(struct set *s, struct str v, int64_t place)
{
    if (s->full)
        return;
    size_t bytes = sizeof(uint32_t) + v.n + (s->ordered ? sizeof(place) : 0);
    if (!make_room(s, bytes))
        return;
    uint32_t n = (uint32_t)v.n;
    char *to = s->p + s->n;
    memcpy(to, &n, sizeof(n));
    if (n > 0)
        memcpy(to + sizeof(n), v.p, n);
    if (s->ordered)
        memcpy(to + sizeof(n) + n, &place, sizeof(place));
    s->n += (uint32_t)bytes;
}

/* Rows have places in argument 2; the members of an array come one after the other. */
static int64_t place_of(const struct cf_call *c, size_t r, size_t member)
{
    enum { MOST = (1 << 20) - 1 };
    return cf_i64(c, 2, r) << 20 | (int64_t)(cf_i64(c, 2, r) == 0 ? 0
                                             : member < MOST      ? member
                                                                  : MOST);
}

static struct set *begin(void *state, struct cf_call *c, size_t r)
{
    struct set *s = state;
    if (!s->begun) {
        int64_t most = cf_i64(c, 1, r);
        s->most = most < 0 || most > SET_MAX_ITEMS ? SET_MAX_ITEMS : (uint32_t)most;
        s->ordered = cf_i64(c, 2, r) != 0;
        s->full = s->most == 0;
        s->begun = true;
    }
    return s;
}

static void text_update(void *state, struct cf_call *c, size_t r)
{
    set_add(begin(state, c, r), cf_str(c, 0, r), place_of(c, r, 0));
}

static void long_update(void *state, struct cf_call *c, size_t r)
{
    int64_t v = cf_i64(c, 0, r);
    set_add(begin(state, c, r), (struct str){(const char *)&v, sizeof(v)}, place_of(c, r, 0));
}

/* JSON; an array's members are values of their own when argument 3 says so. */
static void json_update(void *state, struct cf_call *c, size_t r)
{
    struct set *s = begin(state, c, r);
    struct str v = cf_str(c, 0, r), member;
    if (js_type(v) != JS_ARRAY || !cf_bool(c, 3, r)) {
        if (js_type(v) != JS_NULL)
            set_add(s, v, place_of(c, r, 0));
        return;
    }
    struct js_iter it = js_begin(v);
    for (size_t i = 0; !s->full && js_next(&it, NULL, &member); i++)
        set_add(s, member, place_of(c, r, i));
}

static void set_combine(void *target, const void *source)
{
    struct set *to = target;
    const struct set *from = source;
    if (!from->begun)
        return;
    if (!to->begun)
        *to = (struct set){
            .most = from->most, .ordered = from->ordered, .full = from->most == 0, .begun = true};
    to->too_large = to->too_large || from->too_large;
    for (uint32_t at = 0; at < from->n; at += entry_bytes(from, entry_value(from, at).n))
        set_add(to, entry_value(from, at), entry_place(from, at));
}

/* ---- results ---- */
static void add_json(struct sbuf *out, struct str v)
{
    sbuf_add(out, v);
}

static void add_long(struct sbuf *out, struct str v)
{
    int64_t n;
    memcpy(&n, v.p, sizeof(n));
    sbuf_addi(out, n);
}

struct placed {
    int64_t place;
    uint32_t entry;
};

static int by_place(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

static void finalize(struct set *s, struct cf_call *c, size_t r,
                     void (*write)(struct sbuf *out, struct str v))
{
    if (s->too_large) {
        cf_refuse(c, ERR_LIMIT, "make_set() may not pass %d MiB in one group", SET_MAX_BYTES >> 20);
        return;
    }
    uint32_t n = s->n > 0 ? pack(s) : 0;
    struct placed *items = arena_array(cf_arena(c), struct placed, (size_t)n + 1);
    for (uint32_t at = 0, i = 0; i < n; at += entry_bytes(s, entry_value(s, at).n))
        items[i++] = (struct placed){entry_place(s, at), at};
    if (s->ordered)
        qsort(items, n, sizeof(*items), by_place);
    struct sbuf *b = cf_buf(c);
    sbuf_addc(b, '[');
    for (uint32_t i = 0; i < n && i < s->most; i++) {
        if (i > 0)
            sbuf_addc(b, ',');
        write(b, entry_value(s, items[i].entry));
    }
    sbuf_addc(b, ']');
    cf_out_str(c, r, sbuf_str(b));
}

static void text_finalize(void *state, struct cf_call *c, size_t r)
{
    finalize(state, c, r, json_escape);
}

static void long_finalize(void *state, struct cf_call *c, size_t r)
{
    finalize(state, c, r, add_long);
}

static void json_finalize(void *state, struct cf_call *c, size_t r)
{
    finalize(state, c, r, add_json);
}

#define SET_STATE                                                                                  \
    .state_size = sizeof(struct set), .combine = set_combine, .destroy = set_destroy,              \
    .bytes = set_bytes, .ahead = set_ahead
/* (value, most items; below 0: as many as may be, the row's place or 0), and of JSON: whether
 * arrays are spread */
const struct cf_aggregate fn_set_aggregates[] = {
    {.name = "vd_set_texts",
     .sig = "sll:j",
     SET_STATE,
     .update = text_update,
     .finalize = text_finalize},
    {.name = "vd_set_longs",
     .sig = "lll:j",
     SET_STATE,
     .update = long_update,
     .finalize = long_finalize},
    {.name = "vd_set_json",
     .sig = "jllb:j",
     SET_STATE,
     .update = json_update,
     .finalize = json_finalize},
    {0},
};
