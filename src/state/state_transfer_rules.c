/* Data collection rules that write to a workspace, on their way with it to another control
 * database. JSON lines, one a rule. */
#include "base/ids.h"
#include "state/dcr.h"
#include "state/transfer.h"
#include "text/json.h"

enum { MAX_NAME = 64, MAX_RULE = 4 << 20, ID_CHARS = 36, HEX = 32 };

static struct str last_segment(struct str id)
{
    size_t from = id.n;
    while (from > 0 && id.p[from - 1] != '/')
        from--;
    return str_sub(id, from, id.n);
}

static bool is_of(const struct state_workspace *w, struct str name)
{
    return name.n > 0 && (str_ieq(name, w->id) || str_ieq(name, w->name));
}

static const struct json *workspaces(const struct json *properties)
{
    const struct json *list = json_path(properties, "destinations.logAnalytics");
    return list != NULL && list->type == JSON_ARRAY ? list : NULL;
}

static bool leads_to(const struct json *properties, const struct state_workspace *w)
{
    const struct json *list = workspaces(properties);
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        const struct json *v = &list->items[i];
        if (is_of(w, last_segment(json_text(json_get(v, "workspaceResourceId"), STR("")))) ||
            is_of(w, json_text(json_get(v, "workspaceId"), STR(""))))
            return true;
    }
    return false;
}

/* ---- writing ---- */

static void write_rule(struct json_out *o, const struct state_dcr *x)
{
    json_obj(o);
    json_kv_str(o, "name", x->id);
    json_kv_str(o, "immutableId", x->immutable_id);
    json_kv_str(o, "location", x->location);
    json_kv_str(o, "kind", x->kind);
    json_key(o, "tags");
    json_raw(o, x->tags);
    json_key(o, "properties");
    json_raw(o, x->properties);
    json_kv_int(o, "created", x->created);
    json_kv_int(o, "modified", x->modified);
    json_kv_str(o, "createdBy", x->created_by);
    json_kv_str(o, "modifiedBy", x->modified_by);
    json_obj_end(o);
}

bool state_rules_write(struct state *s, const struct state_workspace *w, struct sbuf *out,
                       struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_dcr *all = NULL;
    size_t n = 0;
    if (!state_dcr_list(s, a, STATE_COLLECTION_RULES, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct json properties;
        if (!json_parse(a, all[i].properties, NULL, &properties, NULL) || !leads_to(&properties, w))
            continue;
        struct json_out o = json_out_make(out);
        write_rule(&o, &all[i]);
        sbuf_addc(out, '\n');
    }
    return sbuf_ok(out) || err_set(e, ERR_LIMIT, "the data collection rules are too long");
}

/* ---- reading ---- */

struct reading {
    struct state *s;
    struct arena *a;
    const struct state_workspace *old, *now;
};

/* A resource id or an id of the workspace as it is called here. */
static struct str renamed(const struct reading *r, struct str text)
{
    struct str last = last_segment(text);
    struct str front = str_sub(text, 0, text.n - last.n);
    if (str_ieq(last, r->old->id))
        return arena_fmt(r->a, "%.*s%.*s", STR_ARG(front), STR_ARG(r->now->id));
    if (str_ieq(last, r->old->name))
        return arena_fmt(r->a, "%.*s%.*s", STR_ARG(front), STR_ARG(r->now->name));
    return text;
}

/* depth: how deep in properties.destinations.logAnalytics[].workspace… it is. */
static void write_renamed(const struct reading *r, struct json_out *o, const struct json *v,
                          int depth)
{
    static const char *const path[] = {"destinations", "logAnalytics"};
    enum { ITEM = 2 };
    if (v->type == JSON_ARRAY && depth == ITEM) {
        json_arr(o);
        for (size_t i = 0; i < v->n; i++)
            write_renamed(r, o, &v->items[i], ITEM);
        json_arr_end(o);
        return;
    }
    if (v->type != JSON_OBJECT) {
        json_value(o, v);
        return;
    }
    json_obj(o);
    for (size_t i = 0; i < v->n; i++) {
        bool id =
            depth == ITEM && v->items[i].type == JSON_STRING &&
            (str_eqz(v->keys[i], "workspaceResourceId") || str_eqz(v->keys[i], "workspaceId"));
        json_key_str(o, v->keys[i]);
        if (id)
            json_str(o, renamed(r, v->items[i].text));
        else if (depth < ITEM && str_eqz(v->keys[i], path[depth]))
            write_renamed(r, o, &v->items[i], depth + 1);
        else
            json_value(o, &v->items[i]);
    }
    json_obj_end(o);
}

static struct str written(const struct reading *r, const struct json *v, bool rename)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_RULE);
    struct json_out o = json_out_make(&b);
    if (rename)
        write_renamed(r, &o, v, 0);
    else
        json_value(&o, v);
    return sbuf_ok(&b) ? arena_str(r->a, sbuf_str(&b)) : STR("");
}

