/* Server-sent events (HTML Living Standard, 9.2). Writers note what was committed (pending); one
 * thread makes events of it, keeps the last of them in a ring, and hands them to the subscriptions'
 * streams. Nothing waits for a client: one that reads too slowly loses its connection and comes
 * back with Last-Event-ID.
 *
 * Locks: events.lock (what is pending; taken by the store's writers, so held for a moment only) and
 * events.subscribers (the ring and the subscriptions; the control database's is taken inside it).
 */
#include "api/events.h"
#include "api/api_priv.h"
#include "base/clock.h"
#include "base/ids.h"
#include "text/date.h"
#include "text/json.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

enum {
    RING = 1024,
    MAX_NOTED = 10000, /* tables with rows that no event has told of */
    STREAM_BYTES = 256 << 10,
    SECOND_US = 1000000,
    HEARTBEAT_US = 15 * SECOND_US,
    CHECK_US = SECOND_US, /* a caller's rights are never older than that when an event is sent */
    NAME_BYTES = 256,
    MOST = 256,
    MOST_EACH = 16
};

/* A topic, the right that its events need, and the tables whose rows it tells of; NULL: all. */
static const struct topic {
    const char *name, *right, *table;
} topics[] = {
    {"incidents", "incidents/read", "SecurityIncident"},
    {"alerts", "incidents/read", "SecurityAlert"},
    {"rules", "rules/read", "SentinelHealth"},
    {"rules", "rules/read", "SentinelAudit"},
    {"ingestion", "tables/read", NULL},
};

struct noted {
    char workspace[37], table[NAME_BYTES];
    size_t rows;    /* that no event has told of */
    int64_t due_us; /* not before */
};
struct event {
    const struct topic *topic;
    char workspace[37], table[NAME_BYTES];
    uint64_t id;
    size_t rows;
    int64_t at; /* ticks */
};
struct subscriber {
    struct subscriber *next;
    struct http_stream *stream;
    struct arena *own;         /* what lives as long as the subscription */
    struct http_request asked; /* credentials, to be checked again */
    struct arena *checked;     /* of caller */
    const struct identity_caller *caller;
    int64_t checked_us, sent_us;
    struct str principal, *workspaces; /* ids */
    size_t n_workspaces;
    bool all_workspaces, wants[COUNTOF(topics)];
};
struct events {
    struct vedette *v;
    struct events_limits limits;
    char boot[9]; /* event ids of another start are none of ours */
    pthread_t thread;
    struct lock lock;
    struct cond wake;
    bool stop, lost;
    VEC(struct noted) noted;
    struct arena *a;
    struct lock subscribers_lock;
    struct subscriber *subscribers;
    size_t n_subscribers;
    bool stopped;
    struct event ring[RING];
    uint64_t last; /* id of the newest; 0: there was none */
};

static void copy_name(char *to, size_t max, struct str from)
{
    snprintf(to, max, "%.*s", STR_ARG(from));
}

/* ---- writers ---- */

static struct noted *noted_find(struct events *ev, struct str workspace, struct str table)
{
    struct noted *free_one = NULL;
    for (size_t i = 0; i < ev->noted.n; i++) {
        struct noted *x = &ev->noted.p[i];
        if (str_eqz(workspace, x->workspace) && str_eqz(table, x->table))
            return x;
        if (x->rows == 0 && x->due_us <= clock_mono_us())
            free_one = x;
    }
    if (free_one == NULL && ev->noted.n < MAX_NOTED) {
        VEC_PUSH(ev->a, &ev->noted, (struct noted){0});
        free_one = &ev->noted.p[ev->noted.n - 1];
    }
    if (free_one == NULL)
        return NULL;
    *free_one = (struct noted){0};
    copy_name(free_one->workspace, sizeof(free_one->workspace), workspace);
    copy_name(free_one->table, sizeof(free_one->table), table);
    return free_one;
}

static void note(void *self, struct workspace *w, struct str table, size_t rows)
{
    struct events *ev = self;
    lock_take(&ev->lock);
    struct noted *x = noted_find(ev, workspace_id(w), table);
    if (x != NULL)
        x->rows += rows;
    ev->lost = ev->lost || x == NULL;
    cond_signal(&ev->wake);
    lock_drop(&ev->lock);
}

/* ---- the ring ---- */

