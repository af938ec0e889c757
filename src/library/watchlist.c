/* Watchlists: making, changing and deleting whole lists. */
#include "base/ids.h"
#include "library/library_priv.h"
#include "text/date.h"

enum { MIN_NAME = 3, MAX_NAME = 64, MAX_TEXT = 4096, MAX_LABELS = 100, DELETE_BATCH = 1000 };

/* ---- shared with the items ---- */

bool watchlist_find(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                    struct state_watchlist *out, struct err *e)
{
    return state_watchlist_get(l->o.state, a, workspace_id(w), lower(a, alias), out, e);
}

bool watchlist_settle(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                      struct err *e)
{
    struct state_watchlist x = {0};
    struct err why = {0};
    if (!state_begin(l->o.state, e))
        return false;
    bool ok = watchlist_find(l, a, w, alias, &x, &why);
    if (ok) {
        ok = watchlist_publish(a, w, &x, &why);
    } else if (why.code == ERR_NOT_FOUND) {
        workspace_watchlist_drop(w, alias);
        ok = true;
    }
    if (!state_commit(l->o.state, e))
        return false;
    if (!ok && e != NULL)
        *e = why;
    return ok;
}

bool watchlist_audit(struct library *l, struct arena *a, struct workspace *w,
                     const struct state_watchlist *x, const char *operation,
                     const char *description, struct str who, struct err *e)
{
    struct audit_entry row = {.operation = operation,
                              .resource_id =
                                  arm_id(a, &l->o.scope, workspace_name(w), "watchlists", x->alias),
                              .resource_name = x->alias,
                              .resource_type = STR("Watchlist"),
                              .display_name = x->name,
                              .description = str_from(description),
                              .caller = who};
    return audit_put(l->o.incidents, w, clock_now(l->o.clock), &row, e);
}

bool watchlist_add_columns(struct arena *a, struct state_watchlist *x, const struct str *names,
                           size_t n, struct err *e)
{
    struct str *have = NULL;
    size_t n_have = 0;
    bool added = false;
    if (!watchlist_columns(a, x->columns, &have, &n_have, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out o = json_out_make(&b);
    struct map *known = map_new(a, true);
    json_arr(&o);
    for (size_t i = 0; i < n_have; i++) {
        map_put(known, have[i], x);
        json_str(&o, have[i]);
    }
    for (size_t i = 0; i < n; i++) {
        if (map_get(known, names[i]) != NULL)
            continue;
        map_put(known, names[i], x);
        json_str(&o, names[i]);
        added = true;
    }
    json_arr_end(&o);
    if (map_count(known) > WATCHLIST_MAX_COLUMNS || !sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "the watchlist would have more than %d columns",
                       WATCHLIST_MAX_COLUMNS);
    if (added)
        x->columns = arena_str(a, sbuf_str(&b));
    return true;
}

/* ---- the ARM body ---- */

struct putting {
    struct library *l;
    struct arena *a;
    struct workspace *w;
    struct state_watchlist x; /* as it will be */
    struct str content, etag, who;
    bool has_content, created;
    struct watchlist_file file;
};

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool inner = i > 0 && i + 1 < s.n && (c == ' ' || c == '-' || c == '_');
        if (!alnum && !inner)
            return false;
    }
    return s.n >= MIN_NAME && s.n <= MAX_NAME;
}

static bool name_ok(const char *what, struct str s, struct err *e)
{
    return is_name(s) || err_set(e, ERR_INVALID,
                                 "%s: %d to %d letters, digits, blanks, '-' and '_' expected, the "
                                 "first and last a letter or digit",
                                 what, MIN_NAME, MAX_NAME);
}

static bool read_labels(struct putting *p, const struct json *v, struct err *e)
{
    p->x.labels = STR("[]");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    bool ok = v->type == JSON_ARRAY && v->n <= MAX_LABELS;
    for (size_t i = 0; ok && i < v->n; i++)
        ok = v->items[i].type == JSON_STRING;
    if (ok)
        p->x.labels = compact_json(p->a, v, MAX_TEXT);
    return (ok && p->x.labels.p != NULL) ||
           err_set(e, ERR_INVALID, "properties.labels: an array of at most %d texts expected",
                   MAX_LABELS);
}

