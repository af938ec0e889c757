/* vedette demo: a server in a scratch folder, an intrusion played into it, the incidents that the
 * shipped rules find. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/content.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/files.h"
#include "cli/log_files.h"
#include "cli/options.h"
#include "cli/replay.h"
#include "cli/serve.h"
#include "cli/text_table.h"
#include "identity/users.h"
#include "simulate/simulate.h"
#include "text/date.h"

enum { MAX_INPUT = 1 << 30, WIDTH = 100 };

static const char usage[] =
    "usage: vedette demo [--data DIR] [--days N] [--last-day YYYY-MM-DD] [--seed N]\n"
    "                    [--input DIR] [--serve]\n"
    "\n"
    "Starts a server over a new data folder, plays logs into it through the Logs Ingestion API "
    "while\n"
    "its clock moves with them, runs the rules that ship, and shows the incidents.\n"
    "\n"
    "  --data DIR   the data folder; vedette-demo if not given; what is in it is removed\n"
    "  --days N     days of logs before and with the intrusion, 2 to 60; 21 if not given\n"
    "  --last-day DATE\n"
    "               the day of the intrusion; the last working day before today if not given\n"
    "  --seed N     of the generated logs; 1 if not given\n"
    "  --input DIR  your own logs instead: TABLE.ndjson files (.gz, .zst), one object a line,\n"
    "               with TimeGenerated; rules run over their last two days\n"
    "  --serve      keep the server running at the end, until Ctrl-C\n";

struct demo {
    const char *data, *input;
    int64_t days, seed, last_day;
    bool serve, terminal, ended;
    struct arena *a;
    struct settings set;
    struct serving serving;
    struct client client;
    struct client_workspace workspace;
    struct log_files *files;
    struct sim_options sim;
    int64_t first, last; /* of the records */
    int64_t rules_from;
    const char *rules_dir;
    struct replay *replay;
    int64_t began, start_us, shown_us;
    struct str user, password; /* of the portal */
};

/* ---- the folder ---- */

/* Only what looks like a data folder of a demo is removed. */
static bool clear_folder(const char *dir, struct err *e)
{
    struct stat st;
    char marker[4096];
    snprintf(marker, sizeof(marker), "%.4000s/demo", dir);
    if (stat(dir, &st) == 0 && stat(marker, &st) != 0 && rmdir(dir) != 0) {
        err_set(e, ERR_CONFLICT, "%s is not empty and not the folder of a demo", dir);
        err_hint(e, "give another one with --data");
        return false;
    }
    remove_tree(dir);
    if (mkdir(dir, 0700) != 0)
        return err_errno(e, "can't make the folder", dir);
    int fd = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "can't make", marker);
    return close(fd) == 0;
}

/* The server's log goes to a file: the screen is for the demo. */
static bool redirect_log(struct demo *d, struct err *e)
{
    char path[4096];
    snprintf(path, sizeof(path), "%.4000s/server.log", d->data);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "can't make", path);
    log_setup(LOG_INFO, fd); /* stays open for the process's life */
    return true;
}

/* ---- what is played ---- */

static bool load_input(struct demo *d, struct err *e)
{
    d->files = log_files_open(d->input, MAX_INPUT, e);
    if (d->files == NULL)
        return false;
    size_t n = log_files_count(d->files);
    for (size_t i = 0; i < n && d->first == 0; i++)
        d->first = log_files_get(d->files, i).ticks;
    d->last = log_files_get(d->files, n - 1).ticks;
    if (d->first == 0)
        return err_set(e, ERR_INVALID, "no record of %s has a TimeGenerated", d->input);
    d->rules_from = d->last - 2 * TICKS_PER_DAY > d->first ? d->last - 2 * TICKS_PER_DAY : d->first;
    return true;
}

/* So that the incidents are in what the portal shows at first, and nothing is past its retention.
 */
static int64_t last_working_day(void)
{
    enum { SATURDAY = 5 }; /* 0001-01-01 was a Monday */
    struct clock *clock = clock_new_system();
    int64_t day = clock_now(clock) / TICKS_PER_DAY - 1;
    clock_free(clock);
    while (day % 7 >= SATURDAY)
        day--;
    return day * TICKS_PER_DAY;
}

