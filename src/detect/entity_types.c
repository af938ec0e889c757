/* The entity types that a rule may map, and their identifiers. */
#include "detect/rule_priv.h"

static const struct entity_type types[] = {
    {"Account",
     "account",
     {"FullName", "Sid", "Name", "AadUserId", "PUID", "ObjectGuid", "AadTenantId", "NTDomain",
      "DnsDomain", "UPNSuffix", "IsDomainJoined", "DisplayName", "CloudAppAccountId"},
     6,
     false},
    {"Host",
     "host",
     {"FullName", "HostName", "NetBiosName", "AzureID", "OMSAgentID", "DnsDomain", "NTDomain",
      "OSFamily", "OSVersion", "IsDomainJoined"},
     5,
     false},
    {"IP", "ip", {"Address", "AddressScope"}, 1, false},
    {"URL", "url", {"Url"}, 1, false},
    {"AzureResource", "azure-resource", {"ResourceId"}, 1, false},
    {"CloudApplication", "cloud-application", {"AppId", "Name", "InstanceName"}, 2, false},
    {"DNS", "dns", {"DomainName"}, 1, false},
    {"File", "file", {"Name", "Directory"}, 1, false},
    {"FileHash", "filehash", {"Algorithm", "Value"}, 2, true},
    {"Malware", "malware", {"Name", "Category"}, 1, false},
    {"Process",
     "process",
     {"CommandLine", "ProcessId", "CreationTimeUtc", "ElevationToken"},
     2,
     false},
    {"RegistryKey", "registry-key", {"Key", "Hive"}, 2, false},
    {"RegistryValue", "registry-value", {"Name", "Value", "ValueType"}, 1, false},
    {"SecurityGroup", "security-group", {"DistinguishedName", "SID", "ObjectGuid"}, 3, false},
    {"Mailbox",
     "mailbox",
     {"MailboxPrimaryAddress", "DisplayName", "Upn", "ExternalDirectoryObjectId", "RiskLevel"},
     1,
     false},
    {"MailCluster",
     "mail-cluster",
     {"Query", "Source", "NetworkMessageIds", "CountByDeliveryStatus", "CountByThreatType",
      "CountByProtectionStatus", "Threats", "QueryTime", "MailCount", "IsVolumeAnomaly",
      "ClusterSourceIdentifier", "ClusterSourceType", "ClusterQueryStartTime",
      "ClusterQueryEndTime", "ClusterGroup"},
     2,
     false},
    {"MailMessage",
     "mail-message",
     {"NetworkMessageId",
      "Recipient",
      "Urls",
      "Threats",
      "Sender",
      "P1Sender",
      "P1SenderDisplayName",
      "P1SenderDomain",
      "SenderIP",
      "P2Sender",
      "P2SenderDisplayName",
      "P2SenderDomain",
      "ReceivedDate",
      "InternetMessageId",
      "Subject",
      "BodyFingerprintBin1",
      "BodyFingerprintBin2",
      "BodyFingerprintBin3",
      "BodyFingerprintBin4",
      "BodyFingerprintBin5",
      "AntispamDirection",
      "DeliveryAction",
      "DeliveryLocation",
      "Language",
      "ThreatDetectionMethods"},
     2,
     false},
    {"SubmissionMail",
     "SubmissionMail",
     {"SubmissionId", "NetworkMessageId", "Recipient", "Submitter", "SubmissionDate", "Timestamp",
      "Sender", "SenderIp", "Subject", "ReportType"},
     4,
     false},
    {"IoTDevice",
     "iotdevice",
     {"DeviceId", "DeviceName", "Manufacturer", "Model", "FirmwareVersion", "OperatingSystem",
      "MacAddress", "Protocols", "SerialNumber", "Source", "IoTSecurityAgentId", "DeviceType"},
     1,
     false},
};

const struct entity_type *entity_type_at(size_t i)
{
    return i < COUNTOF(types) ? &types[i] : NULL;
}

const struct entity_type *entity_type_find(struct str name)
{
    for (size_t i = 0; i < COUNTOF(types); i++)
        if (str_ieqz(name, types[i].name))
            return &types[i];
    return NULL;
}

const char *entity_identifier(const struct entity_type *t, struct str name, bool *out_required)
{
    for (unsigned i = 0; i < ENTITY_MAX_IDENTIFIERS && t->identifiers[i] != NULL; i++) {
        if (!str_ieqz(name, t->identifiers[i]))
            continue;
        *out_required = i < t->n_required;
        return t->identifiers[i];
    }
    return NULL;
}

void rule_write_vocabulary(struct json_out *w)
{
    json_obj(w);
    json_key(w, "entityTypes");
    json_arr(w);
    for (size_t i = 0; i < COUNTOF(types); i++) {
        json_obj(w);
        json_kv_z(w, "type", types[i].name);
        json_kv_int(w, "strong", (int64_t)types[i].n_required);
        json_key(w, "identifiers");
        json_arr(w);
        for (size_t k = 0; k < ENTITY_MAX_IDENTIFIERS && types[i].identifiers[k] != NULL; k++)
            json_str(w, str_from(types[i].identifiers[k]));
        json_arr_end(w);
        json_obj_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
}
