/* Which files are replayed in which mix, and reading them. A recording is one file, or the files of
 * one folder that were recorded together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay/replay_priv.h"
#include "text/date.h"
#include "text/json.h"
#include "text/unpack.h"

enum { FILE_MAX = 64 << 20, TREE_MAX = 1 << 30, MAX_FILES = 13, MAX_GAP_MINUTES = 5 };

enum class {
    WINDOWS_BOTH,   /* Sysmon and PowerShell with the Security channel */
    WINDOWS_EVENTS, /* of the same recordings what goes to table Event */
    WINDOWS_SECURITY,
    SYSLOG,
    CEF,
    SIGN_IN,
    AWS,
    ZEEK,
    OTHER
};
#define EVENT "expected.Event.ndjson"
#define SECURITY "expected.SecurityEvent.ndjson"
#define DAY1 "zeek/apt29_day1_SCRANTON/"
#define LSASS "zeek/LSASS_campaign_03/"

struct spec {
    enum class class;
    const char *folder; /* in front of the files; the recording's name */
    const char *files[MAX_FILES];
};
static const struct spec specs[] = {
    {WINDOWS_BOTH, "windows/cmd_psexec_lsa_secrets_dump/", {EVENT, SECURITY}},
    {WINDOWS_BOTH, "windows/covenant_dcsync_dcerpc_drsuapi_DsGetNCChanges/", {EVENT, SECURITY}},
    {WINDOWS_BOTH, "windows/empire_shell_net_local_users/", {EVENT, SECURITY}},
    {WINDOWS_BOTH,
     "windows/empire_shell_rpc_samr_smb_group_domain_admins_standard_user/",
     {EVENT, SECURITY}},
    {WINDOWS_EVENTS, "windows/cmd_psexec_lsa_secrets_dump/", {EVENT}},
    {WINDOWS_EVENTS, "windows/covenant_dcsync_dcerpc_drsuapi_DsGetNCChanges/", {EVENT}},
    {WINDOWS_EVENTS, "windows/empire_shell_net_local_users/", {EVENT}},
    {WINDOWS_EVENTS,
     "windows/empire_shell_rpc_samr_smb_group_domain_admins_standard_user/",
     {EVENT}},
    {WINDOWS_SECURITY, "windows/cmd_psh_stop_netprofm_eventlog_before_reboot/", {SECURITY}},
    {WINDOWS_SECURITY, "windows/empire_msbuild_dcerpc_wmi_smb/", {SECURITY}},
    {WINDOWS_SECURITY, "windows/empire_psexec_dcerpc_tcp_svcctl/", {SECURITY}},
    {WINDOWS_SECURITY, "windows/empire_schtasks_creation_standard_user/", {SECURITY}},
    {WINDOWS_SECURITY, "windows/empire_scm_dll_hijack_ikeext/", {SECURITY}},
    {WINDOWS_SECURITY, "windows/empire_uac_shellapi_fodhelper/", {SECURITY}},
    {WINDOWS_SECURITY, "windows/rdp_interactive_taskmanager_lsass_dump/", {SECURITY}},
    {WINDOWS_SECURITY, "tables/SecurityEvent/", {"log4shell.ndjson"}},
    {WINDOWS_SECURITY, "tables/SecurityEvent/", {"msticpy_all_events.ndjson"}},
    {WINDOWS_SECURITY, "tables/SecurityEvent/", {"msticpy_host_logons.ndjson"}},
    {WINDOWS_SECURITY, "tables/SecurityEvent/", {"msticpy_processes_on_host.ndjson"}},
    {SYSLOG, "tables/Syslog/", {"CiscoUCS.ndjson"}},
    {SYSLOG, "tables/Syslog/", {"JuniperSRX.ndjson"}},
    {SYSLOG, "tables/Syslog/", {"PulseConnectSecure.ndjson"}},
    {SYSLOG, "tables/Syslog/", {"SymantecProxySG.ndjson"}},
    {SYSLOG, "tables/Syslog/", {"VMwareESXi.ndjson"}},
    {SYSLOG, "tables/Syslog/", {"msticpy_syslog_data.ndjson"}},
    {CEF, "tables/CommonSecurityLog/", {"AkamaiSIEM.ndjson"}},
    {CEF, "tables/CommonSecurityLog/", {"ForcepointNGFW.ndjson"}},
    {CEF, "tables/CommonSecurityLog/", {"Onapsis.ndjson"}},
    {CEF, "tables/CommonSecurityLog/", {"SonicWall.ndjson"}},
    {CEF, "tables/CommonSecurityLog/", {"Thycotic.ndjson"}},
    {SIGN_IN, "tables/SigninLogs/", {"aad_logons.ndjson"}},
    {AWS, "aws/ec2_proxy_s3_exfiltration/", {"expected.AWSCloudTrail.ndjson"}},
    {ZEEK,
     LSASS,
     {"conn.expected.ndjson", "dns.expected.ndjson", "files.expected.ndjson",
      "http.expected.ndjson", "kerberos.expected.ndjson"}},
    {ZEEK,
     DAY1,
     {"conn.log", "dce_rpc.log", "dns.log", "dpd.log", "files.log", "http.log", "kerberos.log",
      "smb_files.log", "smb_mapping.log", "ssl.log", "weird.log", "x509.log"}},
    {OTHER, "tables/CarbonBlackAuditLogs_CL/", {"CarbonBlackAudit.ndjson"}},
    {OTHER, "tables/DeviceProcessEvents/", {"msticpy_mde_proc.ndjson"}},
    {OTHER, "tables/Heartbeat/", {"msticpy_host_hb.ndjson"}},
    {OTHER, "tables/Okta_CL/", {"Okta.ndjson"}},
    {OTHER, "tables/ProofPointTAPClicksPermitted_CL/", {"ProofPointTAPClicksPermitted.ndjson"}},
    {OTHER, "tables/ProofPointTAPMessagesDelivered_CL/", {"ProofPointTAPMessagesDelivered.ndjson"}},
    {OTHER, "tables/SecurityAlert/", {"msticpy_alerts_list.ndjson"}},
    {OTHER, "tables/WindowsEvent/", {"log4shell_sysmon.ndjson"}},
    {OTHER, "tables/eset_CL/", {"eset.ndjson"}},
};

