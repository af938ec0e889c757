/** What the pages of data ask the server. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call, callAll } from "../../api/client";
import { useOwnPath } from "../../session/paths";
import { useSession, useWorkspacePath } from "../../session/session";

export const VERSION = "?api-version=2023-09-01";

export interface Table {
  name: string;
  plan: string;
  retentionInDays: number;
  totalRetentionInDays: number;
  custom: boolean;
  columns: number;
  rows: number;
  hotRows: number;
  parts: number;
  bytes: number;
  billedBytes: number;
  oldest?: string;
  newest?: string;
}
export interface TableResource {
  name: string;
  properties: {
    plan: string;
    retentionInDays: number;
    totalRetentionInDays: number;
    retentionInDaysAsDefault: boolean;
    clusterBy: string | null;
    provisioningState: string;
    schema: {
      name: string;
      tableType: string;
      columns?: { name: string; type: string }[];
      standardColumns?: { name: string; type: string }[];
    };
    searchResults?: {
      query: string;
      description?: string;
      message?: string;
      startSearchTime: string;
      endSearchTime: string;
      sourceTable?: string;
    };
    restoredLogs?: { sourceTable: string; startRestoreTime: string; endRestoreTime: string };
    resultStatistics?: { progress: number; ingestedRecords: number; scannedGb: number };
  };
}
export interface Source {
  source: string;
  stream: string;
  table: string;
  firstSeen: string;
  lastSeen: string;
  rowsLastHour: number;
  allowedSilence?: string;
  status: string;
}
export interface Dcr {
  id: string;
  name: string;
  kind?: string;
  location: string;
  etag?: string;
  tags?: Record<string, string>;
  properties: Record<string, unknown> & {
    immutableId?: string;
    description?: string;
    dataFlows?: { streams: string[]; outputStream?: string; transformKql?: string }[];
  };
}

/** 1.5 MB; of 1,000, as bills count. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${value >= 100 || at === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[at] ?? ""}`;
}

export function useTables() {
  const { workspace } = useSession();
  const own = useOwnPath();
  return useQuery({
    queryKey: ["data", workspace?.id, "tables"],
    queryFn: ({ signal }) => callAll<Table>(own("/tables"), 10_000, signal),
  });
}

export function useTablePath(): (name: string) => string {
  const path = useWorkspacePath();
  return (name) => path(`/tables/${encodeURIComponent(name)}${VERSION}`);
}

export function useTable(name: string) {
  const { workspace } = useSession();
  const path = useTablePath();
  return useQuery({
    queryKey: ["data", workspace?.id, "table", name],
    queryFn: ({ signal }) => call<TableResource>(path(name), { signal }),
  });
}

/** Tables as resources: those of search jobs and restored logs are among them. */
export function useTableResources() {
  const { workspace } = useSession();
  const path = useWorkspacePath();
  return useQuery({
    queryKey: ["data", workspace?.id, "resources"],
    queryFn: ({ signal }) => callAll<TableResource>(path(`/tables${VERSION}`), 10_000, signal),
    refetchInterval: 15_000,
  });
}

export function useSources() {
  const { workspace } = useSession();
  const own = useOwnPath();
  return useQuery({
    queryKey: ["data", workspace?.id, "sources"],
    queryFn: ({ signal }) => callAll<Source>(own("/sources"), 10_000, signal),
    refetchInterval: 30_000,
  });
}

/** "/subscriptions/…/resourceGroups/…" of the workspace, for resources beside it. */
export function useGroupPath(): (suffix: string) => string {
  const path = useWorkspacePath();
  return (suffix) => path("").replace(/\/providers\/.*$/i, "") + suffix;
}

export function useDcrs() {
  const { workspace } = useSession();
  const group = useGroupPath();
  return useQuery({
    queryKey: ["data", workspace?.id, "dcrs"],
    queryFn: ({ signal }) =>
      callAll<Dcr>(
        group("/providers/Microsoft.Insights/dataCollectionRules?api-version=2023-03-11"),
        2000,
        signal,
      ),
  });
}

/** A list of resources below the workspace. */
export function useResources<T>(name: string, suffix: string) {
  const { workspace } = useSession();
  const path = useWorkspacePath();
  return useQuery({
    queryKey: ["data", workspace?.id, name],
    queryFn: ({ signal }) => callAll<T>(path(suffix), 10_000, signal),
  });
}

/** A change: all of the pages' data is asked again afterwards. */
export function useDataChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ["data"] }),
  });
}
