/** A Parquet file of rows that are shown, made in a worker. */
import type { Cell, ResultColumn } from "./results";

export type ParquetOrder =
  | { what: "begin"; columns: readonly ResultColumn[] }
  | { what: "rows"; values: Cell[][] }
  | { what: "end" };
export type ParquetAnswer =
  | { done: "begin" | "rows" }
  | { done: "end"; bytes: ArrayBuffer }
  | { failed: string };

export class ParquetFile {
  private readonly worker = new Worker(new URL("./parquetWorker.ts", import.meta.url), {
    type: "module",
  });

  private order(order: ParquetOrder): Promise<ParquetAnswer> {
    return new Promise((resolve, reject) => {
      this.worker.onmessage = (event: MessageEvent<ParquetAnswer>) => {
        if ("failed" in event.data) reject(new Error(event.data.failed));
        else resolve(event.data);
      };
      this.worker.onerror = (event) =>
        reject(
          new Error(event.message || "The part of the page that writes Parquet did not load."),
        );
      this.worker.postMessage(order);
    });
  }
  async begin(columns: readonly ResultColumn[]): Promise<void> {
    await this.order({ what: "begin", columns });
  }
  /** An array of values for each column. */
  async add(values: Cell[][]): Promise<void> {
    await this.order({ what: "rows", values });
  }
  async end(): Promise<ArrayBuffer> {
    const answer = await this.order({ what: "end" });
    if (!("bytes" in answer)) throw new Error("The file was not ended.");
    return answer.bytes;
  }
  close(): void {
    this.worker.terminate();
  }
}
