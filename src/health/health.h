/* What the system says about itself while it runs: rows about the disk (Operation), and what the
 * files of this folder add to it. It looks around once a minute of the clock. */
#pragma once
#include "incident/incident.h"

/* How long a source may be silent. */
struct health_silence {
    struct str source; /* "syslog-udp", "<application's id>", or "<source>/<table>" */
    int64_t allowed;   /* ticks; 0: for ever */
};
struct health_silence_options { /* texts and set are borrowed */
    int64_t min, max;           /* ticks: bounds of what is learned; max 0: nothing is learned */
    const struct health_silence *set;
    size_t n_set;
};
struct health_options { /* the first four are borrowed and must outlive the handle */
    struct store *store;
    struct state *state;
    struct clock *clock;
    struct incidents *incidents;
    struct arm_scope scope; /* copied */
    struct health_silence_options silence;
    /* Called once a minute, when it has looked around; may be NULL. */
    void (*also)(void *ctx);
    void *ctx;
};
struct health;
struct health *health_open(const struct health_options *o);
void health_close(struct health *h); /* stops first; NULL is fine */

/* A thread that does what is due as the clock goes on. */
bool health_start(struct health *h, struct err *e) MUST_USE;
void health_stop(struct health *h);
/* Does what is due now, in the caller's thread: for servers whose clock is moved by hand. What
 * could not be done is logged and done the next time. */
void health_run_due(struct health *h);
int64_t health_next_due(struct health *h); /* ticks */

/* Something that operators should see, as a row of Operation. */
struct health_report {
    const char *category, *status; /* "Ingestion"; Succeeded, Warning, Error */
    struct str detail;
    struct str key; /* names what happened: one row for ever */
};
bool health_tell(struct health *h, struct workspace *w, const struct health_report *r,
                 struct err *e) MUST_USE;

/* One that brought records: its name, stream and table. */
struct health_source {
    struct str source, stream, table;
    int64_t first, last; /* ticks: when the first and the last records came */
    int64_t allowed;     /* ticks that it may be silent; 0: for ever, or not known yet */
    uint64_t rows_last_hour;
    bool silent;
};
size_t health_sources(struct health *h, struct workspace *w, struct arena *a,
                      struct health_source **out);

/* ---- the daily cap of a workspace ---- */
/* Reads the caps, and what the day has stored so far; once, before records come. */
bool health_load_caps(struct health *h, struct err *e) MUST_USE;
/* Of one workspace: it was made, or recovered. */
bool health_cap_load(struct health *h, struct workspace *w, struct err *e) MUST_USE;
bool health_cap_get(struct health *h, struct workspace *w, double *out_gb, struct err *e) MUST_USE;
bool health_cap_set(struct health *h, struct workspace *w, double gb, struct err *e) MUST_USE;
const char *health_cap_status(struct workspace *w); /* RespectQuota, ApproachingQuota, OverQuota */
