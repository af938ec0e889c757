/* Alerts of an hour through incidents and correlation: bench_correlate FOLDER MIX ALERTS. MIX is
 * "mixed" (some accounts, hosts and addresses are in many alerts, most in few) or "hostile" (all
 * share one address). Prints a line a measure: the times are of the processor, of all threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log.h"
#include "correlate/correlate.h"

enum { PER_RUN = 32, SLICES = 5, RULES = 60 };
#define WORKSPACE "11111111-2222-4333-8444-555555555555"
#define T0 (TICKS_UNIX_EPOCH + INT64_C(1767225600) * TICKS_PER_SECOND) /* 2026-01-01 */

struct bench {
    struct clock *clock;
    struct store *store;
    struct workspace *w;
    struct state *state;
    struct incidents *incidents;
    struct correlate *c;
    uint64_t seed;
    double form_s, correlate_s; /* sums */
};

static void need(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "bench: %s\n", e->msg);
    exit(1);
}

static double processor_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double memory_mb(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024;
}

static unsigned below(struct bench *b, unsigned n)
{
    b->seed ^= b->seed << 13;
    b->seed ^= b->seed >> 7;
    b->seed ^= b->seed << 17;
    return (unsigned)(b->seed >> 33) % n;
}

static void start(struct bench *b, const char *folder)
{
    struct err e = {0};
    char path[4096];
    snprintf(path, sizeof(path), "%s/state.db", folder);
    b->clock = clock_new_manual(T0);
    struct store_options o = {.data_dir = folder, .clock = b->clock, .threads = 2};
    b->store = store_open(&o, &e);
    need(b->store != NULL, &e);
    b->w = store_workspace_create(b->store, STR(WORKSPACE), STR("bench"), &e);
    need(b->w != NULL, &e);
    b->state = state_open(path, &e);
    need(b->state != NULL, &e);
    struct arm_scope scope = {0};
    b->incidents = incidents_open(b->store, b->state, b->clock, &scope);
    struct correlate_options k = {.store = b->store,
                                  .state = b->state,
                                  .clock = b->clock,
                                  .incidents = b->incidents,
                                  .enabled = true};
    b->c = correlate_open(&k);
}

static void stop(struct bench *b)
{
    correlate_close(b->c);
    incidents_close(b->incidents);
    state_close(b->state);
    store_close(b->store);
    clock_free(b->clock);
}

/* One alert in ten names something that half of the site has to do with. */
static struct str entities(struct bench *b, struct arena *a, bool hostile, unsigned n)
{
    bool busy = below(b, 10) == 0;
    if (hostile)
        return arena_fmt(a,
                         "[{\"$id\":\"1\",\"Address\":\"203.0.113.66\",\"Type\":\"ip\"},"
                         "{\"$id\":\"2\",\"Name\":\"user%u\",\"UPNSuffix\":\"halden.example\","
                         "\"Type\":\"account\"}]",
                         n);
    return arena_fmt(
        a,
        "[{\"$id\":\"1\",\"Name\":\"%s%u\",\"UPNSuffix\":\"halden.example\",\"Type\":\"account\"},"
        "{\"$id\":\"2\",\"HostName\":\"pc%u\",\"DnsDomain\":\"halden.example\",\"Type\":\"host\"},"
        "{\"$id\":\"3\",\"Address\":\"%u.%u.%u.%u\",\"Type\":\"ip\"}]",
        busy ? "service" : "user", below(b, busy ? 5 : 20000), below(b, 5000), 20 + below(b, 100),
        below(b, busy ? 1 : 256), below(b, 256), 1 + below(b, 200));
}