static void ring_add(struct events *ev, const struct noted *x, const struct topic *t)
{
    struct event *e = &ev->ring[++ev->last % RING];
    *e = (struct event){
        .topic = t, .id = ev->last, .rows = x->rows, .at = clock_now(ev->v->o.clock)};
    memcpy(e->workspace, x->workspace, sizeof(e->workspace));
    memcpy(e->table, x->table, sizeof(e->table));
}

/* What is due becomes events; *wait_us: until something else is. */
static void collect(struct events *ev, int64_t *wait_us, bool *lost, size_t *n)
{
    struct noted due[64];
    int64_t now = clock_mono_us();
    *n = 0;
    lock_take(&ev->lock);
    *lost = ev->lost;
    ev->lost = false;
    for (size_t i = 0; i < ev->noted.n; i++) {
        struct noted *x = &ev->noted.p[i];
        if (x->rows == 0)
            continue;
        int64_t left = x->due_us - now;
        if (left <= 0 && *n < COUNTOF(due)) {
            due[(*n)++] = *x;
            x->rows = 0;
            x->due_us = now + SECOND_US;
        } else if (left < *wait_us) {
            *wait_us = left > 0 ? left : 0;
        }
    }
    lock_drop(&ev->lock);
    lock_take(&ev->subscribers_lock);
    for (size_t i = 0; i < *n; i++)
        for (size_t t = 0; t < COUNTOF(topics); t++)
            if (topics[t].table == NULL || strcmp(topics[t].table, due[i].table) == 0)
                ring_add(ev, &due[i], &topics[t]);
    lock_drop(&ev->subscribers_lock);
}

/* ---- subscriptions ---- */

static void subscriber_free(struct subscriber *s)
{
    http_stream_end(s->stream);
    http_stream_unref(s->stream);
    arena_free(s->checked);
    arena_free(s->own);
    xfree(s);
}

/* May the caller still be here? Asked of the credentials, not of what they once allowed. */
static bool check_again(struct events *ev, struct subscriber *s, int64_t now)
{
    struct err e = {0};
    struct arena *a = arena_new(0);
    struct http_request q = s->asked;
    if (now - s->checked_us < CHECK_US) {
        arena_free(a);
        return true;
    }
    q.arena = a;
    if (!api_authorise(ev->v, &q, &e)) {
        arena_free(a);
        /* Whether it gets there or not, the stream ends. */
        bool told = http_stream_add(s->stream, STR("event: end\ndata: {}\n\n"));
        (void)told;
        return false;
    }
    arena_free(s->checked);
    s->checked = a;
    s->caller = q.principal;
    s->checked_us = now;
    return true;
}

static bool wants(const struct subscriber *s, const struct event *e)
{
    bool named = s->all_workspaces;
    for (size_t i = 0; i < s->n_workspaces; i++)
        named = named || str_eqz(s->workspaces[i], e->workspace);
    bool any_table = e->topic->table == NULL;
    return named && s->wants[e->topic - topics] &&
           identity_allows(s->caller, e->topic->right, str_from(e->workspace)) &&
           (!any_table ||
            api_caller_sees_table(s->caller, str_from(e->workspace), str_from(e->table)));
}

static bool send_event(struct events *ev, struct subscriber *s, const struct event *e, int64_t now)
{
    if (!wants(s, e))
        return true;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    sbuf_addf(&b, "id: %s-%llu\nevent: %s\ndata: ", ev->boot, (unsigned long long)e->id,
              e->topic->name);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_z(&o, "workspace", e->workspace);
    json_kv_z(&o, "table", e->table);
    json_kv_int(&o, "rows", (int64_t)e->rows);
    json_kv_time(&o, "time", e->at);
    json_obj_end(&o);
    sbuf_addz(&b, "\n\n");
    s->sent_us = now;
    return sbuf_ok(&b) && http_stream_add(s->stream, sbuf_str(&b));
}

static bool serve_one(struct events *ev, struct subscriber *s, uint64_t after, bool lost)
{
    int64_t now = clock_mono_us();
    bool beat = now - s->sent_us >= HEARTBEAT_US;
    if (http_stream_gone(s->stream))
        return false;
    if (!beat && !lost && after == ev->last)
        return true;
    if (!check_again(ev, s, now))
        return false;
    if (lost && !http_stream_add(s->stream, STR("event: reset\ndata: {}\n\n")))
        return false;
    for (uint64_t id = after + 1; id <= ev->last; id++)
        if (!send_event(ev, s, &ev->ring[id % RING], now))
            return false;
    if (!beat)
        return true;
    s->sent_us = now;
    return http_stream_add(s->stream, STR(": still here\n\n"));
}

