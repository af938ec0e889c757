/* The settings of a workspace: one table of members with their bounds, read from JSON over the
 * defaults. */
#include "correlate/correlate_priv.h"

enum { MAX_TAGS = 50, MAX_TAG_BYTES = 256, MAX_BODY = 64 << 10 };

#define NUMBER(name, member, fallback, least, most)                                                \
    {                                                                                              \
        name, offsetof(struct correlate_config, member), fallback, least, most                     \
    }
static const struct {
    const char *name;
    size_t offset;
    int64_t fallback, least, most;
} numbers[] = {
    NUMBER("threshold", threshold, 100, 1, 10000),
    NUMBER("windowMinutes", window_minutes, 1440, 1, 20160),
    NUMBER("rareIncidents", rare, 5, 1, 1000),
    NUMBER("commonIncidentsLeast", common_least, 20, 1, 1000),
    NUMBER("commonIncidentsPercent", common_percent, 5, 0, 100),
    NUMBER("commonIncidentsMost", common_most, 200, 1, 1000),
    NUMBER("chainPoints", chain, 40, 0, 1000),
    NUMBER("chainSteps", chain_steps, 2, 0, 14),
    NUMBER("sameRulePoints", same_rule, 40, 0, 1000),
    NUMBER("indicatorPercent", indicator_percent, 200, 100, 1000),
    NUMBER("maxAlerts", max_alerts, INCIDENT_MAX_ALERTS, 2, INCIDENT_MAX_ALERTS),
    NUMBER("maxEntities", max_entities, 500, 1, 5000),
    NUMBER("maxKeys", max_keys, 64, 1, 500),
    NUMBER("maxCandidates", max_candidates, 16, 1, 100),
};
#undef NUMBER

/* By types of entities as in the Entities column. What many have in common without having to do
 * with one another counts little. */
static const struct {
    const char *type;
    int64_t fallback;
} types[] = {
    {"account", 60},
    {"host", 60},
    {"ip", 45},
    {"url", 50},
    {"filehash", 60},
    {"file", 25},
    {"process", 60},
    {"mailbox", 60},
    {"mail-message", 70},
    {"mail-cluster", 60},
    {"submissionmail", 60},
    {"azure-resource", 45},
    {"dns", 40},
    {"cloud-application", 10},
    {"malware", 25},
    {"registry-key", 25},
    {"registry-value", 30},
    {"security-group", 20},
    {"iotdevice", 60},
};
_Static_assert(COUNTOF(types) <= ENTITY_TYPES, "room for the weight of each type");

static int64_t *number_at(struct correlate_config *k, size_t offset)
{
    return (int64_t *)(void *)((char *)k + offset);
}

static void set_defaults(struct correlate_config *k, bool enabled)
{
    *k = (struct correlate_config){.enabled = enabled, .titles = true};
    for (size_t i = 0; i < COUNTOF(numbers); i++)
        *number_at(k, numbers[i].offset) = numbers[i].fallback;
    for (size_t i = 0; i < COUNTOF(types); i++)
        k->weights[i] = types[i].fallback;
}

int64_t config_weight(const struct correlate_config *k, struct str type)
{
    for (size_t i = 0; i < COUNTOF(types); i++)
        if (str_ieqz(type, types[i].type))
            return k->weights[i];
    return 0;
}

/* ---- reading ---- */

static bool read_number(const struct json *v, const char *name, int64_t least, int64_t most,
                        int64_t *out, struct err *e)
{
    if (v->type != JSON_INT || v->i < least || v->i > most)
        return err_set(e, ERR_INVALID, "%s: a whole number from %lld to %lld expected", name,
                       (long long)least, (long long)most);
    *out = v->i;
    return true;
}

static bool read_bool(const struct json *v, const char *name, bool *out, struct err *e)
{
    if (v->type != JSON_TRUE && v->type != JSON_FALSE)
        return err_set(e, ERR_INVALID, "%s: true or false expected", name);
    *out = v->type == JSON_TRUE;
    return true;
}

static bool read_weights(const struct json *v, struct correlate_config *k, struct err *e)
{
    if (v->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "weights: an object {type: points} expected");
    for (size_t i = 0; i < v->n; i++) {
        size_t at = 0;
        while (at < COUNTOF(types) && !str_ieqz(v->keys[i], types[at].type))
            at++;
        if (at == COUNTOF(types))
            return err_set(e, ERR_INVALID, "weights: there is no entity type '%.*s'",
                           (int)(v->keys[i].n < 60 ? v->keys[i].n : 60), v->keys[i].p);
        if (!read_number(&v->items[i], types[at].type, 0, 1000, &k->weights[at], e)) {
            err_prefix(e, "weights");
            return false;
        }
    }
    return true;
}

