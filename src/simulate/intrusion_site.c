/* The intrusion on the company's own network: one function a stage. */
#include <stdio.h>

#include "simulate/simulate_priv.h"

#define VPN_ADDRESS "10.20.200.17"
#define STOLEN "adm.nyberg"

static void discovery(struct sim_day *d)
{
    for (int i = 0; i < 140; i++) {
        char dst[20];
        sim_server_ip(i % 7, dst);
        struct sim_flow f = {VPN_ADDRESS, dst, "m.osei", "deny", "unknown", 20 + i / 7 * 37, 0, 0};
        ev_flow(d, sim_at(d, 11, 5 + i / 20, i % 20 * 3), &f);
    }
}

static void brute_force(struct sim_day *d)
{
    for (int i = 0; i < 18; i++)
        ev_logon(d, sim_at(d, 11, 30 + i / 4, i % 4 * 14), false, "srv-file1", STOLEN, VPN_ADDRESS,
                 3);
    ev_logon(d, sim_at(d, 11, 36, 2), true, "srv-file1", STOLEN, VPN_ADDRESS, 3);
}

static void service(struct sim_day *d, int64_t ticks, const char *host)
{
    ev_windows(d, ticks, 4697, "A service was installed in the system.", host);
    ev_s(d, "SubjectUserName", STOLEN);
    ev_s(d, "SubjectDomainName", "HALDEN");
    ev_s(d, "ServiceName", "PSEXESVC");
    ev_s(d, "ServiceFileName", "%SystemRoot%\\PSEXESVC.exe");
    ev_s(d, "ServiceAccount", "LocalSystem");
    ev_end(d);
}

static void lateral_movement(struct sim_day *d)
{
    static const char powershell[] =
        "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
    char host[32];
    for (int i = 2; i < SIM_SERVERS; i++) {
        sim_server_name(i, host);
        ev_logon(d, sim_at(d, 11, 44 + i, 10), true, host, STOLEN, "10.20.3.12", 3);
        if (i == 4 || i == 5)
            service(d, sim_at(d, 11, 44 + i, 14), host);
    }
    ev_process(d, sim_at(d, 11, 55, 0), "srv-app1", STOLEN, powershell,
               "powershell.exe -NoP -NonI -W Hidden -enc "
               "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA",
               "C:\\Windows\\PSEXESVC.exe");
    ev_process(d, sim_at(d, 12, 10, 31), "srv-app1", STOLEN, "C:\\Windows\\System32\\rundll32.exe",
               "rundll32.exe C:\\windows\\System32\\comsvcs.dll, MiniDump 624 "
               "C:\\Windows\\Temp\\l.dmp full",
               powershell);
    ev_windows(d, sim_at(d, 12, 20, 4), 4720, "A user account was created.", "srv-app1");
    ev_s(d, "SubjectUserName", STOLEN);
    ev_s(d, "SubjectDomainName", "HALDEN");
    ev_s(d, "TargetUserName", "helpdesk7");
    ev_s(d, "TargetSid", "S-1-5-21-77-88-99-1109");
    ev_end(d);
    ev_windows(d, sim_at(d, 12, 21, 9), 4732,
               "A member was added to a security-enabled local group.", "srv-app1");
    ev_s(d, "SubjectUserName", STOLEN);
    ev_s(d, "SubjectDomainName", "HALDEN");
    ev_s(d, "TargetUserName", "Administrators");
    ev_s(d, "MemberSid", "S-1-5-21-77-88-99-1109");
    ev_end(d);
    ev_windows(d, sim_at(d, 12, 40, 50), 4662, "An operation was performed on an object.", "dc1");
    ev_s(d, "SubjectUserName", STOLEN);
    ev_s(d, "SubjectDomainName", "HALDEN");
    ev_s(d, "Properties",
         "%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2} {19195a5b-6da0-11d0-afd3-00c04fd930c9}");
    ev_end(d);
}

static void linux_host(struct sim_day *d)
{
    for (int i = 0; i < 25; i++)
        ev_syslog(d, sim_at(d, 12, 55 + i / 10, i % 10 * 5), "lnx-db1", "authpriv", "info", "sshd",
                  "Failed password for %s from " VPN_ADDRESS " port %d ssh2",
                  i % 3 == 0 ? "invalid user oracle" : "root", 51000 + i);
    ev_syslog(d, sim_at(d, 13, 10, 6), "lnx-db1", "authpriv", "info", "sshd",
              "Accepted password for root from " VPN_ADDRESS " port 51200 ssh2");
    ev_syslog(d, sim_at(d, 13, 15, 44), "lnx-db1", "authpriv", "notice", "sudo",
              "    root : TTY=pts/1 ; PWD=/root ; USER=root ; COMMAND=/bin/systemctl stop auditd");
}

static void exfiltration(struct sim_day *d)
{
    for (int i = 0; i < 24; i++) {
        struct sim_flow f = {"10.20.3.12", "198.51.100.200",   NULL, "allow", "ssl",
                             443,          100000000 + i * 37, 41000};
        ev_flow(d, sim_at(d, 14, i * 2, 5), &f);
    }
}

static void covering_tracks(struct sim_day *d)
{
    static const char *const hosts[] = {"srv-app1", "srv-file1"};
    for (size_t i = 0; i < COUNTOF(hosts); i++) {
        ev_windows(d, sim_at(d, 15, 10 + (int)i, 30), 1102, "The audit log was cleared.", hosts[i]);
        ev_s(d, "SubjectUserName", STOLEN);
        ev_s(d, "SubjectDomainName", "HALDEN");
        ev_f(d, "Account", "HALDEN\\%s", STOLEN);
        ev_end(d);
    }
}

void sim_intrusion_site(struct sim_day *d)
{
    discovery(d);
    brute_force(d);
    lateral_movement(d);
    linux_host(d);
    exfiltration(d);
    covering_tracks(d);
}