static void make(struct bench *b, struct arena *a, bool hostile, unsigned n,
                 struct state_alert *out)
{
    static const char *const tactics[] = {"InitialAccess",    "Execution",  "Persistence",
                                          "CredentialAccess", "Discovery",  "LateralMovement",
                                          "Collection",       "Exfiltration"};
    unsigned rule = below(b, RULES);
    *out = (struct state_alert){
        .workspace = STR(WORKSPACE),
        .id = arena_fmt(a, "00000000-0000-4000-8000-%012u", n),
        .rule_id = arena_fmt(a, "11111111-0000-4000-8000-%012u", rule),
        .run = clock_now(b->clock),
        .name = arena_fmt(a, "Rule %u found something", rule),
        .description = STR("An account did from a host what it does not do."),
        .severity = STR("Medium"),
        .product = STR("Azure Sentinel"),
        .start = clock_now(b->clock) - 5 * TICKS_PER_MINUTE,
        .end = clock_now(b->clock) - TICKS_PER_MINUTE,
        .generated = clock_now(b->clock),
        .tactics = arena_fmt(a, "[\"%s\"]", tactics[rule % COUNTOF(tactics)]),
        .techniques = STR("[\"T1078\"]"),
        .entities = entities(b, a, hostile, n),
        .custom_details = STR("{}"),
        .row = STR("{}"),
    };
}

static void form(struct bench *b, struct arena *a, const struct state_alert *al, struct err *e)
{
    bool grouped = al->rule_id.p[al->rule_id.n - 1] % 2 == 0;
    struct incident_grouping g = {.create = true,
                                  .grouping = grouped,
                                  .match = MATCH_ALL_ENTITIES,
                                  .lookback = 5 * TICKS_PER_HOUR};
    struct str incident = STR("");
    need(state_alert_put(b->state, al, e) &&
             incident_from_alert(b->incidents, a, b->w, al, &g, &incident, e),
         e);
}

/* The alerts of one run of a rule: one transaction, and then correlation. */
static void run(struct bench *b, bool hostile, unsigned from, unsigned to)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    double began = processor_s();
    need(state_begin(b->state, &e), &e);
    for (unsigned n = from; n < to; n++) {
        struct state_alert al;
        make(b, a, hostile, n, &al);
        form(b, a, &al, &e);
    }
    need(state_commit(b->state, &e) && incidents_flush(b->incidents, &e), &e);
    double formed = processor_s();
    need(correlate_run_due(b->c, NULL, &e), &e);
    b->form_s += formed - began;
    b->correlate_s += processor_s() - formed;
}

/* Every alert is in one incident; how many of these there are. */
static size_t count_open(struct bench *b, unsigned alerts)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct state_incident *list = NULL;
    size_t n = 0, left = 0;
    int64_t sum = 0;
    need(state_incident_list(b->state, a, STR(WORKSPACE), &list, &n, &e), &e);
    for (size_t i = 0; i < n; i++) {
        left += list[i].merged_into == 0;
        sum += list[i].alerts;
    }
    if (sum != (int64_t)alerts)
        fprintf(stderr, "bench: %lld alerts in incidents, not %u\n", (long long)sum, alerts);
    return left;
}

int main(int argc, char **argv)
{
    struct bench b = {.seed = UINT64_C(0x9E3779B97F4A7C15)};
    int64_t n = 0;
    if (argc != 4 || !str_to_i64(str_from(argv[3]), &n) || n < SLICES || n > INT32_MAX) {
        fputs("usage: bench_correlate FOLDER mixed|hostile ALERTS\n", stderr);
        return 2;
    }
    bool hostile = strcmp(argv[2], "hostile") == 0;
    log_setup(LOG_ERROR, 2);
    start(&b, argv[1]);
    for (unsigned slice = 0; slice < SLICES; slice++) {
        unsigned from = (unsigned)(n * slice / SLICES), to = (unsigned)(n * (slice + 1) / SLICES);
        b.form_s = b.correlate_s = 0;
        for (unsigned i = from; i < to; i += PER_RUN) {
            run(&b, hostile, i, i + PER_RUN < to ? i + PER_RUN : to);
            clock_advance(b.clock, TICKS_PER_HOUR * PER_RUN / n);
        }
        printf("form_%u %.6f\ncorrelate_%u %.6f\nmemory_%u %.1f\n", slice,
               b.form_s / (to - from), slice, b.correlate_s / (to - from), slice, memory_mb());
        fflush(stdout);
    }
    printf("merges %llu\nopen %zu\n", (unsigned long long)correlate_counts(b.c).merges,
           count_open(&b, (unsigned)n));
    stop(&b);
    return 0;
}
