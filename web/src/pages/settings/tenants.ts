/** Tenants, their deleted workspaces and what they delegate, as the API has them. */
import { useQuery } from "@tanstack/react-query";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { useSession } from "../../session/session";
import { useSettingsList } from "./queries";

export type TenantResource = Schemas["Tenant"];
export type TenantLimits = TenantResource["limits"];
export type DeletedWorkspace = Schemas["DeletedWorkspace"];
export type Delegation = Schemas["Delegation"];

const MOST = 10_000;

export function useTenants() {
  const { may } = useSession();
  return useSettingsList(
    "tenants",
    (signal) => server.all("/vedette/v1/tenants", MOST, { signal }),
    may("tenants/read"),
  );
}

export function useDeletedWorkspaces() {
  const { may } = useSession();
  return useSettingsList(
    "deletedWorkspaces",
    (signal) => server.all("/vedette/v1/deletedWorkspaces", MOST, { signal }),
    may("workspaces/write"),
  );
}

export function useDelegations(tenant: string) {
  return useQuery({
    queryKey: ["settings", "delegations", tenant],
    enabled: tenant !== "",
    queryFn: ({ signal }) =>
      server.all("/vedette/v1/tenants/{tenant}/delegations", MOST, { path: { tenant }, signal }),
  });
}
