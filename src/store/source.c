/* Where the rows of a table are: the engine asks while it writes SQL. A query asks through a
 * snapshot, so that a column that appears meanwhile is not named beside a FROM item that lacks it.
 */
#include "store/lake/lake.h"
#include "store/store_priv.h"
#include "terms/terms.h"

enum { MAX_WANT_TEXT = 1 << 20 };

/* NULL: unknown. The workspace's id, its name, or empty for the query's own. */
static struct workspace *workspace_of(struct workspace *own, struct str workspace)
{
    if (workspace.n == 0 || str_ieq(workspace, own->id) || str_ieq(workspace, own->name))
        return own;
    return store_workspace_find(own->s, workspace);
}

struct seen {
    struct workspace *w;
    struct ws_table *t;
    struct ws_table *data;       /* whose rows are read: t, or what a restored table shows */
    struct str hot;              /* the hot table of these columns */
    const struct phys_col *cols; /* those stored when the query first touched the table */
    size_t n_cols;
    bool *asked;                     /* one a column: the query reads it */
    bool windowed;                   /* KQL_WINDOW was asked for since the last FROM item */
    bool spanned;                    /* the first and the last window were */
    int64_t age;                     /* the greatest that a row has in its windows */
    VEC(struct lake_member) members; /* of dynamic columns, that it reads */
    const struct lake_view *view;
};
/* A workspace's view is taken when the first of its tables is touched, and kept. */
struct viewed {
    struct workspace *w;
    struct lake_view *view;
};
struct snapshot {
    struct engine_source source;
    struct workspace *own;
    struct arena *a;
    bool all;                            /* FROM items with all columns */
    bool old;                            /* with what is past the analytics retention */
    bool on_time;                        /* see store_query */
    const struct store_windows *windows; /* borrowed; NULL: none */
    VEC(struct seen *) seen;
    VEC(struct viewed) views;
    VEC(struct lake_part *) picked; /* that FROM items name */
    size_t n_pinned;                /* of these, that are here until source_release */
    struct lake_lists lists;        /* as FROM items name them */
    bool notes;                     /* reads are noted */
    VEC(struct store_read) reads;
};

static const struct lake_view *view_of(struct snapshot *s, struct workspace *w)
{
    for (size_t i = 0; i < s->views.n; i++)
        if (s->views.p[i].w == w)
            return s->views.p[i].view;
    struct viewed v = {w, lake_view_take(w->lake)};
    VEC_PUSH(s->a, &s->views, v);
    return v.view;
}

/* The columns are copied: they move when the writer adds one. */
static struct seen *see(struct snapshot *s, struct workspace *w, struct str table)
{
    struct seen *seen = arena_new_of(s->a, struct seen);
    /* The view first: a column of a sealed row was known before the row was. */
    seen->view = view_of(s, w);
    seen->w = w;
    lock_take(&w->lock);
    seen->t = ws_table_find_locked(w, table);
    seen->data = seen->t != NULL && seen->t->of != NULL ? seen->t->of : seen->t;
    seen->n_cols = seen->data != NULL ? seen->data->cols.n : 0;
    struct phys_col *cols = arena_array(s->a, struct phys_col, seen->n_cols + 1);
    if (seen->n_cols > 0)
        memcpy(cols, seen->data->cols.p, seen->n_cols * sizeof(*cols));
    seen->hot = seen->data != NULL ? seen->data->phys : STR_NONE;
    lock_drop(&w->lock);
    seen->cols = cols;
    seen->asked = arena_array(s->a, bool, seen->n_cols + 1);
    if (seen->t != NULL)
        VEC_PUSH(s->a, &s->seen, seen);
    return seen;
}

static struct seen *look(struct snapshot *s, struct str workspace, struct str table, struct err *e)
{
    struct workspace *w = workspace_of(s->own, workspace);
    if (w == NULL) {
        err_set(e, ERR_NOT_FOUND, "there is no workspace '%.*s'", STR_ARG(workspace));
        return NULL;
    }
    for (size_t i = 0; i < s->seen.n; i++)
        if (s->seen.p[i]->w == w && str_eq(s->seen.p[i]->t->name, table))
            return s->seen.p[i];
    struct seen *seen = see(s, w, table);
    if (seen->t != NULL)
        return seen;
    err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(table));
    return NULL;
}

