/* Puts a day together: background, on the last day the intrusion, in order of time. */
#include <stdlib.h>

#include "simulate/simulate_priv.h"

enum { MAX_DAY_BYTES = 256 << 20, MAX_DAYS = 366 };

static int by_time(const void *x, const void *y)
{
    const struct sim_event *a = x, *b = y;
    if (a->ticks != b->ticks)
        return a->ticks < b->ticks ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static bool check_options(const struct sim_options *o, int day, struct err *e)
{
    if (o->days < 1 || o->days > MAX_DAYS)
        return err_set(e, ERR_INVALID, "days must be 1 to %d, not %d", MAX_DAYS, o->days);
    if (day < 0 || day >= o->days)
        return err_set(e, ERR_INVALID, "day %d is not among the %d days", day, o->days);
    if (o->first_day < 0 || o->first_day % TICKS_PER_DAY != 0 ||
        o->first_day > TICKS_MAX - MAX_DAYS * TICKS_PER_DAY)
        return err_set(e, ERR_INVALID, "the first day must start at midnight UTC");
    return true;
}

bool sim_day(const struct sim_options *o, int day, sim_sink *sink, void *self, struct err *e)
{
    if (!check_options(o, day, e))
        return false;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct sim_day d = {.o = o, .day = day, .a = a, .text = sbuf_make(MAX_DAY_BYTES)};
    d.midnight = o->first_day + day * TICKS_PER_DAY;
    int64_t weekday = d.midnight / TICKS_PER_DAY % 7; /* 0001-01-01 was a Monday */
    d.weekend = weekday >= 5;
    d.ids = sim_rng_of(o->seed, day, "ids");
    sim_background_cloud(&d);
    sim_background_site(&d);
    if (day == o->days - 1 && !o->background_only) {
        sim_intrusion_cloud(&d);
        sim_intrusion_site(&d);
    }
    bool ok =
        sbuf_ok(&d.text) || err_set(e, ERR_LIMIT, "a day's events exceed %d bytes", MAX_DAY_BYTES);
    if (ok && d.events.n > 0)
        qsort(d.events.p, d.events.n, sizeof(d.events.p[0]), by_time);
    struct str text = sbuf_str(&d.text);
    for (size_t i = 0; ok && i < d.events.n; i++) {
        const struct sim_event *v = &d.events.p[i];
        ok = sink(self, v->ticks, v->table, str_sub(text, v->off, v->len), e);
    }
    sbuf_fini(&d.text);
    return ok;
}

#define CLOCK(h, m) ((h)*TICKS_PER_HOUR + (m)*TICKS_PER_MINUTE)

static const struct sim_stage stages[] = {
    {"password spray", "one address tries a password on every account", "SigninLogs", CLOCK(2, 5)},
    {"account taken over", "m.osei's password is found; sign-in from a new country", "SigninLogs",
     CLOCK(2, 41)},
    {"MFA fatigue", "prompts until one is accepted; a second factor is registered", "SigninLogs",
     CLOCK(8, 20)},
    {"mailbox", "inbox rule hides invoices, mail is forwarded outside, files are taken",
     "OfficeActivity", CLOCK(9, 5)},
    {"cloud", "role assignment, key vault access, logging switched off, application secret",
     "AzureActivity", CLOCK(10, 15)},
    {"discovery", "port scan from the VPN", "CommonSecurityLog", CLOCK(11, 5)},
    {"lateral movement",
     "brute force, remote services, encoded PowerShell, LSASS dump, new administrator, DCSync",
     "SecurityEvent", CLOCK(11, 30)},
    {"Linux", "SSH brute force, auditing stopped", "Syslog", CLOCK(12, 55)},
    {"AWS", "console without MFA, access key for another user, trail stopped", "AWSCloudTrail",
     CLOCK(13, 30)},
    {"exfiltration", "two gigabytes leave the file server", "CommonSecurityLog", CLOCK(14, 0)},
    {"covering tracks", "Security logs cleared", "SecurityEvent", CLOCK(15, 10)},
};

const struct sim_stage *sim_stage_at(size_t i)
{
    return i < COUNTOF(stages) ? &stages[i] : NULL;
}