static bool read_numbers(struct putting *p, const struct json *properties, struct err *e)
{
    const struct json *skip = member(properties, "numberOfLinesToSkip");
    struct str duration = json_text(member(properties, "defaultDuration"), STR(""));
    int64_t n = 0;
    if (skip != NULL && skip->type == JSON_STRING && str_to_i64(skip->text, &n))
        p->x.lines_to_skip = n;
    else if (skip != NULL && skip->type != JSON_NULL)
        p->x.lines_to_skip = skip->type == JSON_INT ? skip->i : -1;
    if (p->x.lines_to_skip < 0 || p->x.lines_to_skip > 100000)
        return err_set(e, ERR_INVALID,
                       "properties.numberOfLinesToSkip: a number from 0 to 100000 expected");
    if (duration.n > 0 &&
        (!duration_parse_iso8601(duration, &p->x.default_duration) || p->x.default_duration < 0))
        return err_set(e, ERR_INVALID,
                       "properties.defaultDuration: an ISO 8601 duration (P30D) expected");
    return true;
}

static bool read_properties(struct putting *p, const struct json *v, struct err *e)
{
    struct state_watchlist *x = &p->x;
    struct arena *a = p->a;
    const struct json *content = member(v, "rawContent");
    p->has_content = content != NULL && content->type != JSON_NULL;
    if (!read_text(a, v, "displayName", &x->name, e) ||
        !read_text(a, v, "provider", &x->provider, e) ||
        !read_text(a, v, "source", &x->source, e) ||
        !read_text(a, v, "sourceType", &x->source_type, e) ||
        !read_text(a, v, "description", &x->description, e) ||
        !read_text(a, v, "watchlistType", &x->type, e) ||
        !read_text(a, v, "itemsSearchKey", &x->search_key, e) ||
        !read_text(a, v, "contentType", &x->content_type, e) ||
        !read_text(a, v, "rawContent", &p->content, e) || !read_labels(p, member(v, "labels"), e) ||
        !read_numbers(p, v, e))
        return false;
    if (member(v, "sasUri") != NULL && member(v, "sasUri")->type == JSON_STRING)
        return err_set(e, ERR_UNSUPPORTED,
                       "properties.sasUri: storage accounts are not read; send rawContent");
    return true;
}

static bool check(struct putting *p, struct err *e)
{
    struct state_watchlist *x = &p->x;
    bool tabs = str_ieqz(x->content_type, "text/tsv");
    if (!name_ok("properties.displayName", x->name, e))
        return false;
    if (x->provider.n == 0)
        return err_set(e, ERR_INVALID, "properties.provider is missing");
    if (x->search_key.n == 0)
        return err_set(e, ERR_INVALID, "properties.itemsSearchKey is missing");
    if (!watchlist_column_ok(x->search_key, x->search_key, e)) {
        err_prefix(e, "properties.itemsSearchKey");
        return false;
    }
    if (x->description.n > MAX_TEXT || x->source.n > MAX_TEXT || x->provider.n > MAX_TEXT ||
        x->source_type.n > MAX_TEXT || x->type.n > MAX_TEXT)
        return err_set(e, ERR_LIMIT, "properties: a text has more than %d bytes", MAX_TEXT);
    if (x->content_type.n == 0)
        x->content_type = STR("text/csv");
    if (!tabs && !str_ieqz(x->content_type, "text/csv"))
        return err_set(e, ERR_INVALID, "properties.contentType: text/csv or text/tsv expected");
    if (x->source_type.n == 0)
        x->source_type = STR("Local file");
    if (x->type.n == 0)
        x->type = STR("watchlist");
    struct watchlist_format f = {tabs ? '\t' : ',', x->lines_to_skip, x->search_key};
    return !p->has_content || watchlist_file_read(p->a, p->content, &f, &p->file, e);
}

/* ---- saving ---- */

static bool room_for_list(struct putting *p, struct err *e)
{
    struct state_watchlist *all = NULL;
    size_t n = 0;
    if (!library_watchlist_list(p->l, p->a, p->w, &all, &n, e))
        return false;
    return n < WATCHLIST_MAX_LISTS ||
           err_set(e, ERR_LIMIT, "the workspace has %d watchlists already; delete one",
                   WATCHLIST_MAX_LISTS);
}

