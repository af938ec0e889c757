/* Correlation: incidents that share strong entities, follow one another in the kill chain or meet
 * known indicators are merged into one. docs/correlation.md has the score and examples.
 *
 * Each alert that an incident took in waits in a durable queue of the control database. What
 * follows from it (where its entities were seen, merges, their rows) is one transaction with its
 * leaving the queue, so that a crash repeats all of it or nothing. */
#pragma once
#include "base/clock.h"
#include "incident/merge.h"
#include "text/json.h"

struct correlate;
/* Says whether an indicator is known, such as ("ip", "203.0.113.9") or ("filehash", "…"); type is
 * an entity type as in the Entities column, value in the canonical form of its key. Called while
 * the control database is held: it must not wait. */
typedef bool correlate_known_fn(void *ctx, struct workspace *w, struct str type, struct str value);
struct correlate_options {
    struct store *store; /* all borrowed; must outlive correlate */
    struct state *state;
    struct clock *clock;
    struct incidents *incidents;
    bool enabled;       /* for workspaces that say nothing themselves */
    struct str primary; /* workspace (id or name) that correlates across products; empty: first */
    size_t batch;       /* alerts in one transaction; 0 = 64 */
    correlate_known_fn *known; /* NULL: nothing is known */
    void *known_ctx;
};
struct correlate *correlate_open(const struct correlate_options *o);
void correlate_close(struct correlate *c); /* stops first; NULL is fine */
/* The thread that works on the queue as it fills. */
bool correlate_start(struct correlate *c, struct err *e) MUST_USE;
void correlate_stop(struct correlate *c); /* harmless when not started */
/* Works on the queue in the calling thread until it is empty; must not be mixed with
 * correlate_start. *out_alerts (may be NULL): how many. False: the control database or the log
 * store failed, and what is left stays in the queue. */
bool correlate_run_due(struct correlate *c, size_t *out_alerts, struct err *e) MUST_USE;
/* Tells the thread that something waits. */
void correlate_wake(struct correlate *c);

struct correlate_counts { /* since correlate_open, for /metrics */
    uint64_t alerts, merges, undone, failures;
};
struct correlate_counts correlate_counts(struct correlate *c);

/* ---- what people do ---- */
enum { CORRELATE_MERGE_AT_ONCE = 5 }; /* as Defender: incidents in one call, the target too */
/* Merges each of the sources into the target, all or none. Lifts what an undone merge barred.
 * Errors: as incident_may_merge; ERR_INVALID: too many. */
bool correlate_merge(struct correlate *c, struct arena *a, struct workspace *w, struct str target,
                     const struct str *sources, size_t n, struct str reason, struct str who,
                     struct err *e) MUST_USE;
/* Takes the merge back by which the incident was redirected. The two are not merged again by
 * themselves. Errors: as incident_unmerge; ERR_CONFLICT: it is not merged. */
bool correlate_unmerge(struct correlate *c, struct arena *a, struct workspace *w, struct str source,
                       struct str who, struct state_merge *out, struct err *e) MUST_USE;
/* {"incidentNumber", "merges": [{source, target, when, who, score, evidence, weights …}]} of all
 * merges that the incident took part in. */
bool correlate_why(struct correlate *c, struct arena *a, struct workspace *w, struct str incident,
                   struct json_out *out, struct err *e) MUST_USE;
void correlate_merge_to_json(struct arena *a, const struct state_merge *m, struct json_out *out);
/* {"nodes": [{id, kind, label, properties}], "edges": [{source, target, kind}], "truncated"}: the
 * alerts of an incident and their entities. max_nodes: 0 = 500; at most 5000. */
bool correlate_graph(struct correlate *c, struct arena *a, struct workspace *w, struct str incident,
                     size_t max_nodes, struct json_out *out, struct err *e) MUST_USE;

/* ---- the settings of a workspace ---- */
/* The JSON object that is in force. */
bool correlate_settings_to_json(struct correlate *c, struct arena *a, struct workspace *w,
                                struct json_out *out, struct err *e) MUST_USE;
/* Replaces them; what body leaves out is as by default. Errors: ERR_INVALID: names the member. */
bool correlate_settings_put(struct correlate *c, struct arena *a, struct workspace *w,
                            const struct json *body, struct str who, struct err *e) MUST_USE;
