/** What a page shows is in its address, so that it can be sent, kept and gone back to. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router-dom";

export type Change = Record<string, string | readonly string[] | undefined>;

export interface UrlState {
  /** The one value of a name; "" when it is not there. */
  one: (name: string) => string;
  /** All values of a name. */
  many: (name: string) => string[];
  has: (name: string) => boolean;
  /** Replaces what is named; undefined and "" take a name away. Several in one step. */
  change: (changes: Change) => void;
  /** The whole of it, as it stands behind the "?". */
  text: string;
}

function apply(params: URLSearchParams, changes: Change): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    if (typeof value === "string" && value !== "") next.set(name, value);
    else if (Array.isArray(value)) for (const each of value) next.append(name, String(each));
  }
  return next;
}

export function useUrlState(): UrlState {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (changes: Change) => setParams((now) => apply(now, changes), { replace: true }),
    [setParams],
  );
  return useMemo(
    () => ({
      one: (name: string) => params.get(name) ?? "",
      many: (name: string) => params.getAll(name),
      has: (name: string) => params.has(name),
      change,
      text: params.toString(),
    }),
    [params, change],
  );
}
