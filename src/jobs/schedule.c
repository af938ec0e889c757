/* When a KQL job runs: once, or every so many minutes, hours, days, weeks or months from its start,
 * in UTC. */
#include "jobs/jobs_priv.h"
#include "text/date.h"

static const struct {
    const char *name;
    int64_t step; /* ticks; 0: no fixed one */
} frequencies[] = {
    {"Once", 0},
    {"Minute", TICKS_PER_MINUTE},
    {"Hour", TICKS_PER_HOUR},
    {"Day", TICKS_PER_DAY},
    {"Week", 7 * TICKS_PER_DAY},
    {"Month", 0},
};

bool schedule_frequency_ok(struct str s, const char **out)
{
    for (size_t i = 0; i < COUNTOF(frequencies); i++)
        if (str_ieqz(s, frequencies[i].name)) {
            *out = frequencies[i].name;
            return true;
        }
    return false;
}

static int64_t step_of(struct str frequency)
{
    for (size_t i = 0; i < COUNTOF(frequencies); i++)
        if (str_eqz(frequency, frequencies[i].name))
            return frequencies[i].step;
    return 0;
}

/* So many months behind the start: the same day, or the last one of a shorter month. 0: beyond the
 * calendar. */
static int64_t months_behind(struct civil start, int64_t months)
{
    int64_t total = start.month - 1 + months, at = 0;
    struct civil c = start;
    if (start.year + total / 12 > 9999)
        return 0;
    c.year = start.year + (int)(total / 12);
    c.month = (int)(total % 12) + 1;
    while (!ticks_from_civil(&c, &at) && c.day > 1)
        c.day--;
    return at;
}

static int64_t month_after(const struct state_job *x, int64_t t)
{
    struct civil start = civil_from_ticks(x->start_time), now = civil_from_ticks(t);
    int64_t months = (int64_t)(now.year - start.year) * 12 + (now.month - start.month);
    int64_t n = months < 0 ? 0 : months / x->every * x->every;
    int64_t at = months_behind(start, n);
    while (at != 0 && at <= t) {
        n += x->every;
        at = months_behind(start, n);
    }
    return at;
}

int64_t schedule_after(const struct state_job *x, int64_t t)
{
    int64_t step = step_of(x->frequency), at = 0;
    if (x->start_time > t)
        at = x->start_time;
    else if (str_eqz(x->frequency, "Month"))
        at = month_after(x, t);
    else if (step > 0)
        at = x->start_time + ((t - x->start_time) / (step * x->every) + 1) * step * x->every;
    return at > TICKS_MAX || (x->end_time != 0 && at > x->end_time) ? 0 : at;
}
