/* Runs a rule over fixture rows, exactly as the server would: the rows are ingested into a store of
 * their own, the rule is imported, and the run that is due at the case's time makes alerts and
 * incidents in a control database in memory. */
#include "cli/rules_test.h"
#include "api/api.h"
#include "base/log.h"
#include "cli/files.h"
#include "state/alerts.h"
#include "text/date.h"
#include "text/json.h"
#include "text/yaml.h"
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

struct bench { /* what one case runs in */
    struct arena *a;
    char dir[64];
    struct clock *clock;
    struct store *store;
    struct workspace *w;
    struct state *state;
    struct ingest *ingest;
    struct incidents *incidents;
    struct detect *detect;
};

static void bench_close(struct bench *b)
{
    detect_close(b->detect);
    incidents_close(b->incidents);
    if (b->ingest != NULL)
        ingest_close(b->ingest);
    state_close(b->state);
    if (b->store != NULL)
        store_close(b->store);
    if (b->clock != NULL)
        clock_free(b->clock);
    if (b->dir[0] != '\0')
        remove_tree(b->dir);
    memset(b, 0, sizeof(*b));
}

static bool bench_open(struct bench *b, struct arena *a, int64_t now, struct err *e)
{
    memset(b, 0, sizeof(*b));
    b->a = a;
    snprintf(b->dir, sizeof(b->dir), "/tmp/vedette-rules-XXXXXX");
    if (mkdtemp(b->dir) == NULL) {
        b->dir[0] = '\0';
        return err_errno(e, "can't make a folder in", "/tmp");
    }
    b->clock = clock_new_manual(now - 30 * TICKS_PER_SECOND);
    struct store_options so = {.data_dir = b->dir, .clock = b->clock, .threads = 1};
    b->store = store_open(&so, e);
    b->state = state_open(NULL, e);
    if (b->store == NULL || b->state == NULL)
        return false;
    b->w = store_workspace_create(b->store, STR("00000000-0000-4000-8000-000000000001"),
                                  STR("fixture"), e);
    struct ingest_options io = {.store = b->store, .clock = b->clock};
    io.limits.max_body_bytes = 64 << 20;
    b->ingest = ingest_open(&io);
    struct arm_scope scope = {0};
    b->incidents = incidents_open(b->store, b->state, b->clock, &scope);
    struct detect_options d = {
        .store = b->store, .state = b->state, .clock = b->clock, .incidents = b->incidents};
    b->detect = b->w != NULL ? detect_open(&d, e) : NULL;
    return b->detect != NULL;
}

/* ---- rows ---- */

static bool ingest_table(struct bench *b, struct str table, const struct json *rows, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    struct json_out w = json_out_make(&body);
    struct ingest_result done = {0};
    bool custom = str_ends(table, STR("_CL"));
    json_value(&w, rows);
    struct ingest_request r = {
        .workspace = b->w,
        .stream = arena_fmt(b->a, "%s-%.*s", custom ? "Custom" : "Microsoft", STR_ARG(table)),
        .body = sbuf_str(&body),
        .source = STR("fixture"),
        .create_table = custom,
        .keep_times = true};
    if (!ingest_logs(b->ingest, &r, &done, e))
        return false;
    if (done.rejected > 0 || done.dropped > 0 || done.nulled > 0)
        return err_set(e, ERR_INVALID,
                       "table %.*s: %llu rows rejected, %llu values without a column, %llu of "
                       "another type than their column",
                       STR_ARG(table), (unsigned long long)done.rejected,
                       (unsigned long long)done.dropped, (unsigned long long)done.nulled);
    return true;
}

static bool ingest_tables(struct bench *b, const struct json *tables, struct err *e)
{
    if (tables == NULL || tables->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "tables: rows by table expected");
    for (size_t i = 0; i < tables->n; i++)
        if (!ingest_table(b, tables->keys[i], &tables->items[i], e))
            return false;
    return true;
}

/* ---- expectations ---- */

static bool equal(const struct json *want, const struct json *is)
{
    if (is == NULL)
        return want->type == JSON_NULL;
    bool numbers = (want->type == JSON_INT || want->type == JSON_REAL) &&
                   (is->type == JSON_INT || is->type == JSON_REAL);
    if (numbers)
        return want->d == is->d;
    if (want->type == JSON_STRING || is->type == JSON_STRING)
        return want->type == is->type && str_eq(want->text, is->text);
    AUTO(sbuf_fini) struct sbuf x = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf y = sbuf_make(0);
    struct json_out wx = json_out_make(&x), wy = json_out_make(&y);
    json_value(&wx, want);
    json_value(&wy, is);
    return str_eq(sbuf_str(&x), sbuf_str(&y));
}

