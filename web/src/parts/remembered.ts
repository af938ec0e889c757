/** Choices of this browser: what is kept under a key, seen by every part that asks for it. */
import { useCallback, useMemo, useSyncExternalStore } from "react";

const listeners = new Map<string, Set<() => void>>();

function subscribe(key: string, changed: () => void): () => void {
  const all = listeners.get(key) ?? new Set();
  listeners.set(key, all);
  all.add(changed);
  const other = (event: StorageEvent) => event.key === key && changed();
  window.addEventListener("storage", other);
  return () => {
    all.delete(changed);
    window.removeEventListener("storage", other);
  };
}

/** JSON under vedette.NAME in the browser's store. What can't be read is the fallback. */
export function useRemembered<T>(name: string, fallback: T): [T, (value: T) => void] {
  const key = `vedette.${name}`;
  const text = useSyncExternalStore(
    useCallback((changed) => subscribe(key, changed), [key]),
    () => localStorage.getItem(key),
  );
  const value = useMemo(() => {
    if (text === null) return fallback;
    try {
      return JSON.parse(text) as T;
    } catch {
      return fallback;
    }
    // The fallback is a constant of the caller's.
  }, [text]);
  const set = useCallback(
    (next: T) => {
      localStorage.setItem(key, JSON.stringify(next));
      for (const changed of listeners.get(key) ?? []) changed();
    },
    [key],
  );
  return [value, set];
}
