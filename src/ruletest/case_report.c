/* Results of test cases for people, CI and programs. */
#include "ruletest/case_report.h"
#include "text/xml.h"

/* '#' would begin a directive, and a line break end the line. */
static void tap_text(struct sbuf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '#' || s.p[i] == '\\')
            sbuf_addc(b, '\\');
        sbuf_addc(b, s.p[i] == '\n' ? ' ' : s.p[i]);
    }
}

void case_report_tap(const struct case_result *r, size_t number, struct sbuf *out)
{
    sbuf_addf(out, "%s %zu - ", r->ok ? "ok" : "not ok", number);
    tap_text(out, str_from(r->file));
    sbuf_addz(out, ": ");
    tap_text(out, r->name);
    sbuf_addc(out, '\n');
    if (r->ok)
        return;
    sbuf_addz(out, "  ---\n  diff: |\n");
    for (size_t i = 0; i < r->diffs.v.n; i++) {
        sbuf_addz(out, "    ");
        for (size_t k = 0; k < r->diffs.v.p[i].n; k++) {
            sbuf_addc(out, r->diffs.v.p[i].p[k]);
            if (r->diffs.v.p[i].p[k] == '\n')
                sbuf_addz(out, "    ");
        }
        sbuf_addc(out, '\n');
    }
    sbuf_addz(out, "  ...\n");
}

static size_t passed(const struct case_result *r, size_t n)
{
    size_t ok = 0;
    for (size_t i = 0; i < n; i++)
        ok += r[i].ok;
    return ok;
}

void case_report_json(const struct case_result *r, size_t n, struct sbuf *out)
{
    struct json_out w = json_out_make(out);
    json_obj(&w);
    json_key(&w, "tests");
    json_arr(&w);
    for (size_t i = 0; i < n; i++) {
        json_obj(&w);
        json_kv_z(&w, "file", r[i].file);
        json_kv_str(&w, "name", r[i].name);
        json_kv_bool(&w, "ok", r[i].ok);
        json_kv_real(&w, "seconds", (double)r[i].us / 1e6);
        json_key(&w, "differences");
        json_arr(&w);
        for (size_t k = 0; k < r[i].diffs.v.n; k++)
            json_str(&w, r[i].diffs.v.p[k]);
        json_arr_end(&w);
        json_obj_end(&w);
    }
    json_arr_end(&w);
    json_kv_int(&w, "passed", (int64_t)passed(r, n));
    json_kv_int(&w, "failed", (int64_t)(n - passed(r, n)));
    json_obj_end(&w);
    sbuf_addc(out, '\n');
}

static void attribute(struct sbuf *b, const char *name, struct str value)
{
    sbuf_addf(b, " %s=\"", name);
    xml_escape(b, value);
    sbuf_addc(b, '"');
}

static void write_case(const struct case_result *r, struct sbuf *b)
{
    sbuf_addz(b, "    <testcase");
    attribute(b, "classname", str_from(r->file));
    attribute(b, "name", r->name);
    sbuf_addf(b, " time=\"%.6f\"", (double)r->us / 1e6);
    if (r->ok) {
        sbuf_addz(b, "/>\n");
        return;
    }
    sbuf_addz(b, "><failure");
    attribute(b, "message", r->diffs.v.n > 0 ? r->diffs.v.p[0] : STR("failed"));
    sbuf_addc(b, '>');
    for (size_t i = 0; i < r->diffs.v.n; i++) {
        xml_escape(b, r->diffs.v.p[i]);
        sbuf_addc(b, '\n');
    }
    sbuf_addz(b, "</failure></testcase>\n");
}

void case_report_junit(const struct case_result *r, size_t n, struct sbuf *out)
{
    sbuf_addz(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    sbuf_addf(out, " tests=\"%zu\" failures=\"%zu\">\n", n, n - passed(r, n));
    for (size_t i = 0, end; i < n; i = end) {
        int64_t us = 0;
        for (end = i; end < n && strcmp(r[end].file, r[i].file) == 0; end++)
            us += r[end].us;
        sbuf_addz(out, "  <testsuite");
        attribute(out, "name", str_from(r[i].file));
        sbuf_addf(out, " tests=\"%zu\" failures=\"%zu\" time=\"%.6f\">\n", end - i,
                  end - i - passed(r + i, end - i), (double)us / 1e6);
        for (size_t k = i; k < end; k++)
            write_case(&r[k], out);
        sbuf_addz(out, "  </testsuite>\n");
    }
    sbuf_addz(out, "</testsuites>\n");
}
