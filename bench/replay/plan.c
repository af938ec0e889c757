/* Which recording is replayed when, in which session, and what is planted where. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/replay_priv.h"

enum { DAY_RATE = 16, NIGHT_RATE = 4, WEEKEND_PART = 4, SPARSE_ROWS = 10, DEFAULT_DAYS = 30 };
#define MILLION INT64_C(1000000)
#define LAST_INSTANT (TICKS_UNIX_EPOCH + INT64_C(1775001600) * TICKS_PER_SECOND) /* 2026-04-01 */
#define HOUR (3600 * TICKS_PER_SECOND)

/* ---- when ---- */

struct hours {
    uint64_t *sums; /* of the rates of all hours so far, local time */
    size_t n;
};

static struct hours hours_make(struct arena *a, int64_t begin, int days)
{
    struct hours h = {arena_array(a, uint64_t, (size_t)days * 24), (size_t)days * 24};
    uint64_t sum = 0;
    for (size_t i = 0; i < h.n; i++) {
        int64_t day = begin / TICKS_PER_DAY + (int64_t)i / 24; /* day 0 was a Monday */
        uint64_t rate = i % 24 >= 8 && i % 24 < 18 ? DAY_RATE : NIGHT_RATE;
        h.sums[i] = sum += day % 7 < 5 ? rate : rate / WEEKEND_PART;
    }
    return h;
}

static int64_t working_time(const struct hours *h, struct draw_key k, uint32_t host)
{
    uint64_t at = draw_below(k, "hour", 0, h->sums[h->n - 1]);
    size_t i = 0;
    while (h->sums[i] <= at)
        i++;
    int64_t n = (int64_t)h->n * HOUR;
    int64_t local = (int64_t)i * HOUR + (int64_t)draw_below(k, "in the hour", 0, HOUR);
    return (local - cast_zone_hours(host) * HOUR + n) % n;
}

static int64_t start_of(const struct replay *r, const struct hours *h, struct draw_key k,
                        const struct recording *rec)
{
    int64_t span = r->o.days * TICKS_PER_DAY, last = span - rec->length - TICKS_PER_SECOND;
    int64_t at = rec->people ? working_time(h, k, cast_session(&r->cast, k, true).host)
                             : (int64_t)draw_below(k, "start", 0, (uint64_t)span);
    at = at > last ? last : at;
    return r->begin + (at < 0 ? 0 : at);
}

/* ---- what ---- */

const struct recording *session_recording(const struct replay *r, uint32_t session)
{
    const struct session *s = &r->sessions[session];
    return s->needle > 0 ? r->lib.attacks[s->recording] : &r->lib.recordings[s->recording];
}

static size_t draw_recording(const struct library *l, struct draw_key k)
{
    uint64_t weights[MAX_GROUPS], sum = 0;
    for (size_t i = 0; i < l->n_groups; i++)
        sum += weights[i] =
            (uint64_t)llround((double)l->groups[i].permille / l->groups[i].mean * 1e6);
    uint64_t at = draw_below(k, "group", 0, sum);
    size_t g = 0;
    for (; at >= weights[g]; g++)
        at -= weights[g];
    return l->groups[g].first + draw_below(k, "recording", 0, l->groups[g].n);
}

static void add(struct replay *r, size_t *cap, struct session s)
{
    if (r->n_sessions == *cap) {
        *cap = *cap > 0 ? *cap * 2 : 1024;
        r->sessions = xrealloc(r->sessions, *cap * sizeof(s));
    }
    r->sessions[r->n_sessions++] = s;
}

