/* What belongs to analytics rules: their versions, actions and templates; settings of anomalies.
 * Results live in a; empty lists are no error. */
#pragma once
#include "state/state.h"

/* One change of a rule, kept for ever or until there are too many. */
struct state_rule_version {
    struct str workspace, rule;
    int64_t version; /* 1, 2, 3 … of the rule, going on when it is made anew after a deletion */
    struct str kind, name, etag;
    struct str body, extra; /* as in struct state_rule, after the change; of a deletion: before */
    struct str change;      /* created, updated, enabled, disabled, restored, deleted … */
    struct str who, address;
    int64_t at;
};
/* Numbers the version and removes all but the newest `most` of the rule. */
bool state_rule_version_add(struct state *s, struct state_rule_version *v, int64_t most,
                            struct err *e) MUST_USE;
/* Newest first. */
bool state_rule_version_list(struct state *s, struct arena *a, struct str workspace,
                             struct str rule, struct state_rule_version **out, size_t *n,
                             struct err *e) MUST_USE;
bool state_rule_version_get(struct state *s, struct arena *a, struct str workspace, struct str rule,
                            int64_t version, struct state_rule_version *out,
                            struct err *e) MUST_USE; /* ERR_NOT_FOUND */

/* A playbook that a rule calls. The rule's deletion deletes it. */
struct state_rule_action {
    struct str workspace, rule, id, etag;
    struct str logic_app;   /* ARM id of the workflow */
    struct str trigger_uri; /* with the signature that allows the call: a secret */
    struct str workflow_id;
    int64_t created, modified;
};
bool state_rule_action_put(struct state *s, const struct state_rule_action *x,
                           struct err *e) MUST_USE;
bool state_rule_action_get(struct state *s, struct arena *a, struct str workspace, struct str rule,
                           struct str id, struct state_rule_action *out,
                           struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_rule_action_list(struct state *s, struct arena *a, struct str workspace, struct str rule,
                            struct state_rule_action **out, size_t *n, struct err *e) MUST_USE;
bool state_rule_action_delete(struct state *s, struct str workspace, struct str rule, struct str id,
                              bool *out_was_there, struct err *e) MUST_USE;

/* A template that was imported into the workspace. */
struct state_rule_template {
    struct str workspace, id, kind, name, version;
    struct str body, extra; /* as in struct state_rule */
    int64_t created, modified;
};
bool state_rule_template_put(struct state *s, const struct state_rule_template *x,
                             struct err *e) MUST_USE;
bool state_rule_template_list(struct state *s, struct arena *a, struct str workspace,
                              struct state_rule_template **out, size_t *n,
                              struct err *e) MUST_USE; /* by id */
bool state_rule_template_delete(struct state *s, struct str workspace, struct str id,
                                bool *out_was_there, struct err *e) MUST_USE;

/* securityMLAnalyticsSettings of kind Anomaly. */
struct state_anomaly_settings {
    struct str workspace, id, etag;
    struct str definition; /* settingsDefinitionId */
    bool is_default;
    struct str body; /* ARM "properties" */
    int64_t created, modified;
};
bool state_anomaly_settings_put(struct state *s, const struct state_anomaly_settings *x,
                                struct err *e) MUST_USE;
bool state_anomaly_settings_get(struct state *s, struct arena *a, struct str workspace,
                                struct str id, struct state_anomaly_settings *out,
                                struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_anomaly_settings_list(struct state *s, struct arena *a, struct str workspace,
                                 struct state_anomaly_settings **out, size_t *n,
                                 struct err *e) MUST_USE; /* by id */
bool state_anomaly_settings_delete(struct state *s, struct str workspace, struct str id,
                                   bool *out_was_there, struct err *e) MUST_USE;
