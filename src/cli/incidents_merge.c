/* vedette incidents why, merge, unmerge and graph. */
#include "cli/incidents_merge.h"
#include "cli/verbs.h"
#include "text/json.h"
#include <stdio.h>

static const char usage[] =
    "usage: vedette incidents why ID       [--format text|json] [--data DIR] [--workspace W]\n"
    "       vedette incidents merge TARGET SOURCE…  [--reason TEXT] [--data DIR] [--workspace W]\n"
    "       vedette incidents unmerge SOURCE        [--data DIR] [--workspace W]\n"
    "       vedette incidents graph ID              [--data DIR] [--workspace W]\n"
    "\n"
    "why tells which entities, tactics and rules merged an incident with others, and what each\n"
    "counted; merge gives the alerts of up to four incidents to the target and closes them;\n"
    "unmerge takes back the merge by which SOURCE was closed; graph prints alerts and entities as\n"
    "nodes and edges (JSON). ID is an incident's number or name. --url URL (with VEDETTE_TOKEN,\n"
    "VEDETTE_CA) names another server than that of the data folder.\n";

struct asked {
    struct client_place place;
    const char *reason, *format;
    struct verb_words words;
};

static const char *path_of(struct client *c, const struct client_workspace *w, const char *id,
                           const char *action)
{
    struct str encoded = client_encoded(c->a, str_from(id));
    return arena_fmt(c->a, "/vedette/v1/workspaces/%s/incidents/%.*s/%s", w->id, STR_ARG(encoded),
                     action)
        .p;
}

static int64_t number(const struct json *v, const char *name)
{
    const struct json *x = json_get(v, name);
    return x != NULL && x->type == JSON_INT ? x->i : 0;
}

static struct str text(const struct json *v, const char *name)
{
    return json_text(json_get(v, name), STR(""));
}

/* ---- why ---- */

static void print_evidence(const struct json *x)
{
    struct str kind = text(x, "kind");
    printf("  %5lld  %-8.*s %.*s%s%.*s", (long long)number(x, "points"), STR_ARG(kind),
           STR_ARG(text(x, "identifier")), text(x, "identifier").n > 0 ? " " : "",
           STR_ARG(text(x, "value")));
    if (str_eqz(kind, "entity"))
        printf("  (weight %lld, in %lld incidents, %lld minutes apart%s)",
               (long long)number(x, "weight"), (long long)number(x, "incidents"),
               (long long)number(x, "gapMinutes"),
               json_is_true(json_get(x, "knownIndicator")) ? ", known indicator" : "");
    puts("");
}

static void print_merge(const struct json *m)
{
    const struct json *evidence = json_get(m, "evidence");
    const struct json *alerts = json_get(m, "alerts");
    bool automatic = json_is_true(json_get(m, "automatic"));
    printf("\nIncident %lld into %lld at %.*s by %.*s\n",
           (long long)number(m, "sourceIncidentNumber"),
           (long long)number(m, "targetIncidentNumber"), STR_ARG(text(m, "mergedTimeUtc")),
           STR_ARG(text(m, "mergedBy")));
    if (text(m, "reason").n > 0)
        printf("  Reason: %.*s\n", STR_ARG(text(m, "reason")));
    printf("  Score %lld%s%lld, %zu alert(s)\n", (long long)number(m, "score"),
           automatic ? ", at least " : " (merged by hand), threshold ",
           (long long)number(m, "threshold"), alerts != NULL ? alerts->n : 0);
    for (size_t i = 0; evidence != NULL && i < evidence->n; i++)
        print_evidence(&evidence->items[i]);
    if (text(m, "undoneTimeUtc").n > 0)
        printf("  Undone at %.*s by %.*s\n", STR_ARG(text(m, "undoneTimeUtc")),
               STR_ARG(text(m, "undoneBy")));
}

static bool why(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct asked *j = arg;
    struct json answer = {0};
    if (!verb_words_are(&j->words, 1, "one incident's number or name", e))
        return false;
    const char *target = path_of(c, w, j->words.p[0], "why");
    if (j->format != NULL && strcmp(j->format, "json") == 0)
        return verb_show(c, target, e);
    if (!client_call(c, "GET", target, NULL, STR(""), &answer, e))
        return false;
    const struct json *merges = json_get(&answer, "merges");
    if (merges == NULL || merges->n == 0)
        printf("Incident %lld was not merged.\n", (long long)number(&answer, "incidentNumber"));
    for (size_t i = 0; merges != NULL && i < merges->n; i++)
        print_merge(&merges->items[i]);
    return true;
}

static bool graph(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    const struct asked *j = arg;
    return verb_words_are(&j->words, 1, "one incident's number or name", e) &&
           verb_show(c, path_of(c, w, j->words.p[0], "graph"), e);
}

/* ---- merging ---- */

static bool merge(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    const struct asked *j = arg;
    struct json answer = {0};
    if (j->words.n < 2)
        return err_set(e, ERR_INVALID, "the target and at least one source expected");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "sources");
    json_arr(&o);
    for (int i = 1; i < j->words.n; i++)
        json_z(&o, j->words.p[i]);
    json_arr_end(&o);
    if (j->reason != NULL)
        json_kv_z(&o, "reason", j->reason);
    json_obj_end(&o);
    if (!client_call(c, "POST", path_of(c, w, j->words.p[0], "merge"), "application/json",
                     sbuf_str(&b), &answer, e))
        return false;
    const struct json *p = json_get(&answer, "properties");
    printf("Incident %lld has %lld alerts: %.*s\n", (long long)number(p, "incidentNumber"),
           (long long)number(json_get(p, "additionalData"), "alertsCount"),
           STR_ARG(text(p, "title")));
    return true;
}

static bool unmerge(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct asked *j = arg;
    struct json answer = {0};
    if (!verb_words_are(&j->words, 1, "one incident's number or name", e) ||
        !client_call(c, "POST", path_of(c, w, j->words.p[0], "unmerge"), NULL, STR(""), &answer, e))
        return false;
    printf("Incident %lld is back, as incident %lld is.\n",
           (long long)number(&answer, "sourceIncidentNumber"),
           (long long)number(&answer, "targetIncidentNumber"));
    return true;
}

static const struct verb verbs[] = {
    {"why", why}, {"merge", merge}, {"unmerge", unmerge}, {"graph", graph}};

bool cli_incidents_merge(int argc, char **argv, int *out_code)
{
    struct asked j = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(j.place),
                                         {"reason", .text = &j.reason},
                                         {"format", .text = &j.format}};
    const struct verb_command k = {"incidents",    usage,   verbs,
                                   COUNTOF(verbs), options, COUNTOF(options)};
    bool mine = false;
    for (size_t i = 0; argc > 1 && i < COUNTOF(verbs); i++)
        mine = mine || strcmp(argv[1], verbs[i].name) == 0;
    if (mine)
        *out_code = verbs_run(&k, &j.place, &j.words, &j, argc, argv);
    return mine;
}
