/* vedette incidents: list, show and update. */
#include <getopt.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/incidents_merge.h"
#include "cli/text_table.h"

static const char usage[] =
    "usage: vedette incidents list      [--data DIR] [--workspace W] [--filter ODATA] [--top N]\n"
    "       vedette incidents show ID   [--data DIR] [--workspace W] [--format table|json]\n"
    "       vedette incidents update ID [--data DIR] [--workspace W] [--title T] [--severity S]\n"
    "               [--status New|Active|Closed] [--classification C] [--reason R] [--comment T]\n"
    "               [--owner UPN]\n"
    "       vedette incidents why|graph ID, merge TARGET SOURCE…, unmerge SOURCE\n"
    "\n"
    "ID is the incident's number or name. A closed incident needs a classification: Undetermined,\n"
    "TruePositive, BenignPositive or FalsePositive. --filter is OData, as in the REST API:\n"
    "\"properties/status eq 'New' and properties/severity eq 'High'\". --url URL (with "
    "VEDETTE_TOKEN,\n"
    "VEDETTE_CA) names another server than the data folder's.\n";

enum change { TITLE, SEVERITY, STATUS, CLASSIFICATION, REASON, COMMENT, N_CHANGES };
static const char *const change_names[N_CHANGES] = {"title",
                                                    "severity",
                                                    "status",
                                                    "classification",
                                                    "classificationReason",
                                                    "classificationComment"};

struct job {
    struct client_place place;
    const char *filter, *owner, *id;
    int64_t top;
    bool json;
    const char *change[N_CHANGES];
};

/* ---- list ---- */

static void add_escaped(struct sbuf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            sbuf_addc(b, (char)c);
        else
            sbuf_addf(b, "%%%02X", c);
    }
}

static struct str property(const struct json *incident, const char *name)
{
    return json_text(json_get(json_get(incident, "properties"), name), STR(""));
}

static int64_t number(const struct json *v)
{
    return v != NULL && v->type == JSON_INT ? v->i : 0;
}

static struct str minutes(struct str time)
{
    return str_sub(time, 0, 16); /* 2026-01-02T03:04 */
}

static void add_row(struct arena *a, struct text_table *t, const struct json *i)
{
    const struct json *p = json_get(i, "properties");
    struct str cells[] = {
        arena_fmt(a, "%lld", (long long)number(json_get(p, "incidentNumber"))),
        property(i, "severity"),
        property(i, "status"),
        minutes(property(i, "createdTimeUtc")),
        arena_fmt(a, "%lld", (long long)number(json_path(p, "additionalData.alertsCount"))),
        property(i, "title"),
    };
    text_table_row(t, cells);
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    static const char *const heads[] = {"NUMBER",  "SEVERITY", "STATUS",
                                        "CREATED", "ALERTS",   "TITLE"};
    AUTO(sbuf_fini) struct sbuf target = sbuf_make(1 << 16);
    struct json answer = {0};
    struct text_table t;
    sbuf_addf(&target, "%s/incidents?api-version=2024-09-01", w->insights);
    if (j->top > 0)
        sbuf_addf(&target, "&%%24top=%lld", (long long)j->top);
    if (j->filter != NULL) {
        sbuf_addz(&target, "&%24filter=");
        add_escaped(&target, j->filter);
    }
    if (!client_call(c, "GET", sbuf_str(&target).p, NULL, STR(""), &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    text_table_begin(&t, c->a, heads, COUNTOF(heads));
    for (size_t i = 0; value != NULL && i < value->n; i++)
        add_row(c->a, &t, &value->items[i]);
    text_table_print(&t, stdout);
    if (json_get(&answer, "nextLink") != NULL)
        puts("There are more; --top N shows up to 1000.");
    return true;
}

/* ---- show ---- */

static void print_field(const char *name, struct str value)
{
    if (value.n > 0)
        printf("%-16s %.*s\n", name, STR_ARG(value));
}

static struct str joined(struct arena *a, const struct json *list)
{
    struct str out = STR("");
    for (size_t i = 0; list != NULL && i < list->n; i++)
        out = arena_fmt(a, "%.*s%s%.*s", STR_ARG(out), i > 0 ? ", " : "",
                        STR_ARG(json_text(&list->items[i], STR(""))));
    return out;
}

static void print_incident(struct arena *a, const struct json *i)
{
    const struct json *p = json_get(i, "properties");
    printf("Incident %lld: %.*s\n\n", (long long)number(json_get(p, "incidentNumber")),
           STR_ARG(property(i, "title")));
    print_field("Severity", property(i, "severity"));
    print_field("Status", property(i, "status"));
    print_field("Classification", property(i, "classification"));
    print_field("Reason", property(i, "classificationReason"));
    print_field("Comment", property(i, "classificationComment"));
    print_field("Owner", json_text(json_path(p, "owner.userPrincipalName"), STR("")));
    print_field("Created", property(i, "createdTimeUtc"));
    print_field("First activity", property(i, "firstActivityTimeUtc"));
    print_field("Last activity", property(i, "lastActivityTimeUtc"));
    print_field("Tactics", joined(a, json_path(p, "additionalData.tactics")));
    print_field("Techniques", joined(a, json_path(p, "additionalData.techniques")));
    print_field("Name", json_text(json_get(i, "name"), STR("")));
    print_field("Link", property(i, "incidentUrl"));
    struct str text = property(i, "description");
    if (text.n > 0)
        printf("\n%.*s\n", STR_ARG(text));
}

static void print_alerts(const struct json *alerts)
{
    const struct json *value = json_get(alerts, "value");
    printf("\nAlerts\n");
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        const struct json *al = &value->items[i];
        printf("  %.*s  %-13.*s %.*s\n      %.*s\n",
               STR_ARG(minutes(property(al, "timeGenerated"))), STR_ARG(property(al, "severity")),
               STR_ARG(property(al, "alertDisplayName")), STR_ARG(property(al, "systemAlertId")));
    }
}

static bool get_incident(struct client *c, const struct client_workspace *w, const struct job *j,
                         struct json *out, struct err *e)
{
    struct str target =
        arena_fmt(c->a, "%s/incidents/%s?api-version=2024-09-01", w->insights, j->id);
    return client_call(c, "GET", target.p, NULL, STR(""), out, e);
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct json incident = {0}, alerts = {0};
    struct str target =
        arena_fmt(c->a, "%s/incidents/%s/alerts?api-version=2024-09-01", w->insights, j->id);
    if (!get_incident(c, w, j, &incident, e) ||
        !client_call(c, "POST", target.p, NULL, STR(""), &alerts, e))
        return false;
    if (!j->json) {
        print_incident(c->a, &incident);
        print_alerts(&alerts);
        return true;
    }
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "incident");
    json_value(&o, &incident);
    json_key(&o, "alerts");
    json_value(&o, json_get(&alerts, "value"));
    json_obj_end(&o);
    printf("%.*s\n", STR_ARG(sbuf_str(&b)));
    return true;
}

