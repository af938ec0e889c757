/* vedette query: runs KQL over a workspace and prints the rows. */
#include <getopt.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/direct.h"
#include "text/json.h"

enum { MAX_CELL = 60, MAX_COLUMNS_SHOWN = 4096 };
typedef void print_fn(const struct store_result *r, size_t i, struct sbuf *out);

static const char usage[] =
    "usage: vedette query [--data DIR] [--workspace W] [--format table|json|csv] 'KQL'\n";

/* A cell as people read it: JSON's form without the quotes around text. */
static void cell_text(const struct engine_rows *rows, size_t row, size_t col, struct sbuf *out)
{
    struct kql_value v = engine_rows_get(rows, row, col);
    if (v.is_null)
        return;
    if (v.type == KQL_STRING || v.type == KQL_DYNAMIC) {
        sbuf_add(out, v.s);
        return;
    }
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    engine_value_json(&w, &v);
    struct str s = sbuf_str(&b);
    if (s.n > 1 && s.p[0] == '"')
        s = str_sub(s, 1, s.n - 2);
    sbuf_add(out, s);
}

static void print_json(const struct store_result *r, size_t i, struct sbuf *out)
{
    const struct engine_rows *rows = r->rows[i];
    const struct kql_schema *schema = engine_rows_schema(rows);
    struct json_out w = json_out_make(out);
    json_obj(&w);
    json_kv_str(&w, "name", r->compiled.results[i].name);
    json_key(&w, "columns");
    json_arr(&w);
    for (size_t c = 0; c < schema->n; c++) {
        json_obj(&w);
        json_kv_str(&w, "name", schema->cols[c].name);
        json_kv_z(&w, "type", kql_type_name(schema->cols[c].type));
        json_obj_end(&w);
    }
    json_arr_end(&w);
    json_key(&w, "rows");
    json_arr(&w);
    for (size_t row = 0; row < engine_rows_count(rows); row++) {
        json_arr(&w);
        for (size_t c = 0; c < schema->n; c++) {
            struct kql_value v = engine_rows_get(rows, row, c);
            engine_value_json(&w, &v);
        }
        json_arr_end(&w);
    }
    json_arr_end(&w);
    json_obj_end(&w);
    sbuf_addc(out, '\n');
}

static void csv_field(struct sbuf *out, struct str s)
{
    bool quote = false;
    for (size_t i = 0; i < s.n && !quote; i++)
        quote = memchr(",\"\r\n", s.p[i], 4) != NULL;
    if (!quote) {
        sbuf_add(out, s);
        return;
    }
    sbuf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            sbuf_addc(out, '"');
        sbuf_addc(out, s.p[i]);
    }
    sbuf_addc(out, '"');
}

