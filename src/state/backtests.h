/* Backtests of rules: what was asked for, how it went, and the report. */
#pragma once
#include "state/state.h"

struct state_backtest {
    struct str workspace, id;
    struct str status; /* Running, Succeeded, Failed, Canceled */
    struct str names;  /* JSON array: of its first rules */
    struct str who;    /* started it */
    int64_t from, to;  /* the period */
    int64_t started, ended;
    int64_t percent, rules, rules_done, windows, windows_done, fired; /* as it ended */
    struct str error_code, error;                                     /* of one that failed */
    struct str report;                                                /* JSON; lists leave it out */
    int64_t bytes;                                                    /* of the report */
};
/* Inserts or replaces it. */
bool state_backtest_put(struct state *s, const struct state_backtest *b, struct err *e) MUST_USE;
bool state_backtest_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                        struct state_backtest *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* The newest first, without reports. */
bool state_backtest_list(struct state *s, struct arena *a, struct str workspace,
                         struct state_backtest **out, size_t *n, struct err *e) MUST_USE;
bool state_backtest_delete(struct state *s, struct str workspace, struct str id,
                           bool *out_was_there, struct err *e) MUST_USE;
/* Removes the oldest of a workspace that have ended: those beyond the number, and those beyond the
 * bytes of reports in all, but never the newest. */
bool state_backtest_prune(struct state *s, struct str workspace, int64_t most, int64_t most_bytes,
                          struct err *e) MUST_USE;
/* Those that run have failed, for the reason: their server is gone. */
bool state_backtest_interrupt(struct state *s, struct str reason, int64_t now,
                              struct err *e) MUST_USE;