static bool merge_list(struct putting *p, struct err *e)
{
    struct state_watchlist before = {0}, *x = &p->x;
    struct err why = {0};
    int64_t now = clock_now(p->l->o.clock);
    bool there = watchlist_find(p->l, p->a, p->w, x->alias, &before, &why);
    if (!there && why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    if (there && !etag_fits(p->etag, before.etag))
        return err_set(e, ERR_CONFLICT,
                       "the watchlist was changed meanwhile: its etag is another one");
    if (there && (!str_eq(before.search_key, x->search_key) || !str_ieq(before.type, x->type)))
        return err_set(e, ERR_INVALID,
                       "properties.itemsSearchKey and watchlistType of a watchlist can't change; "
                       "delete it first");
    if (!there && !room_for_list(p, e))
        return false;
    p->created = !there;
    x->workspace = workspace_id(p->w);
    x->key = lower(p->a, x->alias);
    x->id = there ? before.id : new_guid(p->a);
    x->alias = there ? before.alias : x->alias;
    x->etag = new_guid(p->a);
    x->columns = there ? before.columns : STR("[]");
    x->created = there ? before.created : now;
    x->created_by = there ? before.created_by : p->who;
    x->updated = there && before.updated >= now ? before.updated + 1 : now;
    x->updated_by = p->who;
    return watchlist_add_columns(p->a, x, &x->search_key, p->file.n_columns == 0 ? 1 : 0, e) &&
           watchlist_add_columns(p->a, x, p->file.columns, p->file.n_columns, e);
}

static bool equal_item(const struct state_watchlist_item *list, size_t n, struct str item)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].item, item))
            return true;
    return false;
}

/* A row of the file: new, or in the place of the one item that has its search key. */
static bool merge_item(struct putting *p, struct watchlist_rows *rows, struct map *touched,
                       size_t i, struct err *e)
{
    struct state_watchlist_item *like = NULL;
    struct state_watchlist_item item = {.workspace = p->x.workspace, .list = p->x.id};
    size_t n = 0;
    int64_t now = clock_now(p->l->o.clock);
    if (!p->created && !state_watchlist_items_of(p->l->o.state, p->a, p->x.workspace, p->x.id,
                                                 p->file.keys.p[i], &like, &n, e))
        return false;
    if (equal_item(like, n, p->file.items.p[i]))
        return true;
    bool replaces = n == 1 && map_get(touched, like[0].id) == NULL;
    if (replaces)
        item = like[0];
    else
        item.id = new_guid(p->a);
    item.etag = new_guid(p->a);
    item.search_key = p->file.keys.p[i];
    item.item = p->file.items.p[i];
    item.created = replaces ? item.created : now;
    item.created_by = replaces ? item.created_by : p->who;
    item.updated = replaces && item.updated >= now ? item.updated + 1 : now;
    item.updated_by = p->who;
    map_put(touched, item.id, p);
    return state_watchlist_item_put(p->l->o.state, &item, e) &&
           watchlist_rows_add(rows, &item, replaces ? WATCHLIST_UPDATE : WATCHLIST_CREATE, e);
}

static bool room_for(struct putting *p, struct err *e)
{
    int64_t n = 0;
    if (p->file.items.n == 0)
        return true;
    if (!state_watchlist_item_count(p->l->o.state, p->x.workspace, &n, e))
        return false;
    return n + (int64_t)p->file.items.n <= WATCHLIST_MAX_ITEMS ||
           err_set(e, ERR_LIMIT, "the workspace's watchlists would have more than %d items",
                   WATCHLIST_MAX_ITEMS);
}

static bool put_locked(struct putting *p, struct err *e)
{
    if (!merge_list(p, e) || !room_for(p, e) || !state_watchlist_put(p->l->o.state, &p->x, e))
        return false;
    AUTO(watchlist_rows_fini)
    struct watchlist_rows rows = watchlist_rows_make(p->l, p->a, p->w, &p->x);
    struct map *touched = map_new(p->a, false);
    bool ok = watchlist_rows_add(&rows, NULL, p->created ? WATCHLIST_CREATE : WATCHLIST_UPDATE, e);
    for (size_t i = 0; ok && i < p->file.items.n; i++)
        ok = merge_item(p, &rows, touched, i, e);
    return ok && watchlist_rows_end(&rows, e) &&
           watchlist_audit(p->l, p->a, p->w, &p->x, "Microsoft.SecurityInsights/watchlists/Write",
                           "Create or update watchlist.", p->who, e);
}

