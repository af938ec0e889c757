/** What the settings ask the server: people, applications, roles, tenants. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { callAll } from "../../api/client";

export interface Grant {
  role: string;
  workspace?: string;
  scope?: string;
}
export interface User {
  id: string;
  name: string;
  displayName?: string;
  email?: string;
  enabled: boolean;
  hasTotp?: boolean;
  lockedUntil?: string | null;
  mustChangePassword?: boolean;
  lastSignIn?: string | null;
  created: string;
  roles?: Grant[];
}
export interface Application {
  clientId: string;
  name: string;
  enabled: boolean;
  created: string;
  roles?: Grant[];
}
export interface RoleDefinition {
  id: string;
  name: string;
  properties: {
    roleName: string;
    description?: string;
    type: string;
    permissions: {
      actions?: string[];
      notActions?: string[];
      dataActions?: string[];
      notDataActions?: string[];
    }[];
    assignableScopes: string[];
  };
}
export interface Assignment {
  id: string;
  name: string;
  properties: {
    roleDefinitionId: string;
    principalId: string;
    principalType?: string;
    scope: string;
    condition?: string | null;
    description?: string | null;
    createdOn?: string;
  };
}
export interface Credential {
  id: string;
  displayName?: string;
  endDateTime?: string | null;
  startDateTime?: string | null;
  thumbprint?: string;
  lastUsed?: string | null;
}

const AUTHORIZATION = "/providers/Microsoft.Authorization";
export const AUTHORIZATION_VERSION = "api-version=2022-04-01";
export const roleDefinitionPath = (id: string) =>
  `${AUTHORIZATION}/roleDefinitions/${encodeURIComponent(id)}?${AUTHORIZATION_VERSION}`;

/** A list of the whole server's, asked again when something of the settings was changed. */
export function useSettingsList<T>(name: string, path: string, enabled = true) {
  return useQuery({
    queryKey: ["settings", name],
    enabled,
    queryFn: ({ signal }) => callAll<T>(path, 10_000, signal),
  });
}

export const useUsers = (enabled = true) =>
  useSettingsList<User>("users", "/vedette/v1/users", enabled);
export const useApplications = () =>
  useSettingsList<Application>("applications", "/vedette/v1/applications");
export const useRoleDefinitions = () =>
  useSettingsList<RoleDefinition>(
    "roles",
    `${AUTHORIZATION}/roleDefinitions?${AUTHORIZATION_VERSION}`,
  );
export const useAssignments = () =>
  useSettingsList<Assignment>(
    "assignments",
    `${AUTHORIZATION}/roleAssignments?${AUTHORIZATION_VERSION}`,
  );

export function useSettingsChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ["settings"] }),
  });
}

export function grantText(grants: readonly Grant[] | undefined): string {
  return (grants ?? [])
    .map(
      (g) =>
        g.role +
        (g.workspace ? ` (${g.workspace})` : g.scope && g.scope !== "/" ? ` (${g.scope})` : ""),
    )
    .join(", ");
}