/* Rows in a thousand. Recordings with both channels are 81 % Event: they are so many that the rest
 * comes to the shares that the description has. */
static const struct {
    const char *mix;
    enum class class;
    int permille;
} mixes[] = {
    {"office", WINDOWS_BOTH, 308},
    {"office", WINDOWS_SECURITY, 292},
    {"office", SYSLOG, 120},
    {"office", CEF, 180},
    {"office", SIGN_IN, 60},
    {"office", AWS, 20},
    {"office", OTHER, 20},
    {"endpoint", WINDOWS_BOTH, 580},
    {"endpoint", WINDOWS_EVENTS, 420},
    {"network", CEF, 700},
    {"network", ZEEK, 200},
    {"network", SYSLOG, 100},
};

const struct attack attacks[N_ATTACKS] = {
    {"dcsync", "windows/covenant_dcsync_dcerpc_drsuapi_DsGetNCChanges/", 4662, "Properties",
     "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"},
    {"psexec", "windows/empire_psexec_dcerpc_tcp_svcctl/", 4697, NULL, NULL},
    {"task", "windows/empire_schtasks_creation_standard_user/", 4698, NULL, NULL},
    {"rdp", "windows/rdp_interactive_taskmanager_lsass_dump/", 4778, NULL, NULL},
    {"uac", "windows/empire_uac_shellapi_fodhelper/", 4688, "NewProcessName", "fodhelper.exe"},
    {"hijack", "windows/empire_scm_dll_hijack_ikeext/", 4720, NULL, NULL},
};

static const struct {
    const char *table, *carrier, *sparse;
} carriers[] = {
    {"SecurityEvent", "CommandLine", NULL},    {"Event", "RenderedDescription", "ParameterXml"},
    {"Syslog", "SyslogMessage", NULL},         {"CommonSecurityLog", "Message", "OldFileHash"},
    {"SigninLogs", "ResultDescription", NULL}, {"AWSCloudTrail", "ErrorMessage", NULL},
    {"SecurityAlert", "Description", NULL},
};

const char *table_carrier(struct str table)
{
    for (size_t i = 0; i < COUNTOF(carriers); i++)
        if (str_eqz(table, carriers[i].table))
            return carriers[i].carrier;
    return str_ends(table, STR("_CL")) ? "Note_s" : NULL;
}

const char *table_sparse(struct str table)
{
    for (size_t i = 0; i < COUNTOF(carriers); i++)
        if (str_eqz(table, carriers[i].table))
            return carriers[i].sparse;
    return NULL;
}

size_t library_table(struct library *l, struct str name)
{
    for (size_t i = 0; i < l->n_tables; i++)
        if (str_eq(l->tables[i], name))
            return i;
    CHECK(l->n_tables < REPLAY_MAX_TABLES);
    l->tables[l->n_tables] = arena_str(l->a, name);
    return l->n_tables++;
}

/* tables/NAME/…, expected.NAME.ndjson, zeek/…/LOG.… */
static struct str table_of(struct arena *a, const char *folder, const char *file)
{
    struct str name = str_from(file);
    size_t dot = 0;
    if (str_starts(name, STR("expected."))) {
        name = str_sub(name, strlen("expected."), name.n);
        CHECK(str_find(name, STR("."), &dot));
        return str_sub(name, 0, dot);
    }
    if (str_starts(str_from(folder), STR("tables/"))) {
        struct str t = str_from(folder + strlen("tables/"));
        return str_sub(t, 0, t.n - 1);
    }
    CHECK(str_find(name, STR("."), &dot));
    return arena_fmt(a, "Zeek_%.*s_CL", (int)dot, name.p);
}

