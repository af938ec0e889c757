/* A file of test cases for one rule: reading it, and running a case. */
#include "ruletest/case_file.h"
#include "text/date.h"
#include "text/files.h"
#include "text/unpack.h"
#include "text/yaml.h"
#include <libgen.h>
#include <stdio.h>

enum {
    MAX_CASES_FILE = 256 << 20,
    READ_BYTES = 256 << 10,
    MAX_LOOKBACK_DAYS = 36500,
    MAX_TOLD = 50
};

/* ---- reading ---- */

/* A path of the file is relative to its folder. NULL: there are no files where the text is from. */
static char *beside(struct arena *a, const char *file, struct str path, struct err *e)
{
    if (file == NULL) {
        err_set(e, ERR_INVALID, "'%.*s': files can't be named here; give rows and KQL themselves",
                STR_ARG(path));
        return NULL;
    }
    if (path.n > 0 && path.p[0] == '/')
        return arena_strz(a, path);
    const char *dir = dirname(arena_strz(a, str_from(file)));
    return arena_strz(a, arena_fmt(a, "%s/%.*s", dir, STR_ARG(path)));
}

/* "rules/x.test.yaml" → "rules/x.yaml" */
static struct str own_rule(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str name = str_from(slash != NULL ? slash + 1 : path);
    size_t at;
    if (!str_find(name, STR(".test."), &at))
        return STR("");
    return arena_fmt(a, "%.*s.yaml", STR_ARG(str_sub(name, 0, at)));
}

/* A key that is misspelt must not be a key that is not there. */
static bool keys_known(const struct json *v, const char *const *known, const char *where,
                       struct err *e)
{
    for (size_t i = 0; i < v->n; i++) {
        size_t k = 0;
        while (known[k] != NULL && !str_eqz(v->keys[i], known[k]))
            k++;
        if (known[k] == NULL)
            return err_set(e, ERR_INVALID, "%s%.*s: not known", where, STR_ARG(v->keys[i]));
    }
    return true;
}

static bool read_rule(struct case_file *f, case_rule_fn *read, struct err *e)
{
    const struct json *given = json_get(&f->root, "rule");
    struct str name = json_text(given, STR(""));
    if (given != NULL && given->type != JSON_STRING)
        return err_set(e, ERR_INVALID, "rule: the name of a file expected");
    if (name.n == 0)
        name = own_rule(f->a, f->path);
    if (name.n == 0)
        return err_set(e, ERR_INVALID, "rule: the rule's file is missing");
    char *path = beside(f->a, f->path, name, e);
    return path != NULL && read(f->a, path, &f->rule, e);
}

static bool read_lookback(struct case_file *f, struct err *e)
{
    const struct json *v = json_get(&f->root, "lookback");
    if (v == NULL)
        return true;
    return (rule_duration(json_text(v, v->text), &f->rule.period) && f->rule.period > 0 &&
            f->rule.period <= MAX_LOOKBACK_DAYS * TICKS_PER_DAY) ||
           err_set(e, ERR_INVALID, "lookback: a duration such as 90d expected, at most %dd",
                   MAX_LOOKBACK_DAYS);
}

