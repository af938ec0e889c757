/** Queries of the workspace, with their rows as objects. */
import { useQuery } from "@tanstack/react-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { useSession } from "../session/session";
import { useApi } from "../session/useApi";
import { ApiError } from "./client";
import type { Schemas, WorkspaceApi } from "./typed";

export type KqlTable = Schemas["ResultTable"];
/** error: set when the answer was cut. */
export type KqlAnswer = Schemas["QueryResult"];

/** Where a query's error is. */
export interface KqlPlace {
  line: number;
  column: number;
  message: string;
}

interface InnerError {
  message?: string;
  line?: number;
  pos?: number;
  innererror?: InnerError;
}

/** A text as KQL writes it. */
export function kqlText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`;
}

/** The answer of a query. timespan: ISO 8601 duration or interval; without it the query bounds time itself. */
export function runKql(
  api: WorkspaceApi,
  query: string,
  options: { timespan?: string; signal?: AbortSignal } = {},
): Promise<KqlAnswer> {
  const { timespan, signal } = options;
  return api.logs.call("POST", "/query", {
    body: timespan === undefined ? { query } : { query, timespan },
    ...(signal ? { signal } : {}),
  });
}

/** The rows of the answer's first table, as objects. */
export function rowsOf<T>(answer: KqlAnswer): T[] {
  const table = answer.tables[0];
  if (table === undefined) return [];
  return table.rows.map(
    (row) => Object.fromEntries(table.columns.map((c, i) => [c.name, row[i]])) as T,
  );
}

/**
 * Rows of a query of ours, asked again when its text changes, and every so often (refetchMs; 0: never).
 * enabled: false waits.
 */
export function useKql<T>(
  query: string,
  timespan?: string,
  enabled = true,
  refetchMs = 0,
): UseQueryResult<T[]> {
  const { workspace, may } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["kql", workspace?.id, query, timespan],
    enabled: enabled && workspace !== undefined && may("query/read"),
    queryFn: async ({ signal }) => {
      const asked = timespan === undefined ? { signal } : { signal, timespan };
      return rowsOf<T>(await runKql(api, query, asked));
    },
    refetchInterval: refetchMs === 0 ? false : refetchMs,
  });
}

/** The innermost place that a query's error names. */
export function placeOf(error: unknown): KqlPlace | undefined {
  if (!(error instanceof ApiError)) return undefined;
  let at = (error.body as { error?: InnerError } | undefined)?.error;
  while (at?.innererror !== undefined) at = at.innererror;
  if (at?.line === undefined) return undefined;
  return { line: at.line, column: at.pos ?? 1, message: at.message ?? error.message };
}