/* ---- update: read, change, write back with the etag that was read ---- */

static const char *changed(const struct job *j, struct str key)
{
    for (size_t i = 0; i < N_CHANGES; i++)
        if (j->change[i] != NULL && str_eqz(key, change_names[i]))
            return j->change[i];
    return NULL;
}

static void write_properties(struct json_out *o, const struct json *p, const struct job *j)
{
    json_key(o, "properties");
    json_obj(o);
    for (size_t i = 0; i < p->n; i++) {
        if (changed(j, p->keys[i]) != NULL || (j->owner != NULL && str_eqz(p->keys[i], "owner")))
            continue;
        json_key_str(o, p->keys[i]);
        json_value(o, &p->items[i]);
    }
    for (size_t i = 0; i < N_CHANGES; i++)
        if (j->change[i] != NULL)
            json_kv_z(o, change_names[i], j->change[i]);
    if (j->owner != NULL) {
        json_key(o, "owner");
        json_obj(o);
        if (j->owner[0] != '\0')
            json_kv_z(o, "userPrincipalName", j->owner);
        json_obj_end(o);
    }
    json_obj_end(o);
}

static bool update(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct job *j = arg;
    struct json incident = {0}, answer = {0};
    if (!get_incident(c, w, j, &incident, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_str(&o, "etag", json_text(json_get(&incident, "etag"), STR("")));
    write_properties(&o, json_get(&incident, "properties"), j);
    json_obj_end(&o);
    struct str target = arena_fmt(c->a, "%s/incidents/%.*s?api-version=2024-09-01", w->insights,
                                  STR_ARG(json_text(json_get(&incident, "name"), STR(""))));
    if (!client_call(c, "PUT", target.p, NULL, sbuf_str(&b), &answer, e))
        return false;
    print_incident(c->a, &answer);
    return true;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    client_fn *run;
    bool needs_id;
} verbs[] = {{"list", list, false}, {"show", show, true}, {"update", update, true}};

enum { OPT_CHANGE = 256 };
static bool read_options(int argc, char **argv, struct job *j)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},
        {"url", required_argument, NULL, 'u'},
        {"workspace", required_argument, NULL, 'w'},
        {"filter", required_argument, NULL, 'f'},
        {"top", required_argument, NULL, 't'},
        {"format", required_argument, NULL, 'o'},
        {"owner", required_argument, NULL, 'O'},
        {"title", required_argument, NULL, OPT_CHANGE + TITLE},
        {"severity", required_argument, NULL, OPT_CHANGE + SEVERITY},
        {"status", required_argument, NULL, OPT_CHANGE + STATUS},
        {"classification", required_argument, NULL, OPT_CHANGE + CLASSIFICATION},
        {"reason", required_argument, NULL, OPT_CHANGE + REASON},
        {"comment", required_argument, NULL, OPT_CHANGE + COMMENT},
        {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "d:u:w:f:t:", options, NULL)) != -1) {
        if (c >= OPT_CHANGE && c < OPT_CHANGE + N_CHANGES)
            j->change[c - OPT_CHANGE] = optarg;
        else if (c == 'd')
            j->place.data = optarg;
        else if (c == 'u')
            j->place.url = optarg;
        else if (c == 'w')
            j->place.workspace = optarg;
        else if (c == 'f')
            j->filter = optarg;
        else if (c == 'O')
            j->owner = optarg;
        else if (c == 'o')
            j->json = strcmp(optarg, "json") == 0;
        else if (c != 't' || !str_to_i64(str_from(optarg), &j->top))
            return false;
    }
    j->id = optind < argc ? argv[optind] : NULL;
    return optind + 1 >= argc;
}

int cli_incidents(int argc, char **argv)
{
    int code = 0;
    if (cli_incidents_merge(argc, argv, &code))
        return code;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            return 0;
        }
    for (size_t i = 0; argc >= 2 && i < COUNTOF(verbs); i++) {
        struct job j = {0};
        if (strcmp(argv[1], verbs[i].name) != 0)
            continue;
        if (!read_options(argc - 1, argv + 1, &j) || verbs[i].needs_id != (j.id != NULL))
            break;
        return client_run("incidents", &j.place, false, verbs[i].run, &j);
    }
    fputs(usage, stderr);
    return 2;
}