/* A list of paths; an object is of functions themselves (put_functions). */
static bool read_functions(struct case_file *f, struct case_bench *b, struct err *e)
{
    const struct json *v = json_get(&f->root, "functions");
    if (v == NULL || v->type == JSON_OBJECT || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "functions: a list of files, or KQL by name, expected");
    char **paths = arena_array(f->a, char *, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        if ((paths[i] = beside(f->a, f->path, json_text(&v->items[i], STR("")), e)) == NULL)
            return false;
    f->functions.a = f->a;
    return case_functions_read(b, paths, v->n, &f->functions, e);
}

static bool read_text(struct case_file *f, struct str text, struct err *e)
{
    static const char *const known[] = {"rule",      "tables",      "watchlists",
                                        "functions", "lookback",    "ignoreUnknownColumns",
                                        "cases",     "description", NULL};
    if (!yaml_parse(f->a, text, NULL, &f->root, e) || !keys_known(&f->root, known, "", e))
        return false;
    f->cases = json_get(&f->root, "cases");
    return (f->cases != NULL && f->cases->type == JSON_ARRAY && f->cases->n > 0) ||
           err_set(e, ERR_INVALID, "cases: a list of cases expected");
}

static void refuse(struct case_file *f)
{
    if (f->refused.code == ERR_OK)
        err_set(&f->refused, ERR_INVALID, "the file can't be read");
}

void case_file_read(struct arena *a, struct case_bench *b, const char *path, case_rule_fn *rule,
                    struct case_file *out)
{
    struct str text = STR("");
    *out = (struct case_file){.a = a, .path = path};
    struct err *e = &out->refused;
    if (!file_read(a, path, MAX_CASES_FILE, &text, e) || !read_text(out, text, e) ||
        !read_rule(out, rule, e) || !read_lookback(out, e) || !read_functions(out, b, e))
        refuse(out);
}

void case_text_read(struct arena *a, struct case_bench *b, struct str text, const struct rule *rule,
                    struct case_file *out)
{
    *out = (struct case_file){.a = a, .rule = *rule};
    struct err *e = &out->refused;
    if (!read_text(out, text, e) || !read_lookback(out, e) || !read_functions(out, b, e))
        refuse(out);
}

const char *case_file_one_sided(const struct case_file *f)
{
    bool fires = false, quiet = false;
    for (size_t i = 0; i < f->cases->n; i++) {
        const struct json *alerts = json_path(&f->cases->items[i], "expect.alerts");
        fires = fires || (alerts != NULL && alerts->i > 0);
        quiet = quiet || (alerts != NULL && alerts->i == 0);
    }
    return fires && quiet ? NULL : fires ? "no case without an alert" : "no case with an alert";
}

/* ---- what a case is given ---- */

struct run {
    struct case_bench *b;
    const struct case_file *f;
    const struct json *c;
    struct arena *a;
};

static bool unpacked(struct arena *a, const char *path, struct sbuf *out, struct err *e)
{
    struct unpack *u = unpack_open(path, e);
    char *block = arena_alloc(a, READ_BYTES);
    size_t n = 1;
    bool ok = u != NULL;
    while (ok && n > 0) {
        ok = unpack_read(u, block, READ_BYTES, &n, e);
        if (ok)
            sbuf_addmem(out, block, n);
    }
    if (u != NULL)
        unpack_close(u);
    if (!ok)
        err_prefix(e, "%s", path);
    return ok && (sbuf_ok(out) || err_set(e, ERR_LIMIT, "%s: the file is too large", path));
}

/* A list of rows, the name of a file of NDJSON (.gz, .zst), or a list of such. */
static bool add_rows(struct run *r, const struct json *v, struct sbuf *out, struct err *e)
{
    if (v->type == JSON_STRING) {
        char *path = beside(r->a, r->f->path, v->text, e);
        return path != NULL && unpacked(r->a, path, out, e);
    }
    if (v->type == JSON_ARRAY) {
        for (size_t i = 0; i < v->n; i++)
            if (!add_rows(r, &v->items[i], out, e))
                return false;
        return true;
    }
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "rows, or names of NDJSON files, expected");
    struct json_out w = json_out_make(out);
    json_value(&w, v);
    sbuf_addc(out, '\n');
    return true;
}

static bool put_tables(struct run *r, const struct json *tables, struct err *e)
{
    if (tables == NULL || tables->type == JSON_NULL)
        return true;
    if (tables->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "tables: rows by table expected");
    for (size_t i = 0; i < tables->n; i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        if (!add_rows(r, &tables->items[i], &b, e)) {
            err_prefix(e, "table %.*s", STR_ARG(tables->keys[i]));
            return false;
        }
        bool strict = !json_is_true(json_get(&r->f->root, "ignoreUnknownColumns"));
        if (b.n > 0 && !case_put_rows(r->b, r->a, tables->keys[i], sbuf_str(&b), strict, e))
            return false;
    }
    return true;
}

