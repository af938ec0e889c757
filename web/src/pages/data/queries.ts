/** What the pages of data ask the server. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Schemas, WorkspaceApi } from "../../api/typed";
import { useSession } from "../../session/session";
import { useApi } from "../../session/useApi";

/** Items of one list that are read. */
const MOST = 10_000;

export type Table = Schemas["TableSummary"];
export type TableResource = Schemas["Table"];
export type Source = Schemas["Source"];
export type Dcr = Schemas["DataCollectionRule"];

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
  const api = useApi();
  return useQuery({
    queryKey: ["data", workspace?.id, "tables"],
    queryFn: ({ signal }) => api.own.all("/tables", MOST, { signal }),
  });
}

export function useTable(name: string) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["data", workspace?.id, "table", name],
    queryFn: ({ signal }) =>
      api.arm.call("GET", "/tables/{table}", { path: { table: name }, signal }),
  });
}

/** Tables as resources: those of search jobs and restored logs are among them. */
export function useTableResources() {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["data", workspace?.id, "resources"],
    queryFn: ({ signal }) => api.arm.all("/tables", MOST, { signal }),
    refetchInterval: 15_000,
  });
}

export function useSources() {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["data", workspace?.id, "sources"],
    queryFn: ({ signal }) => api.own.all("/sources", MOST, { signal }),
    refetchInterval: 30_000,
  });
}

export function useDcrs() {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["data", workspace?.id, "dcrs"],
    queryFn: ({ signal }) =>
      api.group.all("/providers/Microsoft.Insights/dataCollectionRules", 2000, { signal }),
  });
}

/** A list of resources below the workspace. */
export function useResources<T>(
  name: string,
  ask: (api: WorkspaceApi, most: number, signal: AbortSignal) => Promise<T[]>,
) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["data", workspace?.id, name],
    queryFn: ({ signal }) => ask(api, MOST, signal),
  });
}

export function useWatchlists() {
  return useResources("watchlists", (api, most, signal) =>
    api.sentinel.all("/watchlists", most, { signal }),
  );
}

/** A change: all of the pages' data is asked again afterwards. */
export function useDataChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ["data"] }),
  });
}
