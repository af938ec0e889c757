/* vedette providers: the identity providers that people sign in through. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette providers list                  [--data DIR]\n"
    "       vedette providers show NAME             [--data DIR]\n"
    "       vedette providers put NAME FILE.json    [--data DIR]\n"
    "       vedette providers check NAME            [--data DIR]\n"
    "       vedette providers delete NAME           [--data DIR]\n"
    "\n"
    "put keeps a provider's settings: issuer, clientId, clientSecret, roles and the rest of\n"
    "docs/single-sign-on.md, and \"tenant\" for one that is not the first tenant's. check fetches\n"
    "what the provider says of itself. --url URL (with VEDETTE_TOKEN, VEDETTE_CA) names another\n"
    "server than that of the data folder.\n";

struct asked {
    struct client_place place;
    struct verb_words words;
};

static char *path_of(struct client *c, const char *name, const char *action)
{
    return arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/identityProviders%s%.*s%s",
                                      name[0] != '\0' ? "/" : "",
                                      STR_ARG(client_encoded(c->a, str_from(name))), action));
}

static bool one_name(const struct asked *x, struct err *e)
{
    return verb_words_are(&x->words, 1, "one provider's name", e);
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    (void)c;
    const struct json *enabled = json_get(x, "enabled");
    bool off = enabled != NULL && enabled->type == JSON_FALSE;
    cells[0] = json_text(json_get(x, "name"), STR("-"));
    cells[1] = off ? STR("no") : STR("yes");
    cells[2] = json_text(json_get(x, "issuer"), STR("-"));
    cells[3] = json_text(json_get(x, "tenant"), STR("-"));
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"NAME", "ENABLED", "ISSUER", "TENANT"};
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

static bool put(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct asked *x = arg;
    struct str text = STR("");
    struct json body = {0};
    (void)w;
    return verb_words_are(&x->words, 2, "a provider's name and a file with its settings", e) &&
           verb_json_read(c, x->words.p[1], &text, &body, e) &&
           client_call(c, "PUT", path_of(c, x->words.p[0], ""), NULL, text, NULL, e);
}

static bool check(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    const struct asked *x = arg;
    struct json answer = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out o = json_out_make(&b);
    (void)w;
    if (!one_name(x, e) ||
        !client_call(c, "POST", path_of(c, x->words.p[0], "/check"), NULL, STR("{}"), &answer, e))
        return false;
    json_value(&o, &answer);
    printf("%.*s\n", (int)b.n, b.p);
    return true;
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct asked *x = arg;
    (void)w;
    return one_name(x, e) && verb_delete(c, path_of(c, x->words.p[0], ""), e);
}

static const struct verb verbs[] = {
    {"list", list}, {"show", show}, {"put", put}, {"check", check}, {"delete", delete}};

int cli_providers(int argc, char **argv)
{
    struct asked x = {0};
    const struct cli_option options[] = {OPTIONS_OF_SERVER(x.place)};
    const struct verb_command k = {"providers",    usage,   verbs,
                                   COUNTOF(verbs), options, COUNTOF(options)};
    return verbs_run(&k, &x.place, &x.words, &x, argc, argv);
}
