/* Sources: when each last brought something, how long it may be silent, and whether it is. What a
 * source may do is learned: twice the longest gap of the last eight days, within bounds; or it is
 * set. What was learned, and who is silent, is kept in the control database. */
#include "health/health_priv.h"
#include "state/cursors.h"
#include "text/date.h"

enum { MAX_SOURCES = 20000, MAX_STATE = 16 << 20, DAYS = HEALTH_DAYS };

static struct str key_of(struct arena *a, const struct store_count *c)
{
    return arena_fmt(a, "%.*s\n%.*s\n%.*s", STR_ARG(c->source), STR_ARG(c->stream),
                     STR_ARG(c->table));
}

static struct source *find(struct sources *l, struct str key)
{
    return map_get(l->by_key, key);
}

static struct source *add(struct sources *l, struct str source, struct str stream, struct str table)
{
    if (l->list.n >= MAX_SOURCES)
        return NULL;
    struct source *s = arena_new_of(l->a, struct source);
    s->source = arena_str(l->a, source);
    s->stream = arena_str(l->a, stream);
    s->table = arena_str(l->a, table);
    struct store_count c = {.source = s->source, .stream = s->stream, .table = s->table};
    map_put(l->by_key, key_of(l->a, &c), s);
    VEC_PUSH(l->a, &l->list, s);
    return s;
}

/* ---- what is kept ---- */

static void write_source(struct json_out *o, const struct source *s)
{
    json_obj(o);
    json_kv_str(o, "source", s->source);
    json_kv_str(o, "stream", s->stream);
    json_kv_str(o, "table", s->table);
    json_kv_int(o, "first", s->first);
    json_kv_int(o, "last", s->last);
    json_kv_int(o, "day", s->day);
    json_kv_bool(o, "silent", s->silent);
    json_key(o, "longest");
    json_arr(o);
    for (size_t i = 0; i < DAYS; i++)
        json_int(o, s->longest[i]);
    json_arr_end(o);
    json_obj_end(o);
}

static struct str state_name(const struct sources *l, struct arena *a)
{
    return arena_fmt(a, "sources/%.*s", STR_ARG(workspace_id(l->w)));
}

static bool save(struct health *h, struct sources *l, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_STATE);
    struct json_out o = json_out_make(&b);
    json_arr(&o);
    for (size_t i = 0; i < l->list.n; i++)
        write_source(&o, l->list.p[i]);
    json_arr_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "what is known of the sources is too large to be kept");
    return state_cursor_set(h->o.state, state_name(l, a), sbuf_str(&b), e);
}

static int64_t number(const struct json *row, const char *key)
{
    const struct json *v = json_get(row, key);
    return v != NULL && v->type == JSON_INT ? v->i : 0;
}

static void read_source(struct sources *l, const struct json *row)
{
    const struct json *silent = json_get(row, "silent"), *longest = json_get(row, "longest");
    struct source *s = add(l, json_text(json_get(row, "source"), STR("")),
                           json_text(json_get(row, "stream"), STR("")),
                           json_text(json_get(row, "table"), STR("")));
    if (s == NULL)
        return;
    s->first = number(row, "first");
    s->last = number(row, "last");
    s->day = number(row, "day");
    s->silent = silent != NULL && silent->type == JSON_TRUE;
    for (size_t i = 0; longest != NULL && i < longest->n && i < DAYS; i++)
        s->longest[i] = longest->items[i].type == JSON_INT ? longest->items[i].i : 0;
}

/* What can't be read is learned anew. */
static void load(struct health *h, struct sources *l)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct str text = STR("");
    struct json rows = {0};
    if (!state_cursor_get(h->o.state, a, state_name(l, a), &text, &e) ||
        (text.n > 0 && !json_parse(a, text, NULL, &rows, &e))) {
        LOG(LOG_WARN, "health", "what was known of the sources can't be read",
            log_s("workspace", workspace_name(l->w)), log_z("reason", e.msg));
        return;
    }
    for (size_t i = 0; text.n > 0 && rows.type == JSON_ARRAY && i < rows.n; i++)
        read_source(l, &rows.items[i]);
}

