/** Tenants, their workspaces and what they delegate, as the API has them. */
import { useQuery } from "@tanstack/react-query";
import { call, callAll } from "../../api/client";
import { useSession } from "../../session/session";
import { useSettingsList } from "./queries";

export interface TenantLimits {
  workspaces: number | null;
  dailyMegabytes: number | null;
  queries: number | null;
}
export interface TenantResource {
  id: string;
  name: string;
  etag: string;
  first: boolean;
  primaryWorkspace: string | null;
  limits: TenantLimits;
  created: string;
}
export interface DeletedWorkspace {
  id: string;
  name: string;
  properties: { customerId: string; deletedDate: string; purgeDate: string };
}
interface Side {
  id: string;
  name: string;
}
export interface Delegation {
  id: string;
  managingTenant: Side;
  managedTenant: Side;
  offeredBy: string;
  principalId: string;
  role: string;
  workspace: string | null;
  status: "Offered" | "Active" | "Refused" | "Revoked" | "Expired";
  expires: string | null;
  created: string;
  createdBy: string;
  decided: string | null;
  decidedBy: string;
  ended: string | null;
  endedBy: string;
  description: string;
}

const MOST = 10_000;
export const tenantPath = (id: string) => `/vedette/v1/tenants/${encodeURIComponent(id)}`;
export const ARM_VERSION = "?api-version=2023-09-01";

/** Where a new workspace of a tenant is made: the first tenant's subscription is that of zeros. */
export function newWorkspacePath(tenant: TenantResource, name: string): string {
  const subscription = tenant.first ? "00000000-0000-0000-0000-000000000000" : tenant.id;
  return (
    `/subscriptions/${subscription}/resourceGroups/vedette/providers/Microsoft.OperationalInsights` +
    `/workspaces/${encodeURIComponent(name)}${ARM_VERSION}`
  );
}

export function useTenants() {
  const { may } = useSession();
  return useSettingsList(
    "tenants",
    (signal) => callAll<TenantResource>("/vedette/v1/tenants", MOST, signal),
    may("tenants/read"),
  );
}

export function useDeletedWorkspaces() {
  const { may } = useSession();
  return useSettingsList(
    "deletedWorkspaces",
    (signal) => callAll<DeletedWorkspace>("/vedette/v1/deletedWorkspaces", MOST, signal),
    may("workspaces/write"),
  );
}

export function useDelegations(tenant: string) {
  return useQuery({
    queryKey: ["settings", "delegations", tenant],
    enabled: tenant !== "",
    queryFn: ({ signal }) =>
      callAll<Delegation>(`${tenantPath(tenant)}/delegations`, 10_000, signal),
  });
}

/** A change with its answer; undefined for one that has none. */
export function send(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<unknown> {
  return call(path, {
    method,
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  });
}
