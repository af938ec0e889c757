/* vedette apps: list, create, show, enable, disable and delete applications, and what they prove
 * themselves with. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette apps list                              [--data DIR]\n"
    "       vedette apps create NAME --role ROLE           [--data DIR] [--workspace W]\n"
    "       vedette apps show ID                           [--data DIR]\n"
    "       vedette apps new-secret ID [--name NAME] [--expires TIME] [--replace yes]\n"
    "       vedette apps add-certificate ID FILE.pem [--name NAME]\n"
    "       vedette apps remove-credential ID CREDENTIAL\n"
    "       vedette apps enable|disable|delete ID          [--data DIR]\n"
    "\n"
    "Applications sign in by themselves (OAuth 2.0 client credentials) with a secret, or with a\n"
    "certificate whose private key stays where it is. ID is the client id. create gives the role\n"
    "everywhere, or with --workspace in that one. A secret is printed once; new-secret adds one\n"
    "beside those that there are, --replace yes ends these. --url URL (with VEDETTE_TOKEN,\n"
    "VEDETTE_CA) names another server than that of the data folder.\n";

enum { MAX_CERTIFICATE = 64 << 10 };
#define APPLICATIONS "/vedette/v1/applications"

struct job {
    struct client_place place;
    struct verb_words words;
    const char *role, *name, *expires, *replace;
};

static bool one_id(const struct job *j, struct err *e)
{
    return verb_words_are(&j->words, 1, "one application's client id", e);
}

static char *path_of(struct client *c, const struct job *j, const char *collection,
                     const char *rest)
{
    struct str id = client_encoded(c->a, str_from(j->words.p[0]));
    return arena_strz(c->a, arena_fmt(c->a, "%s/%.*s%s", collection, STR_ARG(id), rest));
}

static struct str text_of(const struct json *v, const char *name)
{
    return json_text(json_get(v, name), STR(""));
}

static struct str roles_of(struct arena *a, const struct json *app)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    const struct json *roles = json_get(app, "roles");
    for (size_t i = 0; roles != NULL && i < roles->n; i++)
        sbuf_addf(&b, "%s%.*s", i > 0 ? ", " : "", STR_ARG(text_of(&roles->items[i], "role")));
    return arena_str(a, sbuf_str(&b));
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    cells[0] = text_of(x, "clientId");
    cells[1] = text_of(x, "name");
    cells[2] = json_is_true(json_get(x, "enabled")) ? STR("enabled") : STR("disabled");
    cells[3] = roles_of(c->a, x);
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"CLIENT ID", "NAME", "STATE", "ROLES"};
    (void)w;
    (void)arg;
    return verb_list(c, APPLICATIONS, heads, COUNTOF(heads), list_row, e);
}

static void print_secret(const struct json *answer)
{
    static const char *const names[][2] = {
        {"client id", "clientId"}, {"client secret", "clientSecret"}, {"tenant", "tenant"}};
    for (size_t i = 0; i < COUNTOF(names); i++)
        printf("%-14s %.*s\n", names[i][0], STR_ARG(text_of(answer, names[i][1])));
}

static bool create(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct job *j = arg;
    struct json answer = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    if (!verb_words_are(&j->words, 1, "one name", e))
        return false;
    if (j->role == NULL)
        return err_set(e, ERR_INVALID, "--role ROLE expected, such as 'Microsoft Sentinel Reader'");
    json_obj(&o);
    json_kv_z(&o, "name", j->words.p[0]);
    json_key(&o, "roles");
    json_arr(&o);
    json_obj(&o);
    json_kv_z(&o, "role", j->role);
    if (j->place.workspace != NULL)
        json_kv_z(&o, "workspace", w->id);
    json_obj_end(&o);
    json_arr_end(&o);
    json_obj_end(&o);
    if (!client_call(c, "POST", APPLICATIONS, NULL, sbuf_str(&b), &answer, e))
        return false;
    print_secret(&answer);
    return true;
}

static bool print_credentials(struct client *c, const struct job *j, const char *which,
                              struct text_table *t, struct err *e)
{
    struct json answer = {0};
    if (!client_call(c, "GET", path_of(c, j, APPLICATIONS, which), NULL, STR(""), &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        const struct json *x = &value->items[i];
        struct str end = text_of(x, "endDateTime"), print = text_of(x, "thumbprintSha256");
        struct str cells[] = {text_of(x, "id"), text_of(x, "kind"),
                              end.n > 0 ? str_sub(end, 0, 10) : STR("never"),
                              text_of(x, "displayName"), print.n > 0 ? print : text_of(x, "hint")};
        text_table_row(t, cells);
    }
    return true;
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"CREDENTIAL", "KIND", "EXPIRES", "NAME", "STARTS WITH"};
    const struct job *j = arg;
    struct text_table t;
    (void)w;
    text_table_begin(&t, c->a, heads, COUNTOF(heads));
    if (!one_id(j, e) || !print_credentials(c, j, "/secrets", &t, e) ||
        !print_credentials(c, j, "/certificates", &t, e))
        return false;
    text_table_print(&t, stdout);
    return true;
}

static bool new_secret(struct client *c, const struct client_workspace *w, const void *arg,
                       struct err *e)
{
    const struct job *j = arg;
    struct json answer = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    (void)w;
    if (!one_id(j, e))
        return false;
    bool replace = j->replace != NULL && strcmp(j->replace, "yes") == 0;
    if (replace && (j->name != NULL || j->expires != NULL))
        return err_set(e, ERR_INVALID, "--replace yes goes without --name and --expires");
    json_obj(&o);
    if (j->name != NULL)
        json_kv_z(&o, "displayName", j->name);
    if (j->expires != NULL)
        json_kv_z(&o, "endDateTime", j->expires);
    json_obj_end(&o);
    char *path =
        replace ? path_of(c, j, APPLICATIONS, "/secret") : path_of(c, j, APPLICATIONS, "/secrets");
    if (!client_call(c, "POST", path, NULL, sbuf_str(&b), &answer, e))
        return false;
    print_secret(&answer);
    return true;
}

static bool add_certificate(struct client *c, const struct client_workspace *w, const void *arg,
                            struct err *e)
{
    const struct job *j = arg;
    struct json answer = {0};
    struct str text = STR_NONE;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    (void)w;
    if (!verb_words_are(&j->words, 2, "an application's client id and a certificate's file", e) ||
        !file_read(c->a, j->words.p[1], MAX_CERTIFICATE, &text, e))
        return false;
    json_obj(&o);
    json_kv_str(&o, "certificate", text);
    if (j->name != NULL)
        json_kv_z(&o, "displayName", j->name);
    json_obj_end(&o);
    if (!client_call(c, "POST", path_of(c, j, APPLICATIONS, "/certificates"), NULL, sbuf_str(&b),
                     &answer, e))
        return false;
    printf("certificate %.*s kept, until %.*s\n", STR_ARG(text_of(&answer, "thumbprintSha256")),
           STR_ARG(text_of(&answer, "endDateTime")));
    return true;
}

static bool remove_credential(struct client *c, const struct client_workspace *w, const void *arg,
                              struct err *e)
{
    const struct job *j = arg;
    (void)w;
    if (!verb_words_are(&j->words, 2, "an application's client id and a credential's id", e))
        return false;
    struct str one = client_encoded(c->a, str_from(j->words.p[1]));
    struct str rest = arena_fmt(c->a, "/secrets/%.*s", STR_ARG(one));
    int status = 0;
    struct json answer = {0};
    if (!client_call_any(c, "DELETE", path_of(c, j, APPLICATIONS, arena_strz(c->a, rest)), NULL,
                         STR(""), &status, &answer, e))
        return false;
    if (status == 204)
        return err_set(e, ERR_NOT_FOUND, "the application has no such credential");
    return status == 200 || client_refused(status, &answer, e);
}

static bool set_enabled(struct client *c, const struct job *j, bool on, struct err *e)
{
    return one_id(j, e) &&
           client_call(c, "PATCH", path_of(c, j, APPLICATIONS, ""), NULL,
                       on ? STR("{\"enabled\":true}") : STR("{\"enabled\":false}"), NULL, e);
}

static bool enable(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    (void)w;
    return set_enabled(c, arg, true, e);
}

static bool disable(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    (void)w;
    return set_enabled(c, arg, false, e);
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct job *j = arg;
    (void)w;
    return one_id(j, e) &&
           client_call(c, "DELETE", path_of(c, j, APPLICATIONS, ""), NULL, STR(""), NULL, e);
}

/* ---- the command ---- */

static const struct verb verbs[] = {{"list", list},
                                    {"create", create},
                                    {"show", show},
                                    {"new-secret", new_secret},
                                    {"add-certificate", add_certificate},
                                    {"remove-credential", remove_credential},
                                    {"enable", enable},
                                    {"disable", disable},
                                    {"delete", delete}};

int cli_apps(int argc, char **argv)
{
    struct job j = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(j.place),
                                         {"name", .text = &j.name},
                                         {"role", .text = &j.role},
                                         {"expires", .text = &j.expires},
                                         {"replace", .text = &j.replace}};
    const struct verb_command k = {.name = "apps",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
