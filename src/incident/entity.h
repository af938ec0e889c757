/* Entities: the things that alerts and bookmarks name (accounts, hosts, addresses …), each once
 * with an id of its own, and where they were named; their ARM form, what is around them
 * (expansions) and what happened to them (timeline). */
#pragma once
#include "incident/incident.h"
#include "state/bookmarks.h"
#include "state/entities.h"

enum { ENTITY_MAX_OF_ANSWER = 1000, ENTITY_MAX_OF_COLUMN = 2000 };

/* Takes what the workspace's alerts name into the index, those that have come since the last call.
 * The functions below call it themselves. */
bool entities_refresh(struct incidents *in, struct workspace *w, struct err *e) MUST_USE;

/* Entities in the form of the Entities column: a JSON array, references ($ref) resolved, nested
 * ones each by itself. All live in a; workspace and times are not set. */
bool entities_read(struct arena *a, struct str column, struct state_entity **out, size_t *n,
                   struct err *e) MUST_USE;
/* The column's form of a bookmark's mappings [{entityType, fieldMappings[{identifier, value}]}].
 * Errors: ERR_INVALID (the property is named). */
bool entities_of_mappings(struct arena *a, const struct json *mappings, struct str *out_column,
                          struct err *e) MUST_USE;
/* The kind of an ARM entity, and the type in the column: "Ip" of "ip"; empty: unknown. */
const char *entity_kind_of(struct str v3_type);

/* ---- as ARM resources ---- */
void entity_to_json(struct incidents *in, struct workspace *w, const struct state_entity *x,
                    struct json_out *out);
/* Any of them by id: an entity of the index, an alert or a bookmark. Errors: ERR_NOT_FOUND. */
bool entity_get_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     struct json_out *out, struct err *e) MUST_USE;
/* The array of one page, the last seen first. */
bool entity_list_json(struct incidents *in, struct arena *a, struct workspace *w,
                      const struct incident_query *q, struct json_out *out, struct str *out_next,
                      struct err *e) MUST_USE;
/* Relations to bookmarks and incidents: the array of one page. */
bool entity_relations_json(struct incidents *in, struct arena *a, struct workspace *w,
                           struct str id, const struct incident_query *q, struct json_out *out,
                           struct str *out_next, struct err *e) MUST_USE;
/* {entities, metaData} of an incident. */
bool incident_entities_json(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct state_incident *i, struct json_out *out,
                            struct err *e) MUST_USE;

/* ---- what is around an entity ---- */
/* {metaData{aggregations}, value{entities, edges}}; body {expansionId, startTime?, endTime?}. id
 * may be an entity's, an alert's or a bookmark's. Errors: ERR_INVALID, ERR_NOT_FOUND. */
bool entity_expand_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                        const struct json *body, struct json_out *out, struct err *e) MUST_USE;
/* The array of expansions as entity queries; id empty: all. Errors: ERR_NOT_FOUND. */
bool entity_queries_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                         struct json_out *out, struct err *e) MUST_USE;
/* {metaData{totalCount, aggregations, errors}, value[]}; body {startTime, endTime, kinds?}. */
bool entity_timeline_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                          const struct json *body, struct json_out *out, struct err *e) MUST_USE;

/* ---- what the logs say about an entity ---- */
/* The array of insights that there are for its kind. */
bool entity_insight_queries_json(struct incidents *in, struct arena *a, struct workspace *w,
                                 struct str id, struct json_out *out, struct err *e) MUST_USE;
/* {metaData{totalCount, errors}, value[]}; body {startTime, endTime, addDefaultExtendedTimeRange?,
 * insightQueryIds?}. limits: of each of the queries; access: NULL: all tables. Not inside a state
 * transaction. */
bool entity_insights_json(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                          const struct json *body, const struct engine_limits *limits,
                          const struct store_access *access, struct json_out *out,
                          struct err *e) MUST_USE;

/* ---- looking for entities ---- */
/* What the incidents of a page are about: {incident's name: {"total", "assets": [{kind, name}]}},
 * of each the first few; without those that name none. Takes the alerts in first. */
bool entity_assets_json(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct incident_page *page, struct json_out *out,
                        struct err *e) MUST_USE;
/* Members of one page: "value" [{id, kind, name, firstSeen, lastSeen, alerts}], "count" of all that
 * fit, "next" (a number to skip; missing: there are no more). Takes the alerts in first. */
bool entity_search_json(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct state_entity_query *q, struct json_out *out,
                        struct err *e) MUST_USE;
/* The array of incidents whose alerts or bookmarks named the entity from ≤ time < to, the last
 * changed first. Errors: ERR_NOT_FOUND. */
bool entity_incidents_json(struct incidents *in, struct arena *a, struct workspace *w,
                           struct str id, int64_t from, int64_t to, struct json_out *out,
                           struct err *e) MUST_USE;
