/* Shared by the files that run backtests as operations. */
#pragma once
#include "backtest/backtest.h"
#include "base/thread.h"
#include "state/backtests.h"

/* What a backtest is asked for; everything lives in a. */
struct asked {
    struct arena *a;
    struct backtest_request q;
    struct rule *rules;
    int64_t *phases;
    size_t n;
};
struct backtests {
    struct backtests_options o;
    struct lock lock; /* everything below */
    struct cond ended;
    struct operation *list; /* the newest first */
    unsigned running;
};

/* ---- request.c ---- */
bool asked_read(struct backtests *b, struct workspace *w, const struct json *body, struct asked *k,
                struct err *e) MUST_USE;
