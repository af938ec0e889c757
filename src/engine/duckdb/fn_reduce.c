/* reduce: texts that differ in some words become one pattern. Words that many texts have at the
 * same place stay, others become "*"; a pattern with too few rows gives up its rarest word until it
 * meets enough others. Numbers stay only where a text has nothing else. Source: "reduce operator"
 * of the Kusto reference; R. Vaarandi, "A Data Clustering Algorithm for Mining Patterns From Event
 * Logs" (2003), which it names, also for the summary that keeps rare words out of memory. */
#include "engine/duckdb/dict.h"
#include "engine/duckdb/fn.h"
#include "engine/duckdb/words.h"
#include "text/json.h"
#include <math.h>
#include <stdlib.h>

enum {
    MAX_BYTES = 256 << 20,
    CHECK_EVERY = 1024,
    STEPS = 256, /* texts, after which the query is asked whether it goes on */
    MAX_PATTERNS = 1 << 20,
    SUMMARY = 1 << 20,
    LEAST_SUPPORT = 2
};

struct texts {
    char *question;
    struct dict values;
    int64_t *counts; /* one a value */
    size_t cap;
    bool full;
};
struct reduce_state {
    struct texts *t; /* NULL: no rows yet */
};

/* ---- collecting ---- */
static struct texts *texts_of(struct reduce_state *s, struct str question)
{
    if (s->t == NULL) {
        s->t = xcalloc(1, sizeof(*s->t));
        s->t->question = xstrndup(question);
    }
    return s->t;
}

static void add_text(struct texts *t, struct str text, int64_t count)
{
    if (t->values.n % CHECK_EVERY == 0)
        t->full = t->full || dict_size_bytes(&t->values) > MAX_BYTES;
    if (t->full)
        return;
    uint32_t i = dict_put(&t->values, text);
    if (i >= t->cap) {
        size_t cap = t->cap > 0 ? t->cap * 2 : CHECK_EVERY;
        t->counts = xrealloc(t->counts, cap * sizeof(*t->counts));
        memset(t->counts + t->cap, 0, (cap - t->cap) * sizeof(*t->counts));
        t->cap = cap;
    }
    t->counts[i] += count;
}

static void update(void *state, struct cf_call *c, size_t r)
{
    add_text(texts_of(state, cf_str(c, 0, r)), cf_str(c, 1, r), cf_i64(c, 2, r));
}

static void combine(void *target, const void *source)
{
    const struct texts *from = ((const struct reduce_state *)source)->t;
    if (from == NULL)
        return;
    struct texts *to = texts_of(target, str_from(from->question));
    to->full = to->full || from->full;
    for (uint32_t i = 0; i < from->values.n; i++)
        add_text(to, dict_at(&from->values, i), from->counts[i]);
}

static void destroy(void *state)
{
    struct reduce_state *s = state;
    if (s->t == NULL)
        return;
    dict_fini(&s->t->values);
    xfree(s->t->question);
    xfree(s->t->counts);
    xfree(s->t);
    s->t = NULL;
}

/* ---- frequent words ---- */
struct reducer {
    struct arena *a;
    const struct texts *t;
    struct words_cutter cutter;
    int64_t support;
    bool full; /* or stopped */
    struct cf_call *c;
    size_t steps;
    struct dict words;  /* place, word */
    int64_t *frequency; /* one a word */
    size_t cap;
    struct sbuf key;
};

/* false: nothing is to be done any more. */
static bool goes_on(struct reducer *d)
{
    d->full = d->full || (d->steps++ % STEPS == 0 && cf_stops(d->c));
    return !d->full;
}

static struct str word_key(struct reducer *d, const struct words *w, size_t i)
{
    sbuf_clear(&d->key);
    sbuf_addc(&d->key, (char)i);
    sbuf_add(&d->key, w->p[i]);
    return sbuf_str(&d->key);
}

static bool may_stay(const struct words *w, size_t i)
{
    return w->numbers_only || !words_is_number(w->p[i]);
}

