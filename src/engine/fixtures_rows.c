/* Rows of fixtures: NDJSON, a JSON array, or CSV with a header. */
#include <dirent.h>

#include "engine/cell.h"
#include "engine/fixtures_priv.h"
#include "text/csv.h"
#include "text/date.h"

/* Rows as texts or JSON values, before their types are known. */
struct rows {
    struct arena *a;
    struct map *names; /* column → its position + 1 */
    VEC(struct str) columns;
    VEC(struct json) records; /* objects */
};

static size_t position(struct rows *r, struct str name)
{
    uintptr_t at = (uintptr_t)map_get(r->names, name);
    if (at == 0) {
        VEC_PUSH(r->a, &r->columns, name);
        at = r->columns.n;
        map_put(r->names, name, (void *)at); // NOLINT(performance-no-int-to-ptr)
    }
    return at - 1;
}

static bool add_record(struct rows *r, const struct json *v, struct err *e)
{
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "a record must be an object");
    for (size_t i = 0; i < v->n; i++)
        (void)position(r, v->keys[i]);
    VEC_PUSH(r->a, &r->records, *v);
    return true;
}

static bool read_json(struct rows *r, struct str text, struct err *e)
{
    size_t at = 0;
    while (str_trim(str_sub(text, at, text.n)).n > 0) {
        struct json v;
        size_t start = at;
        if (!json_parse_next(r->a, text, &at, NULL, &v, e))
            return false;
        bool list = v.type == JSON_ARRAY;
        for (size_t i = 0; i < (list ? v.n : 1); i++) {
            if (!add_record(r, list ? &v.items[i] : &v, e)) {
                e->pos = pos_in(text, start); /* only now: it counts the lines */
                return false;
            }
        }
    }
    return true;
}

static bool read_csv(struct rows *r, struct str text, struct err *e)
{
    struct str *fields, *header;
    size_t at = 0, n, width = 0;
    if (!csv_line(r->a, text, &at, &header, &width, e))
        return false;
    for (size_t i = 0; i < width; i++)
        (void)position(r, header[i]);
    while (at < text.n) {
        if (!csv_line(r->a, text, &at, &fields, &n, e))
            return false;
        if (n == 1 && fields[0].n == 0)
            continue;
        if (n != width)
            return err_at(e, ERR_INVALID, pos_in(text, at), "%zu fields, the header has %zu", n,
                          width);
        struct json v = {.type = JSON_OBJECT, .n = n, .keys = header};
        v.items = arena_array(r->a, struct json, n);
        for (size_t i = 0; i < n; i++)
            v.items[i] = (struct json){.type = JSON_STRING, .text = fields[i]};
        VEC_PUSH(r->a, &r->records, v);
    }
    return true;
}

/* ---- types of columns that no schema names ---- */
static enum kql_type type_of_text(struct str s, bool csv)
{
    int64_t i;
    double d;
    if (s.n == 0)
        return KQL_UNKNOWN;
    if (csv && str_to_i64(s, &i))
        return KQL_LONG;
    if (csv && str_to_f64(s, &d))
        return KQL_REAL;
    if (csv && (str_ieqz(s, "true") || str_ieqz(s, "false")))
        return KQL_BOOL;
    if (csv && (s.p[0] == '{' || s.p[0] == '['))
        return KQL_DYNAMIC;
    bool digits = s.n >= 10 && s.p[4] == '-' && s.p[7] == '-';
    return digits && date_parse_kusto(s, &i) ? KQL_DATETIME : KQL_STRING;
}

static enum kql_type type_of(const struct json *v, bool csv)
{
    return v->type == JSON_STRING ? type_of_text(v->text, csv) : kql_type_of_json(v);
}

static enum kql_type widen(enum kql_type x, enum kql_type y)
{
    if (x == y || y == KQL_UNKNOWN)
        return x;
    if (x == KQL_UNKNOWN)
        return y;
    bool numbers = (x == KQL_LONG || x == KQL_REAL) && (y == KQL_LONG || y == KQL_REAL);
    bool texts = (x == KQL_STRING || x == KQL_DATETIME) && (y == KQL_STRING || y == KQL_DATETIME);
    return numbers ? KQL_REAL : texts ? KQL_STRING : KQL_DYNAMIC;
}

