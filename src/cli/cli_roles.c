/* vedette roles: list and show roles, give and take them, and tell who can do something. */
#include <stdio.h>

#include "base/ids.h"
#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette roles list                       [--data DIR]\n"
    "       vedette roles show ROLE                  [--data DIR]\n"
    "       vedette roles assign PRINCIPAL ROLE      [--data DIR] [--scope SCOPE]\n"
    "               [--condition TEXT] [--type User|Group|ServicePrincipal]\n"
    "       vedette roles unassign PRINCIPAL ROLE    [--data DIR] [--scope SCOPE]\n"
    "       vedette roles assigned [PRINCIPAL]       [--data DIR]\n"
    "       vedette roles who-can ACTION             [--data DIR] [--scope SCOPE]\n"
    "\n"
    "ROLE is a name or an id, PRINCIPAL the id of an application, a person or a group. SCOPE is\n"
    "'/' (everything), the resource id of a workspace or of a table, or the name of a workspace.\n"
    "ACTION is Azure's, such as Microsoft.SecurityInsights/incidents/write. --url URL (with\n"
    "VEDETTE_TOKEN, VEDETTE_CA) names another server than that of the data folder.\n";

struct job {
    struct client_place place;
    struct verb_words words;
    const char *scope, *condition, *type;
};

#define AUTHORIZATION "/providers/Microsoft.Authorization"
#define VERSION "?api-version=2022-04-01"

static struct str text_of(const struct json *v, const char *dotted)
{
    return json_text(json_path(v, dotted), STR(""));
}

/* A scope as people read it: without what all workspaces' ids begin with. */
static struct str short_scope(struct str scope)
{
    static const char mark[] = "/providers/Microsoft.OperationalInsights/";
    size_t at = 0;
    return str_find(scope, STR(mark), &at) ? str_sub(scope, at + sizeof(mark) - 1, scope.n) : scope;
}

/* The scope as a path without a '/' at its end: "" for all. */
static bool scope_of(struct client *c, const struct job *j, struct str *out, struct err *e)
{
    struct client_workspace w = {0};
    struct str scope = str_from(j->scope);
    *out = STR("");
    if (scope.n == 0 || str_eqz(scope, "/"))
        return true;
    if (scope.p[0] == '/')
        *out = scope;
    else if (client_workspace(c, j->scope, &w, e))
        *out = str_from(w.arm);
    else
        return false;
    return true;
}

static bool roles(struct client *c, struct json *answer, const struct json **out, struct err *e)
{
    if (!client_call(c, "GET", AUTHORIZATION "/roleDefinitions" VERSION, NULL, STR(""), answer, e))
        return false;
    *out = json_get(answer, "value");
    return *out != NULL || err_set(e, ERR_INTERNAL, "the server's list of roles can't be read");
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    bool custom = str_eqz(text_of(x, "properties.type"), "CustomRole");
    (void)c;
    cells[0] = text_of(x, "properties.roleName");
    cells[1] = custom ? STR("custom") : STR("built-in");
    cells[2] = text_of(x, "name");
    cells[3] = text_of(x, "properties.description");
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"ROLE", "KIND", "ID", "WHAT IT IS FOR"};
    (void)w, (void)arg;
    return verb_list(c, AUTHORIZATION "/roleDefinitions" VERSION, heads, COUNTOF(heads), list_row,
                     e);
}

/* By name or id. */
static bool find_role(struct client *c, const char *which, const struct json **out, struct err *e)
{
    const struct json *all = NULL;
    struct json *answer = arena_new_of(c->a, struct json);
    if (!roles(c, answer, &all, e))
        return false;
    for (size_t i = 0; i < all->n; i++) {
        *out = &all->items[i];
        if (str_ieqz(text_of(*out, "properties.roleName"), which) ||
            str_ieqz(text_of(*out, "name"), which))
            return true;
    }
    return err_set(e, ERR_NOT_FOUND, "there is no role '%s'; vedette roles list has them", which);
}

