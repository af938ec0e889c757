/** Writes a Parquet file out of pieces of a result: away from the page, which stays at people's hands meanwhile. */
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { ParquetAnswer, ParquetOrder } from "./parquet";
import type { Cell, CellType, ResultColumn } from "./results";

type Element = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

const leaf = (name: string, more: Omit<Element, "name">): Element => ({
  name,
  repetition_type: "OPTIONAL",
  ...more,
});

/** Types of Kusto as those of Parquet. Moments have microseconds; decimals, spans of time and guids stay texts. */
const elements: Record<CellType, Omit<Element, "name">> = {
  bool: { type: "BOOLEAN" },
  int: { type: "INT32" },
  long: { type: "INT64" },
  real: { type: "DOUBLE" },
  decimal: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  datetime: {
    type: "INT64",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  },
  timespan: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  guid: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  dynamic: { type: "BYTE_ARRAY", converted_type: "UTF8" },
};

/** "2026-01-02T03:04:05.1234567Z" in microseconds since 1970. */
function micros(text: string): bigint | null {
  const ms = new Date(text).getTime();
  if (Number.isNaN(ms)) return null;
  const digits = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? "";
  return BigInt(ms) * 1000n + BigInt(digits.padEnd(3, "0"));
}

function valueOf(value: Cell, type: CellType): unknown {
  if (value === null) return null;
  switch (type) {
    case "bool":
      return value;
    case "int":
    case "real":
      return Number(value);
    case "long":
      return BigInt(value);
    case "datetime":
      return micros(String(value));
    default:
      return String(value);
  }
}

let columns: readonly ResultColumn[] = [];
let bytes = new ByteWriter();
let file: ParquetWriter | undefined;

function carryOut(order: ParquetOrder): ParquetAnswer {
  if (order.what === "begin") {
    columns = order.columns;
    bytes = new ByteWriter();
    file = new ParquetWriter({
      writer: bytes,
      schema: [
        { name: "root", num_children: columns.length },
        ...columns.map((c) => leaf(c.name, elements[c.type])),
      ],
      createdBy: "Vedette",
    });
    return { done: "begin" };
  }
  if (order.what === "rows") {
    const columnData = columns.map((c, i) => ({
      name: c.name,
      data: (order.values[i] ?? []).map((value) => valueOf(value, c.type)),
    }));
    void file?.write({ columnData, rowGroupSize: order.values[0]?.length ?? 1 });
    return { done: "rows" };
  }
  void file?.finish();
  return { done: "end", bytes: bytes.getBuffer() };
}

self.onmessage = (event: MessageEvent<ParquetOrder>) => {
  try {
    self.postMessage(carryOut(event.data));
  } catch (error) {
    self.postMessage({ failed: error instanceof Error ? error.message : String(error) });
  }
};
