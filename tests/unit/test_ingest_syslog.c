/* Headers of syslog messages, CEF and LEEF: what becomes of each part, also of broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ingest/syslog.h"
#include "text/date.h"

#define NOW (TICKS_UNIX_EPOCH + INT64_C(1767225600) * TICKS_PER_SECOND) /* 2026-01-01 */

/* "facility.severity|time|host|process|pid|text" */
static void expect_at(const char *text, int64_t offset, const char *wanted)
{
    struct syslog_context c = {NOW, offset};
    struct syslog_message m;
    char time[29] = "-", pid[24] = "-", got[1024];
    syslog_parse(str_from(text), &c, &m);
    if (m.has_time)
        date_format(m.time, time);
    if (m.has_pid)
        snprintf(pid, sizeof(pid), "%lld", (long long)m.pid);
    snprintf(got, sizeof(got), "%s.%s|%.19s|%.*s|%.*s|%s|%.*s", syslog_facility_name(m.facility),
             syslog_severity_name(m.severity), time, STR_ARG(m.host), STR_ARG(m.process), pid,
             STR_ARG(m.text));
    assert_string_equal(got, wanted);
}

static void expect(const char *text, const char *wanted)
{
    expect_at(text, 0, wanted);
}

static void rfc3164_messages(void **state)
{
    (void)state;
    expect("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
           "auth.crit|2025-10-11T22:14:15|mymachine|su|-|'su root' failed for lonvick on "
           "/dev/pts/8");
    expect("<13>Feb  5 17:32:18 10.0.0.99 sshd[4711]: Accepted",
           "user.notice|2026-02-05T17:32:18|10.0.0.99|sshd|4711|Accepted");
    expect("<86>Dec 31 23:59:59 h /usr/sbin/cron[1]: x\n",
           "authpriv.info|2025-12-31T23:59:59|h|/usr/sbin/cron|1|x");
    expect("<191>Jan  1 00:00:01 fe80::1 a b", "local7.debug|2026-01-01T00:00:01|fe80::1|a|-|b");
}

static void headers_that_devices_send(void **state)
{
    (void)state;
    expect("<13>Nov 14 2020 06:21:24: %ASA-6-302013: Built",
           "user.notice|2020-11-14T06:21:24||%ASA-6-302013|-|Built");
    expect("<13>Nov 14 06:21:24 2020 h p: x", "user.notice|2020-11-14T06:21:24|h|p|-|x");
    expect("<189>29: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: Configured",
           "local7.notice|2026-03-01T18:46:11||%SYS-5-CONFIG_I|-|Configured");
    expect("<14>2025-11-13T14:07:08.5+01:00 esx1 vpxa[99]: up",
           "user.info|2025-11-13T13:07:08|esx1|vpxa|99|up");
    expect("<13>Nov 14 06:21:24 su: no host", "user.notice|2025-11-14T06:21:24||su|-|no host");
    expect("<13>Nov 14 06:21:24 h", "user.notice|2025-11-14T06:21:24|||-|h");
}

static void what_is_no_header_is_text(void **state)
{
    (void)state;
    expect("hello world", "user.notice|-|||-|hello world");
}

static void times_without_a_zone_follow_the_setting(void **state)
{
    (void)state;
    expect_at("<13>Nov 14 06:21:24 h p: x", 2 * TICKS_PER_HOUR,
              "user.notice|2025-11-14T04:21:24|h|p|-|x");
    expect_at("<13>1 2025-11-14T06:21:24Z h p - - - x", 2 * TICKS_PER_HOUR,
              "user.notice|2025-11-14T06:21:24|h|p|-|x");
}

static void rfc5424_messages(void **state)
{
    (void)state;
    expect("<165>1 2025-10-11T22:14:15.003Z mymachine evntslog 4711 ID47 "
           "[a@1 iut=\"3\" q=\"\\\"]\\\\\"][b] \xef\xbb\xbf"
           "An event",
           "local4.notice|2025-10-11T22:14:15|mymachine|evntslog|4711|An event");
    expect("<165>1 - - - - - -", "local4.notice|-|||-|");
    expect("<165>1 2025-10-11T22:14:15Z h a - - [only x=\"1\"]",
           "local4.notice|2025-10-11T22:14:15|h|a|-|[only x=\"1\"]");
    expect("<165>1 2025-10-11T22:14:15Z h a - - [broken x=\"1", /* RFC 3164 takes anything */
           "local4.notice|-|||-|1 2025-10-11T22:14:15Z h a - - [broken x=\"1");
}

