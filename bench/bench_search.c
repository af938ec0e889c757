/* A needle in many parts, with and without the index of terms.
 *
 *   bench_search DIR ROWS DAYS [no-index]   prints "NAME NUMBER" lines: seconds of sealing, bytes
 * of parts and indexes, seconds of queries (the first, and the best of some), row groups read. The
 * rows are made here, the same ones for the same arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

enum { RUNS = 5, BATCH_ROWS = 20000 };
#define WORKSPACE "11111111-2222-4333-8444-555555555555"
#define DAY_ONE (TICKS_UNIX_EPOCH + INT64_C(1767225600) * TICKS_PER_SECOND) /* 2026-01-01 */

static struct store *s;
static struct workspace *w;
static uint64_t rng = 88172645463325252u;

static void need(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "bench_search: %s\n", e->msg);
    exit(1);
}

static double seconds(int64_t since_us)
{
    return (double)(clock_mono_us() - since_us) / 1e6;
}

/* Of all threads of this process: what counts where others use the machine, too. */
static double cpu_seconds(void)
{
    struct timespec t;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t roll(uint32_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 33) % n;
}

/* ---- rows: what a site's Linux machines say ---- */

static void ip(struct sbuf *b, uint32_t kind)
{
    if (kind == 0)
        sbuf_addf(b, "10.%u.%u.%u", roll(4), roll(32), roll(250));
    else
        sbuf_addf(b, "%u.%u.%u.%u", 20 + roll(180), roll(256), roll(256), roll(256));
}

static void message(struct sbuf *b)
{
    static const char *const units[] = {"cron", "nginx", "postgresql", "docker", "ssh", "chronyd"};
    switch (roll(6)) {
    case 0:
        sbuf_addf(b, "Failed password for invalid user u%u from ", roll(3000));
        ip(b, 1);
        sbuf_addf(b, " port %u ssh2", 1024 + roll(60000));
        break;
    case 1:
        sbuf_addf(b, "Accepted publickey for user%u from ", roll(500));
        ip(b, 0);
        sbuf_addf(b, " port %u ssh2: ED25519 SHA256:%08x%08x", 1024 + roll(60000), roll(500), 77);
        break;
    case 2:
        sbuf_addf(b, "pam_unix(sshd:session): session opened for user user%u(uid=%u) by (uid=0)",
                  roll(500), 1000 + roll(500));
        break;
    case 3:
        sbuf_addf(b, "(root) CMD (/usr/lib/backup/run --job %u --quiet)", roll(40));
        break;
    case 4:
        sbuf_addf(b, "[UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:%02x:%02x:%02x SRC=", roll(256),
                  roll(256), roll(256));
        ip(b, 1);
        sbuf_addz(b, " DST=");
        ip(b, 0);
        sbuf_addf(b, " LEN=%u TTL=%u ID=%u PROTO=TCP SPT=%u DPT=%u WINDOW=65535", 40 + roll(20),
                  30 + roll(90), roll(65536), 1024 + roll(60000), roll(1024));
        break;
    default:
        sbuf_addf(b, "Started %s.service, request %08x-%04x-4%03x, took %u ms", units[roll(6)],
                  roll(UINT32_MAX), roll(65536), roll(4096), roll(5000));
    }
}

static void put(const struct kql_table *t, struct store_batch *b, const char *column,
                const struct kql_value *v)
{
    size_t at;
    CHECK(store_column_find(t, str_from(column), &at) != NULL);
    store_batch_set(b, at, v);
}

static void put_text(const struct kql_table *t, struct store_batch *b, const char *column,
                     struct str text)
{
    struct kql_value v = {.type = KQL_STRING, .s = text};
    put(t, b, column, &v);
}

static void add_row(const struct kql_table *t, struct store_batch *b, int64_t at, bool needle)
{
    static const char *const facilities[] = {"auth", "authpriv", "cron", "daemon", "kern"};
    static const char *const processes[] = {"sshd", "CRON", "systemd", "kernel", "sudo"};
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(1024);
    struct kql_value v = {.type = KQL_DATETIME, .i = at};
    put(t, b, "TimeGenerated", &v);
    message(&text);
    sbuf_addz(&text, needle ? " ref 7f3a9c41d20e4b88" : "");
    put_text(t, b, "SyslogMessage", sbuf_str(&text));
    sbuf_clear(&text);
    sbuf_addf(&text, "host-%03u", roll(300));
    put_text(t, b, "Computer", sbuf_str(&text));
    sbuf_clear(&text);
    ip(&text, 0);
    put_text(t, b, "HostIP", sbuf_str(&text));
    put_text(t, b, "Facility", str_from(facilities[roll(5)]));
    put_text(t, b, "ProcessName", str_from(processes[roll(5)]));
    put_text(t, b, "SeverityLevel", str_from(roll(9) ? "info" : "warning"));
    store_batch_end_row(b);
}

