/**
 * What a person keeps, in every browser: this browser has it at once (useRemembered), the server a moment later as the
 * person's preference. Whoever opens the page next gets the newest; of two browsers at once the last one wins.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { server } from "../api/typed";
import { useRemembered } from "./remembered";

const REST_MS = 2000;

const PREFERENCE = "/vedette/v1/preferences/{key}";

/** name: of a preference, at most 64 letters, digits, "._-". The last of the three: why the server does not keep it. */
export function useKept<T>(name: string, fallback: T): [T, (value: T) => void, unknown] {
  const [value, remember] = useRemembered<T>(name, fallback);
  // Of the server's copy that this browser has seen last.
  const [stamp, setStamp] = useRemembered<string>(`kept.${name}`, "");
  const [problem, setProblem] = useState<unknown>(undefined);
  const waiting = useRef<number>(undefined);

  useEffect(() => {
    const abort = new AbortController();
    server.call("GET", PREFERENCE, { path: { key: name }, signal: abort.signal }).then(
      (kept) => {
        if (kept.changed === stamp || waiting.current !== undefined) return;
        setStamp(kept.changed);
        remember(kept.value as T);
      },
      (error: unknown) => {
        if (!abort.signal.aborted && !(error instanceof ApiError && error.status === 404))
          setProblem(error);
      },
    );
    return () => abort.abort();
    // Asked once for each name; what comes later is this browser's.
  }, [name]);

  const send = useCallback(
    async (next: T) => {
      waiting.current = undefined;
      try {
        const kept = await server.call("PUT", PREFERENCE, {
          path: { key: name },
          body: { value: next },
        });
        setStamp(kept.changed);
        setProblem(undefined);
      } catch (error) {
        setProblem(error);
      }
    },
    [name, setStamp],
  );
  const keep = useCallback(
    (next: T) => {
      remember(next);
      window.clearTimeout(waiting.current);
      waiting.current = window.setTimeout(() => void send(next), REST_MS);
    },
    [remember, send],
  );
  return [value, keep, problem];
}
