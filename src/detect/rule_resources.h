/* Analytics rules as resources: writing them with their checks, limits, versions and audit rows;
 * templates, actions, and settings of anomalies. Names of resources have 1 to 90 letters, digits,
 * '-' and '_', and are kept in lower case. Sources: "Alert Rules", "Alert Rule Templates",
 * "Actions" and "Security ML Analytics Settings" of the Security Insights API. */
#pragma once
#include "detect/detect.h"
#include "state/rule_resources.h"

/* Who changes something, for versions and SentinelAudit. Any text may be empty. */
struct detect_actor {
    struct str name, address, uri, correlation_id;
    struct str id; /* of the principal: becomes the author of what it saves; empty: that stays */
    /* May it make a rule of the query, which runs with the rights of the workspace? Errors:
     * ERR_INVALID. NULL: it may. */
    bool (*may_run)(void *self, struct workspace *w, struct str query, struct err *e);
    void *self;
};
bool detect_may_run(const struct detect_actor *who, struct workspace *w, struct str query,
                    struct err *e) MUST_USE;

/* ---- rules ---- */
struct detect_put {
    struct str id, body; /* name of the resource; ARM body */
    struct str if_match; /* the header; wins over the body's etag */
    const struct detect_actor *who;
};
/* PUT of an ARM body. Errors: ERR_INVALID (the key is named), ERR_CONFLICT (etag; a second rule of
 * a template that allows one), ERR_LIMIT (number of rules). */
bool detect_rule_put(struct detect *d, struct arena *a, struct workspace *w,
                     const struct detect_put *x, bool *out_created, struct err *e) MUST_USE;
/* x->body is not looked at. */
bool detect_rule_delete(struct detect *d, struct workspace *w, const struct detect_put *x,
                        bool *out_was_there, struct err *e) MUST_USE;

struct detect_import {
    struct str text; /* see rule_read_text */
    bool only_check; /* nothing is stored */
    bool templates;  /* into the workspace's templates, not its rules; queries are not checked */
    const struct detect_actor *who;
};
struct detect_imported {
    struct str id, name;
    enum rule_kind kind;
    bool created;
};
struct detect_imports {
    VEC(struct detect_imported) v;
    VEC(struct rule) hunting; /* queries that are right; the caller keeps them as saved searches */
    size_t refused;
};
/* Each rule of the text is stored or refused on its own; is has all problems. False: the text
 * cannot be read as a whole (is has an error), or a store failed (e). */
bool detect_rules_import(struct detect *d, struct arena *a, struct workspace *w,
                         const struct detect_import *x, struct rule_issues *is,
                         struct detect_imports *out, struct err *e) MUST_USE;

/* A rule as a request's body names it: the id of one that is stored, {"yaml": TEXT}, or {"arm": the
 * resource}. Lives in a. Errors: ERR_NOT_FOUND; ERR_INVALID. */
struct detect_given {
    struct rule rule;
    int64_t phase; /* an S of its runs, which fixes their times; 0: none is known */
};
bool detect_rule_given(struct detect *d, struct arena *a, struct workspace *w, const struct json *v,
                       struct detect_given *out, struct err *e) MUST_USE;

/* A change of one rule by name; what is not set stays. Errors: ERR_NOT_FOUND, ERR_LIMIT,
 * ERR_INVALID (the rule's query does not fit the workspace any more). */
struct detect_edit {
    struct str id;
    enum { EDIT_ENABLE, EDIT_DISABLE, EDIT_RESTORE, EDIT_UPDATE } what;
    int64_t version; /* RESTORE: of the rule's versions, also of one that was deleted */
    const struct detect_actor *who;
}; /* UPDATE: takes the newer version of the rule's template and keeps whether it is enabled */
bool detect_rule_edit(struct detect *d, struct arena *a, struct workspace *w,
                      const struct detect_edit *x, struct err *e) MUST_USE;

/* A new rule from another rule (disabled, its name with "Copy of" in front) or from a template
 * (enabled). new_id, name: empty: made. */
struct detect_copy {
    struct str from, new_id, name;
    bool of_template;
    const struct detect_actor *who;
};
bool detect_rule_copy(struct detect *d, struct arena *a, struct workspace *w,
                      const struct detect_copy *x, struct str *out_id, struct err *e) MUST_USE;

