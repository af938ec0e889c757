/** What queries can name in a workspace: tables, functions, saved queries; and the schema for the editor. */
import { useQuery } from "@tanstack/react-query";
import { call, callAll } from "../../api/client";
import { useSession } from "../../session/session";

export interface TableInfo {
  name: string;
  columns: { name: string; type: string }[];
}
export interface FunctionInfo {
  name: string;
  parameters: string;
  body: string;
  folder: string;
  docString: string;
  savedSearch: string;
}
export interface SavedSearch {
  name: string;
  etag?: string;
  properties: {
    category: string;
    displayName: string;
    query: string;
    functionAlias?: string;
    functionParameters?: string;
    tags?: { name: string; value: string }[] | null;
  };
}
export interface Retention {
  name: string;
  properties: { plan?: string; retentionInDays?: number; totalRetentionInDays?: number };
}
interface RuleInfo {
  name: string;
  kind: string;
  properties: { displayName?: string; query?: string };
}

export const API = "api-version=2024-09-01";

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

interface KustoAnswer {
  Tables: { Rows: unknown[][] }[];
}

export function useEditorSchema(): EditorSchema | undefined {
  const { workspace } = useSession();
  const { data } = useQuery({
    queryKey: ["hunting", "schema", workspace?.id],
    enabled: workspace !== undefined,
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const database = workspace?.name ?? "";
      const answer = await call<KustoAnswer>("/v1/rest/mgmt", {
        method: "POST",
        body: { csl: ".show database schema as json", db: database },
        signal,
      });
      return { text: String(answer.Tables[0]?.Rows[0]?.[0] ?? "{}"), database };
    },
  });
  return data;
}

interface Metadata {
  tables: TableInfo[];
}
export function useTables() {
  const { workspace } = useSession();
  return useQuery({
    queryKey: ["hunting", "tables", workspace?.id],
    enabled: workspace !== undefined,
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (await call<Metadata>(`/v1/workspaces/${workspace?.id ?? ""}/metadata`, { signal })).tables,
  });
}

export function useRetention() {
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["hunting", "retention", workspace?.id],
    enabled: workspace !== undefined && may("tables/read"),
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const all = await callAll<Retention>(
        `${workspace?.resourceId ?? ""}/tables?${API}`,
        10_000,
        signal,
      );
      return new Map(all.map((t) => [t.name, t.properties]));
    },
  });
}

export function useFunctions() {
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["hunting", "functions", workspace?.id],
    enabled: workspace !== undefined && may("functions/read"),
    queryFn: ({ signal }) =>
      callAll<FunctionInfo>(
        `/vedette/v1/workspaces/${workspace?.id ?? ""}/functions`,
        10_000,
        signal,
      ),
  });
}

export function useSavedSearches() {
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["hunting", "saved", workspace?.id],
    enabled: workspace !== undefined && may("functions/read"),
    queryFn: async ({ signal }) => {
      const all = await callAll<SavedSearch>(
        `${workspace?.resourceId ?? ""}/savedSearches?${API}`,
        10_000,
        signal,
      );
      return all.filter((s) => !s.properties.functionAlias);
    },
  });
}

export function useRules() {
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["hunting", "rules", workspace?.id],
    enabled: workspace !== undefined && may("rules/read"),
    queryFn: async ({ signal }) => {
      const all = await callAll<RuleInfo>(
        `${workspace?.resourceId ?? ""}/providers/Microsoft.SecurityInsights/alertRules?${API}`,
        10_000,
        signal,
      );
      return all.filter((r) => r.properties.query !== undefined);
    },
  });
}
