/* Asking the indexes of parts which row groups can have rows of use. Indexes that were asked lately
 * are kept in memory, up to a limit; a column's filters are read when it is asked for first. */
#include "store/lake/lake_priv.h"
#include "terms/terms.h"

/* More ranges of a part become fewer, wider ones: each is a comparison for each row that is read.
 */
enum { MAX_RANGES = 8 };

/* Under lake.lock, but for file, which never changes, and what cols point to. */
struct lake_index {
    struct lake_part *part; /* NULL: the part has another one, or none, by now */
    struct terms_file *file;
    struct terms_filters **cols; /* NULL: not read yet */
    size_t bytes, refs;
    struct lake_index *newer, *older;
};

/* ---- in memory ---- */

static void index_free(struct lake_index *x)
{
    for (size_t i = 0; i < terms_file_columns(x->file); i++)
        terms_filters_free(x->cols[i]);
    xfree(x->cols);
    terms_file_close(x->file);
    xfree(x);
}

static void take_out_locked(struct lake *l, struct lake_index *x)
{
    if (x->newer != NULL)
        x->newer->older = x->older;
    else
        l->newest = x->older;
    if (x->older != NULL)
        x->older->newer = x->newer;
    else
        l->oldest = x->newer;
    x->newer = x->older = NULL;
}

static void put_first_locked(struct lake *l, struct lake_index *x)
{
    x->older = l->newest;
    if (l->newest != NULL)
        l->newest->newer = x;
    else
        l->oldest = x;
    l->newest = x;
}

void lake_index_forget_locked(struct lake_part *p)
{
    struct lake_index *x = p->index;
    if (x == NULL)
        return;
    p->index = NULL;
    x->part = NULL;
    take_out_locked(p->lake, x);
    p->lake->index_bytes -= x->bytes;
    if (x->refs == 0)
        index_free(x);
}

static void shrink_locked(struct lake *l)
{
    for (struct lake_index *x = l->oldest, *newer; x != NULL; x = newer) {
        newer = x->newer;
        if (l->index_bytes <= l->w->s->lake.index_memory)
            return;
        if (x->refs == 0)
            lake_index_forget_locked(x->part);
    }
}

/* Whoever else has read it meanwhile wins. */
static struct lake_index *keep_locked(struct lake_part *p, struct lake_index *mine)
{
    struct lake *l = p->lake;
    if (p->index != NULL) {
        index_free(mine);
        return p->index;
    }
    p->index = mine;
    mine->part = p;
    l->index_bytes += mine->bytes;
    put_first_locked(l, mine);
    return mine;
}

static struct lake_index *read_index(const struct lake_part *p, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct terms_file *f = terms_file_open(lake_terms_path(a, p->path), e);
    if (f == NULL)
        return NULL;
    if (terms_file_all_rows(f) != (uint64_t)p->rows) {
        err_set(e, ERR_INVALID, "it is of %llu rows, the part of %lld",
                (unsigned long long)terms_file_all_rows(f), (long long)p->rows);
        terms_file_close(f);
        return NULL;
    }
    struct lake_index *x = xcalloc(1, sizeof(*x));
    x->file = f;
    x->cols = xcalloc(terms_file_columns(f) + 1, sizeof(struct terms_filters *));
    x->bytes = terms_file_bytes(f) + sizeof(*x) + terms_file_columns(f) * sizeof(*x->cols);
    return x;
}

/* NULL: the part has no index that can be used. */
static struct lake_index *index_take(struct lake_part *p)
{
    struct lake *l = p->lake;
    lock_take(&l->lock);
    bool has = p->terms_bytes > 0;
    struct lake_index *x = has ? p->index : NULL;
    if (x != NULL) {
        x->refs++;
        take_out_locked(l, x);
        put_first_locked(l, x);
    }
    lock_drop(&l->lock);
    if (x != NULL || !has)
        return x;
    struct err e = {0};
    x = read_index(p, &e);
    if (x == NULL) {
        lake_terms_distrust(p, &e);
        return NULL;
    }
    lock_take(&l->lock);
    x = keep_locked(p, x);
    x->refs++;
    lock_drop(&l->lock);
    return x;
}

static void index_drop(struct lake *l, struct lake_index *x)
{
    lock_take(&l->lock);
    if (--x->refs == 0 && x->part == NULL)
        index_free(x);
    shrink_locked(l);
    lock_drop(&l->lock);
}

/* NULL: damaged. Lives as long as the caller has the index. */
static const struct terms_filters *filters_of(struct lake_part *p, struct lake_index *x, size_t col)
{
    struct lake *l = p->lake;
    struct err e = {0};
    lock_take(&l->lock);
    const struct terms_filters *known = x->cols[col];
    lock_drop(&l->lock);
    if (known != NULL)
        return known;
    struct terms_filters *mine = terms_filters_load(x->file, col, &e);
    if (mine == NULL) {
        lake_terms_distrust(p, &e);
        return NULL;
    }
    lock_take(&l->lock);
    if (x->cols[col] == NULL) {
        x->cols[col] = mine;
        x->bytes += terms_filters_bytes(mine);
        l->index_bytes += x->part != NULL ? terms_filters_bytes(mine) : 0;
        mine = NULL;
    }
    known = x->cols[col];
    lock_drop(&l->lock);
    terms_filters_free(mine);
    return known;
}

/* ---- asking ---- */

