/* Keeping rules and endpoints. */
#include "base/ids.h"
#include "dcr/dcr_priv.h"

enum { MAX_ID = 64, MAX_TEXT = 256 };

struct dcrs *dcrs_open(const struct dcrs_options *o)
{
    struct dcrs *d = xcalloc(1, sizeof(*d));
    d->o = *o;
    d->a = arena_new(0);
    lock_init(&d->lock, "dcrs");
    dcr_standing_load(d);
    return d;
}

void dcrs_close(struct dcrs *d)
{
    if (d == NULL)
        return;
    dcr_entries_clear(d);
    dcr_standing_clear(d);
    lock_fini(&d->lock);
    arena_free(d->a);
    xfree(d);
}

/* ---- names ---- */

struct str dcr_key(struct arena *a, struct str name)
{
    char *p = arena_strz(a, name);
    for (size_t i = 0; i < name.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return (struct str){p, name.n};
}

struct str dcr_tenant_prefix(struct arena *a, struct str tenant)
{
    return tenant.n > 0 ? dcr_key(a, arena_fmt(a, "%.*s/", STR_ARG(tenant))) : STR_NONE;
}

struct str dcr_tenant_of(struct str key)
{
    size_t at = 0;
    return str_find(key, STR("/"), &at) ? str_sub(key, 0, at) : STR_NONE;
}

static struct str own_key(struct arena *a, const struct dcr_caller *c, struct str name)
{
    return arena_fmt(a, "%.*s%.*s", STR_ARG(dcr_tenant_prefix(a, c->tenant)),
                     STR_ARG(dcr_key(a, name)));
}

bool dcr_name_ok(struct str name, struct err *e)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
        if (!ok)
            name.n = 0;
    }
    return (name.n > 0 && name.n <= MAX_ID) ||
           err_set(e, ERR_INVALID, "a name of 1 to %d letters, digits, '-', '_' and '.' expected",
                   MAX_ID);
}

struct str dcr_new_etag(struct arena *a)
{
    char text[37];
    guid_format(guid_new(), text);
    return arena_str(a, str_from(text));
}

static struct str new_immutable_id(struct arena *a, enum state_collection c)
{
    char text[37];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(64);
    guid_format(guid_new(), text);
    sbuf_addz(&b, c == STATE_COLLECTION_RULES ? "dcr-" : "dce-");
    for (const char *p = text; *p != '\0'; p++)
        if (*p != '-')
            sbuf_addc(&b, *p);
    return arena_str(a, sbuf_str(&b));
}

/* ---- reading a body ---- */

static struct str written(struct arena *a, const struct json *v, struct str otherwise)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(2 * (size_t)DCR_MAX_BYTES);
    if (v == NULL || v->type == JSON_NULL)
        return otherwise;
    struct json_out o = json_out_make(&b);
    json_value(&o, v);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : otherwise;
}

static bool read_text(struct arena *a, const struct json *body, const char *name, struct str *out,
                      struct err *e)
{
    const struct json *v = json_get(body, name);
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_STRING || v->text.n > MAX_TEXT)
        return err_set(e, ERR_INVALID, "%s: a text of at most %d bytes expected", name, MAX_TEXT);
    *out = arena_str(a, v->text);
    return true;
}

static bool read_tags(struct arena *a, const struct json *body, struct str *out, struct err *e)
{
    const struct json *v = json_get(body, "tags");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_OBJECT || v->n > 50)
        return err_set(e, ERR_INVALID, "tags: an object of at most 50 texts expected");
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i].type != JSON_STRING || v->items[i].text.n > MAX_TEXT)
            return err_set(e, ERR_INVALID, "tags: texts of at most %d bytes expected", MAX_TEXT);
    *out = written(a, v, *out);
    return true;
}

static bool read_body(struct arena *a, const struct json *body, struct state_dcr *x, struct err *e)
{
    const struct json *p = json_get(body, "properties");
    x->tags = STR("{}");
    if (body->type != JSON_OBJECT || (p != NULL && p->type != JSON_OBJECT))
        return err_set(e, ERR_INVALID, "properties: an object expected");
    x->properties = written(a, p, STR("{}"));
    return read_text(a, body, "location", &x->location, e) &&
           read_text(a, body, "kind", &x->kind, e) && read_tags(a, body, &x->tags, e);
}

/* ---- who may ---- */

static bool allowed(const struct dcr_caller *c, const struct workspace *w)
{
    return c->may == NULL || c->may(c->self, w);
}

bool dcr_may_change(const struct dcr_caller *c, const struct dcr_model *m, struct err *e)
{
    for (size_t i = 0; i < m->n_destinations; i++) {
        const struct workspace *w = m->destinations[i].workspace;
        if (w != NULL && !allowed(c, w))
            return err_set(e, ERR_FORBIDDEN,
                           "you may not change data collection rules of workspace '%.*s'",
                           STR_ARG(workspace_name(w)));
    }
    return true;
}

