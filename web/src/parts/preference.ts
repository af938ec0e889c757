/**
 * Choices of the person: kept by the server, so that they are the same in each browser. The browser's own store has
 * them as well: they are there at once, and what could not be kept is sent when the pages are next opened.
 */
import { useCallback } from "react";
import { server } from "../api/typed";
import { forget, remember, remembered, rememberedNames, useRemembered } from "./remembered";

/** Names of the browser's store and what the server's keys for them begin with. */
const KINDS: readonly [name: string, key: string][] = [
  ["incidents.views", "views.incidents"],
  ["appearance", "appearance"],
  ["zone", "appearance.zone"],
  ["grid.", "columns."],
];
/** Whose choices the browser's store has. */
const PERSON = "preferences.of";
/** Names whose value the server does not have yet. */
const UNSENT = "preferences.unsent";
const KEY_LENGTH = 64;
const PAUSE_MS = 500;

/** The server's key of a name; undefined: the name is this browser's alone. */
function keyOf(name: string): string | undefined {
  const kind = KINDS.find(([n]) => (n.endsWith(".") ? name.startsWith(n) : name === n));
  if (kind === undefined) return undefined;
  return (kind[1] + name.slice(kind[0].length)).replaceAll(/[^\w.-]/g, "_").slice(0, KEY_LENGTH);
}

const unsent = () => new Set((remembered(UNSENT) as string[] | undefined) ?? []);
const timers = new Map<string, number>();

async function send(name: string): Promise<void> {
  const key = keyOf(name);
  const value = remembered(name);
  if (key === undefined || value === undefined) return;
  await server.call("PUT", "/vedette/v1/preferences/{key}", { path: { key }, body: { value } });
  const left = unsent();
  left.delete(name);
  remember(UNSENT, [...left]);
}

/** Sends a value once nothing has changed it for a moment; widths of columns change with each pixel. */
function sendSoon(name: string): void {
  remember(UNSENT, [...unsent().add(name)]);
  window.clearTimeout(timers.get(name));
  // What can't be sent stays marked, and is sent when the pages are next opened.
  timers.set(
    name,
    window.setTimeout(() => void send(name).catch(() => undefined), PAUSE_MS),
  );
}

/** A choice of the person's under a name of KINDS. */
export function usePreference<T>(name: string, fallback: T): [T, (value: T) => void] {
  const [value, setLocal] = useRemembered(name, fallback);
  const set = useCallback(
    (next: T) => {
      setLocal(next);
      sendSoon(name);
    },
    [name, setLocal],
  );
  return [value, set];
}

/**
 * Brings the browser's store and the server's together once somebody has signed in: the server's values count, but for
 * those that were not sent yet and those that the server has never had. Another person's are forgotten first.
 */
export async function bringPreferences(person: string): Promise<void> {
  const names = () => rememberedNames().filter((name) => keyOf(name) !== undefined);
  const before = remembered(PERSON);
  if (before !== undefined && before !== person) [...names(), UNSENT].forEach(forget);
  remember(PERSON, person);
  const kept = await server.all("/vedette/v1/preferences", 1000);
  const waiting = unsent();
  const local = new Map(names().map((name) => [keyOf(name), name]));
  for (const { key, value } of kept) {
    const kind = KINDS.find(([, k]) => (k.endsWith(".") ? key.startsWith(k) : key === k));
    const name = local.get(key) ?? (kind && kind[0] + key.slice(kind[1].length));
    if (name !== undefined && !waiting.has(name)) remember(name, value);
    local.delete(key);
  }
  for (const name of new Set([...local.values(), ...waiting])) await send(name);
}
