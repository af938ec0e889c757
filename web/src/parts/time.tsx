/** Times: shown in the zone that the person chose, always with the zone; ISO where they are copied. */
import { useQuery } from "@tanstack/react-query";
import { Tooltip } from "@fluentui/react-components";
import { useCallback, useMemo } from "react";
import { rowsOf, runKql } from "../api/kql";
import { useSession } from "../session/session";
import { useRemembered } from "./remembered";
import { useApi } from "../session/useApi";

export type Zone = "local" | "utc";

export function useZone(): [Zone, (zone: Zone) => void] {
  return useRemembered<Zone>("zone", "local");
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, seconds: boolean): Intl.DateTimeFormat {
  const key = `${zone} ${String(seconds)}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-GB", {
      year: "numeric",
      month: "short",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      ...(seconds ? { second: "2-digit" } : {}),
      hourCycle: "h23",
      timeZoneName: "short",
      ...(zone === "utc" ? { timeZone: "UTC" } : {}),
    });
    formats.set(key, found);
  }
  return found;
}

/** A function from ISO text, milliseconds or a Date to text for people; "" for what is no time. */
export function useTimeFormat(): (
  value: string | number | Date | null | undefined,
  seconds?: boolean,
) => string {
  const [zone] = useZone();
  return useCallback(
    (value, seconds = true) => {
      if (value === null || value === undefined || value === "") return "";
      const date = new Date(value);
      return Number.isNaN(date.getTime()) ? "" : format(zone, seconds).format(date);
    },
    [zone],
  );
}

export function TimeText({
  value,
  seconds = true,
}: {
  value: string | null | undefined;
  seconds?: boolean;
}) {
  const formatted = useTimeFormat()(value, seconds);
  if (value === null || value === undefined || formatted === "") return <span>–</span>;
  return (
    <Tooltip content={value} relationship="description">
      <time dateTime={value}>{formatted}</time>
    </Tooltip>
  );
}

/** "3 d 4 h", "5 min", "12 s": a span in milliseconds, its two largest units. */
export function spanText(ms: number): string {
  const units: [string, number][] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ];
  let rest = Math.max(0, Math.round(ms / 1000) * 1000);
  const words: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${String(count)} ${name}`);
    if (words.length === 2) break;
  }
  return words.join(" ") || "0 s";
}

/**
 * What time it is for the server, whose clock may be another one (a demonstration's stands in the past). In
 * milliseconds; moves in steps of a minute, so that what depends on it is asked again then and not before.
 */
export function useServerNow(): number {
  const api = useApi();
  const { workspace } = useSession();
  const { data } = useQuery({
    queryKey: ["server-now", workspace?.id],
    enabled: workspace !== undefined,
    queryFn: async ({ signal }) => {
      const [row] = rowsOf<{ Now: string }>(await runKql(api, "print Now = now()", { signal }));
      return new Date(row?.Now ?? "").getTime();
    },
    refetchInterval: 60_000,
    staleTime: 60_000,
  });
  return data ?? Date.now();
}

export interface Range {
  from: number;
  to: number;
}

/** Spans that lists offer: what stands in the address, what people read, milliseconds. */
export const spans = [
  { id: "1h", title: "Last hour", ms: 3_600_000 },
  { id: "1d", title: "Last 24 hours", ms: 86_400_000 },
  { id: "3d", title: "Last 3 days", ms: 3 * 86_400_000 },
  { id: "7d", title: "Last week", ms: 7 * 86_400_000 },
  { id: "30d", title: "Last 30 days", ms: 30 * 86_400_000 },
  { id: "90d", title: "Last 90 days", ms: 90 * 86_400_000 },
  { id: "180d", title: "Last 6 months", ms: 180 * 86_400_000 },
] as const;

/** The range that a text names: the id of a span, or "ISO/ISO"; undefined for "all" and what is neither. */
export function rangeOf(text: string, now: number): Range | undefined {
  const span = spans.find((s) => s.id === text);
  if (span) return { from: now - span.ms, to: now };
  const [from, to] = text.split("/").map((part) => new Date(part).getTime());
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to))
    return undefined;
  return { from, to };
}

/** The range that a text names at the server's time; see rangeOf. */
export function useRange(text: string): Range | undefined {
  const now = useServerNow();
  return useMemo(() => rangeOf(text, now), [text, now]);
}
