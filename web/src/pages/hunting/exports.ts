/** Results as files: what is shown, in its order; times are ISO 8601. */
import { callRaw } from "../../api/client";
import { csvField, download, saveBlob } from "../../parts/download";
import type { Cell, ResultTable } from "./results";

const PIECE_ROWS = 5000;

export function dynamicOf(value: Cell): unknown {
  try {
    return JSON.parse(String(value)) as unknown;
  } catch {
    return value;
  }
}

/** A row as an object; dynamic values are values of JSON in it. */
export function rowObject(
  table: ResultTable,
  row: number,
  columns: readonly number[],
): Record<string, unknown> {
  return Object.fromEntries(
    columns.map((c) => {
      const value = table.at(row, c);
      const dynamic = table.columns[c]?.type === "dynamic" && value !== null;
      return [table.columns[c]?.name ?? "", dynamic ? dynamicOf(value) : value];
    }),
  );
}

/** The query's result as a Parquet file: all rows, as the server has them. */
export async function exportParquet(
  workspace: string,
  query: string,
  timespan: string,
): Promise<void> {
  const answer = await callRaw(`/vedette/v1/workspaces/${workspace}/results`, {
    method: "POST",
    body: {
      query,
      format: "parquet",
      maxRows: 1_000_000,
      ...(timespan === "" ? {} : { timespan }),
    },
  });
  save("query_data.parquet", "application/vnd.apache.parquet", [await answer.arrayBuffer()]);
}

/** In pieces, so that a million rows need no text of a gigabyte. */
function save(name: string, type: string, pieces: BlobPart[]): void {
  saveBlob(name, new Blob(pieces, { type }));
}

function pieces(
  table: ResultTable,
  view: Uint32Array | undefined,
  write: (row: number, index: number) => string,
): string[] {
  const count = view?.length ?? table.rows;
  const made: string[] = [];
  for (let from = 0; from < count; from += PIECE_ROWS) {
    const lines: string[] = [];
    for (let i = from; i < Math.min(count, from + PIECE_ROWS); i++)
      lines.push(write(view?.[i] ?? i, i));
    made.push(lines.join(""));
  }
  return made;
}

export function exportCsv(
  table: ResultTable,
  view: Uint32Array | undefined,
  columns: readonly number[],
): void {
  const head = columns.map((c) => csvField(table.columns[c]?.name ?? "")).join(",") + "\r\n";
  const line = (row: number) => columns.map((c) => csvField(table.at(row, c))).join(",") + "\r\n";
  save("query_data.csv", "text/csv;charset=utf-8", [head, ...pieces(table, view, line)]);
}

export function exportJson(
  table: ResultTable,
  view: Uint32Array | undefined,
  columns: readonly number[],
): void {
  const line = (row: number, index: number) =>
    (index === 0 ? "" : ",\n") + JSON.stringify(rowObject(table, row, columns));
  save("query_data.json", "application/json", ["[", ...pieces(table, view, line), "]\n"]);
}

export function exportQuery(name: string, text: string): void {
  download(`${name.replaceAll(/[^\w-]+/g, "_")}.kql`, "text/plain;charset=utf-8", text);
}
