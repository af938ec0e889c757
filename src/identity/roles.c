/* Azure's built-in roles, as far as they mean something here, with their actions as Azure has them
 * (permissions.md 1; built-in-roles of Azure RBAC), and two of our own. */
#include "identity/identity_priv.h"

#define SI "Microsoft.SecurityInsights/"
#define OI "Microsoft.OperationalInsights/"
#define INS "Microsoft.Insights/"
#define AUTH "Microsoft.Authorization/"
#define RES "Microsoft.Resources/"
#define LGC "Microsoft.Logic/"
#define WEB "Microsoft.Web/"
#define WEB_RUN WEB "sites/hostruntime/webhooks/api/workflows/"
#define STORAGE_KEYS                                                                               \
    "Microsoft.ClassicStorage/storageAccounts/listKeys/action",                                    \
        "Microsoft.Storage/storageAccounts/listKeys/action"

/* What the three roles of Sentinel have in common. */
#define SENTINEL_COMMON                                                                            \
    OI "workspaces/analytics/query/action", OI "workspaces/*/read", OI "workspaces/query/read",    \
        OI "workspaces/query/*/read", OI "workspaces/dataSources/read", OI "querypacks/*/read",    \
        "Microsoft.OperationsManagement/solutions/read", INS "alertRules/*", AUTH "*/read",        \
        RES "deployments/*", RES "subscriptions/resourceGroups/read", "Microsoft.Support/*"
#define SENTINEL_READ                                                                              \
    SI "*/read", SI "dataConnectorsCheckRequirements/action",                                      \
        SI "threatIntelligence/indicators/query/action",                                           \
        SI "threatIntelligence/queryIndicators/action", OI "workspaces/savedSearches/read",        \
        INS "workbooks/read", INS "myworkbooks/read"
#define CONFIDENTIAL SI "ConfidentialWatchlists/*", OI "workspaces/query/ConfidentialWatchlist/*"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PERMISSION(name, ...) static const struct identity_permission name[] = {{__VA_ARGS__}};

PERMISSION(owner, .actions = LIST("*"))
PERMISSION(contributor, .actions = LIST("*"),
           .not_actions = LIST(
               AUTH "*/Delete", AUTH "*/Write", AUTH "elevateAccess/Action",
               "Microsoft.Blueprint/blueprintAssignments/write",
               "Microsoft.Blueprint/blueprintAssignments/delete",
               "Microsoft.Compute/galleries/share/action", "Microsoft.Purview/consents/write",
               "Microsoft.Purview/consents/delete", RES "deploymentStacks/manageDenySetting/action",
               "Microsoft.Subscription/cancel/action", "Microsoft.Subscription/enable/action"))
PERMISSION(reader, .actions = LIST("*/read"))
PERMISSION(access_administrator, .actions = LIST("*/read", AUTH "*", "Microsoft.Support/*"))
PERMISSION(sentinel_reader,
           .actions = LIST(SENTINEL_READ, SENTINEL_COMMON, OI "workspaces/LinkedServices/read",
                           RES "templateSpecs/*/read"),
           .not_actions = LIST(CONFIDENTIAL))
PERMISSION(sentinel_responder,
           .actions = LIST(SENTINEL_READ, SENTINEL_COMMON, SI "automationRules/*", SI "cases/*",
                           SI "incidents/*", SI "entities/runPlaybook/action",
                           SI "threatIntelligence/indicators/appendTags/action",
                           SI "threatIntelligence/indicators/replaceTags/action",
                           SI "threatIntelligence/bulkTag/action",
                           SI "businessApplicationAgents/systems/undoAction/action"),
           .not_actions = LIST(CONFIDENTIAL, SI "cases/*/Delete", SI "incidents/*/Delete"))
PERMISSION(sentinel_contributor,
           .actions = LIST(SI "*", SENTINEL_COMMON, OI "workspaces/savedSearches/*",
                           INS "workbooks/*", INS "myworkbooks/read"),
           .not_actions = LIST(CONFIDENTIAL))
PERMISSION(playbook_operator,
           .actions = LIST(LGC "workflows/read", LGC "workflows/triggers/listCallbackUrl/action",
                           WEB_RUN "triggers/listCallbackUrl/action", WEB "sites/read"))
PERMISSION(automation_contributor,
           .actions = LIST(AUTH "*/read", LGC "workflows/triggers/read",
                           LGC "workflows/triggers/listCallbackUrl/action",
                           LGC "workflows/runs/read", WEB_RUN "triggers/read",
                           WEB_RUN "triggers/listCallbackUrl/action", WEB_RUN "runs/read"))
