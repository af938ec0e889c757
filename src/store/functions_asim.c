/* The helper functions that parsers of the Advanced Security Information Model (ASIM) call.
 * Sources: "Advanced Security Information Model (ASIM) helper functions"; the registries of IANA
 * for the names of codes. */
#include "store/store_priv.h"

/* clang-format off */
#define DNS_TYPES                                                                                   \
    "'0':'Reserved','1':'A','2':'NS','3':'MD','4':'MF','5':'CNAME','6':'SOA','7':'MB','8':'MG',"    \
    "'9':'MR','10':'NULL','11':'WKS','12':'PTR','13':'HINFO','14':'MINFO','15':'MX','16':'TXT',"    \
    "'17':'RP','18':'AFSDB','19':'X25','20':'ISDN','21':'RT','22':'NSAP','23':'NSAP-PTR',"          \
    "'24':'SIG','25':'KEY','26':'PX','27':'GPOS','28':'AAAA','29':'LOC','30':'NXT','31':'EID',"     \
    "'32':'NIMLOC','33':'SRV','34':'ATMA','35':'NAPTR','36':'KX','37':'CERT','38':'A6',"            \
    "'39':'DNAME','40':'SINK','41':'OPT','42':'APL','43':'DS','44':'SSHFP','45':'IPSECKEY',"        \
    "'46':'RRSIG','47':'NSEC','48':'DNSKEY','49':'DHCID','50':'NSEC3','51':'NSEC3PARAM',"           \
    "'52':'TLSA','53':'SMIMEA','55':'HIP','56':'NINFO','57':'RKEY','58':'TALINK','59':'CDS',"       \
    "'60':'CDNSKEY','61':'OPENPGPKEY','62':'CSYNC','63':'ZONEMD','64':'SVCB','65':'HTTPS',"         \
    "'99':'SPF','100':'UINFO','101':'UID','102':'GID','103':'UNSPEC','104':'NID','105':'L32',"      \
    "'106':'L64','107':'LP','108':'EUI48','109':'EUI64','249':'TKEY','250':'TSIG','251':'IXFR',"    \
    "'252':'AXFR','253':'MAILB','254':'MAILA','255':'All','256':'URI','257':'CAA','258':'AVC',"     \
    "'259':'DOA','260':'AMTRELAY','32768':'TA','32769':'DLV','65535':'Reserved'"
#define DNS_CODES                                                                                   \
    "'0':'NOERROR','1':'FORMERR','2':'SERVFAIL','3':'NXDOMAIN','4':'NOTIMP','5':'REFUSED',"         \
    "'6':'YXDOMAIN','7':'YXRRSET','8':'NXRRSET','9':'NOTAUTH','10':'NOTZONE','11':'DSOTYPENI',"     \
    "'16':'BADVERS','17':'BADKEY','18':'BADTIME','19':'BADMODE','20':'BADNAME','21':'BADALG',"      \
    "'22':'BADTRUNC','23':'BADCOOKIE'"
#define ICMP_TYPES                                                                                  \
    "'0':'Echo Reply','3':'Destination Unreachable','4':'Source Quench (Deprecated)',"              \
    "'5':'Redirect','6':'Alternate Host Address (Deprecated)','8':'Echo',"                          \
    "'9':'Router Advertisement','10':'Router Solicitation','11':'Time Exceeded',"                   \
    "'12':'Parameter Problem','13':'Timestamp','14':'Timestamp Reply',"                             \
    "'15':'Information Request (Deprecated)','16':'Information Reply (Deprecated)',"                \
    "'17':'Address Mask Request (Deprecated)','18':'Address Mask Reply (Deprecated)',"              \
    "'30':'Traceroute (Deprecated)','31':'Datagram Conversion Error (Deprecated)',"                 \
    "'32':'Mobile Host Redirect (Deprecated)','33':'IPv6 Where-Are-You (Deprecated)',"              \
    "'34':'IPv6 I-Am-Here (Deprecated)','35':'Mobile Registration Request (Deprecated)',"           \
    "'36':'Mobile Registration Reply (Deprecated)','37':'Domain Name Request (Deprecated)',"        \
    "'38':'Domain Name Reply (Deprecated)','39':'SKIP (Deprecated)','40':'Photuris',"               \
    "'42':'Extended Echo Request','43':'Extended Echo Reply',"                                      \
    "'253':'RFC3692-style Experiment 1','254':'RFC3692-style Experiment 2','255':'Reserved'"