static void csv_field(struct sbuf *b, struct str s)
{
    sbuf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            sbuf_addc(b, '"');
        sbuf_addc(b, s.p[i]);
    }
    sbuf_addc(b, '"');
}

static void csv_value(struct sbuf *b, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    struct json_out w = json_out_make(&text);
    if (v != NULL && v->type != JSON_STRING && v->type != JSON_NULL)
        json_value(&w, v);
    csv_field(b, v == NULL || v->type == JSON_NULL ? STR("")
                 : v->type == JSON_STRING          ? v->text
                                                   : sbuf_str(&text));
}

/* Rows as CSV; the columns are those of the first row, and then those that others add. */
static bool rows_csv(struct arena *a, const struct json *rows, struct sbuf *b, struct err *e)
{
    VEC(struct str) names = {0};
    struct map *known = map_new(a, false);
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->items[i].type != JSON_OBJECT)
            return err_set(e, ERR_INVALID, "a list of rows, or the name of a CSV file, expected");
        for (size_t k = 0; k < rows->items[i].n; k++)
            if (map_put(known, rows->items[i].keys[k], a) == NULL)
                VEC_PUSH(a, &names, rows->items[i].keys[k]);
    }
    for (size_t k = 0; k < names.n; k++) {
        sbuf_addz(b, k > 0 ? "," : "");
        csv_field(b, names.p[k]);
    }
    sbuf_addc(b, '\n');
    for (size_t i = 0; i < rows->n; i++) {
        for (size_t k = 0; k < names.n; k++) {
            sbuf_addz(b, k > 0 ? "," : "");
            csv_value(b, json_get_str(&rows->items[i], names.p[k]));
        }
        sbuf_addc(b, '\n');
    }
    return true;
}

static bool put_watchlists(struct run *r, const struct json *lists, struct err *e)
{
    if (lists == NULL || lists->type == JSON_NULL)
        return true;
    if (lists->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "watchlists: rows, or a CSV file, by alias expected");
    for (size_t i = 0; i < lists->n; i++) {
        const struct json *v = &lists->items[i];
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        bool ok = v->type == JSON_STRING ? add_rows(r, v, &b, e) : rows_csv(r->a, v, &b, e);
        if (!ok || !case_put_watchlist(r->b, r->a, lists->keys[i], sbuf_str(&b), e)) {
            err_prefix(e, "watchlists");
            return false;
        }
    }
    return true;
}

/* Of the command line's, those that the query names. */
static bool put_given_lists(struct run *r, const struct case_given *given, struct err *e)
{
    size_t at;
    for (size_t i = 0; i < given->n_lists; i++)
        if (str_find(r->f->rule.query, given->aliases[i], &at) &&
            !case_put_watchlist(r->b, r->a, given->aliases[i], given->lists[i], e))
            return false;
    return true;
}

/* A query by name, or "(parameters) { body }". */
static bool put_functions(struct run *r, const struct json *list, struct err *e)
{
    if (list == NULL || list->type != JSON_OBJECT)
        return true;
    for (size_t i = 0; i < list->n; i++) {
        struct str text = str_trim(json_text(&list->items[i], STR("")));
        if (text.n == 0)
            return err_set(e, ERR_INVALID, "function %.*s: KQL expected", STR_ARG(list->keys[i]));
        struct kql_stored_function f = {.name = list->keys[i], .parameters = STR("()")};
        size_t at = 0;
        if (text.n > 0 && text.p[0] == '(' && str_find(text, STR("{"), &at)) {
            f.parameters = str_trim(str_sub(text, 0, at));
            f.body = str_sub(text, at, text.n);
        } else {
            f.body = arena_fmt(r->a, "{ %.*s\n}", STR_ARG(text));
        }
        if (!case_put_function(r->b, &f, e))
            return false;
    }
    return true;
}

/* ---- what it finds ---- */