struct sources *sources_new(struct health *h, struct workspace *w)
{
    struct sources *l = xcalloc(1, sizeof(*l));
    l->w = w;
    l->a = arena_new(0);
    l->by_key = map_new(l->a, false);
    load(h, l);
    return l;
}

void sources_close(struct health *h, struct sources *l)
{
    struct err e = {0};
    if (l->list.n > 0 && !save(h, l, &e))
        LOG(LOG_WARN, "health", "what is known of the sources was not kept",
            log_z("reason", e.msg));
    arena_free(l->view_arena);
    arena_free(l->a);
    xfree(l);
}

/* ---- how long it may be silent ---- */

/* 0: it may be silent for ever, or too little is known of it. */
static int64_t allowed(const struct health *h, const struct source *s, int64_t now)
{
    struct health_silence_options o = h->o.silence;
    for (size_t i = 0; i < o.n_set; i++) {
        struct str of = o.set[i].source;
        if (str_ieq(of, s->source) ||
            (of.n == s->source.n + 1 + s->table.n && str_starts(of, s->source) &&
             of.p[s->source.n] == '/' && str_ends(of, s->table)))
            return o.set[i].allowed;
    }
    if (o.max == 0 || now - s->first < TICKS_PER_DAY)
        return 0;
    int64_t longest = 0;
    for (size_t i = 0; i < DAYS; i++)
        if (s->longest[i] > longest)
            longest = s->longest[i];
    int64_t twice = 2 * longest;
    return twice < o.min ? o.min : twice > o.max ? o.max : twice;
}

/* Days that have gone by without the source count as days without a gap. */
static void turn_day(struct source *s, int64_t now)
{
    int64_t day = now / TICKS_PER_DAY;
    for (int64_t d = day - s->day < DAYS ? s->day + 1 : day - DAYS + 1; d <= day; d++)
        s->longest[d % DAYS] = 0;
    s->day = day;
}

/* Time in which nothing could come, since the server was down or took nothing, is no silence. */
static int64_t since(const struct sources *l, const struct source *s)
{
    return s->last > l->listening_since ? s->last : l->listening_since;
}

static void arrived(struct sources *l, struct source *s, const struct store_count *c)
{
    if (s->first == 0)
        s->first = c->last;
    else if (c->last - since(l, s) > s->longest[s->day % DAYS])
        s->longest[s->day % DAYS] = c->last - since(l, s);
    s->last = c->last;
}

/* Rows by hour: of the last whole one, for people. */
static void count_rows(struct source *s, const struct store_count *c, int64_t now)
{
    int64_t hour = now / TICKS_PER_HOUR;
    if (hour != s->hour) {
        s->rows_last_hour = hour == s->hour + 1 ? c->stored - s->stored_at_hour : 0;
        s->stored_at_hour = c->stored;
        s->hour = hour;
    }
}

/* Not a source that should go on for ever: what the system writes itself, and what a person
 * imports. */
static bool is_watched(const struct store_count *c)
{
    return c->stored > 0 && c->reason.n == 0 && !str_eqz(c->source, "vedette") &&
           !str_eqz(c->source, "operator") && !str_eqz(c->source, "(other)");
}

static void look_at(struct health *h, struct sources *l, const struct store_count *c, int64_t now)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct source *s = find(l, key_of(a, c));
    if (s == NULL)
        s = add(l, c->source, c->stream, c->table);
    if (s == NULL)
        return;
    turn_day(s, now);
    count_rows(s, c, now);
    bool came = c->last > s->last;
    if (came)
        arrived(l, s, c);
    s->allowed = allowed(h, s, now);
    /* Only records end a silence, not a restart, nor a setting. */
    s->is_silent = !came && (s->silent || (s->allowed > 0 && now - since(l, s) > s->allowed));
}

/* ---- what is told ---- */

static struct str span_words(struct arena *a, int64_t ticks)
{
    char text[32];
    span_format(ticks - ticks % TICKS_PER_SECOND, text);
    return arena_str(a, str_from(text));
}