#define PROTOCOLS                                                                                   \
    "'0':'HOPOPT','1':'ICMP','2':'IGMP','3':'GGP','4':'IPv4','5':'ST','6':'TCP','7':'CBT',"         \
    "'8':'EGP','9':'IGP','10':'BBN-RCC-MON','11':'NVP-II','12':'PUP','13':'ARGUS (deprecated)',"    \
    "'14':'EMCON','15':'XNET','16':'CHAOS','17':'UDP','18':'MUX','19':'DCN-MEAS','20':'HMP',"       \
    "'21':'PRM','22':'XNS-IDP','23':'TRUNK-1','24':'TRUNK-2','25':'LEAF-1','26':'LEAF-2',"          \
    "'27':'RDP','28':'IRTP','29':'ISO-TP4','30':'NETBLT','31':'MFE-NSP','32':'MERIT-INP',"          \
    "'33':'DCCP','34':'3PC','35':'IDPR','36':'XTP','37':'DDP','38':'IDPR-CMTP','39':'TP++',"        \
    "'40':'IL','41':'IPv6','42':'SDRP','43':'IPv6-Route','44':'IPv6-Frag','45':'IDRP',"             \
    "'46':'RSVP','47':'GRE','48':'DSR','49':'BNA','50':'ESP','51':'AH','52':'I-NLSP',"              \
    "'53':'SWIPE (deprecated)','54':'NARP','55':'MOBILE','56':'TLSP','57':'SKIP',"                  \
    "'58':'IPv6-ICMP','59':'IPv6-NoNxt','60':'IPv6-Opts','62':'CFTP','64':'SAT-EXPAK',"             \
    "'65':'KRYPTOLAN','66':'RVD','67':'IPPC','69':'SAT-MON','70':'VISA','71':'IPCV',"               \
    "'72':'CPNX','73':'CPHB','74':'WSN','75':'PVP','76':'BR-SAT-MON','77':'SUN-ND',"                \
    "'78':'WB-MON','79':'WB-EXPAK','80':'ISO-IP','81':'VMTP','82':'SECURE-VMTP','83':'VINES',"      \
    "'84':'IPTM','85':'NSFNET-IGP','86':'DGP','87':'TCF','88':'EIGRP','89':'OSPFIGP',"              \
    "'90':'Sprite-RPC','91':'LARP','92':'MTP','93':'AX.25','94':'IPIP',"                            \
    "'95':'MICP (deprecated)','96':'SCC-SP','97':'ETHERIP','98':'ENCAP','100':'GMTP',"              \
    "'101':'IFMP','102':'PNNI','103':'PIM','104':'ARIS','105':'SCPS','106':'QNX','107':'A/N',"      \
    "'108':'IPComp','109':'SNP','110':'Compaq-Peer','111':'IPX-in-IP','112':'VRRP','113':'PGM',"    \
    "'115':'L2TP','116':'DDX','117':'IATP','118':'STP','119':'SRP','120':'UTI','121':'SMP',"        \
    "'122':'SM (deprecated)','123':'PTP','124':'ISIS over IPv4','125':'FIRE','126':'CRTP',"         \
    "'127':'CRUDP','128':'SSCOPMCE','129':'IPLT','130':'SPS','131':'PIPE','132':'SCTP',"            \
    "'133':'FC','134':'RSVP-E2E-IGNORE','135':'Mobility Header','136':'UDPLite',"                   \
    "'137':'MPLS-in-IP','138':'manet','139':'HIP','140':'Shim6','141':'WESP','142':'ROHC',"         \
    "'143':'Ethernet','255':'Reserved'"
