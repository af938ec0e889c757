/* Which techniques of ATT&CK (enterprise, v18.1) a set of rules looks for. */
#pragma once
#include "detect/rule.h"

#define MITRE_ATTACK_VERSION "18"
struct mitre_technique {
    uint16_t id;   /* 1059 of T1059 */
    uint32_t subs; /* bit n: there is a sub-technique .00n */
    const char *name;
};
/* Those in use, by id. */
size_t mitre_technique_count(void);
const struct mitre_technique *mitre_technique_at(size_t i); /* NULL: past the end */
/* T1059 or T1059.001; *out_sub: 0 or 1. NULL: it is not in use. */
const struct mitre_technique *mitre_technique_find(struct str text, unsigned *out_sub);

/* A technique, or a sub-technique, in one tactic. */
struct coverage_cell {
    const struct mitre_technique *technique;
    unsigned sub;  /* 0: the technique itself: also the rules of its sub-techniques */
    size_t *rules; /* indexes into the rules, in their order */
    size_t n;
};
struct coverage_tactic {
    const char *name;       /* InitialAccess, as rules write it */
    const char *title;      /* "Initial Access" */
    const char *short_name; /* "initial-access", as ATT&CK has it; NULL: of another matrix */
    size_t rules;           /* that name it */
    size_t techniques;      /* that it has; 0: they are not known here */
    size_t covered;         /* of these */
    struct coverage_cell *cells;
    size_t n_cells; /* techniques in their order, each followed by its sub-techniques */
};
struct coverage {
    struct coverage_tactic *tactics; /* in the order of the matrix */
    size_t n;
    size_t rules, untagged; /* without a tactic and a technique */
    struct str *unknown;    /* techniques that rules name and that are not in use */
    size_t n_unknown;
    size_t techniques, covered; /* of the whole matrix, each once */
};
/* A rule counts for a technique in those of its tactics that have the technique; if none has, in
 * all that do. Lives in a. */
void coverage_of(struct arena *a, const struct rule *const *rules, size_t n, struct coverage *out);
/* Whether the technique belongs to the tactic. */
bool coverage_has(const struct coverage_tactic *t, const struct mitre_technique *x);
/* {"attackVersion", "rules", "untagged", "techniques", "covered", "unknownTechniques", "tactics":
 * [{"tactic", "rules", "techniques", "covered", "items": [{"id", "name", "rules": [name]}]}]} */
void coverage_write_json(const struct coverage *c, const struct rule *const *rules,
                         struct json_out *out);
/* A layer of ATT&CK Navigator, format 4.5; scores are numbers of rules. */
void coverage_write_layer(const struct coverage *c, const struct rule *const *rules,
                          struct str name, struct json_out *out);