static bool put_row(struct health *h, struct sources *l, struct arena *a, const struct source *s,
                    int64_t now, struct err *e)
{
    char last[40];
    date_format(s->last, last);
    struct str silence = span_words(a, now - s->last), limit = span_words(a, s->allowed);
    struct health_event ev = {.operation = "Data fetch status change",
                              .status = s->is_silent ? "Failure" : "Success",
                              .reason = s->is_silent ? "SourceSilent" : "SourceBack",
                              .source = s->source,
                              .stream = s->stream,
                              .table = s->table,
                              .last = s->last,
                              .allowed = s->allowed};
    ev.description =
        s->is_silent
            ? arena_fmt(a, "Nothing came from %.*s for %.*s since %.*s; it may be silent for %.*s",
                        STR_ARG(s->source), STR_ARG(s->table), STR_ARG(silence), STR_ARG(limit))
            : arena_fmt(a, "%.*s brings records for %.*s again", STR_ARG(s->source),
                        STR_ARG(s->table));
    ev.key =
        arena_fmt(a, "%s/%.*s/%.*s/%.*s/%lld", s->is_silent ? "silent" : "back", STR_ARG(s->source),
                  STR_ARG(s->stream), STR_ARG(s->table), (long long)s->last);
    LOG(s->is_silent ? LOG_WARN : LOG_INFO, "health",
        s->is_silent ? "a source has fallen silent" : "a source is back",
        log_s("source", s->source), log_s("stream", s->stream), log_s("table", s->table),
        log_z("last", last));
    return health_event_put(h, a, l->w, &ev, e);
}

/* Rows and what they are about in one transaction; *n: rows. */
static bool tell(struct health *h, struct sources *l, int64_t now, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state *st = h->o.state;
    if (!state_begin(st, e))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < l->list.n; i++) {
        struct source *s = l->list.p[i];
        bool was = s->silent;
        if (was == s->is_silent)
            continue;
        ok = put_row(h, l, a, s, now, e);
        s->was_silent = was;
        s->changing = true;
        s->silent = s->is_silent;
    }
    ok = state_end(st, ok && save(h, l, e), e);
    for (size_t i = 0; i < l->list.n; i++) {
        struct source *s = l->list.p[i];
        if (s->changing && !ok)
            s->silent = s->was_silent;
        s->changing = false;
    }
    return ok && incidents_flush(h->o.incidents, e);
}

void sources_look(struct health *h, struct sources *l, int64_t now)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct store_count *counts = NULL;
    struct err e = {0};
    if (l->listening_since == 0 || store_room(h->o.store).level != STORE_ROOM_OK)
        l->listening_since = now;
    size_t n = store_counts(l->w, a, &counts);
    for (size_t i = 0; i < n; i++)
        if (is_watched(&counts[i]))
            look_at(h, l, &counts[i], now);
    bool changed = false;
    for (size_t i = 0; i < l->list.n; i++)
        changed = changed || l->list.p[i]->silent != l->list.p[i]->is_silent;
    bool due = now / TICKS_PER_HOUR != l->saved_hour && l->list.n > 0;
    if (!changed && !due)
        return;
    if (tell(h, l, now, &e))
        l->saved_hour = now / TICKS_PER_HOUR;
    else
        LOG(LOG_WARN, "health", "news of sources wait: they could not be written",
            log_z("reason", e.msg));
}

/* What others see: they don't wait while rows are written. */
void sources_show(struct health *h, struct sources *l)
{
    struct arena *a = arena_new(0), *old = l->view_arena;
    size_t n = l->list.n;
    struct health_source *view = arena_array(a, struct health_source, n);
    for (size_t i = 0; i < n; i++) {
        const struct source *s = l->list.p[i];
        view[i] = (struct health_source){.source = s->source,
                                         .stream = s->stream,
                                         .table = s->table,
                                         .first = s->first,
                                         .last = s->last,
                                         .allowed = s->allowed,
                                         .rows_last_hour = s->rows_last_hour,
                                         .silent = s->silent};
    }
    lock_take(&h->view_lock);
    l->view_arena = a;
    l->view = view;
    l->n_view = n;
    lock_drop(&h->view_lock);
    arena_free(old);
}

size_t sources_list(const struct sources *l, struct arena *a, struct health_source **out)
{
    *out = arena_array(a, struct health_source, l->n_view);
    if (l->n_view > 0)
        memcpy(*out, l->view, l->n_view * sizeof(**out));
    return l->n_view;
}
