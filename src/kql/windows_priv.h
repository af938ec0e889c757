/* Shared by the files that make a query one for many windows of time. */
#pragma once
#include "kql/bind_priv.h"

struct windowing {
    struct binder *b;
    struct map *shared; /* address of a plan below P_SHARED → its copy */
    unsigned depth;
    bool spans; /* rows of tables come once, with their spans */
};

/* ---- windows.c ---- */

/* The column KQL_WINDOW; NULL: p is the same in all windows, or its rows have spans. */
const struct plan_col *window_col(const struct plan *p);
void add_col(struct windowing *v, struct plan *n, struct plan_col c);
struct plan *copy_over(struct windowing *v, const struct plan *p, struct plan *in);
void link_to(struct windowing *v, struct union_links *links, uint32_t at, uint32_t id);
bool expr_is_fixed(const struct expr *e);
bool named_are_fixed(const struct named_expr *e, size_t n);
bool is_now(const struct expr *e);
bool is_age(const struct expr *e, int64_t *out_age);
int64_t age_left(const struct expr *e, uint32_t col);
uint32_t time_in(const struct plan *p);
bool only_constant_keys(const struct plan *p);
/* p over in, whose rows have a window each: the window is one more key. */
struct plan *aggregate_by(struct windowing *v, struct plan *p, struct plan *in);

/* ---- windows_spans.c ---- */

bool is_spanned(const struct plan *p);
/* KQL_WINDOW_FIRST or KQL_WINDOW_LAST of p, which has spans. */
struct plan_col span_col(const struct plan *p, const char *name);
/* Each row of p once for each window of its span. */
struct plan *lay_out(struct windowing *v, struct plan *p);
/* Is it worth something that the rows of an aggregation's input come with their spans? */
bool wants_spans(const struct windowing *v, const struct plan *p);
struct plan *span_of_table(struct windowing *v, struct plan *p);
struct plan *span_of_union(struct windowing *v, const struct plan *p, struct plan *n);
/* p over in, which has spans; the result has them, or windows. NULL: it can't be made so. */
struct plan *span_by(struct windowing *v, struct plan *p, struct plan *in);

/* ---- windows_partial.c ---- */

/* Can p, an aggregation, be made of what is aggregated in parts of its groups? */
bool is_partial(const struct plan *p);
/* p over in, which has spans, by way of groups that have one span each. */
struct plan *partial_by(struct windowing *v, const struct plan *p, struct plan *in);