/* ---- events ---- */

/* "column=value" of all columns, with ' / ' between. */
static void expect_event(const char *content, const char *wanted)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf more = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf got = sbuf_make(0);
    struct record_maker m = {.a = a, .more = &more};
    struct str event;
    const char *why = "";
    enum event_format f = event_find(str_from(content), &event);
    bool ok = f == EVENT_CEF    ? cef_record(&m, event, &why)
              : f == EVENT_LEEF ? leef_record(&m, event, &why)
                                : f == EVENT_CISCO;
    if (f == EVENT_CISCO)
        cisco_record(&m, event, STR("fw01"));
    struct json r = record_done(&m);
    for (size_t i = 0; ok && i < r.n; i++) {
        sbuf_addf(&got, "%s%.*s=", i > 0 ? " / " : "", STR_ARG(r.keys[i]));
        if (r.items[i].type == JSON_INT)
            sbuf_addf(&got, "%lld", (long long)r.items[i].i);
        else
            sbuf_add(&got, r.items[i].text);
    }
    if (!ok)
        sbuf_addf(&got, "no event: %s", why);
    sbuf_addc(&got, '\0');
    assert_string_equal(sbuf_str(&got).p, wanted);
}

#define HEAD                                                                                       \
    "DeviceVendor=v / DeviceProduct=p / DeviceVersion=1 / DeviceEventClassID=c / Activity=n / "    \
    "LogSeverity=5 / OriginalLogSeverity=5"

static void cef_events(void **state)
{
    (void)state;
    expect_event("CEF:0|v|p|1|c|n|5|src=10.0.0.1 dpt=443 msg=two words act=x",
                 HEAD " / SourceIP=10.0.0.1 / DestinationPort=443 / Message=two words / "
                      "DeviceAction=x");
    expect_event("CEF:0|v|p|1|c|n|5", HEAD);
    expect_event("fw01 CEF:0|v\\|w|p\\\\|1|c|n|5|",
                 "DeviceVendor=v|w / DeviceProduct=p\\ / DeviceVersion=1 / DeviceEventClassID=c / "
                 "Activity=n / LogSeverity=5 / OriginalLogSeverity=5");
}

static void cef_values(void **state)
{
    (void)state;
    expect_event("CEF:0|v|p|1|c|n|5|msg=a\\=b\\nc request=http://x/?a=1&b=2 d=e",
                 HEAD " / Message=a=b\nc / RequestURL=http://x/?a=1&b=2 / "
                      "AdditionalExtensions=d=e");
    expect_event("CEF:0|v|p|1|c|n|5|cn1=5000000000 cn2=7 externalId=9 cat=web",
                 HEAD " / FieldDeviceCustomNumber1=5000000000 / FieldDeviceCustomNumber2=7 / "
                      "DeviceCustomNumber2=7 / ExtID=9 / ExternalID=9 / DeviceEventCategory=web / "
                      "AdditionalExtensions=cat=web");
    expect_event("CEF:0|v|p|1|c|n|5|start=1767225600123 end=Dec 31 2025 10:00:00 rt=x",
                 HEAD " / StartTime=2026-01-01T00:00:00.1230000Z / "
                      "EndTime=2025-12-31T10:00:00.0000000Z / ReceiptTime=x");
}

static void values_that_do_not_fit_are_kept(void **state)
{
    (void)state;
    expect_event("CEF:0|v|p|1|c|n|5|dpt=none cfp1=1.5 spt=99999999999 end=soon",
                 HEAD " / DeviceCustomFloatingPoint1=1.5 / "
                      "AdditionalExtensions=dpt=none;spt=99999999999;end=soon");
    expect_event("CEF:0|v|p|1|c|n|5|text first src=1.1.1.1",
                 HEAD " / Message=text first / SourceIP=1.1.1.1");
}

static void leef_events(void **state)
{
    (void)state;
    expect_event("LEEF:1.0|v|p|1|c|src=10.0.0.1\tsev=5\tfoo=a b",
                 "DeviceVendor=v / DeviceProduct=p / DeviceVersion=1 / DeviceEventClassID=c / "
                 "Activity=c / SourceIP=10.0.0.1 / LogSeverity=5 / AdditionalExtensions=foo=a b");
    expect_event("LEEF:2.0|v|p|1|c|x5E|src=10.0.0.1^dstPort=22",
                 "DeviceVendor=v / DeviceProduct=p / DeviceVersion=1 / DeviceEventClassID=c / "
                 "Activity=c / SourceIP=10.0.0.1 / DestinationPort=22");
}