PERMISSION(logs_reader,
           .actions = LIST("*/read", OI "workspaces/analytics/query/action",
                           OI "workspaces/search/action", "Microsoft.Support/*"),
           .not_actions = LIST(OI "workspaces/sharedKeys/read"))
PERMISSION(logs_contributor,
           .actions = LIST("*/read", "Microsoft.Automation/automationAccounts/*",
                           "Microsoft.ClassicCompute/virtualMachines/extensions/*",
                           "Microsoft.Compute/virtualMachines/extensions/*",
                           "Microsoft.HybridCompute/machines/extensions/write", STORAGE_KEYS,
                           INS "alertRules/*", INS "diagnosticSettings/*", OI "*",
                           "Microsoft.OperationsManagement/*", RES "deployments/*",
                           RES "subscriptions/resourcegroups/deployments/*", "Microsoft.Support/*"))
PERMISSION(logs_data_reader, .actions = LIST(OI "workspaces/read", OI "workspaces/query/read"),
           .data_actions = LIST(OI "workspaces/tables/data/read"))
PERMISSION(privileged_reader, .data_actions = LIST(OI "workspaces/tables/data/read"))
PERMISSION(logic_contributor,
           .actions = LIST(AUTH "*/read", STORAGE_KEYS, INS "alertRules/*", INS "metricAlerts/*",
                           INS "diagnosticSettings/*", INS "logdefinitions/*",
                           INS "metricDefinitions/*", LGC "*", RES "deployments/*",
                           RES "subscriptions/operationresults/read",
                           RES "subscriptions/resourceGroups/read", "Microsoft.Support/*",
                           WEB "connectionGateways/*", WEB "connections/*", WEB "customApis/*",
                           WEB "serverFarms/join/action", WEB "serverFarms/read",
                           WEB "sites/functions/listSecrets/action"))
PERMISSION(logic_operator,
           .actions = LIST(AUTH "*/read", INS "alertRules/*/read", INS "metricAlerts/*/read",
                           INS "diagnosticSettings/*/read", INS "metricDefinitions/*/read",
                           LGC "*/read", LGC "workflows/disable/action",
                           LGC "workflows/enable/action", LGC "workflows/validate/action",
                           RES "deployments/operations/read",
                           RES "subscriptions/operationresults/read",
                           RES "subscriptions/resourceGroups/read", "Microsoft.Support/*",
                           WEB "connectionGateways/*/read", WEB "connections/*/read",
                           WEB "customApis/*/read", WEB "serverFarms/read"))
PERMISSION(metrics_publisher,
           .actions = LIST(INS "Register/Action", "Microsoft.Support/*",
                           RES "subscriptions/resourceGroups/read"),
           .data_actions = LIST(INS "Metrics/Write", INS "Telemetry/Write"))
PERMISSION(monitoring_reader,
           .actions = LIST("*/read", OI "workspaces/search/action", "Microsoft.Support/*"))
PERMISSION(monitoring_contributor,
           .actions = LIST("*/read", INS "actiongroups/*", INS "alertRules/*", INS "components/*",
                           INS "createNotifications/*", INS "dataCollectionEndpoints/*",
                           INS "dataCollectionRules/*", INS "dataCollectionRuleAssociations/*",
                           INS "DiagnosticSettings/*", INS "eventtypes/*", INS "LogDefinitions/*",
                           INS "metricalerts/*", INS "MetricDefinitions/*", INS "Metrics/*",
                           INS "notificationStatus/*", INS "Register/Action",
                           INS "scheduledqueryrules/*", INS "webtests/*", INS "workbooks/*",
                           INS "workbooktemplates/*", INS "privateLinkScopes/*",
                           INS "privateLinkScopeOperationStatuses/*", OI "workspaces/write",
                           OI "workspaces/intelligencepacks/*", OI "workspaces/savedSearches/*",
                           OI "workspaces/search/action", OI "workspaces/sharedKeys/action",
                           OI "workspaces/storageinsightconfigs/*", "Microsoft.Support/*"))
PERMISSION(data_purger, .actions = LIST(INS "components/*/read", INS "components/purge/action",
                                        OI "workspaces/*/read", OI "workspaces/purge/action"))
PERMISSION(workspace_administrator,
           .actions = LIST(SI "*", OI "*", INS "*", "Microsoft.OperationsManagement/*", AUTH "*",
                           RES "*", LGC "*", "Microsoft.Support/*", "Vedette/metrics/read"),
           .data_actions = LIST(OI "*", INS "*"))
