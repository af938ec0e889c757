/* A rule as requests give it: by its id, as YAML, or as an ARM resource. */
#include "detect/rule_resources.h"

static bool wrong(const struct rule_issues *is, struct err *e)
{
    rule_issues_err(is, e);
    return false;
}

static bool read_stored(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                        struct detect_given *out, struct err *e)
{
    struct state_rule stored = {0};
    if (!detect_rule_get(d, a, w, id, &stored, e) || !rule_load(a, &stored, &out->rule, e))
        return false;
    out->phase = stored.next_run != 0 ? stored.next_run : stored.last_run;
    return true;
}

bool detect_rule_given(struct detect *d, struct arena *a, struct workspace *w, const struct json *v,
                       struct detect_given *out, struct err *e)
{
    struct rule_issues is = {.a = a};
    const struct json *yaml = json_get(v, "yaml"), *arm = json_get(v, "arm");
    out->phase = 0;
    if (v != NULL && v->type == JSON_STRING)
        return read_stored(d, a, w, v->text, out, e);
    if (yaml != NULL && yaml->type == JSON_STRING) {
        if (!rule_read_yaml(a, arena_str(a, yaml->text), &out->rule, &is))
            return wrong(&is, e);
    } else if (arm != NULL && arm->type == JSON_OBJECT) {
        AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
        struct json_out o = json_out_make(&text);
        json_value(&o, arm);
        struct str name = json_text(json_get(arm, "name"), STR("rule"));
        if (!rule_read_arm(a, arena_str(a, name), arena_str(a, sbuf_str(&text)), &out->rule, &is))
            return wrong(&is, e);
    } else {
        return err_set(e, ERR_INVALID, "a rule's id, {\"yaml\": …} or {\"arm\": …} expected");
    }
    if (out->rule.start_time != 0)
        out->phase = out->rule.start_time;
    return true;
}
