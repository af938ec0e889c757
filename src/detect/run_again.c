/* Windows that are run once more: those whose rows came after they had run. */
#include "base/log.h"
#include "detect/run_priv.h"

void run_late(struct run *r, int64_t s, int64_t mark)
{
    struct err why = {0};
    struct late_window *windows = NULL;
    size_t n = 0;
    struct detect_when range = {s, r->stored.late_after, mark, NULL};
    bool ok = r->d->o.lateness <= 0 || late_windows(r->d, r->a, r->w, &r->stored, &r->rule,
                                                    &r->main.result, &range, &windows, &n, &why);
    for (size_t i = 0; i < n; i++) {
        struct run_piece p = {0};
        struct detect_when when = {windows[i].s, windows[i].seen_until, mark, NULL};
        run_begin_record(r, &p, RUN_LATE, windows[i].s);
        p.record.attempts = 1;
        p.record.number = mark;
        p.record.arrived_after = windows[i].seen_until;
        ok = run_evaluate(r, &p, evaluate_late, &when, &why) && ok;
        if (atomic_load(&r->d->stop))
            return;
        run_suppress(r, &p, s);
        VEC_PUSH(r->a, &r->late, p);
    }
    if (ok)
        r->stored.late_after = mark;
    else
        LOG(LOG_WARN, "detect", "late rows could not be looked at; the next run tries again",
            log_s("rule", r->stored.id), log_z("reason", why.msg));
}
