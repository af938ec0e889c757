/* Looking for entities, and the incidents that one is part of. */
#include "incident/entity.h"
#include "incident/entity_priv.h"
#include "incident/incident_priv.h"
#include "text/date.h"
#include <stdlib.h>

enum { MAX_SOURCES = 1000 }; /* alerts and bookmarks that are looked at */
enum { MAX_ASSETS = 3 };     /* of one incident that a list names; the rest are counted */

static void write_found(struct arena *a, const struct state_entity_found *x, struct json_out *out)
{
    json_obj(out);
    json_kv_str(out, "id", x->entity.id);
    json_kv_str(out, "kind", x->entity.kind);
    json_kv_str(out, "name", entity_name(a, x->entity.body));
    json_kv_time(out, "firstSeen", x->entity.first_seen);
    json_kv_time(out, "lastSeen", x->entity.last_seen);
    json_kv_int(out, "alerts", x->alerts);
    json_obj_end(out);
}

static struct str names_of(struct arena *a, const struct incident_page *page)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(4096);
    struct json_out o = json_out_make(&text);
    json_arr(&o);
    for (size_t i = 0; i < page->n; i++)
        json_str(&o, page->p[i].id);
    json_arr_end(&o);
    return arena_str(a, sbuf_str(&text));
}

bool entity_assets_json(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct incident_page *page, struct json_out *out, struct err *e)
{
    struct state_asset *list = NULL;
    size_t n = 0;
    if (!entities_refresh(in, w, e) ||
        !state_entity_assets(in->state, a, workspace_id(w), names_of(a, page), MAX_ASSETS, &list,
                             &n, e))
        return false;
    json_obj(out);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !str_eq(list[i].incident, list[i - 1].incident)) {
            json_key_str(out, list[i].incident);
            json_obj(out);
            json_kv_int(out, "total", list[i].total);
            json_key(out, "assets");
            json_arr(out);
        }
        json_obj(out);
        json_kv_str(out, "kind", list[i].kind);
        json_kv_str(out, "name", entity_name(a, list[i].body));
        json_obj_end(out);
        if (i + 1 == n || !str_eq(list[i].incident, list[i + 1].incident)) {
            json_arr_end(out);
            json_obj_end(out);
        }
    }
    json_obj_end(out);
    return true;
}

bool entity_search_json(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct state_entity_query *q, struct json_out *out, struct err *e)
{
    struct state_entity_found *list = NULL;
    struct state_entity_query more = *q;
    size_t n = 0;
    int64_t count = 0;
    more.max++;
    if (!entities_refresh(in, w, e) ||
        !state_entity_search(in->state, a, workspace_id(w), &more, &list, &n, e) ||
        !state_entity_count(in->state, a, workspace_id(w), q, &count, e))
        return false;
    json_key(out, "value");
    json_arr(out);
    for (size_t i = 0; i < n && i < q->max; i++)
        write_found(a, &list[i], out);
    json_arr_end(out);
    json_kv_int(out, "count", count);
    if (n > q->max)
        json_kv_int(out, "next", (int64_t)(q->skip + q->max));
    return true;
}

static int by_change(const void *x, const void *y)
{
    const struct state_incident *a = x, *b = y;
    return a->modified < b->modified ? 1 : a->modified > b->modified ? -1 : 0;
}

bool entity_incidents_json(struct incidents *in, struct arena *a, struct workspace *w,
                           struct str id, int64_t from, int64_t to, struct json_out *out,
                           struct err *e)
{
    struct state_entity x = {0};
    struct str *ids = NULL;
    size_t n = 0, found = 0;
    if (!entities_refresh(in, w, e) ||
        !state_entity_get(in->state, a, workspace_id(w), id, &x, e) ||
        !state_entity_incidents(in->state, a, workspace_id(w), id, from, to, MAX_SOURCES, &ids, &n,
                                e))
        return false;
    struct state_incident *list = arena_array(a, struct state_incident, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        if (incident_get(in, a, w, ids[i], &list[found], &why))
            found++;
        else if (why.code != ERR_NOT_FOUND) /* deleted since */
            return err_set(e, why.code, "%s", why.msg);
    }
    qsort(list, found, sizeof(*list), by_change);
    json_arr(out);
    for (size_t i = 0; i < found; i++)
        incident_to_json(in, w, &list[i], out);
    json_arr_end(out);
    return true;
}
