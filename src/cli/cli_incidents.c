/* vedette incidents: list, show, create, update and delete; what belongs to an incident is in
 * cli_incident_work.c. */
#include <stdio.h>

#include "base/ids.h"
#include "cli/cli_incidents.h"
#include "cli/commands.h"
#include "cli/incidents_merge.h"
#include "cli/text_table.h"

static const char usage[] =
    "usage: vedette incidents list       [--filter ODATA] [--top N]\n"
    "       vedette incidents show ID    [--format table|json]\n"
    "       vedette incidents create TITLE [--severity S] [--description T] [--owner UPN]\n"
    "       vedette incidents update ID  [--title T] [--severity S] [--status New|Active|Closed]\n"
    "               [--classification C] [--reason R] [--comment T] [--description T] [--owner "
    "UPN]\n"
    "       vedette incidents delete ID\n"
    "       vedette incidents comment ID [TEXT]      without a text: the comments\n"
    "       vedette incidents task ID [TITLE]        without a title: the tasks [--description T]\n"
    "       vedette incidents done ID TASK           the task is completed\n"
    "       vedette incidents relate ID alert|bookmark OTHER, unrelate ID OTHER\n"
    "       vedette incidents timeline|activities|similar ID   [--format table|json]\n"
    "       vedette incidents why|graph ID, merge TARGET SOURCE…, unmerge SOURCE\n"
    "all with [--data DIR] [--workspace W]\n"
    "\n"
    "ID is the incident's number or name. A closed incident needs a classification: Undetermined,\n"
    "TruePositive, BenignPositive or FalsePositive. --filter is OData, as in the REST API:\n"
    "\"properties/status eq 'New' and properties/severity eq 'High'\". --url URL (with "
    "VEDETTE_TOKEN,\n"
    "VEDETTE_CA) names another server than the data folder's.\n";

static const char *const change_names[N_INCIDENT_CHANGES] = {"title",
                                                             "description",
                                                             "severity",
                                                             "status",
                                                             "classification",
                                                             "classificationReason",
                                                             "classificationComment"};

bool incident_id(const struct incident_job *j, const char **out, struct err *e)
{
    if (!verb_words_are(&j->words, 1, "an incident's number or name", e))
        return false;
    *out = j->words.p[0];
    return true;
}

/* ---- list ---- */

static struct str property(const struct json *incident, const char *name)
{
    return json_text(json_get(json_get(incident, "properties"), name), STR(""));
}

static int64_t number(const struct json *v)
{
    return v != NULL && v->type == JSON_INT ? v->i : 0;
}

struct str incident_minutes(struct str time)
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
        incident_minutes(property(i, "createdTimeUtc")),
        arena_fmt(a, "%lld", (long long)number(json_path(p, "additionalData.alertsCount"))),
        property(i, "title"),
    };
    text_table_row(t, cells);
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct incident_job *j = arg;
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
        sbuf_add(&target, client_encoded(c->a, str_from(j->filter)));
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

static void print_field(struct arena *a, const char *name, struct str value)
{
    if (value.n > 0)
        printf("%-16s %.*s\n", name, STR_ARG(text_plain(a, value)));
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
           STR_ARG(text_plain(a, property(i, "title"))));
    print_field(a, "Severity", property(i, "severity"));
    print_field(a, "Status", property(i, "status"));
    print_field(a, "Classification", property(i, "classification"));
    print_field(a, "Reason", property(i, "classificationReason"));
    print_field(a, "Comment", property(i, "classificationComment"));
    print_field(a, "Owner", json_text(json_path(p, "owner.userPrincipalName"), STR("")));
    print_field(a, "Created", property(i, "createdTimeUtc"));
    print_field(a, "First activity", property(i, "firstActivityTimeUtc"));
    print_field(a, "Last activity", property(i, "lastActivityTimeUtc"));
    print_field(a, "Tactics", joined(a, json_path(p, "additionalData.tactics")));
    print_field(a, "Techniques", joined(a, json_path(p, "additionalData.techniques")));
    print_field(a, "Name", json_text(json_get(i, "name"), STR("")));
    print_field(a, "Link", property(i, "incidentUrl"));
    struct str text = property(i, "description");
    if (text.n > 0)
        printf("\n%.*s\n", STR_ARG(text_plain(a, text)));
}

static void print_alerts(struct arena *a, const struct json *alerts)
{
    const struct json *value = json_get(alerts, "value");
    printf("\nAlerts\n");
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        const struct json *al = &value->items[i];
        printf("  %.*s  %-13.*s %.*s\n      %.*s\n",
               STR_ARG(incident_minutes(property(al, "timeGenerated"))),
               STR_ARG(property(al, "severity")),
               STR_ARG(text_plain(a, property(al, "alertDisplayName"))),
               STR_ARG(property(al, "systemAlertId")));
    }
}

