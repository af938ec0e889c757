/* A session's rows: the pieces of its recording joined with what its cast is called. */
#include <stdio.h>

#include "base/ids.h"
#include "replay/replay_priv.h"
#include "text/date.h"

enum { JITTER_MS = 20, PROCESS_IDS = 1 << 16, LATE_PER_10K = 50 };

struct actors {
    struct str (*names)[2]; /* as recorded in small letters, in capitals */
    struct arena *a;
    uint64_t process_offset;
    int64_t start;
};

static struct str in_case(struct arena *a, const char *text, bool upper)
{
    struct str s = arena_str(a, str_from(text));
    char *p = arena_strz(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (upper && p[i] >= 'a' && p[i] <= 'z')
            p[i] = (char)(p[i] - 'a' + 'A');
        else if (!upper && p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    return (struct str){p, s.n};
}

/* Whom the nth host of the recording is; two of them are two. */
static uint32_t host_of(const struct replay *r, struct draw_key k, bool people, uint32_t nth)
{
    uint32_t first = cast_session(&r->cast, k, people).host;
    if (nth == 0)
        return first;
    uint32_t host = cast_host(&r->cast, k, nth);
    return host == first ? (host + 1) % r->cast.n_hosts : host;
}

static uint32_t user_of(const struct replay *r, struct draw_key k, uint32_t nth)
{
    return nth == 0 ? cast_session(&r->cast, k, false).user : cast_user(&r->cast, k, nth);
}

static void guid_text(struct draw_key k, uint32_t nth, char out[CAST_TEXT])
{
    uint64_t high = draw(k, "guid", (uint64_t)nth * 2),
             low = draw(k, "guid", (uint64_t)nth * 2 + 1);
    struct guid g;
    memcpy(g.b, &high, 8);
    memcpy(g.b + 8, &low, 8);
    g.b[6] = (uint8_t)((g.b[6] & 0x0f) | 0x40);
    g.b[8] = (uint8_t)((g.b[8] & 0x3f) | 0x80);
    guid_format(g, out);
}

static void rid_text(const struct replay *r, struct draw_key k, const struct recording *rec,
                     const struct entity *x, bool needle, char out[CAST_TEXT])
{
    const struct entity *of = x->link > 0 ? &rec->entities[x->link - 1] : NULL;
    uint32_t rid = 1100 + cast_user(&r->cast, k, 100 + x->nth);
    if (needle)
        rid = 900000 + x->nth;
    else if (of != NULL && of->kind == ENTITY_HOST)
        rid = 100000 + host_of(r, k, rec->people, of->nth);
    else if (of != NULL)
        rid = 1100 + user_of(r, k, of->nth);
    snprintf(out, CAST_TEXT, "%u", rid);
}

static void logon_text(struct draw_key k, const struct entity *x, char out[CAST_TEXT])
{
    unsigned digits = x->link < 16 ? x->link : 16;
    uint64_t top = UINT64_C(1) << (4 * (digits - 1));
    uint64_t v = draw(k, "logon", x->nth);
    v = top + (digits > 1 ? v % (top * (digits < 16 ? 15 : 7)) : 0);
    snprintf(out, CAST_TEXT, "0x%llx", (unsigned long long)v);
}

static void address_text(const struct replay *r, struct draw_key k, const struct recording *rec,
                         const struct entity *x, int64_t at, char out[CAST_TEXT])
{
    uint32_t nth = x->nth < rec->of_kind[ENTITY_HOST] ? x->nth : 1000 + x->nth;
    uint32_t host = host_of(r, k, rec->people, nth);
    if (x->kind == ENTITY_EXTERNAL)
        cast_external(&r->cast, k, x->nth, out);
    else if (x->kind == ENTITY_INTERNAL)
        cast_internal(&r->cast, host, at, out);
    else {
        uint64_t v = draw(r->cast.key, "link", host);
        snprintf(out, CAST_TEXT, "fe80::%x:%x:%x:%x", (unsigned)(v >> 48) | 1,
                 (unsigned)(v >> 32) & 0xffff, (unsigned)(v >> 16) & 0xffff, (unsigned)v & 0xffff);
    }
}

static void actor_text(const struct replay *r, uint32_t session, const struct entity *x,
                       int64_t start, char out[CAST_TEXT])
{
    const struct recording *rec = session_recording(r, session);
    const struct session *s = &r->sessions[session];
    struct draw_key k = draw_key(r->o.seed, session);
    uint32_t host;
    switch (x->kind) {
    case ENTITY_HOST:
        host = host_of(r, k, rec->people, x->nth);
        cast_host_name(host, host < r->cast.n_servers, out);
        break;
    case ENTITY_USER:
        cast_user_name(user_of(r, k, x->nth), out);
        break;
    case ENTITY_RID:
        rid_text(r, k, rec, x, s->needle > 0, out);
        break;
    case ENTITY_INTERNAL:
    case ENTITY_EXTERNAL:
    case ENTITY_LINK_LOCAL:
        address_text(r, k, rec, x, start, out);
        break;
    case ENTITY_GUID:
        guid_text(k, x->nth, out);
        break;
    case ENTITY_LOGON:
        logon_text(k, x, out);
        break;
    case ENTITY_URL:
        cast_url(&r->cast, k, x->nth, out);
        break;
    case ENTITY_N:
        UNREACHABLE();
    }
    if (s->needle > 0 && x->kind <= ENTITY_USER)
        snprintf(out, CAST_TEXT, "ndl-%s-%u-%c%u", attacks[s->recording].name, s->needle,
                 x->kind == ENTITY_HOST ? 'h' : 'u', x->nth);
}

static struct actors actors_make(const struct replay *r, uint32_t session, struct arena *a)
{
    const struct recording *rec = session_recording(r, session);
    struct actors who = {.a = a, .start = r->sessions[session].start};
    who.names = arena_alloc(a, sizeof(*who.names) * (rec->n_entities + 1));
    for (size_t i = 0; i < rec->n_entities; i++) {
        char text[CAST_TEXT];
        actor_text(r, session, &rec->entities[i], who.start, text);
        who.names[i][0] = in_case(a, text, false);
        who.names[i][1] =
            rec->entities[i].kind == ENTITY_LOGON ? who.names[i][0] : in_case(a, text, true);
    }
    who.process_offset =
        draw_below(draw_key(r->o.seed, session), "process", 0, PROCESS_IDS / 4) * 4;
    return who;
}

/* ---- pieces ---- */

static char *digits(char *to, uint32_t v, int n)
{
    for (int i = n - 1; i >= 0; i--, v /= 10)
        to[i] = (char)('0' + v % 10);
    return to + n;
}

static void add_time(struct sbuf *b, int64_t ticks, unsigned form)
{
    char text[32], *p = text;
    if (form & TIME_EPOCH) {
        int64_t us = (ticks - TICKS_UNIX_EPOCH) / 10;
        sbuf_addf(b, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
        return;
    }
    struct civil c = civil_from_ticks(ticks);
    p = digits(p, (uint32_t)c.year, 4);
    *p++ = '-';
    p = digits(p, (uint32_t)c.month, 2);
    *p++ = '-';
    p = digits(p, (uint32_t)c.day, 2);
    *p++ = form & TIME_BLANK ? ' ' : 'T';
    p = digits(p, (uint32_t)c.hour, 2);
    *p++ = ':';
    p = digits(p, (uint32_t)c.minute, 2);
    *p++ = ':';
    p = digits(p, (uint32_t)c.second, 2);
    if ((form & TIME_DIGITS) > 0) {
        *p++ = '.';
        digits(p, (uint32_t)c.ticks, 7);
        p += form & TIME_DIGITS;
    }
    if (form & TIME_ZONE)
        *p++ = 'Z';
    sbuf_addmem(b, text, (size_t)(p - text));
}

static void add_process(struct sbuf *b, const struct actors *who, const struct piece *p)
{
    uint64_t v = (uint64_t)p->value;
    if (v > 4 && v < PROCESS_IDS) { /* 0 and 4 are the idle process and the system */
        v = (v + who->process_offset) % PROCESS_IDS;
        v = v > 4 ? v : v + 8;
    }
    sbuf_addf(b, p->form & PROCESS_HEX ? "0x%llx" : "%llu", (unsigned long long)v);
}

/* What is planted in a row: planted to planted + n. */
struct planted {
    const struct plant *p;
    size_t n;
};

static void add_planted(struct sbuf *b, struct planted plants, bool tail)
{
    for (size_t i = 0; i < plants.n; i++)
        sbuf_add(b, tail ? plants.p[i].member : plants.p[i].text);
}

static void add_row(struct sbuf *b, const struct template *t, const struct actors *who,
                    int64_t time, struct planted plants)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct piece *p = &t->pieces[i];
        sbuf_addmem(b, p->text, p->n);
        switch ((enum piece_kind)p->kind) {
        case PIECE_TEXT:
            break;
        case PIECE_ENTITY:
            sbuf_add(b, who->names[p->index][p->form]);
            break;
        case PIECE_PROCESS:
            add_process(b, who, p);
            break;
        case PIECE_TIME:
            add_time(b, time + p->value, p->form);
            break;
        case PIECE_SUFFIX:
            add_planted(b, plants, false);
            break;
        case PIECE_TAIL:
            add_planted(b, plants, true);
            break;
        }
    }
}

/* Plants from *at on that belong to the row; moves *at behind them. */
static struct planted planted_in(const struct replay *r, size_t *at, uint32_t session, uint32_t row)
{
    struct planted out = {r->n_plants > 0 ? r->plants + *at : NULL, 0};
    for (; *at < r->n_plants && r->plants[*at].session == session && r->plants[*at].row == row;
         (*at)++)
        out.n++;
    return out;
}

static size_t first_plant(const struct replay *r, uint32_t session)
{
    size_t low = 0, high = r->n_plants;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (r->plants[mid].session < session)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static int64_t arrival_of(struct draw_key k, uint64_t row, int64_t time)
{
    uint64_t late = draw_below(k, "late", row, 10000);
    if (late < LATE_PER_10K)
        return time + TICKS_PER_SECOND * (int64_t)(60 + draw_below(k, "late by", row, 29 * 60));
    if (late == LATE_PER_10K)
        return time + TICKS_PER_DAY +
               (int64_t)draw_below(k, "days late", row, (uint64_t)TICKS_PER_DAY);
    return time;
}

struct rendered session_render(const struct replay *r, uint32_t session)
{
    const struct recording *rec = session_recording(r, session);
    const struct session *s = &r->sessions[session];
    struct draw_key k = draw_key(r->o.seed, session);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct actors who = actors_make(r, session, a);
    struct rendered out = {xcalloc(s->rows, sizeof(*out.rows)), s->rows, sbuf_make(0)};
    size_t plant = first_plant(r, session), from = 0;
    int64_t before = 0;
    for (uint32_t i = 0; i < s->rows; i++) {
        int64_t jitter = (int64_t)draw_below(k, "jitter", i, JITTER_MS * TICKS_PER_MS);
        int64_t time = s->start + rec->rows[i].offset + jitter;
        time = time > before ? time : before;
        before = time;
        add_row(&out.text, &rec->rows[i], &who, time, planted_in(r, &plant, session, i));
        out.rows[i] = (struct replay_row){.session = session, .row = i, .time = time};
        out.rows[i].table = rec->rows[i].table;
        out.rows[i].arrival = arrival_of(k, i, time);
        out.rows[i].json.n = out.text.n - from;
        from = out.text.n;
    }
    CHECK(sbuf_ok(&out.text));
    const char *p = sbuf_str(&out.text).p;
    for (uint32_t i = 0; i < s->rows; p += out.rows[i++].json.n)
        out.rows[i].json.p = p;
    return out;
}
