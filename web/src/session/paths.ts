/** Paths of our own API in the selected workspace. */
import { useCallback } from "react";
import { useSession } from "./session";

/** "/rules" → "/vedette/v1/workspaces/ID/rules". */
export function useOwnPath(): (suffix: string) => string {
  const { workspace } = useSession();
  const id = workspace?.id ?? "";
  return useCallback((suffix) => `/vedette/v1/workspaces/${encodeURIComponent(id)}${suffix}`, [id]);
}
