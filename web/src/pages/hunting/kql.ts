/** Pieces of KQL that the page puts together: literals, filters, what a text does. */
import type { Cell, CellType } from "./results";

export function textLiteral(value: string): string {
  return `"${value
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")}"`;
}

/** A column's name as KQL takes it. */
export function columnName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `[${textLiteral(name)}]`;
}

function literal(value: string | number | boolean, type: CellType): string {
  switch (type) {
    case "datetime":
      return `datetime(${String(value)})`;
    case "timespan":
      return `time(${String(value)})`;
    case "guid":
      return `guid(${String(value)})`;
    case "decimal":
      return `decimal(${String(value)})`;
    case "real":
      return typeof value === "string" ? `real(${value.toLowerCase()})` : String(value);
    case "bool":
    case "int":
    case "long":
      return String(value);
    case "string":
    case "dynamic":
      return textLiteral(String(value));
  }
}

/** The condition that a cell has this value, or another one. */
export function condition(name: string, type: CellType, value: Cell, not = false): string {
  const column = columnName(name);
  if (value === null) return `${not ? "isnotnull" : "isnull"}(${column})`;
  if (type === "string" && value === "") return `${not ? "isnotempty" : "isempty"}(${column})`;
  if (type === "real" && value === "NaN")
    return `${not ? "not(isnan" : "isnan"}(${column})${not ? ")" : ""}`;
  const left = type === "dynamic" ? `tostring(${column})` : column;
  return `${left} ${not ? "!=" : "=="} ${literal(value, type)}`;
}

/** Adds "| where …" behind a query, before a render at its end. */
export function addFilter(query: string, filter: string): string {
  const trimmed = query.trimEnd().replace(/;$/, "");
  const render = /\n?\|\s*render\b[^|]*$/.exec(trimmed);
  const body = render ? trimmed.slice(0, render.index) : trimmed;
  return `${body}\n| where ${filter}${render ? `\n${render[0].trimStart()}` : ""}`;
}

/** Text without comments and literals, for looking at words. */
function words(query: string): string {
  return query.replaceAll(/\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|```[^]*?```/g, " ");
}

/** Does the query bound its time itself? Then the range that is chosen on the page is not used. */
export function boundsTime(query: string): boolean {
  return /\bTimeGenerated\s*(?:[<>]=?|==|!?between)|\b(?:between|[<>]=?)\s*\(?\s*TimeGenerated\b|\bingestion_time\s*\(\)\s*(?:[<>]=?|between)/.test(
    words(query),
  );
}
