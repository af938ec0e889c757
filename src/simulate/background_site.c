/* An ordinary day on Windows hosts, on the firewall and on Linux hosts. */
#include <stdio.h>

#include "simulate/simulate_priv.h"

void ev_windows(struct sim_day *d, int64_t ticks, int id, const char *activity, const char *host)
{
    ev_begin(d, "SecurityEvent", ticks);
    ev_i(d, "EventID", id);
    ev_f(d, "Activity", "%d - %s", id, activity);
    ev_f(d, "Computer", "%s." SIM_DOMAIN, host);
    ev_s(d, "Channel", "Security");
    ev_s(d, "EventSourceName", "Microsoft-Windows-Security-Auditing");
    ev_s(d, "Level", "0");
}

void ev_logon(struct sim_day *d, int64_t ticks, bool ok, const char *host, const char *user,
              const char *ip, int type)
{
    ev_windows(d, ticks, ok ? 4624 : 4625,
               ok ? "An account was successfully logged on." : "An account failed to log on.",
               host);
    size_t n = strlen(user);
    ev_s(d, "TargetUserName", user);
    ev_s(d, "TargetDomainName", "HALDEN");
    ev_f(d, "TargetAccount", "HALDEN\\%s", user);
    ev_f(d, "Account", "HALDEN\\%s", user);
    ev_s(d, "AccountType", n > 0 && user[n - 1] == '$' ? "Machine" : "User");
    ev_s(d, "IpAddress", ip);
    ev_i(d, "LogonType", type);
    ev_s(d, "LogonTypeName",
         type == 2    ? "2 - Interactive"
         : type == 10 ? "10 - RemoteInteractive"
                      : "3 - Network");
    ev_s(d, "AuthenticationPackageName", "Kerberos");
    if (!ok) {
        ev_s(d, "Status", "0xc000006d");
        ev_s(d, "SubStatus", "0xc000006a");
    }
    ev_end(d);
}

void ev_process(struct sim_day *d, int64_t ticks, const char *host, const char *user,
                const char *image, const char *command, const char *parent)
{
    ev_windows(d, ticks, 4688, "A new process has been created.", host);
    const char *name = strrchr(image, '\\');
    ev_s(d, "SubjectUserName", user);
    ev_s(d, "SubjectDomainName", "HALDEN");
    ev_f(d, "SubjectAccount", "HALDEN\\%s", user);
    ev_f(d, "Account", "HALDEN\\%s", user);
    ev_s(d, "AccountType", "User");
    ev_s(d, "NewProcessName", image);
    ev_s(d, "Process", name != NULL ? name + 1 : image);
    ev_s(d, "CommandLine", command);
    ev_s(d, "ParentProcessName", parent);
    ev_f(d, "NewProcessId", "0x%x", 0x400 + (unsigned)(sim_next(&d->ids) % 0x8000) * 4);
    ev_end(d);
}

static void user_on_windows(struct sim_day *d, struct sim_rng *r, int i)
{
    static const char *const programs[][2] = {
        {"C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE", "\"OUTLOOK.EXE\""},
        {"C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
         "\"msedge.exe\" --profile-directory=Default"},
        {"C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE",
         "\"EXCEL.EXE\" \"C:\\Users\\Public\\Documents\\budget.xlsx\""},
        {"C:\\Windows\\System32\\notepad.exe", "notepad.exe"},
        {"C:\\Windows\\System32\\rundll32.exe", "rundll32.exe shell32.dll,Control_RunDLL"}};
    struct sim_user u;
    sim_user_get(i, &u);
    char ws[32], ip[20], server[32];
    sim_workstation_name(u.workstation, ws);
    sim_workstation_ip(u.workstation, ip);
    int n = d->weekend ? sim_below(r, 2) : 2 + sim_below(r, 4);
    for (int k = 0; k < n; k++) {
        int64_t at = sim_work_time(d, r);
        if (sim_chance(r, 0.05))
            ev_logon(d, at - 15 * TICKS_PER_SECOND, false, ws, u.login, "127.0.0.1", 2);
        ev_logon(d, at, true, ws, u.login, "127.0.0.1", 2);
        sim_server_name(2 + (i + k % 2) % 4, server);
        ev_logon(d, at + 40 * TICKS_PER_SECOND, true, server, u.login, ip, 3);
        for (int p = 0; p < 4; p++) {
            int which = sim_skewed(r, (int)COUNTOF(programs));
            ev_process(d, at + (60 + p * 90) * TICKS_PER_SECOND, ws, u.login, programs[which][0],
                       programs[which][1], "C:\\Windows\\explorer.exe");
        }
    }
}

