/* Summary rules: a query over bins of time, one after the other, whose rows land in a table of the
 * workspace. Source: "Aggregate data in a Log Analytics workspace by using summary rules" and the
 * Summary Logs API. */
#pragma once
#include "incident/incident.h"
#include "state/summaries.h"

enum {
    SUMMARY_MAX_ACTIVE = 30, /* of a workspace */
    SUMMARY_MAX_QUERY = 512 << 10,
    SUMMARY_MAX_ROWS = 500000, /* of a bin */
    SUMMARY_MAX_BYTES = 100 << 20
};
struct summaries; /* shared by threads */
struct summaries_options {
    struct store *store; /* borrowed, as are the next two; must outlive the handle */
    struct state *state;
    struct clock *clock;
    struct arm_scope scope;
    int64_t timeout_us;                  /* of one bin's query; 0 = 10 minutes */
    const struct store_authors *authors; /* NULL: rules read all of their tenant */
};
struct summaries *summaries_open(const struct summaries_options *o);
void summaries_close(struct summaries *s); /* stops first */
/* A thread that runs bins when they are due, one after the other. */
bool summaries_start(struct summaries *s, struct err *e) MUST_USE;
void summaries_stop(struct summaries *s);
/* Runs what is due in the calling thread; must not be mixed with summaries_start. False only when
 * the control database failed; a failing bin is a recorded one. */
bool summaries_run_due(struct summaries *s, size_t *out_runs, struct err *e) MUST_USE;
/* When the next bin is due; INT64_MAX: never. */
bool summaries_next_due(struct summaries *s, int64_t *out, struct err *e) MUST_USE;
struct summary_counts {
    uint64_t bins, failures; /* since the start: runs, and those of them that failed */
    uint64_t rows;
};
struct summary_counts summary_counts(struct summaries *s);

/* ---- rules ---- */
/* PUT of an ARM body {properties{…}}. Errors: ERR_INVALID (the property, or the place in the
 * query), ERR_CONFLICT (etag), ERR_LIMIT (too many that are active). */
bool summary_put(struct summaries *s, struct arena *a, struct workspace *w, struct str id,
                 const struct json *body, struct str if_match, struct str who,
                 struct state_summary *out, bool *out_created, struct err *e) MUST_USE;
bool summary_get(struct summaries *s, struct arena *a, struct workspace *w, struct str id,
                 struct state_summary *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool summary_list(struct summaries *s, struct arena *a, struct workspace *w,
                  struct state_summary **out, size_t *n, struct err *e) MUST_USE;
bool summary_delete(struct summaries *s, struct workspace *w, struct str id, bool *out_was_there,
                    struct err *e) MUST_USE;
/* Goes on with the first bin that begins from now on; bins missed meanwhile are left out. Errors:
 * ERR_NOT_FOUND, ERR_LIMIT. */
bool summary_activate(struct summaries *s, struct workspace *w, struct str id, bool active,
                      struct err *e) MUST_USE;
/* Runs the bin that begins then once more, now. Errors: ERR_NOT_FOUND, ERR_INVALID: no bin of the
 * rule begins then, or it has not had its turn; ERR_CONFLICT: the rule is stopped. */
bool summary_retry(struct summaries *s, struct workspace *w, struct str id, int64_t bin,
                   struct err *e) MUST_USE;
/* The ARM resource {id, name, type, etag, properties}, one JSON object. */
void summary_to_json(struct summaries *s, struct arena *a, struct workspace *w,
                     const struct state_summary *x, struct json_out *out);