/* TenantId, _WorkspaceId, Type, _IsBillable: the same in all rows, so never stored. */
static bool computed(const struct seen *seen, struct str column, struct str *out)
{
    if (str_eqz(column, "TenantId") || str_eqz(column, "_WorkspaceId"))
        *out = seen->w->id;
    else if (str_eqz(column, "Type"))
        *out = seen->t->name;
    else if (str_eqz(column, "_IsBillable"))
        *out = seen->t->def->billable ? STR("true") : STR("false");
    else
        return false;
    return true;
}

/* ---- which parts ---- */

static const struct lake_want *known(struct arena *a, bool of_use)
{
    struct lake_want *w = arena_new_of(a, struct lake_want);
    *w = (struct lake_want){.kind = LAKE_WANT_KNOWN, .known = of_use};
    return w;
}

/* A column that is the same in all rows. */
static bool has_all(struct str text, const struct engine_want *e)
{
    for (size_t i = 0; i < e->n_terms; i++)
        if (!terms_in_text(text, e->terms[i]))
            return false;
    return true;
}

static const struct lake_want *want_terms(struct arena *a, const struct seen *seen,
                                          const struct engine_want *e)
{
    struct str text;
    lock_take(&seen->w->lock);
    bool same = computed(seen, e->column, &text);
    uintptr_t at = (uintptr_t)map_get(seen->data->by_name, e->column);
    lock_drop(&seen->w->lock);
    if (same)
        return known(a, has_all(text, e));
    if (at == 0 || at > seen->n_cols) /* never stored: empty */
        return known(a, false);
    if (seen->cols[at - 1].type != e->type)
        return known(a, true);
    struct lake_want *w = arena_new_of(a, struct lake_want);
    *w = (struct lake_want){
        .kind = LAKE_WANT_TERMS, .phys = seen->cols[at - 1].phys, .type = e->type};
    w->terms = e->terms;
    w->n_terms = e->n_terms;
    return w;
}

/* What the engine asks of columns, as asked of a table's parts. */
static const struct lake_want *want_of(struct arena *a, const struct seen *seen,
                                       const struct engine_want *e)
{
    if (e->kind == WANT_NEVER)
        return known(a, false);
    if (e->kind == WANT_TERMS)
        return want_terms(a, seen, e);
    struct lake_want *w = arena_new_of(a, struct lake_want);
    w->kind = e->kind == WANT_ALL ? LAKE_WANT_ALL : LAKE_WANT_ANY;
    w->kids = arena_array(a, const struct lake_want *, e->n + 1);
    for (size_t i = 0; i < e->n; i++)
        w->kids[w->n++] = want_of(a, seen, e->kids[i]);
    return w;
}

static void note_pick(const struct lake_pick *k, bool asked, struct store_read *read)
{
    bool indexed = k->all_groups > 0;
    read->unindexed += asked && !indexed;
    read->by_terms += indexed && k->groups == 0;
    read->groups += (int64_t)(k->ranges != NULL || k->groups == 0 ? k->groups : k->all_groups);
    read->all_groups += (int64_t)k->all_groups;
}

static void note_read(struct snapshot *s, const struct lake_from *f, const struct engine_need *need,
                      struct store_read *read)
{
    if (!s->notes)
        return;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_WANT_TEXT);
    read->parts = (int64_t)f->lt->n;
    read->from = f->from;
    read->to = f->to;
    if (need->want != NULL)
        engine_want_print(need->want, &b);
    read->terms = arena_str(s->a, sbuf_str(&b));
    VEC_PUSH(s->a, &s->reads, *read);
}

