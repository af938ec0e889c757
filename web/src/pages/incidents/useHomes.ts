/** Whose incidents the queue shows: those of the workspaces in its address, else of the one that is looked at. */
import { useMemo } from "react";
import { Incidents } from "../../api/incidents";
import { WorkspaceApi } from "../../api/typed";
import { useUrlState } from "../../parts/urlState";
import { useSession, workspaceTitle } from "../../session/session";
import type { Home } from "./streams";

export interface Homes {
  homes: readonly Home[];
  /** They are chosen by the address, so that each incident is shown with its workspace. */
  several: boolean;
}

export function useHomes(): Homes {
  const { tenants, workspace } = useSession();
  const url = useUrlState();
  return useMemo(() => {
    const asked = url.many("workspaces");
    const all = tenants.flatMap((tenant) =>
      tenant.workspaces.map((w) => ({
        ...w,
        title: workspaceTitle(w),
        tenant: tenant.name,
        api: new Incidents(new WorkspaceApi(w.id, w.resourceId)),
      })),
    );
    const named = all.filter((w) => asked.includes(w.id));
    return {
      homes: named.length > 0 ? named : all.filter((w) => w.id === workspace?.id),
      several: named.length > 0,
    };
  }, [tenants, workspace?.id, url]);
}
