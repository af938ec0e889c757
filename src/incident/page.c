/* Pages of a list of resources that are at hand as JSON: OData's filter, order and pages over the
 * properties that the list's table names. */
#include "incident/incident_priv.h"
#include "text/date.h"
#include <stdlib.h>

enum { DEFAULT_TOP = 50, MAX_TOP = 1000 };

struct order {
    const struct resource_property *property;
    bool descending;
};

static struct str bare_path(struct str path)
{
    return str_starts(path, STR("properties/")) ? str_sub(path, 11, path.n) : path;
}

static const struct resource_property *find_property(const struct resource_property *list,
                                                     struct str path)
{
    path = bare_path(path);
    for (; list->path != NULL; list++)
        if (str_ieqz(path, list->path))
            return list;
    return NULL;
}

/* The value at "author/name" of a resource, or of its properties; NULL: none. */
static const struct json *at_path(const struct json *resource, const char *path)
{
    const struct json *v = json_get(resource, "properties");
    if (strcmp(path, "name") == 0 || strcmp(path, "kind") == 0)
        return json_get(resource, path);
    while (v != NULL && *path != '\0') {
        size_t n = strcspn(path, "/");
        v = json_get_str(v, (struct str){path, n});
        path += path[n] == '/' ? n + 1 : n;
    }
    return v;
}

static struct odata_value text_value(struct str s)
{
    return (struct odata_value){.type = s.n > 0 ? OV_TEXT : OV_NULL, .s = s};
}

static struct odata_value list_value(struct arena *a, const struct json *v)
{
    struct odata_value out = {.type = OV_LIST};
    if (v->n == 0)
        return out;
    struct odata_value *items = arena_array(a, struct odata_value, v->n);
    for (size_t i = 0; i < v->n; i++)
        items[i] = text_value(json_text(&v->items[i], STR("")));
    out.items = items;
    out.n = v->n;
    return out;
}

static struct odata_value value_of(struct arena *a, const struct json *resource,
                                   const struct resource_property *p)
{
    const struct json *v = at_path(resource, p->path);
    struct odata_value out = {.type = OV_NULL};
    if (v == NULL)
        return p->type == RESOURCE_LIST ? (struct odata_value){.type = OV_LIST} : out;
    switch (p->type) {
    case RESOURCE_TEXT:
        return text_value(json_text(v, STR("")));
    case RESOURCE_NUMBER:
        out.i = v->i;
        out.type = v->type == JSON_INT ? OV_INT : OV_NULL;
        return out;
    case RESOURCE_TIME:
        out.type = date_parse_iso(json_text(v, STR("")), &out.i) ? OV_TIME : OV_NULL;
        return out;
    case RESOURCE_LIST:
        return list_value(a, v);
    }
    return out;
}

struct subject {
    struct arena *a;
    const struct resource_property *properties;
    const struct json *resource;
};

static bool get_property(void *self, struct str path, struct odata_value *out)
{
    const struct subject *s = self;
    const struct resource_property *p = find_property(s->properties, path);
    if (p == NULL)
        return false;
    *out = value_of(s->a, s->resource, p);
    return true;
}

/* ---- $orderby, $top, $skipToken ---- */

bool resource_order_split(struct str text, struct str *out_path, bool *out_descending,
                          struct err *e)
{
    size_t at = 0;
    struct str direction = STR("asc");
    *out_path = str_trim(text);
    if (str_find(*out_path, STR(" "), &at)) {
        direction = str_trim(str_sub(*out_path, at, out_path->n));
        *out_path = str_sub(*out_path, 0, at);
    }
    *out_path = bare_path(*out_path);
    *out_descending = str_ieqz(direction, "desc");
    return *out_descending || str_ieqz(direction, "asc") ||
           err_set(e, ERR_INVALID, "$orderby: 'asc' or 'desc' expected, not '%.*s'",
                   STR_ARG(direction));
}

bool resource_token_read(struct str token, size_t *out, struct err *e)
{
    int64_t at = 0;
    if (token.n > 0 && (!str_to_i64(token, &at) || at < 0))
        return err_set(e, ERR_INVALID, "$skipToken: not a token that this server has given");
    *out = (size_t)at;
    return true;
}

bool resource_top_read(size_t wish, size_t *out, struct err *e)
{
    *out = wish == 0 ? DEFAULT_TOP : wish;
    return wish <= MAX_TOP || err_set(e, ERR_INVALID, "$top: at most %d in one answer", MAX_TOP);
}

static bool read_order(const struct resource_property *properties, struct str text,
                       struct order *out, struct err *e)
{
    struct str path;
    *out = (struct order){0};
    if (str_trim(text).n == 0)
        return true;
    if (!resource_order_split(text, &path, &out->descending, e))
        return false;
    out->property = find_property(properties, path);
    return (out->property != NULL && out->property->type != RESOURCE_LIST) ||
           err_set(e, ERR_INVALID, "$orderby: the list cannot be ordered by '%.*s'", STR_ARG(path));
}