/* The rule's versions, newest first; also of a rule that was deleted. */
bool detect_rule_versions(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                          struct state_rule_version **out, size_t *n, struct err *e) MUST_USE;
/* {version, change, who, address, at, kind, name}; with_rule: and "properties". */
void detect_rule_version_to_json(const struct state_rule_version *v, bool with_rule,
                                 struct json_out *out);
/* The rule as YAML, appended to out. */
bool detect_rule_to_yaml(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                         struct sbuf *out, struct err *e) MUST_USE;
/* What ARM does not say: [{id, name, kind, enabled, severity, tactics, techniques, subTechniques,
 * source, lastModified, template, templateVersion, newestVersion, updateAvailable, status, lastRun,
 * nextRun, failures}]; source is "Gallery content" for a rule of a template. Writes the array's
 * members only. */
bool detect_rule_overview(struct detect *d, struct arena *a, struct workspace *w,
                          struct json_out *out, struct err *e) MUST_USE;

/* ---- templates ---- */
struct detect_template {
    struct rule rule; /* id is the template's */
    int64_t created, modified;
    size_t rules; /* that were made of it */
    bool ships;   /* with the program; else it was imported into the workspace */
};
/* By name. One that was imported takes the place of one that ships. */
bool detect_template_list(struct detect *d, struct arena *a, struct workspace *w,
                          struct detect_template **out, size_t *n, struct err *e) MUST_USE;
bool detect_template_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                         struct detect_template *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* One that was imported; those that ship stay. */
bool detect_template_delete(struct detect *d, struct workspace *w, struct str id,
                            bool *out_was_there, struct err *e) MUST_USE;
void detect_template_to_json(struct detect *d, struct arena *a, struct workspace *w,
                             const struct detect_template *t, struct json_out *out);

/* ---- actions: playbooks that a rule calls ---- */
enum { DETECT_MAX_ACTIONS = 20 /* of a rule */ };
/* body: {properties: {logicAppResourceId, triggerUri}, etag?}. Errors: ERR_NOT_FOUND (the rule),
 * ERR_INVALID, ERR_CONFLICT, ERR_LIMIT. */
bool detect_action_put(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                       const struct detect_put *rule, bool *out_created, struct err *e) MUST_USE;
bool detect_action_get(struct detect *d, struct arena *a, struct workspace *w, struct str rule,
                       struct str id, struct state_rule_action *out, struct err *e) MUST_USE;
bool detect_action_list(struct detect *d, struct arena *a, struct workspace *w, struct str rule,
                        struct state_rule_action **out, size_t *n, struct err *e) MUST_USE;
bool detect_action_delete(struct detect *d, struct arena *a, struct workspace *w, struct str rule,
                          struct str id, bool *out_was_there, struct err *e) MUST_USE;
/* Without the trigger's address, as the service answers. */
void detect_action_to_json(struct detect *d, struct arena *a, struct workspace *w,
                           const struct state_rule_action *x, struct json_out *out);

/* ---- securityMLAnalyticsSettings of kind Anomaly: kept; nothing finds anomalies by them ---- */
enum { DETECT_MAX_ANOMALY_SETTINGS = 1000 /* of a workspace */ };
/* Settings that become Production send the others of the same definition to Flighting. Of default
 * settings only enabled and settingsStatus can be changed. */
bool detect_anomaly_put(struct detect *d, struct arena *a, struct workspace *w,
                        const struct detect_put *x, bool *out_created, struct err *e) MUST_USE;
bool detect_anomaly_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                        struct state_anomaly_settings *out, struct err *e) MUST_USE;
bool detect_anomaly_list(struct detect *d, struct arena *a, struct workspace *w,
                         struct state_anomaly_settings **out, size_t *n, struct err *e) MUST_USE;
bool detect_anomaly_delete(struct detect *d, struct workspace *w, struct str id,
                           bool *out_was_there, struct err *e) MUST_USE;
void detect_anomaly_to_json(struct detect *d, struct arena *a, struct workspace *w,
                            const struct state_anomaly_settings *x, struct json_out *out);