void dcr_destinations(struct dcrs *d, struct arena *a, const struct state_dcr *x,
                      struct dcr_model *out)
{
    struct json p = {0};
    struct dcr_about about = dcr_about(d, x->kind);
    *out = (struct dcr_model){0};
    if (json_parse(a, x->properties, NULL, &p, NULL))
        dcr_model_destinations(a, &about, &p, out);
}

static bool is_own(const struct dcr_caller *c, const struct state_dcr *x)
{
    return str_ieq(dcr_tenant_of(x->key), c->tenant);
}

static bool may_change_old(struct dcrs *d, struct arena *a, enum state_collection c,
                           const struct dcr_change *x, const struct state_dcr *old, struct err *e)
{
    struct dcr_model m;
    if (c != STATE_COLLECTION_RULES)
        return true;
    dcr_destinations(d, a, old, &m);
    return dcr_may_change(&x->caller, &m, e);
}

/* *out_any: it leads to a workspace of this server at all. */
static bool leads_to_own(struct dcrs *d, struct arena *a, const struct dcr_caller *caller,
                         const struct state_dcr *x, bool *out_any)
{
    struct dcr_model m;
    *out_any = false;
    dcr_destinations(d, a, x, &m);
    for (size_t i = 0; i < m.n_destinations; i++) {
        if (m.destinations[i].workspace == NULL)
            continue;
        if (allowed(caller, m.destinations[i].workspace))
            return true;
        *out_any = true;
    }
    return false;
}

bool dcr_leads_to_own(struct dcrs *d, struct arena *a, struct str key,
                      const struct dcr_caller *caller)
{
    struct state_dcr x = {0};
    struct err ignored = {0};
    bool any = false;
    return state_dcr_get(d->o.state, a, STATE_COLLECTION_RULES, key, &x, &ignored) &&
           leads_to_own(d, a, caller, &x, &any);
}

/* A rule by its workspaces; what leads to none by its tenant. */
static bool may_see(struct dcrs *d, struct arena *a, enum state_collection c,
                    const struct dcr_caller *caller, const struct state_dcr *x)
{
    bool any = false;
    if (c == STATE_COLLECTION_RULES && leads_to_own(d, a, caller, x, &any))
        return true;
    return !any && is_own(caller, x);
}

/* The name of one of another tenant is behind its prefix; those that are older than prefixes have
 * none. */
static bool is_named(const struct state_dcr *x, struct str plain)
{
    struct str tenant = dcr_tenant_of(x->key);
    size_t from = tenant.n > 0 ? tenant.n + 1 : 0;
    return str_eq(str_sub(x->key, from, x->key.n), plain);
}