/* Without what all of them have. */
static void expect_asa(const char *severity, const char *class, const char *text,
                       const char *wanted)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *message = arena_fmt(a, "%%ASA-%s-%s: %s", severity, class, text).p;
    const char *all =
        arena_fmt(a,
                  "DeviceVendor=Cisco / DeviceProduct=ASA / DeviceEventClassID=%s / LogSeverity=%s "
                  "/ OriginalLogSeverity=%s / DeviceName=fw01 / Message=%s%s%s",
                  class, severity, severity, message, wanted[0] != '\0' ? " / " : "", wanted)
            .p;
    expect_event(message, all);
}

static void messages_of_asa(void **state)
{
    (void)state;
    expect_asa("4", "106023",
               "Deny tcp src outside:203.0.113.7/4711(LOCAL\\ann) dst inside:10.0.0.5/443 by "
               "access-group \"outside_in\" [0x0, 0x0]",
               "DeviceAction=Deny / Protocol=tcp / SourceIP=203.0.113.7 / SourcePort=4711 / "
               "DestinationIP=10.0.0.5 / DestinationPort=443 / DeviceCustomString2=outside_in");
    expect_asa("6", "302013",
               "Built outbound TCP connection 7 for outside:203.0.113.9/443 (203.0.113.9/443) to "
               "inside:10.0.0.5/50000 (198.51.100.1/50000)",
               "DeviceAction=Built / Protocol=TCP / CommunicationDirection=Outbound / "
               "SourceIP=203.0.113.9 / SourcePort=443 / DestinationIP=10.0.0.5 / "
               "DestinationPort=50000");
    expect_asa("6", "106100",
               "access-list acl_in denied udp outside/2001:db8::1(53) -> inside/10.0.0.9(5353) "
               "hit-cnt 1 first hit [0xa, 0x0]",
               "DeviceAction=denied / Protocol=udp / SourceIP=2001:db8::1 / SourcePort=53 / "
               "DestinationIP=10.0.0.9 / DestinationPort=5353 / DeviceCustomString2=acl_in");
    expect_asa("2", "106017", "Deny IP due to Land Attack from 10.0.0.1 to 10.0.0.1",
               "DeviceAction=Deny / Protocol=IP / SourceIP=10.0.0.1 / DestinationIP=10.0.0.1");
    expect_asa("2", "106016", "Deny IP spoof from (10.1.1.1) to 10.11.11.19 on interface TestIf",
               "DeviceAction=Deny / Protocol=IP / SourceIP=10.1.1.1 / DestinationIP=10.11.11.19");
    expect_asa("6", "302020",
               "Built ICMP connection for faddr 10.0.0.1/0 gaddr 10.0.0.2/0 laddr 10.0.0.2/0",
               "DeviceAction=Built / Protocol=ICMP / SourceIP=10.0.0.1 / DestinationIP=10.0.0.2");
    expect_asa("6", "605005",
               "Login permitted from 10.0.0.1/50001 to mgmt:10.0.0.2/ssh for user \"ann\"",
               "DeviceAction=permitted / SourceIP=10.0.0.1 / SourcePort=50001 / "
               "DestinationIP=10.0.0.2 / DestinationUserName=ann");
    expect_asa("6", "305011", "Built dynamic TCP translation from inside:10.0.0.1/1 to x:y", "");
    expect_asa("4", "106023", "Deny", "DeviceAction=Deny");
    expect_asa("4", "106023", "", "");
}

/* Without what all of them have. */
static void expect_firepower(const char *class, const char *list, const char *wanted)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *message = arena_fmt(a, "%%FTD-1-%s: %s", class, list).p;
    const char *all =
        arena_fmt(a,
                  "DeviceVendor=Cisco / DeviceProduct=FTD / DeviceEventClassID=%s / LogSeverity=1 "
                  "/ OriginalLogSeverity=1 / DeviceName=fw01 / Message=%s%s%s",
                  class, message, wanted[0] != '\0' ? " / " : "", wanted)
            .p;
    expect_event(message, all);
}