char *incident_path(struct client *c, const struct client_workspace *w, const char *id,
                    const char *rest)
{
    struct str encoded = client_encoded(c->a, str_from(id));
    return arena_strz(c->a, arena_fmt(c->a, "%s/incidents/%.*s%s?api-version=2025-09-01",
                                      w->insights, STR_ARG(encoded), rest));
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct incident_job *j = arg;
    struct json incident = {0}, alerts = {0};
    const char *id = NULL;
    if (!incident_id(j, &id, e) ||
        !client_call(c, "GET", incident_path(c, w, id, ""), NULL, STR(""), &incident, e) ||
        !client_call(c, "POST", incident_path(c, w, id, "/alerts"), NULL, STR(""), &alerts, e))
        return false;
    if (!incident_as_json(j)) {
        print_incident(c->a, &incident);
        print_alerts(c->a, &alerts);
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

static const char *changed(const struct incident_job *j, struct str key)
{
    for (size_t i = 0; i < N_INCIDENT_CHANGES; i++)
        if (j->change[i] != NULL && str_eqz(key, change_names[i]))
            return j->change[i];
    return NULL;
}

static void write_properties(struct json_out *o, const struct json *p, const struct incident_job *j)
{
    json_key(o, "properties");
    json_obj(o);
    for (size_t i = 0; i < p->n; i++) {
        if (changed(j, p->keys[i]) != NULL || (j->owner != NULL && str_eqz(p->keys[i], "owner")))
            continue;
        json_key_str(o, p->keys[i]);
        json_value(o, &p->items[i]);
    }
    for (size_t i = 0; i < N_INCIDENT_CHANGES; i++)
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
    const struct incident_job *j = arg;
    struct json incident = {0}, answer = {0};
    const char *id = NULL;
    if (!incident_id(j, &id, e) ||
        !client_call(c, "GET", incident_path(c, w, id, ""), NULL, STR(""), &incident, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_str(&o, "etag", json_text(json_get(&incident, "etag"), STR("")));
    write_properties(&o, json_get(&incident, "properties"), j);
    json_obj_end(&o);
    if (!client_call(c, "PUT", incident_path(c, w, id, ""), NULL, sbuf_str(&b), &answer, e))
        return false;
    print_incident(c->a, &answer);
    return true;
}

/* ---- create and delete ---- */

static bool create(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct incident_job *j = arg;
    struct json answer = {0};
    char id[37];
    if (!verb_words_are(&j->words, 1, "the incident's title", e))
        return false;
    struct incident_job with = *j;
    with.change[INCIDENT_TITLE] = j->words.p[0];
    with.change[INCIDENT_SEVERITY] =
        j->change[INCIDENT_SEVERITY] != NULL ? j->change[INCIDENT_SEVERITY] : "Medium";
    with.change[INCIDENT_STATUS] =
        j->change[INCIDENT_STATUS] != NULL ? j->change[INCIDENT_STATUS] : "New";
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    struct json nothing = {.type = JSON_OBJECT};
    json_obj(&o);
    write_properties(&o, &nothing, &with);
    json_obj_end(&o);
    guid_format(guid_new(), id);
    if (!client_call(c, "PUT", incident_path(c, w, id, ""), NULL, sbuf_str(&b), &answer, e))
        return false;
    print_incident(c->a, &answer);
    return true;
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const char *id = NULL;
    return incident_id(arg, &id, e) && verb_delete(c, incident_path(c, w, id, ""), e);
}

/* ---- the command ---- */

static const struct verb verbs[] = {{"list", list},
                                    {"show", show},
                                    {"create", create},
                                    {"update", update},
                                    {"delete", delete},
                                    {"comment", incidents_comment},
                                    {"task", incidents_task},
                                    {"done", incidents_done},
                                    {"relate", incidents_relate},
                                    {"unrelate", incidents_unrelate},
                                    {"timeline", incidents_timeline},
                                    {"activities", incidents_activities},
                                    {"similar", incidents_similar}};

int cli_incidents(int argc, char **argv)
{
    int code = 0;
    if (cli_incidents_merge(argc, argv, &code))
        return code;
    struct incident_job j = {0};
    const struct cli_option options[] = {
        OPTIONS_OF_WORKSPACE(j.place),
        {"filter", .text = &j.filter},
        {"top", .number = &j.top},
        {"format", .text = &j.format},
        {"owner", .text = &j.owner},
        {"title", .text = &j.change[INCIDENT_TITLE]},
        {"description", .text = &j.change[INCIDENT_DESCRIPTION]},
        {"severity", .text = &j.change[INCIDENT_SEVERITY]},
        {"status", .text = &j.change[INCIDENT_STATUS]},
        {"classification", .text = &j.change[INCIDENT_CLASSIFICATION]},
        {"reason", .text = &j.change[INCIDENT_REASON]},
        {"comment", .text = &j.change[INCIDENT_COMMENT]},
    };
    const struct verb_command k = {.name = "incidents",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
