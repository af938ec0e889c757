/** KQL over the workspace that is looked at. */
import { useQuery } from "@tanstack/react-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { useSession } from "../session/session";
import { call } from "./client";

export type QueryRow = Record<string, unknown>;

interface Answer {
  tables: { columns: { name: string; type: string }[]; rows: unknown[][] }[];
}

/** The rows of a query's first table, as objects. */
export async function queryRows(
  workspace: string,
  query: string,
  signal?: AbortSignal,
): Promise<QueryRow[]> {
  const answer = await call<Answer>(`/v1/workspaces/${workspace}/query`, {
    method: "POST",
    body: { query },
    ...(signal ? { signal } : {}),
  });
  const table = answer.tables[0];
  return (table?.rows ?? []).map((row) =>
    Object.fromEntries(row.map((value, i) => [table?.columns[i]?.name ?? String(i), value])),
  );
}

/** The same as a hook, asked again every so often (milliseconds; 0: never). */
export function useRows(query: string, refetchMs = 0): UseQueryResult<QueryRow[]> {
  const { workspace } = useSession();
  return useQuery({
    queryKey: ["rows", workspace?.id, query],
    enabled: workspace !== undefined,
    queryFn: ({ signal }) => queryRows(workspace?.id ?? "", query, signal),
    refetchInterval: refetchMs === 0 ? false : refetchMs,
  });
}
