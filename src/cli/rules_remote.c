/* The rules of a workspace, as a set like that of files. */
#include "cli/rules_remote.h"

enum { MAX_PAGES = 1000 };

/* A link to the next page is a whole address or a path. */
static char *path_of(struct arena *a, struct str link)
{
    size_t at;
    if (str_find(link, STR("/subscriptions/"), &at))
        link = str_sub(link, at, link.n);
    return arena_strz(a, link);
}

bool rules_fetch(struct client *c, const struct client_workspace *w, struct json *out,
                 struct err *e)
{
    VEC(struct json) all = {0};
    char *target =
        arena_strz(c->a, arena_fmt(c->a, "%s/alertRules?api-version=2024-09-01", w->insights));
    for (size_t page = 0; target != NULL && page < MAX_PAGES; page++) {
        struct json answer = {0};
        if (!client_call(c, "GET", target, NULL, STR(""), &answer, e))
            return false;
        const struct json *value = json_get(&answer, "value");
        for (size_t i = 0; value != NULL && i < value->n; i++)
            VEC_PUSH(c->a, &all, value->items[i]);
        struct str next = json_text(json_get(&answer, "nextLink"), STR(""));
        target = next.n > 0 ? path_of(c->a, next) : NULL;
    }
    *out = (struct json){.type = JSON_ARRAY, .items = all.p, .n = all.n};
    return true;
}

bool rule_set_fetch(struct rule_set *s, struct client *c, const struct client_workspace *w,
                    struct err *e)
{
    struct json list = {0};
    if (!rules_fetch(c, w, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++)
        rule_set_add_arm(s, w->name, &list.items[i]);
    return true;
}
