/**
 * Results as files: the rows that are shown, in their order, with the columns that are shown; times are ISO 8601. A
 * million rows are written piece by piece, and between two the page answers to people.
 */
import { csvField, download, saveBlob } from "../../parts/download";
import { ParquetFile } from "./parquet";
import type { Cell, ResultTable } from "./results";

const PIECE_ROWS = 2000;
const PARQUET_ROWS = 10_000;

export interface Exported {
  table: ResultTable;
  /** Numbers of rows in their order; undefined: all as they came. */
  view: Uint32Array | undefined;
  /** Numbers of columns. */
  columns: readonly number[];
  /** Texts that a spreadsheet would take for formulas are marked as texts; only CSV. */
  guarded: boolean;
  onProgress: (share: number) => void;
  signal: AbortSignal;
}
export type FileKind = "csv" | "json" | "parquet";

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

/** Calls `each` for pieces of rows, and lets the page do its work between them. */
async function inPieces(
  what: Exported,
  size: number,
  each: (from: number, to: number) => void | Promise<void>,
): Promise<void> {
  const count = what.view?.length ?? what.table.rows;
  for (let from = 0; from < count; from += size) {
    what.signal.throwIfAborted();
    const to = Math.min(count, from + size);
    await each(from, to);
    what.onProgress(to / count);
    await new Promise((resolve) => window.setTimeout(resolve));
  }
}

/** In pieces also in memory, so that a million rows need no text of a gigabyte. */
async function lines(
  what: Exported,
  write: (row: number, index: number) => string,
): Promise<string[]> {
  const made: string[] = [];
  await inPieces(what, PIECE_ROWS, (from, to) => {
    const piece: string[] = [];
    for (let i = from; i < to; i++) piece.push(write(what.view?.[i] ?? i, i));
    made.push(piece.join(""));
  });
  return made;
}

async function csv(what: Exported): Promise<Blob> {
  const { table, columns, guarded } = what;
  const texts = columns.map((c) =>
    ["string", "dynamic"].includes(table.columns[c]?.type ?? "string"),
  );
  const head =
    columns.map((c) => csvField(table.columns[c]?.name ?? "", guarded)).join(",") + "\r\n";
  const line = (row: number) =>
    columns.map((c, i) => csvField(table.at(row, c), guarded && texts[i])).join(",") + "\r\n";
  return new Blob([head, ...(await lines(what, line))], { type: "text/csv;charset=utf-8" });
}

async function json(what: Exported): Promise<Blob> {
  const line = (row: number, index: number) =>
    (index === 0 ? "" : ",\n") + JSON.stringify(rowObject(what.table, row, what.columns));
  return new Blob(["[", ...(await lines(what, line)), "]\n"], { type: "application/json" });
}

async function parquet(what: Exported): Promise<Blob> {
  const { table, columns, view } = what;
  const file = new ParquetFile();
  try {
    await file.begin(columns.flatMap((c) => table.columns[c] ?? []));
    await inPieces(what, PARQUET_ROWS, (from, to) =>
      file.add(
        columns.map((c) =>
          Array.from({ length: to - from }, (_, i) => table.at(view?.[from + i] ?? from + i, c)),
        ),
      ),
    );
    return new Blob([await file.end()], { type: "application/vnd.apache.parquet" });
  } finally {
    file.close();
  }
}

const makers: Record<FileKind, (what: Exported) => Promise<Blob>> = { csv, json, parquet };

export async function exportFile(kind: FileKind, what: Exported): Promise<void> {
  saveBlob(`query_data.${kind}`, await makers[kind](what));
}

export function exportQuery(name: string, text: string): void {
  download(`${name.replaceAll(/[^\w-]+/g, "_")}.kql`, "text/plain;charset=utf-8", text);
}