static int compare(const void *x, const void *y, void *order)
{
    const struct json *a = *(const struct json *const *)x, *b = *(const struct json *const *)y;
    const struct order *o = order;
    struct odata_value u = value_of(NULL, a, o->property), v = value_of(NULL, b, o->property);
    int c = odata_compare(&u, &v);
    if (c == 0) /* they stay in the order in which they came */
        return (a > b) - (a < b);
    return o->descending ? -c : c;
}

/* ---- the page ---- */

static bool choose(struct arena *a, const struct json *list,
                   const struct resource_property *properties, const struct odata *filter,
                   const struct json **out, size_t *n, struct err *e)
{
    *n = 0;
    for (size_t i = 0; i < list->n; i++) {
        struct subject s = {a, properties, &list->items[i]};
        bool yes = true;
        if (filter != NULL && !odata_match(filter, get_property, &s, &yes, e))
            return false;
        if (yes)
            out[(*n)++] = &list->items[i];
    }
    return true;
}

bool resource_page(struct arena *a, struct str array, const struct resource_property *properties,
                   const struct incident_query *q, struct json_out *out, struct str *out_next,
                   struct err *e)
{
    struct json list = {0};
    struct odata *filter = NULL;
    struct order order;
    size_t n = 0, from = 0, top = 0;
    *out_next = STR("");
    if (!json_parse(a, array, NULL, &list, e) || !resource_top_read(q->top, &top, e) ||
        !resource_token_read(q->skip_token, &from, e) ||
        !read_order(properties, q->orderby, &order, e))
        return false;
    if (q->filter.n > 0 && (filter = odata_parse(a, q->filter, e)) == NULL)
        return false;
    const struct json **chosen = arena_array(a, const struct json *, list.n + 1);
    if (!choose(a, &list, properties, filter, chosen, &n, e))
        return false;
    if (order.property != NULL && n > 1)
        qsort_r(chosen, n, sizeof(*chosen), compare, &order);
    json_arr(out);
    for (size_t i = from; i < n && i - from < top; i++)
        json_value(out, chosen[i]);
    json_arr_end(out);
    if (from < n && n - from > top)
        *out_next = arena_fmt(a, "%zu", from + top);
    return true;
}

/* ---- lists of an incident ---- */

#define AUTHOR(member)                                                                             \
    {member "/name", RESOURCE_TEXT}, {member "/email", RESOURCE_TEXT},                             \
        {member "/objectId", RESOURCE_TEXT},                                                       \
    {                                                                                              \
        member "/userPrincipalName", RESOURCE_TEXT                                                 \
    }
static const struct resource_property comment_properties[] = {
    {"name", RESOURCE_TEXT},
    {"message", RESOURCE_TEXT},
    {"createdTimeUtc", RESOURCE_TIME},
    {"lastModifiedTimeUtc", RESOURCE_TIME},
    AUTHOR("author"),
    {NULL, RESOURCE_TEXT}};
static const struct resource_property task_properties[] = {{"name", RESOURCE_TEXT},
                                                           {"title", RESOURCE_TEXT},
                                                           {"description", RESOURCE_TEXT},
                                                           {"status", RESOURCE_TEXT},
                                                           {"createdTimeUtc", RESOURCE_TIME},
                                                           {"lastModifiedTimeUtc", RESOURCE_TIME},
                                                           AUTHOR("createdBy"),
                                                           AUTHOR("lastModifiedBy"),
                                                           {NULL, RESOURCE_TEXT}};
#undef AUTHOR
const struct resource_property resource_relation_properties[] = {
    {"name", RESOURCE_TEXT},
    {"relatedResourceId", RESOURCE_TEXT},
    {"relatedResourceName", RESOURCE_TEXT},
    {"relatedResourceType", RESOURCE_TEXT},
    {"relatedResourceKind", RESOURCE_TEXT},
    {NULL, RESOURCE_TEXT}};

typedef bool list_fn(struct incidents *, struct arena *, struct workspace *,
                     const struct state_incident *, struct json_out *, struct err *);
static const struct {
    list_fn *write;
    const struct resource_property *properties;
} parts[] = {
    [INCIDENT_COMMENTS] = {incident_comments_to_json, comment_properties},
    [INCIDENT_RELATIONS] = {incident_relations_to_json, resource_relation_properties},
    [INCIDENT_TASKS] = {incident_tasks_to_json, task_properties},
};

bool incident_part_list(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct state_incident *i, enum incident_part part,
                        const struct incident_query *q, struct json_out *out, struct str *out_next,
                        struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    if (!parts[part].write(in, a, w, i, &o, e))
        return false;
    return sbuf_ok(&b)
               ? resource_page(a, sbuf_str(&b), parts[part].properties, q, out, out_next, e)
               : err_set(e, ERR_LIMIT, "the list is larger than %d bytes", RESOURCE_MAX_LIST);
}