static bool plan(struct demo *d, struct err *e)
{
    int64_t last_day = d->last_day;
    struct str rules = STR("");
    if (!content_find(d->a, "rules", &rules, e))
        return false;
    d->rules_dir = rules.p;
    if (d->input != NULL)
        return load_input(d, e);
    d->sim = (struct sim_options){.seed = (uint64_t)d->seed,
                                  .days = (int)d->days,
                                  .first_day = last_day - (d->days - 1) * TICKS_PER_DAY};
    d->first = d->sim.first_day;
    d->last = last_day + TICKS_PER_DAY - 1;
    d->rules_from = last_day - 6 * TICKS_PER_HOUR;
    return true;
}

static bool start_server(struct demo *d, struct err *e)
{
    char now[29];
    int64_t began = clock_mono_us();
    date_format(d->first - d->first % TICKS_PER_MINUTE, now);
    const char *const words[] = {"demo",     "--data",      d->data,
                                 "--listen", "127.0.0.1:0", "--requests-per-second",
                                 "100000",   "--clock",     now};
    char *argv[COUNTOF(words)];
    for (size_t i = 0; i < COUNTOF(words); i++)
        argv[i] = arena_strz(d->a, str_from(words[i]));
    if (!settings_load(&d->set, COUNTOF(argv), argv, e) ||
        !serving_start(&d->serving, &d->set, NULL, e) ||
        !client_open(&d->client, d->data, NULL, false, e) ||
        !client_workspace(&d->client, NULL, &d->workspace, e))
        return false;
    d->start_us = clock_mono_us() - began;
    return true;
}

static bool make_sender(struct demo *d, struct replay_options *o, struct err *e)
{
    struct str id = STR(""), secret = STR("");
    struct identity *identity = vedette_identity(d->serving.v);
    if (!identity_app_create(identity, d->a, STR("log forwarder"),
                             STR("[{\"role\":\"Monitoring Metrics Publisher\"}]"), &id, &secret, e))
        return false;
    o->client_id = id.p;
    o->client_secret = secret.p;
    o->tenant = identity_tenant(identity).p;
    return true;
}

/* Who looks at what was found. */
static bool make_user(struct demo *d, struct err *e)
{
    struct str id = STR("");
    struct identity_user_new x = {.name = STR("demo"),
                                  .display_name = STR("Demo analyst"),
                                  .roles = STR("[{\"role\":\"Tenant Administrator\"}]"),
                                  .password = STR("")};
    d->user = x.name;
    return identity_user_create(vedette_identity(d->serving.v), d->a, &x, &id, &d->password, e);
}

/* ---- progress ---- */

static void progress(void *self, int64_t now, uint64_t events, uint64_t runs)
{
    struct demo *d = self;
    int64_t mono = clock_mono_us();
    char time[29];
    bool end = now >= d->last && !d->ended;
    d->ended = d->ended || end;
    if (!d->terminal && now % TICKS_PER_DAY != 0 && !end)
        return;
    if (d->terminal && mono - d->shown_us < 100000 && !end)
        return;
    d->shown_us = mono;
    date_format(now, time);
    double part = (double)(now - d->first) / (double)(d->last - d->first + 1);
    printf("%s  %.10s %.5s  %3.0f %%  %8llu records  %5llu rule runs  %5.1f s%s",
           d->terminal ? "\r" : "", time, time + 11, part > 1 ? 100 : part * 100,
           (unsigned long long)events, (unsigned long long)runs, (double)(mono - d->began) / 1e6,
           d->terminal ? "" : "\n");
    (void)fflush(stdout);
}

static bool on_event(void *self, int64_t ticks, const char *table, struct str json, struct err *e)
{
    struct demo *d = self;
    return replay_event(d->replay, ticks, table, json, e);
}

static bool play(struct demo *d, struct err *e)
{
    bool ok = true;
    for (int day = 0; ok && d->files == NULL && day < d->sim.days; day++)
        ok = sim_day(&d->sim, day, on_event, d, e);
    size_t n = d->files != NULL ? log_files_count(d->files) : 0;
    for (size_t i = 0; ok && i < n; i++) {
        struct log_record r = log_files_get(d->files, i);
        ok = replay_event(d->replay, r.ticks, r.table, r.json, e);
    }
    /* The slowest of the rules that ship runs each hour; its delay comes on top. */
    ok = ok && replay_finish(d->replay, d->last + 70 * TICKS_PER_MINUTE, e);
    if (d->terminal)
        putchar('\n');
    return ok;
}

