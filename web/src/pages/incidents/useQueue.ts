/** The pages of the queue that have been loaded, and how many incidents there are in all. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import type { Counts, Incident, Incidents } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { sortOf } from "../../parts/DataGrid";
import type { Sort } from "../../parts/DataGrid";
import { useLive } from "../../parts/useLive";
import { useServerNow } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";
import { useSession } from "../../session/session";
import { queueFilter } from "./queueFilter";

const PAGE = 100;
/** Events tell of changes; this is for what they miss. */
const REFRESH_MS = 60_000;
/** So many pages are asked again by themselves; whoever has scrolled further asks for it. */
const REFRESHED_PAGES = 3;

export const DEFAULT_SORT: Sort = { column: "lastModifiedTimeUtc", descending: true };

function orderOf(sort: Sort): string {
  return `properties/${sort.column} ${sort.descending ? "desc" : "asc"}`;
}

/** Every incident that a filter lets through, for files: at most 100,000. */
export async function allIncidents(
  api: Incidents,
  filter: string,
  sort: Sort,
): Promise<Incident[]> {
  const all: Incident[] = [];
  const size = 1000;
  for (let skip = 0; skip < 100_000; skip += size) {
    const page = await api.list({ filter, orderby: orderOf(sort), top: size, skip });
    all.push(...page.value);
    if (page.nextLink === undefined) break;
  }
  return all;
}

export interface Queue {
  filter: string;
  sort: Sort;
  rows: Incident[];
  counts: Counts | undefined;
  error: Error | null;
  loading: boolean;
  more: () => void;
  refresh: () => void;
}

export function useQueue(): Queue {
  const api = useIncidents();
  const url = useUrlState();
  const now = useServerNow();
  const { user, workspace } = useSession();
  const filter = queueFilter(url, now, user);
  const sort = sortOf(url.one("sort")) ?? DEFAULT_SORT;
  const order = orderOf(sort);
  const pages = useInfiniteQuery({
    queryKey: ["incidents", workspace?.id, "queue", filter, order],
    queryFn: ({ pageParam, signal }) =>
      api.list({ filter, orderby: order, top: PAGE, skip: pageParam }, signal),
    initialPageParam: 0,
    getNextPageParam: (last, _all, at) => (last.nextLink === undefined ? undefined : at + PAGE),
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      (query.state.data?.pages.length ?? 0) <= REFRESHED_PAGES ? REFRESH_MS : false,
  });
  const counts = useQuery({
    queryKey: ["incidents", workspace?.id, "counts", filter],
    queryFn: ({ signal }) => api.counts(filter, signal),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.value) ?? [], [pages.data]);
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
  useLive(["incidents"], () => {
    if (loaded <= REFRESHED_PAGES) void refetch();
    void refetchCounts();
  });
  return {
    filter,
    sort,
    rows,
    counts: counts.data,
    error: pages.error ?? counts.error,
    loading: pages.isPending,
    more,
    refresh,
  };
}
