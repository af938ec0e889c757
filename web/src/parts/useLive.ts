/**
 * What happens on the server, as it happens: one stream of events for the whole portal. A part names topics and
 * what to do; queries of react-query are refreshed by useLiveQueries. The browser comes back by itself when the
 * connection breaks, and the server then tells what was missed.
 */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

export type Topic = "incidents" | "alerts" | "rules" | "ingestion";
const TOPICS: readonly Topic[] = ["incidents", "alerts", "rules", "ingestion"];

export interface LiveEvent {
  /** "reset": anything may have changed. */
  topic: Topic | "reset";
  workspace: string;
  table: string;
  rows: number;
}
type Listener = (event: LiveEvent) => void;

const RETRY_MS = 15_000;
/** From one page to the next nobody may listen for a moment; the stream stays. */
const LINGER_MS = 5_000;
const listeners = new Set<Listener>();
let source: EventSource | undefined;
let retry: number | undefined;
let closing: number | undefined;

function tell(event: LiveEvent): void {
  for (const listener of listeners) listener(event);
}

function open(): void {
  window.clearTimeout(retry);
  const opened = new EventSource("/vedette/v1/events");
  source = opened;
  for (const topic of TOPICS)
    opened.addEventListener(topic, (message: MessageEvent<string>) => {
      const { workspace, table, rows } = JSON.parse(message.data) as Omit<LiveEvent, "topic">;
      tell({ topic, workspace, table, rows });
    });
  opened.addEventListener("reset", () =>
    tell({ topic: "reset", workspace: "", table: "", rows: 0 }),
  );
  opened.onerror = () => {
    // After a refusal (signed out, too many streams) the browser does not try again by itself.
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    retry = window.setTimeout(open, RETRY_MS);
  };
}

function close(): void {
  window.clearTimeout(retry);
  source?.close();
  source = undefined;
}

/** Calls changed for each event of these topics; the last one given counts. */
export function useLive(topics: readonly Topic[], changed: (event: LiveEvent) => void): void {
  const latest = useRef(changed);
  useEffect(() => {
    latest.current = changed;
  }, [changed]);
  const wanted = topics.join(",");
  useEffect(() => {
    const listener: Listener = (event) => {
      if (event.topic === "reset" || wanted.split(",").includes(event.topic)) latest.current(event);
    };
    listeners.add(listener);
    window.clearTimeout(closing);
    if (source === undefined) open();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) closing = window.setTimeout(close, LINGER_MS);
    };
  }, [wanted]);
}

/** Asks again for the queries whose key begins like this when one of the topics tells of something new. */
export function useLiveQueries(topics: readonly Topic[], queryKey: readonly unknown[]): void {
  const queries = useQueryClient();
  useLive(topics, () => void queries.invalidateQueries({ queryKey }));
}
