/* Shared by the files of this folder. */
#pragma once
#include "base/thread.h"
#include "correlate/correlate.h"
#include "state/alerts.h"
#include <stdatomic.h>

/* ---- keys.c: by what an entity is known ---- */
/* A key is "type/identifier:value", in canonical form: equal entities that are known by the same
 * identifier have equal keys. Only strong identification gives one (see docs/correlation.md). */
struct entity_keys {
    VEC(struct str) v;
};
enum { KEY_BYTES = 2048, KEYS_PER_ALERT = 500 };
/* entities: the Entities column; what can't be read has no keys. Each key once; at most max. */
void entity_keys_of(struct arena *a, struct str entities, size_t max, struct entity_keys *out);
struct str key_type(struct str key);       /* "ip" */
struct str key_identifier(struct str key); /* "ip/address" */
struct str key_value(struct str key);
/* An object of the column and those inside it, with references followed; see correlate_entities. */
struct entity_node {
    const struct json *object;
    struct str id; /* $id; empty: none */
};
struct entity_nodes {
    struct entity_node *p;
    size_t n;
    struct map *by_id;
};
/* Every entity of the column, nested ones too, at most max. */
void correlate_entities(struct arena *a, const struct json *column, size_t max,
                        struct entity_nodes *out);
/* The object that v is or refers to; NULL: none. */
const struct json *entity_at(const struct entity_nodes *all, const struct json *v);
/* The first of an entity's keys; empty: it is not known strongly. */
void entity_keys_add(struct arena *a, const struct entity_nodes *all, const struct json *entity,
                     struct entity_keys *out);

/* ---- config.c ---- */
enum { ENTITY_TYPES = 20 };
struct correlate_config {
    bool enabled, titles;
    int64_t threshold, window_minutes, rare, common_least, common_percent, common_most;
    int64_t chain, chain_steps, same_rule, indicator_percent;
    int64_t max_alerts, max_entities, max_keys, max_candidates;
    int64_t weights[ENTITY_TYPES]; /* of entity_type_names */
    struct str *excluded_tags;
    size_t n_excluded_tags;
    int64_t window; /* ticks */
};
bool config_load(struct correlate *c, struct arena *a, struct workspace *w,
                 struct correlate_config *out, struct err *e) MUST_USE;
void config_write(const struct correlate_config *k, struct json_out *out);
int64_t config_weight(const struct correlate_config *k, struct str type);

/* ---- tactics.c ---- */
/* Place in the kill chain from 1; 0: none. */
int tactic_stage(struct str tactic);
/* "Multi-stage incident involving … & … on one endpoint"; empty: too little for such a title. */
struct title_facts {
    struct str tactics; /* JSON array */
    size_t hosts, accounts, products, rules;
};
struct str multi_stage_title(struct arena *a, const struct title_facts *f);
bool is_multi_stage_title(struct str title);

/* ---- score.c ---- */
struct evidence {
    struct str kind;  /* "entity", "tactics", "rule" */
    struct str value; /* the key; "InitialAccess → LateralMovement"; the rule's id */
    int64_t points;
    int64_t weight;       /* before rarity and time */
    size_t incidents;     /* that have the entity, in the window */
    int64_t gap;          /* ticks between the two sightings */
    bool known;           /* an indicator of threat intelligence */
    struct str alerts[2]; /* ids, a line each: of the one incident, of the other */
};
struct score {
    struct str incident; /* the candidate */
    int64_t points;
    VEC(struct evidence) v;
    bool alone; /* no other incident has an entity of the one that is scored */
};
struct scoring {
    struct correlate *c;
    struct arena *a;
    struct workspace *w;
    const struct correlate_config *k;
    size_t common; /* an entity in more incidents than that counts nothing */
};
/* The best candidate to be merged with the incident that may be; *found false: none. */
bool score_best(struct scoring *s, const struct state_incident *i, struct score *out,
                struct state_incident *out_other, bool *found, struct err *e) MUST_USE;
/* One pair, whatever the score. */
bool score_pair(struct scoring *s, const struct state_incident *i,
                const struct state_incident *other, struct score *out, struct err *e) MUST_USE;
/* The JSON object that is kept with a merge. target_first: the incident that was scored is the
 * target. */
struct str score_explain(struct scoring *s, const struct score *x, bool target_first);

/* ---- index.c: where entities and tactics are seen ---- */
bool index_alert(struct correlate *c, struct arena *a, const struct state_correlated *al,
                 struct str incident, const struct correlate_config *k, struct err *e) MUST_USE;
/* Anew, from the incident's alerts. */
bool index_incident(struct correlate *c, struct arena *a, struct str workspace, struct str incident,
                    const struct correlate_config *k, struct err *e) MUST_USE;

/* ---- join.c: merging what scores ---- */
bool scoring_begin(struct scoring *s, struct correlate *c, struct arena *a, struct workspace *w,
                   const struct correlate_config *k, struct err *e) MUST_USE;
/* Merges the incident with others until nothing more scores. */
bool join_all(struct scoring *s, struct str incident, struct err *e) MUST_USE;
/* One merge, with the index. */
bool join_pair(struct scoring *s, const struct incident_merging *m, struct state_merge *out,
               struct err *e) MUST_USE;
/* The title that the merge of the two gives the target; empty: as it is. */
bool join_title(struct scoring *s, const struct state_incident *target,
                const struct state_incident *source, struct str *out, struct err *e) MUST_USE;

struct correlate {
    struct correlate_options o;
    char *primary;    /* owned; what o points to */
    struct lock lock; /* waiting */
    struct cond cond;
    bool waiting, started;
    atomic_bool stop;
    pthread_t thread;
    struct lock running; /* one drain at a time */
    size_t since_forget;
    atomic_uint_fast64_t alerts, merges, undone, failures;
};
/* True for the workspace in which alerts of all products are correlated. */
bool correlate_is_primary(const struct correlate *c, const struct workspace *w);
