/* Members of dynamic columns that a part keeps as columns of its own: those that queries read, and
 * those that most rows of a sample have. Each gets the type of its values in the part if that loses
 * nothing of their text; else it is JSON text itself. */
#include <stdlib.h>

#include "store/lake/lake_priv.h"
#include "text/json.h"

enum {
    USUAL_PATHS = 16,  /* a column */
    MOST_SHREDS = 128, /* a table */
    SAMPLE_ROWS = 1000,
    SAMPLE_MAX_BYTES = 16 << 20,
    MOST_DEPTH = 4,
    MOST_KEY_BYTES = 64,
    MOST_SEEN = 256, /* members of a column that are counted */
    MOST_MEAN_BYTES = 64,
    FEW_TEXTS = 16, /* of any number of rows are not too many */
    SHRED_MAX_SQL = 8 << 20
};

static size_t most_paths(const struct lake *l)
{
    int n = l->w->s->lake.shred_paths;
    return n < 0 ? 0 : n == 0 ? USUAL_PATHS : (size_t)n;
}

/* ---- what a sample has ---- */

struct seen {
    struct str path;
    size_t rows, bytes;
    struct map *texts; /* that were met */
    size_t n_texts;
};
struct sample {
    struct arena *a;
    struct map *by_path;
    VEC(struct seen *) list;
    size_t rows; /* that have a value */
    size_t bytes;
    struct used *used; /* what queries read */
    size_t n_used;
};
struct used {
    struct str path;
    struct json keys;
    size_t bytes;
};

static bool key_ok(struct str key)
{
    bool ok = key.n > 0 && key.n <= MOST_KEY_BYTES;
    for (size_t i = 0; ok && i < key.n; i++)
        ok = (unsigned char)key.p[i] >= ' ' && key.p[i] != 127;
    return ok && utf8_valid(key, NULL);
}

static bool keys_ok(const struct json *keys)
{
    bool ok = keys->type == JSON_ARRAY && keys->n > 0 && keys->n <= 2 * MOST_DEPTH;
    for (size_t i = 0; ok && i < keys->n; i++)
        ok = keys->items[i].type == JSON_STRING && key_ok(keys->items[i].text);
    return ok;
}

static size_t value_bytes(const struct json *j)
{
    return j->type == JSON_STRING ? j->text.n : 8;
}

static void note(struct sample *s, const struct str *keys, size_t n, const struct json *j)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(8 << 10);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < n; i++)
        json_str(&w, keys[i]);
    json_arr_end(&w);
    struct seen *x = map_get(s->by_path, sbuf_str(&b));
    if (x == NULL && s->list.n >= MOST_SEEN)
        return;
    if (x == NULL) {
        x = arena_new_of(s->a, struct seen);
        x->path = arena_str(s->a, sbuf_str(&b));
        map_put(s->by_path, x->path, x);
        VEC_PUSH(s->a, &s->list, x);
    }
    x->rows++;
    x->bytes += value_bytes(j);
    if (j->type != JSON_STRING)
        return;
    if (x->texts == NULL)
        x->texts = map_new(s->a, false);
    if (map_get(x->texts, j->text) == NULL) {
        map_put(x->texts, j->text, x);
        x->n_texts++;
    }
}

/* Ids that hardly ever come twice would be as large as in the JSON, and are seldom asked for. */
static bool is_frequent(const struct sample *s, const struct seen *x)
{
    return x->rows * 4 >= s->rows && x->bytes <= x->rows * MOST_MEAN_BYTES &&
           x->n_texts * 2 <= x->rows + 2 * FEW_TEXTS;
}

/* Numbers, texts and truth values below objects; arrays have no members by key. */
static void walk(struct sample *s, const struct json *j, struct str *keys, size_t depth)
{
    if (j->type == JSON_OBJECT && depth < MOST_DEPTH) {
        for (size_t i = 0; i < j->n; i++) {
            keys[depth] = j->keys[i];
            if (key_ok(keys[depth]))
                walk(s, &j->items[i], keys, depth + 1);
        }
    } else if (depth > 0 && j->type != JSON_NULL && j->type != JSON_OBJECT &&
               j->type != JSON_ARRAY) {
        note(s, keys, depth, j);
    }
}

