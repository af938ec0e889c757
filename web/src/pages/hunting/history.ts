/** The queries that a person ran, the latest first; for each workspace. */
import { useCallback } from "react";
import { useKept } from "../../parts/kept";

export interface PastRun {
  query: string;
  range: string;
  /** ISO 8601. */
  at: string;
  state: "done" | "failed" | "cancelled";
  rows: number;
  seconds: number;
}
const MOST = 50;
/** Of a query, and of all together: the server keeps 64 KiB of one preference unless it is told otherwise. */
const LONGEST = 20_000;
const LARGEST = 48_000;
const NONE: PastRun[] = [];

/** The latest ones that are small enough together. */
function fitting(runs: PastRun[]): PastRun[] {
  let size = 0;
  return runs.filter((run) => (size += JSON.stringify(run).length) <= LARGEST);
}

export function useHistory(
  workspace: string,
): [readonly PastRun[], (run: PastRun) => void, () => void] {
  const name = `hunting.history.${workspace}`;
  const [runs, keep] = useKept<PastRun[]>(name, NONE);
  const add = useCallback(
    (run: PastRun) => {
      if (run.query.length > LONGEST) return;
      const text = localStorage.getItem(`vedette.${name}`);
      const now = text === null ? [] : (JSON.parse(text) as PastRun[]);
      keep(fitting([run, ...now].slice(0, MOST)));
    },
    [name, keep],
  );
  return [runs, add, useCallback(() => keep([]), [keep])];
}
