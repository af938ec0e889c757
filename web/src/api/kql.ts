/** Queries of the workspace, with their rows as objects. */
import { useQuery } from "@tanstack/react-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { useSession } from "../session/session";
import { ApiError, call } from "./client";

export interface KqlColumn {
  name: string;
  type: string;
}
export interface KqlTable {
  name: string;
  columns: KqlColumn[];
  rows: unknown[][];
}
export interface KqlAnswer {
  tables: KqlTable[];
  /** Set when the answer was cut. */
  error?: { code: string; message: string };
}

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

/** timespan: ISO 8601 duration or interval; without it the query bounds time itself. */
export function runKql(
  workspace: string,
  query: string,
  options: { timespan?: string; signal?: AbortSignal } = {},
): Promise<KqlAnswer> {
  const { timespan, signal } = options;
  return call<KqlAnswer>(`/v1/workspaces/${encodeURIComponent(workspace)}/query`, {
    method: "POST",
    body: timespan === undefined ? { query } : { query, timespan },
    ...(signal ? { signal } : {}),
  });
}

export function rowsOf<T>(answer: KqlAnswer): T[] {
  const table = answer.tables[0];
  if (table === undefined) return [];
  return table.rows.map(
    (row) => Object.fromEntries(table.columns.map((c, i) => [c.name, row[i]])) as T,
  );
}

/** Rows of a query of ours, asked again when its text changes. enabled: false waits. */
export function useKql<T>(query: string, timespan?: string, enabled = true): UseQueryResult<T[]> {
  const { workspace, may } = useSession();
  return useQuery({
    queryKey: ["kql", workspace?.id, query, timespan],
    enabled: enabled && workspace !== undefined && may("query/read"),
    queryFn: async ({ signal }) => {
      const options = timespan === undefined ? { signal } : { signal, timespan };
      return rowsOf<T>(await runKql(workspace?.id ?? "", query, options));
    },
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
