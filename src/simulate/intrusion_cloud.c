/* The intrusion as the cloud sees it: one function a stage. */
#include <stdio.h>

#include "simulate/simulate_priv.h"

#define SPRAYER "203.0.113.77"
#define INTRUDER "203.0.113.90"

static void password_spray(struct sim_day *d, const struct sim_user *victim)
{
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "spray");
    int64_t at = sim_at(d, 2, 5, 11);
    for (int i = 0; i < SIM_USERS - 5; i++) {
        struct sim_user u;
        sim_user_get(i, &u);
        struct sim_signin s = {&u,
                               SPRAYER,
                               "RO",
                               "Bucharest",
                               "50126",
                               "Error validating credentials due to invalid username or password.",
                               "Office 365 Exchange Online",
                               "Browser",
                               false};
        if (i != SIM_VICTIM)
            ev_signin(d, at, &s);
        at += (20 + sim_below(&r, 20)) * TICKS_PER_SECOND;
    }
    struct sim_signin hit = {
        victim,    SPRAYER, "RO", "Bucharest", "0", "", "Office 365 Exchange Online",
        "Browser", false};
    ev_signin(d, sim_at(d, 2, 41, 7), &hit);
}

static void mfa_fatigue(struct sim_day *d, const struct sim_user *victim)
{
    struct sim_signin desk = {victim, victim->office_ip, victim->country, victim->city, "0",
                              "",     "Microsoft Teams", "Browser",       true};
    ev_signin(d, sim_at(d, 7, 58, 20), &desk);
    struct sim_signin prompt = {
        victim,         INTRUDER,  "RO",
        "Bucharest",    "500121",  "Authentication failed during strong authentication request.",
        "Azure Portal", "Browser", true};
    for (int i = 0; i < 7; i++)
        ev_signin(d, sim_at(d, 8, 20 + i, 5 * i), &prompt);
    prompt.result = "0";
    prompt.reason = "";
    ev_signin(d, sim_at(d, 8, 29, 2), &prompt);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1024);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    json_obj(&w);
    json_kv_z(&w, "type", "User");
    json_kv_z(&w, "userPrincipalName", victim->upn);
    json_kv_z(&w, "displayName", victim->display);
    json_obj_end(&w);
    json_arr_end(&w);
    sbuf_addc(&b, '\0');
    ev_audit(d, sim_at(d, 8, 41, 33), "User registered security info", "UserManagement",
             victim->upn, INTRUDER, b.p);
}

static void mailbox(struct sim_day *d, const struct sim_user *victim)
{
    ev_office(d, sim_at(d, 9, 5, 12), "Exchange", "New-InboxRule", victim->upn, INTRUDER ":50112");
    ev_s(d, "Parameters",
         "[{\"Name\":\"Name\",\"Value\":\".\"},{\"Name\":\"SubjectOrBodyContainsWords\",\"Value\":"
         "\"invoice;payment;faktura\"},{\"Name\":\"MoveToFolder\",\"Value\":\"RSS Feeds\"},"
         "{\"Name\":\"MarkAsRead\",\"Value\":\"True\"}]");
    ev_end(d);
    ev_office(d, sim_at(d, 9, 10, 40), "Exchange", "Set-Mailbox", victim->upn, INTRUDER ":50113");
    ev_s(d, "OfficeObjectId", victim->login);
    ev_s(d, "Parameters",
         "[{\"Name\":\"Identity\",\"Value\":\"m.osei\"},{\"Name\":\"ForwardingSmtpAddress\","
         "\"Value\":"
         "\"smtp:m.osei.archive@freemail.test\"},{\"Name\":\"DeliverToMailboxAndForward\","
         "\"Value\":\"True\"}]");
    ev_end(d);
    for (int i = 0; i < 160; i++) {
        ev_office(d, sim_at(d, 9, 20 + i / 8, i % 8 * 7), "SharePoint", "FileDownloaded",
                  victim->upn, INTRUDER);
        ev_s(d, "Site_Url", "https://halden.example/sites/finance");
        ev_f(d, "OfficeObjectId", "https://halden.example/sites/finance/contract-%03d.pdf", i);
        ev_end(d);
    }
}

