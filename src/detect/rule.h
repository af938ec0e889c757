/* The model of an analytics rule, its two readers (Azure-Sentinel's YAML, ARM JSON) and its ARM
 * writer. Reading is liberal (case of enums, three duration grammars), what is kept is canonical.
 */
#pragma once
#include "incident/incident.h"
#include "text/json.h"

enum rule_kind { RULE_SCHEDULED, RULE_NRT };
enum rule_severity { SEV_INFORMATIONAL, SEV_LOW, SEV_MEDIUM, SEV_HIGH };
enum rule_operator { TRIGGER_GT, TRIGGER_LT, TRIGGER_EQ, TRIGGER_NE };
const char *rule_severity_name(enum rule_severity s); /* "High" … */
const char *rule_operator_name(enum rule_operator o); /* "GreaterThan" … */
const char *rule_kind_name(enum rule_kind k);

struct strs {
    struct str *p;
    size_t n;
};
struct rule_field {
    struct str identifier, column;
};
struct rule_mapping {
    struct str type; /* canonical entity type: Account, IP, URL … */
    struct rule_field *fields;
    size_t n;
};
struct rule_pair {
    struct str key, column;
};
struct rule {
    struct str id; /* YAML id or ARM resource name, lower case */
    enum rule_kind kind;
    struct str name, description, query;
    uint32_t query_line; /* of the YAML where the query's text starts, line by line; 0: unknown */
    bool enabled;
    enum rule_severity severity;
    int64_t frequency, period; /* ticks */
    enum rule_operator op;
    int64_t threshold;
    int64_t start_time; /* startTimeUtc; 0 = none */
    bool suppression;
    int64_t suppression_duration;
    bool alert_per_result;
    struct strs tactics, techniques, subtechniques;
    struct rule_mapping *mappings;
    size_t n_mappings;
    struct strs entity_columns; /* sentinelEntitiesMappings */
    struct rule_pair *details;  /* customDetails */
    size_t n_details;
    struct str name_format, description_format, severity_column, tactics_column;
    struct rule_pair *properties; /* alertDynamicProperties: alertProperty → column */
    size_t n_properties;
    struct incident_grouping incident;
    struct str template_id, template_version;
    struct str extra; /* JSON object: connectors, tags, metadata, status, unknown keys */
};

/* Everything that is wrong with one text, each with its place. */
struct rule_issue {
    bool warning;
    struct str file;
    uint32_t line;  /* 0: no line */
    struct str key; /* "entityMappings[0].fieldMappings[1].identifier" */
    struct str message;
    struct str excerpt; /* of the query: its line and a mark below the place; may be empty */
};
struct rule_issues {
    VEC(struct rule_issue) v;
    struct arena *a;
    struct str file;
    size_t max_query_chars; /* 0 = 10,000 */
    size_t n_errors;
};
void rule_issue_add(struct rule_issues *is, bool warning, uint32_t line, struct str key,
                    const char *fmt, ...) PRINTF_LIKE(5, 6);
/* "file:line: key: message" of the first error. */
void rule_issues_err(const struct rule_issues *is, struct err *e);

/* file: for messages. On false is has at least one error. *out lives in a. */
bool rule_read_yaml(struct arena *a, struct str text, struct rule *out,
                    struct rule_issues *is) MUST_USE;
/* body: {kind, etag?, properties{…}}; id: the resource name. Kinds other than Scheduled and NRT are
 * errors that say so. */
bool rule_read_arm(struct arena *a, struct str id, struct str text, struct rule *out,
                   struct rule_issues *is) MUST_USE;
/* The ARM "properties" object. modified: lastModifiedUtc, 0 = left out. */
void rule_write_arm(const struct rule *r, int64_t modified, struct json_out *w);
/* Azure-Sentinel's YAML, which reads back as the same rule. */
bool rule_write_yaml(const struct rule *r, struct sbuf *out, struct err *e) MUST_USE;
/* Compiles the query against the workspace as a rule is (rule_restrictions) and checks mapped
 * columns against its output. */
bool rule_check_query(struct arena *a, struct workspace *w, const struct rule *r, int64_t now,
                      struct rule_issues *is) MUST_USE;
/* d.hh:mm:ss, 5m/1h/14d, PT5H. */
bool rule_duration(struct str s, int64_t *out) MUST_USE;
