/* Hunting queries, which are saved searches in ARM: displayName and query there, everything else in
 * tags. Source: "Saved Searches" of the Log Analytics API, as Sentinel's hunting page writes them.
 */
#include "detect/rule_priv.h"

/* Keys of YAML that Sentinel's own tags hold as plain texts. */
static const struct {
    const char *yaml, *tag;
    bool list; /* separated by commas */
} tags[] = {{"description", "description", false},
            {"tactics", "tactics", true},
            {"relevantTechniques", "techniques", true}};

/* ---- writing ---- */

static void write_tag(struct json_out *w, struct str name, struct str value)
{
    json_obj(w);
    json_kv_str(w, "name", name);
    json_kv_str(w, "value", value);
    json_obj_end(w);
}

static struct str joined(struct arena *a, const struct json *list)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < list->n; i++)
        sbuf_addf(&b, "%s%.*s", i > 0 ? "," : "", STR_ARG(list->items[i].text));
    return arena_str(a, sbuf_str(&b));
}

static bool write_known(struct arena *a, struct json_out *w, struct str key, const struct json *v)
{
    for (size_t i = 0; i < COUNTOF(tags); i++)
        if (str_eqz(key, tags[i].yaml) && v->type == (tags[i].list ? JSON_ARRAY : JSON_STRING)) {
            write_tag(w, str_from(tags[i].tag), tags[i].list ? joined(a, v) : v->text);
            return true;
        }
    return false;
}

static void write_other(struct json_out *w, struct str key, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out value = json_out_make(&b);
    json_value(&value, v);
    write_tag(w, key, sbuf_str(&b));
}

void rule_write_saved(const struct rule *r, struct json_out *w)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json tree = {0};
    static const char *const elsewhere[] = {"id", "name", "query"};
    CHECK(rule_yaml_tree(a, r, &tree, NULL));
    json_obj(w);
    json_kv_z(w, "category", RULE_HUNTING_CATEGORY);
    json_kv_str(w, "displayName", r->name);
    json_kv_str(w, "query", r->query);
    json_kv_int(w, "version", 2);
    json_key(w, "tags");
    json_arr(w);
    for (size_t i = 0; i < tree.n; i++) {
        bool skip = false;
        for (size_t k = 0; k < COUNTOF(elsewhere); k++)
            skip = skip || str_eqz(tree.keys[i], elsewhere[k]);
        if (!skip && !write_known(a, w, tree.keys[i], &tree.items[i]))
            write_other(w, tree.keys[i], &tree.items[i]);
    }
    json_arr_end(w);
    json_obj_end(w);
}

/* ---- reading ---- */

struct tree {
    struct arena *a;
    VEC(struct json) items;
    VEC(struct str) keys;
};

static void add(struct tree *t, const char *key, struct json v, uint32_t off)
{
    v.off = off;
    VEC_PUSH(t->a, &t->items, v);
    VEC_PUSH(t->a, &t->keys, str_from(key));
}

static struct json split(struct arena *a, struct str text)
{
    VEC(struct json) items = {0};
    while (text.n > 0) {
        size_t at = text.n;
        (void)str_find(text, STR(","), &at);
        struct json one = {.type = JSON_STRING, .text = str_trim(str_sub(text, 0, at))};
        if (one.text.n > 0)
            VEC_PUSH(a, &items, one);
        text = str_sub(text, at + 1, text.n);
    }
    return (struct json){.type = JSON_ARRAY, .items = items.p, .n = items.n};
}

static void add_tag(struct tree *t, const struct json *tag)
{
    struct str name = json_text(json_iget(tag, "name"), STR(""));
    struct str value = json_text(json_iget(tag, "value"), STR(""));
    struct json v = {.type = JSON_STRING, .text = value};
    const char *key = arena_strz(t->a, name);
    for (size_t i = 0; i < COUNTOF(tags); i++)
        if (str_ieqz(name, tags[i].tag)) {
            add(t, tags[i].yaml, tags[i].list ? split(t->a, value) : v, tag->off);
            return;
        }
    struct json parsed = {0};
    if (name.n > 0)
        add(t, key, json_parse(t->a, value, NULL, &parsed, NULL) ? parsed : v, tag->off);
}

bool rule_tree_of_saved(struct arena *a, const struct json *resource, struct str id,
                        struct json *out)
{
    const struct json *p = json_iget(resource, "properties"), *query = json_iget(p, "query"),
                      *name = json_iget(p, "displayName"), *list = json_iget(p, "tags");
    struct tree t = {.a = a};
    if (!str_ieqz(json_text(json_iget(p, "category"), STR("")), RULE_HUNTING_CATEGORY) ||
        query == NULL || name == NULL)
        return false;
    add(&t, "id", (struct json){.type = JSON_STRING, .text = id}, resource->off);
    add(&t, "name", *name, name->off);
    add(&t, "query", *query, query->off);
    for (size_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++)
        add_tag(&t, &list->items[i]);
    *out = (struct json){.type = JSON_OBJECT,
                         .off = resource->off,
                         .items = t.items.p,
                         .keys = t.keys.p,
                         .n = t.items.n};
    return true;
}
