/* An ordinary day in the cloud logs. */
#include <stdio.h>

#include "simulate/simulate_priv.h"

void ev_signin(struct sim_day *d, int64_t ticks, const struct sim_signin *s)
{
    ev_begin(d, "SigninLogs", ticks);
    ev_s(d, "Category", "SignInLogs");
    ev_s(d, "OperationName", "Sign-in activity");
    ev_id(d, "Id");
    ev_id(d, "CorrelationId");
    ev_s(d, "UserPrincipalName", s->user->upn);
    ev_s(d, "UserDisplayName", s->user->display);
    ev_s(d, "Identity", s->user->display);
    ev_f(d, "UserId", "7b9d0000-0000-4000-8000-%012d", s->user->number);
    ev_s(d, "UserType", "Member");
    ev_s(d, "IPAddress", s->ip);
    ev_s(d, "Location", s->country);
    json_key(&d->w, "LocationDetails");
    json_obj(&d->w);
    json_kv_z(&d->w, "city", s->city);
    json_kv_z(&d->w, "countryOrRegion", s->country);
    json_obj_end(&d->w);
    ev_s(d, "ResultType", s->result);
    ev_s(d, "ResultDescription", s->reason);
    json_key(&d->w, "Status");
    json_obj(&d->w);
    json_kv_z(&d->w, "errorCode", s->result);
    json_kv_z(&d->w, "failureReason", s->reason);
    json_obj_end(&d->w);
    ev_s(d, "AppDisplayName", s->app);
    ev_s(d, "ResourceDisplayName", s->app);
    ev_s(d, "ClientAppUsed", s->client);
    ev_s(d, "AuthenticationRequirement",
         s->mfa ? "multiFactorAuthentication" : "singleFactorAuthentication");
    ev_s(d, "ConditionalAccessStatus", s->result[0] == '0' ? "success" : "notApplied");
    ev_s(d, "RiskLevelDuringSignIn", "none");
    ev_b(d, "IsInteractive", true);
    json_key(&d->w, "DeviceDetail");
    json_obj(&d->w);
    json_kv_z(&d->w, "operatingSystem", "Windows 10");
    json_kv_z(&d->w, "browser", "Edge 122.0");
    json_obj_end(&d->w);
    ev_s(d, "UserAgent",
         "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/122.0 Safari/537.36 "
         "Edg/122.0");
    ev_end(d);
}

static void signins(struct sim_day *d)
{
    static const char *const apps[] = {"Office 365 Exchange Online",
                                       "Microsoft Teams",
                                       "Office 365 SharePoint Online",
                                       "Azure Portal",
                                       "Windows Sign In",
                                       "Salary Portal"};
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "signin");
    for (int i = 0; i < SIM_USERS; i++) {
        struct sim_user u;
        sim_user_get(i, &u);
        int n = d->weekend ? sim_below(&r, 3) : 8 + sim_below(&r, 8);
        bool abroad = u.traveller && d->day % 3 == 0;
        for (int k = 0; k < n; k++) {
            struct sim_signin s = {&u,
                                   sim_chance(&r, 0.7) ? u.office_ip : u.home_ip,
                                   u.country,
                                   u.city,
                                   "0",
                                   "",
                                   apps[sim_skewed(&r, 6)],
                                   "Browser",
                                   sim_chance(&r, 0.5)};
            if (abroad) {
                s.ip = "198.51.100.90";
                s.country = "DE";
                s.city = "Hamburg";
            }
            int64_t at = sim_work_time(d, &r);
            if (sim_chance(&r, 0.03)) {
                struct sim_signin wrong = s;
                wrong.result = "50126";
                wrong.reason = "Error validating credentials due to invalid username or password.";
                ev_signin(d, at - 20 * TICKS_PER_SECOND, &wrong);
            }
            ev_signin(d, at, &s);
        }
    }
    struct sim_user scanner;
    sim_user_get(12, &scanner);
    struct sim_signin s = {&scanner,
                           scanner.office_ip,
                           scanner.country,
                           scanner.city,
                           "0",
                           "",
                           "Office 365 Exchange Online",
                           "Authenticated SMTP",
                           false};
    for (int h = 7; h < 17 && !d->weekend; h += 2)
        ev_signin(d, sim_at(d, h, 5, 0), &s);
}

