/* Scopes: ids of resources as text, from "/" to a table. */
#include "identity/identity_priv.h"

enum { MAX_SCOPE = 1024, MAX_PARTS = 24 };

static size_t split(struct str path, struct str parts[MAX_PARTS])
{
    size_t n = 0, at = 0;
    while (path.n > 0 && n < MAX_PARTS) {
        path = path.p[0] == '/' ? str_sub(path, 1, path.n) : path;
        at = path.n;
        (void)str_find(path, STR("/"), &at);
        parts[n++] = str_sub(path, 0, at);
        path = str_sub(path, at, path.n);
    }
    return path.n == 0 ? n : MAX_PARTS + 1;
}

static bool is(struct str part, const char *word)
{
    return str_ieqz(part, word);
}

/* /subscriptions/S[/resourceGroups/G], /providers/Microsoft.Management/managementGroups/M */
static bool is_container(const struct str *p, size_t n)
{
    if (n == 4 && is(p[0], "providers") && is(p[1], "Microsoft.Management"))
        return is(p[2], "managementGroups");
    return is(p[0], "subscriptions") && (n == 2 || (n == 4 && is(p[2], "resourceGroups")));
}

static bool is_workspace(const struct str *p, size_t n)
{
    return n >= 8 && is(p[0], "subscriptions") && is(p[2], "resourceGroups") &&
           is(p[4], "providers") && is(p[5], "Microsoft.OperationalInsights") &&
           is(p[6], "workspaces");
}

bool identity_scope_read(struct str path, struct identity_scope *out, struct err *e)
{
    struct str parts[MAX_PARTS];
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    *out = (struct identity_scope){.path = path};
    if (str_eqz(path, "/"))
        return true;
    size_t n = path.n <= MAX_SCOPE && path.n > 0 && path.p[0] == '/' ? split(path, parts) : 0;
    bool good = n > 0 && n <= MAX_PARTS && utf8_valid(path, NULL);
    for (size_t i = 0; good && i < n; i++)
        good = parts[i].n > 0;
    if (good && is_container(parts, n))
        return true;
    if (good && is_workspace(parts, n) && n == 8) {
        out->reach = IDENTITY_REACH_WORKSPACE;
        out->workspace = parts[7];
        return true;
    }
    if (good && is_workspace(parts, n) && n == 10 && is(parts[8], "tables")) {
        out->reach = IDENTITY_REACH_TABLE;
        out->workspace = parts[7];
        out->table = parts[9];
        return true;
    }
    out->reach = IDENTITY_REACH_RESOURCE;
    good = good && is(parts[0], "subscriptions") && n >= 8 && n % 2 == 0;
    return good || err_set(e, ERR_INVALID,
                           "'%.*s' is not a scope: '/', a subscription, a resource group or a "
                           "resource's id is expected",
                           (int)(path.n < 200 ? path.n : 200), path.p);
}
