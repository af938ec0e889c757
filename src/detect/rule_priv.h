/* Shared by the rule files: names, and the reader's state. */
#pragma once
#include "detect/rule.h"

/* ---- mitre.c ---- */
const char *
mitre_tactic(struct str name); /* canonical name, or NULL; case, blanks and dashes do not matter */
bool mitre_technique_form(struct str technique); /* T1234 or T1234.001 */
bool mitre_technique_known(struct str technique);
bool mitre_technique_in(struct str technique, struct str tactic); /* tactic: canonical */

/* ---- entity_types.c ---- */
enum { ENTITY_MAX_IDENTIFIERS = 28 };
struct entity_type {
    const char *name; /* as rules write it: Account, IP … */
    const char *v3;   /* "Type" in the Entities column: account, ip … */
    const char
        *identifiers[ENTITY_MAX_IDENTIFIERS]; /* the first n_required identify on their own */
    unsigned n_required;
    bool all_required; /* all of them together */
};
const struct entity_type *
entity_type_find(struct str name);                  /* case does not matter; NULL: unknown */
const struct entity_type *entity_type_at(size_t i); /* NULL: past the end */
const char *entity_identifier(const struct entity_type *t, struct str name, bool *out_required);

/* ---- the reader (rule_read.c, rule_read_parts.c) ---- */
struct rule_reader {
    struct arena *a;
    struct str text;
    struct rule_issues *is;
    struct rule *out;
    bool yaml; /* YAML's keys, not ARM's */
    bool json; /* the text is JSON */
    VEC(struct rule_unknown) unknown;
};
typedef bool rule_read_fn(struct rule_reader *r, const struct json *v, struct str key);
/* An error at v; always false, so that a reader can return it. */
bool rule_bad(struct rule_reader *r, const struct json *v, struct str key, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void rule_warn(struct rule_reader *r, const struct json *v, struct str key, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* A syntax error of the text as an issue; false. */
bool rule_unreadable(struct rule_reader *r, const struct err *e);
bool rule_text(struct rule_reader *r, const struct json *v, struct str key,
               struct str *out) MUST_USE;
bool rule_bool(struct rule_reader *r, const struct json *v, struct str key, bool *out) MUST_USE;
bool rule_int(struct rule_reader *r, const struct json *v, struct str key, int64_t *out) MUST_USE;
bool rule_span(struct rule_reader *r, const struct json *v, struct str key, int64_t *out) MUST_USE;
bool rule_texts(struct rule_reader *r, const struct json *v, struct str key,
                struct strs *out) MUST_USE;
const struct json *json_iget(const struct json *object,
                             const char *key); /* the key's case does not matter */
bool rule_severity_parse(struct str s, enum rule_severity *out) MUST_USE;

rule_read_fn rule_read_mappings, rule_read_entity_columns, rule_read_details, rule_read_override,
    rule_read_grouping, rule_read_incident;
/* ---- rule_read_kinds.c: keys of the kinds without a query ---- */
rule_read_fn rule_read_product, rule_read_severities, rule_read_names, rule_read_excluded_names,
    rule_read_sources, rule_read_exclusions;
/* ---- rule_write.c, rule_hunting.c ---- */
/* The keys and values of the rule's YAML. */
bool rule_yaml_tree(struct arena *a, const struct rule *r, struct json *out,
                    struct err *e) MUST_USE;
/* The same from a saved search; false: it is no hunting query. id: the resource's name. */
bool rule_tree_of_saved(struct arena *a, const struct json *resource, struct str id,
                        struct json *out) MUST_USE;
/* The tree of one rule: an ARM resource, or with YAML's keys (r->yaml). id: the name of an ARM
 * resource. */
bool rule_read_resource(struct rule_reader *r, struct str id, const struct json *root,
                        struct rule *out) MUST_USE;

/* ---- rule_check.c: what one key alone does not show ---- */
void rule_check(struct rule_reader *r, const struct json *root);

/* Does one of the rule's alertProperty names exist. Canonical name or NULL. */
const char *alert_property(struct str name);
