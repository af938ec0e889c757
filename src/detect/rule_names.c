/* Names of a rule's enums, and the three duration grammars. */
#include "detect/rule_priv.h"
#include "text/date.h"

static const char *const severities[] = {"Informational", "Low", "Medium", "High"};
static const char *const operators[] = {"GreaterThan", "LessThan", "Equal", "NotEqual"};

const char *rule_severity_name(enum rule_severity s)
{
    return severities[s];
}

const char *rule_operator_name(enum rule_operator o)
{
    return operators[o];
}

/* In the order of enum rule_kind. status: what there is to know about one that is enabled. */
static const struct {
    const char *name;
    bool query, windows, bound;
    const char *status;
} kinds[RULE_KINDS] = {
    {"Scheduled", true, true, false, NULL},
    {"NRT", true, true, false, NULL},
    {"MicrosoftSecurityIncidentCreation", false, true, false, NULL},
    {"Fusion", false, false, true,
     "it is kept and does nothing: what is correlated is set for the workspace"},
    {"MLBehaviorAnalytics", false, false, true,
     "it is kept and does nothing: there is no machine-learning model behind it"},
    {"ThreatIntelligence", false, false, true,
     "no data: there are no threat indicators to match yet"},
    {"Hunting query", true, false, false, NULL},
};

const char *rule_kind_name(enum rule_kind k)
{
    return kinds[k].name;
}

bool rule_kind_parse(struct str s, enum rule_kind *out)
{
    for (size_t i = 0; i < RULE_HUNTING; i++)
        if (str_ieqz(s, kinds[i].name)) {
            *out = (enum rule_kind)i;
            return true;
        }
    return false;
}

bool rule_by_arrival(enum rule_kind k)
{
    return k == RULE_NRT || k == RULE_MICROSOFT_INCIDENT;
}

bool rule_has_query(enum rule_kind k)
{
    return kinds[k].query;
}

bool rule_has_windows(enum rule_kind k)
{
    return kinds[k].windows;
}

bool rule_is_bound(enum rule_kind k)
{
    return kinds[k].bound;
}

const char *rule_kind_status(enum rule_kind k)
{
    return kinds[k].status;
}

static int64_t version_part(struct str *s)
{
    size_t at = s->n;
    int64_t n = 0;
    (void)str_find(*s, STR("."), &at);
    if (!str_to_i64(str_trim(str_sub(*s, 0, at)), &n))
        n = 0;
    *s = str_sub(*s, at + 1, s->n);
    return n;
}

int rule_version_compare(struct str x, struct str y)
{
    while (x.n > 0 || y.n > 0) {
        int64_t a = version_part(&x), b = version_part(&y);
        if (a != b)
            return a < b ? -1 : 1;
    }
    return 0;
}

bool rule_severity_parse(struct str s, enum rule_severity *out)
{
    for (size_t i = 0; i < COUNTOF(severities); i++)
        if (str_ieqz(s, severities[i])) {
            *out = (enum rule_severity)i;
            return true;
        }
    return false;
}

const char *alert_property(struct str name)
{
    static const char *const names[] = {"AlertLink",     "ConfidenceLevel",  "ConfidenceScore",
                                        "ExtendedLinks", "ProductName",      "ProductComponentName",
                                        "ProviderName",  "RemediationSteps", "SubTechniques",
                                        "Techniques"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_ieqz(name, names[i]))
            return names[i];
    return NULL;
}

/* 5m, 1h, 14d: an integer and one unit letter. */
static bool short_duration(struct str s, int64_t *out)
{
    int64_t n = 0, unit = 0;
    if (s.n < 2 || s.n > 10 || !str_to_i64(str_sub(s, 0, s.n - 1), &n) || n < 0)
        return false;
    switch (s.p[s.n - 1]) {
    case 's':
    case 'S':
        unit = TICKS_PER_SECOND;
        break;
    case 'm':
    case 'M':
        unit = TICKS_PER_MINUTE;
        break;
    case 'h':
    case 'H':
        unit = TICKS_PER_HOUR;
        break;
    case 'd':
    case 'D':
        unit = TICKS_PER_DAY;
        break;
    default:
        return false;
    }
    return !__builtin_mul_overflow(n, unit, out);
}

bool rule_duration(struct str s, int64_t *out)
{
    s = str_trim(s);
    if (short_duration(s, out))
        return true;
    if (s.n > 0 && (s.p[0] == 'P' || s.p[0] == 'p'))
        return duration_parse_iso8601(s, out) && *out >= 0;
    /* .NET TimeSpan text has at least one colon; a bare number would be days there and is a mistake
     * here. */
    size_t at = 0;
    return str_find(s, STR(":"), &at) && span_parse_kusto(s, out) && *out >= 0;
}
