/* vedette rules backtest: rules over the past, on a server's workspace or on a folder of logs. */
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/backtest_logs.h"
#include "cli/client.h"
#include "cli/complain.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/rule_files.h"
#include "cli/rules_commands.h"
#include "cli/text_table.h"
#include "text/date.h"

enum { POLL_US = 200 * 1000, SHOWN_FIRINGS = 5 };

static const char usage[] =
    "usage: vedette rules backtest [--data DIR|--url URL] [--workspace W] [options] "
    "[ID|FILE|DIR…]\n"
    "       vedette rules backtest --logs DIR [options] FILE|DIR…\n"
    "\n"
    "Runs rules over a period that is over and tells when each would have fired, on whom, which\n"
    "incidents it would have made, and what it costs; nothing is stored. Rules are files (YAML, "
    "ARM\n"
    "JSON) or ids of the workspace's own; without either all of the workspace's rules. --logs "
    "takes\n"
    "a folder of TABLE.ndjson files (.gz, .zst) in place of a server.\n"
    "\n"
    "  --functions PATH   with --logs: stored functions, a file or a folder; may be repeated\n"
    "  --watchlist FILE   with --logs: ALIAS.csv; may be repeated\n"
    "  --from T, --to T   of the windows' ends, such as 2026-03-01T00:00:00Z; default: the last 7\n"
    "                     days\n"
    "  --days N           the N days before --to\n"
    "  --as-if-on-time    rows count as arrived when they happened; else a run sees only what had\n"
    "                     arrived by then. Always so with --logs\n"
    "  --each-window      window by window, whatever is possible (slow; for comparing)\n"
    "  --firings N        runs listed with each rule [5 as text, 100 as JSON]\n"
    "  --json             the whole report as JSON\n"
    "  --fail-above N     exit code 3 when a rule would have fired more often than N times\n";

struct options {
    struct client_place place;
    const char *logs, *from, *to;
    int64_t days, firings, fail_above; /* < 0: not given */
    bool on_time, each_window, json;
    struct backtest_logs inputs;
    char **words;
    size_t n;
    int exit_code;
};

/* ---- the request ---- */

static bool is_path(const char *word)
{
    return access(word, F_OK) == 0;
}

static bool write_rules(struct arena *a, const struct options *o, struct json_out *w, struct err *e)
{
    struct rule_set set = {.a = a};
    json_key(w, "rules");
    json_arr(w);
    for (size_t i = 0; i < o->n; i++) {
        if (!is_path(o->words[i]))
            json_z(w, o->words[i]);
        else if (!rule_set_read(&set, &o->words[i], 1, e))
            return false;
    }
    for (size_t i = 0; i < set.v.n; i++) {
        json_obj(w);
        if (set.v.p[i].yaml)
            json_kv_str(w, "yaml", set.v.p[i].text);
        else {
            json_key(w, "arm");
            json_raw(w, set.v.p[i].text);
        }
        json_obj_end(w);
    }
    json_arr_end(w);
    if (set.refused > 0)
        fprintf(stderr, "%zu rules can't be read and are left out\n", set.refused);
    return set.v.n > 0 || set.refused == 0 || err_set(e, ERR_INVALID, "no rule can be read");
}

static bool write_times(const struct options *o, struct json_out *w, struct err *e)
{
    int64_t to = 0;
    if (o->to != NULL)
        json_kv_z(w, "to", o->to);
    if (o->from != NULL && o->days >= 0)
        return err_set(e, ERR_INVALID, "--from or --days, not both");
    if (o->from != NULL)
        json_kv_z(w, "from", o->from);
    if (o->days < 0)
        return true;
    if (o->to != NULL && !date_parse_iso(str_from(o->to), &to))
        return err_set(e, ERR_INVALID, "--to: a time such as 2026-03-01T00:00:00Z expected");
    if (to == 0) {
        struct clock *c = clock_new_system();
        to = clock_now(c);
        clock_free(c);
        json_kv_time(w, "to", to);
    }
    json_kv_time(w, "from", to - o->days * TICKS_PER_DAY);
    return true;
}