/* ---- what came out ---- */

static struct str first_sentence(struct arena *a, struct str s)
{
    size_t at = s.n;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    s = str_trim(s);
    (void)str_find(s, STR(". "), &at);
    for (size_t i = 0; i < at && i < s.n; i++)
        sbuf_addc(&b, s.p[i] == '\n' ? ' ' : s.p[i]);
    return arena_str(a, sbuf_str(&b));
}

static void print_wrapped(struct str s, int indent)
{
    size_t room = (size_t)(WIDTH - indent);
    while (s.n > 0) {
        size_t n = s.n;
        if (n > room)
            for (n = room; n > 0 && s.p[n] != ' ';)
                n--;
        n = n == 0 ? s.n : n;
        printf("%*s%.*s\n", indent, "", (int)n, s.p);
        s = str_trim(str_sub(s, n, s.n));
    }
}

static struct str text(const struct json *v, const char *path)
{
    return json_text(json_path(v, path), STR(""));
}

static void print_incident(struct arena *a, const struct json *i)
{
    const struct json *number = json_path(i, "properties.incidentNumber");
    const struct json *alerts = json_path(i, "properties.additionalData.alertsCount");
    const struct json *tactics = json_path(i, "properties.additionalData.tactics");
    struct str names = STR("");
    for (size_t k = 0; tactics != NULL && k < tactics->n; k++)
        names = arena_fmt(a, "%.*s%s%.*s", STR_ARG(names), k > 0 ? ", " : "",
                          STR_ARG(json_text(&tactics->items[k], STR(""))));
    struct str time = text(i, "properties.firstActivityTimeUtc");
    printf("%4lld  %-13.*s %.10s %.5s  %3lld  %.*s\n", (long long)(number != NULL ? number->i : 0),
           STR_ARG(text(i, "properties.severity")), time.n > 16 ? time.p : "-         ",
           time.n > 16 ? time.p + 11 : "-    ", (long long)(alerts != NULL ? alerts->i : 0),
           STR_ARG(text(i, "properties.title")));
    print_wrapped(first_sentence(a, text(i, "properties.description")), 6);
    if (names.n > 0)
        printf("      [%.*s]\n", STR_ARG(names));
}

static bool print_incidents(struct demo *d, size_t *out_n, struct err *e)
{
    struct json answer = {0};
    struct str target = arena_fmt(d->a,
                                  "%s/incidents?api-version=2024-09-01&%%24top=1000&"
                                  "%%24orderby=properties%%2FfirstActivityTimeUtc",
                                  d->workspace.insights);
    if (!client_call(&d->client, "GET", target.p, NULL, STR(""), &answer, e))
        return false;
    const struct json *list = json_get(&answer, "value");
    *out_n = list != NULL ? list->n : 0;
    printf("\nIncidents, by the time of their first event\n\n");
    printf(" NO.  SEVERITY      FIRST EVENT       ALERTS  WHAT IT SHOWS\n");
    for (size_t i = 0; i < *out_n; i++)
        print_incident(d->a, &list->items[i]);
    if (*out_n == 0)
        printf("      none\n");
    return true;
}

static void print_story(const struct demo *d)
{
    if (d->input != NULL)
        return;
    printf("\nWhat was hidden in %lld days of ordinary logs\n\n", (long long)d->days);
    for (size_t i = 0; sim_stage_at(i) != NULL; i++) {
        const struct sim_stage *s = sim_stage_at(i);
        int minutes = (int)(s->after_midnight / TICKS_PER_MINUTE);
        printf("  %02d:%02d  %-20s %s\n", minutes / 60, minutes % 60, s->name, s->what);
    }
}

static void print_times(const struct demo *d, size_t incidents)
{
    struct replay_stats s = replay_stats(d->replay);
    double send = (double)s.send_us / 1e6, rules = (double)s.rules_us / 1e6;
    printf("\nTime\n\n");
    printf("  server start         %7.2f s\n", (double)d->start_us / 1e6);
    printf("  logs over HTTPS      %7.2f s   %llu records in %llu requests, %.0f records/s\n", send,
           (unsigned long long)s.events, (unsigned long long)s.requests,
           send > 0 ? (double)s.events / send : 0);
    printf("  import of rules      %7.2f s   %llu rules\n", (double)s.import_us / 1e6,
           (unsigned long long)s.rules);
    printf("  rule runs            %7.2f s   %llu runs, %.1f ms each\n", rules,
           (unsigned long long)s.runs, s.runs > 0 ? rules * 1e3 / (double)s.runs : 0);
    printf("  all                  %7.2f s   %zu incidents\n",
           (double)(clock_mono_us() - d->began) / 1e6, incidents);
}