static void count_word(struct reducer *d, struct str key, int64_t count)
{
    uint32_t i = dict_put(&d->words, key);
    if (i >= d->cap) {
        size_t cap = d->cap > 0 ? d->cap * 2 : CHECK_EVERY;
        d->frequency = xrealloc(d->frequency, cap * sizeof(*d->frequency));
        memset(d->frequency + d->cap, 0, (cap - d->cap) * sizeof(*d->frequency));
        d->cap = cap;
    }
    d->frequency[i] += count;
    if (d->words.n % CHECK_EVERY == 0)
        d->full = d->full || dict_size_bytes(&d->words) > MAX_BYTES;
}

/* Words are first counted by hash alone: those that share a number with too few rows are rare. */
static void count_words(struct reducer *d)
{
    int64_t *summary = xcalloc(SUMMARY, sizeof(*summary));
    struct words w;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t v = 0; v < d->t->values.n && goes_on(d); v++) {
            words_find(&d->cutter, dict_at(&d->t->values, v), &w);
            for (size_t i = 0; i < w.n; i++) {
                if (!may_stay(&w, i))
                    continue;
                struct str key = word_key(d, &w, i);
                int64_t *rough = &summary[str_hash(key) & (SUMMARY - 1)];
                if (pass == 0)
                    *rough += d->t->counts[v];
                else if (*rough >= d->support)
                    count_word(d, key, d->t->counts[v]);
            }
        }
    xfree(summary);
}

static int64_t frequency_of(struct reducer *d, const struct words *w, size_t i)
{
    uint32_t at;
    if (!may_stay(w, i) || !dict_find(&d->words, word_key(d, w, i), &at))
        return 0;
    return d->frequency[at];
}

/* ---- patterns ---- */
struct fixed { /* one bit a word */
    uint64_t bits[WORDS_MAX / 64];
};

static bool is_fixed(const struct fixed *f, size_t i)
{
    return (f->bits[i >> 6] >> (i & 63)) & 1;
}

static void toggle(struct fixed *f, size_t i)
{
    f->bits[i >> 6] ^= (uint64_t)1 << (i & 63);
}

static size_t count_fixed(const struct fixed *f)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNTOF(f->bits); i++)
        n += (size_t)__builtin_popcountll(f->bits[i]);
    return n;
}

struct pattern {
    int64_t count;
    uint32_t value;     /* the most frequent of its texts, of equals the first by name */
    uint32_t to;        /* 1 + the pattern that it became part of; 0: none */
    struct fixed fixed; /* words of that text */
};
struct patterns {
    struct reducer *d;
    struct dict texts;
    VEC(struct pattern) v;
    struct sbuf text;
};

/* What stands between two words; beside a wildcard only if it is no letter or digit, which a list
 * of separators may hold. */
static void put_gap(struct sbuf *b, const char *from, const char *to, bool beside_wildcard)
{
    for (const char *p = from; p < to; p++)
        if (!beside_wildcard || !words_is_inner(*p))
            sbuf_addc(b, *p);
}

/* Wildcards that only separators part are one. */
static struct str pattern_text(struct patterns *ps, const struct words *w, const struct fixed *f)
{
    struct sbuf *b = &ps->text;
    const char *end = w->text.p;
    bool wild = false; /* the word before is */
    sbuf_clear(b);
    for (size_t i = 0; i < w->n; i++) {
        bool stays = is_fixed(f, i);
        if (stays || !wild)
            put_gap(b, end, w->p[i].p, wild || !stays);
        if (stays)
            sbuf_add(b, w->p[i]);
        else if (!wild)
            sbuf_addc(b, '*');
        end = w->p[i].p + w->p[i].n;
        wild = !stays;
    }
    if (!w->cut)
        put_gap(b, end, w->text.p + w->text.n, wild);
    else if (!wild)
        sbuf_addc(b, '*');
    return sbuf_str(b);
}

/* Whether a text stands for a pattern better than the one it has. */
static bool stands_better(const struct patterns *ps, uint32_t value, uint32_t old)
{
    const struct texts *t = ps->d->t;
    if (t->counts[value] != t->counts[old])
        return t->counts[value] > t->counts[old];
    return str_cmp(dict_at(&t->values, value), dict_at(&t->values, old)) < 0;
}

