/** Choices of this browser: what is kept under a name, seen by every part that asks for it. */
import { useCallback, useMemo, useSyncExternalStore } from "react";

const PREFIX = "vedette.";
const listeners = new Map<string, Set<() => void>>();

function subscribe(name: string, changed: () => void): () => void {
  const all = listeners.get(name) ?? new Set();
  listeners.set(name, all);
  all.add(changed);
  const other = (event: StorageEvent) => event.key === PREFIX + name && changed();
  window.addEventListener("storage", other);
  return () => {
    all.delete(changed);
    window.removeEventListener("storage", other);
  };
}

function tell(name: string): void {
  for (const changed of listeners.get(name) ?? []) changed();
}

function parsed(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What is kept under a name; undefined: nothing, or what can't be read. */
export function remembered(name: string): unknown {
  return parsed(localStorage.getItem(PREFIX + name));
}

/** Keeps a value, as JSON under vedette.NAME in the browser's store. */
export function remember(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  if (localStorage.getItem(PREFIX + name) === text) return;
  localStorage.setItem(PREFIX + name, text);
  tell(name);
}

export function forget(name: string): void {
  localStorage.removeItem(PREFIX + name);
  tell(name);
}

export function rememberedNames(): string[] {
  return Object.keys(localStorage).flatMap((key) =>
    key.startsWith(PREFIX) ? key.slice(PREFIX.length) : [],
  );
}

/** A value that is remembered. What can't be read is the fallback, which is a constant of the caller's. */
export function useRemembered<T>(name: string, fallback: T): [T, (value: T) => void] {
  const text = useSyncExternalStore(
    useCallback((changed) => subscribe(name, changed), [name]),
    () => localStorage.getItem(PREFIX + name),
  );
  const value = useMemo(() => (parsed(text) as T | undefined) ?? fallback, [text]);
  const set = useCallback((next: T) => remember(name, next), [name]);
  return [value, set];
}
