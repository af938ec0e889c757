/* Options of a request. */
#include "kql/request.h"
#include "base/clock.h"
#include "text/date.h"

enum kind { FLAG, COUNT, SPAN, TIME, NAME };

#define AT(member) offsetof(struct kql_request, member)
static const struct option {
    const char *name;
    enum kind kind;
    size_t at, given; /* given: TIME's flag */
} options[] = {
    {"servertimeout", SPAN, AT(timeout), 0},
    {"query_timeout", SPAN, AT(timeout), 0},
    {"norequesttimeout", FLAG, AT(no_timeout), 0},
    {"notruncation", FLAG, AT(no_truncation), 0},
    {"truncationmaxrecords", COUNT, AT(max_records), 0},
    {"truncation_max_records", COUNT, AT(max_records), 0},
    {"truncationmaxsize", COUNT, AT(max_bytes), 0},
    {"truncation_max_size", COUNT, AT(max_bytes), 0},
    {"query_take_max_records", COUNT, AT(take_records), 0},
    {"maxmemoryconsumptionperiterator", COUNT, AT(memory_bytes), 0},
    {"max_memory_consumption_per_iterator", COUNT, AT(memory_bytes), 0},
    {"best_effort", FLAG, AT(best_effort), 0},
    {"query_now", TIME, AT(now), AT(has_now)},
    {"query_datetimescope_from", TIME, AT(from), AT(has_from)},
    {"query_datetimescope_to", TIME, AT(to), AT(has_to)},
    {"query_datetimescope_column", NAME, AT(column), 0},
};

static bool read_flag(const struct kql_value *v, bool *out)
{
    if (v->type == KQL_BOOL)
        *out = v->b;
    else if (v->type == KQL_STRING)
        *out = str_ieqz(v->s, "true") || str_eqz(v->s, "1");
    else
        *out = v->i != 0;
    return true;
}

static bool read_whole(const struct kql_value *v, enum kind kind, int64_t *out)
{
    bool text = v->type == KQL_STRING;
    switch (kind) {
    case COUNT:
        if (text)
            return str_to_i64(str_trim(v->s), out) && *out > 0;
        *out = v->type == KQL_REAL && v->d < 9e18 ? (int64_t)v->d : v->i;
        return (v->type == KQL_LONG || v->type == KQL_INT || v->type == KQL_REAL) && *out > 0;
    case SPAN:
        if (text)
            return span_parse_kusto(v->s, out) && *out > 0;
        *out = v->i;
        return v->type == KQL_TIMESPAN && *out > 0;
    case TIME:
        if (text)
            return date_parse_kusto(v->s, out);
        *out = v->i;
        return v->type == KQL_DATETIME;
    case FLAG:
    case NAME:
        break;
    }
    return false;
}

static void note(struct kql_request *r, const struct option *o, const struct kql_value *v)
{
    char *to = (char *)r + o->at;
    int64_t n = 0;
    bool yes = true;
    if (o->kind == FLAG && read_flag(v, &yes)) {
        memcpy(to, &yes, sizeof(yes));
    } else if (o->kind == NAME && v->type == KQL_STRING) {
        memcpy(to, &v->s, sizeof(v->s));
    } else if (read_whole(v, o->kind, &n)) {
        memcpy(to, &n, sizeof(n));
        if (o->kind == TIME)
            memcpy((char *)r + o->given, &yes, sizeof(yes));
    }
}

void kql_request_set(struct kql_request *r, struct str name, const struct kql_value *v)
{
    for (size_t i = 0; i < COUNTOF(options) && !v->is_null; i++)
        if (str_ieqz(name, options[i].name))
            note(r, &options[i], v);
}
