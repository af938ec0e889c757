/* How a workspace lets its rows be read, beside the roles that callers have: its access control
 * mode, and tables that are protected. Sources: "Manage access to Log Analytics workspaces",
 * "Configure protected tables in Azure Monitor Logs". */
#pragma once
#include "identity/identity.h"
#include "store/store.h"

struct identity_access {
    /* Who may read the logs of a resource reads its rows here without any right in the workspace:
     * Azure's features.enableLogAccessUsingOnlyResourcePermissions. */
    bool by_resource;
    /* Only data actions let read tables: Azure's features.dataAuthorizationMode, DataActionsOnly.
     */
    bool data_actions_only;
};
/* workspace: id. One that was never set: by resource, by all actions. */
struct identity_access identity_access_of(const struct identity *id, struct str workspace);
bool identity_access_set(struct identity *id, struct str workspace, const struct identity_access *x,
                         struct err *e) MUST_USE;
/* A protected table shows its rows to those only who were given it as a protected one. table: as
 * the catalogue spells it. */
bool identity_table_is_protected(const struct identity *id, struct str workspace, struct str table);
bool identity_table_protect(struct identity *id, struct str workspace, struct str table,
                            bool is_protected, struct err *e) MUST_USE;

/* ---- the name that people see ---- */
enum { IDENTITY_DISPLAY_NAME_BYTES = 128 };
/* Another name beside the one that queries and paths use, which stays; lives in a. Without one:
 * that name. */
struct str identity_display_name(const struct identity *id, struct arena *a,
                                 const struct workspace *w);
/* Errors: ERR_INVALID: too long, or with control characters. */
bool identity_display_name_check(struct str name, struct err *e) MUST_USE;
/* Empty: none of its own. */
bool identity_display_name_set(struct identity *id, const struct workspace *w, struct str name,
                               struct err *e) MUST_USE;

/* ---- the logs of resources ---- */
/* Which rows of a table a query in the context of a resource (the id of one, of a resource group or
 * of a subscription) shows: those whose _ResourceId lies at or below it, as far as c may read the
 * logs of that table there, and in the workspace what its access control mode asks for. Never
 * IDENTITY_READS_ALL. */
enum identity_reading identity_reads_of_resource(const struct identity_caller *c, struct arena *a,
                                                 struct str resource,
                                                 const struct identity_table *t,
                                                 const struct kql_row_rule **out_rule);
/* May c read any logs of the resource, or of what lies below it, by a role that counts in the
 * workspace (id; empty: in any)? */
bool identity_reads_resource(const struct identity_caller *c, struct str workspace,
                             struct str resource);
