/** The queries that were run in this browser, the latest first; for each workspace. */
import { useCallback } from "react";
import { useRemembered } from "../../parts/remembered";

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
const LONGEST = 20_000;
const NONE: PastRun[] = [];

export function useHistory(
  workspace: string,
): [readonly PastRun[], (run: PastRun) => void, () => void] {
  const name = `hunting.history.${workspace}`;
  const [runs, keep] = useRemembered<PastRun[]>(name, NONE);
  const add = useCallback(
    (run: PastRun) => {
      if (run.query.length > LONGEST) return;
      const text = localStorage.getItem(`vedette.${name}`);
      const now = text === null ? [] : (JSON.parse(text) as PastRun[]);
      keep([run, ...now].slice(0, MOST));
    },
    [name, keep],
  );
  return [runs, add, useCallback(() => keep([]), [keep])];
}