bool dcr_get(struct dcrs *d, struct arena *a, enum state_collection c, struct str name,
             const struct dcr_caller *caller, struct state_dcr *out, struct err *e)
{
    struct state_dcr *all = NULL;
    struct err why = {0};
    size_t n = 0;
    if (state_dcr_get(d->o.state, a, c, own_key(a, caller, name), out, &why) &&
        may_see(d, a, c, caller, out))
        return true;
    if (!state_dcr_list(d->o.state, a, c, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (is_named(&all[i], dcr_key(a, name)) && may_see(d, a, c, caller, &all[i])) {
            *out = all[i];
            return true;
        }
    /* As of one that is not there. */
    return err_set(e, ERR_NOT_FOUND, "there is no data collection %s '%.*s'",
                   c == STATE_COLLECTION_RULES ? "rule" : "endpoint", STR_ARG(dcr_brief(name)));
}

/* ---- keeping ---- */

struct keeping {
    struct dcrs *d;
    struct arena *a;
    enum state_collection c;
    const struct dcr_change *change;
    bool created;
};

static bool etag_ok(const struct dcr_change *x, const struct state_dcr *old, struct err *e)
{
    if (old->id.n == 0)
        return x->if_match.n == 0 || str_eqz(x->if_match, "*") ||
               err_set(e, ERR_CONFLICT, "etag: there is no such resource");
    return etag_fits(x->if_match, old->etag) ||
           err_set(e, ERR_CONFLICT, "etag: it was changed meanwhile; its etag is %.*s",
                   STR_ARG(old->etag));
}

/* *out->id is empty: there is none. One of the tenant that the caller does not see is there, too:
 * what is done to it is refused. */
static bool find_old(struct keeping *k, struct state_dcr *out, struct err *e)
{
    const struct dcr_change *x = k->change;
    struct err why = {0};
    if (dcr_get(k->d, k->a, k->c, x->name, &x->caller, out, &why) ||
        (why.code == ERR_NOT_FOUND &&
         state_dcr_get(k->d->o.state, k->a, k->c, own_key(k->a, &x->caller, x->name), out, &why)))
        return true;
    *out = (struct state_dcr){0};
    return why.code == ERR_NOT_FOUND || err_set(e, why.code, "%s", why.msg);
}

static bool has_room(struct dcrs *d, struct arena *a, enum state_collection c, struct err *e)
{
    struct state_dcr *all = NULL;
    size_t n = 0;
    if (!state_dcr_list(d->o.state, a, c, &all, &n, e))
        return false;
    return n < DCR_MAX_RULES ||
           err_set(e, ERR_LIMIT, "there are %d of them already: delete one", DCR_MAX_RULES);
}

static const char *type_of(enum state_collection c)
{
    return c == STATE_COLLECTION_RULES ? "dataCollectionRules" : "dataCollectionEndpoints";
}

/* old, now: NULL, or empty, when there is none. */
static bool tell(struct dcrs *d, struct arena *a, enum state_collection c,
                 const struct state_dcr *old, const struct state_dcr *now, struct str who,
                 struct err *e)
{
    struct dcr_model before = {0}, after = {0};
    const struct state_dcr *x = now != NULL ? now : old;
    struct dcr_activity act = {.type = type_of(c), .deleted = now == NULL, .name = x->id};
    act.id = dcr_arm_id(d, a, c, x->id);
    act.who = who;
    act.tenant = dcr_tenant_of(x->key);
    if (c == STATE_COLLECTION_RULES) {
        if (old != NULL && old->id.n > 0)
            dcr_destinations(d, a, old, &before);
        if (now != NULL)
            dcr_destinations(d, a, now, &after);
        act.before = &before;
        act.now = &after;
    }
    return dcr_activity_put(d, a, &act, e);
}

static bool shares_a_workspace(const struct dcr_model *a, const struct dcr_model *b,
                               struct workspace **out)
{
    for (size_t i = 0; i < a->n_destinations; i++)
        for (size_t k = 0; k < b->n_destinations; k++) {
            *out = a->destinations[i].workspace;
            if (*out != NULL && *out == b->destinations[k].workspace)
                return true;
        }
    return false;
}

/* A workspace has one rule of kind WorkspaceTransforms, as in Azure. */
static bool stands_alone(struct keeping *k, const struct state_dcr *x, struct err *e)
{
    struct state_dcr *all = NULL;
    struct dcr_model own, other;
    struct workspace *w = NULL;
    size_t n = 0;
    if (k->c != STATE_COLLECTION_RULES || !dcr_is_standing(x->kind))
        return true;
    if (!state_dcr_list(k->d->o.state, k->a, k->c, &all, &n, e))
        return false;
    dcr_destinations(k->d, k->a, x, &own);
    for (size_t i = 0; i < n; i++) {
        if (!dcr_is_standing(all[i].kind) || str_eq(all[i].key, x->key))
            continue;
        dcr_destinations(k->d, k->a, &all[i], &other);
        if (shares_a_workspace(&own, &other, &w))
            return err_set(e, ERR_CONFLICT,
                           "workspace '%.*s' has a rule of kind WorkspaceTransforms, '%.*s'",
                           STR_ARG(workspace_name(w)), STR_ARG(all[i].id));
    }
    return true;
}

/* Whoever works in several tenants may meet the name in another one: that is the rule that is meant
 * if it leads to where this one leads; else this one is new. */
static bool is_same(struct keeping *k, const struct state_dcr *old, const struct state_dcr *x)
{
    struct dcr_model a, b;
    struct workspace *w = NULL;
    if (old->id.n == 0 || is_own(&k->change->caller, old))
        return true;
    dcr_destinations(k->d, k->a, old, &a);
    dcr_destinations(k->d, k->a, x, &b);
    return shares_a_workspace(&a, &b, &w);
}

static bool keep(struct keeping *k, struct state_dcr *x, struct err *e)
{
    struct state_dcr old = {0};
    int64_t now = clock_now(k->d->o.clock);
    if (!find_old(k, &old, e))
        return false;
    if (!is_same(k, &old, x))
        old = (struct state_dcr){0};
    if (!etag_ok(k->change, &old, e))
        return false;
    k->created = old.id.n == 0;
    x->key = k->created ? own_key(k->a, &k->change->caller, x->id) : old.key;
    if (k->created ? !has_room(k->d, k->a, k->c, e)
                   : !may_change_old(k->d, k->a, k->c, k->change, &old, e))
        return false;
    if (!stands_alone(k, x, e))
        return false;
    x->immutable_id = k->created ? new_immutable_id(k->a, k->c) : old.immutable_id;
    x->id = k->created ? x->id : old.id;
    x->etag = dcr_new_etag(k->a);
    x->created = k->created ? now : old.created;
    x->created_by = k->created ? k->change->who : old.created_by;
    x->modified = now;
    x->modified_by = k->change->who;
    return state_dcr_put(k->d->o.state, k->c, x, e) &&
           tell(k->d, k->a, k->c, &old, x, k->change->who, e);
}

static bool check_rule(struct dcrs *d, struct arena *a, const struct dcr_change *x,
                       struct dcr_issues *issues, struct err *e)
{
    struct dcr_model m;
    struct dcr_about about = dcr_about(d, json_text(json_get(x->body, "kind"), STR("")));
    if (!dcr_model_read(a, &about, json_get(x->body, "properties"), &m, issues))
        return err_set(e, ERR_INVALID, "Data collection rule is invalid");
    return dcr_may_change(&x->caller, &m, e);
}

bool dcr_put(struct dcrs *d, struct arena *a, enum state_collection c, const struct dcr_change *x,
             struct state_dcr *out, bool *out_created, struct dcr_issues *issues, struct err *e)
{
    struct state_dcr row = {.id = x->name, .location = STR(""), .kind = STR("")};
    struct keeping k = {d, a, c, x, false};
    if (!dcr_name_ok(x->name, e) || !read_body(a, x->body, &row, e) ||
        (c == STATE_COLLECTION_RULES && !check_rule(d, a, x, issues, e)))
        return false;
    if (!state_begin(d->o.state, e) || !state_end(d->o.state, keep(&k, &row, e), e) ||
        !incidents_flush(d->o.incidents, e))
        return false;
    dcr_entry_forget(d, row.immutable_id);
    if (c == STATE_COLLECTION_RULES)
        dcr_standing_load(d);
    *out = row;
    *out_created = k.created;
    return true;
}

static bool change_tags(struct keeping *k, struct state_dcr *x, struct err *e)
{
    if (!dcr_get(k->d, k->a, k->c, k->change->name, &k->change->caller, x, e) ||
        !etag_ok(k->change, x, e) || !may_change_old(k->d, k->a, k->c, k->change, x, e) ||
        !read_tags(k->a, k->change->body, &x->tags, e))
        return false;
    x->etag = dcr_new_etag(k->a);
    x->modified = clock_now(k->d->o.clock);
    x->modified_by = k->change->who;
    return state_dcr_put(k->d->o.state, k->c, x, e) &&
           tell(k->d, k->a, k->c, x, x, k->change->who, e);
}

bool dcr_patch(struct dcrs *d, struct arena *a, enum state_collection c, const struct dcr_change *x,
               struct state_dcr *out, struct err *e)
{
    struct keeping k = {d, a, c, x, false};
    return state_begin(d->o.state, e) && state_end(d->o.state, change_tags(&k, out, e), e) &&
           incidents_flush(d->o.incidents, e);
}

bool dcr_list(struct dcrs *d, struct arena *a, enum state_collection c,
              const struct dcr_caller *caller, struct state_dcr **out, size_t *n, struct err *e)
{
    struct state_dcr *all = NULL;
    size_t total = 0;
    if (!state_dcr_list(d->o.state, a, c, &all, &total, e))
        return false;
    *n = 0;
    for (size_t i = 0; i < total; i++)
        if (may_see(d, a, c, caller, &all[i]))
            all[(*n)++] = all[i];
    *out = all;
    return true;
}

static bool delete_one(struct keeping *k, struct state_dcr *old, bool *out_was_there, struct err *e)
{
    if (!find_old(k, old, e))
        return false;
    *out_was_there = old->id.n > 0;
    return !*out_was_there ||
           (etag_ok(k->change, old, e) && may_change_old(k->d, k->a, k->c, k->change, old, e) &&
            dcr_associations_end(k->d, k->a, k->c, old->key, k->change->with_associations, e) &&
            state_dcr_delete(k->d->o.state, k->c, old->key, out_was_there, e) &&
            tell(k->d, k->a, k->c, old, NULL, k->change->who, e));
}

bool dcr_delete(struct dcrs *d, enum state_collection c, const struct dcr_change *x,
                bool *out_was_there, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct keeping k = {d, a, c, x, false};
    struct state_dcr old = {0};
    if (!state_begin(d->o.state, e) ||
        !state_end(d->o.state, delete_one(&k, &old, out_was_there, e), e) ||
        !incidents_flush(d->o.incidents, e))
        return false;
    dcr_entry_forget(d, old.immutable_id);
    if (c == STATE_COLLECTION_RULES)
        dcr_standing_load(d);
    return true;
}
