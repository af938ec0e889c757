/* vedette users: who may sign in to the portal. It works on this machine with the operator's token,
 * so that a lost password is no lost server. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette users list                                        [--data DIR]\n"
    "       vedette users show NAME                                   [--data DIR]\n"
    "       vedette users create NAME [--role ROLE] [--display-name TEXT] [--email ADDRESS]\n"
    "                            [--workspace W]                      [--data DIR]\n"
    "       vedette users reset-password|unlock|totp-reset NAME       [--data DIR]\n"
    "       vedette users enable|disable|sign-out|delete NAME         [--data DIR]\n"
    "       vedette users policy [TENANT] [--second-factor optional|required|roles]\n"
    "                            [--roles ROLE,ROLE…]                 [--data DIR]\n"
    "\n"
    "create makes a user with the role (Microsoft Sentinel Reader if not given; everywhere, or\n"
    "in the workspace W), reset-password a new password for one who lost it; both print it,\n"
    "once, and it has to be changed at the next sign-in. unlock ends a lock-out, totp-reset\n"
    "takes the second factor away, sign-out ends all sessions. policy shows of whom a tenant\n"
    "(the first one, if none is named) demands a second factor, or sets it: of all its people,\n"
    "or of those who have one of the roles. --url URL (with VEDETTE_TOKEN,\n"
    "VEDETTE_CA) names another server than that of the data folder.\n";

struct asked {
    struct client_place place;
    const char *role, *display_name, *email, *second_factor, *roles;
    struct verb_words words;
};

static char *path_of(struct client *c, const char *name, const char *action)
{
    return arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/users%s%.*s%s", name[0] != '\0' ? "/" : "",
                                      STR_ARG(client_encoded(c->a, str_from(name))), action));
}

static bool one_name(const struct asked *x, struct err *e)
{
    return verb_words_are(&x->words, 1, "one user's name", e);
}

/* "Owner, Microsoft Sentinel Reader (W)" */
static struct str roles_of(struct arena *a, const struct json *roles)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    for (size_t i = 0; roles != NULL && i < roles->n; i++) {
        struct str workspace = json_text(json_get(&roles->items[i], "workspace"), STR(""));
        sbuf_addz(&b, i > 0 ? ", " : "");
        sbuf_add(&b, json_text(json_get(&roles->items[i], "role"), STR("")));
        if (workspace.n > 0)
            sbuf_addf(&b, " (%.*s)", STR_ARG(workspace));
    }
    return b.n > 0 ? arena_str(a, sbuf_str(&b)) : STR("-");
}

static struct str state_of(const struct json *u)
{
    if (!json_is_true(json_get(u, "enabled")))
        return STR("disabled");
    if (json_text(json_get(u, "lockedUntil"), STR("")).n > 0)
        return STR("locked");
    return json_is_true(json_get(u, "mustChangePassword")) ? STR("new password") : STR("enabled");
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    cells[0] = json_text(json_get(x, "name"), STR(""));
    cells[1] = state_of(x);
    cells[2] = json_is_true(json_get(x, "hasTotp")) ? STR("yes") : STR("no");
    cells[3] = json_text(json_get(x, "lastSignIn"), STR("never"));
    cells[4] = roles_of(c->a, json_get(x, "roles"));
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"NAME", "STATE", "2ND FACTOR", "LAST SIGN-IN", "ROLES"};
    (void)w;
    (void)arg;
    return verb_list(c, path_of(c, "", ""), heads, COUNTOF(heads), list_row, e);
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct asked *x = arg;
    (void)w;
    return one_name(x, e) && verb_show(c, path_of(c, x->words.p[0], ""), e);
}

static void print_password(const char *name, const struct json *answer)
{
    struct str password = json_text(json_get(answer, "password"), STR(""));
    printf("user name  %s\npassword   %.*s\n\nIt is not shown again, and has to be changed at the "
           "next sign-in.\n",
           name, STR_ARG(password));
}

static struct str new_user(struct client *c, const struct client_workspace *w,
                           const struct asked *x)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_z(&o, "name", x->words.p[0]);
    json_kv_z(&o, "displayName", x->display_name != NULL ? x->display_name : "");
    json_kv_z(&o, "email", x->email != NULL ? x->email : "");
    json_key(&o, "roles");
    json_arr(&o);
    json_obj(&o);
    json_kv_z(&o, "role", x->role != NULL ? x->role : "Microsoft Sentinel Reader");
    if (x->place.workspace != NULL)
        json_kv_z(&o, "workspace", w->id);
    json_obj_end(&o);
    json_arr_end(&o);
    json_obj_end(&o);
    return arena_str(c->a, sbuf_str(&b));
}

