/* The pattern of graph-match as written: chains of nodes and edges. */
#pragma once
#include "kql/bind_priv.h"

enum { PATTERN_MAX_ELEMENTS = 64, PATTERN_MAX_STEPS = 32 };
struct pattern_item {
    struct str name; /* empty: anonymous */
    bool edge;
    bool first;             /* node: starts a chain */
    bool forward, backward; /* edge; both: any direction */
    bool many;              /* edge: of min to max steps */
    unsigned min, max;
};
struct pattern {
    struct pattern_item items[PATTERN_MAX_ELEMENTS];
    size_t n;
};
/* Reads SYN_CLAUSE "pattern". false: reported. */
bool pattern_read(struct binder *b, const struct syn *clause, struct pattern *out);
