/* Tests of a rule inside a server. */
#include "ruletest/ruletest.h"
#include "base/content.h"
#include "ruletest/case_file.h"
#include "text/files.h"
#include "text/yaml.h"
#include <stdio.h>

enum { MAX_CASES = 200, MAX_SHIPPED = 4 << 20 };
#define TOTAL_US INT64_C(120000000)

static void write_case(const struct case_result *r, struct json_out *w)
{
    json_obj(w);
    json_kv_str(w, "name", r->name);
    json_kv_bool(w, "ok", r->ok);
    json_kv_real(w, "seconds", (double)r->us / 1e6);
    json_key(w, "differences");
    json_arr(w);
    for (size_t i = 0; i < r->diffs.v.n; i++)
        json_str(w, r->diffs.v.p[i]);
    json_arr_end(w);
    if (r->found.n > 0) {
        json_key(w, "found");
        json_raw(w, r->found);
    }
    json_obj_end(w);
}

static int64_t total_us(const struct rule_test *t)
{
    return t->total_us > 0 ? t->total_us : TOTAL_US;
}

static bool too_long(const struct rule_test *t, size_t done, size_t n, struct err *e)
{
    return err_set(e, ERR_TIMEOUT,
                   "tests: %zu of %zu cases were done after %lld s; send fewer at a time, or raise "
                   "the setting rule_test_timeout",
                   done, n, (long long)(total_us(t) / 1000000));
}

static bool run_cases(struct case_bench *b, const struct rule_test *t, const struct case_file *f,
                      const struct case_given *given, struct arena *a, struct sbuf *out,
                      struct err *e)
{
    size_t failed = 0;
    struct json_out w = json_out_make(out);
    json_obj(&w);
    json_key(&w, "cases");
    json_arr(&w);
    for (size_t i = 0; i < f->cases->n; i++) {
        struct case_result r;
        case_file_run(b, f, i, given, a, &r);
        bool last = i + 1 == f->cases->n;
        if (clock_mono_us() >= given->deadline_us && !(last && r.ok))
            return too_long(t, r.ok ? i + 1 : i, f->cases->n, e);
        write_case(&r, &w);
        failed += !r.ok;
    }
    json_arr_end(&w);
    json_kv_int(&w, "passed", (int64_t)(f->cases->n - failed));
    json_kv_int(&w, "failed", (int64_t)failed);
    json_obj_end(&w);
    return true;
}

bool rule_test_run(const struct rule_test *t, struct arena *a, struct sbuf *out, struct err *e)
{
    const struct case_bench_options o = {t->memory_bytes, t->timeout_us};
    struct case_given given = {.functions = {.a = a}, .tell = true};
    given.deadline_us = clock_mono_us() + total_us(t);
    struct case_file f;
    struct case_bench *b = NULL;
    bool ok = case_functions_of(t->library, t->workspace, &given.functions, e) &&
              (b = case_bench_open(&o, e)) != NULL;
    if (ok) {
        case_text_read(a, b, t->text, t->rule, &f);
        ok = f.refused.code == ERR_OK;
        if (!ok)
            *e = f.refused;
        else if (f.cases->n > MAX_CASES)
            ok = err_set(e, ERR_LIMIT, "cases: at most %d at a time", MAX_CASES);
    }
    ok = ok && run_cases(b, t, &f, &given, a, out, e);
    case_bench_close(b);
    return ok;
}

/* ---- what ships ---- */

/* content/rules/tests/X.test.yaml belongs to content/rules/X.yaml. */
static bool is_for(struct arena *a, struct str rules, const char *path, struct str id)
{
    struct json root = {0};
    struct str text = STR("");
    const char *slash = strrchr(path, '/');
    struct str name = str_from(slash != NULL ? slash + 1 : path);
    name = str_sub(name, 0, name.n - strlen(".test.yaml"));
    const char *rule = arena_fmt(a, "%.*s/%.*s.yaml", STR_ARG(rules), STR_ARG(name)).p;
    return file_read(a, rule, MAX_SHIPPED, &text, NULL) && yaml_parse(a, text, NULL, &root, NULL) &&
           str_ieq(json_text(json_get(&root, "id"), STR("")), id);
}

bool rule_test_shipped(struct arena *a, struct str id, struct str *out_name, struct str *out_text,
                       struct err *e)
{
    struct str rules = STR("");
    char **all = NULL;
    size_t n = 0;
    if (!content_find(a, "rules", &rules, e) ||
        !folder_list(a, arena_fmt(a, "%.*s/tests", STR_ARG(rules)).p, ".test.yaml", &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (is_for(a, rules, all[i], id)) {
            *out_name = str_from(strrchr(all[i], '/') + 1);
            return file_read(a, all[i], MAX_SHIPPED, out_text, e);
        }
    return err_set(e, ERR_NOT_FOUND, "no tests ship for this rule");
}
