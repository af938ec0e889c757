import { useMemo } from "react";
import { useSession } from "../session/session";
import { Incidents } from "./incidents";

/** The incidents of the workspace that is looked at. */
export function useIncidents(): Incidents {
  const { workspace } = useSession();
  return useMemo(
    () => new Incidents(workspace?.resourceId ?? "", workspace?.id ?? ""),
    [workspace],
  );
}