static void administration(struct sim_day *d)
{
    struct sim_user admin;
    sim_user_get(0, &admin);
    char server[32];
    for (int i = 2; i < SIM_SERVERS - 1; i++) { /* the nightly backup walks over the servers */
        sim_server_name(i, server);
        ev_logon(d, sim_at(d, 1, 4 + i, 12), true, server, "svc_backup", "10.20.3.21", 3);
    }
    for (int h = 0; h < 24; h++)
        ev_logon(d, sim_at(d, h, 17, 5), true, "dc1", "DC2$", "10.20.3.11", 3);
    for (int h = 2; h < 24; h += 6) {
        ev_windows(d, sim_at(d, h, 31, 0), 4662, "An operation was performed on an object.", "dc1");
        ev_s(d, "SubjectUserName", "DC2$");
        ev_s(d, "SubjectDomainName", "HALDEN");
        ev_s(d, "Properties", "%%7688 {1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}");
        ev_end(d);
    }
    if (d->weekend)
        return;
    ev_process(d, sim_at(d, 9, 3, 30), "srv-app1", admin.login,
               "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
               "powershell.exe -NoProfile -File C:\\scripts\\inventory.ps1",
               "C:\\Windows\\System32\\svchost.exe");
    if (d->day % 6 == 3) {
        ev_windows(d, sim_at(d, 9, 20, 0), 4697, "A service was installed in the system.",
                   "srv-app2");
        ev_s(d, "SubjectUserName", admin.login);
        ev_s(d, "SubjectDomainName", "HALDEN");
        ev_s(d, "ServiceName", "AgentUpdater");
        ev_s(d, "ServiceFileName", "\"C:\\Program Files\\Agent\\updater.exe\" --service");
        ev_end(d);
    }
    if (d->day % 7 == 2) {
        ev_windows(d, sim_at(d, 8, 45, 0), 4720, "A user account was created.", "dc1");
        ev_s(d, "SubjectUserName", "hr.sync");
        ev_s(d, "SubjectDomainName", "HALDEN");
        ev_f(d, "TargetUserName", "newhire%d", d->day);
        ev_f(d, "TargetSid", "S-1-5-21-77-88-99-%d", 2000 + d->day);
        ev_end(d);
        ev_windows(d, sim_at(d, 8, 46, 0), 4728,
                   "A member was added to a security-enabled global group.", "dc1");
        ev_s(d, "SubjectUserName", "hr.sync");
        ev_s(d, "TargetUserName", "Sales");
        ev_f(d, "MemberSid", "S-1-5-21-77-88-99-%d", 2000 + d->day);
        ev_end(d);
    }
}

void ev_flow(struct sim_day *d, int64_t ticks, const struct sim_flow *f)
{
    ev_begin(d, "CommonSecurityLog", ticks);
    ev_s(d, "DeviceVendor", "Palo Alto Networks");
    ev_s(d, "DeviceProduct", "PAN-OS");
    ev_s(d, "DeviceVersion", "10.2.7");
    ev_s(d, "DeviceEventClassID", strcmp(f->action, "allow") == 0 ? "end" : "drop");
    ev_s(d, "Activity", "TRAFFIC");
    ev_s(d, "LogSeverity", "1");
    ev_s(d, "Computer", "fw1." SIM_DOMAIN);
    ev_s(d, "DeviceName", "fw1");
    ev_s(d, "DeviceAction", f->action);
    ev_s(d, "SourceIP", f->src);
    ev_i(d, "SourcePort", 49152 + (int64_t)(sim_next(&d->ids) % 16000));
    ev_s(d, "DestinationIP", f->dst);
    ev_i(d, "DestinationPort", f->port);
    ev_s(d, "Protocol", "TCP");
    ev_s(d, "ApplicationProtocol", f->app);
    ev_i(d, "SentBytes", f->sent);
    ev_i(d, "ReceivedBytes", f->received);
    if (f->user != NULL)
        ev_s(d, "SourceUserName", f->user);
    ev_end(d);
}