/* About SAMPLE_ROWS values of the dynamic columns, from all over the rows. */
static bool read_sample(struct lake *l, const struct lake_source *src, const struct kql_schema *s,
                        int64_t rows, struct engine_rows **out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(SHRED_MAX_SQL);
    sbuf_addz(&sql, "SELECT ");
    for (size_t i = 0; i < s->n; i++) {
        sbuf_addz(&sql, i > 0 ? ", " : "");
        sql_ident(&sql, s->cols[i].name);
    }
    sbuf_addz(&sql, " FROM ");
    sbuf_add(&sql, src->from);
    sbuf_addf(&sql, " AS vedette_rows WHERE hash(\"_ItemId\") %% %lld = 0 LIMIT %d",
              (long long)(rows / SAMPLE_ROWS + 1), SAMPLE_ROWS);
    return sbuf_ok(&sql)
               ? engine_conn_query(l->conn, sbuf_str(&sql), s, out, e)
               : err_set(e, ERR_LIMIT, "table '%.*s' has too many columns", STR_ARG(src->table));
}

/* About the bytes of a value's text. */
static size_t size_of(const struct json *j)
{
    size_t n = j->text.n + 2;
    for (size_t i = 0; i < j->n; i++)
        n += size_of(&j->items[i]) + (j->type == JSON_OBJECT ? j->keys[i].n + 3 : 1);
    return n;
}

static const struct json *member(const struct json *j, struct str key)
{
    const struct json *found = NULL;
    for (size_t i = 0; j->type == JSON_OBJECT && i < j->n; i++)
        if (str_eq(j->keys[i], key))
            found = &j->items[i];
    return found;
}

static void count_used(struct sample *s, const struct json *j)
{
    for (size_t i = 0; i < s->n_used; i++) {
        const struct json *at = j;
        for (size_t k = 0; at != NULL && k < s->used[i].keys.n; k++)
            at = member(at, s->used[i].keys.items[k].text);
        s->used[i].bytes += at != NULL ? size_of(at) : 0;
    }
}

static void count_members(struct sample *s, const struct engine_rows *rows, size_t col)
{
    size_t bytes = 0;
    for (size_t i = 0; i < engine_rows_count(rows) && bytes < SAMPLE_MAX_BYTES; i++) {
        struct kql_value v = engine_rows_get(rows, i, col);
        struct json j;
        struct str keys[MOST_DEPTH];
        bytes += v.s.n;
        if (v.is_null || !json_parse(s->a, v.s, NULL, &j, NULL))
            continue;
        s->rows++;
        s->bytes += v.s.n;
        count_used(s, &j);
        walk(s, &j, keys, 0);
    }
}

static int more_rows(const void *a, const void *b)
{
    const struct seen *x = *(const struct seen *const *)a, *y = *(const struct seen *const *)b;
    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    return str_cmp(x->path, y->path);
}

static void find_used(struct lake *l, struct sample *s, struct str table, struct str phys)
{
    size_t n;
    const struct lake_path *list = lake_paths_of(l, s->a, table, phys, &n);
    s->used = arena_array(s->a, struct used, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct used *u = &s->used[s->n_used];
        *u = (struct used){.path = list[i].path};
        if (json_parse(s->a, u->path, NULL, &u->keys, NULL) && keys_ok(&u->keys))
            s->n_used++;
    }
}

/* ---- choosing ---- */

static bool name_taken(const struct lake_source *src, const struct lake_shreds *x, struct str name)
{
    for (size_t i = 0; i < src->n; i++)
        if (str_ieq(src->cols[i].phys, name))
            return true;
    for (size_t i = 0; i < x->n; i++)
        if (str_ieq(x->p[i].name, name))
            return true;
    return false;
}

/* The column and the keys with dots between, as others write such names; the database folds case,
 * and a key may have dots, so that a number may be needed behind it. */
