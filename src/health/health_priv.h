/* Shared by the files of this folder. */
#pragma once
#include "base/log.h"
#include "base/thread.h"
#include "health/health.h"
#include "state/outbox.h"
#include <stdatomic.h>

struct health {
    struct health_options o;
    char *subscription, *resource_group;
    struct lock lock; /* held while it looks around: one thread at a time */
    int64_t next;     /* ticks; lock */
    int64_t usage_to; /* ticks: usage is written up to here in all workspaces */
    enum store_room_level told;
    bool rows_wait; /* in the outbox */
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

/* ---- usage.c ---- */
/* Rows of Usage for the hours before to. false: tried again the next time. */
bool health_usage(struct health *h, struct workspace *w, int64_t to, struct err *e) MUST_USE;

/* ---- disk.c ---- */
void health_disk(struct health *h);
