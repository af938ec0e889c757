/* parse_user_agent(). Logs repeat their headers, so the last answers are kept. */
#include "base/thread.h"
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/agent.h"
#include "text/json.h"

enum { KEPT = 1024 }; /* a power of two */

struct kept {
    uint64_t hash;
    struct str key, answer; /* owned */
};
struct memory {
    struct lock lock;
    struct kept kept[KEPT];
};
struct reader {
    struct agents *rules;
    struct memory *memory;
};

static void *prepare(const struct cf_const *args, size_t n)
{
    (void)args;
    (void)n;
    struct reader *u = xcalloc(1, sizeof(*u));
    u->rules = agents_new();
    u->memory = xcalloc(1, sizeof(*u->memory));
    lock_init(&u->memory->lock, "user_agents");
    return u;
}

static void free_str(struct str s)
{
    char *p;
    memcpy(&p, &s.p, sizeof(p));
    xfree(p);
}

static void release(void *p)
{
    struct reader *u = p;
    for (size_t i = 0; i < KEPT; i++) {
        free_str(u->memory->kept[i].key);
        free_str(u->memory->kept[i].answer);
    }
    lock_fini(&u->memory->lock);
    xfree(u->memory);
    agents_free(u->rules);
    xfree(u);
}

static bool recall(struct memory *m, struct arena *a, struct str key, struct str *answer)
{
    uint64_t hash = str_hash(key);
    struct kept *k = &m->kept[hash & (KEPT - 1)];
    lock_take(&m->lock);
    bool found = k->key.p != NULL && k->hash == hash && str_eq(k->key, key);
    if (found)
        *answer = arena_str(a, k->answer);
    lock_drop(&m->lock);
    return found;
}

static void keep(struct memory *m, struct str key, struct str answer)
{
    uint64_t hash = str_hash(key);
    struct kept *k = &m->kept[hash & (KEPT - 1)], old,
                fresh = {hash, {xstrndup(key), key.n}, {xstrndup(answer), answer.n}};
    lock_take(&m->lock);
    old = *k;
    *k = fresh;
    lock_drop(&m->lock);
    free_str(old.key);
    free_str(old.answer);
}

/* ---- one header ---- */
static const struct section {
    const char *wanted, *name;
    const char *fields[AGENT_FIELDS];
} sections[AGENT_KINDS] = {
    {"browser", "Browser", {"Family", "MajorVersion", "MinorVersion", "Patch", NULL}},
    {"os", "OperatingSystem", {"Family", "MajorVersion", "MinorVersion", "Patch", "PatchMinor"}},
    {"device", "Device", {"Family", "Brand", "Model", NULL, NULL}},
};

static unsigned wanted_bit(struct cf_call *c, struct str item)
{
    struct str word = js_type(item) == JS_STRING ? js_decode(cf_arena(c), item) : STR_NONE;
    for (unsigned k = 0; k < AGENT_KINDS; k++)
        if (str_ieqz(word, sections[k].wanted))
            return 1U << k;
    return 0;
}

/* The sections that a text or an array of texts names. */
static unsigned wanted_sections(struct cf_call *c, struct str look_for)
{
    unsigned bits = 0;
    if (js_type(look_for) != JS_ARRAY)
        return wanted_bit(c, look_for);
    struct js_iter it = js_begin(look_for);
    struct str item;
    while (js_next(&it, NULL, &item))
        bits |= wanted_bit(c, item);
    return bits;
}

static void write_section(const struct reader *u, struct arena *a, size_t kind, struct str header,
                          struct json_out *w)
{
    struct agent_info info;
    const struct section *s = &sections[kind];
    agents_parse(u->rules, a, (enum agent_kind)kind, header, &info);
    json_key(w, s->name);
    json_obj(w);
    for (size_t i = 0; i < AGENT_FIELDS && s->fields[i] != NULL; i++)
        json_kv_str(w, s->fields[i], info.field[i]);
    json_obj_end(w);
}

static void row(struct cf_call *c, size_t r)
{
    const struct reader *u = c->bound;
    unsigned bits = wanted_sections(c, cf_str(c, 1, r));
    struct arena *a = cf_arena(c);
    struct str header = str_sub(cf_str(c, 0, r), 0, AGENT_MAX_BYTES), answer;
    if (bits == 0)
        return;
    struct str key = arena_fmt(a, "%u%.*s", bits, STR_ARG(header));
    if (!recall(u->memory, a, key, &answer)) {
        struct json_out w = json_out_make(cf_buf(c));
        json_obj(&w);
        for (size_t k = 0; k < AGENT_KINDS; k++)
            if ((bits & 1U << k) != 0)
                write_section(u, a, k, cf_str(c, 0, r), &w);
        json_obj_end(&w);
        answer = sbuf_str(&c->buf);
        keep(u->memory, key, answer);
    }
    cf_out_str(c, r, answer);
}

const struct cf_scalar fn_agent_rows[] = {
    {.name = "vdf_user_agent", .sig = "sj:j", .row = row, .prepare = prepare, .release = release},
    {0},
};