bool plan_make(struct replay *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    size_t cap = 0;
    int64_t left = r->o.events;
    if (r->o.days <= 0)
        r->o.days = r->o.events > 10 * MILLION ? 3 * DEFAULT_DAYS : DEFAULT_DAYS;
    r->begin = LAST_INSTANT - r->o.days * TICKS_PER_DAY;
    r->cast = cast_make(r->o.seed, r->o.cast_of > 0 ? r->o.cast_of : r->o.events, r->begin);
    struct hours h = hours_make(a, r->begin, r->o.days);
    while (left > 0) {
        struct draw_key k = draw_key(r->o.seed, r->n_sessions);
        struct session s = {.recording = (uint8_t)draw_recording(&r->lib, k)};
        const struct recording *rec = &r->lib.recordings[s.recording];
        s.rows = left < (int64_t)rec->n ? (uint32_t)left : (uint32_t)rec->n;
        s.start = start_of(r, &h, k, rec);
        left -= s.rows;
        add(r, &cap, s);
        if (r->n_sessions == UINT32_MAX / 2)
            return err_set(e, ERR_INVALID, "--events is too large");
    }
    for (int copy = 1; copy <= r->o.needles; copy++)
        for (size_t i = 0; i < N_ATTACKS; i++) {
            struct draw_key k = draw_key(r->o.seed, r->n_sessions);
            struct session s = {.recording = (uint8_t)i, .needle = (uint8_t)copy};
            s.rows = (uint32_t)r->lib.attacks[i]->n;
            s.start = start_of(r, &h, k, r->lib.attacks[i]);
            add(r, &cap, s);
        }
    return true;
}

/* ---- needles ---- */

static bool whole(const struct replay *r, uint32_t i)
{
    return r->sessions[i].needle == 0 && r->sessions[i].rows == session_recording(r, i)->n;
}

/* Where the row with this number is among those of a table (SIZE_MAX: of all). */
static struct plant place(const struct replay *r, size_t table, uint64_t ordinal)
{
    struct plant p = {0};
    for (;; p.session++) {
        const struct recording *rec = session_recording(r, p.session);
        uint64_t n = table == SIZE_MAX ? rec->n : rec->rows_of[table];
        if (whole(r, p.session) && ordinal < n)
            break;
        ordinal -= whole(r, p.session) ? n : 0;
    }
    const struct recording *rec = session_recording(r, p.session);
    for (;; p.row++) {
        if (table != SIZE_MAX && rec->rows[p.row].table != table)
            continue;
        if (ordinal-- == 0)
            return p;
    }
}

static uint64_t count_rows(const struct replay *r, size_t table)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < r->n_sessions; i++)
        if (whole(r, i))
            n += table == SIZE_MAX ? session_recording(r, i)->n
                                   : session_recording(r, i)->rows_of[table];
    return n;
}

struct planter {
    struct replay *r;
    struct arena *a;
    VEC(struct plant) plants;
    VEC(struct replay_needle) needles;
};

/* False: the row's table has no column for it. */
static bool plant_text(struct planter *p, struct plant at, const char *text)
{
    const struct template *t = &session_recording(p->r, at.session)->rows[at.row];
    const char *carrier = table_carrier(p->r->lib.tables[t->table]);
    if (carrier == NULL)
        return false;
    if (t->has_carrier)
        at.text = arena_fmt(p->a, " %s", text);
    else
        at.member = arena_fmt(p->a, ",\"%s\":\"%s\"", carrier, text);
    VEC_PUSH(p->a, &p->plants, at);
    return true;
}

static void needle(struct planter *p, const char *kind, struct str name, struct str table,
                   struct str query, int64_t rows)
{
    struct replay_needle n = {kind, name, table, query, rows};
    VEC_PUSH(p->a, &p->needles, n);
}

/* A GUID that one row of the table has. */
static void plant_once(struct planter *p, struct draw_key k, size_t table)
{
    struct str name = p->r->lib.tables[table];
    uint64_t n = count_rows(p->r, table), high = draw(k, "once", table * 2);
    char guid[40];
    if (n == 0 || table_carrier(name) == NULL)
        return;
    snprintf(guid, sizeof(guid), "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xfff,
             (unsigned)(high >> 12) & 0xfff,
             (unsigned long long)(draw(k, "once", table * 2 + 1) >> 16));
    struct plant at = place(p->r, table, draw_below(k, "once in", table, n));
    if (plant_text(p, at, guid))
        needle(p, "once", name, name,
               arena_fmt(p->a, "%.*s | where %s has '%s' | count", STR_ARG(name),
                         table_carrier(name), guid),
               1);
}