static void serve_all(struct events *ev, uint64_t after, bool lost)
{
    lock_take(&ev->subscribers_lock);
    for (struct subscriber **at = &ev->subscribers; *at != NULL;) {
        struct subscriber *s = *at;
        if (serve_one(ev, s, after, lost)) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        ev->n_subscribers--;
        subscriber_free(s);
    }
    lock_drop(&ev->subscribers_lock);
}

static bool sleep_until_due(struct events *ev, int64_t wait_us)
{
    lock_take(&ev->lock);
    bool news = ev->lost;
    for (size_t i = 0; !news && i < ev->noted.n; i++)
        news = ev->noted.p[i].rows > 0 && ev->noted.p[i].due_us <= clock_mono_us();
    if (!ev->stop && !news && wait_us > 0)
        (void)cond_wait_us(&ev->wake, &ev->lock, wait_us);
    bool stop = ev->stop;
    lock_drop(&ev->lock);
    return !stop;
}

static void *events_main(void *arg)
{
    struct events *ev = arg;
    int64_t wait_us = 0;
    while (sleep_until_due(ev, wait_us)) {
        bool lost = false;
        size_t n = 0;
        wait_us = SECOND_US; /* how late a heartbeat may be */
        uint64_t before = ev->last;
        collect(ev, &wait_us, &lost, &n);
        serve_all(ev, before, lost);
    }
    return NULL;
}

/* ---- the request ---- */

static bool read_topics(struct subscriber *s, struct str text, struct err *e)
{
    for (size_t t = 0; t < COUNTOF(topics); t++)
        s->wants[t] = text.n == 0;
    while (text.n > 0) {
        size_t end = text.n;
        bool known = false;
        (void)str_find(text, STR(","), &end);
        struct str name = str_trim(str_sub(text, 0, end));
        text = str_sub(text, end + 1, text.n);
        for (size_t t = 0; t < COUNTOF(topics); t++)
            if (str_ieqz(name, topics[t].name))
                known = s->wants[t] = true;
        if (!known)
            return err_set(e, ERR_INVALID,
                           "topics: '%.*s' is no topic; incidents, alerts, rules or ingestion "
                           "expected",
                           (int)(name.n < 40 ? name.n : 40), name.p);
    }
    return true;
}

static bool read_workspaces(struct events *ev, struct subscriber *s, struct str text, struct err *e)
{
    s->all_workspaces = text.n == 0;
    s->workspaces = arena_array(s->own, struct str, text.n + 1);
    while (text.n > 0) {
        size_t end = text.n;
        (void)str_find(text, STR(","), &end);
        struct str name = str_trim(str_sub(text, 0, end));
        struct workspace *w = store_workspace_find(ev->v->store, name);
        text = str_sub(text, end + 1, text.n);
        if (w == NULL)
            return err_set(e, ERR_NOT_FOUND, "The workspace '%.*s' could not be found.",
                           (int)(name.n < 80 ? name.n : 80), name.p);
        s->workspaces[s->n_workspaces++] = arena_str(s->own, workspace_id(w));
    }
    return true;
}

/* What is needed to ask again who calls: the request without its body. */
static void keep_request(struct subscriber *s, const struct http_request *q)
{
    struct http_request *k = &s->asked;
    *k = (struct http_request){.method = HTTP_GET, .route = q->route, .n_headers = q->n_headers};
    memcpy(k->id, q->id, sizeof(k->id));
    k->remote = arena_str(s->own, q->remote);
    k->path = arena_str(s->own, q->path);
    k->headers = arena_array(s->own, struct http_pair, q->n_headers + 1);
    for (size_t i = 0; i < q->n_headers; i++)
        k->headers[i] = (struct http_pair){arena_str(s->own, q->headers[i].name),
                                           arena_str(s->own, q->headers[i].value)};
}

/* Where a client that comes back left off. false: that can't be told any more. */
static bool resume_after(const struct events *ev, struct str id, uint64_t *after)
{
    int64_t n = 0;
    *after = ev->last;
    if (id.n == 0)
        return true;
    if (id.n < 10 || !str_starts(id, str_from(ev->boot)) || !str_to_i64(str_sub(id, 9, id.n), &n) ||
        n < 0 || (uint64_t)n > ev->last || ev->last - (uint64_t)n > RING)
        return false;
    *after = (uint64_t)n;
    return true;
}