PERMISSION(tenant_administrator, .actions = LIST("*"), .data_actions = LIST("*"))

#define PRIVILEGED_READER "dbc9c667-e97f-4491-aee6-90b9cf960190"
#define ROLE(guid, title, list, text)                                                              \
    {                                                                                              \
        .id = (guid), .name = (title), .summary = (text), .permissions = (list),                   \
        .n = COUNTOF(list)                                                                         \
    }
static const struct identity_role roles[] = {
    ROLE("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", owner,
         "Everything, giving roles included"),
    ROLE("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", contributor,
         "Everything but giving roles"),
    ROLE("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", reader, "Look at everything"),
    ROLE("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", access_administrator,
         "Give and take roles, look at everything"),
    ROLE("8d289c81-5878-46d4-8554-54e1e3d8b5cb", "Microsoft Sentinel Reader", sentinel_reader,
         "Look at incidents, rules, logs and watchlists"),
    ROLE("3e150937-b8fe-4cfb-8069-0eaf05ecd056", "Microsoft Sentinel Responder", sentinel_responder,
         "Work on incidents"),
    ROLE("ab8e14d6-4a74-4a29-9ba8-549422addade", "Microsoft Sentinel Contributor",
         sentinel_contributor, "Incidents, rules, functions and watchlists"),
    ROLE("51d6186e-6489-4900-b93f-92e23144cca5", "Microsoft Sentinel Playbook Operator",
         playbook_operator, "List and run playbooks"),
    ROLE("f4c81013-99ee-4d62-a7ee-b3f1f648599a", "Microsoft Sentinel Automation Contributor",
         automation_contributor, "Add playbooks to automation rules"),
    ROLE("73c42c96-874c-492b-b04d-ab87d138a893", "Log Analytics Reader", logs_reader,
         "Query all logs, look at all settings"),
    ROLE("92aaf0da-9dab-42b6-94a3-d43ce8d16293", "Log Analytics Contributor", logs_contributor,
         "Workspaces, tables, data collection; read everything"),
    ROLE("3b03c2da-16b3-4a49-8834-0f8130efdd3b", "Log Analytics Data Reader", logs_data_reader,
         "Query logs, as far as a condition lets"),
    ROLE(PRIVILEGED_READER, "Privileged Monitoring Data Reader", privileged_reader,
         "Read protected tables, beside a role that queries logs"),
    ROLE("87a39d53-fc1b-424a-814c-f7e04687dc9e", "Logic App Contributor", logic_contributor,
         "Manage playbooks"),
    ROLE("515c2055-d9d4-4321-b1b9-bd0c9a0f79fe", "Logic App Operator", logic_operator,
         "Read, enable and disable playbooks"),
    ROLE("3913510d-42f4-4e42-8a64-420c390055eb", "Monitoring Metrics Publisher", metrics_publisher,
         "Send logs"),
    ROLE("43d0d8ad-25c7-4714-9337-8ba259a9fe05", "Monitoring Reader", monitoring_reader,
         "Read all monitoring data, /metrics included"),
    ROLE("749f88d5-cbae-40b8-bcfc-e573ddc772fa", "Monitoring Contributor", monitoring_contributor,
         "Data collection, workspaces' settings; read all monitoring data"),
    ROLE("150f5e0c-0603-4f03-8c7f-cf70034c4e90", "Data Purger", data_purger,
         "Delete personal data"),
    ROLE("0d9a3f52-6b0c-5a41-8d43-2a51c2e4b7f1", "Workspace Administrator", workspace_administrator,
         "Everything in a workspace, roles and data included"),
    ROLE("6f1c0c9e-23c4-5d0b-a0a4-7be1d8f3c502", "Tenant Administrator", tenant_administrator,
         "Everything, data included"),
};

const struct identity_role *identity_role_at(size_t i)
{
    return i < COUNTOF(roles) ? &roles[i] : NULL;
}

const struct identity_role *identity_role_find(struct str name)
{
    for (size_t i = 0; i < COUNTOF(roles); i++)
        if (str_ieqz(name, roles[i].name))
            return &roles[i];
    return NULL;
}

const struct identity_role *identity_role_by_id(struct str id)
{
    for (size_t i = 0; i < COUNTOF(roles); i++)
        if (str_ieqz(id, roles[i].id))
            return &roles[i];
    return NULL;
}

bool role_is_privileged_reader(const struct identity_role *r)
{
    return strcmp(r->id, PRIVILEGED_READER) == 0;
}