static bool read_tags(struct arena *a, const struct json *v, struct correlate_config *k,
                      struct err *e)
{
    if (v->type != JSON_ARRAY || v->n > MAX_TAGS)
        return err_set(e, ERR_INVALID, "excludedTags: an array of at most %d texts expected",
                       MAX_TAGS);
    k->excluded_tags = arena_array(a, struct str, v->n + 1);
    k->n_excluded_tags = v->n;
    for (size_t i = 0; i < v->n; i++) {
        struct str tag = str_trim(json_text(&v->items[i], STR("")));
        if (tag.n == 0 || tag.n > MAX_TAG_BYTES)
            return err_set(e, ERR_INVALID, "excludedTags[%zu]: a text of 1 to %d bytes expected", i,
                           MAX_TAG_BYTES);
        k->excluded_tags[i] = arena_str(a, tag);
    }
    return true;
}

static bool read_member(struct arena *a, struct str name, const struct json *v,
                        struct correlate_config *k, struct err *e)
{
    if (str_eqz(name, "enabled"))
        return read_bool(v, "enabled", &k->enabled, e);
    if (str_eqz(name, "titles"))
        return read_bool(v, "titles", &k->titles, e);
    if (str_eqz(name, "weights"))
        return read_weights(v, k, e);
    if (str_eqz(name, "excludedTags"))
        return read_tags(a, v, k, e);
    for (size_t i = 0; i < COUNTOF(numbers); i++)
        if (str_eqz(name, numbers[i].name))
            return read_number(v, numbers[i].name, numbers[i].least, numbers[i].most,
                               number_at(k, numbers[i].offset), e);
    return err_set(e, ERR_INVALID, "there is no setting '%.*s'", (int)(name.n < 60 ? name.n : 60),
                   name.p);
}

static bool config_read(struct arena *a, const struct json *body, struct correlate_config *k,
                        struct err *e)
{
    if (body->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "an object of settings expected");
    for (size_t i = 0; i < body->n; i++)
        if (!read_member(a, body->keys[i], &body->items[i], k, e))
            return false;
    if (k->common_least > k->common_most)
        return err_set(e, ERR_INVALID,
                       "commonIncidentsLeast: at most commonIncidentsMost expected");
    k->window = k->window_minutes * TICKS_PER_MINUTE;
    return true;
}

bool config_load(struct correlate *c, struct arena *a, struct workspace *w,
                 struct correlate_config *out, struct err *e)
{
    struct state_correlation_settings kept = {0};
    struct json body = {.type = JSON_OBJECT};
    bool found = false;
    if (!state_correlation_settings_get(c->o.state, a, workspace_id(w), &kept, &found, e))
        return false;
    set_defaults(out, c->o.enabled);
    return (!found || json_parse(a, kept.body, NULL, &body, e)) && config_read(a, &body, out, e);
}

/* ---- writing ---- */

void config_write(const struct correlate_config *k, struct json_out *out)
{
    struct correlate_config copy = *k;
    json_obj(out);
    json_kv_bool(out, "enabled", k->enabled);
    for (size_t i = 0; i < COUNTOF(numbers); i++)
        json_kv_int(out, numbers[i].name, *number_at(&copy, numbers[i].offset));
    json_kv_bool(out, "titles", k->titles);
    json_key(out, "excludedTags");
    json_arr(out);
    for (size_t i = 0; i < k->n_excluded_tags; i++)
        json_str(out, k->excluded_tags[i]);
    json_arr_end(out);
    json_key(out, "weights");
    json_obj(out);
    for (size_t i = 0; i < COUNTOF(types); i++)
        json_kv_int(out, types[i].type, k->weights[i]);
    json_obj_end(out);
    json_obj_end(out);
}

bool correlate_settings_to_json(struct correlate *c, struct arena *a, struct workspace *w,
                                struct json_out *out, struct err *e)
{
    struct correlate_config k;
    if (!config_load(c, a, w, &k, e))
        return false;
    config_write(&k, out);
    return true;
}

bool correlate_settings_put(struct correlate *c, struct arena *a, struct workspace *w,
                            const struct json *body, struct str who, struct err *e)
{
    struct correlate_config k;
    set_defaults(&k, c->o.enabled);
    if (!config_read(a, body, &k, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_BODY);
    struct json_out o = json_out_make(&b);
    json_value(&o, body);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_INVALID, "the settings are larger than %d bytes", MAX_BODY);
    struct state_correlation_settings x = {workspace_id(w), sbuf_str(&b), clock_now(c->o.clock),
                                           who};
    return state_correlation_settings_put(c->o.state, &x, e);
}
