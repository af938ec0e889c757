/* Shared by the files of this folder. */
#pragma once
#include "base/log.h"
#include "base/thread.h"
#include "health/health.h"
#include "state/outbox.h"
#include <stdatomic.h>

enum cap_level { CAP_RESPECTED, CAP_NEAR, CAP_REACHED };
enum { HEALTH_DAYS = 8 };
struct source {
    struct str source, stream, table;
    int64_t first, last;          /* ticks */
    int64_t day;                  /* since 0001-01-01, of the newest entry in longest */
    int64_t longest[HEALTH_DAYS]; /* gap of each of the last days, by day modulo HEALTH_DAYS */
    int64_t allowed;              /* as last looked up */
    int64_t hour;                 /* since 0001-01-01 */
    uint64_t stored_at_hour, rows_last_hour;
    bool silent;               /* has been told */
    bool is_silent;            /* as last looked */
    bool changing, was_silent; /* while it is being told */
};
struct sources { /* of a workspace */
    struct workspace *w;
    struct drift *drift;
    struct map *refusals; /* refusals.c's */
    bool cap_known;       /* cap_told is */
    enum cap_level cap_told;
    struct arena *a;
    struct map *by_key;
    VEC(struct source *) list;
    int64_t listening_since; /* ticks */
    int64_t saved_hour;
    struct arena *view_arena;   /* this and the next two: view_lock */
    struct health_source *view; /* texts live as long as the handle */
    size_t n_view;
};
struct health {
    struct health_options o;
    char *subscription, *resource_group;
    struct lock lock;      /* held while it looks around: one thread at a time */
    int64_t next;          /* ticks; lock */
    int64_t usage_to;      /* ticks: usage is written up to here in all workspaces */
    struct lock view_lock; /* what others ask for; nothing is waited for under it */
    VEC(struct sources *)
    sources; /* one for each workspace that was looked at; changed under both
                locks */
    struct arena *a;
    enum store_room_level told;
    bool rows_wait;  /* in the outbox */
    bool store_told; /* that the store of sealed parts does not answer */
    bool started;
    atomic_bool stop;
    pthread_t thread;
};

/* ---- rows.c: what is written, through the outbox ---- */
/* The id of a workspace in ARM. */
struct str health_workspace_id(const struct health *h, struct arena *a, const struct workspace *w);
struct health_operation {
    const char *category, *status; /* "Data Collection Status"; Succeeded, Warning, Failed, Error */
    struct str detail;
    struct str key; /* names what happened: one row for ever */
};
bool health_operation_put(struct health *h, struct arena *a, struct workspace *w,
                          const struct health_operation *op, struct err *e) MUST_USE;

/* A row of SentinelHealth about a source. */
struct health_event {
    const char *operation, *status, *reason;
    struct str description, source, stream, table;
    int64_t last, allowed;  /* ticks; 0: not said */
    const char *list_name;  /* of list; NULL: none */
    const struct str *list; /* a property of ExtendedProperties */
    size_t n_list;
    struct str key; /* names what happened: one row for ever */
};
bool health_event_put(struct health *h, struct arena *a, struct workspace *w,
                      const struct health_event *ev, struct err *e) MUST_USE;

/* ---- sources.c ---- */
struct sources *sources_new(struct health *h, struct workspace *w);
void sources_close(struct health *h, struct sources *l); /* keeps what was learned */
void sources_look(struct health *h, struct sources *l, int64_t now);
void sources_show(struct health *h, struct sources *l);
size_t sources_list(const struct sources *l, struct arena *a, struct health_source **out);

/* ---- drift.c ---- */
struct drift;
struct drift *drift_new(struct health *h, struct workspace *w);
void drift_close(struct health *h, struct drift *d); /* keeps what was learned */
void drift_look(struct health *h, struct drift *d, int64_t now);

/* ---- cap.c ---- */
enum cap_level cap_level(const struct store_cap *c);
/* A row when the level has changed. false: tried again the next time. */
bool health_cap(struct health *h, struct sources *l, struct err *e) MUST_USE;

/* ---- refusals.c ---- */
void refusals_start(struct sources *l); /* what was rejected before is no news */
bool refusals_look(struct health *h, struct sources *l, int64_t now, struct err *e) MUST_USE;

/* ---- usage.c ---- */
/* Rows of Usage for the hours before to. false: tried again the next time. */
bool health_usage(struct health *h, struct workspace *w, int64_t to, struct err *e) MUST_USE;

/* ---- disk.c ---- */
void health_disk(struct health *h);

/* ---- lake_store.c ---- */
void health_lake_store(struct health *h, int64_t now);