static void print_list(struct arena *a, const struct json *permission, const char *name)
{
    const struct json *v = json_get(permission, name);
    for (size_t i = 0; v != NULL && i < v->n; i++)
        printf("%-16s %.*s\n", i == 0 ? name : "",
               STR_ARG(text_plain(a, json_text(&v->items[i], STR("")))));
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const lists[] = {"actions", "notActions", "dataActions", "notDataActions"};
    const struct job *j = arg;
    const struct json *role = NULL;
    (void)w;
    if (!verb_words_are(&j->words, 1, "a role's name or id", e) ||
        !find_role(c, j->words.p[0], &role, e))
        return false;
    printf("%.*s (%.*s)\n%.*s\n", STR_ARG(text_plain(c->a, text_of(role, "properties.roleName"))),
           STR_ARG(text_of(role, "name")),
           STR_ARG(text_plain(c->a, text_of(role, "properties.description"))));
    const struct json *permissions = json_path(role, "properties.permissions");
    for (size_t i = 0; permissions != NULL && i < permissions->n; i++)
        for (size_t k = 0; k < COUNTOF(lists); k++)
            print_list(c->a, &permissions->items[i], lists[k]);
    return true;
}

static struct str assignment_body(struct client *c, const struct job *j, struct str role,
                                  struct sbuf *b)
{
    struct json_out o = json_out_make(b);
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    json_kv_str(&o, "roleDefinitionId",
                arena_fmt(c->a, AUTHORIZATION "/roleDefinitions/%.*s", STR_ARG(role)));
    json_kv_z(&o, "principalId", j->words.p[0]);
    json_kv_z(&o, "principalType", j->type != NULL ? j->type : "ServicePrincipal");
    if (j->condition != NULL) {
        json_kv_z(&o, "condition", j->condition);
        json_kv_z(&o, "conditionVersion", "2.0");
    }
    json_obj_end(&o);
    json_obj_end(&o);
    return sbuf_str(b);
}

static bool assign(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct job *j = arg;
    const struct json *role = NULL;
    struct str scope = STR("");
    char id[37];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    (void)w;
    if (!verb_words_are(&j->words, 2, "a principal's id and a role", e) ||
        !find_role(c, j->words.p[1], &role, e) || !scope_of(c, j, &scope, e))
        return false;
    guid_format(guid_new(), id);
    struct str body = assignment_body(c, j, text_of(role, "name"), &b);
    struct str path =
        arena_fmt(c->a, "%.*s" AUTHORIZATION "/roleAssignments/%s" VERSION, STR_ARG(scope), id);
    if (!client_call(c, "PUT", arena_strz(c->a, path), NULL, body, NULL, e))
        return false;
    printf("%s has the role %.*s at %.*s\n", j->words.p[0],
           STR_ARG(text_plain(c->a, text_of(role, "properties.roleName"))),
           STR_ARG(scope.n > 0 ? short_scope(scope) : STR("/")));
    return true;
}

static bool assignments(struct client *c, const char *principal, struct json *answer,
                        const struct json **out, struct err *e)
{
    struct str filter = STR("");
    if (principal != NULL)
        filter = client_encoded(c->a, arena_fmt(c->a, "principalId eq '%s'", principal));
    struct str path = arena_fmt(c->a, AUTHORIZATION "/roleAssignments" VERSION "%s%.*s",
                                principal != NULL ? "&%24filter=" : "", STR_ARG(filter));
    if (!client_call(c, "GET", arena_strz(c->a, path), NULL, STR(""), answer, e))
        return false;
    *out = json_get(answer, "value");
    return *out != NULL || err_set(e, ERR_INTERNAL, "the server's answer can't be read");
}