static bool create(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct asked *x = arg;
    struct json answer = {0};
    if (!one_name(x, e) ||
        !client_call(c, "POST", path_of(c, "", ""), NULL, new_user(c, w, x), &answer, e))
        return false;
    print_password(x->words.p[0], &answer);
    return true;
}

static bool reset_password(struct client *c, const struct client_workspace *w, const void *arg,
                           struct err *e)
{
    const struct asked *x = arg;
    struct json answer = {0};
    (void)w;
    if (!one_name(x, e) || !client_call(c, "POST", path_of(c, x->words.p[0], "/password"), NULL,
                                        STR("{}"), &answer, e))
        return false;
    print_password(x->words.p[0], &answer);
    return true;
}

static bool act(struct client *c, const struct asked *x, const char *method, const char *action,
                struct str body, struct err *e)
{
    return one_name(x, e) &&
           client_call(c, method, path_of(c, x->words.p[0], action), NULL, body, NULL, e);
}

static bool unlock(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    (void)w;
    return act(c, arg, "POST", "/unlock", STR("{}"), e);
}

static bool totp_reset(struct client *c, const struct client_workspace *w, const void *arg,
                       struct err *e)
{
    (void)w;
    return act(c, arg, "POST", "/totp-reset", STR("{}"), e);
}

static bool sign_out(struct client *c, const struct client_workspace *w, const void *arg,
                     struct err *e)
{
    (void)w;
    return act(c, arg, "DELETE", "/sessions", STR(""), e);
}

static bool enable(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    (void)w;
    return act(c, arg, "PATCH", "", STR("{\"enabled\":true}"), e);
}

static bool disable(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    (void)w;
    return act(c, arg, "PATCH", "", STR("{\"enabled\":false}"), e);
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct asked *x = arg;
    (void)w;
    return one_name(x, e) && verb_delete(c, path_of(c, x->words.p[0], ""), e);
}

/* ---- policy ---- */

static bool policy_path(struct client *c, const struct asked *x, const char **out, struct err *e)
{
    struct json answer = {0};
    struct str tenant = STR("");
    if (x->words.n > 1)
        return err_set(e, ERR_INVALID, "at most one tenant's name or id expected");
    if (x->words.n == 1) {
        tenant = str_from(x->words.p[0]);
    } else {
        if (!client_call(c, "GET", "/vedette/v1/tenants", NULL, STR(""), &answer, e))
            return false;
        const struct json *value = json_get(&answer, "value");
        if (value != NULL && value->n > 0)
            tenant = json_text(json_get(&value->items[0], "id"), STR(""));
    }
    *out = arena_fmt(c->a, "/vedette/v1/tenants/%.*s/signInPolicy",
                     STR_ARG(client_encoded(c->a, tenant)))
               .p;
    return true;
}

static struct str policy_body(struct client *c, const struct asked *x)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    struct json_out o = json_out_make(&b);
    struct str rest = str_from(x->roles != NULL ? x->roles : "");
    json_obj(&o);
    json_kv_z(&o, "secondFactor", x->second_factor);
    json_key(&o, "roles");
    json_arr(&o);
    while (rest.n > 0) {
        size_t at = rest.n;
        (void)str_find(rest, STR(","), &at);
        json_str(&o, str_trim(str_sub(rest, 0, at)));
        rest = str_sub(rest, at + 1, rest.n);
    }
    json_arr_end(&o);
    json_obj_end(&o);
    return arena_str(c->a, sbuf_str(&b));
}

static bool policy(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct asked *x = arg;
    const char *path = "";
    (void)w;
    if (x->roles != NULL && x->second_factor == NULL)
        return err_set(e, ERR_INVALID, "--roles: only with --second-factor roles");
    if (!policy_path(c, x, &path, e) ||
        (x->second_factor != NULL &&
         !client_call(c, "PUT", path, NULL, policy_body(c, x), NULL, e)))
        return false;
    return verb_show(c, path, e);
}

static const struct verb verbs[] = {{"list", list},         {"show", show},
                                    {"create", create},     {"reset-password", reset_password},
                                    {"unlock", unlock},     {"totp-reset", totp_reset},
                                    {"sign-out", sign_out}, {"enable", enable},
                                    {"disable", disable},   {"delete", delete},
                                    {"policy", policy}};

int cli_users(int argc, char **argv)
{
    struct asked x = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(x.place),
                                         {"role", .text = &x.role},
                                         {"display-name", .text = &x.display_name},
                                         {"email", .text = &x.email},
                                         {"second-factor", .text = &x.second_factor},
                                         {"roles", .text = &x.roles}};
    const struct verb_command k = {"users",        usage,   verbs,
                                   COUNTOF(verbs), options, COUNTOF(options)};
    return verbs_run(&k, &x.place, &x.words, &x, argc, argv);
}