static void plant_million(struct planter *p, struct draw_key k)
{
    int64_t rows = 0, n = (int64_t)count_rows(p->r, SIZE_MAX);
    for (int64_t from = 0; from < n; from += MILLION) {
        uint64_t size = (uint64_t)(n - from < MILLION ? n - from : MILLION);
        for (uint64_t i = 0;; i++) /* a row whose table has a column for it */
            if (plant_text(
                    p,
                    place(p->r, SIZE_MAX,
                          (uint64_t)from + draw_below(k, "million", (uint64_t)from + i, size)),
                    "ndlmillionth")) {
                rows++;
                break;
            }
    }
    needle(p, "million", STR("ndlmillionth"), STR("*"), STR("search 'ndlmillionth' | count"), rows);
}

static void plant_sparse(struct planter *p, struct draw_key k)
{
    for (size_t table = 0; table < p->r->lib.n_tables; table++) {
        struct str name = p->r->lib.tables[table];
        const char *column = table_sparse(name);
        uint64_t n = column != NULL ? count_rows(p->r, table) : 0;
        if (n < SPARSE_ROWS)
            continue;
        for (uint64_t i = 0; i < SPARSE_ROWS; i++) {
            uint64_t from = n * i / SPARSE_ROWS, size = n * (i + 1) / SPARSE_ROWS - from;
            struct plant at = place(p->r, table, from + draw_below(k, column, i, size));
            at.member = arena_fmt(p->a, ",\"%s\":\"ndl-rare-%u\"", column, (unsigned)i);
            VEC_PUSH(p->a, &p->plants, at);
        }
        needle(p, "sparse", name, name,
               arena_fmt(p->a, "%.*s | where isnotempty(%s) | count", STR_ARG(name), column),
               SPARSE_ROWS);
    }
}

static void plan_attacks(struct planter *p)
{
    for (size_t i = 0; i < N_ATTACKS; i++) {
        const struct attack *x = &attacks[i];
        const struct recording *rec = p->r->lib.attacks[i];
        struct str more =
            x->column == NULL ? STR("") : arena_fmt(p->a, " and %s has '%s'", x->column, x->text);
        needle(p, "attack", str_from(x->name), STR("SecurityEvent"),
               arena_fmt(p->a,
                         "SecurityEvent | where Computer startswith 'ndl-%s-' and EventID == %d"
                         "%.*s | count",
                         x->name, (int)x->event_id, STR_ARG(more)),
               rec->signature * p->r->o.needles);
        for (size_t t = 0; t < p->r->lib.n_tables; t++)
            if (rec->rows_of[t] > 0)
                needle(p, "attack", str_from(x->name), p->r->lib.tables[t],
                       arena_fmt(p->a, "%.*s | where Computer startswith 'ndl-%s-' | count",
                                 STR_ARG(p->r->lib.tables[t]), x->name),
                       (int64_t)rec->rows_of[t] * p->r->o.needles);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct plant *x = a, *y = b;
    if (x->session != y->session)
        return x->session < y->session ? -1 : 1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return str_cmp(x->text, y->text) != 0 ? str_cmp(x->text, y->text)
                                          : str_cmp(x->member, y->member);
}

void plan_needles(struct replay *r)
{
    struct planter p = {.r = r, .a = r->lib.a};
    struct draw_key k = draw_key(r->o.seed, UINT64_MAX - 1);
    if (r->o.needles == 0)
        return;
    plan_attacks(&p);
    for (size_t table = 0; table < r->lib.n_tables; table++)
        plant_once(&p, k, table);
    if (count_rows(r, SIZE_MAX) > 0)
        plant_million(&p, k);
    plant_sparse(&p, k);
    if (p.plants.n > 0)
        qsort(p.plants.p, p.plants.n, sizeof(*p.plants.p), by_place);
    r->plants = p.plants.p;
    r->n_plants = p.plants.n;
    r->needles = p.needles.p;
    r->n_needles = p.needles.n;
}
