/* Verbs of a command, and what verbs of resources have in common. */
#include "cli/verbs.h"
#include "cli/files.h"
#include "cli/text_table.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { MAX_RESOURCE_FILE = 1 << 20 };

int verbs_run(const struct verb_command *k, const struct client_place *place, struct verb_words *w,
              const void *arg, int argc, char **argv)
{
    int code = options_read(k->usage, k->options, k->n_options, argc, argv);
    if (code >= 0)
        return code;
    const char *verb = optind < argc ? argv[optind] : "";
    *w = (struct verb_words){argv + optind + 1, argc - optind - 1};
    for (size_t i = 0; i < k->n_verbs; i++)
        if (strcmp(k->verbs[i].name, verb) == 0)
            return client_run(k->name, place, false, k->verbs[i].fn, arg);
    return options_misused(k->usage);
}

bool verb_words_are(const struct verb_words *w, int n, const char *what, struct err *e)
{
    return w->n == n || err_set(e, ERR_INVALID, "%s expected", what);
}

char *verb_path(struct client *c, struct str collection, struct str name, const char *action,
                const char *version)
{
    struct str encoded = client_encoded(c->a, name);
    return arena_strz(c->a, arena_fmt(c->a, "%.*s%s%.*s%s?api-version=%s", STR_ARG(collection),
                                      name.n > 0 ? "/" : "", STR_ARG(encoded), action, version));
}

bool verb_json_read(struct client *c, const char *file, struct str *out_text, struct json *out,
                    struct err *e)
{
    if (!file_read(c->a, file, MAX_RESOURCE_FILE, out_text, e))
        return false;
    if (json_parse(c->a, *out_text, NULL, out, e))
        return true;
    err_prefix(e, "%s, line %u, column %u", file, e->pos.line, e->pos.col);
    return false;
}

bool verb_resource_read(struct client *c, const struct verb_words *w, const char *given,
                        struct verb_resource *out, struct err *e)
{
    if (!verb_words_are(w, 1, "one file", e) ||
        !verb_json_read(c, w->p[0], &out->text, &out->body, e))
        return false;
    out->name = given != NULL ? str_from(given) : json_text(json_get(&out->body, "name"), STR(""));
    return out->name.n > 0 || err_set(e, ERR_INVALID, "%s: no \"name\"; give --name", w->p[0]);
}

bool verb_show(struct client *c, const char *target, struct err *e)
{
    struct json answer = {0};
    if (!client_call(c, "GET", target, NULL, STR(""), &answer, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_value(&o, &answer);
    printf("%.*s\n", STR_ARG(sbuf_str(&b)));
    return true;
}

/* A link without scheme and host: the server that was asked is asked again. */
static struct str below_host(struct str link)
{
    size_t at = 0;
    if (str_find(link, STR("://"), &at))
        link = str_sub(link, at + 3, link.n);
    return str_find(link, STR("/"), &at) ? str_sub(link, at, link.n) : STR("");
}

bool verb_list(struct client *c, const char *target, const char *const *heads, size_t n_heads,
               verb_row_fn *row, struct err *e)
{
    struct text_table t;
    CHECK(n_heads <= VERB_COLUMNS);
    text_table_begin(&t, c->a, heads, n_heads);
    for (struct str next = str_from(target); next.n > 0;) {
        struct json answer = {0};
        if (!client_call(c, "GET", arena_strz(c->a, next), NULL, STR(""), &answer, e))
            return false;
        const struct json *value = json_get(&answer, "value");
        for (size_t i = 0; value != NULL && i < value->n; i++) {
            struct str cells[VERB_COLUMNS];
            row(c, &value->items[i], cells);
            text_table_row(&t, cells);
        }
        next = below_host(json_text(json_get(&answer, "nextLink"), STR("")));
    }
    text_table_print(&t, stdout);
    return true;
}

bool verb_delete(struct client *c, const char *target, struct err *e)
{
    return client_call(c, "GET", target, NULL, STR(""), NULL, e) &&
           client_call(c, "DELETE", target, NULL, STR(""), NULL, e);
}