static void add_day(int64_t day, int64_t rows, bool needle)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kql_table t;
    struct err e = {0};
    CHECK(workspace_table_find(w, a, STR("Syslog"), &t));
    for (int64_t done = 0; done < rows; done += BATCH_ROWS) {
        struct store_batch *b = store_batch_new(&t);
        for (int64_t i = done; i < rows && i < done + BATCH_ROWS; i++)
            add_row(&t, b, DAY_ONE + day * TICKS_PER_DAY + i * (TICKS_PER_DAY / rows),
                    needle && i == rows / 3);
        need(store_append(w, &b, 1, STR_NONE, &e), &e);
    }
}

/* ---- queries ---- */

static void ask(const char *name, const char *kql)
{
    double best = 1e9, first = 0, cpu = 1e9;
    for (int i = 0; i < RUNS; i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct err e = {0};
        struct kql_diags diags = {0};
        struct store_result r;
        struct store_query q = {.text = str_from(kql)};
        int64_t since = clock_mono_us();
        double cpu_since = cpu_seconds();
        need(workspace_query(w, a, &q, &r, &diags, &e), &e);
        double took = seconds(since), used = cpu_seconds() - cpu_since;
        cpu = used < cpu ? used : cpu;
        if (i == 0) {
            first = took;
            printf("%s_rows %lld\n", name, (long long)engine_rows_get(r.rows[0], 0, 0).i);
        }
        best = took < best ? took : best;
        store_result_fini(&r);
    }
    printf("%s_first_s %.4f\n%s_s %.4f\n%s_cpu_s %.4f\n", name, first, name, best, name, cpu);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct kql_diags diags = {0};
    struct store_explained x;
    struct store_query q = {.text = str_from(kql)};
    need(workspace_explain(w, a, &q, &x, &diags, &e), &e);
    printf("%s_groups %lld\n%s_all_groups %lld\n", name, (long long)x.reads[0].groups, name,
           (long long)x.reads[0].all_groups);
}

static void questions(void)
{
    ask("needle", "Syslog | where SyslogMessage has '7f3a9c41d20e4b88' | count");
    ask("absent", "Syslog | where SyslogMessage has '00c0ffee00c0ffee' | count");
    ask("search", "search in (Syslog) '7f3a9c41d20e4b88' | count");
    ask("address", "Syslog | where SyslogMessage has '199.17.34.211' | count");
    ask("common", "Syslog | where SyslogMessage has 'password' | count");
    ask("host", "Syslog | where Computer == 'host-017' | count");
    ask("contains", "Syslog | where SyslogMessage contains '7f3a9c41d20e4b88' | count");
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc < 4) {
        fprintf(stderr, "usage: bench_search DIR ROWS DAYS [no-index]\n");
        return 2;
    }
    int64_t rows = 0, days = 0;
    if (!str_to_i64(str_from(argv[2]), &rows) || !str_to_i64(str_from(argv[3]), &days) || days < 1)
        return 2;
    log_setup(LOG_ERROR, 2);
    struct clock *clock = clock_new_system();
    struct store_options o = {
        .data_dir = argv[1], .clock = clock, .threads = 2, .lake = {.by_hand = true}};
    o.lake.no_term_index = argc > 4;
    s = store_open(&o, &e);
    need(s != NULL, &e);
    w = store_workspace_create(s, STR(WORKSPACE), STR("bench"), &e);
    need(w != NULL, &e);
    double sealing = 0, cpu = 0;
    for (int64_t day = 0; day < days; day++) {
        add_day(day, rows / days, day == days / 2);
        int64_t since = clock_mono_us();
        double cpu_since = cpu_seconds();
        need(workspace_seal(w, STR("Syslog"), NULL, &e), &e);
        sealing += seconds(since);
        cpu += cpu_seconds() - cpu_since;
    }
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct store_check c;
    need(workspace_check(w, a, true, &c, &e), &e);
    printf(
        "rows %lld\nparts %lld\nseal_s %.3f\nseal_cpu_s %.3f\nparts_bytes %lld\nindex_bytes %lld\n",
        (long long)c.rows, (long long)c.parts, sealing, cpu, (long long)c.bytes,
        (long long)c.index_bytes);
    questions();
    store_close(s);
    clock_free(clock);
    return 0;
}