#define HTTP_CODES                                                                                  \
    "'100':'Continue','101':'Switching Protocols','102':'Processing','103':'Early Hints',"          \
    "'200':'OK','201':'Created','202':'Accepted','203':'Non-Authoritative Information',"            \
    "'204':'No Content','205':'Reset Content','206':'Partial Content','207':'Multi-Status',"        \
    "'208':'Already Reported','226':'IM Used','300':'Multiple Choices',"                            \
    "'301':'Moved Permanently','302':'Found','303':'See Other','304':'Not Modified',"               \
    "'305':'Use Proxy','307':'Temporary Redirect','308':'Permanent Redirect',"                      \
    "'400':'Bad Request','401':'Unauthorized','402':'Payment Required','403':'Forbidden',"          \
    "'404':'Not Found','405':'Method Not Allowed','406':'Not Acceptable',"                          \
    "'407':'Proxy Authentication Required','408':'Request Timeout','409':'Conflict',"               \
    "'410':'Gone','411':'Length Required','412':'Precondition Failed',"                             \
    "'413':'Content Too Large','414':'URI Too Long','415':'Unsupported Media Type',"                \
    "'416':'Range Not Satisfiable','417':'Expectation Failed','421':'Misdirected Request',"         \
    "'422':'Unprocessable Content','423':'Locked','424':'Failed Dependency','425':'Too Early',"     \
    "'426':'Upgrade Required','428':'Precondition Required','429':'Too Many Requests',"             \
    "'431':'Request Header Fields Too Large','451':'Unavailable For Legal Reasons',"                \
    "'500':'Internal Server Error','501':'Not Implemented','502':'Bad Gateway',"                    \
    "'503':'Service Unavailable','504':'Gateway Timeout','505':'HTTP Version Not Supported',"       \
    "'506':'Variant Also Negotiates','507':'Insufficient Storage','508':'Loop Detected',"           \
    "'511':'Network Authentication Required'"
/* clang-format on */

#define NAME_OF(table, code, otherwise)                                                            \
    "let name = tostring(dynamic({" table "})[tostring(" code ")]); "                              \
    "iff(isnotempty(name), name, " otherwise ")"
#define RESOLVE(number, code, name, lookup)                                                        \
    "{ T | extend " code " = to" number "(column_ifexists(field, ''))"                             \
    " | extend " name " = " lookup "(" code ") }"
/* A name with a dot is a full one: the host, then the domain. */
#define RESOLVE_HOST(host, domain, type, full)                                                     \
    "{ T | extend " host " = tostring(column_ifexists(field, ''))"                                 \
    " | extend " full " = iff(" host " contains '.', " host ", '')"                                \
    " | extend " type " = iff(isnotempty(" full "), 'FQDN', '')"                                   \
    " | extend " domain " = iff(isnotempty(" full "), substring(" full ", indexof(" full           \
    ", '.') + 1), ''), " host " = tostring(split(" host ", '.')[0]) }"
#define USER_TYPE                                                                                  \
    "{ case(sid startswith 'S-1-5-80', 'Service',"                                                 \
    " sid startswith 'S-1-5-21' and sid endswith '-500', 'Admin',"                                 \
    " sid startswith 'S-1-5-21' and sid endswith '-501', 'Guest',"                                 \
    " sid startswith 'S-1-5-21' and sid endswith '-502', 'Service',"                               \
    " sid startswith 'S-1-5-21' and username contains 'admin', 'Admin',"                           \
    " username endswith '$', 'Machine', sid startswith 'S-1-5-21', 'Regular',"                     \
    " sid == 'S-1-5-113', 'Other', sid == 'S-1-5-7', 'Anonymous', sid == 'S-1-5-18', 'System',"    \
    " sid in ('S-1-5-17', 'S-1-5-19', 'S-1-5-20'), 'Service', isempty(username), '', 'Other') }"

