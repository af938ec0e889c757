import { useMemo } from "react";
import { useApi } from "../session/useApi";
import { Incidents } from "./incidents";

/** The incidents of the workspace that is looked at. */
export function useIncidents(): Incidents {
  const api = useApi();
  return useMemo(() => new Incidents(api), [api]);
}
