/* Patterns of actions, and which actions the rights of routes stand for. */
#include "identity/identity_priv.h"

enum { MAX_PATTERN = 300 };
#define SI "Microsoft.SecurityInsights/"
#define OI "Microsoft.OperationalInsights/workspaces/"
#define MAY_ASSIGN "Microsoft.Authorization/roleAssignments/write"

/* What concerns the directory (people, applications) or the whole server is no resource in Azure;
 * here it is for those who may give rights. */
static const struct identity_right rights[] = {
    {"query/read", OI "query/read", NULL, NULL, IDENTITY_OF_WORKSPACE, true},
    {"resourceLogs/read", "Microsoft.Insights/logs/read", NULL, NULL, IDENTITY_OF_WORKSPACE, true},
    {"incidents/read", SI "incidents/read", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"incidents/write", SI "incidents/write", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"incidents/delete", SI "incidents/delete", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"bookmarks/write", SI "bookmarks/write", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"rules/read", SI "alertRules/read", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"rules/write", SI "alertRules/write", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"watchlists/read", SI "watchlists/read", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"watchlists/write", SI "watchlists/write", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"functions/read", OI "savedSearches/read", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"functions/write", OI "savedSearches/write", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"tables/read", OI "tables/read", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"tables/write", OI "tables/write", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"workspaces/read", OI "read", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"workspaces/write", OI "write", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"workspaces/delete", OI "delete", NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"keys/read", OI "sharedKeys/action", NULL, NULL, IDENTITY_OF_WORKSPACE, true},
    {"keys/write", OI "regenerateSharedKey/action", NULL, NULL, IDENTITY_OF_WORKSPACE, true},
    {"purge/read", OI "operations/read", NULL, NULL, IDENTITY_OF_WORKSPACE, true},
    {"purge/write", OI "purge/action", NULL, NULL, IDENTITY_OF_WORKSPACE, true},
    {"logs/write", "Microsoft.Insights/dataCollectionRules/data/write", NULL,
     "Microsoft.Insights/Telemetry/Write", IDENTITY_OF_WORKSPACE, true},
    {"diagnostics/read", "Microsoft.Insights/diagnosticSettings/read", NULL, NULL,
     IDENTITY_OF_WORKSPACE, false},
    {"diagnostics/write", "Microsoft.Insights/diagnosticSettings/write", NULL, NULL,
     IDENTITY_OF_WORKSPACE, false},
    {"logs/import", SI "fileImports/write", NULL, NULL, IDENTITY_OF_WORKSPACE, true},
    {"roles/read", "Microsoft.Authorization/roleAssignments/read", NULL, NULL,
     IDENTITY_OF_WORKSPACE, false},
    {"roles/write", MAY_ASSIGN, NULL, NULL, IDENTITY_OF_WORKSPACE, false},
    {"metrics/read", "Vedette/metrics/read", NULL, NULL, IDENTITY_OF_SERVER, true},
    {"backup/write", "Vedette/backup/action", MAY_ASSIGN, NULL, IDENTITY_OF_SERVER, true},
    {"clock/read", "Vedette/clock/read", MAY_ASSIGN, NULL, IDENTITY_OF_SERVER, true},
    {"clock/write", "Vedette/clock/write", MAY_ASSIGN, NULL, IDENTITY_OF_SERVER, true},
    {"applications/read", "Vedette/applications/read", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT, true},
    {"applications/write", "Vedette/applications/write", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT,
     true},
    {"users/read", "Vedette/users/read", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT, true},
    {"users/write", "Vedette/users/write", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT, true},
    {"providers/read", "Vedette/identityProviders/read", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT,
     true},
    {"providers/write", "Vedette/identityProviders/write", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT,
     true},
    {"servers/read", "Vedette/servers/read", MAY_ASSIGN, NULL, IDENTITY_OF_SERVER, true},
    {"servers/write", "Vedette/servers/write", MAY_ASSIGN, NULL, IDENTITY_OF_SERVER, true},
    {"delegations/read", "Vedette/delegations/read", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT, true},
    {"delegations/write", "Vedette/delegations/write", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT, true},
    {"tenants/read", "Vedette/tenants/read", NULL, NULL, IDENTITY_OF_WORKSPACE, true},
    {"tenants/write", "Vedette/tenants/write", MAY_ASSIGN, NULL, IDENTITY_OF_TENANT, true},
};

const struct identity_right *identity_right_at(size_t i)
{
    return i < COUNTOF(rights) ? &rights[i] : NULL;
}

struct identity_right identity_right_find(struct arena *a, const char *name)
{
    for (size_t i = 0; i < COUNTOF(rights); i++)
        if (strcmp(rights[i].name, name) == 0)
            return rights[i];
    return (struct identity_right){
        .name = name, .action = arena_fmt(a, "Vedette/%s", name).p, .exact = true};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The usual way with one star remembered: no pattern takes more than length times length. */
static bool glob(const char *pattern, struct str action)
{
    const char *p = pattern, *star = NULL;
    size_t i = 0, mark = 0;
    while (i < action.n) {
        if (*p == '*') {
            star = p++;
            mark = i;
        } else if (*p != '\0' && lower(*p) == lower(action.p[i])) {
            p++;
            i++;
        } else if (star != NULL) {
            p = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (*p == '*')
        p++;
    return *p == '\0';
}

/* Nothing at all may stand for a "(star)/", too: a Responder, to whom incidents/(star)/Delete is
 * denied, can't delete an incident, and a Sentinel Reader, who has workspaces/(star)/read, can read
 * the workspace. Source: "Delete incidents" asks for a Contributor. */
bool identity_action_matches(const char *pattern, struct str action)
{
    char shorter[MAX_PATTERN];
    size_t n = 0;
    bool found = false;
    if (glob(pattern, action))
        return true;
    for (const char *p = pattern; *p != '\0' && n + 1 < sizeof(shorter); p++) {
        shorter[n++] = *p;
        if (strncmp(p, "/*/", 3) == 0) {
            found = true;
            p += 2;
        }
    }
    shorter[n] = '\0';
    return found && glob(shorter, action);
}

static bool any_matches(const char *const *patterns, struct str action)
{
    for (size_t i = 0; patterns != NULL && patterns[i] != NULL; i++)
        if (identity_action_matches(patterns[i], action))
            return true;
    return false;
}

bool identity_role_allows(const struct identity_role *r, struct str action, bool data)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct identity_permission *p = &r->permissions[i];
        if (any_matches(data ? p->data_actions : p->actions, action) &&
            !any_matches(data ? p->not_data_actions : p->not_actions, action))
            return true;
    }
    return false;
}

bool identity_role_refuses(const struct identity_role *r, struct str action)
{
    for (size_t i = 0; i < r->n; i++)
        if (any_matches(r->permissions[i].not_actions, action))
            return true;
    return false;
}
