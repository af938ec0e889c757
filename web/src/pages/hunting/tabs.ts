/** The open queries of a person: kept over reloads and browsers, for each workspace. */
import { useCallback } from "react";
import { useKept } from "../../parts/kept";

export interface QueryTab {
  id: string;
  name: string;
  text: string;
  /** As TimeRange has it. */
  range: string;
  /** The saved search that it was opened from; "" : none. */
  saved: string;
  /** Ids of other workspaces that it reads. */
  workspaces?: string[];
}
interface Kept {
  tabs: QueryTab[];
  current: string;
  closed: QueryTab[];
}

const MOST_TABS = 30;
const MOST_CLOSED = 10;
const START: Kept = {
  tabs: [{ id: "1", name: "New query", text: "", range: "1d", saved: "" }],
  current: "1",
  closed: [],
};

export interface QueryTabs {
  tabs: readonly QueryTab[];
  current: QueryTab;
  canReopen: boolean;
  select: (id: string) => void;
  change: (id: string, change: Partial<Omit<QueryTab, "id">>) => void;
  add: (tab: Partial<Omit<QueryTab, "id">>) => void;
  close: (id: string) => void;
  reopen: () => void;
  /** Why the server does not keep them. */
  problem: unknown;
}

function freeName(tabs: readonly QueryTab[]): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? "New query" : `New query ${String(n)}`;
    if (!tabs.some((t) => t.name === name)) return name;
  }
}

function withTab(kept: Kept, tab: Partial<QueryTab>): Kept {
  const made: QueryTab = {
    text: "",
    range: "1d",
    saved: "",
    ...tab,
    name: tab.name ?? freeName(kept.tabs),
    id: crypto.randomUUID(),
  };
  return { ...kept, tabs: [...kept.tabs, made].slice(-MOST_TABS), current: made.id };
}

function without(kept: Kept, id: string): Kept {
  const at = kept.tabs.findIndex((t) => t.id === id);
  const closing = kept.tabs[at];
  if (closing === undefined) return kept;
  const tabs = kept.tabs.filter((t) => t.id !== id);
  const closed =
    closing.text === "" ? kept.closed : [closing, ...kept.closed].slice(0, MOST_CLOSED);
  if (tabs.length === 0) return { ...START, closed };
  const next = tabs[Math.min(at, tabs.length - 1)];
  return { tabs, closed, current: kept.current === id ? (next?.id ?? "") : kept.current };
}

export function useQueryTabs(workspace: string): QueryTabs {
  const name = `hunting.${workspace}`;
  const [kept, keep, problem] = useKept<Kept>(name, START);
  // Several changes may come before the page is drawn again, so each begins with what is kept.
  const update = useCallback(
    (change: (now: Kept) => Kept) => {
      const text = localStorage.getItem(`vedette.${name}`);
      keep(change(text === null ? START : (JSON.parse(text) as Kept)));
    },
    [name, keep],
  );
  const current = kept.tabs.find((t) => t.id === kept.current) ?? kept.tabs[0] ?? START.tabs[0];
  if (current === undefined) throw new Error("no tab");
  return {
    tabs: kept.tabs,
    current,
    problem,
    canReopen: kept.closed.length > 0,
    select: useCallback((id) => update((now) => ({ ...now, current: id })), [update]),
    change: useCallback(
      (id, change) =>
        update((now) => ({
          ...now,
          tabs: now.tabs.map((t) => (t.id === id ? { ...t, ...change } : t)),
        })),
      [update],
    ),
    add: useCallback((tab) => update((now) => withTab(now, tab)), [update]),
    close: useCallback((id) => update((now) => without(now, id)), [update]),
    reopen: useCallback(
      () =>
        update((now) => {
          const [last, ...closed] = now.closed;
          return last === undefined ? now : { ...withTab(now, last), closed };
        }),
      [update],
    ),
  };
}