/* Adds rows to the pattern that a text makes with these words; its number. */
static uint32_t add_to(struct patterns *ps, const struct words *w, const struct fixed *f,
                       uint32_t value, int64_t count)
{
    uint32_t at = dict_put(&ps->texts, pattern_text(ps, w, f));
    if (at == ps->v.n)
        VEC_PUSH(ps->d->a, &ps->v, ((struct pattern){.value = value, .fixed = *f}));
    struct pattern *p = &ps->v.p[at];
    p->count += count;
    if (stands_better(ps, value, p->value)) {
        p->value = value;
        p->fixed = *f;
    }
    ps->d->full = ps->d->full || ps->v.n > MAX_PATTERNS || ps->texts.n_bytes > MAX_BYTES;
    return at;
}

static void first_patterns(struct patterns *ps, uint32_t *of_value)
{
    struct reducer *d = ps->d;
    struct words w;
    for (uint32_t v = 0; v < d->t->values.n && goes_on(d); v++) {
        struct fixed f = {0};
        words_find(&d->cutter, dict_at(&d->t->values, v), &w);
        for (size_t i = 0; i < w.n; i++)
            if (frequency_of(d, &w, i) >= d->support)
                toggle(&f, i);
        of_value[v] = add_to(ps, &w, &f, v, d->t->counts[v]);
    }
}

/* A pattern of too few rows without its rarest word. */
static void widen(struct patterns *ps, uint32_t at)
{
    struct pattern p = ps->v.p[at];
    struct words w;
    size_t rarest = WORDS_MAX;
    int64_t least = 0;
    words_find(&ps->d->cutter, dict_at(&ps->d->t->values, p.value), &w);
    for (size_t i = 0; i < w.n; i++) {
        int64_t n = is_fixed(&p.fixed, i) ? frequency_of(ps->d, &w, i) : 0;
        if (is_fixed(&p.fixed, i) && (rarest == WORDS_MAX || n <= least)) {
            rarest = i;
            least = n;
        }
    }
    CHECK(rarest < WORDS_MAX);
    toggle(&p.fixed, rarest);
    uint32_t to = add_to(ps, &w, &p.fixed, p.value, p.count);
    ps->v.p[at].to = to + 1;
}

static void widen_all(struct patterns *ps)
{
    for (size_t k = WORDS_MAX; k > 0; k--)
        for (uint32_t i = 0; i < ps->v.n && goes_on(ps->d); i++) {
            const struct pattern *p = &ps->v.p[i];
            if (p->to == 0 && p->count < ps->d->support && count_fixed(&p->fixed) == k)
                widen(ps, i);
        }
}

static bool is_other(const struct patterns *ps, const struct pattern *p)
{
    return count_fixed(&p->fixed) == 0 || p->count < ps->d->support;
}

/* ---- the answer ---- */
struct answer {
    struct patterns *ps;
    struct sbuf *b;
    VEC(size_t) ends;
};

static void end_item(struct answer *x)
{
    VEC_PUSH(x->ps->d->a, &x->ends, sbuf_str(x->b).n);
}

static void put_row(struct answer *x, struct str pattern, int64_t count, struct str example)
{
    struct json_out w = json_out_make(x->b);
    json_arr(&w);
    json_str(&w, pattern);
    json_int(&w, count);
    json_str(&w, example);
    json_arr_end(&w);
    end_item(x);
}

struct ranked {
    int64_t count;
    struct str text;
    const struct pattern *p;
};

static int by_count(const void *x, const void *y)
{
    const struct ranked *p = x, *q = y;
    if (p->count != q->count)
        return p->count > q->count ? -1 : 1;
    return str_cmp(p->text, q->text);
}

