/* vedette kql: compiles, runs and explains KQL over tables that files describe; no server and no
 * data folder is needed. */
#include <getopt.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/kql_errors.h"
#include "cli/kql_explain.h"
#include "cli/kql_format.h"
#include "cli/kql_reference.h"
#include "engine/fixtures.h"
#include "http/http.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_ROWS = 500000, MAX_BYTES = 256 << 20, TIMEOUT_S = 60, MAX_LINE = 8 << 20 };

static const char usage[] =
    "usage: vedette kql eval  [options] --batch | 'KQL'    run, print the rows as JSON\n"
    "       vedette kql check [options] --batch | 'KQL'    compile only\n"
    "       vedette kql sql   [options] 'KQL'              print the SQL that would run\n"
    "       vedette kql sql --explain …                    over a workspace (--explain --help)\n"
    "       vedette kql plan  [options] 'KQL'              print the bound plan\n"
    "       vedette kql format [--check] …                 lay queries out (format --help)\n"
    "       vedette kql reference                          what of the language runs\n"
    "\n"
    "  --batch           JSON lines {\"id\",\"query\"} on standard input; a line of JSON for each\n"
    "  --fixtures DIR    a table for each T.ndjson, T.jsonl, T.json or T.csv\n"
    "  --schemas FILE    columns of tables: {\"Table\":[[\"column\",\"type\"], …]}\n"
    "  --functions FILE  stored functions: [{\"name\",\"parameters\",\"body\",\"view\"}, …]\n"
    "  --geoip FILE      where addresses are: a MaxMind DB, for geo_info_from_ip_address()\n"
    "  --now TIME        what now() gives; the clock's time if not given\n"
    "  --timeout SECONDS of one query; 60 if not given\n"
    "  --external HOSTS  hosts that externaldata may read from: a.example,b.example:8443\n";

struct session {
    struct fixtures *f;
    int64_t now;
    int64_t timeout_us;
    bool run; /* eval: rows, too */
};

static void write_columns(struct json_out *w, const struct plan_cols *cols)
{
    json_key(w, "columns");
    json_arr(w);
    for (size_t i = 0; i < cols->n; i++) {
        json_obj(w);
        json_kv_str(w, "name", cols->p[i].name);
        json_kv_z(w, "type", kql_type_name(cols->p[i].type));
        json_obj_end(w);
    }
    json_arr_end(w);
}

static void write_rows(struct json_out *w, const struct engine_rows *rows)
{
    size_t width = engine_rows_schema(rows)->n;
    json_key(w, "rows");
    json_arr(w);
    for (size_t r = 0; r < engine_rows_count(rows); r++) {
        json_arr(w);
        for (size_t c = 0; c < width; c++) {
            struct kql_value v = engine_rows_get(rows, r, c);
            engine_value_json(w, &v);
        }
        json_arr_end(w);
    }
    json_arr_end(w);
    if (engine_rows_truncated(rows))
        json_kv_bool(w, "truncated", true);
}

static bool compile(const struct session *s, struct arena *a, struct str text,
                    struct kql_query *out, struct kql_diags *d, struct err *e)
{
    struct kql_options o = {.catalog = fixtures_catalog(s->f), .now_ticks = s->now};
    struct kql_catalog blind = *o.catalog;
    if (!s->run) {
        blind.peek = NULL;
        o.catalog = &blind;
    }
    if (kql_compile(a, text, &o, out, d))
        return true;
    kql_diags_err(d, e);
    return false;
}

static bool run_result(const struct session *s, struct str text, const struct kql_query *q,
                       size_t at, struct json_out *w, struct err *e)
{
    const struct kql_result *r = &q->results[at];
    int64_t now = clock_mono_us();
    struct engine_limits limits = {
        .deadline_us = now + s->timeout_us, .max_rows = MAX_ROWS, .max_bytes = MAX_BYTES};
    struct engine_rows *rows = NULL;
    engine_limits_wish(&limits, &q->request, now, NULL);
    if (!engine_run(fixtures_engine(s->f), r->plan, fixtures_source(s->f), &limits, &rows, e)) {
        kql_err_locate(text, e);
        return false;
    }
    write_columns(w, &r->plan->cols);
    write_rows(w, rows);
    engine_rows_free(rows);
    return true;
}

