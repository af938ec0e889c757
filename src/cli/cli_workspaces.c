/* vedette workspaces: list, create, rename, delete, recover and purge workspaces. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette workspaces list|deleted                [--data DIR]\n"
    "       vedette workspaces create NAME [--tenant T]    [--data DIR]\n"
    "       vedette workspaces rename WORKSPACE [NAME]     [--data DIR]\n"
    "       vedette workspaces delete WORKSPACE            [--data DIR]\n"
    "       vedette workspaces recover ID                  [--data DIR]\n"
    "       vedette workspaces purge ID                    [--data DIR]\n"
    "\n"
    "WORKSPACE is a workspace's id or name. rename gives it a display name, for people; queries "
    "and\n"
    "paths go on with its name; without NAME it has none. deleted lists those that were deleted: "
    "for 14 days\n"
    "recover brings one back, with its rows, rules and incidents; purge takes one away for good.\n"
    "T is a tenant's id; without it the workspace belongs to the first one. --url URL (with\n"
    "VEDETTE_TOKEN, VEDETTE_CA) names another server than that of the data folder.\n";

struct asked {
    struct client_place place;
    const char *tenant;
    struct verb_words words;
};

static struct str text_of(const struct json *v)
{
    return json_text(v, STR("-"));
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    (void)c;
    cells[0] = text_of(json_get(x, "id"));
    cells[1] = text_of(json_get(x, "name"));
    cells[2] = text_of(json_get(x, "displayName"));
    cells[3] = text_of(json_get(x, "tenant"));
    cells[4] = text_of(json_get(x, "resourceId"));
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"ID", "NAME", "DISPLAY NAME", "TENANT", "RESOURCE"};
    (void)w;
    (void)arg;
    return verb_list(c, "/vedette/v1/workspaces", heads, COUNTOF(heads), list_row, e);
}

static void deleted_row(struct client *c, const struct json *x, struct str *cells)
{
    (void)c;
    cells[0] = text_of(json_path(x, "properties.customerId"));
    cells[1] = text_of(json_get(x, "name"));
    cells[2] = text_of(json_path(x, "properties.deletedDate"));
    cells[3] = text_of(json_path(x, "properties.purgeDate"));
}

static bool deleted(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    static const char *const heads[] = {"ID", "NAME", "DELETED", "GONE AFTER"};
    (void)w;
    (void)arg;
    return verb_list(c, "/vedette/v1/deletedWorkspaces", heads, COUNTOF(heads), deleted_row, e);
}

static bool create(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct asked *k = arg;
    struct json answer = {0};
    (void)w;
    if (!verb_words_are(&k->words, 1, "the new workspace's name", e))
        return false;
    struct str name = client_encoded(c->a, str_from(k->words.p[0]));
    struct str tenant = client_encoded(
        c->a, str_from(k->tenant != NULL ? k->tenant : "00000000-0000-0000-0000-000000000000"));
    struct str path = arena_fmt(c->a,
                                "/subscriptions/%.*s/resourceGroups/vedette/providers/"
                                "Microsoft.OperationalInsights/workspaces/%.*s"
                                "?api-version=2023-09-01",
                                STR_ARG(tenant), STR_ARG(name));
    if (!client_call(c, "PUT", path.p, NULL, STR("{\"location\":\"local\"}"), &answer, e))
        return false;
    printf("workspace id  %.*s\n", STR_ARG(text_of(json_path(&answer, "properties.customerId"))));
    return true;
}

static bool rename_workspace(struct client *c, const struct client_workspace *w, const void *arg,
                             struct err *e)
{
    const struct asked *k = arg;
    struct client_workspace at = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    struct json_out o = json_out_make(&b);
    (void)w;
    if ((k->words.n != 1 && !verb_words_are(&k->words, 2, "a workspace and its display name", e)) ||
        !client_workspace(c, k->words.p[0], &at, e))
        return false;
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    json_kv_z(&o, "displayName", k->words.n == 2 ? k->words.p[1] : "");
    json_obj_end(&o);
    json_obj_end(&o);
    return (sbuf_ok(&b) || err_set(e, ERR_INVALID, "the display name is too long")) &&
           client_call(c, "PATCH", arena_fmt(c->a, "%s?api-version=2023-09-01", at.arm).p, NULL,
                       sbuf_str(&b), NULL, e);
}

static bool delete_workspace(struct client *c, const struct client_workspace *w, const void *arg,
                             struct err *e)
{
    const struct asked *k = arg;
    struct client_workspace gone = {0};
    (void)w;
    return verb_words_are(&k->words, 1, "one workspace", e) &&
           client_workspace(c, k->words.p[0], &gone, e) &&
           client_call(c, "DELETE", arena_fmt(c->a, "%s?api-version=2023-09-01", gone.arm).p, NULL,
                       STR(""), NULL, e);
}

static bool act(struct client *c, const void *arg, const char *method, const char *action,
                struct err *e)
{
    const struct asked *k = arg;
    if (!verb_words_are(&k->words, 1, "the id of a deleted workspace", e))
        return false;
    struct str id = client_encoded(c->a, str_from(k->words.p[0]));
    struct str path = arena_fmt(c->a, "/vedette/v1/deletedWorkspaces/%.*s%s", STR_ARG(id), action);
    return client_call(c, method, path.p, NULL, STR(""), NULL, e);
}

static bool recover(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    (void)w;
    return act(c, arg, "POST", "/recover", e);
}

static bool purge(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    (void)w;
    return act(c, arg, "DELETE", "", e);
}

static const struct verb verbs[] = {{"list", list},
                                    {"deleted", deleted},
                                    {"create", create},
                                    {"rename", rename_workspace},
                                    {"delete", delete_workspace},
                                    {"recover", recover},
                                    {"purge", purge}};

int cli_workspaces(int argc, char **argv)
{
    struct asked k = {0};
    const struct cli_option options[] = {OPTIONS_OF_SERVER(k.place), {"tenant", .text = &k.tenant}};
    const struct verb_command command = {.name = "workspaces",
                                         .usage = usage,
                                         .verbs = verbs,
                                         .n_verbs = COUNTOF(verbs),
                                         .options = options,
                                         .n_options = COUNTOF(options)};
    return verbs_run(&command, &k.place, &k.words, &k, argc, argv);
}