/* The parts that may have rows which are needed. */
static void needed_parts(struct snapshot *s, const struct seen *seen, bool old,
                         const struct engine_need *need, struct lake_from *f)
{
    enum { MAX_RANGED = 128 }; /* parts that are read in pieces: each is planned by itself */
    struct lake_pick *parts = arena_array(s->a, struct lake_pick, f->lt->n + 1);
    int64_t oldest = old ? INT64_MIN : lake_oldest_received(f->w->lake, f->lt->name);
    oldest = need->received_from > oldest ? need->received_from : oldest;
    bool ask = need->want != NULL && !f->w->s->lake.no_term_index;
    const struct lake_want *want = ask ? want_of(s->a, seen, need->want) : NULL;
    size_t ranged = 0;
    struct store_read read = {.workspace = f->w->name, .table = f->lt->name};
    for (size_t i = 0; i < f->lt->n; i++) {
        struct lake_part *p = f->lt->parts[i];
        if (p->max_time < f->from || p->min_time >= f->to || p->max_received < oldest) {
            read.by_time++;
            continue;
        }
        struct lake_pick *k = &parts[f->n_parts];
        bool some = lake_pick(s->a, p, want, k);
        if (k->ranges != NULL && ++ranged > MAX_RANGED)
            k->ranges = NULL;
        if (some)
            VEC_PUSH(s->a, &s->picked, p);
        read.away += some && s->notes && lake_is_away(p);
        f->n_parts += some;
        note_pick(k, want != NULL, &read);
    }
    f->parts = parts;
    note_read(s, f, need, &read);
}

/* A restored table is a range of another one's rows, whatever is needed. */
static void restored_from_item(const struct lake_from *f, const struct ws_table *t,
                               struct sbuf *out)
{
    sbuf_addz(out, "(SELECT * FROM ");
    lake_sql_from(f, out);
    sbuf_addf(out, " WHERE \"TimeGenerated\" >= %lld AND \"TimeGenerated\" < %lld)",
              (long long)t->of_from, (long long)t->of_to);
}

/* ---- windows of time ---- */

static void sql_received(const struct snapshot *s, const struct seen *seen, struct sbuf *out)
{
    sql_ident(out, seen->cols[s->on_time ? PHYS_TIME : PHYS_RECEIVED].phys);
}

static void sql_window_time(const struct snapshot *s, const struct seen *seen, struct sbuf *out)
{
    if (s->windows->by_arrival)
        sql_received(s, seen, out);
    else
        sql_ident(out, seen->cols[PHYS_TIME].phys);
}

/* The end of the first window that has the row: the next one on the grid behind its time, and not
 * before it arrived. */
static void sql_first_window(const struct snapshot *s, const struct seen *seen, struct sbuf *out)
{
    const struct store_windows *x = s->windows;
    sbuf_addf(out, "(%lld + ((greatest(", (long long)x->first);
    sql_window_time(s, seen, out);
    sbuf_addz(out, " + 1");
    if (!x->by_arrival) {
        sbuf_addz(out, ", ");
        sql_received(s, seen, out);
        sbuf_addf(out, " - %lld", (long long)x->delay);
    }
    sbuf_addf(out, ", %lld) - %lld + %lld) // %lld) * %lld)", (long long)x->first,
              (long long)x->first, (long long)x->frequency - 1, (long long)x->frequency,
              (long long)x->frequency);
}

/* The latest end that a window may have that has the row. */
static void sql_last_window(const struct snapshot *s, const struct seen *seen, struct sbuf *out)
{
    sbuf_addz(out, "least(");
    sql_window_time(s, seen, out);
    int64_t period = s->windows->period;
    if (!s->windows->by_arrival && seen->age < period)
        period = seen->age;
    sbuf_addf(out, " + %lld, %lld)", (long long)period, (long long)s->windows->last);
}

/* Each row of rows, a FROM item, that is in a window, with the ends of the first and the last. */
static void spanned_from_item(const struct snapshot *s, const struct seen *seen, struct str rows,
                              struct sbuf *out)
{
    sbuf_addz(out, "(SELECT * FROM (SELECT *, ");
    sql_first_window(s, seen, out);
    sbuf_addz(out, " AS ");
    sql_ident(out, STR(KQL_WINDOW_FIRST));
    sbuf_addz(out, ", ");
    sql_last_window(s, seen, out);
    sbuf_addz(out, " AS ");
    sql_ident(out, STR(KQL_WINDOW_LAST));
    sbuf_addz(out, " FROM ");
    sbuf_add(out, rows);
    sbuf_addz(out, ") WHERE ");
    sql_ident(out, STR(KQL_WINDOW_FIRST));
    sbuf_addz(out, " <= ");
    sql_ident(out, STR(KQL_WINDOW_LAST));
    sbuf_addz(out, ")");
}