static void print_further(const struct demo *d)
{
    static const char *const commands[] = {
        "incidents show 1",
        "query 'SecurityAlert | summarize count() by AlertName'",
        "query 'SentinelHealth | summarize count() by Status, SentinelResourceName'",
        "tables --counts",
        "rules list",
        "serve",
    };
    const char *program = program_invocation_name; /* as it was called: it may not be on the path */
    printf("\nLook further (the data stays in %s)\n\n", d->data);
    for (size_t i = 0; i < COUNTOF(commands); i++)
        printf("  %s %s --data %s\n", program, commands[i], d->data);
    printf("\nserve answers at https://127.0.0.1:8443, for example\n\n  /healthz\n"
           "  %s/incidents?api-version=2024-09-01\n",
           d->workspace.insights);
    printf("\nThe portal, in a browser%s\n\n  %s/portal/\n\n"
           "  user name  %.*s\n  password   %.*s\n",
           d->serve ? "" : " (once serve runs)",
           d->serve ? d->serving.url : "https://127.0.0.1:8443", STR_ARG(d->user),
           STR_ARG(d->password));
}

/* ---- the command ---- */

static void wait_for_end(const struct demo *d)
{
    sigset_t set;
    int got = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    printf("\nThe server runs at %s until Ctrl-C; CA: %s\n", d->serving.url, d->serving.ca_file);
    (void)fflush(stdout);
    (void)sigwait(&set, &got);
}

static bool run(struct demo *d, struct err *e)
{
    size_t incidents = 0;
    struct replay_options o = {
        .rules_from = d->rules_from, .rules_dir = d->rules_dir, .progress = progress, .self = d};
    if (!start_server(d, e) || !make_sender(d, &o, e) || !make_user(d, e))
        return false;
    printf("Server at %s, data in %s\n\n", d->serving.url, d->data);
    o.client = &d->client;
    o.workspace = d->workspace;
    d->replay = replay_new(&o);
    if (!play(d, e))
        return false;
    print_story(d);
    if (!print_incidents(d, &incidents, e))
        return false;
    print_times(d, incidents);
    print_further(d);
    if (d->serve)
        wait_for_end(d);
    return true;
}

static void finish(struct demo *d)
{
    replay_free(d->replay);
    if (d->client.a != NULL)
        client_close(&d->client);
    if (d->serving.v != NULL)
        (void)serving_stop(&d->serving, 5000);
    log_files_close(d->files);
    settings_free(&d->set);
    arena_free(d->a);
}

static bool take_day(void *day, char *text)
{
    int64_t *out = day;
    return date_parse_iso(str_from(text), out) && *out % TICKS_PER_DAY == 0;
}

/* As options_read. */
static int read_options(int argc, char **argv, struct demo *d)
{
    const struct cli_option options[] = {{"data", .text = &d->data},
                                         {"days", .number = &d->days},
                                         {"last-day", .take = take_day, .ctx = &d->last_day},
                                         {"seed", .number = &d->seed},
                                         {"input", .text = &d->input},
                                         {"serve", .flag = &d->serve}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    bool ok = d->days >= 2 && d->days <= 60 && optind == argc;
    return code >= 0 || ok ? code : options_misused(usage);
}

static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int cli_demo(int argc, char **argv)
{
    struct err e = {0};
    struct demo d = {.data = "vedette-demo", .days = 21, .seed = 1, .last_day = last_working_day()};
    int code = read_options(argc, argv, &d);
    if (code >= 0)
        return code;
    d.a = arena_new(0);
    d.terminal = isatty(1) != 0;
    d.began = clock_mono_us();
    (void)signal(SIGPIPE, SIG_IGN);
    if (d.serve)
        block_signals(); /* before the first thread */
    bool ok = clear_folder(d.data, &e) && redirect_log(&d, &e) && plan(&d, &e) && run(&d, &e);
    if (!ok)
        complain("demo", &e);
    finish(&d);
    return ok ? 0 : 1;
}
