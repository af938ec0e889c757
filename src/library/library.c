/* The handle, what queries are told at start, and what the files of this folder share. */
#include "base/ids.h"
#include "base/log.h"
#include "library/library_priv.h"
#include "text/date.h"

/* ---- at start ---- */

static bool load_functions(struct library *l, struct arena *a, struct str workspace, struct err *e)
{
    struct state_saved *all = NULL;
    size_t n = 0;
    if (!state_saved_list(l->o.state, a, workspace, true, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct workspace *w = store_workspace_find(l->o.store, all[i].workspace);
        struct kql_stored_function f = function_of(a, &all[i]);
        struct err why = {0};
        if (w != NULL && !workspace_function_put(w, &f, &why))
            LOG(LOG_ERROR, "library", "a function does not read and is left out",
                log_s("function", f.name), log_z("reason", why.msg));
    }
    return true;
}

static bool load_watchlists(struct library *l, struct arena *a, struct str workspace, struct err *e)
{
    struct state_watchlist *all = NULL;
    size_t n = 0;
    if (!state_watchlist_list(l->o.state, a, workspace, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct workspace *w = store_workspace_find(l->o.store, all[i].workspace);
        struct err why = {0};
        if (w != NULL && !watchlist_publish(a, w, &all[i], &why))
            LOG(LOG_ERROR, "library", "a watchlist can't be queried",
                log_s("watchlist", all[i].alias), log_z("reason", why.msg));
    }
    return true;
}

bool library_load(struct library *l, struct str workspace, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    return load_functions(l, a, workspace, e) && load_watchlists(l, a, workspace, e);
}

struct library *library_open(const struct library_options *o, struct err *e)
{
    struct library *l = xcalloc(1, sizeof(*l));
    l->o = *o;
    if (library_load(l, STR(""), e))
        return l;
    library_close(l);
    return NULL;
}

void library_close(struct library *l)
{
    xfree(l);
}

/* ---- shared ---- */

struct str new_guid(struct arena *a)
{
    char text[37];
    guid_format(guid_new(), text);
    return arena_str(a, str_from(text));
}

struct str brief(struct str s, size_t max)
{
    if (s.n <= max)
        return s;
    while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
        max--;
    return str_sub(s, 0, max);
}

struct str lower(struct arena *a, struct str s)
{
    char *p = arena_strz(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return (struct str){p, s.n};
}

const struct json *member(const struct json *object, const char *name)
{
    if (object == NULL || object->type != JSON_OBJECT)
        return NULL;
    for (size_t i = 0; i < object->n; i++)
        if (str_ieqz(object->keys[i], name))
            return &object->items[i];
    return NULL;
}

bool read_text(struct arena *a, const struct json *properties, const char *name, struct str *out,
               struct err *e)
{
    const struct json *v = member(properties, name);
    *out = STR("");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_STRING)
        return err_set(e, ERR_INVALID, "properties.%s: a text expected", name);
    *out = arena_str(a, v->text);
    return true;
}

struct str compact_json(struct arena *a, const struct json *v, size_t max)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(max);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR_NONE;
}