void ev_audit(struct sim_day *d, int64_t ticks, const char *operation, const char *category,
              const char *actor, const char *ip, const char *targets_json)
{
    ev_begin(d, "AuditLogs", ticks);
    ev_s(d, "OperationName", operation);
    ev_s(d, "ActivityDisplayName", operation);
    ev_s(d, "Category", category);
    ev_s(d, "Result", "success");
    ev_s(d, "LoggedByService", "Core Directory");
    ev_id(d, "Id");
    ev_id(d, "CorrelationId");
    json_key(&d->w, "InitiatedBy");
    json_obj(&d->w);
    json_key(&d->w, "user");
    json_obj(&d->w);
    json_kv_z(&d->w, "userPrincipalName", actor);
    json_kv_z(&d->w, "ipAddress", ip);
    json_obj_end(&d->w);
    json_obj_end(&d->w);
    json_key(&d->w, "TargetResources");
    json_raw(&d->w, str_from(targets_json));
    ev_end(d);
}

static void audits(struct sim_day *d)
{
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "audit");
    struct sim_user admin;
    sim_user_get(1, &admin);
    int n = d->weekend ? 2 : 20;
    for (int i = 0; i < n; i++) {
        struct sim_user u;
        sim_user_get(sim_below(&r, SIM_USERS), &u);
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
        struct json_out w = json_out_make(&b);
        json_arr(&w);
        json_obj(&w);
        json_kv_z(&w, "type", "User");
        json_kv_z(&w, "displayName", u.display);
        json_kv_z(&w, "userPrincipalName", u.upn);
        json_obj_end(&w);
        json_arr_end(&w);
        sbuf_addc(&b, '\0');
        const char *op = sim_chance(&r, 0.5)   ? "Update user"
                         : sim_chance(&r, 0.5) ? "Add member to group"
                                               : "Reset user password";
        ev_audit(d, sim_work_time(d, &r), op, "UserManagement", admin.upn, admin.office_ip, b.p);
    }
    if (d->day % 4 == 1)
        ev_audit(d, sim_at(d, 9, 30, 0), "Add service principal credentials",
                 "ApplicationManagement", admin.upn, admin.office_ip,
                 "[{\"type\":\"ServicePrincipal\",\"displayName\":\"Build Agents\",\"id\":"
                 "\"5c1f6a52-1111-4000-8000-00000000b001\"}]");
}

void ev_office(struct sim_day *d, int64_t ticks, const char *workload, const char *operation,
               const char *user, const char *ip)
{
    ev_begin(d, "OfficeActivity", ticks);
    ev_s(d, "OfficeWorkload", workload);
    ev_s(d, "Operation", operation);
    ev_s(d, "UserId", user);
    ev_s(d, "UserKey", user);
    ev_s(d, "UserType", "Regular");
    ev_s(d, "ClientIP", ip);
    ev_s(d, "ResultStatus", "Succeeded");
    ev_s(d, "OrganizationName", SIM_DOMAIN);
}

static void office(struct sim_day *d)
{
    static const char *const ops[] = {"FileAccessed", "FileModified", "FileDownloaded",
                                      "FileUploaded", "FilePreviewed"};
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "office");
    for (int i = 0; i < SIM_USERS; i++) {
        struct sim_user u;
        sim_user_get(i, &u);
        int n = d->weekend ? sim_below(&r, 3) : 8 + sim_below(&r, 14);
        for (int k = 0; k < n; k++) {
            ev_office(d, sim_work_time(d, &r), "SharePoint", ops[sim_skewed(&r, 5)], u.upn,
                      u.office_ip);
            int site = sim_below(&r, 6);
            ev_f(d, "Site_Url", "https://halden.example/sites/team%d", site);
            ev_f(d, "OfficeObjectId", "https://halden.example/sites/team%d/report-%d.docx", site,
                 sim_below(&r, 900));
            ev_end(d);
        }
        if (sim_chance(&r, 0.01)) {
            ev_office(d, sim_work_time(d, &r), "Exchange", "New-InboxRule", u.upn, u.office_ip);
            ev_s(d, "Parameters",
                 "[{\"Name\":\"Name\",\"Value\":\"Newsletters\"},{\"Name\":\"MoveToFolder\","
                 "\"Value\":"
                 "\"Newsletters\"}]");
            ev_end(d);
        }
    }
}