static bool has_place(const struct events *ev, struct str principal, struct err *e)
{
    size_t own = 0;
    for (const struct subscriber *s = ev->subscribers; s != NULL; s = s->next)
        own += str_eq(s->principal, principal) && !http_stream_gone(s->stream);
    if (ev->stopped)
        return err_set(e, ERR_BUSY, "The server is stopping.");
    if (own >= ev->limits.most_each)
        return err_set(e, ERR_BUSY, "There are %zu open streams of events of this caller already.",
                       own);
    return ev->n_subscribers < ev->limits.most ||
           err_set(e, ERR_BUSY, "There are %zu open streams of events already.", ev->n_subscribers);
}

static bool join(struct events *ev, struct subscriber *s, struct str last_id, struct err *e)
{
    uint64_t after = 0;
    lock_take(&ev->subscribers_lock);
    bool ok = has_place(ev, s->principal, e);
    if (ok) {
        bool known = resume_after(ev, last_id, &after);
        ok = http_stream_add(s->stream, STR("retry: 3000\n\n")) &&
             (known || http_stream_add(s->stream, STR("event: reset\ndata: {}\n\n"))) &&
             serve_one(ev, s, after, false);
        if (!ok)
            err_set(e, ERR_FORBIDDEN, "The caller's rights have just changed.");
    }
    if (ok) {
        s->next = ev->subscribers;
        ev->subscribers = s;
        ev->n_subscribers++;
    }
    lock_drop(&ev->subscribers_lock);
    return ok;
}

void events_subscribe(struct events *ev, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct subscriber *s = xcalloc(1, sizeof(*s));
    s->own = arena_new(0);
    s->checked = arena_new(0);
    s->stream = http_stream_new(STREAM_BYTES);
    s->sent_us = clock_mono_us();
    s->principal = arena_str(s->own, api_caller(q)->id);
    keep_request(s, q);
    struct str last_id = http_header(q, "last-event-id");
    struct http_stream *stream = http_stream_ref(s->stream);
    if (read_topics(s, http_query(q, "topics"), &e) &&
        read_workspaces(ev, s, http_query(q, "workspaces"), &e) && join(ev, s, last_id, &e)) {
        http_response_header(r, "Cache-Control", STR("no-store"));
        r->content_type = "text/event-stream";
        r->stream = stream;
        return;
    }
    http_stream_unref(stream);
    subscriber_free(s);
    if (e.code == ERR_BUSY)
        http_response_header(r, "Retry-After", STR("5"));
    api_error_status(ev->v, q, e.code == ERR_BUSY ? 429 : http_status_of(e.code), &e, r);
}

/* ---- life ---- */

struct events *events_open(struct vedette *v, const struct events_limits *o)
{
    struct events *ev = xcalloc(1, sizeof(*ev));
    char id[37];
    sigset_t all, before;
    ev->v = v;
    ev->limits = *o;
    ev->limits.most = o->most > 0 ? o->most : MOST;
    ev->limits.most_each = o->most_each > 0 ? o->most_each : MOST_EACH;
    guid_format(guid_new(), id);
    snprintf(ev->boot, sizeof(ev->boot), "%.8s", id);
    ev->a = arena_new(0);
    lock_init(&ev->lock, "events");
    lock_init(&ev->subscribers_lock, "events subscribers");
    cond_init(&ev->wake);
    sigfillset(&all); /* signals belong to the main thread */
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    CHECK(pthread_create(&ev->thread, NULL, events_main, ev) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    store_watch_rows(v->store, note, ev);
    return ev;
}

void events_stop(struct events *ev)
{
    if (ev == NULL)
        return;
    lock_take(&ev->lock);
    bool again = ev->stop;
    ev->stop = true;
    cond_signal(&ev->wake);
    lock_drop(&ev->lock);
    if (again)
        return;
    CHECK(pthread_join(ev->thread, NULL) == 0);
    lock_take(&ev->subscribers_lock);
    ev->stopped = true;
    for (struct subscriber *s = ev->subscribers, *next; s != NULL; s = next) {
        next = s->next;
        subscriber_free(s);
    }
    ev->subscribers = NULL;
    ev->n_subscribers = 0;
    lock_drop(&ev->subscribers_lock);
}

void events_free(struct events *ev)
{
    if (ev == NULL)
        return;
    arena_free(ev->a);
    cond_fini(&ev->wake);
    lock_fini(&ev->subscribers_lock);
    lock_fini(&ev->lock);
    xfree(ev);
}
