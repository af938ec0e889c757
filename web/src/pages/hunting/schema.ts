/** What queries can name in a workspace: tables, functions, saved queries; and the schema for the editor. */
import { useQuery } from "@tanstack/react-query";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { useSession } from "../../session/session";
import { useApi } from "../../session/useApi";

export type TableInfo = Schemas["MetadataTable"];
export type FunctionInfo = Schemas["Function"];
export type SavedSearch = Schemas["SavedSearch"];
export type Retention = Schemas["Table"];
/** Items of one list that are read. */
const MOST = 10_000;

/** Groups of tables by where their rows come from, in the order in which they are listed. */
const products: readonly [string, RegExp][] = [
  [
    "Microsoft Sentinel",
    /^(Security(Alert|Incident)|Sentinel|Watchlist|ConfidentialWatchlist|ThreatIntel|HuntingBookmark|BehaviorAnalytics|UserPeerAnalytics|Anomalies|UserAccessAnalytics|IdentityInfo)/,
  ],
  [
    "Microsoft Defender XDR",
    /^(Device|Email|Identity|CloudApp|Alert(Evidence|Info)|UrlClick|ExposureGraph)/,
  ],
  ["Microsoft Entra ID", /^(AAD|SigninLogs|AuditLogs|MicrosoftGraph)/],
  ["Office 365", /^(Office|Exchange|SharePoint|Teams|Power)/],
  ["Windows", /^(SecurityEvent|WindowsEvent|Event$|W3CIISLog|DnsEvents|Windows)/],
  ["Linux and network devices", /^(Syslog|CommonSecurityLog|LinuxAudit)/],
  ["Azure", /^(Azure|AKS|Storage|KeyVault|NSP|App|AZ)/],
  ["Amazon Web Services", /^AWS/],
  ["Google Cloud", /^(GCP|Google)/],
  ["ASIM", /^ASim/],
  ["Custom logs", /_(CL|SRCH|RST)$/],
];
export function productOf(table: string): string {
  if (/_(CL|SRCH|RST)$/.test(table)) return "Custom logs";
  return products.find(([, names]) => names.test(table))?.[0] ?? "Other";
}
export const productOrder = [...products.map(([name]) => name), "Other"];

export interface EditorSchema {
  text: string;
  database: string;
}

export function useEditorSchema(): EditorSchema | undefined {
  const { workspace } = useSession();
  const { data } = useQuery({
    queryKey: ["hunting", "schema", workspace?.id],
    enabled: workspace !== undefined,
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const database = workspace?.name ?? "";
      const answer = await server.call("POST", "/v1/rest/mgmt", {
        body: { csl: ".show database schema as json", db: database },
        signal,
      });
      return { text: String(answer.Tables[0]?.Rows[0]?.[0] ?? "{}"), database };
    },
  });
  return data;
}

export function useTables() {
  const api = useApi();
  const { workspace } = useSession();
  return useQuery({
    queryKey: ["hunting", "tables", workspace?.id],
    enabled: workspace !== undefined,
    staleTime: 60_000,
    queryFn: async ({ signal }) => (await api.logs.call("GET", "/metadata", { signal })).tables,
  });
}

export function useRetention() {
  const api = useApi();
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["hunting", "retention", workspace?.id],
    enabled: workspace !== undefined && may("tables/read"),
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const all = await api.arm.all("/tables", MOST, { signal });
      return new Map(all.map((t) => [t.name, t.properties]));
    },
  });
}

export function useFunctions() {
  const api = useApi();
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["hunting", "functions", workspace?.id],
    enabled: workspace !== undefined && may("functions/read"),
    queryFn: ({ signal }) => api.own.all("/functions", MOST, { signal }),
  });
}

export function useSavedSearches() {
  const api = useApi();
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["hunting", "saved", workspace?.id],
    enabled: workspace !== undefined && may("functions/read"),
    queryFn: async ({ signal }) => {
      const all = await api.arm.all("/savedSearches", MOST, { signal });
      return all.filter((s) => !s.properties.functionAlias);
    },
  });
}

export function useRules() {
  const api = useApi();
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["hunting", "rules", workspace?.id],
    enabled: workspace !== undefined && may("rules/read"),
    queryFn: async ({ signal }) => {
      const all = await api.sentinel.all("/alertRules", MOST, { signal });
      return all.filter((r) => r.properties.query !== undefined);
    },
  });
}