/* Each row of rows, a FROM item, once for each window that it is in. */
static void windowed_from_item(const struct snapshot *s, const struct seen *seen, struct str rows,
                               struct sbuf *out)
{
    bool young = !s->windows->by_arrival && seen->age <= s->windows->frequency;
    if (young || s->windows->period <= s->windows->frequency) { /* in one at most */
        sbuf_addz(out, "(SELECT * FROM (SELECT *, ");
        sql_first_window(s, seen, out);
        sbuf_addz(out, " AS ");
        sql_ident(out, STR(KQL_WINDOW));
        sbuf_addz(out, " FROM ");
        sbuf_add(out, rows);
        sbuf_addz(out, ") WHERE ");
        sql_ident(out, STR(KQL_WINDOW));
        sbuf_addz(out, " <= ");
        sql_last_window(s, seen, out);
        sbuf_addz(out, ")");
        return;
    }
    sbuf_addz(out, "(SELECT *, unnest(range(");
    sql_first_window(s, seen, out);
    sbuf_addz(out, ", ");
    sql_last_window(s, seen, out);
    sbuf_addf(out, " + 1, %lld)) AS ", (long long)s->windows->frequency);
    sql_ident(out, STR(KQL_WINDOW));
    sbuf_addz(out, " FROM ");
    sbuf_add(out, rows);
    sbuf_addz(out, ")");
}

static bool from_item(void *self, struct str workspace, struct str table,
                      const struct engine_need *need, struct sbuf *out, struct err *e)
{
    static const struct engine_need all = {INT64_MIN, INT64_MAX, NULL, INT64_MIN};
    struct snapshot *s = self;
    struct seen *seen = look(s, workspace, table, e);
    if (seen == NULL)
        return false;
    bool windowed = seen->windowed && s->windows != NULL;
    bool spanned = seen->spanned && s->windows != NULL;
    seen->windowed = seen->spanned = false;
    if (seen->n_cols == 0) {
        sbuf_addz(out, "(SELECT 1 AS \"none\" WHERE false)");
        return true;
    }
    need = need != NULL ? need : &all;
    const struct ws_table *t = seen->t;
    bool restored = t->of != NULL;
    struct lake_from f = {.w = seen->w, .hot = seen->hot, .from = need->from, .to = need->to};
    if (restored && f.from < t->of_from)
        f.from = t->of_from;
    if (restored && f.to > t->of_to)
        f.to = t->of_to;
    f.lt = lake_view_find(seen->view, seen->data->name);
    struct phys_col *cols = arena_array(s->a, struct phys_col, seen->n_cols);
    for (size_t i = 0; i < seen->n_cols; i++)
        if (s->all || seen->asked[i] || (restored && i == PHYS_TIME))
            cols[f.n_cols++] = seen->cols[i];
    f.cols = cols;
    f.members = seen->members.p;
    f.n_members = seen->members.n;
    if (!s->all && !s->notes) /* else people read it */
        f.lists = &s->lists;
    if (f.lt != NULL)
        needed_parts(s, seen, s->old || restored, need, &f);
    AUTO(sbuf_fini) struct sbuf rows = sbuf_make(0);
    struct sbuf *to = windowed || spanned ? &rows : out;
    if (restored)
        restored_from_item(&f, t, to);
    else
        lake_sql_from(&f, to);
    if (windowed)
        windowed_from_item(s, seen, sbuf_str(&rows), out);
    else if (spanned)
        spanned_from_item(s, seen, sbuf_str(&rows), out);
    return true;
}

static bool ready(void *self, const struct engine_limits *lim, struct err *e)
{
    struct snapshot *s = self;
    const struct lake_patience p = {.deadline_us = lim != NULL ? lim->deadline_us : 0,
                                    .cancel = lim != NULL ? lim->cancel : NULL,
                                    .most_bytes = s->own->s->fetch_bytes};
    size_t n = s->picked.n - s->n_pinned;
    if (n > 0 && !lake_pin_reading(s->picked.p + s->n_pinned, n, &p, e)) {
        s->picked.n = s->n_pinned;
        return false;
    }
    s->n_pinned = s->picked.n;
    return true;
}

static void absent(enum kql_type type, struct sbuf *out)
{
    if (type == KQL_STRING)
        sbuf_addz(out, "''");
    else
        sbuf_addf(out, "CAST(NULL AS %s)", engine_sql_type(type));
}

