/* Who takes part: hosts, users, addresses, domains. Each has a number; names follow from it. */
#include <math.h>
#include <stdio.h>

#include "replay/replay_priv.h"

enum { SITES = 8, SYLLABLES = 24 };
static const char *const sites[SITES] = {"GOT", "STO", "OSL", "LON", "NYC", "CHI", "SIN", "TYO"};
static const int zones[SITES] = {1, 1, 1, 0, -5, -6, 8, 9};
static const char *const syllables[SYLLABLES] = {
    "ka",  "lo", "mi",  "ra",  "ten", "vos", "bel", "dor", "fin", "gru", "hal", "jon",
    "nil", "os", "per", "qua", "ris", "sol", "tam", "ul",  "wen", "yar", "zet", "cro"};

/* Weights are rounded, so that libraries whose pow() differs in the last bit give the same draws.
 */
static struct zipf zipf_make(struct arena *a, uint32_t n, double s)
{
    struct zipf z = {arena_array(a, uint64_t, n), n};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        z.sums[i] = sum += (uint64_t)llround(1e9 / pow((double)i + 1, s)) + 1;
    return z;
}

static uint32_t zipf_draw(const struct zipf *z, struct draw_key k, const char *field, uint64_t i)
{
    uint64_t at = draw_below(k, field, i, z->sums[z->n - 1]);
    size_t low = 0, high = z->n - 1;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (z->sums[mid] <= at)
            low = mid + 1;
        else
            high = mid;
    }
    return (uint32_t)low;
}

static uint32_t scaled(int64_t per_10m, int64_t events, uint32_t least)
{
    int64_t n = per_10m * events / 10000000;
    return n < least ? least : n > 4000000 ? 4000000 : (uint32_t)n;
}

struct cast cast_make(uint64_t seed, int64_t events, int64_t begin)
{
    struct cast c = {.a = arena_new(0), .begin = begin};
    c.key = draw_key(seed, UINT64_MAX);
    c.n_hosts = scaled(500, events, 20);
    c.n_servers = c.n_hosts * 3 / 100 > 0 ? c.n_hosts * 3 / 100 : 1;
    c.n_users = scaled(800, events, 30);
    c.n_external = scaled(20000, events, 500);
    c.n_domains = scaled(5000, events, 100);
    c.n_urls = scaled(60000, events, 1200);
    c.servers = zipf_make(c.a, c.n_servers, 1.1);
    c.workstations = zipf_make(c.a, c.n_hosts - c.n_servers, 1.1);
    c.users = zipf_make(c.a, c.n_users, 1.2);
    c.external = zipf_make(c.a, c.n_external, 1.3);
    c.urls = zipf_make(c.a, c.n_urls, 1.0);
    return c;
}

static uint32_t workstation(const struct cast *c, struct draw_key k, const char *field, uint64_t i)
{
    return c->n_servers + zipf_draw(&c->workstations, k, field, i);
}

struct session_cast cast_session(const struct cast *c, struct draw_key k, bool people)
{
    struct session_cast s;
    s.user = zipf_draw(&c->users, k, "user", 0);
    if (draw_below(k, "on a server", 0, 100) < 40)
        s.host = zipf_draw(&c->servers, k, "server", 0);
    else if (people && draw_below(k, "at home", 0, 100) < 90) {
        uint64_t homes = 1 + draw_below(c->key, "homes", s.user, 3);
        s.host = workstation(c, c->key, "home", s.user * 4 + draw_below(k, "home", 0, homes));
    } else
        s.host = workstation(c, k, "host", 0);
    return s;
}

uint32_t cast_host(const struct cast *c, struct draw_key k, uint32_t nth)
{
    if (draw_below(k, "on a server", nth, 100) < 40)
        return zipf_draw(&c->servers, k, "server", nth);
    return workstation(c, k, "host", nth);
}

uint32_t cast_user(const struct cast *c, struct draw_key k, uint32_t nth)
{
    return zipf_draw(&c->users, k, "user", nth);
}

int cast_zone_hours(uint32_t host)
{
    return zones[host % SITES];
}

void cast_host_name(uint32_t host, bool server, char out[CAST_TEXT])
{
    snprintf(out, CAST_TEXT, "%s%s%05u", sites[host % SITES], server ? "SRV" : "WS", host);
}

void cast_user_name(uint32_t user, char out[CAST_TEXT])
{
    uint32_t rest = user / SYLLABLES;
    const char *third = rest / SYLLABLES > 0 ? syllables[rest / SYLLABLES % SYLLABLES] : "";
    int n = snprintf(out, CAST_TEXT, "%c%s%s%s", 'a' + (int)(user % 26),
                     syllables[user % SYLLABLES], syllables[rest % SYLLABLES], third);
    rest /= SYLLABLES * SYLLABLES; /* past 13,824 names number them */
    if (rest > 0)
        snprintf(out + n, CAST_TEXT - (size_t)n, "%u", rest);
}

/* 10.0.0.0/8: fixed for a host, another one each 30 days for a tenth of them. */
void cast_internal(const struct cast *c, uint32_t host, int64_t at, char out[CAST_TEXT])
{
    uint64_t month = 30 * (uint64_t)TICKS_PER_DAY, moves = 0;
    if (draw_below(c->key, "moves", host, 10) == 0)
        moves = ((uint64_t)(at - c->begin) + draw_below(c->key, "moves on", host, month)) / month;
    uint64_t v = host + moves * 1000003;
    snprintf(out, CAST_TEXT, "10.%u.%u.%u", (unsigned)(v >> 16) % 250, (unsigned)(v >> 8) & 255,
             (unsigned)v & 255);
}

void cast_external(const struct cast *c, struct draw_key k, uint32_t nth, char out[CAST_TEXT])
{
    uint64_t v = draw(c->key, "external", zipf_draw(&c->external, k, "external", nth));
    unsigned first = 11 + (unsigned)(v >> 32) % 90; /* 11 … 100: neither private nor reserved */
    snprintf(out, CAST_TEXT, "%u.%u.%u.%u", first, (unsigned)(v >> 16) & 255,
             (unsigned)(v >> 8) & 255, (unsigned)v & 255);
}

void cast_url(const struct cast *c, struct draw_key k, uint32_t nth, char out[CAST_TEXT])
{
    uint32_t url = zipf_draw(&c->urls, k, "url", nth), domain = url % c->n_domains;
    uint64_t v = draw(c->key, "url", url), d = draw(c->key, "domain", domain);
    int n = snprintf(out, CAST_TEXT, "%s%s%s%u.example/%s", syllables[d % SYLLABLES],
                     syllables[(d >> 8) % SYLLABLES], syllables[(d >> 16) % SYLLABLES], domain,
                     syllables[v % SYLLABLES]);
    for (unsigned i = 0; i < 1 + (v >> 40) % 3; i++)
        n += snprintf(out + n, CAST_TEXT - (size_t)n, "%s%s", i > 0 ? "/" : "",
                      syllables[(v >> (8 * i + 8)) % SYLLABLES]);
    snprintf(out + n, CAST_TEXT - (size_t)n, "%u", url);
}
