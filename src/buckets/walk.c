/* Which objects there are below a prefix, in order of key: all of them, or those in the folders of
 * the last days. */
#include "buckets/buckets_priv.h"
#include "text/date.h"

enum { MAX_DEPTH = 16 }; /* of folders that are looked into one by one */

struct walking {
    struct reader *r;
    walk_fn *fn;
    void *self;
};

static struct str after(const struct walking *w)
{
    return (struct str){w->r->at.after, w->r->at.n_after};
}

static bool stopped(const struct walking *w, struct err *e)
{
    return atomic_load(&w->r->stop) && !err_set(e, ERR_CANCELLED, "stopped");
}

/* ---- days ---- */

/* The last part of s ("x/y/2026/" gives "2026"), which is cut off, as a number with n digits. */
static bool take_number(struct str *s, const char *label, size_t n, int64_t *out)
{
    struct str rest = *s, name = str_from(label);
    size_t from = 0;
    if (rest.n == 0 || rest.p[rest.n - 1] != '/')
        return false;
    rest.n--;
    for (size_t i = 0; i < rest.n; i++)
        if (rest.p[i] == '/')
            from = i + 1;
    struct str part = str_sub(rest, from, rest.n);
    if (str_starts(part, name))
        part = str_sub(part, name.n, part.n);
    if (part.n != n || part.p[0] == '-' || !str_to_i64(part, out))
        return false;
    s->n = from;
    return true;
}

static bool end_of(int64_t year, int64_t month, int64_t day, int64_t *out)
{
    struct civil c = {.year = (int)year, .month = (int)month, .day = (int)day};
    if (year < 1990 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    if (!ticks_from_civil(&c, out))
        return false;
    *out += TICKS_PER_DAY;
    return true;
}

int folder_span(struct str prefix, int64_t *out_end)
{
    static const int64_t last[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year = 0, month = 0, day = 0;
    struct str s = prefix;
    if (take_number(&s, "day=", 2, &day) && take_number(&s, "month=", 2, &month) &&
        take_number(&s, "year=", 4, &year) && end_of(year, month, day, out_end))
        return 3;
    s = prefix;
    if (take_number(&s, "month=", 2, &month) && take_number(&s, "year=", 4, &year) && month >= 1 &&
        month <= 12 && end_of(year, month, last[month - 1], out_end)) {
        *out_end += month == 2 ? TICKS_PER_DAY : 0; /* of a leap year */
        return 2;
    }
    s = prefix;
    return take_number(&s, "year=", 4, &year) && end_of(year, 12, 31, out_end) ? 1 : 0;
}

/* ---- lists ---- */

/* Keys are UTF-8 by S3's rules; positions could not hold others. */
static bool is_wanted(const struct walking *w, const struct s3_object *o)
{
    return o->size > 0 && str_cmp(o->key, after(w)) > 0 && utf8_valid(o->key, NULL);
}

static bool visit_until(const struct walking *w, const struct s3_listing *l, size_t *i,
                        const struct str *before, struct err *e)
{
    for (; *i < l->n_objects; ++*i) {
        const struct s3_object *o = &l->objects[*i];
        if (before != NULL && str_cmp(o->key, *before) > 0)
            return true;
        if (stopped(w, e) || (is_wanted(w, o) && !w->fn(w->self, o, e)))
            return false;
    }
    return true;
}

/* Notes the store's clock at the start of a pass. */
static void note_time(struct reader *r, const struct s3_listing *l)
{
    if (r->at.pass_began == 0)
        r->at.pass_began = l->time != 0 ? l->time : clock_now(r->o.clock);
    if (!r->at.seen && r->s->from_end)
        r->at.horizon = r->at.pass_began;
    r->at.seen = true;
}

static bool list_all(const struct walking *w, struct str prefix, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf token = sbuf_make(0);
    struct s3_list q = {.prefix = prefix};
    struct str start = arena_str(a, after(w));
    if (str_starts(start, prefix))
        q.start_after = start;
    AUTO(arena_freep) struct arena *page = arena_new(0);
    for (;;) {
        struct s3_listing l;
        size_t i = 0;
        arena_reset(page);
        if (stopped(w, e) || !s3_list_page(w->r->s3, page, &q, &l, e))
            return false;
        note_time(w->r, &l);
        if (!visit_until(w, &l, &i, NULL, e))
            return false;
        if (l.next.n == 0)
            return true;
        sbuf_clear(&token);
        sbuf_add(&token, l.next);
        q.token = sbuf_str(&token);
        q.start_after = STR("");
    }
}

static bool list_days(const struct walking *w, struct str prefix, int depth, struct err *e);

/* A day is over for good when nothing that is written late can be in it. */
static int64_t days_since(const struct reader *r)
{
    int64_t slack = r->s->lookback > TICKS_PER_DAY ? r->s->lookback : TICKS_PER_DAY;
    return r->at.pass_began - slack;
}

static bool enter(const struct walking *w, struct str prefix, int depth, struct err *e)
{
    int64_t end = 0;
    int level = folder_span(prefix, &end);
    struct str behind = after(w);
    bool passed = str_cmp(behind, prefix) > 0 && !str_starts(behind, prefix);
    if (passed || (level > 0 && end <= days_since(w->r)))
        return true;
    return level == 3 || depth >= MAX_DEPTH ? list_all(w, prefix, e)
                                            : list_days(w, prefix, depth + 1, e);
}

/* Recursion: at most MAX_DEPTH. */
static bool list_days(const struct walking *w, struct str prefix, int depth, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct s3_list q = {.prefix = prefix, .delimiter = STR("/")};
    struct s3_listing l = {.next = STR("")};
    do {
        size_t i = 0;
        if (stopped(w, e) || !s3_list_page(w->r->s3, a, &q, &l, e))
            return false;
        note_time(w->r, &l);
        for (size_t k = 0; k < l.n_prefixes; k++)
            if (!visit_until(w, &l, &i, &l.prefixes[k], e) ||
                (str_starts(l.prefixes[k], prefix) && l.prefixes[k].n > prefix.n &&
                 !enter(w, l.prefixes[k], depth, e)))
                return false;
        if (!visit_until(w, &l, &i, NULL, e))
            return false;
        q.token = l.next;
    } while (l.next.n > 0);
    return true;
}

bool walk(struct reader *r, walk_fn *fn, void *self, struct err *e)
{
    struct walking w = {r, fn, self};
    struct str prefix = str_from(r->s->prefix);
    if (prefix.n == 0)
        prefix = STR("");
    return r->at.whole ? list_all(&w, prefix, e) : list_days(&w, prefix, 0, e);
}
