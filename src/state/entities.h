/* Entities that alerts and bookmarks name: one row a thing, and where it was named. */
#pragma once
#include "state/state.h"

#define LINK_ALERT "alert"
#define LINK_BOOKMARK "bookmark"

struct state_entity {
    struct str workspace, id; /* id: derived from what identifies it */
    struct str kind;          /* of the ARM resource: Account, Host, Ip … */
    struct str body;          /* JSON object in the form of the Entities column, without $id */
    int64_t first_seen, last_seen;
};
bool state_entity_put(struct state *s, const struct state_entity *x, struct err *e) MUST_USE;
bool state_entity_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                      struct state_entity *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* At most max, the last seen first, behind the given number of them. */
bool state_entity_list(struct state *s, struct arena *a, struct str workspace, size_t skip,
                       size_t max, struct state_entity **out, size_t *n, struct err *e) MUST_USE;

struct state_entity_link {
    struct str workspace, entity;
    struct str source_type, source; /* LINK_…, its id */
    int64_t time;                   /* when it was seen there */
};
bool state_entity_link(struct state *s, const struct state_entity_link *x, struct err *e) MUST_USE;
/* Takes away all links of a source. */
bool state_entity_unlink(struct state *s, struct str workspace, const char *type, struct str source,
                         struct err *e) MUST_USE;
/* Entities of one source, in order of their kind and id. */
bool state_entity_of(struct state *s, struct arena *a, struct str workspace, const char *type,
                     struct str source, struct state_entity **out, size_t *n,
                     struct err *e) MUST_USE;
/* Those of an incident's alerts and bookmarks, each once. */
bool state_entity_of_incident(struct state *s, struct arena *a, struct str workspace,
                              struct str incident, struct state_entity **out, size_t *n,
                              struct err *e) MUST_USE;
/* What an incident is about: a device, a user, a mailbox or an application. */
struct state_asset {
    struct str incident, kind, body; /* as of state_entity */
    int64_t total;                   /* of the incident */
};
/* Those of many incidents, by one query: incidents is a JSON array of ids; of each at most max, in
 * order of their kind and id. */
bool state_entity_assets(struct state *s, struct arena *a, struct str workspace,
                         struct str incidents, size_t max, struct state_asset **out, size_t *n,
                         struct err *e) MUST_USE;
/* Where an entity was named from ≤ time < to, the newest first, at most max. */
bool state_entity_links(struct state *s, struct arena *a, struct str workspace, struct str entity,
                        int64_t from, int64_t to, size_t max, struct state_entity_link **out,
                        size_t *n, struct err *e) MUST_USE;

/* Incidents to which alerts and bookmarks belong that named the entity from ≤ time < to: their ids,
 * each once, of at most max alerts and bookmarks. */
bool state_entity_incidents(struct state *s, struct arena *a, struct str workspace,
                            struct str entity, int64_t from, int64_t to, size_t max,
                            struct str **out, size_t *n, struct err *e) MUST_USE;

struct state_entity_query {
    struct str kind;  /* empty: all */
    struct str text;  /* in any of its values, or its full name; case does not matter; empty: all */
    bool most_alerts; /* those of most alerts first, else those that were seen last */
    size_t skip, max;
};
struct state_entity_found {
    struct state_entity entity; /* without its workspace */
    int64_t alerts;             /* that name it */
};
bool state_entity_search(struct state *s, struct arena *a, struct str workspace,
                         const struct state_entity_query *q, struct state_entity_found **out,
                         size_t *n, struct err *e) MUST_USE;
/* How many there are, whatever skip and max. */
bool state_entity_count(struct state *s, struct arena *a, struct str workspace,
                        const struct state_entity_query *q, int64_t *out, struct err *e) MUST_USE;