void ev_azure(struct sim_day *d, int64_t ticks, const char *operation, const char *caller,
              const char *ip, const char *resource, bool ok)
{
    ev_begin(d, "AzureActivity", ticks);
    ev_s(d, "OperationNameValue", operation);
    ev_s(d, "ActivityStatusValue", ok ? "Success" : "Failure");
    ev_s(d, "CategoryValue", "Administrative");
    ev_s(d, "Level", "Informational");
    ev_s(d, "Caller", caller);
    ev_s(d, "CallerIpAddress", ip);
    ev_s(d, "SubscriptionId", SIM_SUBSCRIPTION);
    ev_s(d, "ResourceGroup", "rg-core");
    ev_f(d, "_ResourceId", "/subscriptions/" SIM_SUBSCRIPTION "%s", resource);
    ev_id(d, "CorrelationId");
    ev_end(d);
}

static void azure(struct sim_day *d)
{
    static const char *const ops[] = {
        "MICROSOFT.COMPUTE/VIRTUALMACHINES/READ", "MICROSOFT.COMPUTE/VIRTUALMACHINES/START/ACTION",
        "MICROSOFT.COMPUTE/VIRTUALMACHINES/DEALLOCATE/ACTION",
        "MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE", "MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/WRITE"};
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "azure");
    int n = d->weekend ? 15 : 80;
    for (int i = 0; i < n; i++) {
        struct sim_user u;
        sim_user_get(sim_below(&r, 3), &u);
        char resource[128];
        snprintf(resource, sizeof(resource),
                 "/resourcegroups/rg-core/providers/microsoft.compute/virtualmachines/vm%02d",
                 sim_below(&r, 20));
        ev_azure(d, sim_work_time(d, &r), ops[sim_skewed(&r, 5)], u.upn, u.office_ip, resource,
                 !sim_chance(&r, 0.02));
    }
    struct sim_user admin;
    sim_user_get(0, &admin);
    if (d->day % 5 == 2)
        ev_azure(d, sim_at(d, 10, 12, 0), "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE",
                 admin.upn, admin.office_ip,
                 "/resourcegroups/rg-test/providers/microsoft.authorization/roleassignments/11aa",
                 true);
}

void ev_aws(struct sim_day *d, int64_t ticks, const char *source, const char *name,
            const char *user, const char *ip)
{
    ev_begin(d, "AWSCloudTrail", ticks);
    ev_s(d, "EventVersion", "1.08");
    ev_s(d, "EventSource", source);
    ev_s(d, "EventName", name);
    ev_s(d, "EventTypeName", "AwsApiCall");
    ev_id(d, "AwsEventId");
    ev_s(d, "AWSRegion", "eu-north-1");
    ev_s(d, "SourceIpAddress", ip);
    ev_s(d, "UserAgent", "aws-cli/2.15.17");
    ev_s(d, "UserIdentityType", "IAMUser");
    ev_s(d, "UserIdentityUserName", user);
    ev_f(d, "UserIdentityArn", "arn:aws:iam::" SIM_AWS_ACCOUNT ":user/%s", user);
    ev_s(d, "UserIdentityAccountId", SIM_AWS_ACCOUNT);
    ev_s(d, "RecipientAccountId", SIM_AWS_ACCOUNT);
}

static void aws(struct sim_day *d)
{
    static const struct {
        const char *source, *name;
    } calls[] = {{"s3.amazonaws.com", "GetObject"},
                 {"s3.amazonaws.com", "PutObject"},
                 {"ec2.amazonaws.com", "DescribeInstances"},
                 {"sts.amazonaws.com", "GetCallerIdentity"},
                 {"lambda.amazonaws.com", "ListFunctions20150331"},
                 {"iam.amazonaws.com", "ListUsers"}};
    struct sim_rng r = sim_rng_of(d->o->seed, d->day, "aws");
    int n = d->weekend ? 40 : 120;
    for (int i = 0; i < n; i++) {
        int k = sim_skewed(&r, (int)COUNTOF(calls));
        ev_aws(d, sim_any_time(d, &r), calls[k].source, calls[k].name,
               sim_chance(&r, 0.8) ? "ci-deploy" : "m.osei", "192.0.2.10");
        ev_b(d, "ReadOnly", calls[k].name[0] != 'P');
        ev_end(d);
    }
    for (int i = 0; i < 3 && !d->weekend; i++) {
        ev_aws(d, sim_work_time(d, &r), "signin.amazonaws.com", "ConsoleLogin", "m.osei",
               "192.0.2.10");
        ev_s(d, "ResponseElements", "{\"ConsoleLogin\":\"Success\"}");
        ev_s(d, "AdditionalEventData", "{\"MFAUsed\":\"Yes\",\"MobileVersion\":\"No\"}");
        ev_end(d);
    }
}

void sim_background_cloud(struct sim_day *d)
{
    signins(d);
    audits(d);
    office(d);
    azure(d);
    aws(d);
}