static bool column(void *self, struct str workspace, struct str table, struct str name,
                   enum kql_type type, struct sbuf *out, struct err *e)
{
    const struct snapshot *s = self;
    struct seen *seen = look(self, workspace, table, e);
    if (seen == NULL)
        return false;
    int64_t age = INT64_MAX;
    if (s->windows != NULL && seen->n_cols > 0 && kql_window_column(name, &age)) {
        seen->age = age;
        seen->windowed = seen->asked[PHYS_TIME] = seen->asked[PHYS_RECEIVED] = true;
        sql_ident(out, STR(KQL_WINDOW));
        return true;
    }
    if (s->windows != NULL && seen->n_cols > 0 &&
        (str_eqz(name, KQL_WINDOW_FIRST) || str_eqz(name, KQL_WINDOW_LAST))) {
        seen->age = INT64_MAX;
        seen->spanned = seen->asked[PHYS_TIME] = seen->asked[PHYS_RECEIVED] = true;
        sql_ident(out, name);
        return true;
    }
    if (s->on_time && str_eqz(name, "_TimeReceived"))
        name = STR("TimeGenerated");
    struct str text;
    lock_take(&seen->w->lock);
    bool done = computed(seen, name, &text);
    uintptr_t at = done ? 0 : (uintptr_t)map_get(seen->data->by_name, name);
    lock_drop(&seen->w->lock);
    bool stored = at != 0 && at <= seen->n_cols;
    if (stored)
        seen->asked[at - 1] = true;
    struct phys_col c = stored ? seen->cols[at - 1] : (struct phys_col){.type = KQL_UNKNOWN};
    if (done) {
        sql_text(out, text);
        return true;
    }
    if (c.type == KQL_UNKNOWN) {
        absent(type, out);
    } else if (c.type != type) {
        /* _ItemId is kept as 16 bytes and read as text. */
        if (c.type != KQL_GUID || type != KQL_STRING)
            return err_set(e, ERR_CONFLICT, "column '%.*s' of table '%.*s' was changed meanwhile",
                           STR_ARG(name), STR_ARG(table));
        sbuf_addz(out, "CAST(");
        sql_ident(out, c.phys);
        sbuf_addf(out, " AS %s)", engine_sql_type(type));
    } else {
        sql_ident(out, c.phys);
    }
    return true;
}

/* ---- members of dynamic columns ---- */

static const struct phys_col *dynamic_column(const struct seen *seen, struct str name)
{
    lock_take(&seen->w->lock);
    uintptr_t at = (uintptr_t)map_get(seen->t->by_name, name);
    lock_drop(&seen->w->lock);
    const struct phys_col *c = at != 0 && at <= seen->n_cols ? &seen->cols[at - 1] : NULL;
    return c != NULL && c->type == KQL_DYNAMIC ? c : NULL;
}

static bool has_path(void *self, struct str workspace, struct str table, struct str name,
                     struct str path)
{
    struct err ignored = {0};
    const struct seen *seen = look(self, workspace, table, &ignored);
    const struct phys_col *c = seen != NULL ? dynamic_column(seen, name) : NULL;
    if (c == NULL)
        return false;
    lake_path_used(seen->w->lake, seen->t->name, c->phys, path);
    const struct lake_table *t = lake_view_find(seen->view, seen->t->name);
    return t != NULL && lake_path_kept(t, c->phys, path);
}

static bool path_column(void *self, struct str workspace, struct str table, struct str name,
                        struct str path, enum engine_path_form form, struct sbuf *out,
                        struct err *e)
{
    struct snapshot *s = self;
    struct seen *seen = look(s, workspace, table, e);
    if (seen == NULL)
        return false;
    const struct phys_col *c = dynamic_column(seen, name);
    CHECK(c != NULL); /* has_path said so, and what was seen stays */
    size_t at = 0;
    for (; at < seen->members.n; at++) {
        const struct lake_member *k = &seen->members.p[at];
        if (k->form == form && str_eq(k->col.phys, c->phys) && str_eq(k->path, path))
            break;
    }
    if (at == seen->members.n) {
        struct lake_member k = {.col = *c, .path = arena_str(s->a, path), .form = form};
        k.name = arena_fmt(s->a, "member %zu", at); /* no column's name has a blank */
        VEC_PUSH(s->a, &seen->members, k);
    }
    sql_ident(out, seen->members.p[at].name);
    return true;
}

