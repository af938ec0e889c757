/* The injected clock. Everything that asks for the time asks a struct clock. */
#pragma once
#include "base/base.h"

/* Ticks are Kusto's: 100 ns since 0001-01-01T00:00:00Z. */
#define TICKS_PER_US ((int64_t)10)
#define TICKS_PER_MS ((int64_t)10000)
#define TICKS_PER_SECOND ((int64_t)10000000)
#define TICKS_PER_MINUTE (60 * TICKS_PER_SECOND)
#define TICKS_PER_HOUR (60 * TICKS_PER_MINUTE)
#define TICKS_PER_DAY (24 * TICKS_PER_HOUR)
#define TICKS_UNIX_EPOCH ((int64_t)621355968000000000)
#define TICKS_MAX ((int64_t)3155378975999999999) /* 9999-12-31T23:59:59.9999999Z */

struct clock;
struct clock *clock_new_system(void);
struct clock *clock_new_manual(int64_t start_ticks); /* moves only by clock_set and clock_advance */
void clock_free(struct clock *c);
int64_t clock_now(struct clock *c); /* ticks, UTC; thread-safe */
bool clock_is_manual(const struct clock *c);
void clock_set(struct clock *c, int64_t ticks); /* manual only; wakes waiters; never goes back */
void clock_advance(struct clock *c, int64_t ticks);
/* Waits until the clock reaches at_ticks or clock_wake is called; false when woken early. */
bool clock_wait_until(struct clock *c, int64_t at_ticks);
void clock_wake(struct clock *c);
int64_t clock_thread_us(void); /* processor time of the calling thread */
int64_t clock_mono_us(void);   /* monotonic microseconds, for durations only */
