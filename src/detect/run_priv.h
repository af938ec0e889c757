/* Shared by the files that run one rule: what is due, and what is to be stored of it. */
#pragma once
#include "detect/detect_priv.h"

enum outcome { OUTCOME_NOTHING, OUTCOME_RUN, OUTCOME_SUPPRESSED };
struct run {
    struct detect *d;
    struct arena *a;
    struct workspace *w;
    struct run_given given;
    struct state_rule stored;
    struct rule rule;
    struct run_piece main; /* of the window that is due */
    VEC(struct run_piece) late;
    enum outcome outcome; /* what is to be stored */
    bool changed;         /* the rule, while it ran */
    bool deferred;        /* it takes long, and runs by itself */
    bool more;            /* rows that came later are to be looked at at once */
    uint64_t alerts, incidents;
};

/* ---- run.c ---- */
void run_begin_record(struct run *r, struct run_piece *p, const char *trigger, int64_t s);
typedef bool evaluate_fn(struct detect *d, struct arena *a, struct workspace *w,
                         const struct rule *r, const struct detect_when *when,
                         struct detect_result *out, struct err *e);
/* Evaluates a window by fn and writes down what it took and found. False: it failed, and why. */
bool run_evaluate(struct run *r, struct run_piece *p, evaluate_fn *fn,
                  const struct detect_when *when, struct err *why);
/* A failure that passes by itself, such as a time-out. */
bool run_may_pass(enum err_code c);
/* Whether it failed since it took longer than others wait (deadline_us, by clock_mono_us(); 0: they
 * don't). Then nothing of the run counts, and it is done once more beside them. */
bool run_was_impatient(struct run *r, int64_t deadline_us, const struct err *why);
/* After a piece that made alerts the rule rests, if it is one that does. */
void run_suppress(struct run *r, const struct run_piece *p, int64_t s);

/* ---- run_alerts.c ---- */
/* Stores a piece's alerts and the incidents that follow from them. In a transaction. */
bool run_put_alerts(struct run *r, struct run_piece *p, struct err *e);

/* ---- run_again.c: windows before that of run s; mark: up to which rows are looked at ---- */
/* Those whose rows came after they had run. One that fails is tried again by the next run.
 * deadline_us: of a run that others wait for, see run_was_impatient; 0: none. */
void run_late(struct run *r, int64_t s, int64_t mark, int64_t deadline_us);
/* Those that have failed, a few at a time, since what made them fail is gone. */
void run_missed(struct run *r, int64_t s, int64_t mark);
