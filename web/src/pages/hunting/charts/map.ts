/** Points on the globe, as longitude and latitude: kind=map of scatterchart and piechart. There are no coastlines. */
import type { Cell, ResultTable } from "../results";
import { counted, edges, frame } from "./drawing";
import type { Drawing } from "./drawing";
import { isNumber, labelOf, nameOf, named } from "./properties";
import type { Properties } from "./properties";

const MOST_POINTS = 20_000;
const MOST_SIZE = 36;

interface Point {
  longitude: number;
  latitude: number;
  label: string;
  value: number;
}

/** {"type":"Point","coordinates":[longitude, latitude]} */
function geoPoint(value: Cell): [number, number] | undefined {
  try {
    const parsed = JSON.parse(String(value)) as { coordinates?: unknown };
    const at = Array.isArray(parsed.coordinates) ? (parsed.coordinates as unknown[]) : [];
    return at.length >= 2 ? [Number(at[0]), Number(at[1])] : undefined;
  } catch {
    return undefined;
  }
}

interface Places {
  used: readonly number[];
  at: (row: number) => [number, number] | undefined;
}

function placesOf(table: ResultTable): Places | undefined {
  const all = table.columns.map((_, i) => i);
  const geo = all.find(
    (i) => table.columns[i]?.type === "dynamic" && geoPoint(table.at(0, i)) !== undefined,
  );
  if (geo !== undefined) return { used: [geo], at: (row) => geoPoint(table.at(row, geo)) };
  const [x, y] = all.filter((i) => isNumber(table, i));
  if (x === undefined || y === undefined) return undefined;
  const number = (row: number, column: number) => {
    const value = table.at(row, column);
    return value === null ? NaN : Number(value);
  };
  return { used: [x, y], at: (row) => [number(row, x), number(row, y)] };
}

function pointsOf(table: ResultTable, p: Properties, places: Places, notes: string[]): Point[] {
  const rest = table.columns.map((_, i) => i).filter((i) => !places.used.includes(i));
  const size = rest.find((i) => isNumber(table, i));
  const chosen = named(table, p, "series");
  const labels = chosen.length > 0 ? chosen : rest.filter((i) => !isNumber(table, i));
  const step = Math.ceil(table.rows / MOST_POINTS);
  const points: Point[] = [];
  let nowhere = 0;
  for (let row = 0; row < table.rows; row += step) {
    const [longitude, latitude] = places.at(row) ?? [NaN, NaN];
    if (!(Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90)) {
      nowhere++;
      continue;
    }
    points.push({
      longitude,
      latitude,
      label: labelOf(table, row, labels),
      value: size === undefined ? 1 : Number(table.at(row, size) ?? 0),
    });
  }
  if (step > 1) notes.push(`Every ${counted(step)}th of ${counted(table.rows)} rows is drawn.`);
  if (nowhere > 0) notes.push(`${counted(nowhere)} rows have no place on the globe.`);
  return points;
}

export function mapChart(table: ResultTable, p: Properties): Drawing | undefined {
  const places = placesOf(table);
  if (places === undefined) return undefined;
  const notes: string[] = [];
  const points = pointsOf(table, p, places, notes);
  const most = points.reduce((high, at) => Math.max(high, at.value), 1);
  const groups = [...new Set(points.map((at) => at.label))].slice(0, 50);
  const { top, bottom } = edges(p, groups.length > 1);
  const axis = (limit: number, name: string) => ({
    type: "value",
    min: -limit,
    max: limit,
    interval: 30,
    name,
    nameLocation: "middle",
    nameGap: 28,
    axisLabel: { formatter: "{value}°" },
  });
  return {
    notes,
    summary: `${counted(points.length)} places by longitude and latitude`,
    sheet: () => ({
      columns: ["Longitude", "Latitude", "Name", "Value"],
      rows: points.map((at) => [at.longitude, at.latitude, at.label, at.value]),
    }),
    option: {
      ...frame(p, groups.length > 1),
      grid: { left: 48, right: 24, top, bottom: bottom + 36 },
      tooltip: { trigger: "item", confine: true },
      xAxis: axis(180, "Longitude"),
      yAxis: axis(90, "Latitude"),
      series: groups.map((name) => ({
        name: name || nameOf(table, places.used[0] ?? 0),
        type: "scatter",
        data: points
          .filter((at) => at.label === name)
          .map((at) => ({
            value: [at.longitude, at.latitude],
            symbolSize: 6 + (MOST_SIZE - 6) * Math.sqrt(Math.max(0, at.value) / most),
          })),
      })),
    },
  };
}