struct asking {
    struct arena *a;
    struct lake_part *part;
    struct lake_index *index;
    size_t groups;
};

static bool holds_all(const struct terms_filters *x, size_t group, const struct lake_want *w)
{
    bool all = true;
    for (size_t i = 0; all && i < w->n_terms; i++)
        all = terms_filters_may_hold(x, group, w->terms[i]);
    return all;
}

/* Of groups whose terms columns share. */
static void ask_shared(const struct asking *k, const struct terms_filters *own,
                       const struct lake_want *w, bool *may)
{
    const struct terms_filters *x = NULL;
    size_t col;
    for (size_t g = 0; g < k->groups; g++) {
        if (!may[g] || !terms_filters_shared(own, g))
            continue;
        if (x == NULL && (!terms_file_shared(k->index->file, &col) ||
                          (x = filters_of(k->part, k->index, col)) == NULL))
            return;
        may[g] = holds_all(x, g, w);
    }
}

/* Which groups can have a row of use: keeps those of may, which is what is left of them so far. */
static void ask_terms(const struct asking *k, const struct lake_want *w, bool *may)
{
    const struct lake_column *c = map_get(k->part->shape->by_phys, w->phys);
    size_t col;
    if (c == NULL) { /* it is empty in all rows */
        memset(may, 0, k->groups);
        return;
    }
    /* The terms of a text that has become dynamic are others than those of its values. */
    if (c->type != w->type || (c->type != KQL_STRING && c->type != KQL_DYNAMIC) ||
        !terms_file_column(k->index->file, w->phys, &col))
        return;
    const struct terms_filters *x = filters_of(k->part, k->index, col);
    if (x == NULL)
        return;
    for (size_t g = 0; g < k->groups; g++)
        may[g] = may[g] && holds_all(x, g, w);
    ask_shared(k, x, w, may);
}

static void ask(const struct asking *k, const struct lake_want *w, bool *may);

static void ask_any(const struct asking *k, const struct lake_want *w, bool *may)
{
    bool *sum = arena_array(k->a, bool, k->groups + 1), *one = arena_array(k->a, bool, k->groups);
    size_t open = 1; /* groups that no kid has taken yet */
    for (size_t i = 0; open > 0 && i < w->n; i++) {
        for (size_t g = 0; g < k->groups; g++)
            one[g] = may[g] && !sum[g];
        ask(k, w->kids[i], one);
        open = 0;
        for (size_t g = 0; g < k->groups; g++) {
            sum[g] = sum[g] || one[g];
            open += may[g] && !sum[g];
        }
    }
    memcpy(may, sum, k->groups);
}

static void ask(const struct asking *k, const struct lake_want *w, bool *may)
{
    switch (w->kind) {
    case LAKE_WANT_ALL:
        for (size_t i = 0; i < w->n; i++)
            ask(k, w->kids[i], may);
        return;
    case LAKE_WANT_ANY:
        ask_any(k, w, may);
        return;
    case LAKE_WANT_TERMS:
        ask_terms(k, w, may);
        return;
    case LAKE_WANT_KNOWN:
        if (!w->known)
            memset(may, 0, k->groups);
        return;
    }
    UNREACHABLE();
}

/* ---- ranges ---- */

/* Joins the two ranges that lie nearest to each other. */
static size_t join_nearest(struct lake_range *r, size_t n)
{
    size_t at = 1;
    for (size_t i = 2; i < n; i++)
        if (r[i].from - r[i - 1].to < r[at].from - r[at - 1].to)
            at = i;
    r[at - 1].to = r[at].to;
    memmove(r + at, r + at + 1, (n - at - 1) * sizeof(*r));
    return n - 1;
}

/* A column of that name would be hidden by the numbers of rows. */
static bool can_number(const struct lake_part *p)
{
    for (size_t i = 0; i < p->shape->n; i++)
        if (str_ieqz(p->shape->cols[i].phys, "file_row_number"))
            return false;
    return true;
}

static void ranges_of(const struct asking *k, const bool *may, struct lake_pick *out)
{
    struct lake_range *r = arena_array(k->a, struct lake_range, k->groups + 1);
    size_t n = 0;
    int64_t at = 0;
    out->all_groups = k->groups;
    for (size_t g = 0; g < k->groups; g++) {
        int64_t end = at + terms_file_rows(k->index->file, g);
        if (may[g] && n > 0 && r[n - 1].to == at)
            r[n - 1].to = end;
        else if (may[g])
            r[n++] = (struct lake_range){at, end};
        out->groups += may[g];
        at = end;
    }
    while (n > MAX_RANGES)
        n = join_nearest(r, n);
    bool some = out->groups * 4 <= out->all_groups * 3 && can_number(k->part);
    out->ranges = some && n > 0 ? r : NULL;
    out->n = some ? n : 0;
}

bool lake_pick(struct arena *a, struct lake_part *p, const struct lake_want *w,
               struct lake_pick *out)
{
    *out = (struct lake_pick){.part = p};
    if (w == NULL || p->rows == 0)
        return true;
    struct lake_index *x = index_take(p);
    if (x == NULL)
        return true;
    struct asking k = {a, p, x, terms_file_groups(x->file)};
    bool *may = arena_array(a, bool, k.groups + 1);
    memset(may, 1, k.groups);
    ask(&k, w, may);
    ranges_of(&k, may, out);
    index_drop(p->lake, x);
    return out->groups > 0;
}
