/* Bookmarks: rows that a hunter has kept, with the query that found them. */
#pragma once
#include "state/state.h"

struct state_bookmark {
    struct str workspace, id, etag;
    struct str name, query, query_result, notes;
    struct str labels; /* JSON array of text */
    int64_t created, updated;
    struct str created_by, updated_by; /* JSON objects {email, name, objectId, userPrincipalName} */
    int64_t event_time, query_start, query_end; /* 0: not known */
    struct str entity_mappings; /* JSON array [{entityType, fieldMappings[{identifier, value}]}] */
    struct str tactics, techniques; /* JSON arrays of text */
    int64_t row_time;               /* TimeGenerated of its last HuntingBookmark row */
};
bool state_bookmark_put(struct state *s, const struct state_bookmark *b, struct err *e) MUST_USE;
bool state_bookmark_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                        struct state_bookmark *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By creation. */
bool state_bookmark_list(struct state *s, struct arena *a, struct str workspace,
                         struct state_bookmark **out, size_t *n, struct err *e) MUST_USE;
bool state_bookmark_of_incident(struct state *s, struct arena *a, struct str workspace,
                                struct str incident, struct state_bookmark **out, size_t *n,
                                struct err *e) MUST_USE;
/* With its relations. */
bool state_bookmark_delete(struct state *s, struct str workspace, struct str id,
                           struct err *e) MUST_USE;