static bool read_times(const struct json *v, struct arena *a, int64_t **out, size_t *n,
                       struct err *e)
{
    bool one = v != NULL && v->type == JSON_STRING;
    *n = v == NULL ? 0 : one ? 1 : v->type == JSON_ARRAY ? v->n : 0;
    *out = arena_array(a, int64_t, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        const struct json *t = one ? v : &v->items[i];
        if (!date_parse_iso(json_text(t, STR("")), &(*out)[i]) ||
            (i > 0 && (*out)[i] <= (*out)[i - 1]))
            *n = 0;
    }
    return *n > 0 || err_set(e, ERR_INVALID,
                             "now: a time such as 2026-01-02T03:04:05Z expected, or a list of them "
                             "in their order");
}

struct collected {
    VEC(struct json) rows;
    VEC(const struct detect_alert *) alerts;
    int64_t suppressed_until;
};

static bool keep_rows(struct arena *a, const struct engine_rows *rows, struct collected *k,
                      struct err *e)
{
    const struct kql_schema *s = engine_rows_schema(rows);
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        struct json_out w = json_out_make(&b);
        struct json row = {0};
        json_obj(&w);
        for (size_t c = 0; c < s->n; c++) {
            struct kql_value v = engine_rows_get(rows, i, c);
            json_key_str(&w, s->cols[c].name);
            engine_value_json(&w, &v);
        }
        json_obj_end(&w);
        if (!json_parse(a, arena_str(a, sbuf_str(&b)), NULL, &row, e))
            return false;
        VEC_PUSH(a, &k->rows, row);
    }
    return true;
}

static bool run_at(struct run *r, int64_t s, int64_t deadline_us, struct collected *k,
                   struct err *e)
{
    struct trial *t = case_trial(r->b);
    const struct rule *rule = &r->f->rule;
    struct detect_sight sight = {.now = s, .deadline_us = deadline_us};
    struct store_result result = {0};
    struct detect_result *found = arena_new_of(r->a, struct detect_result);
    if (s < k->suppressed_until)
        return true;
    if (!detect_rows(trial_detect(t), r->a, case_workspace(r->b), rule, s, &sight, &result, e))
        return false;
    bool ok = keep_rows(r->a, result.rows[0], k, e);
    if (ok)
        detect_evaluate_rows(trial_detect(t), r->a, case_workspace(r->b), rule, s, s,
                             result.rows[0], found);
    store_result_fini(&result);
    for (size_t i = 0; ok && i < found->n_alerts; i++)
        VEC_PUSH(r->a, &k->alerts, &found->alerts[i]);
    if (ok && found->n_alerts > 0 && rule->suppression)
        k->suppressed_until = s + rule->suppression_duration;
    return ok && trial_alerts(t, r->a, rule, found, s, e);
}

/* A query that is wrong is told with all its places. */
static bool check_query(struct run *r, int64_t now, struct err *e)
{
    struct rule_issues is = {.a = r->a};
    if (rule_check_query(r->a, case_workspace(r->b), &r->f->rule, now, &is))
        return true;
    rule_issues_err(&is, e);
    return false;
}

static void write_alert(struct json_out *w, const struct detect_alert *al)
{
    json_obj(w);
    json_kv_str(w, "name", al->name);
    json_kv_str(w, "description", al->description);
    json_kv_z(w, "severity", rule_severity_name(al->severity));
    json_key(w, "tactics");
    json_raw(w, al->tactics.n > 0 ? al->tactics : STR("[]"));
    json_key(w, "techniques");
    json_raw(w, al->techniques.n > 0 ? al->techniques : STR("[]"));
    json_key(w, "entities");
    json_raw(w, al->entities.n > 0 ? al->entities : STR("[]"));
    json_key(w, "customDetails");
    json_raw(w, al->custom_details.n > 0 ? al->custom_details : STR("{}"));
    json_obj_end(w);
}

/* {"rows": how many, "firstRows": […], "alerts": how many, "firstAlerts": […], "incidents"} */
static struct str told(struct arena *a, const struct case_found *f)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_int(&w, "rows", (int64_t)f->n_rows);
    json_key(&w, "firstRows");
    json_arr(&w);
    for (size_t i = 0; i < f->n_rows && i < MAX_TOLD; i++)
        json_value(&w, &f->rows[i]);
    json_arr_end(&w);
    json_kv_int(&w, "alerts", (int64_t)f->n_alerts);
    json_key(&w, "firstAlerts");
    json_arr(&w);
    for (size_t i = 0; i < f->n_alerts && i < MAX_TOLD; i++)
        write_alert(&w, f->alerts[i]);
    json_arr_end(&w);
    json_kv_int(&w, "incidents", (int64_t)f->incidents);
    json_obj_end(&w);
    return arena_str(a, sbuf_str(&b));
}