static bool write_request(struct arena *a, const struct options *o, struct sbuf *b, struct err *e)
{
    struct json_out w = json_out_make(b);
    json_obj(&w);
    if ((o->n > 0 && !write_rules(a, o, &w, e)) || !write_times(o, &w, e))
        return false;
    json_kv_bool(&w, "asIfOnTime", o->on_time || o->logs != NULL);
    json_kv_bool(&w, "eachWindow", o->each_window);
    json_kv_int(&w, "maxFirings", o->firings > 0 ? o->firings : o->json ? 100 : SHOWN_FIRINGS);
    json_obj_end(&w);
    return sbuf_ok(b) || err_set(e, ERR_LIMIT, "the rules are too large together");
}

/* ---- waiting ---- */

static atomic_bool interrupted;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&interrupted, true);
}

static int64_t number(const struct json *v, const char *key)
{
    const struct json *n = json_get(v, key);
    return n != NULL && n->type == JSON_INT ? n->i : 0;
}

static void show_progress(const struct json *v)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%3lld %%  rule %lld of %lld  window %lld of %lld  %lld runs fired  ",
                (long long)number(v, "percentComplete"), (long long)number(v, "rulesDone"),
                (long long)number(v, "rulesTotal"), (long long)number(v, "windowsDone"),
                (long long)number(v, "windowsTotal"), (long long)number(v, "fired"));
}

static void clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%79s\r", "");
}

/* Until it has ended; interrupted, it is cancelled. *out lives in c->a. */
static bool wait_for(struct client *c, const char *target, struct json *out, struct err *e)
{
    struct arena *keep = c->a;
    bool ok = true, running = true;
    while (ok && running) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct json v = {0};
        if (atomic_load(&interrupted)) {
            clear_progress();
            return client_call(c, "DELETE", target, NULL, STR(""), NULL, e) &&
                   err_set(e, ERR_CANCELLED, "cancelled");
        }
        c->a = a; /* an answer each fifth of a second */
        ok = client_call(c, "GET", target, NULL, STR(""), &v, e);
        running = ok && str_eqz(json_text(json_get(&v, "status"), STR("")), "Running");
        if (running)
            show_progress(&v);
        c->a = keep;
        if (running)
            (void)usleep(POLL_US);
    }
    clear_progress();
    return ok && client_call(c, "GET", target, NULL, STR(""), out, e);
}

/* ---- the report as text ---- */

static struct str count_text(struct arena *a, const struct json *r, const char *key)
{
    return arena_fmt(a, "%lld", (long long)number(r, key));
}

static struct str top_entity(struct arena *a, const struct json *r)
{
    const struct json *list = json_get(r, "topEntities");
    if (list == NULL || list->n == 0)
        return STR("");
    return arena_fmt(a, "%.*s %.*s (%lld)",
                     STR_ARG(json_text(json_get(&list->items[0], "type"), STR(""))),
                     STR_ARG(json_text(json_get(&list->items[0], "name"), STR(""))),
                     (long long)number(&list->items[0], "alerts"));
}

static int noisier_first(const void *p, const void *q)
{
    const struct json *const *x = p, *const *y = q;
    int64_t a = number(*x, "fired"), b = number(*y, "fired");
    if (a != b)
        return a < b ? 1 : -1;
    return str_cmp(json_text(json_get(*x, "name"), STR("")),
                   json_text(json_get(*y, "name"), STR("")));
}