static void firewall(struct sim_day *d)
{
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "flow");
    int n = d->weekend ? 800 : 3500;
    char src[20], dst[20];
    for (int i = 0; i < n; i++) {
        sim_workstation_ip(sim_below(&r, SIM_WORKSTATIONS), src);
        sim_destination_ip(sim_skewed(&r, SIM_DESTINATIONS), dst);
        struct sim_flow f = {src,
                             dst,
                             NULL,
                             "allow",
                             "ssl",
                             443,
                             400 + sim_below(&r, 60000),
                             2000 + sim_below(&r, 900000)};
        ev_flow(d, sim_work_time(d, &r), &f);
    }
    for (int i = 0; i < SIM_DESTINATIONS; i++) { /* updates: each destination at least once a day */
        sim_destination_ip(i, dst);
        struct sim_flow f = {"10.20.3.14", dst, NULL, "allow", "ssl", 443, 900, 150000};
        ev_flow(d, sim_at(d, 3, i % 60, i / 60), &f);
    }
    for (int i = 0; i < 30; i++) { /* a printer that keeps trying */
        struct sim_flow f = {"10.20.7.7", "10.20.9.5", NULL, "deny", "ms-ds-smb", 445, 0, 0};
        ev_flow(d, sim_any_time(d, &r), &f);
    }
    for (int i = 0; i < 6; i++) { /* the backup leaves the house at night */
        struct sim_flow f = {"10.20.3.21", "192.0.2.50", NULL,      "allow",
                             "ssl",        443,          300000000, 90000};
        ev_flow(d, sim_at(d, 1, 30 + i * 4, 0), &f);
    }
}

void ev_syslog(struct sim_day *d, int64_t ticks, const char *host, const char *facility,
               const char *severity, const char *process, const char *fmt, ...)
{
    char message[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    ev_begin(d, "Syslog", ticks);
    ev_s(d, "Computer", host);
    ev_s(d, "HostName", host);
    ev_s(d, "Facility", facility);
    ev_s(d, "SeverityLevel", severity);
    ev_s(d, "ProcessName", process);
    ev_i(d, "ProcessID", 600 + (int64_t)(sim_next(&d->ids) % 30000));
    ev_s(d, "SyslogMessage", message);
    ev_end(d);
}

static void linux_hosts(struct sim_day *d)
{
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "linux");
    char host[32];
    for (int i = 0; i < SIM_LINUX; i++) {
        sim_linux_name(i, host);
        for (int k = 0; k < 24; k++)
            ev_syslog(d, sim_at(d, k, 17, i), host, "cron", "info", "CRON",
                      "(root) CMD (cd / && run-parts --report /etc/cron.hourly)");
        int n = d->weekend ? 2 : 12;
        for (int k = 0; k < n; k++) {
            int64_t at = sim_work_time(d, &r);
            int port = 40000 + sim_below(&r, 20000);
            if (sim_chance(&r, 0.1))
                ev_syslog(d, at - 9 * TICKS_PER_SECOND, host, "authpriv", "info", "sshd",
                          "Failed password for deploy from 10.20.1.%d port %d ssh2",
                          10 + sim_below(&r, 4), port);
            ev_syslog(d, at, host, "authpriv", "info", "sshd",
                      "Accepted publickey for deploy from 10.20.1.%d port %d ssh2: ED25519 "
                      "SHA256:Zm9vYmFy",
                      10 + sim_below(&r, 4), port + 1);
            ev_syslog(d, at + 60 * TICKS_PER_SECOND, host, "authpriv", "notice", "sudo",
                      "  deploy : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/bin/systemctl "
                      "restart nginx");
        }
    }
}

void sim_background_site(struct sim_day *d)
{
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "windows");
    for (int i = 0; i < SIM_USERS; i++)
        user_on_windows(d, &r, i);
    administration(d);
    firewall(d);
    linux_hosts(d);
}
