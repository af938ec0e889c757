/* Bookmarks: rows that a hunter keeps, as ARM resources, rows of HuntingBookmark and parts of
 * incidents. */
#pragma once
#include "incident/work.h"
#include "state/bookmarks.h"

enum { BOOKMARK_MAX_LIST = 1000, BOOKMARK_MAX_BYTES = 1 << 20 };

bool bookmark_get(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  struct state_bookmark *out, struct err *e) MUST_USE;
bool bookmark_to_json(struct incidents *in, struct workspace *w, const struct state_bookmark *b,
                      struct json_out *out, struct err *e) MUST_USE;
/* The array of one page. */
bool bookmark_list_json(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct incident_query *q, struct json_out *out, struct str *out_next,
                        struct err *e) MUST_USE;
/* PUT {etag?, properties{displayName, query, …}}: full replacement; incidentInfo adds it to that
 * incident. Errors: ERR_INVALID (the property is named), ERR_CONFLICT, ERR_NOT_FOUND. */
bool bookmark_put(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  const struct json *body, struct str if_match, const struct incident_actor *who,
                  struct state_bookmark *out, bool *out_created, struct err *e) MUST_USE;
/* Takes it out of its incidents, too; a HuntingBookmark row with SoftDeleted tells of it. */
bool bookmark_delete(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     struct str if_match, const struct incident_actor *who, struct err *e) MUST_USE;
/* The array of an incident's bookmarks, as HuntingBookmark entities. */
bool incident_bookmarks_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                                const struct state_incident *i, struct json_out *out,
                                struct err *e) MUST_USE;

/* ---- relations of a bookmark: to incidents ---- */
bool bookmark_relations_json(struct incidents *in, struct arena *a, struct workspace *w,
                             struct str bookmark, const struct incident_query *q,
                             struct json_out *out, struct str *out_next, struct err *e) MUST_USE;
bool bookmark_relation_json(struct incidents *in, struct arena *a, struct workspace *w,
                            struct str bookmark, struct str name, struct json_out *out,
                            struct err *e) MUST_USE;
/* PUT {properties{relatedResourceId: …/incidents/{id}}}. */
bool bookmark_relation_put(struct incidents *in, struct arena *a, struct workspace *w,
                           struct str bookmark, struct str name, const struct json *body,
                           const struct incident_put *how, bool *out_created,
                           struct err *e) MUST_USE;
bool bookmark_relation_delete(struct incidents *in, struct arena *a, struct workspace *w,
                              struct str bookmark, struct str name, const struct incident_put *how,
                              struct err *e) MUST_USE;
