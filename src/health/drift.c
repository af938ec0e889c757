/* Schema drift: fields of a table's records that are new, that have gone, and that hold values of
 * another type, against what was seen in the days before. */
#include "health/health_priv.h"
#include "state/cursors.h"

enum {
    DAYS = HEALTH_DAYS,
    MAX_TABLES = 1000,
    MAX_FIELDS = 2000,
    MAX_STATE = 64 << 20,
    MAX_NAMES = 50,
    FEW_ROWS = 100,
    REGULAR_DAYS = 3
};

struct field {
    struct str name;
    int64_t last;          /* ticks */
    uint32_t days;         /* one bit a day that it was seen on, today the lowest */
    uint64_t rows_at_last; /* of the table, when it was last seen */
    uint64_t longest;      /* rows of the table between two times that it was seen */
    bool gone;             /* has been told */
};
struct table {
    struct str name;
    int64_t first; /* ticks */
    int64_t day;   /* since 0001-01-01: what the lowest bit of days is */
    uint64_t rows;
    struct map *fields[STORE_FIELD_KINDS]; /* name → struct field */
};
struct drift {
    struct workspace *w;
    struct arena *a;
    struct map *tables; /* name → struct table */
    int64_t saved_hour;
};

enum change { CHANGE_NEW, CHANGE_UNKNOWN, CHANGE_MISFIT, CHANGE_GONE, CHANGE_BACK, N_CHANGES };
static const struct {
    const char *reason, *words;
} changes[N_CHANGES] = {
    [CHANGE_NEW] = {"FieldsNew", "got values for the first time in days"},
    [CHANGE_UNKNOWN] = {"FieldsUnknown", "came and have no column: their values are dropped"},
    [CHANGE_MISFIT] = {"FieldsRetyped", "hold values that don't fit the column: they become null"},
    [CHANGE_GONE] = {"FieldsGone", "get no values any more"},
    [CHANGE_BACK] = {"FieldsBack", "get values again"},
};
static const enum change change_of[STORE_FIELD_KINDS] = {[STORE_FIELD_STORED] = CHANGE_NEW,
                                                         [STORE_FIELD_UNKNOWN] = CHANGE_UNKNOWN,
                                                         [STORE_FIELD_MISFIT] = CHANGE_MISFIT};
/* What is to be told of one table. */
struct news {
    const struct table *t;
    struct str names[N_CHANGES][MAX_NAMES];
    size_t n[N_CHANGES]; /* may be more than there are names for */
};

static struct table *table_of(struct drift *d, struct str name, int64_t now)
{
    struct table *t = map_get(d->tables, name);
    if (t != NULL || map_count(d->tables) >= MAX_TABLES)
        return t;
    t = arena_new_of(d->a, struct table);
    t->name = arena_str(d->a, name);
    t->first = now;
    t->day = now / TICKS_PER_DAY;
    for (size_t k = 0; k < STORE_FIELD_KINDS; k++)
        t->fields[k] = map_new(d->a, false);
    map_put(d->tables, t->name, t);
    return t;
}

static struct field *field_add(struct drift *d, struct table *t, enum store_field_kind kind,
                               struct str name)
{
    if (map_count(t->fields[kind]) >= MAX_FIELDS)
        return NULL;
    struct field *f = arena_new_of(d->a, struct field);
    f->name = arena_str(d->a, name);
    map_put(t->fields[kind], f->name, f);
    return f;
}

/* ---- what is kept: [{"table", "first", "day", "rows", "fields": [[kind, name, last, days,
 * rows_at_last, longest, gone], …]}, …] ---- */

static void write_field(struct json_out *o, size_t kind, const struct field *f)
{
    json_arr(o);
    json_int(o, (int64_t)kind);
    json_str(o, f->name);
    json_int(o, f->last);
    json_int(o, f->days);
    json_int(o, (int64_t)f->rows_at_last);
    json_int(o, (int64_t)f->longest);
    json_int(o, f->gone);
    json_arr_end(o);
}

static void write_table(struct json_out *o, const struct table *t)
{
    struct str name;
    void *value;
    json_obj(o);
    json_kv_str(o, "table", t->name);
    json_kv_int(o, "first", t->first);
    json_kv_int(o, "day", t->day);
    json_kv_int(o, "rows", (int64_t)t->rows);
    json_key(o, "fields");
    json_arr(o);
    for (size_t k = 0; k < STORE_FIELD_KINDS; k++)
        for (size_t i = 0; map_next(t->fields[k], &i, &name, &value);)
            write_field(o, k, value);
    json_arr_end(o);
    json_obj_end(o);
}

static struct str state_name(const struct drift *d, struct arena *a)
{
    return arena_fmt(a, "fields/%.*s", STR_ARG(workspace_id(d->w)));
}

