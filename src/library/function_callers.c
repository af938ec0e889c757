/* Who calls a function, and could not any more once its parameters are others: saved functions and
 * analytics rules of the workspace. */
#include "library/library_priv.h"
#include "state/rules.h"

enum { MAX_TOLD = 10, MAX_MESSAGE = 4096 };

struct callers {
    struct arena *a;
    const struct kql_catalog *now; /* with the function as it is */
    const struct kql_catalog *then;
    struct str alias;
    int64_t ticks;
    struct sbuf told;
    size_t n;
};

/* What is wrong with the text on any day: tables that are not there yet may come. */
static bool is_wrong(const struct callers *c, const struct kql_catalog *catalog, struct str text,
                     struct str *out_why)
{
    AUTO(arena_freep) struct arena *own = arena_new(0);
    struct kql_options o = {.catalog = catalog, .now_ticks = c->ticks};
    struct kql_query q = {0};
    struct kql_diags d = {.a = own, .text = text};
    if (text.n > KQL_MAX_BYTES || kql_compile(own, text, &o, &q, &d))
        return false;
    for (size_t i = 0; i < d.v.n; i++)
        if (!d.v.p[i].warning && !d.v.p[i].absent) {
            *out_why = arena_str(c->a, d.v.p[i].message);
            return true;
        }
    return false;
}

static void look_at(struct callers *c, const char *kind, struct str name, struct str text)
{
    struct str why = STR("");
    size_t at = 0;
    if (!str_find(text, c->alias, &at) || is_wrong(c, c->now, text, &why) ||
        !is_wrong(c, c->then, text, &why))
        return;
    if (c->n < MAX_TOLD)
        sbuf_addf(&c->told, "%sthe %s '%.*s' (%.*s)", c->n > 0 ? ", " : "", kind,
                  STR_ARG(brief(name, 100)), STR_ARG(brief(why, 200)));
    c->n++;
}

static bool look_at_functions(struct callers *c, struct library *l, struct workspace *w,
                              struct err *e)
{
    struct state_saved *all = NULL;
    size_t n = 0, at = 0;
    if (!state_saved_list(l->o.state, c->a, workspace_id(w), true, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct str text = STR("");
        if (!str_eq(all[i].alias, c->alias) && str_find(all[i].query, c->alias, &at) &&
            function_probe(c->a, &all[i], &text))
            look_at(c, "function", all[i].alias, text);
    }
    return true;
}

static bool look_at_rules(struct callers *c, struct library *l, struct workspace *w, struct err *e)
{
    struct state_rule *all = NULL;
    size_t n = 0, at = 0;
    if (!state_rule_list(l->o.state, c->a, workspace_id(w), &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct json body = {0};
        if (str_find(all[i].body, c->alias, &at) &&
            json_parse(c->a, all[i].body, NULL, &body, NULL))
            look_at(c, "rule", all[i].name, json_text(json_get(&body, "query"), STR("")));
    }
    return true;
}

bool function_callers(struct library *l, struct arena *a, struct workspace *w,
                      const struct kql_stored_function *f, struct str *out_broken, struct err *e)
{
    AUTO(arena_freep) struct arena *own = arena_new(0);
    struct callers c = {.a = own,
                        .now = workspace_catalog(w),
                        .then = function_catalog(own, w, f),
                        .alias = f->name,
                        .ticks = clock_now(l->o.clock),
                        .told = sbuf_make(MAX_MESSAGE)};
    bool ok = look_at_functions(&c, l, w, e) && look_at_rules(&c, l, w, e);
    if (ok && c.n > MAX_TOLD)
        sbuf_addf(&c.told, " and %zu more", c.n - MAX_TOLD);
    *out_broken = arena_str(a, sbuf_str(&c.told));
    sbuf_fini(&c.told);
    return ok;
}