static void put_groups(struct answer *x)
{
    const struct patterns *ps = x->ps;
    struct ranked *list = arena_array(ps->d->a, struct ranked, ps->v.n + 1);
    size_t n = 0;
    int64_t others = 0;
    for (uint32_t i = 0; i < ps->v.n; i++) {
        const struct pattern *p = &ps->v.p[i];
        if (p->to != 0)
            continue;
        if (is_other(ps, p))
            others += p->count;
        else
            list[n++] = (struct ranked){p->count, dict_at(&ps->texts, i), p};
    }
    qsort(list, n, sizeof(*list), by_count);
    for (size_t i = 0; i < n; i++)
        put_row(x, list[i].text, list[i].count, dict_at(&ps->d->t->values, list[i].p->value));
    if (others > 0)
        put_row(x, STR("others"), others, STR(""));
}

/* [text, its pattern] for each different text. */
static void put_values(struct answer *x, const uint32_t *of_value)
{
    const struct patterns *ps = x->ps;
    for (uint32_t v = 0; v < ps->d->t->values.n && goes_on(ps->d); v++) {
        uint32_t at = of_value[v];
        while (ps->v.p[at].to != 0)
            at = ps->v.p[at].to - 1;
        struct json_out w = json_out_make(x->b);
        json_arr(&w);
        json_str(&w, dict_at(&ps->d->t->values, v));
        json_str(&w, is_other(ps, &ps->v.p[at]) ? STR("others") : dict_at(&ps->texts, at));
        json_arr_end(&w);
        end_item(x);
    }
}

static bool prepare(struct reducer *d, const struct json **out_question)
{
    struct json *j = arena_new_of(d->a, struct json);
    struct err e = {0};
    int64_t total = 0;
    if (!json_parse(d->a, str_from(d->t->question), NULL, j, &e))
        return false;
    for (size_t i = 0; i < d->t->values.n; i++)
        total += d->t->counts[i];
    double support = ceil(json_get(j, "threshold")->d * (double)total - 1e-9);
    d->support = support > LEAST_SUPPORT ? (int64_t)support : LEAST_SUPPORT;
    d->cutter = words_cutter(json_text(json_get(j, "characters"), STR_NONE));
    *out_question = j;
    return true;
}

static void run(struct reducer *d, struct cf_call *c, size_t row)
{
    const struct json *question;
    if (d->t->full || !prepare(d, &question))
        return;
    count_words(d);
    if (d->full)
        return;
    struct patterns ps = {.d = d, .text = sbuf_make(MAX_BYTES)};
    struct answer x = {.ps = &ps, .b = cf_buf(c)};
    uint32_t *of_value = arena_array(d->a, uint32_t, d->t->values.n + 1);
    first_patterns(&ps, of_value);
    widen_all(&ps);
    if (!d->full) {
        if (json_is_true(json_get(question, "source")))
            put_values(&x, of_value);
        else
            put_groups(&x);
        if (sbuf_ok(x.b))
            cf_out_parts(c, row, sbuf_str(x.b), x.ends.p, x.ends.n);
    }
    dict_fini(&ps.texts);
    sbuf_fini(&ps.text);
}

/* vd_reduce(question, text, rows that have it): [pattern, count, example] a group or, for kind =
 * source, [text, pattern] a text; null when that is too large. */
static void finalize(void *state, struct cf_call *c, size_t row)
{
    struct reduce_state *s = state;
    if (s->t == NULL) {
        struct str none = STR("");
        cf_out_list(c, row, &none, NULL, 0);
        return;
    }
    AUTO(arena_freep) struct arena *a = arena_new((size_t)4 << 30);
    struct reducer d = {.a = a, .t = s->t, .c = c, .key = sbuf_make(MAX_BYTES)};
    run(&d, c, row);
    dict_fini(&d.words);
    xfree(d.frequency);
    sbuf_fini(&d.key);
}

static size_t state_bytes(const void *state)
{
    const struct texts *t = ((const struct reduce_state *)state)->t;
    return t == NULL ? 0 : dict_size_bytes(&t->values) + t->cap * sizeof(*t->counts);
}

const struct cf_aggregate fn_reduce_aggregates[] = {
    {.name = "vd_reduce",
     .sig = "ssl:[j",
     .state_size = sizeof(struct reduce_state),
     .update = update,
     .combine = combine,
     .finalize = finalize,
     .destroy = destroy,
     .bytes = state_bytes},
    {0},
};