static bool save(struct health *h, struct drift *d, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_STATE);
    struct json_out o = json_out_make(&b);
    struct str name;
    void *value;
    json_arr(&o);
    for (size_t i = 0; map_next(d->tables, &i, &name, &value);)
        write_table(&o, value);
    json_arr_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "what is known of the tables' fields is too large to be kept");
    return state_cursor_set(h->o.state, state_name(d, a), sbuf_str(&b), e);
}

static int64_t number(const struct json *v)
{
    return v != NULL && v->type == JSON_INT ? v->i : 0;
}

static void read_field(struct drift *d, struct table *t, const struct json *row)
{
    if (row->type != JSON_ARRAY || row->n != 7)
        return;
    int64_t kind = number(&row->items[0]);
    struct field *f =
        kind >= 0 && kind < STORE_FIELD_KINDS
            ? field_add(d, t, (enum store_field_kind)kind, json_text(&row->items[1], STR("")))
            : NULL;
    if (f == NULL)
        return;
    f->last = number(&row->items[2]);
    f->days = (uint32_t)number(&row->items[3]);
    f->rows_at_last = (uint64_t)number(&row->items[4]);
    f->longest = (uint64_t)number(&row->items[5]);
    f->gone = number(&row->items[6]) != 0;
}

static void read_table(struct drift *d, const struct json *row)
{
    const struct json *fields = json_get(row, "fields");
    struct table *t =
        table_of(d, json_text(json_get(row, "table"), STR("")), number(json_get(row, "first")));
    if (t == NULL)
        return;
    t->day = number(json_get(row, "day"));
    t->rows = (uint64_t)number(json_get(row, "rows"));
    for (size_t i = 0; fields != NULL && fields->type == JSON_ARRAY && i < fields->n; i++)
        read_field(d, t, &fields->items[i]);
}

/* What can't be read is learned anew. */
static void load(struct health *h, struct drift *d)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct str text = STR("");
    struct json rows = {0};
    if (!state_cursor_get(h->o.state, a, state_name(d, a), &text, &e) ||
        (text.n > 0 && !json_parse(a, text, NULL, &rows, &e))) {
        LOG(LOG_WARN, "health", "what was known of the tables' fields can't be read",
            log_s("workspace", workspace_name(d->w)), log_z("reason", e.msg));
        return;
    }
    for (size_t i = 0; text.n > 0 && rows.type == JSON_ARRAY && i < rows.n; i++)
        if (rows.items[i].type == JSON_OBJECT)
            read_table(d, &rows.items[i]);
}

struct drift *drift_new(struct health *h, struct workspace *w)
{
    struct drift *d = xcalloc(1, sizeof(*d));
    d->w = w;
    d->a = arena_new(0);
    d->tables = map_new(d->a, false);
    load(h, d);
    return d;
}

void drift_close(struct health *h, struct drift *d)
{
    struct err e = {0};
    if (map_count(d->tables) > 0 && !save(h, d, &e))
        LOG(LOG_WARN, "health", "what is known of the tables' fields was not kept",
            log_z("reason", e.msg));
    arena_free(d->a);
    xfree(d);
}

/* ---- what has changed ---- */

static void turn_day(struct table *t, int64_t now)
{
    int64_t by = now / TICKS_PER_DAY - t->day;
    struct str name;
    void *value;
    for (size_t k = 0; by > 0 && k < STORE_FIELD_KINDS; k++)
        for (size_t i = 0; map_next(t->fields[k], &i, &name, &value);) {
            struct field *f = value;
            f->days = by < DAYS ? (f->days << by) & ((1U << DAYS) - 1) : 0;
        }
    if (by > 0)
        t->day += by;
}

static void add_news(struct news *out, enum change what, struct str name)
{
    if (out->n[what] < MAX_NAMES)
        out->names[what][out->n[what]] = name;
    out->n[what]++;
}

/* A table's first day is there to learn from. */
static bool is_known(const struct table *t, int64_t now)
{
    return now - t->first >= TICKS_PER_DAY;
}

static void see(struct drift *d, struct table *t, enum store_field_kind kind, struct str name,
                int64_t now, struct news *out)
{
    struct field *f = map_get(t->fields[kind], name);
    bool fresh = f == NULL || f->days == 0; /* never, or not in the last days */
    if (f == NULL)
        f = field_add(d, t, kind, name);
    if (f == NULL)
        return;
    if (f->gone)
        add_news(out, CHANGE_BACK, f->name);
    else if (fresh && is_known(t, now))
        add_news(out, change_of[kind], f->name);
    if (f->last > 0 && !f->gone && t->rows - f->rows_at_last > f->longest)
        f->longest = t->rows - f->rows_at_last;
    f->gone = false;
    f->last = now;
    f->days |= 1;
    f->rows_at_last = t->rows;
}

static bool has_gone(const struct table *t, const struct field *f, int64_t now)
{
    uint64_t without = t->rows - f->rows_at_last;
    return !f->gone && now - f->last >= TICKS_PER_DAY &&
           __builtin_popcount(f->days) >= REGULAR_DAYS && without >= FEW_ROWS &&
           without / 4 >= f->longest;
}

