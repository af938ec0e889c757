/* A saved search's ARM face. Source: "Saved Searches" of the Log Analytics API. */
#include "library/library_priv.h"

enum { MAX_TAGS = 100, MAX_TAGS_BYTES = 64 << 10 };
#define VIEW_TAG "view"

static bool read_tags(struct arena *a, const struct json *tags, struct library_save *x,
                      struct err *e)
{
    if (tags == NULL || tags->type == JSON_NULL)
        return true;
    if (tags->type != JSON_ARRAY || tags->n > MAX_TAGS)
        return err_set(e, ERR_INVALID, "properties.tags: an array of at most %d expected",
                       MAX_TAGS);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TAGS_BYTES);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < tags->n; i++) {
        const struct json *name = member(&tags->items[i], "name"),
                          *value = member(&tags->items[i], "value");
        if (name == NULL || name->type != JSON_STRING || value == NULL ||
            value->type != JSON_STRING)
            return err_set(e, ERR_INVALID, "properties.tags[%zu]: {name, value}, texts, expected",
                           i);
        json_obj(&w);
        json_kv_str(&w, "name", name->text);
        json_kv_str(&w, "value", value->text);
        json_obj_end(&w);
        if (str_ieqz(name->text, "description"))
            x->doc = arena_str(a, brief(value->text, 4096));
    }
    json_arr_end(&w);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "properties.tags: at most %d bytes", MAX_TAGS_BYTES);
    x->tags = arena_str(a, sbuf_str(&b));
    return true;
}

bool library_is_view(struct str tags)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json list = {0};
    if (tags.n == 0 || !json_parse(a, tags, NULL, &list, NULL) || list.type != JSON_ARRAY)
        return false;
    for (size_t i = 0; i < list.n; i++)
        if (str_eqz(json_text(json_get(&list.items[i], "name"), STR("")), VIEW_TAG) &&
            str_ieqz(json_text(json_get(&list.items[i], "value"), STR("")), "true"))
            return true;
    return false;
}

struct str tags_with_view(struct arena *a, struct str tags, bool view)
{
    struct json list = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(2 * MAX_TAGS_BYTES);
    struct json_out w = json_out_make(&b);
    if (library_is_view(tags) == view)
        return tags;
    json_arr(&w);
    if (tags.n > 0 && json_parse(a, tags, NULL, &list, NULL) && list.type == JSON_ARRAY)
        for (size_t i = 0; i < list.n; i++)
            if (!str_eqz(json_text(json_get(&list.items[i], "name"), STR("")), VIEW_TAG))
                json_value(&w, &list.items[i]);
    if (view) {
        json_obj(&w);
        json_kv_z(&w, "name", VIEW_TAG);
        json_kv_z(&w, "value", "true");
        json_obj_end(&w);
    }
    json_arr_end(&w);
    return arena_str(a, sbuf_str(&b));
}

static bool read_version(const struct json *v, struct library_save *x, struct err *e)
{
    int64_t n = 0;
    if (v == NULL || v->type == JSON_NULL)
        return true;
    bool number = v->type == JSON_INT || (v->type == JSON_STRING && str_to_i64(v->text, &n));
    x->version = v->type == JSON_INT ? v->i : n;
    return (number && x->version >= 1 && x->version <= 2) ||
           err_set(e, ERR_INVALID, "properties.version: 1 or 2, the query language's, expected");
}

static bool required(const char *name, struct str v, struct err *e)
{
    return v.n > 0 || err_set(e, ERR_INVALID, "properties.%s is missing", name);
}

bool library_saved_read(struct arena *a, const struct json *body, struct library_save *x,
                        struct err *e)
{
    const struct json *p = member(body, "properties");
    if (p == NULL || p->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "properties: an object expected");
    const struct json *etag = member(body, "etag");
    if (etag == NULL) /* where templates write it */
        etag = member(p, "etag");
    x->etag = arena_str(a, json_text(etag, STR("")));
    if (!read_text(a, p, "category", &x->category, e) ||
        !read_text(a, p, "displayName", &x->name, e) || !read_text(a, p, "query", &x->query, e) ||
        !read_text(a, p, "functionAlias", &x->alias, e) ||
        !read_text(a, p, "functionParameters", &x->parameters, e) ||
        !read_tags(a, member(p, "tags"), x, e) || !read_version(member(p, "version"), x, e))
        return false;
    return required("category", x->category, e) && required("displayName", x->name, e) &&
           required("query", x->query, e);
}

bool library_saved_put(struct library *l, struct arena *a, struct workspace *w, struct str id,
                       const struct json *body, struct str if_match, struct str who,
                       struct library_saved *out, struct err *e)
{
    struct library_save x = {.id = id, .who = who};
    if (!library_saved_read(a, body, &x, e))
        return false;
    if (if_match.n > 0)
        x.etag = if_match;
    x.needs_etag = true;
    return library_save(l, a, w, &x, out, e);
}

struct str saved_arm_id(struct library *l, struct arena *a, struct workspace *w, struct str id)
{
    struct str of_workspace = arm_workspace_id(a, &l->o.scope, workspace_name(w));
    return arena_fmt(a, "%.*s/savedSearches/%.*s", STR_ARG(of_workspace), STR_ARG(id));
}

void library_saved_to_json(struct library *l, struct arena *a, struct workspace *w,
                           const struct state_saved *x, struct json_out *out)
{
    json_obj(out);
    json_kv_str(out, "id", saved_arm_id(l, a, w, x->id));
    json_kv_str(out, "name", x->id);
    json_kv_z(out, "type", "Microsoft.OperationalInsights/savedSearches");
    etag_write(out, x->etag);
    json_key(out, "properties");
    json_obj(out);
    json_kv_str(out, "category", x->category);
    json_kv_str(out, "displayName", x->name);
    json_kv_str(out, "query", x->query);
    json_key(out, "tags");
    json_raw(out, x->tags);
    if (x->alias.n > 0) {
        json_kv_str(out, "functionAlias", x->alias);
        json_kv_str(out, "functionParameters", x->parameters);
    }
    json_kv_int(out, "version", x->version);
    json_obj_end(out);
    json_obj_end(out);
}