static void print_table(struct arena *a, const struct json **rules, size_t n)
{
    static const char *const heads[] = {"RULE",   "WINDOWS",    "FIRED", "ALERTS", "INCIDENTS",
                                        "FAILED", "SUPPRESSED", "CPU S", "ROWS",   "MOST OFTEN"};
    struct text_table t;
    text_table_begin(&t, a, heads, COUNTOF(heads));
    for (size_t i = 0; i < n; i++) {
        const struct json *r = rules[i], *cpu = json_path(r, "cost.cpuSeconds");
        struct str cells[] = {str_sub(json_text(json_get(r, "name"), STR("")), 0, 48),
                              count_text(a, r, "windows"),
                              count_text(a, r, "fired"),
                              count_text(a, r, "alerts"),
                              count_text(a, r, "incidents"),
                              count_text(a, r, "failed"),
                              count_text(a, r, "suppressed"),
                              arena_fmt(a, "%.2f", cpu != NULL ? cpu->d : 0),
                              count_text(a, json_get(r, "cost"), "rowsInWindows"),
                              top_entity(a, r)};
        text_table_row(&t, cells);
    }
    text_table_print(&t, stdout);
}

static void print_firings(const struct json *r)
{
    const struct json *list = json_get(r, "firings");
    if (list == NULL || list->n == 0)
        return;
    printf("\n%.*s\n", STR_ARG(json_text(json_get(r, "name"), STR(""))));
    for (size_t i = 0; i < list->n; i++) {
        const struct json *f = &list->items[i], *entities = json_get(f, "entities");
        printf("  %.19s%s  %lld rows  %lld alerts  %.*s",
               json_text(json_get(f, "windowEnd"), STR("?")).p,
               json_is_true(json_get(f, "late")) ? " (late)" : "", (long long)number(f, "rows"),
               (long long)number(f, "alerts"), STR_ARG(json_text(json_get(f, "title"), STR(""))));
        for (size_t k = 0; entities != NULL && k < entities->n; k++)
            printf("%s %.*s", k == 0 ? " :" : ",",
                   STR_ARG(json_text(json_get(&entities->items[k], "name"), STR(""))));
        printf("\n");
    }
    if (number(r, "fired") > (int64_t)list->n)
        printf("  … and %lld more\n", (long long)(number(r, "fired") - (int64_t)list->n));
}

static void print_errors(const struct json **rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str why = json_text(json_path(rules[i], "error.message"), STR(""));
        if (why.n > 0)
            fprintf(stderr, "%.*s: %.*s\n", STR_ARG(json_text(json_get(rules[i], "name"), STR(""))),
                    STR_ARG(why));
    }
}

/* Rows that came long after they happened are not seen by the runs of their time. */
static void print_late(const struct json *report)
{
    const struct json *tables = json_get(report, "tables");
    if (json_is_true(json_get(report, "asIfOnTime")))
        return;
    for (size_t i = 0; tables != NULL && i < tables->n; i++) {
        const struct json *t = &tables->items[i];
        int64_t rows = number(t, "rows"), late = number(t, "late");
        if (late > rows / 20)
            fprintf(stderr,
                    "note: %lld of %lld rows of %.*s arrived more than 10 minutes after they "
                    "happened: runs see them late, or not at all (--as-if-on-time)\n",
                    (long long)late, (long long)rows,
                    STR_ARG(json_text(json_get(t, "name"), STR(""))));
    }
}

static void print_report(struct arena *a, const struct json *report)
{
    const struct json *list = json_get(report, "rules");
    size_t n = list != NULL ? list->n : 0;
    const struct json **rules = arena_array(a, const struct json *, n + 1);
    int64_t fired = 0, alerts = 0, incidents = 0;
    for (size_t i = 0; i < n; i++) {
        rules[i] = &list->items[i];
        fired += number(rules[i], "fired");
        alerts += number(rules[i], "alerts");
        incidents += number(rules[i], "incidents");
    }
    if (n > 1)
        qsort(rules, n, sizeof(*rules), noisier_first);
    print_table(a, rules, n);
    for (size_t i = 0; i < n; i++)
        print_firings(rules[i]);
    print_errors(rules, n);
    print_late(report);
    printf("\n%zu rules from %.19s to %.19s: %lld runs fired, %lld alerts, %lld incidents\n", n,
           json_text(json_get(report, "from"), STR("?")).p,
           json_text(json_get(report, "to"), STR("?")).p, (long long)fired, (long long)alerts,
           (long long)incidents);
}

