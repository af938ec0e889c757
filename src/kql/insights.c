#include "kql/insights.h"

static const char *const user[] = {
    "AccountDisplayName",
    "AccountDomain",
    "AccountObjectID",
    "AccountObjectId",
    "BlastRadius",
    "DormantAccount",
    "IsDormantAccount",
    "IsLocalAdmin",
    "IsNewAccount",
    "IsVIPUser",
    "LocalAdmin",
    "NewAccount",
    "OnPremSid",
    "OnPremisesSID",
    "UserIdentityAccountId",
    "UserIdentityArn",
    "UserIdentityType",
    "UserPrincipalName",
    NULL,
};

static const char *const device[] = {
    "Browser",
    "DeviceFamily",
    "DeviceName",
    "DeviceType",
    "IsLocalAdmin",
    "ISP",
    "OperatingSystem",
    "ThreatIntelIndicatorDescription",
    "ThreatIntelIndicatorType",
    "UserAgent",
    "UserAgentFamily",
    NULL,
};

static const char *const activity[] = {
    "ActionUncommonlyPerformedAmongPeers",
    "ActionUncommonlyPerformedByUser",
    "ActionUncommonlyPerformedInTenant",
    "App",
    "AppUncommonlyUsedAmongPeers",
    "AppUncommonlyUsedByUser",
    "AppUncommonlyUsedInTenant",
    "BrowserUncommonlyUsedAmongPeers",
    "BrowserUncommonlyUsedByUser",
    "BrowserUncommonlyUsedInTenant",
    "CountryUncommonlyConnectedFromAmongPeers",
    "CountryUncommonlyConnectedFromByUser",
    "CountryUncommonlyConnectedFromInTenant",
    "DeviceFamilyUncommonlyUsedInTenant",
    "DeviceUncommonlyUsedAmongPeers",
    "DeviceUncommonlyUsedByUser",
    "DeviceUncommonlyUsedInTenant",
    "FirstTimeActionPerformedInTenant",
    "FirstTimeAppObservedInTenant",
    "FirstTimeBrowserObservedInTenant",
    "FirstTimeConnectionFromCountryObservedInTenant",
    "FirstTimeConnectionViaISPInTenant",
    "FirstTimeDeviceConnectedFromIPAddress",
    "FirstTimeDeviceObservedInTenant",
    "FirstTimeResourceAccessedInTenant",
    "FirstTimeUserAccessedResource",
    "FirstTimeUserConnectedFromCountry",
    "FirstTimeUserConnectedFromDevice",
    "FirstTimeUserConnectedToDevice",
    "FirstTimeUserConnectedViaBrowser",
    "FirstTimeUserConnectedViaISP",
    "FirstTimeUserLoggedOnToDevice",
    "FirstTimeUserPerformedAction",
    "FirstTimeUserUsedApp",
    "IsMfaUsed",
    "ISPUncommonlyUsedAmongPeers",
    "ISPUncommonlyUsedByUser",
    "ISPUncommonlyUsedInTenant",
    "LastTimeUserPerformedAction",
    "LogonMethod",
    "Resource",
    "ResourceUncommonlyAccessedAmongPeers",
    "ResourceUncommonlyAccessedByUser",
    "ResourceUncommonlyAccessedInTenant",
    "SimilarActionWasn'tPerformedInThePast",
    "SourceIPAddress",
    "SourceIPLocation",
    "UncommonHighVolumeOfActions",
    "UncommonHighVolumeOfOperations",
    "UnusualNumberOfAADConditionalAccessFailures",
    "UnusualNumberOfDevicesAdded",
    "UnusualNumberOfDevicesDeleted",
    "UnusualNumberOfUsersAddedToGroup",
    NULL,
};

/* BehaviorAnalytics says UsersInsights, Anomalies UserInsights. */
static const struct {
    const char *column;
    const char *const *members;
} bags[] = {
    {"ActivityInsights", activity}, {"DeviceInsights", device}, {"DevicesInsights", device},
    {"UserInsights", user},         {"UsersInsights", user},
};

const char *const *kql_insight_members(struct str column)
{
    for (size_t i = 0; i < COUNTOF(bags); i++)
        if (str_eqz(column, bags[i].column))
            return bags[i].members;
    return NULL;
}