static void print_csv(const struct store_result *r, size_t i, struct sbuf *out)
{
    const struct engine_rows *rows = r->rows[i];
    const struct kql_schema *schema = engine_rows_schema(rows);
    AUTO(sbuf_fini) struct sbuf cell = sbuf_make(0);
    for (size_t c = 0; c < schema->n; c++) {
        sbuf_addz(out, c > 0 ? "," : "");
        csv_field(out, schema->cols[c].name);
    }
    sbuf_addz(out, "\r\n");
    for (size_t row = 0; row < engine_rows_count(rows); row++) {
        for (size_t c = 0; c < schema->n; c++) {
            sbuf_clear(&cell);
            cell_text(rows, row, c, &cell);
            sbuf_addz(out, c > 0 ? "," : "");
            csv_field(out, sbuf_str(&cell));
        }
        sbuf_addz(out, "\r\n");
    }
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* Cut to MAX_CELL characters; control characters (which could drive a terminal) become blanks. */
static void pad_cell(struct sbuf *out, struct str s, size_t width)
{
    size_t shown = 0;
    for (const char *p = s.p; p < s.p + s.n && shown < MAX_CELL; shown++) {
        uint32_t c = utf8_next(&p, s.p + s.n);
        bool last = shown == MAX_CELL - 1 && p < s.p + s.n;
        bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
        char buf[4];
        sbuf_addmem(out, buf, utf8_put(buf, last ? 0x2026 : control ? ' ' : c));
    }
    for (; shown < width; shown++)
        sbuf_addc(out, ' ');
}

static void print_line(struct sbuf *out, const struct str *cells, const size_t *width, size_t n)
{
    for (size_t c = 0; c < n; c++) {
        sbuf_addz(out, c > 0 ? "  " : "");
        pad_cell(out, cells[c], c + 1 < n ? width[c] : 0);
    }
    sbuf_addc(out, '\n');
}

static void print_table(const struct store_result *r, size_t i, struct sbuf *out)
{
    const struct engine_rows *rows = r->rows[i];
    const struct kql_schema *schema = engine_rows_schema(rows);
    size_t n = schema->n, n_rows = engine_rows_count(rows);
    struct arena *a = arena_new(0);
    struct str *cells = arena_array(a, struct str, (n_rows + 2) * n + 1);
    size_t *width = arena_array(a, size_t, n + 1);
    AUTO(sbuf_fini) struct sbuf cell = sbuf_make(0);
    for (size_t row = 0; row < n_rows + 1; row++) {
        for (size_t c = 0; c < n; c++) {
            sbuf_clear(&cell);
            if (row > 0)
                cell_text(rows, row - 1, c, &cell);
            struct str s = row == 0 ? schema->cols[c].name : arena_str(a, sbuf_str(&cell));
            cells[row * n + c] = s;
            size_t w = characters(s) < MAX_CELL ? characters(s) : MAX_CELL;
            width[c] = w > width[c] ? w : width[c];
        }
    }
    for (size_t row = 0; row < n_rows + 1; row++)
        print_line(out, cells + row * n, width, n);
    sbuf_addf(out, "(%zu row%s%s)\n", n_rows, n_rows == 1 ? "" : "s",
              engine_rows_truncated(rows) ? ", more were cut off" : "");
    arena_free(a);
}

static const struct {
    const char *name;
    print_fn *print;
} formats[] = {{"table", print_table}, {"json", print_json}, {"csv", print_csv}};

static print_fn *find_format(const char *name)
{
    for (size_t i = 0; i < COUNTOF(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].print;
    return NULL;
}

static bool run(struct workspace *w, const char *kql, print_fn *print, struct err *e)
{
    struct arena *a = arena_new(0);
    struct store_query q = {.text = str_from(kql)};
    struct kql_diags diags = {.a = a};
    struct store_result r = {0};
    q.limits.max_rows = 500000;
    bool ok = workspace_query(w, a, &q, &r, &diags, e);
    for (size_t i = 0; ok && i < r.n; i++) {
        AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
        print(&r, i, &out);
        struct str text = sbuf_str(&out);
        ok = sbuf_ok(&out) && fwrite(text.p, 1, text.n, stdout) == text.n;
        if (!ok)
            err_set(e, ERR_IO, "can't write the result");
    }
    store_result_fini(&r);
    arena_free(a);
    return ok;
}

int cli_query(int argc, char **argv)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"workspace", required_argument, NULL, 'w'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *data = NULL, *workspace = NULL;
    print_fn *print = print_table;
    int c;
    while ((c = getopt_long(argc, argv, "d:w:f:h", options, NULL)) != -1) {
        if (c == 'd')
            data = optarg;
        else if (c == 'w')
            workspace = optarg;
        else if (c == 'f')
            print = find_format(optarg);
        if (c == '?' || c == 'h' || print == NULL) {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind + 1 != argc) {
        fputs(usage, stderr);
        return 2;
    }
    struct err e = {0};
    struct direct d;
    bool ok = direct_open(&d, data, str_from(workspace), false, &e);
    if (ok)
        ok = run(d.workspace, argv[optind], print, &e);
    if (!ok)
        direct_complain("query", &e);
    direct_close(&d);
    return ok ? 0 : 1;
}