static bool run_case(struct run *r, const struct case_given *given, struct case_result *out,
                     struct case_diffs *d, struct err *e)
{
    static const char *const known[] = {"name",      "now",    "tables",      "watchlists",
                                        "functions", "expect", "description", NULL};
    const struct json *expect = json_get(r->c, "expect");
    struct collected k = {0};
    struct state_incident *incidents = NULL;
    int64_t *times = NULL;
    size_t n = 0, n_incidents = 0;
    bool expects = expect != NULL && expect->type == JSON_OBJECT && expect->n > 0;
    if (!expects && (expect != NULL || !given->tell))
        return err_set(e, ERR_INVALID, "expect is missing");
    if (!keys_known(r->c, known, "", e) ||
        !read_times(json_get(r->c, "now"), r->a, &times, &n, e) || !case_begin(r->b, times[0], e) ||
        !case_put_functions(r->b, r->a, &given->functions, r->f->rule.query, e) ||
        !case_put_functions(r->b, r->a, &r->f->functions, r->f->rule.query, e) ||
        !put_functions(r, json_get(&r->f->root, "functions"), e) ||
        !put_functions(r, json_get(r->c, "functions"), e) || !put_given_lists(r, given, e) ||
        !put_watchlists(r, json_get(&r->f->root, "watchlists"), e) ||
        !put_watchlists(r, json_get(r->c, "watchlists"), e) ||
        !put_tables(r, json_get(&r->f->root, "tables"), e) ||
        !put_tables(r, json_get(r->c, "tables"), e) || !check_query(r, times[0], e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!run_at(r, times[i], given->deadline_us, &k, e))
            return false;
    if (!trial_incidents(case_trial(r->b), r->a, &incidents, &n_incidents, e))
        return false;
    struct case_found found = {.rows = k.rows.p,
                               .n_rows = k.rows.n,
                               .alerts = k.alerts.p,
                               .n_alerts = k.alerts.n,
                               .incidents = n_incidents};
    if (given->tell)
        out->found = told(out->diffs.a, &found);
    if (expects)
        case_compare(expect, &found, d);
    return true;
}

static void judge_failure(const struct json *wanted, const struct err *e, struct case_diffs *d)
{
    size_t at;
    struct str message = str_from(e->msg);
    if (wanted == NULL)
        case_diff_add(d, "%.*s%s%s", STR_ARG(message), e->hint[0] != '\0' ? "; " : "", e->hint);
    else if (!str_find(message, json_text(wanted, STR("")), &at))
        case_diff_wrong(d, "fails", json_text(wanted, STR("")), message);
}

void case_file_run(struct case_bench *b, const struct case_file *f, size_t i,
                   const struct case_given *given, struct arena *a, struct case_result *out)
{
    struct run r = {.b = b, .f = f, .c = &f->cases->items[i], .a = arena_new(0)};
    struct err e = {0};
    int64_t began = clock_mono_us();
    const struct json *fails = json_path(r.c, "expect.fails");
    *out = (struct case_result){.file = f->path, .diffs = {.a = a}};
    out->name = arena_str(a, json_text(json_get(r.c, "name"), STR("(no name)")));
    struct case_diffs d = {.a = r.a};
    if (!run_case(&r, given, out, &d, &e))
        judge_failure(fails, &e, &d);
    else if (fails != NULL)
        case_diff_wrong(&d, "fails", json_text(fails, STR("")), STR("it ran"));
    for (size_t k = 0; k < d.v.n; k++)
        VEC_PUSH(a, &out->diffs.v, arena_str(a, d.v.p[k]));
    out->ok = d.v.n == 0;
    case_finish(b);
    arena_free(r.a);
    out->us = clock_mono_us() - began;
}