/* Every member of want is in is with an equal value. */
static bool covers(const struct json *want, const struct json *is)
{
    for (size_t i = 0; i < want->n; i++)
        if (!equal(&want->items[i], json_get_str(is, want->keys[i])))
            return false;
    return true;
}

static struct str shown(struct arena *a, const struct json *v)
{
    if (v == NULL)
        return STR("nothing");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return arena_str(a, sbuf_str(&b));
}

static bool want_number(const struct json *expect, const char *key, int64_t is, struct err *e)
{
    const struct json *want = json_get(expect, key);
    if (want == NULL || (want->type == JSON_INT && want->i == is))
        return true;
    return err_set(e, ERR_INVALID, "%s: %.*s expected, %lld found", key, STR_ARG(want->text),
                   (long long)is);
}

static bool want_text(const struct json *expect, const char *key, struct str is, struct err *e)
{
    const struct json *want = json_get(expect, key);
    if (want == NULL || str_eq(json_text(want, STR("")), is))
        return true;
    return err_set(e, ERR_INVALID, "%s: '%.*s' expected, '%.*s' found", key, STR_ARG(want->text),
                   STR_ARG(is));
}

static bool want_columns(struct arena *a, const struct json *expect, struct str first_row,
                         struct err *e)
{
    struct json row = {0};
    const struct json *want = json_get(expect, "columns");
    if (want == NULL)
        return true;
    if (first_row.n == 0 || !json_parse(a, first_row, NULL, &row, NULL))
        return err_set(e, ERR_INVALID, "columns: the query returns no row");
    for (size_t i = 0; i < want->n; i++) {
        const struct json *is = json_get_str(&row, want->keys[i]);
        if (!equal(&want->items[i], is))
            return err_set(e, ERR_INVALID, "column %.*s: %.*s expected, %.*s found",
                           STR_ARG(want->keys[i]), STR_ARG(shown(a, &want->items[i])),
                           STR_ARG(shown(a, is)));
    }
    return true;
}

static bool want_entities(struct arena *a, const struct json *expect, struct str entities,
                          struct err *e)
{
    struct json list = {0};
    const struct json *want = json_get(expect, "entities");
    if (want == NULL)
        return true;
    if (!json_parse(a, entities, NULL, &list, e))
        return false;
    for (size_t i = 0; i < want->n; i++) {
        bool found = false;
        for (size_t k = 0; k < list.n && !found; k++)
            found = covers(&want->items[i], &list.items[k]);
        if (!found)
            return err_set(e, ERR_INVALID, "entity %.*s is not among %.*s",
                           STR_ARG(shown(a, &want->items[i])), STR_ARG(str_sub(entities, 0, 300)));
    }
    return true;
}

/* ---- one case ---- */

static bool compare(struct bench *b, struct str rule_id, int64_t s, const struct json *expect,
                    struct err *e)
{
    struct arena *a = b->a;
    struct state_run *runs = NULL;
    struct state_alert *alerts = NULL;
    struct state_incident *incidents = NULL;
    size_t n_runs = 0, n_alerts = 0, n_incidents = 0;
    if (!detect_run_list(b->detect, a, b->w, rule_id, 2, &runs, &n_runs, e) ||
        !state_alert_list(b->state, a, workspace_id(b->w), rule_id, s, s, &alerts, &n_alerts, e) ||
        !state_incident_list(b->state, a, workspace_id(b->w), &incidents, &n_incidents, e))
        return false;
    if (n_runs != 1)
        return err_set(e, ERR_INTERNAL, "one run expected, %zu happened", n_runs);
    if (!str_eqz(runs[0].status, "Success"))
        return err_set(e, ERR_INVALID, "the run failed: %.*s", STR_ARG(runs[0].error));
    if (!want_number(expect, "alerts", (int64_t)n_alerts, e) ||
        !want_number(expect, "rows", runs[0].rows, e) ||
        !want_number(expect, "incidents", (int64_t)n_incidents, e))
        return false;
    if (n_alerts == 0)
        return true;
    return want_text(expect, "title", alerts[0].name, e) &&
           want_text(expect, "severity", alerts[0].severity, e) &&
           want_entities(a, expect, alerts[0].entities, e);
}

static bool check_first_row(struct bench *b, struct str rule_text, int64_t s,
                            const struct json *expect, struct err *e)
{
    struct rule rule = {0};
    struct rule_issues is = {.a = b->a};
    struct detect_result result = {0};
    return rule_read_yaml(b->a, rule_text, &rule, &is) &&
           detect_evaluate(b->detect, b->a, b->w, &rule, s, &result, e) &&
           want_columns(b->a, expect, result.first_row, e);
}