/* The members of one answer: columns and rows of the first table, then further tables. */
static bool answer(const struct session *s, struct arena *a, struct str text, struct json_out *w,
                   struct kql_diags *d, struct err *e)
{
    struct kql_query q;
    if (!compile(s, a, text, &q, d, e))
        return false;
    if (s->run && !run_result(s, text, &q, 0, w, e))
        return false;
    if (!s->run) {
        write_columns(w, &q.results[0].plan->cols);
        if (q.open_schema)
            json_kv_bool(w, "open_schema", true);
    }
    if (q.n == 1)
        return true;
    json_key(w, "more");
    json_arr(w);
    for (size_t i = 1; i < q.n; i++) {
        json_obj(w);
        json_kv_str(w, "name", q.results[i].name);
        if (!s->run)
            write_columns(w, &q.results[i].plan->cols);
        else if (!run_result(s, text, &q, i, w, e))
            return false;
        json_obj_end(w);
    }
    json_arr_end(w);
    return true;
}

static void answer_start(struct json_out *w, const struct json *id)
{
    json_obj(w);
    if (id == NULL)
        return;
    json_key(w, "id");
    json_value(w, id);
}

static void show_errors(struct str text, const struct err *e, const struct kql_diags *d)
{
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    kql_errors_text(&out, text, e, d);
    fwrite(sbuf_str(&out).p, 1, out.n, stderr);
}

/* One line of output, whatever happened. id NULL: none, and people read it. */
static bool answer_line(const struct session *s, const struct json *id, struct str text, FILE *to)
{
    struct arena *a = arena_new(0);
    struct err e = {0};
    struct kql_diags d = {.a = a, .text = text};
    AUTO(sbuf_fini) struct sbuf body = sbuf_make((size_t)2 * MAX_BYTES);
    struct json_out w = json_out_make(&body);
    answer_start(&w, id);
    bool ok = answer(s, a, text, &w, &d, &e);
    if (ok && !sbuf_ok(&body))
        ok = err_set(&e, ERR_LIMIT, "the answer is larger than %d MiB", 2 * MAX_BYTES >> 20);
    if (!ok) { /* what was written before the failure is thrown away */
        sbuf_clear(&body);
        w = json_out_make(&body);
        answer_start(&w, id);
        kql_errors_json(&w, text, &e, &d);
        if (id == NULL)
            show_errors(text, &e, &d);
    }
    json_obj_end(&w);
    sbuf_addc(&body, '\n');
    fwrite(sbuf_str(&body).p, 1, body.n, to);
    fflush(to);
    arena_free(a);
    return ok;
}

static void batch_line(const struct session *s, struct str line)
{
    struct arena *a = arena_new(0);
    struct json v;
    struct err e = {0};
    const struct json *query = NULL;
    if (json_parse(a, line, NULL, &v, &e))
        query = json_get(&v, "query");
    if (query != NULL && query->type == JSON_STRING) {
        (void)answer_line(s, json_get(&v, "id"), query->text, stdout);
    } else {
        if (e.code == ERR_OK)
            err_set(&e, ERR_INVALID, "a line must be an object with \"id\" and \"query\"");
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
        struct json_out w = json_out_make(&b);
        json_obj(&w);
        kql_errors_json(&w, STR_NONE, &e, NULL);
        json_obj_end(&w);
        puts(sbuf_str(&b).p);
        fflush(stdout);
    }
    arena_free(a);
}

static int batch(const struct session *s)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    while ((n = getline(&line, &cap, stdin)) > 0) {
        struct str text = str_trim((struct str){line, (size_t)n});
        if (text.n > MAX_LINE)
            text.n = MAX_LINE; /* cut: its error says that it does not parse */
        if (text.n > 0)
            batch_line(s, text);
    }
    xfree(line); /* getline's own */
    return 0;
}

static int failed(const struct err *e)
{
    complain("kql", e);
    return 1;
}

static int explain(const struct session *s, struct str text, bool sql)
{
    struct arena *a = arena_new(0);
    struct kql_query q;
    struct err e = {0};
    struct kql_diags d = {.a = a, .text = text};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    bool ok = compile(s, a, text, &q, &d, &e);
    for (size_t i = 0; ok && i < q.n; i++) {
        if (sql)
            ok = engine_sql(q.results[i].plan, fixtures_source(s->f), &out, &e);
        else
            plan_print(q.results[i].plan, &out);
        sbuf_addz(&out, sql ? ";\n" : "");
    }
    kql_err_locate(text, &e);
    if (ok)
        fputs(sbuf_str(&out).p, stdout);
    else
        show_errors(text, &e, &d);
    arena_free(a);
    return ok ? 0 : 1;
}