static void infer(struct fixtures *f, struct rows *r, struct fixture_table *t, bool csv)
{
    t->t.schema.cols = arena_array(f->a, struct kql_column, r->columns.n + 1);
    t->t.schema.n = r->columns.n;
    for (size_t i = 0; i < r->columns.n; i++)
        t->t.schema.cols[i].name = arena_str(f->a, r->columns.p[i]);
    for (size_t k = 0; k < r->records.n; k++) {
        const struct json *v = &r->records.p[k];
        for (size_t i = 0; i < v->n; i++) {
            enum kql_type *c = &t->t.schema.cols[position(r, v->keys[i])].type;
            *c = widen(*c, type_of(&v->items[i], csv));
        }
    }
    for (size_t i = 0; i < t->t.schema.n; i++)
        if (t->t.schema.cols[i].type == KQL_UNKNOWN)
            t->t.schema.cols[i].type = KQL_STRING;
}

/* ---- filling ---- */
static bool fill(struct fixtures *f, struct rows *r, struct fixture_table *t, bool csv,
                 struct err *e)
{
    struct kql_schema *schema = &t->t.schema;
    struct kql_column *cols = arena_array(f->a, struct kql_column, schema->n + 1);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 24);
    sbuf_addz(&sql, "CREATE TABLE ");
    sql_ident(&sql, t->t.name);
    for (size_t i = 0; i < schema->n; i++) {
        cols[i] = (struct kql_column){arena_fmt(f->a, "f%zu", i), schema->cols[i].type};
        sbuf_addf(&sql, "%s f%zu %s", i > 0 ? "," : " (", i, engine_sql_type(cols[i].type));
    }
    sbuf_addz(&sql, ")");
    struct kql_schema stored = {cols, schema->n};
    struct engine_conn *c = engine_conn_open(f->engine, e);
    bool ok = c != NULL && engine_conn_exec(c, sbuf_str(&sql), e);
    struct engine_appender *ap =
        ok ? engine_append_open(c, STR("memory"), t->t.name, &stored, e) : NULL;
    ok = ap != NULL;
    for (size_t k = 0; ok && k < r->records.n; k++) {
        for (size_t i = 0; i < schema->n; i++) {
            const struct json *v = json_get_str(&r->records.p[k], schema->cols[i].name);
            if (v == NULL)
                continue;
            struct kql_value out = engine_cell(r->a, v, schema->cols[i].type, csv);
            engine_append_value(ap, i, &out);
        }
        ok = engine_append_end_row(ap, e);
    }
    if (ap != NULL && ok)
        ok = engine_append_close(ap, e);
    else if (ap != NULL)
        engine_append_abort(ap);
    engine_conn_close(c);
    t->filled = ok;
    return ok;
}

static bool load_file(struct fixtures *f, const char *dir, struct str file, struct str table,
                      bool csv, struct err *e)
{
    struct rows r = {.a = arena_new((size_t)8 << 30)};
    r.names = map_new(r.a, false);
    char *path = arena_strz(r.a, arena_fmt(r.a, "%s/%.*s", dir, STR_ARG(file)));
    struct str text;
    bool ok = fixtures_read_file(r.a, path, &text, e);
    ok = ok && (csv ? read_csv(&r, text, e) : read_json(&r, text, e));
    struct fixture_table *t = map_get(f->tables, table);
    if (ok && t == NULL) {
        t = arena_new_of(f->a, struct fixture_table);
        t->t.name = arena_str(f->a, table);
        infer(f, &r, t, csv);
        fixtures_add(f, t);
    }
    ok = ok && fill(f, &r, t, csv, e);
    if (!ok && e->pos.line > 0)
        err_prefix(e, "%s:%u", path, e->pos.line);
    else if (!ok)
        err_prefix(e, "%s", path);
    arena_free(r.a);
    return ok;
}

bool fixtures_load_dir(struct fixtures *f, const char *dir, struct err *e)
{
    static const char *const endings[] = {".ndjson", ".jsonl", ".json", ".csv"};
    DIR *d = opendir(dir);
    if (d == NULL)
        return err_errno(e, "can't open", dir);
    bool ok = true;
    for (const struct dirent *x; ok && (x = readdir(d)) != NULL;) {
        struct str file = str_from(x->d_name);
        for (size_t i = 0; ok && i < COUNTOF(endings); i++) {
            struct str end = str_from(endings[i]);
            if (str_ends(file, end) && file.n > end.n)
                ok = load_file(f, dir, file, str_sub(file, 0, file.n - end.n), str_eqz(end, ".csv"),
                               e);
        }
    }
    closedir(d);
    return ok;
}
