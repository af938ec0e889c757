/** The pages of the queue that have been loaded, and how many incidents there are in all. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import type { Counts } from "../../api/incidents";
import { sortOf } from "../../parts/DataGrid";
import type { Sort } from "../../parts/DataGrid";
import { useLive } from "../../parts/useLive";
import { useServerNow } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";
import { useSession } from "../../session/session";
import { queueFilter } from "./queueFilter";
import { begin, goesOn, nextPage, orderOf } from "./streams";
import type { Answer, Failure, Home, QueueIncident } from "./streams";
import { useHomes } from "./useHomes";
import type { Homes } from "./useHomes";

const PAGE = 100;
/** Events tell of changes; this is for what they miss. */
const REFRESH_MS = 60_000;
/** So many pages are asked again by themselves; whoever has scrolled further asks for it. */
const REFRESHED_PAGES = 3;

export const DEFAULT_SORT: Sort = { column: "lastModifiedTimeUtc", descending: true };

export interface Queue extends Homes {
  filter: string;
  sort: Sort;
  rows: QueueIncident[];
  counts: Counts | undefined;
  /** Nothing can be shown because of it. */
  error: Error | null;
  /** Workspaces whose incidents are not among the rows. */
  failed: Failure[];
  loading: boolean;
  more: () => void;
  refresh: () => void;
  /** Asks this workspace again, and none of the others. */
  retry: (home: Home) => void;
}

function plus(sum: Record<string, number>, more: Record<string, number>): Record<string, number> {
  const names = [...new Set([...Object.keys(sum), ...Object.keys(more)])];
  return Object.fromEntries(names.map((name) => [name, (sum[name] ?? 0) + (more[name] ?? 0)]));
}

/** How many there are in each workspace. */
type CountsOf = Readonly<Record<string, Counts>>;

/** How many there are in each workspace that answers, those that are known already not asked; throws when none does. */
async function countEach(
  homes: readonly Home[],
  filter: string,
  known: CountsOf,
  signal: AbortSignal,
): Promise<CountsOf> {
  const count = async ({ id, api }: Home) =>
    [id, known[id] ?? (await api.counts(filter, signal))] as const;
  const answers = await Promise.allSettled(homes.map(count));
  const counted = answers.flatMap((a) => (a.status === "fulfilled" ? [a.value] : []));
  const refused = answers.find((a) => a.status === "rejected");
  if (counted.length === 0 && refused) throw refused.reason;
  return Object.fromEntries(counted);
}

function sumOf(counted: CountsOf): Counts {
  const none: Counts = { total: 0, severity: {}, status: {} };
  return Object.values(counted).reduce(
    (sum, c) => ({
      total: sum.total + c.total,
      severity: plus(sum.severity, c.severity),
      status: plus(sum.status, c.status),
    }),
    none,
  );
}

/** What a retry of one workspace need not ask the others. */
interface Known {
  answers: readonly Answer[];
  counts: CountsOf;
}

const NOTHING: Known = { answers: [], counts: {} };

export function useQueue(): Queue {
  const url = useUrlState();
  const now = useServerNow();
  const { user } = useSession();
  const { homes, several } = useHomes();
  const filter = queueFilter(url, now, user);
  const sort = sortOf(url.one("sort")) ?? DEFAULT_SORT;
  const ids = homes.map((home) => home.id).join(" ");
  const known = useRef<Known>(NOTHING);
  const pages = useInfiniteQuery({
    queryKey: ["incidents", ids, "queue", filter, orderOf(sort)],
    queryFn: ({ pageParam, signal }) =>
      nextPage(pageParam, { filter, sort, size: PAGE, known: known.current.answers }, signal),
    initialPageParam: begin(homes),
    getNextPageParam: (last) => (goesOn(last.streams) ? last.streams : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      (query.state.data?.pages.length ?? 0) <= REFRESHED_PAGES ? REFRESH_MS : false,
  });
  const counts = useQuery({
    queryKey: ["incidents", ids, "counts", filter],
    queryFn: ({ signal }) => countEach(homes, filter, known.current.counts, signal),
    // The server goes through all incidents for either; the rows are what people wait for.
    enabled: !pages.isPending && !pages.isPlaceholderData,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const failed = useMemo(
    () => pages.data?.pages.flatMap((page) => page.failed) ?? [],
    [pages.data],
  );
  const total = useMemo(() => counts.data && sumOf(counts.data), [counts.data]);
  const { hasNextPage, isFetching, fetchNextPage, refetch } = pages;
  const loaded = pages.data?.pages.length ?? 0;
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const refetchCounts = counts.refetch;
  const refresh = useCallback(() => {
    void refetch();
    void refetchCounts();
  }, [refetch, refetchCounts]);
  const retry = async (home: Home) => {
    const answers = pages.data?.pages.flatMap((page) => page.answers) ?? [];
    const { [home.id]: _, ...others } = counts.data ?? {};
    const own: Known = { answers: answers.filter((a) => a.home.id !== home.id), counts: others };
    known.current = own;
    await Promise.all([refetch(), refetchCounts()]);
    if (known.current === own) known.current = NOTHING;
  };
  useLive(["incidents"], () => {
    if (loaded <= REFRESHED_PAGES) void refetch();
    void refetchCounts();
  });
  return {
    homes,
    several,
    filter,
    sort,
    rows,
    failed,
    counts: total,
    error: pages.error ?? counts.error,
    loading: pages.isPending,
    more,
    refresh,
    retry: (home) => void retry(home),
  };
}
