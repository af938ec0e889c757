/** ISO 8601 durations as people choose them: a number of minutes, hours or days. */

export type Unit = "Minutes" | "Hours" | "Days";
export const units: readonly Unit[] = ["Minutes", "Hours", "Days"];
const MINUTES: Record<Unit, number> = { Minutes: 1, Hours: 60, Days: 1440 };

export interface Span {
  count: number;
  unit: Unit;
}

/** Minutes of PnDTnHnMnS; undefined for what is no such text. */
export function minutesOf(text: string): number | undefined {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (found === null || text === "P" || text.endsWith("T")) return undefined;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  return (days ?? 0) * 1440 + (hours ?? 0) * 60 + (minutes ?? 0) + (seconds ?? 0) / 60;
}

/** In the largest unit that leaves no rest. */
export function spanOf(text: string): Span {
  const minutes = minutesOf(text) ?? 0;
  const unit = [...units].reverse().find((u) => minutes > 0 && minutes % MINUTES[u] === 0);
  return unit === undefined
    ? { count: minutes, unit: "Minutes" }
    : { count: minutes / MINUTES[unit], unit };
}

export function isoOf(span: Span): string {
  if (span.unit === "Days") return `P${String(span.count)}D`;
  return `PT${String(span.count)}${span.unit === "Hours" ? "H" : "M"}`;
}

/** "5 hours", for people. */
export function durationText(text: string | undefined): string {
  if (text === undefined || text === "") return "";
  const { count, unit } = spanOf(text);
  const word = unit.toLowerCase();
  return `${String(count)} ${count === 1 ? word.slice(0, -1) : word}`;
}
