/* What merging does to an incident's fields; for the files of this folder. */
#pragma once
#include "incident/incident_priv.h"

/* ---- lists as JSON arrays of texts, or of labels (by labelName, any case) ---- */
struct str list_without(struct arena *a, struct str one, struct str less);
/* With a label that the system gives. */
struct str label_add(struct arena *a, struct str labels, struct str name);

/* ---- the fields that a merge changes, as a JSON object ---- */
struct str fields_write(struct arena *a, const struct state_incident *i);
bool fields_read(struct arena *a, struct str text, struct state_incident *out,
                 struct err *e) MUST_USE;

/* ---- what the alerts of an incident bring to it; newer: those that are not in a list ---- */
struct alert_sums {
    size_t n;
    int64_t first, last;
    struct str tactics, techniques, products, rule_ids;
    struct str severity; /* the highest */
};
/* known: JSON array of alert ids. */
bool alert_sums_of(struct state *s, struct arena *a, const struct state_incident *i,
                   struct str known, struct alert_sums *all, struct alert_sums *newer,
                   struct err *e) MUST_USE;
void alert_sums_add(struct arena *a, struct state_incident *i, const struct alert_sums *x);