static int run(const char *verb, const struct session *s, bool lines, const char *text)
{
    if (strcmp(verb, "sql") == 0 || strcmp(verb, "plan") == 0)
        return explain(s, str_from(text), strcmp(verb, "sql") == 0);
    if (lines)
        return batch(s);
    return answer_line(s, NULL, str_from(text), stdout) ? 0 : 1;
}

static bool known_verb(const char *verb)
{
    static const char *const verbs[] = {"eval", "check", "sql", "plan"};
    for (size_t i = 0; i < COUNTOF(verbs); i++)
        if (strcmp(verb, verbs[i]) == 0)
            return true;
    return false;
}

static bool is_given(int argc, char **argv, const char *option)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return true;
    return false;
}

/* Subcommands that need no tables of files. */
static bool other_command(int argc, char **argv, int *out_code)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "format") == 0)
        *out_code = kql_format_command(argc - 1, argv + 1);
    else if (strcmp(verb, "reference") == 0)
        *out_code = kql_reference_command(argc - 1, argv + 1);
    else if (strcmp(verb, "sql") == 0 && is_given(argc, argv, "--explain"))
        *out_code = kql_explain_command(argc - 1, argv + 1);
    else
        return false;
    return true;
}

static int wrong(const char *what)
{
    if (what != NULL)
        fprintf(stderr, "vedette kql: %s\n", what);
    fputs(usage, stderr);
    return 2;
}

int cli_kql(int argc, char **argv)
{
    static const struct option options[] = {
        {"batch", no_argument, NULL, 'b'},          {"fixtures", required_argument, NULL, 'f'},
        {"schemas", required_argument, NULL, 's'},  {"functions", required_argument, NULL, 'F'},
        {"now", required_argument, NULL, 'n'},      {"timeout", required_argument, NULL, 't'},
        {"external", required_argument, NULL, 'e'}, {"geoip", required_argument, NULL, 'g'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    struct http_allowed allowed = {0};
    struct engine_fetch fetch = {&allowed, http_fetch};
    struct fixtures_options o = {.memory_bytes = (size_t)2 << 30};
    struct session s = {.timeout_us = (int64_t)TIMEOUT_S * 1000000};
    bool lines = false;
    int64_t seconds = TIMEOUT_S;
    int c;
    if (other_command(argc, argv, &c))
        return c;
    struct clock *clock = clock_new_system();
    s.now = clock_now(clock);
    clock_free(clock);
    while ((c = getopt_long(argc, argv, "bf:s:F:g:n:t:e:h", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (c == '?')
            return wrong(NULL);
        lines |= c == 'b';
        o.dir = c == 'f' ? optarg : o.dir;
        o.schemas_file = c == 's' ? optarg : o.schemas_file;
        o.functions_file = c == 'F' ? optarg : o.functions_file;
        if (c == 'e')
            allowed.hosts = str_from(optarg);
        o.geoip_file = c == 'g' ? optarg : o.geoip_file;
        if (c == 'n' && !date_parse_kusto(str_from(optarg), &s.now))
            return wrong("--now needs a time such as 2026-03-01T12:00:00Z");
        if (c == 't' && (!str_to_i64(str_from(optarg), &seconds) || seconds < 1 || seconds > 86400))
            return wrong("--timeout needs a number of seconds from 1 to 86400");
    }
    s.timeout_us = seconds * 1000000;
    o.fetch = allowed.hosts.n > 0 ? &fetch : NULL;
    const char *verb = optind < argc ? argv[optind] : "";
    const char *text = optind + 1 < argc ? argv[optind + 1] : NULL;
    if (!known_verb(verb))
        return wrong("eval, check, sql or plan?");
    if (lines == (text != NULL) || optind + 2 < argc)
        return wrong("give one query, or --batch (eval and check)");
    s.run = strcmp(verb, "eval") == 0;
    log_setup(LOG_ERROR, 2);
    struct err e = {0};
    s.f = fixtures_open(&o, &e);
    int code = s.f != NULL ? run(verb, &s, lines, text) : failed(&e);
    fixtures_close(s.f);
    return code;
}
