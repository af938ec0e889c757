/* What a workspace's queries may call: its functions, the watchlists that _GetWatchlist() knows,
 * and the few functions that ship. Each is parsed once; a query keeps what it uses until its arena
 * goes, so that a function may be replaced while queries run. */
#include "store/store_priv.h"
#include "text/json.h"
#include <stdlib.h>

enum { MAX_VARIANT_BYTES = 1 << 20 };

/* Immutable but for the count of who uses it. */
struct function {
    atomic_uint users;
    struct arena *a;
    struct kql_stored_function f;
};

struct function_set {
    struct lock lock;
    struct arena *a;
    struct map *functions;  /* name → struct function */
    struct map *watchlists; /* alias, ignoring case → struct function, its _GetWatchlist() */
    size_t n_views;         /* among functions */
};

/* ---- what ships ---- */

static const struct shipped_function shipped[] = {
    /* The body of an alias that there is none of; see watchlist_body. */
    {"_GetWatchlist", "(watchlistAlias:string, keys:dynamic=dynamic([]))",
     "{ datatable(_DTItemId:string, LastUpdatedTimeUTC:datetime, SearchKey:string)[] }", true,
     true},
    {"_GetWatchlistAlias", "()",
     "{ union isfuzzy=true Watchlist, ConfidentialWatchlist | where _DTItemType == 'watchlist'"
     " | summarize arg_max(_DTTimestamp, _DTItemStatus, WatchlistAlias) by _DTItemId"
     " | where _DTItemStatus != 'Delete' | project WatchlistAlias }",
     true, false},
    {"_LogOperation", "()",
     "{ Operation | project TimeGenerated, Category = iff(OperationCategory has 'agent', 'Agent',"
     " 'Ingestion'), Operation = OperationCategory, Level = OperationStatus, Detail, _ResourceId }",
     false, false},
    {"_SentinelAudit", "()", "{ SentinelAudit }", false, false},
    {"_SentinelHealth", "()", "{ SentinelHealth }", false, false},
};

static const struct shipped_function *shipped_at(size_t i)
{
    if (i < COUNTOF(shipped))
        return &shipped[i];
    return i - COUNTOF(shipped) < n_asim_functions ? &asim_functions[i - COUNTOF(shipped)] : NULL;
}

bool store_function_ships(struct str name)
{
    const struct shipped_function *x;
    for (size_t i = 0; (x = shipped_at(i)) != NULL; i++)
        if (str_eqz(name, x->name))
            return true;
    return false;
}

/* ---- one function ---- */

static void release(void *p)
{
    struct function *fn = p;
    if (fn != NULL && atomic_fetch_sub(&fn->users, 1) == 1) {
        arena_free(fn->a);
        xfree(fn);
    }
}

static struct function *function_new(const struct kql_stored_function *f, struct err *e)
{
    struct function *fn = xcalloc(1, sizeof(*fn));
    atomic_init(&fn->users, 1);
    fn->a = arena_new(0);
    fn->f = *f;
    fn->f.name = arena_str(fn->a, f->name);
    fn->f.parameters = arena_str(fn->a, f->parameters);
    fn->f.body = arena_str(fn->a, f->body);
    struct kql_diags d = {.a = fn->a};
    fn->f.decl = kql_parse_function(fn->a, &fn->f, &d, NULL);
    if (fn->f.decl != NULL)
        return fn;
    kql_diags_err(&d, e);
    release(fn);
    return NULL;
}

static size_t is_view(const struct function *fn)
{
    return fn != NULL && fn->f.view ? 1 : 0;
}

static void set(struct function_set *s, struct map *m, struct str key, struct function *fn)
{
    lock_take(&s->lock);
    /* The old key lies in the old function, so it leaves the map with it. */
    struct function *old = map_del(m, key);
    if (fn != NULL)
        map_put(m, fn->f.name, fn);
    s->n_views = s->n_views + is_view(fn) - is_view(old);
    lock_drop(&s->lock);
    release(old);
}

static bool get(struct function_set *s, const struct map *m, struct arena *a, struct str key,
                struct kql_stored_function *out)
{
    lock_take(&s->lock);
    struct function *fn = map_get(m, key);
    if (fn != NULL)
        atomic_fetch_add(&fn->users, 1);
    lock_drop(&s->lock);
    if (fn == NULL)
        return false;
    arena_defer(a, release, fn);
    *out = fn->f;
    return true;
}

/* ---- the set ---- */

