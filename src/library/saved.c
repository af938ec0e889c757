/* Saved searches: checking, keeping, and handing functions on to queries. */
#include "base/log.h"
#include "library/library_priv.h"

enum { MAX_TEXT = 4096, MAX_PARAMETERS = 64 << 10, MAX_TAGS_BYTES = 64 << 10, MAX_ID = 260 };

/* ---- a function's text ---- */

struct str body_of(struct arena *a, struct str query)
{
    size_t line = query.n;
    while (line > 0 && query.p[line - 1] != '\n')
        line--;
    bool comment = str_find(str_sub(query, line, query.n), STR("//"), &line);
    return arena_fmt(a, "{%.*s%s}", STR_ARG(query), comment ? "\n" : "");
}

struct str library_body(struct arena *a, const struct state_saved *x)
{
    return body_of(a, x->query);
}

struct str library_parameters(struct arena *a, const struct state_saved *x)
{
    return arena_fmt(a, "(%.*s)", STR_ARG(x->parameters));
}

struct kql_stored_function function_of(struct arena *a, const struct state_saved *x)
{
    return (struct kql_stored_function){.name = x->alias,
                                        .parameters = library_parameters(a, x),
                                        .body = library_body(a, x),
                                        .view = library_is_view(x->tags)};
}

/* Makes what queries may call agree with the database, whatever happened in between: in a
 * transaction, so that the last one to get here has read the last change. */
static bool publish(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                    struct err *e)
{
    struct state_saved now = {0};
    struct err why = {0};
    if (alias.n == 0)
        return true;
    if (!state_begin(l->o.state, e))
        return false;
    bool there = state_saved_by_alias(l->o.state, a, workspace_id(w), alias, &now, &why);
    bool ok = there || why.code == ERR_NOT_FOUND;
    if (there) {
        struct kql_stored_function f = function_of(a, &now);
        ok = workspace_function_put(w, &f, &why);
    } else if (ok) {
        workspace_function_drop(w, alias);
    }
    if (!state_commit(l->o.state, e))
        return false;
    if (!ok && e != NULL)
        *e = why;
    return ok;
}

/* ---- checks ---- */

static bool fits(const char *what, struct str s, size_t max, struct err *e)
{
    if (s.n > max)
        return err_set(e, ERR_LIMIT, "%s: at most %zu bytes", what, max);
    size_t at = 0;
    if (!utf8_valid(s, &at) || memchr(s.n > 0 ? s.p : "x", '\0', s.n) != NULL)
        return err_set(e, ERR_INVALID, "%s: text in UTF-8 without NUL expected", what);
    return true;
}

static bool id_ok(struct str id, struct err *e)
{
    if (id.n == 0 || id.n > MAX_ID)
        return err_set(e, ERR_INVALID, "a saved search's id has 1 to %d characters", MAX_ID);
    for (size_t i = 0; i < id.n; i++)
        if ((unsigned char)id.p[i] < 0x20 || strchr("/\\?#%&<>\"", id.p[i]) != NULL)
            return err_set(e, ERR_INVALID,
                           "a saved search's id can't hold / \\ ? # %% & < > \" or control "
                           "characters");
    return true;
}

static bool texts_ok(const struct library_save *x, struct err *e)
{
    return fits("query", x->query, LIBRARY_MAX_QUERY, e) &&
           fits("functionParameters", x->parameters, MAX_PARAMETERS, e) &&
           fits("category", x->category, MAX_TEXT, e) &&
           fits("displayName", x->name, MAX_TEXT, e) && fits("docstring", x->doc, MAX_TEXT, e) &&
           fits("tags", x->tags, MAX_TAGS_BYTES, e) &&
           (str_trim(x->query).n > 0 || err_set(e, ERR_INVALID, "query: it is empty"));
}

/* ---- saving ---- */

struct saving {
    struct library *l;
    struct arena *a;
    struct workspace *w;
    const struct library_save *x;
    struct library_saved *out;
    bool unchanged;
    struct str old_alias;
};

