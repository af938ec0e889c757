/* How C functions end a query: refusing, asking whether to stop, booking memory. */
#include "engine/duckdb/cfunc_priv.h"
#include <stdatomic.h>
#include <stdio.h>

enum {
    CLOCK_EVERY = 16,    /* cf_stops: of the calls, which look at the clock */
    ROWS_EVERY = 32,     /* cf_goes_on: the same of rows, unless they are heavy */
    ROOM_STEP = 64 << 10 /* texts are booked in such steps */
};

void cf_refuse(struct cf_call *c, enum err_code code, const char *fmt, ...)
{
    char text[sizeof(c->why.msg)];
    va_list ap;
    if (c->refused)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    err_set(&c->why, code, "%s", text);
    c->refused = true;
}

void cf_hint(struct cf_call *c, const char *fmt, ...)
{
    char text[sizeof(c->why.hint)];
    va_list ap;
    if (c->why.hint[0] != '\0')
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    err_hint(&c->why, "%s", text);
}

static bool stops_now(struct cf_call *c)
{
    struct err why = {0};
    if (!c->running || !running_stops(c->running, &why))
        return false;
    c->why = why;
    c->refused = true;
    return true;
}

bool cf_stops(struct cf_call *c)
{
    if (c->refused || (c->arena && arena_full(c->arena)))
        return true;
    return c->steps++ % CLOCK_EVERY == 0 && stops_now(c);
}

bool cf_goes_on(struct cf_call *c, size_t r)
{
    return !c->refused && ((r % ROWS_EVERY != 0 && !c->heavy) || !stops_now(c));
}

/* ---- memory ---- */
static void refuse_memory(struct cf_call *c)
{
    cf_refuse(c, ERR_LIMIT, "the query needs more than %zu MiB of memory for what it computes",
              running_memory_limit(c->running) >> 20);
    cf_hint(c, "filter rows or columns before, or ask for fewer or shorter values");
}

bool cf_book(struct cf_call *c, size_t bytes)
{
    if (!c->running || running_book(c->running, bytes))
        return !c->refused;
    refuse_memory(c);
    return false;
}

void cf_unbook(struct cf_call *c, size_t bytes)
{
    if (c->running)
        running_unbook(c->running, bytes);
}

/* A chunk's texts live until the next chunk of the same call: what the largest chunk took stays
 * booked until the query ends. */
bool cf_room(struct cf_call *c, size_t bytes)
{
    if (bytes > CF_VALUE_BYTES)
        cf_refuse(c, ERR_LIMIT, "a value would be larger than %zu MiB", CF_VALUE_BYTES >> 20);
    if (c->refused)
        return false;
    c->out_bytes += bytes;
    if (!c->call || !c->running)
        return true;
    size_t booked = atomic_load(&c->call->booked);
    while (c->out_bytes > booked) {
        size_t want = (c->out_bytes / ROOM_STEP + 1) * ROOM_STEP;
        if (!cf_book(c, want - booked))
            return false;
        if (atomic_compare_exchange_strong(&c->call->booked, &booked, want))
            break;
        cf_unbook(c, want - booked);
    }
    return true;
}

/* ---- the query as a value ---- */
static void row_query(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, c->running ? (int64_t)running_id(c->running) : -1);
}

const struct cf_scalar cf_end_rows[] = {
    {.name = "vd_query", .sig = ":l", .row = row_query},
    {0},
};