const struct shipped_function asim_functions[] = {
    {.name = "_ASIM_GetDisabledParsers",
     .parameters = "(CallerContext:string)",
     .body = "{ _ASIM_GetWatchlistRaw('ASimDisabledParsers', pack_array('Any', CallerContext))"
             " | extend SourceSpecificParser = tostring(WatchlistItem.SourceSpecificParser)"
             " | where isnotempty(SourceSpecificParser) | distinct SourceSpecificParser }"},
    {.name = "_ASIM_GetSourceBySourceType",
     .parameters = "(SourceType:string)",
     .body = "{ toscalar(_ASIM_GetWatchlistsRaw(dynamic(['ASimSourceType',"
             " 'Sources_by_SourceType']), pack_array(SourceType))"
             " | extend Source = tostring(WatchlistItem.Source) | where isnotempty(Source)"
             " | summarize make_set(Source)) }"},
    {.name = "_ASIM_GetUserType", .parameters = "(username:string, sid:string)", .body = USER_TYPE},
    {.name = "_ASIM_GetUsernameType",
     .parameters = "(username:string)",
     .body = "{ case(isempty(username), '', username contains '@', 'UPN',"
             " username contains '\\\\', 'Windows', username has_any ('CN=', 'OU=', 'DC='), 'DN',"
             " 'Simple') }"},
    {.name = "_ASIM_GetWatchlistRaw",
     .parameters = "(watchlist:string, keys:dynamic=dynamic([]))",
     .body = "{ _ASIM_GetWatchlistsRaw(pack_array(watchlist), keys) }"},
    {.name = "_ASIM_GetWatchlistsRaw",
     .parameters = "(watchlists:dynamic, keys:dynamic=dynamic([]))",
     .body =
         "{ let current = Watchlist | where _DTItemType == 'watchlist'"
         " | summarize arg_max(_DTTimestamp, _DTItemStatus) by WatchlistId"
         " | where _DTItemStatus != 'Delete' | project WatchlistId;"
         " Watchlist | where _DTItemType == 'watchlist-item' and WatchlistAlias in~ (watchlists)"
         " | where array_length(keys) == 0 or SearchKey in (keys)"
         " | where WatchlistId in (current)"
         " | summarize arg_max(_DTTimestamp, _DTItemStatus, LastUpdatedTimeUTC, SearchKey,"
         " WatchlistItem) by _DTItemId | where _DTItemStatus != 'Delete'"
         " | project-away _DTTimestamp, _DTItemStatus }",
     .whole_time = true},
    {.name = "_ASIM_GetWindowsUserType",
     .parameters = "(username:string, sid:string)",
     .body = USER_TYPE},
    {.name = "_ASIM_LookupDnsQueryType",
     .parameters = "(QueryType:int)",
     .body = "{ " NAME_OF(DNS_TYPES, "QueryType",
                          "iff(QueryType between (65280 .. 65534), 'Reserved for Private Use',"
                          " 'Unassigned')") " }"},
    {.name = "_ASIM_LookupDnsResponseCode",
     .parameters = "(ResponseCode:int)",
     .body = "{ " NAME_OF(DNS_CODES, "ResponseCode",
                          "iff(ResponseCode between (3841 .. 4095), 'Reserved for Private Use',"
                          " 'Unassigned')") " }"},
    {.name = "_ASIM_LookupHTTPStatusCode",
     .parameters = "(StatusCode:string)",
     .body = "{ " NAME_OF(HTTP_CODES, "StatusCode", "'Unassigned'") " }"},
    {.name = "_ASIM_LookupICMPType",
     .parameters = "(NetworkIcmpCode:int)",
     .body = "{ " NAME_OF(ICMP_TYPES, "NetworkIcmpCode", "'Unassigned'") " }"},
    {.name = "_ASIM_LookupNetworkProtocol",
     .parameters = "(ProtocolNumber:int)",
     .body = "{ " NAME_OF(PROTOCOLS, "ProtocolNumber", "'Unassigned'") " }"},
    {.name = "_ASIM_ResolveDnsQueryType",
     .parameters = "(T:(*), field:string)",
     .body = RESOLVE("int", "DnsQueryType", "DnsQueryTypeName", "_ASIM_LookupDnsQueryType")},
    {.name = "_ASIM_ResolveDnsResponseCode",
     .parameters = "(T:(*), field:string)",
     .body =
         RESOLVE("int", "DnsResponseCode", "DnsResponseCodeName", "_ASIM_LookupDnsResponseCode")},
    {.name = "_ASIM_ResolveDstFQDN",
     .parameters = "(T:(*), field:string)",
     .body = RESOLVE_HOST("DstHostname", "DstDomain", "DstDomainType", "DstFQDN")},
    {.name = "_ASIM_ResolveDvcFQDN",
     .parameters = "(T:(*), field:string)",
     .body = RESOLVE_HOST("DvcHostname", "DvcDomain", "DvcDomainType", "DvcFQDN")},
    {.name = "_ASIM_ResolveFQDN",
     .parameters = "(T:(*), field:string)",
     .body = RESOLVE_HOST("ExtractedHostname", "Domain", "DomainType", "FQDN")},
    {.name = "_ASIM_ResolveICMPType",
     .parameters = "(T:(*), field:string)",
     .body = RESOLVE("int", "NetworkIcmpCode", "NetworkIcmpType", "_ASIM_LookupICMPType")},
    {.name = "_ASIM_ResolveNetworkProtocol",
     .parameters = "(T:(*), field:string)",
     .body =
         RESOLVE("int", "NetworkProtocolNumber", "NetworkProtocol", "_ASIM_LookupNetworkProtocol")},
    {.name = "_ASIM_ResolveSrcFQDN",
     .parameters = "(T:(*), field:string)",
     .body = RESOLVE_HOST("SrcHostname", "SrcDomain", "SrcDomainType", "SrcFQDN")},
};
const size_t n_asim_functions = COUNTOF(asim_functions);