bool library_watchlist_put(struct library *l, struct arena *a, struct workspace *w,
                           struct str alias, const struct json *body, struct str if_match,
                           struct str who, struct state_watchlist *out, bool *out_created,
                           struct err *e)
{
    struct putting p = {.l = l, .a = a, .w = w, .who = who};
    const struct json *properties = member(body, "properties");
    p.x.alias = alias;
    p.etag = if_match.n > 0 ? if_match : json_text(member(body, "etag"), STR(""));
    if (properties == NULL || properties->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties: an object expected");
    if (!name_ok("the alias", alias, e) || !read_properties(&p, properties, e) || !check(&p, e) ||
        !state_begin(l->o.state, e) || !state_end(l->o.state, put_locked(&p, e), e))
        return false;
    *out = p.x;
    *out_created = p.created;
    return watchlist_settle(l, a, w, alias, e) && incidents_flush(l->o.incidents, e);
}

/* ---- reading and deleting ---- */

bool library_watchlist_get(struct library *l, struct arena *a, struct workspace *w,
                           struct str alias, struct state_watchlist *out, struct err *e)
{
    return watchlist_find(l, a, w, alias, out, e);
}

bool library_watchlist_list(struct library *l, struct arena *a, struct workspace *w,
                            struct state_watchlist **out, size_t *n, struct err *e)
{
    return state_watchlist_list(l->o.state, a, workspace_id(w), out, n, e);
}

/* Rows that say of each item that it is gone, for those who read the table itself. */
static bool bury_items(struct library *l, const struct state_watchlist *x,
                       struct watchlist_rows *rows, struct err *e)
{
    struct str after = STR("");
    char last[37] = "";
    size_t n = DELETE_BATCH;
    while (n == DELETE_BATCH) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct state_watchlist_item *items = NULL;
        if (!state_watchlist_items(l->o.state, a, x->workspace, x->id, after, DELETE_BATCH, &items,
                                   &n, e))
            return false;
        for (size_t i = 0; i < n; i++) {
            items[i].updated = items[i].updated >= x->updated ? items[i].updated + 1 : x->updated;
            if (!watchlist_rows_add(rows, &items[i], WATCHLIST_DELETE, e))
                return false;
        }
        if (n > 0) {
            CHECK(items[n - 1].id.n < sizeof(last));
            memcpy(last, items[n - 1].id.p, items[n - 1].id.n + 1);
            after = str_from(last);
        }
    }
    return true;
}

static bool delete_locked(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                          struct str who, bool *out_was_there, struct err *e)
{
    struct state_watchlist x = {0};
    struct err why = {0};
    int64_t now = clock_now(l->o.clock);
    *out_was_there = watchlist_find(l, a, w, alias, &x, &why);
    if (!*out_was_there) {
        if (why.code != ERR_NOT_FOUND && e != NULL)
            *e = why;
        return why.code == ERR_NOT_FOUND;
    }
    x.updated = x.updated >= now ? x.updated + 1 : now;
    x.updated_by = who;
    AUTO(watchlist_rows_fini) struct watchlist_rows rows = watchlist_rows_make(l, a, w, &x);
    return bury_items(l, &x, &rows, e) && watchlist_rows_add(&rows, NULL, WATCHLIST_DELETE, e) &&
           watchlist_rows_end(&rows, e) && state_watchlist_delete(l->o.state, &x, e) &&
           watchlist_audit(l, a, w, &x, "Microsoft.SecurityInsights/watchlists/Delete",
                           "Watchlist deleted", who, e);
}

bool library_watchlist_delete(struct library *l, struct workspace *w, struct str alias,
                              struct str who, bool *out_was_there, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (!state_begin(l->o.state, e) ||
        !state_end(l->o.state, delete_locked(l, a, w, alias, who, out_was_there, e), e))
        return false;
    return watchlist_settle(l, a, w, alias, e) && incidents_flush(l->o.incidents, e);
}