static struct str name_of(struct arena *a, const struct lake_source *src,
                          const struct lake_shreds *x, struct str phys, const struct json *keys)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(8 << 10);
    sbuf_add(&b, phys);
    for (size_t i = 0; i < keys->n; i++) {
        sbuf_addc(&b, '.');
        sbuf_add(&b, json_text(&keys->items[i], STR_NONE));
    }
    struct str name = arena_str(a, sbuf_str(&b));
    for (int i = 2; name_taken(src, x, name); i++)
        name = arena_fmt(a, "%.*s~%d", STR_ARG(sbuf_str(&b)), i);
    return name;
}

static void add(struct arena *a, struct lake_shreds *x, const struct phys_col *c, struct str path)
{
    struct json keys;
    for (size_t i = 0; i < x->n; i++)
        if (str_eq(x->p[i].col.phys, c->phys) && str_eq(x->p[i].path, path))
            return;
    if (x->n >= MOST_SHREDS || !json_parse(a, path, NULL, &keys, NULL) || !keys_ok(&keys))
        return;
    path = arena_str(a, path);
    x->p[x->n++] = (struct lake_shred){.col = *c, .path = path};
}

/* What the newest part keeps is kept on while some rows have it, lest each part has columns of its
 * own. */
static void add_former(struct lake *l, struct arena *a, struct str table, const struct phys_col *c,
                       const struct sample *s, size_t end, struct lake_shreds *x)
{
    struct lake_view *v = lake_view_take(l);
    const struct lake_table *t = lake_view_find(v, table);
    const struct lake_part *newest = NULL;
    for (size_t i = 0; t != NULL && i < t->n; i++)
        if (newest == NULL || t->parts[i]->made > newest->made)
            newest = t->parts[i];
    for (size_t i = 0; newest != NULL && i < newest->shape->n && x->n < end; i++) {
        const struct lake_column *k = &newest->shape->cols[i];
        const struct seen *m = k->of.n > 0 ? map_get(s->by_path, k->path) : NULL;
        if (m != NULL && str_eq(k->of, c->phys) && m->rows * 16 >= s->rows)
            add(a, x, c, k->path);
    }
    lake_view_drop(v);
}

static int by_column_and_path(const void *a, const void *b)
{
    const struct lake_shred *x = a, *y = b;
    int order = str_cmp(x->col.phys, y->col.phys);
    return order != 0 ? order : str_cmp(x->path, y->path);
}

/* In one order, so that parts with the same members are of one shape, and only then named. */
static void settle(struct arena *a, const struct lake_source *src, struct lake_shreds *x)
{
    if (x->n > 0)
        qsort(x->p, x->n, sizeof(*x->p), by_column_and_path);
    for (size_t i = 0; i < x->n; i++) {
        struct json keys;
        const struct lake_shreds named = {x->p, i};
        CHECK(json_parse(a, x->p[i].path, NULL, &keys, NULL)); /* add() read it */
        x->p[i].name = name_of(a, src, &named, x->p[i].col.phys, &keys);
    }
}

static void choose_of(struct lake *l, struct arena *a, const struct lake_source *src,
                      const struct phys_col *c, struct sample *s, struct lake_shreds *x)
{
    size_t first = x->n, most = most_paths(l);
    for (size_t i = 0; i < s->n_used && x->n - first < most; i++)
        if (s->used[i].bytes * 2 <= s->bytes) /* most of the text: nothing is won */
            add(a, x, c, s->used[i].path);
    add_former(l, a, src->table, c, s, first + most, x);
    if (s->list.n > 0)
        qsort(s->list.p, s->list.n, sizeof(*s->list.p), more_rows);
    for (size_t i = 0; i < s->list.n && x->n - first < most; i++) {
        const struct seen *m = s->list.p[i];
        if (is_frequent(s, m))
            add(a, x, c, m->path);
    }
}

/* ---- their types, part by part ---- */

