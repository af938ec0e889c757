/* Shared by the files of this folder only. */
#pragma once
#include "cases/cases.h"
#include "incident/resources.h"

/* Stores the case with a new etag and who changed it. */
bool case_save(struct cases *k, struct arena *a, struct state_case *c,
               const struct incident_actor *who, struct err *e) MUST_USE;
bool case_log(struct cases *k, const struct state_case *c, const char *kind, struct str target,
              const struct incident_actor *who, struct err *e) MUST_USE;
/* state_end, by its handle. */
bool case_end(struct cases *k, bool ok, struct err *e) MUST_USE;
/* properties.NAME: a time; absent or null: 0. */
bool case_read_time(const struct json *p, const char *name, int64_t *out, struct err *e) MUST_USE;
/* One of New, Open, Closed and the workspace's own, as it is spelled there. */
bool case_status_check(struct cases *k, struct arena *a, struct workspace *w, struct str *status,
                       struct err *e) MUST_USE;
/* Links one; inside a transaction. Errors: ERR_NOT_FOUND, ERR_LIMIT. */
bool case_link(struct cases *k, struct arena *a, struct workspace *w, const struct state_case *c,
               struct str incident, const struct incident_actor *who, struct err *e) MUST_USE;
/* ARM-like id of a case or of what belongs to it; part and which may be NULL and empty. */
struct str case_resource_id(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                            const char *part, struct str which);
extern const char *const case_priorities[];
