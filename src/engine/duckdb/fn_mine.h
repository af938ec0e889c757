/* What the two aggregates of autocluster, basket and diffpatterns share. */
#pragma once
#include "engine/duckdb/fn.h"
#include "engine/duckdb/mine.h"

enum { MINE_MAX_BYTES = 256 << 20, MINE_CHECK_EVERY = 1024 };

/* A row's weight times the rows like it; 0: it does not count. In whole numbers of a small part, so
 * that sums are the same in any order. */
double mine_weight(struct cf_call *c, size_t arg, size_t r);
/* Values that may make up this share of a set: at most so many are kept of each. */
size_t mine_common_values(double threshold);