static bool is_name(struct str s)
{
    bool ok = s.n > 0 && s.n <= MAX_NAME;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i], l = (char)(c | 0x20);
        ok = (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || str_holds(STR("-_."), c);
    }
    return ok;
}

static bool is_immutable_id(struct str s)
{
    bool ok = s.n == 4 + HEX && str_starts(s, STR("dcr-"));
    for (size_t i = 4; ok && i < s.n; i++)
        ok = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
    return ok;
}

static struct str key_of(struct arena *a, struct str name)
{
    char *p = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return (struct str){p, name.n};
}

static bool there(struct state *s, struct arena *a, struct str key)
{
    struct state_dcr row;
    return state_dcr_get(s, a, STATE_COLLECTION_RULES, key, &row, NULL);
}

/* The name, or name-2, name-3 … where another rule has it. */
static void free_name(const struct reading *r, struct str name, struct state_dcr *x)
{
    x->id = name;
    x->key = key_of(r->a, name);
    for (unsigned i = 2; there(r->s, r->a, x->key); i++) {
        size_t kept = name.n < MAX_NAME - 8 ? name.n : MAX_NAME - 8;
        x->id = arena_fmt(r->a, "%.*s-%u", (int)kept, name.p, i);
        x->key = key_of(r->a, x->id);
    }
}

static int64_t number(const struct json *v)
{
    return v != NULL && v->type == JSON_INT ? v->i : 0;
}

static bool read_rule(const struct reading *r, const struct json *j, struct err *e)
{
    const struct json *tags = json_get(j, "tags"), *properties = json_get(j, "properties");
    struct str name = json_text(json_get(j, "name"), STR(""));
    struct state_dcr x = {.immutable_id = json_text(json_get(j, "immutableId"), STR("")),
                          .location = json_text(json_get(j, "location"), STR("")),
                          .kind = json_text(json_get(j, "kind"), STR("")),
                          .created = number(json_get(j, "created")),
                          .modified = number(json_get(j, "modified")),
                          .created_by = json_text(json_get(j, "createdBy"), STR("")),
                          .modified_by = json_text(json_get(j, "modifiedBy"), STR(""))};
    struct state_dcr known;
    char etag[ID_CHARS + 1];
    if (!is_name(name) || !is_immutable_id(x.immutable_id) || tags == NULL ||
        tags->type != JSON_OBJECT || properties == NULL || properties->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID,
                       "a data collection rule's name, immutableId, tags or properties are missing "
                       "or wrong");
    if (state_dcr_find(r->s, r->a, STATE_COLLECTION_RULES, x.immutable_id, &known, NULL))
        return true; /* senders that name it mean that one */
    free_name(r, name, &x);
    guid_format(guid_new(), etag);
    x.etag = str_from(etag);
    x.tags = written(r, tags, false);
    x.properties = written(r, properties, true);
    if (x.tags.n == 0 || x.properties.n == 0)
        return err_set(e, ERR_INVALID, "the data collection rule '%.*s' is too long",
                       STR_ARG(name));
    return state_dcr_put(r->s, STATE_COLLECTION_RULES, &x, e);
}

static bool read_lines(struct reading *r, struct str text, struct err *e)
{
    bool ok = true;
    uint32_t line = 1;
    for (size_t at = 0; ok && at < text.n; line++) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        size_t end = nl != NULL ? (size_t)(nl - text.p) : text.n;
        struct json v = {0};
        arena_reset(r->a);
        ok = json_parse(r->a, str_sub(text, at, end - at), NULL, &v, e) && read_rule(r, &v, e);
        at = end + 1;
    }
    if (ok)
        return true;
    e->code = e->code == ERR_SYNTAX ? ERR_INVALID : e->code;
    e->pos.line = line - 1;
    err_prefix(e, "line %u", line - 1);
    return false;
}

bool state_rules_read(struct state *s, const struct state_workspace *old,
                      const struct state_workspace *now, struct str text, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct reading r = {s, a, old, now};
    if (!state_begin(s, e))
        return false;
    return state_end(s, read_lines(&r, text, e), e);
}
