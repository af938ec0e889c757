/* AWS CloudTrail and GuardDuty. Sources: AWS's "CloudTrail record contents" and "GuardDuty finding
 * format"; the references of AWSCloudTrail and AWSGuardDuty. */
#include "ingest/foreign.h"
#include <math.h>

static const struct field_map cloudtrail[] = {
    {"eventTime", "TimeGenerated"},
    {"eventVersion", "EventVersion"},
    {"eventID", "AwsEventId"},
    {"eventSource", "EventSource"},
    {"eventName", "EventName"},
    {"eventType", "EventTypeName"},
    {"eventCategory", "Category"},
    {"awsRegion", "AWSRegion"},
    {"sourceIPAddress", "SourceIpAddress"},
    {"userAgent", "UserAgent"},
    {"errorCode", "ErrorCode"},
    {"errorMessage", "ErrorMessage"},
    {"requestID", "AwsRequestId_"},
    {"apiVersion", "APIVersion"},
    {"managementEvent", "ManagementEvent"},
    {"readOnly", "ReadOnly"},
    {"recipientAccountId", "RecipientAccountId"},
    {"sharedEventID", "SharedEventId"},
    {"vpcEndpointId", "VpcEndpointId"},
    {"requestParameters", "RequestParameters"},
    {"responseElements", "ResponseElements"},
    {"additionalEventData", "AdditionalEventData"},
    {"serviceEventDetails", "ServiceEventDetails"},
    {"resources", "Resources"},
    {"tlsDetails.tlsVersion", "TlsVersion"},
    {"additionalEventData.CipherSuite", "CipherSuite"}, /* S3 */
    {"tlsDetails.cipherSuite", "CipherSuite"},
    {"tlsDetails.clientProvidedHostHeader", "ClientProvidedHostHeader"},
    {"userIdentity.type", "UserIdentityType"},
    {"userIdentity.principalId", "UserIdentityPrincipalid"},
    {"userIdentity.arn", "UserIdentityArn"},
    {"userIdentity.accountId", "UserIdentityAccountId"},
    {"userIdentity.accessKeyId", "UserIdentityAccessKeyId"},
    {"userIdentity.userName", "UserIdentityUserName"},
    {"userIdentity.invokedBy", "UserIdentityInvokedBy"},
    {"userIdentity.onBehalfOf.userId", "UserIdentityUserId"},
    {"userIdentity.onBehalfOf.identityStoreArn", "UserIdentityStoreArn"},
    {"userIdentity.sessionContext.attributes.creationDate", "SessionCreationDate"},
    {"userIdentity.sessionContext.attributes.mfaAuthenticated", "SessionMfaAuthenticated"},
    {"userIdentity.sessionContext.ec2RoleDelivery", "EC2RoleDelivery"},
    {"userIdentity.sessionContext.sessionIssuer.type", "SessionIssuerType"},
    {"userIdentity.sessionContext.sessionIssuer.principalId", "SessionIssuerPrincipalId"},
    {"userIdentity.sessionContext.sessionIssuer.arn", "SessionIssuerArn"},
    {"userIdentity.sessionContext.sessionIssuer.accountId", "SessionIssuerAccountId"},
    {"userIdentity.sessionContext.sessionIssuer.userName", "SessionIssuerUserName"},
};

/* The first item of {"items": […]}, as EC2's requests have lists. */
static const struct json *first_item(const struct json *v)
{
    const struct json *items = json_get(v, "items");
    return items != NULL && items->type == JSON_ARRAY && items->n > 0 ? &items->items[0] : NULL;
}

/* What a change of a security group opens. */
static void put_permission(struct record_maker *m, const struct json *v)
{
    const struct json *p = first_item(json_path(v, "requestParameters.ipPermissions"));
    record_json_text(m, "IpProtocol", json_get(p, "ipProtocol"));
    record_json_text(m, "SourcePort", json_get(p, "fromPort"));
    record_json_text(m, "DestinationPort", json_get(p, "toPort"));
    record_json_text(m, "CidrIp", json_get(first_item(json_get(p, "ipRanges")), "cidrIp"));
}