static bool unassign(struct client *c, const struct client_workspace *w, const void *arg,
                     struct err *e)
{
    const struct job *j = arg;
    const struct json *role = NULL, *all = NULL;
    struct json answer = {0};
    struct str scope = STR("");
    (void)w;
    if (!verb_words_are(&j->words, 2, "a principal's id and a role", e) ||
        !find_role(c, j->words.p[1], &role, e) || !scope_of(c, j, &scope, e) ||
        !assignments(c, j->words.p[0], &answer, &all, e))
        return false;
    scope = scope.n > 0 ? scope : STR("/");
    for (size_t i = 0; i < all->n; i++) {
        const struct json *one = &all->items[i];
        if (str_ends(text_of(one, "properties.roleDefinitionId"), text_of(role, "name")) &&
            str_ieq(text_of(one, "properties.scope"), scope))
            return client_call(
                c, "DELETE",
                arena_strz(c->a, arena_fmt(c->a, "%.*s" VERSION, STR_ARG(text_of(one, "id")))),
                NULL, STR(""), NULL, e);
    }
    return err_set(e, ERR_NOT_FOUND, "%s does not have that role at %.*s", j->words.p[0],
                   STR_ARG(scope));
}

/* The name of the role whose id is the end of text. */
static struct str role_name(const struct json *all, struct str text)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_ends(text, text_of(&all->items[i], "name")))
            return text_of(&all->items[i], "properties.roleName");
    return text;
}

static bool assigned(struct client *c, const struct client_workspace *w, const void *arg,
                     struct err *e)
{
    static const char *const heads[] = {"PRINCIPAL", "TYPE", "ROLE", "SCOPE", "CONDITION"};
    const struct job *j = arg;
    const struct json *all = NULL, *known = NULL;
    struct json answer = {0}, of_roles = {0};
    struct text_table t;
    (void)w;
    if (j->words.n > 1)
        return err_set(e, ERR_INVALID, "one principal's id expected, or none");
    if (!assignments(c, j->words.n == 1 ? j->words.p[0] : NULL, &answer, &all, e) ||
        !roles(c, &of_roles, &known, e))
        return false;
    text_table_begin(&t, c->a, heads, COUNTOF(heads));
    for (size_t i = 0; i < all->n; i++) {
        const struct json *p = json_get(&all->items[i], "properties");
        struct str cells[] = {text_of(p, "principalId"), text_of(p, "principalType"),
                              role_name(known, text_of(p, "roleDefinitionId")),
                              short_scope(text_of(p, "scope")), text_of(p, "condition")};
        text_table_row(&t, cells);
    }
    text_table_print(&t, stdout);
    return true;
}

static void who_can_row(struct client *c, const struct json *x, struct str *cells)
{
    (void)c;
    cells[0] = text_of(x, "principalId");
    cells[1] = text_of(x, "principalType");
    cells[2] = text_of(x, "role");
    cells[3] = short_scope(text_of(x, "scope"));
    cells[4] = text_of(x, "condition");
}

static bool who_can(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    static const char *const heads[] = {"PRINCIPAL", "TYPE", "ROLE", "SCOPE", "CONDITION"};
    const struct job *j = arg;
    struct str scope = STR("");
    (void)w;
    if (!verb_words_are(&j->words, 1, "an action", e) || !scope_of(c, j, &scope, e))
        return false;
    struct str path = arena_fmt(c->a, "/vedette/v1/access?action=%.*s&scope=%.*s",
                                STR_ARG(client_encoded(c->a, str_from(j->words.p[0]))),
                                STR_ARG(client_encoded(c->a, scope.n > 0 ? scope : STR("/"))));
    return verb_list(c, arena_strz(c->a, path), heads, COUNTOF(heads), who_can_row, e);
}

int cli_roles(int argc, char **argv)
{
    static const struct verb verbs[] = {{"list", list},         {"show", show},
                                        {"assign", assign},     {"unassign", unassign},
                                        {"assigned", assigned}, {"who-can", who_can}};
    struct job j = {0};
    const struct cli_option options[] = {OPTIONS_OF_SERVER(j.place),
                                         {"scope", .text = &j.scope},
                                         {"condition", .text = &j.condition},
                                         {"type", .text = &j.type}};
    const struct verb_command k = {.name = "roles",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
