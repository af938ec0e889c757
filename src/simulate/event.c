/* Random numbers, and events under construction. */
#include <stdio.h>

#include "simulate/simulate_priv.h"
#include "text/date.h"

struct sim_rng sim_rng_of(uint64_t seed, int day, const char *subject)
{
    uint64_t h = seed * 0x9E3779B97F4A7C15u + (uint64_t)day * 0xBF58476D1CE4E5B9u;
    /* FNV-1a: str_hash may differ from process to process, and the bytes must not. */
    uint64_t s = 0xCBF29CE484222325u;
    for (const char *p = subject; *p != '\0'; p++)
        s = (s ^ (uint8_t)*p) * 0x100000001B3u;
    struct sim_rng r = {h ^ s};
    sim_next(&r);
    return r;
}

uint64_t sim_next(struct sim_rng *r)
{
    uint64_t z = (r->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int sim_below(struct sim_rng *r, int n)
{
    return n <= 1 ? 0 : (int)(sim_next(r) % (uint64_t)n);
}

bool sim_chance(struct sim_rng *r, double p)
{
    return (double)(sim_next(r) >> 11) * 0x1.0p-53 < p;
}

int sim_skewed(struct sim_rng *r, int n)
{
    double u = (double)(sim_next(r) >> 11) * 0x1.0p-53;
    int i = (int)(u * u * u * (double)n);
    return i < n ? i : n - 1;
}

int64_t sim_at(const struct sim_day *d, int hour, int minute, int second)
{
    return d->midnight + hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE +
           second * TICKS_PER_SECOND;
}

int64_t sim_any_time(const struct sim_day *d, struct sim_rng *r)
{
    return d->midnight + (int64_t)(sim_next(r) % (uint64_t)(24 * 3600 * 1000)) * TICKS_PER_MS;
}

int64_t sim_work_time(const struct sim_day *d, struct sim_rng *r)
{
    if (sim_chance(r, 0.06))
        return sim_any_time(d, r);
    int ms = sim_below(r, 5 * 3600 * 1000) + sim_below(r, 5 * 3600 * 1000);
    return d->midnight + 7 * TICKS_PER_HOUR + ms * TICKS_PER_MS;
}

void ev_begin(struct sim_day *d, const char *table, int64_t ticks)
{
    struct sim_event e = {ticks, (uint32_t)d->events.n, table, d->text.n, 0};
    VEC_PUSH(d->a, &d->events, e);
    d->w = json_out_make(&d->text);
    json_obj(&d->w);
    char time[29];
    date_format(ticks, time);
    json_kv_z(&d->w, "TimeGenerated", time);
}

void ev_s(struct sim_day *d, const char *key, const char *value)
{
    json_kv_z(&d->w, key, value);
}

void ev_f(struct sim_day *d, const char *key, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    json_kv_z(&d->w, key, text);
}

void ev_i(struct sim_day *d, const char *key, int64_t value)
{
    json_kv_int(&d->w, key, value);
}

void ev_b(struct sim_day *d, const char *key, bool value)
{
    json_kv_bool(&d->w, key, value);
}

void ev_id(struct sim_day *d, const char *key)
{
    uint64_t a = sim_next(&d->ids), b = sim_next(&d->ids);
    ev_f(d, key, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff,
         (unsigned)a & 0xfff, 0x8000u | ((unsigned)(b >> 48) & 0x3fff),
         (unsigned long long)(b & 0xffffffffffffu));
}

void ev_end(struct sim_day *d)
{
    json_obj_end(&d->w);
    struct sim_event *e = &d->events.p[d->events.n - 1];
    e->len = d->text.n - e->off;
}
