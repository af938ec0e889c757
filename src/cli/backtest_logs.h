/* A folder of logs, functions and watchlists as a workspace of its own. */
#pragma once
#include "cli/client.h"

enum { BACKTEST_MAX_INPUTS = 64 };
struct backtest_logs {
    const char *functions[BACKTEST_MAX_INPUTS], *watchlists[BACKTEST_MAX_INPUTS];
    size_t n_functions, n_watchlists;
};
/* One more path; false: too many. */
bool backtest_logs_functions(struct backtest_logs *b, const char *path);
bool backtest_logs_watchlist(struct backtest_logs *b, const char *path);
/* Stores each TABLE.ndjson or TABLE.jsonl (.gz, .zst) of the folder, then functions and watchlists.
 * Errors name the file. */
bool backtest_logs_load(struct client *c, const struct client_workspace *w, const char *dir,
                        const struct backtest_logs *b, struct err *e) MUST_USE;