static void print_json(const struct json *report)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, report);
    printf("%.*s\n", STR_ARG(sbuf_str(&b)));
}

static int code_of(const struct options *o, const struct json *report)
{
    const struct json *list = json_get(report, "rules");
    int code = 0;
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        if (json_path(&list->items[i], "error.message") != NULL && code == 0)
            code = 1;
        if (o->fail_above >= 0 && number(&list->items[i], "fired") > o->fail_above)
            code = 3;
    }
    return code;
}

/* ---- the command ---- */

static bool backtest(struct client *c, const struct client_workspace *w, const void *arg,
                     struct err *e)
{
    struct options *o = *(struct options *const *)arg;
    struct json answer = {0}, done = {0};
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    if (o->logs != NULL && !backtest_logs_load(c, w, o->logs, &o->inputs, e))
        return false;
    if (!write_request(c->a, o, &body, e))
        return false;
    char *target = arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/backtests", w->id));
    if (!client_call(c, "POST", target, NULL, sbuf_str(&body), &answer, e))
        return false;
    struct str id = json_text(json_get(&answer, "id"), STR(""));
    target = arena_strz(c->a, arena_fmt(c->a, "%s/%.*s", target, STR_ARG(id)));
    (void)signal(SIGINT, on_signal);
    if (!wait_for(c, target, &done, e))
        return false;
    const struct json *report = json_get(&done, "properties");
    if (report == NULL)
        return err_set(e, ERR_INVALID, "the backtest ended as %.*s: %.*s",
                       STR_ARG(json_text(json_get(&done, "status"), STR(""))),
                       STR_ARG(json_text(json_path(&done, "error.message"), STR("no reason"))));
    if (o->json)
        print_json(report);
    else
        print_report(c->a, report);
    o->exit_code = code_of(o, report);
    return true;
}

static bool take_functions(void *inputs, char *path)
{
    return backtest_logs_functions(inputs, path);
}

static bool take_watchlist(void *inputs, char *path)
{
    return backtest_logs_watchlist(inputs, path);
}

static int over_logs(struct options **p)
{
    char dir[] = "/tmp/vedette-backtest-XXXXXX";
    if (mkdtemp(dir) == NULL) {
        struct err e = {0};
        err_errno(&e, "can't make a folder in", "/tmp");
        complain("rules backtest", &e);
        return 1;
    }
    (*p)->place.data = dir;
    int code = client_run("rules backtest", &(*p)->place, true, backtest, p);
    remove_tree(dir);
    return code;
}

int rules_backtest(int argc, char **argv)
{
    struct options o = {.days = -1, .firings = -1, .fail_above = -1};
    struct options *p = &o;
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(o.place),
                                         {"logs", .text = &o.logs},
                                         {"functions", .take = take_functions, .ctx = &o.inputs},
                                         {"watchlist", .take = take_watchlist, .ctx = &o.inputs},
                                         {"from", .text = &o.from},
                                         {"to", .text = &o.to},
                                         {"days", .number = &o.days},
                                         {"firings", .number = &o.firings},
                                         {"fail-above", .number = &o.fail_above},
                                         {"as-if-on-time", .flag = &o.on_time},
                                         {"each-window", .flag = &o.each_window},
                                         {"json", .flag = &o.json}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    o.words = argv + optind;
    o.n = (size_t)(argc - optind);
    if (o.logs != NULL && (o.n == 0 || o.place.data != NULL || o.place.url != NULL))
        return options_misused(usage);
    code = o.logs != NULL ? over_logs(&p)
                          : client_run("rules backtest", &o.place, false, backtest, &p);
    return code != 0 ? code : o.exit_code;
}
