/* Data collection rules and endpoints: resources of a tenant, not of a workspace. Keys of those of
 * another tenant than the first have its id and '/' in front. */
#pragma once
#include "state/state.h"

enum state_collection { STATE_COLLECTION_RULES, STATE_COLLECTION_ENDPOINTS };
struct state_dcr {
    struct str key; /* the name in lower case */
    struct str id, etag;
    struct str immutable_id;         /* "dcr-" or "dce-" and 32 hex digits; never changes */
    struct str location, kind, tags; /* tags: JSON object */
    struct str properties;           /* JSON object, as it was sent */
    int64_t created, modified;
    struct str created_by, modified_by;
};
bool state_dcr_put(struct state *s, enum state_collection c, const struct state_dcr *x,
                   struct err *e) MUST_USE;
bool state_dcr_get(struct state *s, struct arena *a, enum state_collection c, struct str key,
                   struct state_dcr *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By immutable id. */
bool state_dcr_find(struct state *s, struct arena *a, enum state_collection c,
                    struct str immutable_id, struct state_dcr *out,
                    struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_dcr_list(struct state *s, struct arena *a, enum state_collection c,
                    struct state_dcr **out, size_t *n, struct err *e) MUST_USE;
/* Which resource a rule or an endpoint is for. */
struct state_association {
    struct str key;            /* resource and name in lower case, with '/' between */
    struct str resource, name; /* resource: the ARM id, as it was sent */
    struct str etag;
    struct str rule, endpoint; /* keys of one of them; the other is empty */
    struct str description;
    int64_t created, modified;
    struct str created_by, modified_by;
};
bool state_association_put(struct state *s, const struct state_association *x,
                           struct err *e) MUST_USE;
bool state_association_get(struct state *s, struct arena *a, struct str key,
                           struct state_association *out, struct err *e) MUST_USE;
/* By key. */
bool state_association_list(struct state *s, struct arena *a, struct state_association **out,
                            size_t *n, struct err *e) MUST_USE;
bool state_association_delete(struct state *s, struct str key, bool *out_was_there,
                              struct err *e) MUST_USE;
bool state_dcr_delete(struct state *s, enum state_collection c, struct str key, bool *out_was_there,
                      struct err *e) MUST_USE;
