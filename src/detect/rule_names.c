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

const char *rule_kind_name(enum rule_kind k)
{
    return k == RULE_NRT ? "NRT" : "Scheduled";
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