static void look_for_gone(struct table *t, int64_t now, struct news *out)
{
    struct str name;
    void *value;
    for (size_t i = 0; map_next(t->fields[STORE_FIELD_STORED], &i, &name, &value);) {
        struct field *f = value;
        if (!has_gone(t, f, now))
            continue;
        f->gone = true;
        add_news(out, CHANGE_GONE, f->name);
    }
}

/* ---- what is told ---- */

/* A custom table's column that could take the values as text; NULL: there is none. */
static const struct str *widenable(struct drift *d, struct arena *a, const struct news *n)
{
    struct kql_table t = {0};
    if (!str_ends(n->t->name, STR("_CL")) || !workspace_table_find(d->w, a, n->t->name, &t))
        return NULL;
    for (size_t i = 0; i < n->n[CHANGE_MISFIT] && i < MAX_NAMES; i++) {
        size_t at;
        const struct kql_column *c = store_column_find(&t, n->names[CHANGE_MISFIT][i], &at);
        if (c != NULL && at < t.schema.n && !str_eqz(c->name, "TimeGenerated") &&
            !store_column_is_services(c->name) && kql_type_widens(c->type, KQL_STRING))
            return &n->names[CHANGE_MISFIT][i];
    }
    return NULL;
}

static struct str describe(struct drift *d, struct arena *a, const struct news *n, enum change what)
{
    const struct str *f = what == CHANGE_MISFIT ? widenable(d, a, n) : NULL;
    struct str words = arena_fmt(a, "%zu field(s) of %.*s %s", n->n[what], STR_ARG(n->t->name),
                                 changes[what].words);
    if (f == NULL)
        return words;
    return arena_fmt(a,
                     "%.*s; a column becomes text, with the values that it has, by "
                     ".alter column ['%.*s'].['%.*s'] type=string or by the Tables API",
                     STR_ARG(words), STR_ARG(n->t->name), STR_ARG(*f));
}

static bool put_change(struct health *h, struct drift *d, struct arena *a, const struct news *n,
                       enum change what, int64_t now, struct err *e)
{
    struct health_event ev = {.operation = "Data schema change",
                              .status = "Informational",
                              .reason = changes[what].reason,
                              .table = n->t->name,
                              .list_name = "Fields",
                              .list = n->names[what],
                              .n_list = n->n[what] < MAX_NAMES ? n->n[what] : MAX_NAMES};
    ev.description = describe(d, a, n, what);
    ev.key = arena_fmt(a, "schema/%s/%.*s/%lld", ev.reason, STR_ARG(ev.table), (long long)now);
    LOG(LOG_WARN, "health", "a table's records have changed", log_s("table", ev.table),
        log_z("what", ev.reason), log_i("fields", (int64_t)n->n[what]),
        log_s("first", n->names[what][0]));
    return health_event_put(h, a, d->w, &ev, e);
}

/* Rows and what they are about in one transaction. If it fails the rows are lost, not the change:
 * it is in the log. */
static bool tell(struct health *h, struct drift *d, struct arena *a, const struct news *news,
                 size_t n, int64_t now, struct err *e)
{
    struct state *st = h->o.state;
    if (!state_begin(st, e))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        for (int what = 0; ok && what < N_CHANGES; what++)
            if (news[i].n[what] > 0)
                ok = put_change(h, d, a, &news[i], (enum change)what, now, e);
    ok = ok && save(h, d, e);
    return state_end(st, ok, e) && incidents_flush(h->o.incidents, e);
}

static bool is_news(const struct news *n)
{
    for (size_t i = 0; i < N_CHANGES; i++)
        if (n->n[i] > 0)
            return true;
    return false;
}

static void look_at(struct drift *d, const struct store_fields *seen, int64_t now, struct news *out)
{
    struct table *t = table_of(d, seen->table, now);
    if (t == NULL)
        return;
    out->t = t;
    turn_day(t, now);
    t->rows += seen->rows;
    for (size_t k = 0; k < STORE_FIELD_KINDS; k++)
        for (size_t i = 0; i < seen->n[k]; i++)
            see(d, t, (enum store_field_kind)k, seen->names[k][i], now, out);
    look_for_gone(t, now, out);
}

void drift_look(struct health *h, struct drift *d, int64_t now)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct store_fields *seen = NULL;
    struct err e = {0};
    size_t n = store_fields_take(d->w, a, &seen);
    struct news *news = arena_array(a, struct news, n);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        look_at(d, &seen[i], now, &news[i]);
        any = any || is_news(&news[i]);
    }
    bool due = now / TICKS_PER_HOUR != d->saved_hour && map_count(d->tables) > 0;
    if (!any && !due)
        return;
    if (tell(h, d, a, news, n, now, &e))
        d->saved_hour = now / TICKS_PER_HOUR;
    else
        LOG(LOG_WARN, "health", "changes of tables were not written as rows",
            log_z("reason", e.msg));
}
