/* vedette tenants: list, create, rename and delete tenants, and choose their primary workspace. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette tenants list                  [--data DIR]\n"
    "       vedette tenants create NAME [--id ID] [--data DIR]\n"
    "       vedette tenants rename TENANT NAME    [--data DIR]\n"
    "       vedette tenants primary TENANT WORKSPACE [--data DIR]\n"
    "       vedette tenants delete TENANT         [--data DIR]\n"
    "\n"
    "TENANT is a tenant's id or name. create prints the client id and the secret of its first\n"
    "application, an Owner, once. primary chooses the workspace whose alerts are correlated\n"
    "across products. delete wants a tenant without workspaces. --url URL (with VEDETTE_TOKEN,\n"
    "VEDETTE_CA) names another server than that of the data folder.\n";

struct asked {
    struct client_place place;
    const char *id;
    struct verb_words words;
};

static const char *path_of(struct client *c, const char *tenant)
{
    struct str name = client_encoded(c->a, str_from(tenant));
    return arena_fmt(c->a, "/vedette/v1/tenants/%.*s", STR_ARG(name)).p;
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    (void)c;
    cells[0] = json_text(json_get(x, "id"), STR("-"));
    cells[1] = json_text(json_get(x, "name"), STR("-"));
    cells[2] = json_is_true(json_get(x, "first")) ? STR("yes") : STR("no");
    cells[3] = json_text(json_get(x, "primaryWorkspace"), STR("-"));
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"ID", "NAME", "FIRST", "PRIMARY"};
    (void)w;
    (void)arg;
    return verb_list(c, "/vedette/v1/tenants", heads, COUNTOF(heads), list_row, e);
}

static struct str body_of(struct client *c, const char *key, const char *value, const char *id)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_z(&o, key, value);
    if (id != NULL)
        json_kv_z(&o, "id", id);
    json_obj_end(&o);
    return sbuf_ok(&b) ? arena_str(c->a, sbuf_str(&b)) : STR("{}");
}

static bool create(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct asked *k = arg;
    struct json answer = {0};
    (void)w;
    if (!verb_words_are(&k->words, 1, "the new tenant's name", e) ||
        !client_call(c, "POST", "/vedette/v1/tenants", NULL,
                     body_of(c, "name", k->words.p[0], k->id), &answer, e))
        return false;
    const struct json *admin = json_get(&answer, "administrator");
    printf("tenant id      %.*s\n"
           "client id      %.*s\n"
           "client secret  %.*s\n",
           STR_ARG(json_text(json_path(&answer, "tenant.id"), STR("-"))),
           STR_ARG(json_text(json_get(admin, "clientId"), STR("-"))),
           STR_ARG(json_text(json_get(admin, "clientSecret"), STR("-"))));
    return true;
}

static bool change(struct client *c, const void *arg, const char *key, const char *what,
                   struct err *e)
{
    const struct asked *k = arg;
    return verb_words_are(&k->words, 2, what, e) &&
           client_call(c, "PATCH", path_of(c, k->words.p[0]), NULL,
                       body_of(c, key, k->words.p[1], NULL), NULL, e);
}

static bool rename_tenant(struct client *c, const struct client_workspace *w, const void *arg,
                          struct err *e)
{
    (void)w;
    return change(c, arg, "name", "a tenant and its new name", e);
}

static bool primary(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    (void)w;
    return change(c, arg, "primaryWorkspace", "a tenant and one of its workspaces", e);
}

static bool delete_tenant(struct client *c, const struct client_workspace *w, const void *arg,
                          struct err *e)
{
    const struct asked *k = arg;
    (void)w;
    return verb_words_are(&k->words, 1, "one tenant", e) &&
           client_call(c, "DELETE", path_of(c, k->words.p[0]), NULL, STR(""), NULL, e);
}

static const struct verb verbs[] = {{"list", list},
                                    {"create", create},
                                    {"rename", rename_tenant},
                                    {"primary", primary},
                                    {"delete", delete_tenant}};

int cli_tenants(int argc, char **argv)
{
    struct asked k = {0};
    const struct cli_option options[] = {OPTIONS_OF_SERVER(k.place), {"id", .text = &k.id}};
    const struct verb_command command = {.name = "tenants",
                                         .usage = usage,
                                         .verbs = verbs,
                                         .n_verbs = COUNTOF(verbs),
                                         .options = options,
                                         .n_options = COUNTOF(options)};
    return verbs_run(&command, &k.place, &k.words, &k, argc, argv);
}
