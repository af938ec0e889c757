/* What many rules are together: the matrix of ATT&CK that they and their templates cover, an ARM
 * template of those that were chosen, and what they may map. */
#include "api/api_priv.h"
#include "detect/coverage.h"
#include "text/json.h"

enum { MAX_CHOICE = 1 << 20 };

struct counted_rules {
    const struct rule **p;
    size_t n;
    struct coverage coverage;
};

/* ---- the matrix ---- */

static bool load_rules(struct vedette *v, struct arena *a, struct workspace *w,
                       struct counted_rules *out, struct err *e)
{
    struct state_rule *all = NULL;
    size_t n = 0;
    if (!detect_rule_list(v->detect, a, w, &all, &n, e))
        return false;
    out->p = arena_array(a, const struct rule *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct rule *r = arena_array(a, struct rule, 1);
        if (!rule_load(a, &all[i], r, e))
            return false;
        if (all[i].enabled)
            out->p[out->n++] = r;
    }
    return true;
}

static bool load_templates(struct vedette *v, struct arena *a, struct workspace *w,
                           struct counted_rules *out, struct err *e)
{
    struct detect_template *all = NULL;
    size_t n = 0;
    if (!detect_template_list(v->detect, a, w, &all, &n, e))
        return false;
    out->p = arena_array(a, const struct rule *, n + 1);
    for (size_t i = 0; i < n; i++)
        out->p[out->n++] = &all[i].rule;
    return true;
}

static const struct coverage_cell *cell_of(const struct coverage_tactic *t,
                                           const struct mitre_technique *x, unsigned sub)
{
    for (size_t i = 0; i < t->n_cells; i++)
        if (t->cells[i].technique == x && t->cells[i].sub == sub)
            return &t->cells[i];
    return NULL;
}

static void write_ids(struct json_out *o, const char *key, const struct coverage_cell *c,
                      const struct counted_rules *list)
{
    json_key(o, key);
    json_arr(o);
    for (size_t i = 0; c != NULL && i < c->n; i++)
        json_str(o, list->p[c->rules[i]]->id);
    json_arr_end(o);
}

static void write_technique(struct arena *a, struct json_out *o, const struct counted_rules *rules,
                            const struct counted_rules *templates, size_t tactic,
                            const struct mitre_technique *x)
{
    enum { MOST_SUBS = 32 };
    const struct coverage_tactic *in_rules = &rules->coverage.tactics[tactic];
    const struct coverage_tactic *in_templates = &templates->coverage.tactics[tactic];
    json_obj(o);
    json_kv_str(o, "id", arena_fmt(a, "T%04u", x->id));
    json_kv_z(o, "name", x->name);
    write_ids(o, "rules", cell_of(in_rules, x, 0), rules);
    write_ids(o, "templates", cell_of(in_templates, x, 0), templates);
    json_key(o, "subTechniques");
    json_arr(o);
    for (unsigned sub = 1; sub < MOST_SUBS; sub++) {
        const struct coverage_cell *of_rules = cell_of(in_rules, x, sub);
        const struct coverage_cell *of_templates = cell_of(in_templates, x, sub);
        if ((x->subs >> sub & 1) == 0)
            continue;
        json_obj(o);
        json_kv_str(o, "id", arena_fmt(a, "T%04u.%03u", x->id, sub));
        write_ids(o, "rules", of_rules, rules);
        write_ids(o, "templates", of_templates, templates);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static void write_matrix(struct arena *a, struct json_out *o, const struct counted_rules *rules,
                         const struct counted_rules *templates)
{
    const struct coverage *c = &rules->coverage;
    const struct mitre_technique *x;
    json_obj(o);
    json_kv_z(o, "attackVersion", MITRE_ATTACK_VERSION);
    json_kv_int(o, "rules", (int64_t)c->rules);
    json_kv_int(o, "untagged", (int64_t)c->untagged);
    json_kv_int(o, "templates", (int64_t)templates->coverage.rules);
    json_kv_int(o, "techniques", (int64_t)c->techniques);
    json_kv_int(o, "covered", (int64_t)c->covered);
    json_key(o, "tactics");
    json_arr(o);
    for (size_t i = 0; i < c->n; i++) {
        json_obj(o);
        json_kv_z(o, "tactic", c->tactics[i].name);
        json_kv_z(o, "title", c->tactics[i].title);
        json_kv_int(o, "rules", (int64_t)c->tactics[i].rules);
        json_kv_int(o, "techniques", (int64_t)c->tactics[i].techniques);
        json_kv_int(o, "covered", (int64_t)c->tactics[i].covered);
        json_key(o, "items");
        json_arr(o);
        for (size_t k = 0; (x = mitre_technique_at(k)) != NULL; k++)
            if (coverage_has(&c->tactics[i], x))
                write_technique(a, o, rules, templates, i, x);
        json_arr_end(o);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static void matrix(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct counted_rules rules = {0}, templates = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!load_rules(v, q->arena, w, &rules, &e) ||
        !load_templates(v, q->arena, w, &templates, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    coverage_of(q->arena, rules.p, rules.n, &rules.coverage);
    coverage_of(q->arena, templates.p, templates.n, &templates.coverage);
    struct json_out o = json_out_make(&r->body);
    write_matrix(q->arena, &o, &rules, &templates);
}

/* ---- export ---- */

/* {"ids": [rule …]}: in their order. */
static bool load_chosen(struct vedette *v, struct http_request *q, struct workspace *w,
                        const struct json *ids, struct rule *out, struct err *e)
{
    for (size_t i = 0; i < ids->n; i++) {
        struct state_rule stored = {0};
        struct str id = json_text(&ids->items[i], STR(""));
        if (!detect_rule_get(v->detect, q->arena, w, id, &stored, e) ||
            !rule_load(q->arena, &stored, &out[i], e))
            return false;
    }
    return true;
}

static void export_rules(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    const struct json *ids = json_get(&body, "ids");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    bool ok = ids != NULL && ids->type == JSON_ARRAY && ids->n > 0;
    if (!ok)
        err_set(&e, ERR_INVALID, "ids: an array with the ids of rules is expected");
    if (ok) {
        struct rule *rules = arena_array(q->arena, struct rule, ids->n);
        ok = load_chosen(v, q, w, ids, rules, &e) &&
             rule_write_deployment(q->arena, rules, ids->n, &o, &e);
    }
    if (!ok) {
        api_error(v, q, &e, r);
        return;
    }
    sbuf_add(&r->body, sbuf_str(&b));
}

static void vocabulary(void *ctx, struct http_request *q, struct http_response *r)
{
    (void)ctx;
    (void)q;
    struct json_out o = json_out_make(&r->body);
    rule_write_vocabulary(&o);
}

const struct http_route coverage_routes[] = {
    {HTTP_GET, "/vedette/v1/ruleVocabulary", vocabulary, "rules/read", 0, FAMILY_ARM},
    {HTTP_GET, "/vedette/v1/workspaces/{workspace}/coverage", matrix, "rules/read", 0, FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/workspaces/{workspace}/rules/export", export_rules, "rules/read",
     MAX_CHOICE, FAMILY_ARM},
};
const size_t n_coverage_routes = COUNTOF(coverage_routes);