static void cloud(struct sim_day *d, const struct sim_user *victim, const struct sim_user *admin)
{
    static const char vault[] =
        "/resourcegroups/rg-core/providers/microsoft.keyvault/vaults/kv-payments";
    char resource[256];
    ev_azure(d, sim_at(d, 10, 15, 3), "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", victim->upn,
             INTRUDER,
             "/resourcegroups/rg-core/providers/microsoft.authorization/roleassignments/9f3e",
             true);
    ev_azure(d, sim_at(d, 10, 25, 41), "MICROSOFT.KEYVAULT/VAULTS/ACCESSPOLICIES/WRITE",
             victim->upn, INTRUDER, vault, true);
    for (int i = 0; i < 9; i++) {
        snprintf(resource, sizeof(resource), "%s/secrets/payment-%d", vault, i);
        ev_azure(d, sim_at(d, 10, 30 + i, 9), "MICROSOFT.KEYVAULT/VAULTS/SECRETS/READ", victim->upn,
                 INTRUDER, resource, true);
    }
    snprintf(resource, sizeof(resource),
             "%s/providers/microsoft.insights/diagnosticsettings/to-siem", vault);
    ev_azure(d, sim_at(d, 10, 45, 0), "MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/DELETE", victim->upn,
             INTRUDER, resource, true);
    ev_audit(d, sim_at(d, 10, 50, 18), "Add service principal credentials", "ApplicationManagement",
             victim->upn, INTRUDER,
             "[{\"type\":\"ServicePrincipal\",\"displayName\":\"Payroll "
             "Sync\",\"id\":\"5c1f6a52-2222-4000-8000-00000000c001\"}]");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(2048);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    json_obj(&w);
    json_kv_z(&w, "type", "User");
    json_kv_z(&w, "userPrincipalName", "helpdesk7@" SIM_DOMAIN);
    json_key(&w, "modifiedProperties");
    json_arr(&w);
    json_obj(&w);
    json_kv_z(&w, "displayName", "Role.DisplayName");
    json_kv_z(&w, "newValue", "\"Global Administrator\"");
    json_obj_end(&w);
    json_arr_end(&w);
    json_obj_end(&w);
    json_arr_end(&w);
    sbuf_addc(&b, '\0');
    ev_audit(d, sim_at(d, 13, 2, 27), "Add member to role", "RoleManagement", admin->upn, INTRUDER,
             b.p);
}

static void aws(struct sim_day *d)
{
    ev_aws(d, sim_at(d, 13, 30, 2), "signin.amazonaws.com", "ConsoleLogin", "m.osei", INTRUDER);
    ev_s(d, "ResponseElements", "{\"ConsoleLogin\":\"Success\"}");
    ev_s(d, "AdditionalEventData", "{\"MFAUsed\":\"No\",\"MobileVersion\":\"No\"}");
    ev_end(d);
    ev_aws(d, sim_at(d, 13, 35, 50), "iam.amazonaws.com", "CreateAccessKey", "m.osei", INTRUDER);
    ev_s(d, "RequestParameters", "{\"userName\":\"ci-deploy\"}");
    ev_s(d, "ResponseElements",
         "{\"accessKey\":{\"userName\":\"ci-deploy\",\"accessKeyId\":\"AKIAEXAMPLE0000000B\","
         "\"status\":\"Active\"}}");
    ev_end(d);
    ev_aws(d, sim_at(d, 13, 40, 14), "cloudtrail.amazonaws.com", "StopLogging", "m.osei", INTRUDER);
    ev_s(d, "RequestParameters", "{\"name\":\"org-trail\"}");
    ev_end(d);
    for (int i = 0; i < 40; i++) {
        ev_aws(d, sim_at(d, 13, 45, i), "s3.amazonaws.com", "GetObject", "ci-deploy", INTRUDER);
        ev_f(d, "RequestParameters",
             "{\"bucketName\":\"halden-payroll\",\"key\":\"2026/salaries-%02d.csv\"}", i);
        ev_end(d);
    }
}

void sim_intrusion_cloud(struct sim_day *d)
{
    struct sim_user victim, admin;
    sim_user_get(SIM_VICTIM, &victim);
    sim_user_get(SIM_ADMIN, &admin);
    password_spray(d, &victim);
    mfa_fatigue(d, &victim);
    mailbox(d, &victim);
    cloud(d, &victim, &admin);
    aws(d);
}
