/* What the files of the plugins share. */
#pragma once
#include "kql/bind_priv.h"

struct plugin_call {
    struct binder *b;
    struct binding *env;
    struct plan *in;
    const struct syn *call;
    const struct syn *schema; /* OutputSchema, or NULL */
};
/* The argument at a position, not counting named ones, or of a name; NULL: not given. */
const struct syn *plugin_argument(const struct plugin_call *v, const char *name, size_t at);
/* An argument that must be a column of the input; NULL after an error, and where the input is open.
 */
const struct plan_col *plugin_column(const struct plugin_call *v, const char *name, size_t at);
/* For templates: plugins that are the same question in plain KQL. Names for constants and tables.
 */
void plugin_bind_scalar(const struct plugin_call *v, struct binding **env, struct str name,
                        struct expr *e);
void plugin_bind_plan(const struct plugin_call *v, struct binding **env, const char *name,
                      struct plan *p);
/* The plan of a template's text; NULL after an error, which is told at the call. */
struct plan *plugin_template(const struct plugin_call *v, struct binding *env, struct str text);
/* preview, rolling_percentile, rows_near, schema_merge, sequence_detect. */
struct plan *bind_row_plugin(const struct plugin_call *v);
/* autocluster, basket, diffpatterns. */
struct plan *bind_mine_plugin(const struct plugin_call *v);
/* activity_metrics and its like: what users do over time. NULL: the plugin is none of them. */
struct plan *bind_user_plugin(const struct plugin_call *v);