struct function_set *function_set_new(void)
{
    struct function_set *s = xcalloc(1, sizeof(*s));
    lock_init(&s->lock, "functions");
    s->a = arena_new(0);
    s->functions = map_new(s->a, false);
    s->watchlists = map_new(s->a, true);
    const struct shipped_function *x;
    for (size_t i = 0; (x = shipped_at(i)) != NULL; i++) {
        struct kql_stored_function f = {.name = str_from(x->name),
                                        .parameters = str_from(x->parameters),
                                        .body = str_from(x->body),
                                        .whole_time = x->whole_time,
                                        .by_argument = x->by_argument};
        struct err e = {0};
        struct function *fn = function_new(&f, &e);
        CHECK(fn != NULL);
        set(s, s->functions, f.name, fn);
    }
    return s;
}

static void release_all(const struct map *m)
{
    struct str key;
    void *fn;
    for (size_t i = 0; map_next(m, &i, &key, &fn);)
        release(fn);
}

void function_set_free(struct function_set *s)
{
    if (s == NULL)
        return;
    release_all(s->functions);
    release_all(s->watchlists);
    arena_free(s->a);
    lock_fini(&s->lock);
    xfree(s);
}

bool function_set_find(struct function_set *s, struct arena *a, struct str name,
                       struct kql_stored_function *out)
{
    return get(s, s->functions, a, name, out);
}

static int by_name(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

bool function_set_view_at(struct function_set *s, struct arena *a, size_t i, struct str *out_name)
{
    AUTO(arena_freep) struct arena *own = arena_new(0);
    VEC(struct str) names = {0};
    struct str key;
    void *fn;
    lock_take(&s->lock);
    for (size_t at = 0; i < s->n_views && map_next(s->functions, &at, &key, &fn);)
        if (is_view(fn) > 0)
            VEC_PUSH(own, &names, arena_str(own, key)); /* the function may go with the lock */
    lock_drop(&s->lock);
    if (i >= names.n)
        return false;
    qsort(names.p, names.n, sizeof(names.p[0]), by_name);
    *out_name = arena_str(a, names.p[i]);
    return true;
}

bool function_set_find_variant(struct function_set *s, struct arena *a, struct str argument,
                               struct kql_stored_function *out)
{
    return get(s, s->watchlists, a, argument, out);
}

/* ---- changing it ---- */

bool workspace_function_put(struct workspace *w, const struct kql_stored_function *f, struct err *e)
{
    struct function *fn = function_new(f, e);
    if (fn == NULL)
        return false;
    set(w->functions, w->functions->functions, fn->f.name, fn);
    return true;
}

void workspace_function_drop(struct workspace *w, struct str name)
{
    if (!store_function_ships(name))
        set(w->functions, w->functions->functions, name, NULL);
}

static void text(struct sbuf *b, struct str s)
{
    json_escape(b, s); /* KQL knows all of JSON's escapes */
}

/* The newest version of each item that is not deleted; its columns as texts. Source: "Watchlists:
 * queries and detection rules". */
static bool watchlist_body(const struct store_watchlist *l, struct sbuf *b)
{
    sbuf_addf(b, "{ %s | where WatchlistAlias =~ ",
              l->confidential ? "ConfidentialWatchlist" : "Watchlist");
    text(b, l->alias);
    sbuf_addz(b, " and WatchlistId == ");
    text(b, l->id);
    sbuf_addz(b, " and _DTItemType == 'watchlist-item'"
                 " | summarize arg_max(_DTTimestamp, _DTItemStatus, LastUpdatedTimeUTC, SearchKey,"
                 " WatchlistItem) by _DTItemId"
                 " | where _DTItemStatus != 'Delete'"
                 " | where array_length(keys) == 0 or SearchKey in (keys)"
                 " | project _DTItemId, LastUpdatedTimeUTC, SearchKey");
    for (size_t i = 0; i < l->n; i++) {
        if (str_eqz(l->columns[i], "SearchKey")) /* the search key itself */
            continue;
        sbuf_addz(b, ", [");
        text(b, l->columns[i]);
        sbuf_addz(b, "] = tostring(WatchlistItem[");
        text(b, l->columns[i]);
        sbuf_addz(b, "])");
    }
    sbuf_addz(b, " }");
    return sbuf_ok(b);
}

bool workspace_watchlist_put(struct workspace *w, const struct store_watchlist *l, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(MAX_VARIANT_BYTES);
    if (!watchlist_body(l, &body))
        return err_set(e, ERR_LIMIT, "the watchlist's column names are too long together");
    struct kql_stored_function f = {.name = l->alias,
                                    .parameters = str_from(shipped[0].parameters),
                                    .body = sbuf_str(&body),
                                    .whole_time = true};
    struct function *fn = function_new(&f, e);
    if (fn == NULL)
        return false;
    set(w->functions, w->functions->watchlists, fn->f.name, fn);
    return true;
}

void workspace_watchlist_drop(struct workspace *w, struct str alias)
{
    set(w->functions, w->functions->watchlists, alias, NULL);
}