static void messages_of_firepower(void **state)
{
    (void)state;
    expect_firepower(
        "430003",
        "EventPriority: Low, ConnectionID: 35868, AccessControlRuleAction: Block, "
        "SrcIP: 10.0.0.1, DstIP: 2001:db8::2, SrcPort: 56901, DstPort: 443, Protocol: "
        "tcp, IngressZone: LAN, Prefilter Policy: A, b: c, User: Not Found, UserAgent: "
        "Mozilla/5.0 (KHTML, like Gecko) x, InitiatorBytes: 5000000000, URL: "
        "https://h/?a=b, SrcIP: 6.6.6.6, NAT_InitiatorPort: 77777",
        "ExtID=35868 / DeviceAction=Block / SourceIP=10.0.0.1 / "
        "DestinationIP=2001:db8::2 / SourcePort=56901 / DestinationPort=443 / "
        "Protocol=tcp / DeviceCustomString3=LAN / DeviceCustomString3Label=ingressZone "
        "/ RequestClientApplication=Mozilla/5.0 (KHTML, like Gecko) x / "
        "SentBytes=5000000000 / RequestURL=https://h/?a=b");
    expect_firepower(
        "430001",
        "SrcIP: 10.0.0.1, Priority: 1, Message: SERVER-WEBAPP a, b: c, Classification: "
        "Misc Activity, User: CORP\\ann, InlineResult: Dropped, ACPolicy: default",
        "SourceIP=10.0.0.1 / Activity=SERVER-WEBAPP a, b: c / "
        "DeviceEventCategory=Misc Activity / SourceUserName=CORP\\ann / "
        "DeviceAction=Dropped / DeviceCustomString1=default / "
        "DeviceCustomString1Label=fwPolicy");
    expect_firepower("430005",
                     "FileAction: Malware Block, FileSHA256: 2546dc, ThreatName: Win.Eicar::95, "
                     "FileName: e.zip, FileSize: 184, FirstPacketSecond: 2019-08-14T15:09:40Z, "
                     "URI: http://h/e.zip",
                     "DeviceAction=Malware Block / FileHash=2546dc / "
                     "ThreatDescription=Win.Eicar::95 / FileName=e.zip / FileSize=184 / "
                     "StartTime=2019-08-14T15:09:40.0000000Z / RequestURL=http://h/e.zip");
    expect_firepower("430002", "", "");
    expect_firepower("430002", "SrcIP: , DstIP: here, ,, DstPort:", "");
    expect_firepower("106015", "Deny TCP (no connection) from 10.0.0.1/1 to 10.0.0.2/443 flags RST",
                     "DeviceAction=Deny / Protocol=TCP / SourceIP=10.0.0.1 / SourcePort=1 / "
                     "DestinationIP=10.0.0.2 / DestinationPort=443");
    expect_firepower("430001", "no list: at all", "");
}

static void what_is_no_message_of_a_firewall(void **state)
{
    static const char *const texts[] = {"%ASA-8-106023: x",
                                        "%ASA-4-10602: x",
                                        "%ASA-4-106023 x",
                                        "%ASA-44-106023:x",
                                        "%ASA-x4-106023:x",
                                        "%ASA-4-1060234: x",
                                        "x%ASA-4-106023: x",
                                        "%FTD-4-106023 x",
                                        "%PIX-4-106023: x",
                                        "%FTD",
                                        "%",
                                        "%NGIPS-",
                                        "%ASA-"};
    struct str event;
    (void)state;
    for (size_t i = 0; i < COUNTOF(texts); i++)
        if (event_find(str_from(texts[i]), &event) != EVENT_NONE)
            fail_msg("%s", texts[i]);
    assert_int_equal(event_find(STR("fw01 : %ASA-session-6-302013: Built"), &event), EVENT_CISCO);
    assert_int_equal(event_find(STR("h  %NGIPS-1-430003: a"), &event), EVENT_CISCO);
}

static void what_is_no_event(void **state)
{
    (void)state;
    expect_event("CEF: nothing", "no event: ");
    expect_event("xCEF:0|v|p|1|c|n|5|", "no event: ");
    expect_event("CEF:0|v|p|1", "no event: a CEF header has seven fields, each with '|' behind it");
    expect_event("LEEF:1.0|v", "no event: a LEEF header has five fields, each with '|' behind it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3164_messages),
        cmocka_unit_test(headers_that_devices_send),
        cmocka_unit_test(what_is_no_header_is_text),
        cmocka_unit_test(times_without_a_zone_follow_the_setting),
        cmocka_unit_test(rfc5424_messages),
        cmocka_unit_test(cef_events),
        cmocka_unit_test(cef_values),
        cmocka_unit_test(values_that_do_not_fit_are_kept),
        cmocka_unit_test(leef_events),
        cmocka_unit_test(messages_of_asa),
        cmocka_unit_test(messages_of_firepower),
        cmocka_unit_test(what_is_no_message_of_a_firewall),
        cmocka_unit_test(what_is_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