const struct engine_source *source_snapshot(struct workspace *w, struct arena *a)
{
    struct snapshot *s = arena_new_of(a, struct snapshot);
    s->own = w;
    s->a = a;
    s->lists = (struct lake_lists){.reads = w->s->reads, .a = a};
    s->source = (struct engine_source){.self = s,
                                       .from_item = from_item,
                                       .column = column,
                                       .ready = ready,
                                       .fetch = w->s->fetch,
                                       .geoip_file = w->s->geoip_file,
                                       .has_path = has_path,
                                       .path = path_column};
    return &s->source;
}

void source_release(const struct engine_source *snapshot)
{
    struct snapshot *s = snapshot->self;
    if (s->n_pinned > 0)
        lake_unpin(s->picked.p, s->n_pinned);
    s->picked.n = s->n_pinned = 0;
    for (size_t i = 0; i < s->lists.lists.n; i++)
        lake_list_close(s->lists.lists.p[i]);
    s->lists.lists.n = 0;
    for (size_t i = 0; i < s->views.n; i++)
        lake_view_drop(s->views.p[i].view);
    s->views.n = 0;
    s->seen.n = 0;
}

void source_see_as(const struct engine_source *snapshot, const struct store_query *q)
{
    struct snapshot *s = snapshot->self;
    s->on_time = q != NULL && q->on_time;
    s->windows = q != NULL ? q->windows : NULL;
}

void source_note_reads(const struct engine_source *snapshot)
{
    ((struct snapshot *)snapshot->self)->notes = true;
}

struct store_read *source_reads(const struct engine_source *snapshot, size_t *out_n)
{
    const struct snapshot *s = snapshot->self;
    *out_n = s->reads.n;
    return s->reads.p;
}

void source_see_all(const struct engine_source *snapshot)
{
    ((struct snapshot *)snapshot->self)->old = true;
}

struct str source_deleted(const struct engine_source *snapshot)
{
    const struct snapshot *s = snapshot->self;
    struct str found = STR_NONE;
    for (size_t i = 0; i < s->seen.n && found.n == 0; i++) {
        const struct seen *seen = s->seen.p[i];
        lock_take(&seen->w->lock);
        if (map_get(seen->w->tables, seen->t->name) != seen->t)
            found = seen->t->name;
        lock_drop(&seen->w->lock);
    }
    return found;
}

bool source_mend(const struct engine_source *snapshot)
{
    const struct snapshot *s = snapshot->self;
    bool mended = false;
    for (size_t i = 0; i < s->seen.n; i++) {
        const struct lake_table *t = lake_view_find(s->seen.p[i]->view, s->seen.p[i]->data->name);
        if (t != NULL && t->n > 0 && lake_after_failure(s->seen.p[i]->w, t))
            mended = true;
    }
    return mended;
}

/* Without a snapshot: for text that a person reads (kql sql), and where nothing is sealed
 * meanwhile. Each call looks anew. */
static bool from_item_now(void *self, struct str workspace, struct str table,
                          const struct engine_need *need, struct sbuf *out, struct err *e)
{
    struct arena *a = arena_new(0);
    const struct engine_source *s = source_snapshot(self, a);
    ((struct snapshot *)s->self)->all = true;
    bool ok = s->from_item(s->self, workspace, table, need, out, e);
    source_release(s);
    arena_free(a);
    return ok;
}

static bool column_now(void *self, struct str workspace, struct str table, struct str name,
                       enum kql_type type, struct sbuf *out, struct err *e)
{
    struct arena *a = arena_new(0);
    const struct engine_source *s = source_snapshot(self, a);
    bool ok = s->column(s->self, workspace, table, name, type, out, e);
    source_release(s);
    arena_free(a);
    return ok;
}

void table_source_init(struct workspace *w)
{
    w->source = (struct engine_source){.self = w,
                                       .from_item = from_item_now,
                                       .column = column_now,
                                       .fetch = w->s->fetch,
                                       .geoip_file = w->s->geoip_file};
}

const struct engine_source *workspace_source(struct workspace *w)
{
    return &w->source;
}
