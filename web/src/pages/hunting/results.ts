/**
 * The result of a query, as it comes: lines of columns, kept in chunks. A column whose values repeat (most columns of
 * logs do) keeps each of them once and small numbers in place of them, so that a million rows fit into a browser.
 */
import type { WorkspaceApi } from "../../api/typed";

export type CellType =
  | "bool"
  | "int"
  | "long"
  | "real"
  | "decimal"
  | "string"
  | "datetime"
  | "timespan"
  | "guid"
  | "dynamic";
/** Dynamic values come as JSON text. */
export type Cell = string | number | boolean | null;

export interface ResultColumn {
  name: string;
  type: CellType;
}
export interface Render {
  visualization: string | null;
  [property: string]: unknown;
}

const CHUNK = 5000;
const MOST_DISTINCT = 65_536;

interface Chunk {
  codes: Uint16Array | undefined;
  values: readonly Cell[] | undefined;
}

/** One column's values. */
class Values {
  private readonly chunks: Chunk[] = [];
  private readonly distinct: Cell[] = [];
  private codeOf: Map<Cell, number> | undefined = new Map<Cell, number>();

  add(values: readonly Cell[]): void {
    const codes = this.coded(values);
    this.chunks.push({ codes, values: codes ? undefined : values });
  }

  /** Numbers for values; undefined: too many of them differ. */
  private coded(values: readonly Cell[]): Uint16Array | undefined {
    const known = this.codeOf;
    if (known === undefined) return undefined;
    const codes = new Uint16Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? null;
      let code = known.get(value);
      if (code === undefined) {
        code = this.distinct.length;
        if (code === MOST_DISTINCT) {
          this.codeOf = undefined;
          return undefined;
        }
        this.distinct.push(value);
        known.set(value, code);
      }
      codes[i] = code;
    }
    return codes;
  }

  at(row: number): Cell {
    const chunk = this.chunks[Math.floor(row / CHUNK)];
    const offset = row % CHUNK;
    if (chunk === undefined) return null;
    const value = chunk.codes ? this.distinct[chunk.codes[offset] ?? -1] : chunk.values?.[offset];
    return value ?? null;
  }
}

export class ResultTable {
  rows = 0;
  /** There are more rows than came. */
  cut = false;
  seconds = 0;
  private readonly values: Values[];

  constructor(
    readonly columns: readonly ResultColumn[],
    readonly render: Render,
  ) {
    this.values = columns.map(() => new Values());
  }

  add(chunk: readonly (readonly Cell[])[]): void {
    chunk.forEach((values, column) => this.values[column]?.add(values));
    this.rows += chunk[0]?.length ?? 0;
  }

  at(row: number, column: number): Cell {
    return this.values[column]?.at(row) ?? null;
  }

  row(row: number): Record<string, Cell> {
    return Object.fromEntries(this.columns.map((c, i) => [c.name, this.at(row, i)]));
  }
}

interface Head {
  columns: ResultColumn[];
  render: Render;
}
interface End {
  rows: number;
  cut: boolean;
  seconds: number;
}

/** Takes lines apart; tells of each chunk through onRows. */
class Reader {
  table: ResultTable | undefined;
  ended = false;
  constructor(private readonly onRows: (table: ResultTable) => void) {}

  line(text: string): void {
    if (text === "") return;
    if (text.startsWith("[")) {
      if (this.table === undefined) throw new Error("The answer has rows before its columns.");
      this.table.add(JSON.parse(text) as Cell[][]);
      this.onRows(this.table);
      return;
    }
    if (this.table === undefined) {
      const head = JSON.parse(text) as Head;
      this.table = new ResultTable(head.columns, head.render);
      return;
    }
    const end = JSON.parse(text) as End;
    this.table.cut = end.cut;
    this.table.seconds = end.seconds;
    this.ended = true;
  }
}

export interface Ask {
  api: WorkspaceApi;
  query: string;
  /** ISO 8601; "": any time. */
  timespan: string;
  maxRows: number;
  /** Ids of other workspaces whose tables are read as well. */
  workspaces: readonly string[];
  signal: AbortSignal;
  /** Called after each piece, with what there is so far. */
  onRows: (table: ResultTable) => void;
}

/** Runs a query. Giving the signal up closes the connection, which ends the query on the server. */
export async function ask(options: Ask): Promise<ResultTable> {
  const { api, query, timespan, maxRows, workspaces, signal, onRows } = options;
  const response = await api.own.raw("POST", "/results", {
    body: {
      query,
      maxRows,
      ...(timespan === "" ? {} : { timespan }),
      ...(workspaces.length === 0 ? {} : { workspaces: [...workspaces] }),
    },
    signal,
  });
  const reader = new Reader(onRows);
  const stream = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest: string[] = [];
  for (;;) {
    const piece = await stream?.read();
    if (piece === undefined || piece.done) break;
    let from = 0;
    for (;;) {
      const end = piece.value.indexOf("\n", from);
      if (end < 0) break;
      rest.push(piece.value.slice(from, end));
      reader.line(rest.join(""));
      rest = [];
      from = end + 1;
    }
    if (from < piece.value.length) rest.push(piece.value.slice(from));
  }
  if (reader.table === undefined || !reader.ended)
    throw new Error("The answer broke off before its end. Run the query again.");
  return reader.table;
}
