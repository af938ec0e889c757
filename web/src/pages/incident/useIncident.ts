/** One incident and what belongs to it, each part asked for when it is shown. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { useCallback } from "react";
import { ApiError } from "../../api/client";
import type { Incident, IncidentProperties, Incidents } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { useLiveQueries } from "../../parts/useLive";
import { useSession } from "../../session/session";

/** Events tell of changes; this is for what they miss. */
const REFRESH_MS = 60_000;

export function useIncident(id: string): UseQueryResult<Incident> {
  const api = useIncidents();
  const { workspace } = useSession();
  useLiveQueries(["incidents"], ["incident", workspace?.id, id]);
  return useQuery({
    queryKey: ["incident", workspace?.id, id],
    queryFn: ({ signal }) => api.get(id, signal),
    refetchInterval: REFRESH_MS,
  });
}

/** A part of an incident; asked again when the incident has changed. */
export function usePart<T extends object[] | object>(
  incident: Incident,
  part: string,
  ask: (api: Incidents, id: string) => Promise<T>,
): UseQueryResult<T> {
  const api = useIncidents();
  const { workspace } = useSession();
  return useQuery({
    queryKey: ["incident-part", workspace?.id, incident.name, part, incident.etag],
    queryFn: () => ask(api, incident.name),
    placeholderData: keepPreviousData,
  });
}

/** Has everything about incidents asked again. */
export function useRefresh(): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async () => {
    await Promise.all(
      ["incident", "incident-part", "incidents"].map((key) =>
        queries.invalidateQueries({ queryKey: [key] }),
      ),
    );
  }, [queries]);
}

/**
 * Changes an incident as it was seen. When somebody else was faster nothing is changed: the newest is loaded, and
 * the error says so, so that the person sees it before trying again.
 */
export function useChange(): (
  seen: Incident,
  change: Partial<IncidentProperties>,
) => Promise<void> {
  const api = useIncidents();
  const refresh = useRefresh();
  return useCallback(
    async (seen, change) => {
      try {
        await api.change(seen, change);
      } catch (error) {
        await refresh();
        if (error instanceof ApiError && error.status === 409)
          throw new Error(
            "Somebody else has changed this incident in the meantime. It is shown as it is now; look at it, and save again to add your change.",
          );
        throw error;
      }
      await refresh();
    },
    [api, refresh],
  );
}
