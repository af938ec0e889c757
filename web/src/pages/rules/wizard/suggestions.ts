/** Which entity a column of well-known name most likely names. */
import type { Mapping } from "../model";

/** Type, identifier, and the columns whose names stand for it in Sentinel's tables and ASIM's schemas. */
const known: readonly (readonly [type: string, identifier: string, columns: string])[] = [
  [
    "Account",
    "FullName",
    "UserPrincipalName Account TargetAccount SubjectAccount AccountUPN AccountUpn UserId User Caller ActorUsername TargetUsername " +
      "InitiatingUserPrincipalName Actor AccountName UserName Username",
  ],
  ["Account", "Sid", "AccountSid TargetUserSid SubjectUserSid TargetSid"],
  ["Account", "AadUserId", "AccountObjectId AadUserId UserObjectId"],
  [
    "Host",
    "HostName",
    "Computer HostName DeviceName DvcHostname Hostname SrcHostname DstHostname WorkstationName",
  ],
  [
    "IP",
    "Address",
    "IPAddress IpAddress SourceIP SourceIp SrcIpAddr DstIpAddr ClientIP ClientIp CallerIpAddress RemoteIP DestinationIP " +
      "SourceIpAddress ClientIPAddress HostIP LocalIP",
  ],
  ["URL", "Url", "Url URL RequestURL RemoteUrl RequestUrl"],
  ["DNS", "DomainName", "DomainName DnsQuery QueryName"],
  ["File", "Name", "FileName TargetFileName"],
  ["Process", "CommandLine", "CommandLine ProcessCommandLine TargetProcessCommandLine"],
  ["AzureResource", "ResourceId", "ResourceId _ResourceId AzureResourceId"],
  ["CloudApplication", "Name", "AppDisplayName ApplicationName"],
  ["Mailbox", "MailboxPrimaryAddress", "MailboxOwnerUPN RecipientEmailAddress"],
];

/** One mapping for each column that is known and not mapped yet, in the order of the columns; a few at most. */
export function suggestedMappings(
  columns: readonly { name: string }[],
  mapped: readonly Mapping[],
): Mapping[] {
  const MOST = 6;
  const taken = new Set(mapped.flatMap((m) => m.fieldMappings.map((f) => f.columnName)));
  return columns
    .filter((c) => !taken.has(c.name))
    .flatMap(({ name }) => {
      const found = known.find(([, , names]) => names.split(" ").includes(name));
      return found === undefined
        ? []
        : [
            {
              entityType: found[0],
              fieldMappings: [{ identifier: found[1], columnName: name }],
            },
          ];
    })
    .slice(0, MOST);
}
