/** One query under way: start it, watch it, give it up. Each tab keeps its last result. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import type { WorkspaceApi } from "../../api/typed";
import type { TextError } from "./editor/KqlEditor";
import { ask } from "./results";
import type { ResultTable } from "./results";

export interface Run {
  state: "running" | "done" | "failed" | "cancelled";
  query: string;
  timespan: string;
  /** Milliseconds since the epoch, of this browser. */
  started: number;
  ended: number;
  rows: number;
  /** While it is running: what came so far; it grows in place, so look at `rows` as well. */
  table: ResultTable | undefined;
  error: unknown;
  /** Where in the text of the tab the server found mistakes. */
  places: readonly TextError[];
}
export interface RunRequest {
  api: WorkspaceApi;
  query: string;
  timespan: string;
  /** Ids of other workspaces. */
  workspaces: readonly string[];
  /** Where the query begins in the tab's text; from 0. */
  line: number;
  column: number;
}

const MOST_ROWS = 1_000_000;
const MOST_RESULTS = 5;

interface Place {
  line?: number;
  pos?: number;
  token?: string;
  message?: string;
  innererror?: Place;
}

/** Errors of the query API with their place, moved to where the query stands in the tab. */
function placesOf(error: unknown, request: RunRequest): TextError[] {
  if (!(error instanceof ApiError)) return [];
  const body = error.body as { error?: Place & { details?: Place[] } } | undefined;
  let inner: Place | undefined = body?.error;
  while (inner?.innererror) inner = inner.innererror;
  return [...(body?.error?.details ?? []), ...(inner ? [inner] : [])]
    .filter((p, i, all) => all.findIndex((q) => q.line === p.line && q.pos === p.pos) === i)
    .flatMap(({ line, pos, token = "", message = "" }) =>
      line === undefined || pos === undefined
        ? []
        : [
            {
              line: line + request.line,
              column: line === 1 ? pos + request.column : pos,
              token,
              message,
            },
          ],
    );
}

/** The innermost message: what is wrong, not that something is. */
export function queryErrorText(error: unknown): string {
  if (error instanceof ApiError) {
    let inner = (error.body as { error?: Place } | undefined)?.error;
    while (inner?.innererror) inner = inner.innererror;
    if (inner?.message !== undefined) return inner.message;
  }
  return error instanceof Error ? error.message : String(error);
}

export interface Runs {
  runOf: (tab: string) => Run | undefined;
  start: (tab: string, request: RunRequest) => Promise<Run>;
  cancel: (tab: string) => void;
}

export function useRuns(): Runs {
  const [runs, setRuns] = useState<ReadonlyMap<string, Run>>(new Map());
  const aborts = useRef(new Map<string, AbortController>());

  useEffect(() => {
    const all = aborts.current;
    return () => {
      for (const abort of all.values()) abort.abort();
    };
  }, []);

  const put = useCallback((tab: string, run: Run) => {
    setRuns((now) => {
      const next = new Map(now);
      next.delete(tab); // the latest comes last
      next.set(tab, run);
      const finished = [...next].filter(([, r]) => r.state !== "running");
      for (const [old] of finished.slice(0, Math.max(0, finished.length - MOST_RESULTS)))
        next.delete(old);
      return next;
    });
  }, []);

  const start = useCallback(
    async (tab: string, request: RunRequest) => {
      aborts.current.get(tab)?.abort();
      const abort = new AbortController();
      aborts.current.set(tab, abort);
      let run: Run = {
        state: "running",
        query: request.query,
        timespan: request.timespan,
        started: Date.now(),
        ended: 0,
        rows: 0,
        table: undefined,
        error: undefined,
        places: [],
      };
      put(tab, run);
      let told = 0;
      const onRows = (table: ResultTable) => {
        if (Date.now() - told < 250) return;
        told = Date.now();
        run = { ...run, table, rows: table.rows };
        if (aborts.current.get(tab) === abort) put(tab, run);
      };
      try {
        const table = await ask({ ...request, maxRows: MOST_ROWS, signal: abort.signal, onRows });
        run = { ...run, state: "done", table, rows: table.rows };
      } catch (error) {
        run = abort.signal.aborted
          ? { ...run, state: "cancelled" }
          : { ...run, state: "failed", table: undefined, error, places: placesOf(error, request) };
      }
      run = { ...run, ended: Date.now() };
      if (aborts.current.get(tab) === abort) put(tab, run);
      return run;
    },
    [put],
  );
  const cancel = useCallback((tab: string) => aborts.current.get(tab)?.abort(), []);
  return { runOf: (tab) => runs.get(tab), start, cancel };
}
