/* AWS VPC flow logs: fields with blanks between them, in the order of the first line, or in that of
 * version 2. Source: AWS's "Flow log records", the reference of AWSVPCFlow. */
#include "ingest/foreign.h"
#include "text/date.h"

enum { MAX_FIELDS = 64, VERSION_2_FIELDS = 14 };

struct flow_field {
    const char *name, *column;
    bool is_time; /* seconds since 1970 */
};
/* The first fourteen are version 2, in its order. */
static const struct flow_field fields[] = {
    {"version", "Version", false},
    {"account-id", "AccountId", false},
    {"interface-id", "InterfaceId", false},
    {"srcaddr", "SrcAddr", false},
    {"dstaddr", "DstAddr", false},
    {"srcport", "SrcPort", false},
    {"dstport", "DstPort", false},
    {"protocol", "Protocol", false},
    {"packets", "Packets", false},
    {"bytes", "Bytes", false},
    {"start", "Start", true},
    {"end", "End", true},
    {"action", "Action", false},
    {"log-status", "LogStatus", false},
    {"vpc-id", "VpcId", false},
    {"subnet-id", "SubnetId", false},
    {"instance-id", "InstanceId", false},
    {"tcp-flags", "TcpFlags", false},
    {"type", "TrafficType", false},
    {"pkt-srcaddr", "PktSrcAddr", false},
    {"pkt-dstaddr", "PktDstAddr", false},
    {"region", "Region", false},
    {"az-id", "AzId", false},
    {"sublocation-type", "SublocationType", false},
    {"sublocation-id", "SublocationId", false},
    {"pkt-src-aws-service", "PktSrcAwsService", false},
    {"pkt-dst-aws-service", "PktDstAwsService", false},
    {"flow-direction", "FlowDirection", false},
    {"traffic-path", "TrafficPath", false},
    {"ecs-cluster-arn", "EcsClusterArn", false},
    {"ecs-cluster-name", "EcsClusterName", false},
    {"ecs-container-id", "EcsContainerId", false},
    {"ecs-container-instance-arn", "EcsContainerInstanceArn", false},
    {"ecs-container-instance-id", "EcsContainerInstanceId", false},
    {"ecs-second-container-id", "EcsSecondContainerId", false},
    {"ecs-service-name", "EcsServiceName", false},
    {"ecs-task-arn", "EcsTaskArn", false},
    {"ecs-task-definition-arn", "EcsTaskDefinitionArn", false},
    {"ecs-task-id", "EcsTaskId", false},
};

static const struct flow_field *field_of(struct str name)
{
    for (size_t i = 0; i < COUNTOF(fields); i++)
        if (str_ieqz(name, fields[i].name))
            return &fields[i];
    return NULL;
}

/* Words of a line, at most MAX_FIELDS + 1. */
static size_t split(struct str line, struct str *out)
{
    size_t n = 0;
    for (size_t i = 0; i < line.n && n <= MAX_FIELDS;) {
        size_t from = i;
        while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t')
            i++;
        if (i > from)
            out[n++] = str_sub(line, from, i - from);
        else
            i++;
    }
    return n;
}

struct order {
    const struct flow_field *field[MAX_FIELDS]; /* NULL: no column */
    struct str name[MAX_FIELDS];
    size_t n;
};

/* A header names at least two of the fields. */
static bool take_header(struct order *o, struct foreign *f, const struct str *words, size_t n)
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        known += field_of(words[i]) != NULL;
    if (known < 2 || n > MAX_FIELDS)
        return false;
    o->n = n;
    for (size_t i = 0; i < n; i++) {
        o->field[i] = field_of(words[i]);
        o->name[i] = arena_str(foreign_call_arena(f), words[i]);
    }
    return true;
}

static void put_line(struct foreign *f, const struct order *o, const struct str *words)
{
    struct record_maker m = {.a = foreign_arena(f)};
    int64_t start = 0, end = 0, seconds = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct flow_field *to = o->field[i];
        if (str_eqz(words[i], "-"))
            continue;
        if (to == NULL) {
            record_text(&m, arena_strz(m.a, o->name[i]), words[i]);
        } else if (to->is_time && str_to_i64(words[i], &seconds) && seconds > 0 &&
                   seconds < INT64_C(253402300800)) {
            int64_t at = TICKS_UNIX_EPOCH + seconds * TICKS_PER_SECOND;
            *(str_eqz(str_from(to->name), "end") ? &end : &start) = at;
            record_time(&m, to->column, at);
        } else {
            record_text(&m, to->column, words[i]);
        }
    }
    if (end != 0 || start != 0)
        record_time(&m, "TimeGenerated", end != 0 ? end : start);
    struct json record = record_done(&m);
    struct str table = foreign_table(f);
    foreign_put(f, table.n > 0 ? table : STR("AWSVPCFlow"), &record);
}

static void read_line(struct foreign *f, struct order *o, struct str line)
{
    struct str words[MAX_FIELDS + 1];
    struct err why = {0};
    size_t n = split(line, words);
    if (n == 0 || take_header(o, f, words, n))
        return;
    if (!utf8_valid(line, NULL))
        err_set(&why, ERR_SYNTAX, "the line is not UTF-8");
    else if (n != o->n)
        err_set(&why, ERR_SYNTAX, "the line has %zu fields, %zu expected", n, o->n);
    if (why.code != ERR_OK)
        foreign_reject(f, line, &why);
    else
        put_line(f, o, words);
}

void vpcflow_read(struct foreign *f, struct str body)
{
    struct order o = {.n = VERSION_2_FIELDS};
    for (size_t i = 0; i < VERSION_2_FIELDS; i++) {
        o.field[i] = &fields[i];
        o.name[i] = str_from(fields[i].name);
    }
    while (body.n > 0) {
        const char *nl = memchr(body.p, '\n', body.n);
        size_t n = nl != NULL ? (size_t)(nl - body.p) : body.n;
        foreign_next(f);
        read_line(f, &o, str_trim(str_sub(body, 0, n)));
        body = str_sub(body, n + 1, body.n);
    }
}