static bool read_file(struct arena *a, const char *dir, const char *folder, const char *file,
                      struct str *out, struct err *e)
{
    const char *path = arena_fmt(a, "%s/%s%s", dir, folder, file).p;
    if (access(path, R_OK) != 0)
        path = arena_fmt(a, "%s.gz", path).p;
    struct unpack *u = unpack_open(path, e);
    if (u == NULL)
        return false;
    char *p = arena_alloc(a, FILE_MAX);
    size_t n = 0, got = 1;
    bool ok = true;
    while (ok && got > 0 && n < FILE_MAX) {
        ok = unpack_read(u, p + n, FILE_MAX - n, &got, e);
        n += ok ? got : 0;
    }
    unpack_close(u);
    *out = (struct str){p, n};
    return ok;
}

typedef VEC(struct source_row) source_rows;

static bool time_of(const struct json *row, int64_t *out)
{
    const struct json *own = json_get(row, "TimeGenerated"), *ts = json_get(row, "ts");
    if (own != NULL && own->type == JSON_STRING)
        return date_parse_iso(own->text, out);
    if (ts == NULL || ts->type != JSON_REAL)
        return false;
    *out = TICKS_UNIX_EPOCH + (int64_t)(ts->d * 1e6) * 10;
    return true;
}

static bool read_rows(struct library *l, struct arena *a, const char *dir, const struct spec *s,
                      source_rows *out, struct err *e)
{
    for (size_t f = 0; f < MAX_FILES && s->files[f] != NULL; f++) {
        struct str text = {0}, table = table_of(a, s->folder, s->files[f]);
        if (!read_file(a, dir, s->folder, s->files[f], &text, e))
            return false;
        for (size_t at = 0; at < text.n; at++) {
            struct json *v = arena_new_of(a, struct json);
            struct source_row row = {
                .row = (uint32_t)out->n, .table = (uint16_t)library_table(l, table), .value = v};
            if (!json_parse_next(a, text, &at, NULL, v, e)) {
                err_prefix(e, "%s%s", s->folder, s->files[f]);
                return false;
            }
            if (v->type == JSON_OBJECT && time_of(v, &row.time))
                VEC_PUSH(a, out, row);
        }
    }
    return out->n > 0 || err_set(e, ERR_INVALID, "%s has no events", s->folder);
}

static int by_time(const void *a, const void *b)
{
    const struct source_row *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

/* Exports of a table have rows hours and days apart; a session is minutes long. */
static void offsets(struct recording *r, const source_rows *rows)
{
    const int64_t most = MAX_GAP_MINUTES * 60 * TICKS_PER_SECOND;
    for (size_t i = 1; i < rows->n; i++) {
        int64_t gap = rows->p[i].time - rows->p[i - 1].time;
        r->rows[i].offset = r->rows[i - 1].offset + (gap < most ? gap : most);
    }
    r->length = r->rows[rows->n - 1].offset;
}

static bool recording_read(struct library *l, const char *dir, const struct spec *s,
                           struct recording *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new((size_t)2 * TREE_MAX);
    source_rows rows = {0};
    if (!read_rows(l, a, dir, s, &rows, e))
        return false;
    qsort(rows.p, rows.n, sizeof(*rows.p), by_time);
    r->name = str_from(s->folder);
    if (s->files[1] == NULL && !str_starts(r->name, STR("windows/")))
        r->name = arena_fmt(l->a, "%s%s", s->folder, s->files[0]);
    r->people = s->class != SYSLOG && s->class != CEF && s->class != ZEEK;
    r->n = rows.n;
    r->rows = arena_array(l->a, struct template, rows.n);
    recording_cut(l, r, rows.p, rows.n);
    offsets(r, &rows);
    return true;
}

static bool group_read(struct library *l, const char *dir, enum class class, struct group *g,
                       struct err *e)
{
    size_t rows = 0;
    g->first = l->n;
    for (size_t i = 0; i < COUNTOF(specs); i++) {
        if (specs[i].class != class)
            continue;
        CHECK(l->n < MAX_RECORDINGS);
        if (!recording_read(l, dir, &specs[i], &l->recordings[l->n], e))
            return false;
        rows += l->recordings[l->n++].n;
    }
    g->n = l->n - g->first;
    g->mean = (double)rows / (double)g->n;
    return true;
}

static const struct spec *spec_of(const char *folder)
{
    for (size_t i = 0; i < COUNTOF(specs); i++)
        if (strcmp(specs[i].folder, folder) == 0)
            return &specs[i];
    UNREACHABLE();
}

bool library_read(struct library *l, const struct replay_options *o, struct err *e)
{
    for (size_t i = 0; i < COUNTOF(mixes); i++) {
        if (strcmp(mixes[i].mix, o->mix) != 0)
            continue;
        struct group *g = &l->groups[l->n_groups++];
        g->permille = mixes[i].permille;
        if (!group_read(l, o->datasets, mixes[i].class, g, e))
            return false;
    }
    if (l->n_groups == 0)
        return err_set(e, ERR_INVALID, "mix '%s' is none of office, endpoint, network", o->mix);
    for (size_t i = 0; o->needles > 0 && i < N_ATTACKS; i++) {
        l->attacks[i] = arena_new_of(l->a, struct recording);
        if (!recording_read(l, o->datasets, spec_of(attacks[i].folder), l->attacks[i], e))
            return false;
    }
    return true;
}