static void put_cloudtrail(struct foreign *f, const struct json *v)
{
    struct record_maker m = {.a = foreign_arena(f)};
    if (json_get(v, "eventTime") == NULL) /* what Logstash makes of it */
        record_value(&m, "TimeGenerated", json_get(v, "@timestamp"));
    record_fields(&m, v, cloudtrail, COUNTOF(cloudtrail));
    put_permission(&m, v);
    record_text(&m, "OperationName", STR("CloudTrail"));
    struct json record = record_done(&m);
    struct str table = foreign_table(f);
    foreign_put(f, table.n > 0 ? table : STR("AWSCloudTrail"), &record);
}

/* Member of an object, in any case: the files of S3 have "accountId", the API has "AccountId". */
static const struct json *member(const struct json *v, const char *name)
{
    for (size_t i = 0; v != NULL && v->type == JSON_OBJECT && i < v->n; i++)
        if (str_ieqz(v->keys[i], name))
            return &v->items[i];
    return NULL;
}

static void put_guardduty(struct foreign *f, const struct json *v)
{
    static const struct field_map names[] = {{"schemaVersion", "SchemaVersion"},
                                             {"accountId", "AccountId"},
                                             {"region", "Region"},
                                             {"partition", "Partition"},
                                             {"id", "Id"},
                                             {"arn", "Arn"},
                                             {"type", "ActivityType"},
                                             {"createdAt", "TimeCreated"},
                                             {"title", "Title"},
                                             {"description", "Description"}};
    struct record_maker m = {.a = foreign_arena(f)};
    const struct json *updated = member(v, "updatedAt"), *severity = member(v, "severity");
    record_value(&m, "TimeGenerated", updated != NULL ? updated : member(v, "createdAt"));
    for (size_t i = 0; i < COUNTOF(names); i++)
        record_json_text(&m, names[i].column, member(v, names[i].path));
    record_value(&m, "ResourceDetails", member(v, "resource"));
    record_value(&m, "ServiceDetails", member(v, "service"));
    /* The column is an int; severities have one decimal, and their classes begin at whole numbers.
     */
    if (severity != NULL && (severity->type == JSON_REAL || severity->type == JSON_INT) &&
        fabs(severity->d) < 1000)
        record_int(&m, "Severity", (int64_t)floor(severity->d));
    struct json record = record_done(&m);
    struct str table = foreign_table(f);
    foreign_put(f, table.n > 0 ? table : STR("AWSGuardDuty"), &record);
}

static bool is_cloudtrail(const struct json *v)
{
    return json_get(v, "eventName") != NULL && json_get(v, "eventSource") != NULL;
}

static bool is_guardduty(const struct json *v)
{
    return member(v, "type") != NULL && member(v, "service") != NULL;
}

/* Records of which is_one says yes; others are dead letters. inside: a member that may hold it. */
static void read_records(struct foreign *f, struct str body, const char *wrapper,
                         const char *inside, bool (*is_one)(const struct json *),
                         void (*put)(struct foreign *, const struct json *), const char *otherwise)
{
    struct documents d = documents_make(f, body, wrapper);
    const struct json *v;
    struct err why = {0};
    while (documents_next(&d, &v, &why)) {
        const struct json *inner = v != NULL ? json_get(v, inside) : NULL;
        const struct json *record = inner != NULL && inner->type == JSON_OBJECT ? inner : v;
        if (v == NULL) {
            foreign_reject(f, d.raw, &why);
        } else if (is_one(record)) {
            put(f, record);
        } else {
            err_set(&why, ERR_INVALID, "%s", otherwise);
            foreign_reject(f, d.raw, &why);
        }
    }
}

void cloudtrail_read(struct foreign *f, struct str body)
{
    read_records(f, body, "Records", "detail", is_cloudtrail, put_cloudtrail,
                 "the record is none of CloudTrail: no eventName or no eventSource");
}

void guardduty_read(struct foreign *f, struct str body)
{
    read_records(f, body, "Findings", "detail", is_guardduty, put_guardduty,
                 "the record is no finding of GuardDuty: no type or no service");
}