static bool find_types(struct lake *l, struct arena *a, const struct lake_source *src,
                       size_t n_days, struct lake_shreds *x, struct err *e)
{
    struct kql_schema schema = {arena_array(a, struct kql_column, x->n + 1), 0};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(SHRED_MAX_SQL);
    if (src->whole)
        sbuf_addz(&sql, "SELECT CAST(0 AS BIGINT)");
    else
        sbuf_addf(&sql, "SELECT \"TimeGenerated\" // %lld", (long long)TICKS_PER_DAY);
    schema.cols[schema.n++] = (struct kql_column){STR("day"), KQL_LONG};
    for (size_t i = 0; i < x->n; i++) {
        AUTO(sbuf_fini) struct sbuf column = sbuf_make(SHRED_MAX_SQL);
        sql_ident(&column, x->p[i].col.phys);
        sbuf_addz(&sql, ", ");
        engine_sql_path_kinds(sbuf_str(&column), x->p[i].path, &sql);
        schema.cols[schema.n++] = (struct kql_column){STR("kinds"), KQL_LONG};
    }
    sbuf_addz(&sql, " FROM ");
    sbuf_add(&sql, src->from);
    sbuf_addz(&sql, " AS vedette_rows");
    sbuf_addz(&sql, src->whole ? " HAVING count(*) > 0" : " GROUP BY 1 ORDER BY 1");
    struct engine_rows *rows = NULL;
    if (!sbuf_ok(&sql))
        return err_set(e, ERR_LIMIT, "table '%.*s' has too many columns", STR_ARG(src->table));
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    bool ok = engine_rows_count(rows) == n_days;
    for (size_t i = 0; ok && i < x->n; i++) {
        x->p[i].types = arena_array(a, enum kql_type, n_days + 1);
        for (size_t d = 0; d < n_days; d++)
            x->p[i].types[d] = engine_path_type(engine_rows_get(rows, d, i + 1).i);
    }
    engine_rows_free(rows);
    return ok ? true
              : err_set(e, ERR_INTERNAL, "rows of table '%.*s' changed while they were sealed",
                        STR_ARG(src->table));
}

static bool choose(struct lake *l, struct arena *a, const struct lake_source *src, size_t n_days,
                   int64_t rows, struct lake_shreds *out, struct err *e)
{
    struct kql_schema dynamic = {arena_array(a, struct kql_column, src->n + 1), 0};
    for (size_t i = 0; i < src->n; i++)
        if (src->cols[i].type == KQL_DYNAMIC)
            dynamic.cols[dynamic.n++] = (struct kql_column){src->cols[i].phys, KQL_DYNAMIC};
    if (dynamic.n == 0 || n_days == 0 || most_paths(l) == 0)
        return true;
    struct engine_rows *sample = NULL;
    if (!read_sample(l, src, &dynamic, rows, &sample, e))
        return false;
    out->p = arena_array(a, struct lake_shred, MOST_SHREDS);
    for (size_t i = 0, at = 0; i < src->n; i++) {
        if (src->cols[i].type != KQL_DYNAMIC)
            continue;
        AUTO(arena_freep) struct arena *own = arena_new(0);
        struct sample s = {.a = own, .by_path = map_new(own, false)};
        find_used(l, &s, src->table, src->cols[i].phys);
        count_members(&s, sample, at++);
        choose_of(l, a, src, &src->cols[i], &s, out);
    }
    engine_rows_free(sample);
    settle(a, src, out);
    return out->n == 0 || find_types(l, a, src, n_days, out, e);
}

void lake_shred_choose(struct lake *l, struct arena *a, const struct lake_source *src,
                       size_t n_days, int64_t rows, struct lake_shreds *out)
{
    struct err e = {0};
    *out = (struct lake_shreds){0};
    if (choose(l, a, src, n_days, rows, out, &e))
        return;
    out->n = 0;
    LOG(LOG_WARN, "lake", "no members of dynamic columns are kept in these parts",
        log_s("workspace", l->w->name), log_s("table", src->table), log_z("reason", e.msg));
}

void lake_shred_sql(const struct lake_shreds *x, size_t day, struct sbuf *out)
{
    for (size_t i = 0; i < x->n; i++) {
        AUTO(sbuf_fini) struct sbuf column = sbuf_make(SHRED_MAX_SQL);
        sql_ident(&column, x->p[i].col.phys);
        sbuf_addz(out, ", ");
        engine_sql_path_keep(x->p[i].types[day], sbuf_str(&column), x->p[i].path, out);
        sbuf_addz(out, " AS ");
        sql_ident(out, x->p[i].name);
    }
}