/* The search that x means: by its id, else by its alias. */
static bool find(struct saving *s, bool *out_there, struct err *e)
{
    const struct library_save *x = s->x;
    struct state *state = s->l->o.state;
    struct str ws = workspace_id(s->w);
    struct err why = {0};
    *out_there = x->id.n > 0
                     ? state_saved_get(state, s->a, ws, lower(s->a, x->id), &s->out->row, &why)
                     : state_saved_by_alias(state, s->a, ws, x->alias, &s->out->row, &why);
    if (!*out_there && why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    if (*out_there && x->mode == LIBRARY_NEW)
        return err_set(e, ERR_CONFLICT, "the function '%.*s' is there already", STR_ARG(x->alias));
    if (!*out_there && x->mode == LIBRARY_KNOWN)
        return err_set(e, ERR_NOT_FOUND, "there is no function '%.*s'", STR_ARG(x->alias));
    return true;
}

/* The id of a new search that came without one. */
static bool choose_id(struct saving *s, struct err *e)
{
    struct state_saved other = {0};
    struct err why = {0};
    s->out->row.id = s->x->id.n > 0 ? s->x->id : s->x->alias;
    if (s->x->id.n > 0)
        return true;
    if (state_saved_get(s->l->o.state, s->a, workspace_id(s->w), lower(s->a, s->x->alias), &other,
                        &why))
        s->out->row.id = new_guid(s->a);
    else if (why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    return true;
}

static bool has_room(struct saving *s, struct err *e)
{
    int64_t n = 0;
    if (!state_saved_count(s->l->o.state, workspace_id(s->w), &n, e))
        return false;
    return n < LIBRARY_MAX_SAVED ||
           err_set(e, ERR_LIMIT, "the workspace has %d saved searches already; delete one",
                   LIBRARY_MAX_SAVED);
}

static bool same(const struct state_saved *r, const struct library_save *x, int64_t version)
{
    return str_eq(r->query, x->query) && str_eq(r->alias, x->alias) &&
           str_eq(r->parameters, x->parameters) && str_eq(r->category, x->category) &&
           str_eq(r->name, x->name) && str_eq(r->doc, x->doc) && str_eq(r->tags, x->tags) &&
           r->version == version;
}

static bool audit(struct library *l, struct arena *a, struct workspace *w,
                  const struct state_saved *r, struct str who, bool deleted, struct err *e)
{
    struct audit_entry x = {
        .resource_name = r->id,
        .display_name = r->alias.n > 0 ? r->alias : r->name,
        .resource_type = r->alias.n > 0 ? STR("Function") : STR("Saved search"),
        .operation = deleted ? "Microsoft.OperationalInsights/workspaces/savedSearches/Delete"
                             : "Microsoft.OperationalInsights/workspaces/savedSearches/Write",
        .description =
            deleted ? STR("Saved search deleted") : STR("Create or update saved search."),
        .caller = who};
    x.resource_id = saved_arm_id(l, a, w, r->id);
    return audit_put(l->o.incidents, w, clock_now(l->o.clock), &x, e);
}

static bool save_locked(struct saving *s, struct err *e)
{
    const struct library_save *x = s->x;
    struct state_saved *r = &s->out->row;
    int64_t version = x->version != 0 ? x->version : 2, now = clock_now(s->l->o.clock);
    bool there = false;
    if (!find(s, &there, e))
        return false;
    if (there && x->needs_etag && x->etag.n == 0)
        return err_set(e, ERR_CONFLICT,
                       "the saved search '%.*s' is there already: give its etag, or \"*\", to "
                       "replace it",
                       STR_ARG(brief(r->id, 100)));
    if (there && !etag_fits(x->etag, r->etag))
        return err_set(e, ERR_CONFLICT,
                       "the saved search was changed meanwhile: its etag is another one");
    s->unchanged = there && same(r, x, version);
    if (s->unchanged)
        return true;
    s->out->created = !there;
    s->old_alias = there ? r->alias : STR("");
    if (!there) {
        *r = (struct state_saved){.created = now, .created_by = x->who};
        if (!choose_id(s, e) || !id_ok(r->id, e) || !has_room(s, e))
            return false;
    }
    r->workspace = workspace_id(s->w);
    r->key = lower(s->a, r->id);
    r->etag = new_guid(s->a);
    r->category = x->category;
    r->name = x->name;
    r->query = x->query;
    r->alias = x->alias;
    r->parameters = x->parameters;
    r->doc = x->doc;
    r->tags = x->tags;
    r->version = version;
    r->revision++;
    r->modified = now;
    r->modified_by = x->who;
    return state_saved_put(s->l->o.state, r, e) && audit(s->l, s->a, s->w, r, x->who, false, e);
}

static bool in_transaction(struct saving *s, struct err *e)
{
    struct state *state = s->l->o.state;
    if (!state_begin(state, e))
        return false;
    return state_end(state, save_locked(s, e), e);
}

/* A function that is there, with other parameters: they are told of, or refused. */
static bool callers_ok(struct library *l, struct arena *a, struct workspace *w,
                       const struct library_save *x, struct library_saved *out, struct err *e)
{
    struct state_saved before = {0};
    struct err why = {0};
    if (!state_saved_by_alias(l->o.state, a, workspace_id(w), x->alias, &before, &why) ||
        str_eq(before.parameters, x->parameters))
        return true;
    const struct state_saved then = {
        .alias = x->alias, .parameters = x->parameters, .query = x->query, .tags = x->tags};
    struct kql_stored_function f = function_of(a, &then);
    if (!function_callers(l, a, w, &f, &out->broken, e))
        return false;
    if (out->broken.n == 0)
        return true;
    if (x->strict && !x->unchecked)
        return err_set(e, ERR_CONFLICT,
                       "with these parameters the function '%.*s' can't be called by %.*s; "
                       "skipvalidation=true changes it nevertheless",
                       STR_ARG(x->alias), STR_ARG(brief(out->broken, 300)));
    LOG(LOG_WARN, "library", "the parameters of a function changed, and what calls it fails",
        log_s("function", x->alias), log_s("callers", out->broken));
    return true;
}

bool saved_keep(struct library *l, struct arena *a, struct workspace *w,
                const struct library_save *x, struct library_saved *out, struct err *e)
{
    struct library_save given = *x;
    if (given.tags.n == 0)
        given.tags = STR("[]");
    if (x->view != LIBRARY_AS_TAGS)
        given.tags = tags_with_view(a, given.tags, x->view == LIBRARY_VIEW);
    *out = (struct library_saved){0};
    if (x->id.n == 0 && x->alias.n == 0)
        return err_set(e, ERR_INVALID, "a saved search needs an id, or a function's name");
    if (!texts_ok(&given, e))
        return false;
    if (x->alias.n > 0 && library_is_view(given.tags) && str_trim(x->parameters).n > 0)
        return err_set(e, ERR_INVALID,
                       "'%.*s' can't be a view: it has parameters, and wildcards give none",
                       STR_ARG(brief(x->alias, 80)));
    if (x->alias.n > 0 && (!function_name_ok(x->alias, e) ||
                           !function_check(a, w, x, clock_now(l->o.clock), &out->missing, e)))
        return false;
    if (x->alias.n > 0 && !callers_ok(l, a, w, &given, out, e))
        return false;
    struct saving s = {.l = l, .a = a, .w = w, .x = &given, .out = out};
    if (!in_transaction(&s, e))
        return false;
    if (s.unchanged)
        return true;
    bool renamed = s.old_alias.n > 0 && !str_eq(s.old_alias, x->alias);
    return (!renamed || publish(l, a, w, s.old_alias, e)) && publish(l, a, w, x->alias, e);
}

bool library_save(struct library *l, struct arena *a, struct workspace *w,
                  const struct library_save *x, struct library_saved *out, struct err *e)
{
    return saved_keep(l, a, w, x, out, e) && incidents_flush(l->o.incidents, e);
}

/* ---- reading and deleting ---- */

bool library_saved_get(struct library *l, struct arena *a, struct workspace *w, struct str id,
                       struct state_saved *out, struct err *e)
{
    return state_saved_get(l->o.state, a, workspace_id(w), lower(a, id), out, e);
}

bool library_function_get(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                          struct state_saved *out, struct err *e)
{
    struct err why = {0};
    if (state_saved_by_alias(l->o.state, a, workspace_id(w), alias, out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no function '%.*s'", STR_ARG(brief(alias, 100)));
    if (e != NULL)
        *e = why;
    return false;
}

bool library_saved_list(struct library *l, struct arena *a, struct workspace *w,
                        bool functions_only, struct state_saved **out, size_t *n, struct err *e)
{
    return state_saved_list(l->o.state, a, workspace_id(w), functions_only, out, n, e);
}

static bool delete_locked(struct library *l, struct arena *a, struct workspace *w, struct str id,
                          struct str who, struct state_saved *r, bool *out_was_there, struct err *e)
{
    struct err why = {0};
    *out_was_there = state_saved_get(l->o.state, a, workspace_id(w), lower(a, id), r, &why);
    if (!*out_was_there) {
        if (why.code == ERR_NOT_FOUND)
            return true;
        *e = why;
        return false;
    }
    return state_saved_delete(l->o.state, workspace_id(w), r->key, out_was_there, e) &&
           audit(l, a, w, r, who, true, e);
}

bool library_saved_delete(struct library *l, struct workspace *w, struct str id, struct str who,
                          bool *out_was_there, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_saved r = {0};
    if (!state_begin(l->o.state, e))
        return false;
    return state_end(l->o.state, delete_locked(l, a, w, id, who, &r, out_was_there, e), e) &&
           publish(l, a, w, r.alias, e) && incidents_flush(l->o.incidents, e);
}