static bool run_case(struct bench *b, struct str rule_text, const struct json *c, int64_t now,
                     struct err *e)
{
    struct rule_issues is = {.a = b->a};
    struct rule rule = {0};
    struct str id = STR("");
    const struct json *expect = json_get(c, "expect");
    if (json_get(expect, "alerts") == NULL)
        return err_set(e, ERR_INVALID, "expect.alerts is missing");
    if (!ingest_tables(b, json_get(c, "tables"), e))
        return false;
    if (rule_read_yaml(b->a, rule_text, &rule, &is) && rule.kind == RULE_NRT)
        clock_set(b->clock,
                  now + 2 * TICKS_PER_MINUTE); /* those run that long after their window */
    else
        clock_set(b->clock, now);
    is = (struct rule_issues){.a = b->a};
    return detect_rule_import_yaml(b->detect, b->a, b->w, rule_text, &is, &id, e) &&
           detect_run_due(b->detect, NULL, e) && compare(b, id, now, expect, e) &&
           check_first_row(b, rule_text, now, expect, e);
}

static bool test_case(struct arena *a, struct str rule_text, const struct json *c, struct err *e)
{
    struct bench b;
    int64_t now = 0;
    if (!date_parse_iso(json_text(json_get(c, "now"), STR("")), &now))
        return err_set(e, ERR_INVALID, "now: a time such as 2026-01-02T03:04:05Z expected");
    bool ok = bench_open(&b, a, now, e) && run_case(&b, rule_text, c, now, e);
    bench_close(&b);
    return ok;
}

/* ---- one file ---- */

static void report(const char *path, struct str name, bool ok, const struct err *e,
                   struct rules_tested *t)
{
    t->passed += ok ? 1 : 0;
    t->failed += ok ? 0 : 1;
    if (ok)
        printf("ok      %s: %.*s\n", path, STR_ARG(name));
    else
        printf("FAILED  %s: %.*s: %s\n", path, STR_ARG(name), e->msg);
    (void)fflush(stdout);
}

static bool read_cases(struct arena *a, const char *path, struct str *rule_text, struct json *cases,
                       struct err *e)
{
    struct str text = STR("");
    struct json root = {0};
    if (!file_read(a, path, 16 << 20, &text, e) || !yaml_parse(a, text, NULL, &root, e))
        return false;
    struct str rule = json_text(json_get(&root, "rule"), STR(""));
    if (rule.n == 0)
        return err_set(e, ERR_INVALID, "rule: the rule's file is missing");
    const char *dir = dirname(arena_strz(a, str_from(path)));
    if (!file_read(a, arena_fmt(a, "%s/%.*s", dir, STR_ARG(rule)).p, 1 << 20, rule_text, e))
        return false;
    const struct json *list = json_get(&root, "cases");
    if (list == NULL || list->type != JSON_ARRAY || list->n == 0)
        return err_set(e, ERR_INVALID, "cases: a list of cases expected");
    *cases = *list;
    return true;
}

/* A rule that is never seen to fire, or never seen to be quiet, is not tested. */
static void check_both(const char *path, const struct json *cases, struct rules_tested *t)
{
    bool fires = false, quiet = false;
    struct err e = {0};
    for (size_t i = 0; i < cases->n; i++) {
        const struct json *alerts = json_path(&cases->items[i], "expect.alerts");
        fires = fires || (alerts != NULL && alerts->i > 0);
        quiet = quiet || (alerts != NULL && alerts->i == 0);
    }
    if (fires && quiet)
        return;
    err_set(&e, ERR_INVALID, "no case %s", fires ? "without an alert" : "with an alert");
    report(path, STR("both sides"), false, &e, t);
}

void rules_test_file(const char *path, struct rules_tested *t)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str rule_text = STR("");
    struct json cases = {0};
    struct err e = {0};
    log_setup(LOG_ERROR, 2);
    if (!read_cases(a, path, &rule_text, &cases, &e)) {
        report(path, STR("reading"), false, &e, t);
        return;
    }
    for (size_t i = 0; i < cases.n; i++) {
        AUTO(arena_freep) struct arena *one = arena_new(0);
        struct str name = json_text(json_get(&cases.items[i], "name"), STR("(no name)"));
        e = (struct err){0};
        bool ok = test_case(one, rule_text, &cases.items[i], &e);
        report(path, name, ok, &e, t);
    }
    check_both(path, &cases, t);
}
