/* The model of an analytics rule, its readers (Azure-Sentinel's YAML, ARM JSON, files of several
 * rules) and its writers. Reading is liberal (case of enums, three duration grammars), what is kept
 * is canonical, and what no reader knows is kept, too. */
#pragma once
#include "incident/incident.h"
#include "text/json.h"

enum rule_kind {
    RULE_SCHEDULED,
    RULE_NRT,
    RULE_MICROSOFT_INCIDENT, /* incidents from alerts of other products */
    RULE_FUSION,             /* this and the next two: bound to a template, without a query */
    RULE_ML,
    RULE_THREAT,
    RULE_HUNTING /* no rule: a query that people run, a saved search in ARM */
};
enum { RULE_KINDS = RULE_HUNTING + 1, RULE_NAME_BYTES = 1024 /* 256 characters of UTF-8 */ };
enum rule_severity { SEV_INFORMATIONAL, SEV_LOW, SEV_MEDIUM, SEV_HIGH };
enum rule_operator { TRIGGER_GT, TRIGGER_LT, TRIGGER_EQ, TRIGGER_NE };
const char *rule_severity_name(enum rule_severity s);             /* "High" … */
const char *rule_operator_name(enum rule_operator o);             /* "GreaterThan" … */
const char *rule_kind_name(enum rule_kind k);                     /* "Scheduled", "Fusion" … */
bool rule_kind_parse(struct str s, enum rule_kind *out) MUST_USE; /* case does not matter */
/* Its runs see what arrived, whatever its TimeGenerated. */
bool rule_by_arrival(enum rule_kind k);
bool rule_has_query(enum rule_kind k);   /* its author writes one */
bool rule_has_windows(enum rule_kind k); /* the scheduler runs it */
bool rule_is_bound(enum rule_kind k);    /* name, severity … are its template's */
/* What a rule may map: {"entityTypes": [{"type", "identifiers", "strong"}]}; an entity needs one of
 * the first "strong" identifiers. */
void rule_write_vocabulary(struct json_out *w);
const char *rule_kind_status(enum rule_kind k); /* why one that is enabled does nothing; NULL */

struct strs {
    struct str *p;
    size_t n;
};
struct rule_field {
    struct str identifier, column;
    size_t at; /* of the column's name in query_text, as the other places */
};
struct rule_mapping {
    struct str type; /* canonical entity type: Account, IP, URL … */
    struct rule_field *fields;
    size_t n;
};
struct rule_pair {
    struct str key, column;
    size_t at;
};
/* A member of one of a rule's objects that no reader knows. parent: "entityMappings[0]". */
struct rule_unknown {
    struct str parent, key, value; /* value: JSON */
};
struct rule {
    struct str id; /* YAML id or ARM resource name, lower case */
    enum rule_kind kind;
    struct str name, description, query;
    /* The text that the query was read from, borrowed, and where it stands there (the key's place
     * in YAML, the value's in JSON). Empty: unknown. */
    struct str query_text;
    size_t query_at;
    bool query_after_key;
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
    size_t severity_at, tactics_at;
    struct rule_pair *properties; /* alertDynamicProperties: alertProperty → column */
    size_t n_properties;
    struct incident_grouping incident;
    struct str product; /* this and the next three: of RULE_MICROSOFT_INCIDENT; the productFilter */
    struct strs severities, names, excluded_names;
    struct str source_settings, exclusions; /* of RULE_FUSION: JSON arrays; empty: none */
    struct str template_id, template_version;
    struct str extra; /* JSON object: connectors, tags, metadata, status, unknown keys */
    struct rule_unknown *unknown;
    size_t n_unknown;
};

/* Everything that is wrong with one text, each with its place. */
struct rule_issue {
    bool warning;
    struct str file;
    uint32_t line;  /* of the text, from 1; 0: no line */
    struct str key; /* "entityMappings[0].fieldMappings[1].identifier" */
    struct str message;
    struct str excerpt; /* of the query: its line and a mark below the place; may be empty */
    uint32_t column;    /* code points, from 1; 0: no column */
    /* Of an error in the query: its place in the query's own text, from 1; 0: no such error. */
    uint32_t query_line, query_column;
    size_t query_bytes; /* that it is about; may be 0 */
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

/* On false is has at least one error. *out lives in a; text has to stay as long. */
bool rule_read_yaml(struct arena *a, struct str text, struct rule *out,
                    struct rule_issues *is) MUST_USE;
/* body: {kind, etag?, properties{…}}; id: the resource name. */
bool rule_read_arm(struct arena *a, struct str id, struct str text, struct rule *out,
                   struct rule_issues *is) MUST_USE;
/* All rules of one text: YAML (a rule or a list of rules), ARM JSON (a resource, a list of
 * resources, {"value": […]}, a template with its parameters' default values); and hunting queries,
 * in YAML or as saved searches. workspace: what a
 * template's parameter of the workspace stands for. A rule that is wrong has its issues in is and
 * is left out; out->refused counts those. False: the text itself cannot be read. */
struct rule_list {
    VEC(struct rule) v;
    size_t refused;
};
bool rule_read_text(struct arena *a, struct str text, struct str workspace, struct rule_list *out,
                    struct rule_issues *is) MUST_USE;
/* The ARM "properties" object. modified: lastModifiedUtc, 0 = left out. */
void rule_write_arm(const struct rule *r, int64_t modified, struct json_out *w);
/* A hunting query as the resource of a saved search: {properties: {category, displayName, query,
 * version, tags}}; keys without a place there are tags whose values are JSON. */
#define RULE_HUNTING_CATEGORY "Hunting Queries"
void rule_write_saved(const struct rule *r, struct json_out *w);
/* The properties of the rule's template: without what only a rule has. */
void rule_write_template(const struct rule *r, struct json_out *w);
/* An ARM template with one resource a rule and the workspace as its parameter. */
bool rule_write_deployment(struct arena *a, const struct rule *rules, size_t n, struct json_out *w,
                           struct err *e) MUST_USE;
/* Azure-Sentinel's YAML, which reads back as the same rule. */
bool rule_write_yaml(const struct rule *r, struct sbuf *out, struct err *e) MUST_USE;
/* a.b.c by its numbers: -1, 0, 1; what is missing counts as 0. */
int rule_version_compare(struct str x, struct str y);
/* Compiles the query against the workspace as a rule is (rule_restrictions) and checks mapped
 * columns against its output. */
bool rule_check_query(struct arena *a, struct workspace *w, const struct rule *r, int64_t now,
                      struct rule_issues *is) MUST_USE;
/* The same against any catalogue. */
bool rule_check_query_in(struct arena *a, const struct kql_catalog *catalog, const struct rule *r,
                         int64_t now, struct rule_issues *is) MUST_USE;
/* d.hh:mm:ss, 5m/1h/14d, PT5H. */
bool rule_duration(struct str s, int64_t *out) MUST_USE;
