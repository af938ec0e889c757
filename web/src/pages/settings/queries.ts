/** What the settings ask the server: people, applications, roles, tenants. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { authorization, server } from "../../api/typed";
import type { Schemas } from "../../api/typed";

export type Grant = Schemas["GivenRole"];
export type User = Schemas["User"];
export type Application = Schemas["Application"];
export type RoleDefinition = Schemas["RoleDefinition"];
export type Assignment = Schemas["RoleAssignment"];
export type Credential = Schemas["Credential"];

/** Items of one list that are read. */
const MOST = 10_000;

/** A list of the whole server's, asked again when something of the settings was changed. */
export function useSettingsList<T>(
  name: string,
  ask: (signal: AbortSignal) => Promise<T[]>,
  enabled = true,
) {
  return useQuery({
    queryKey: ["settings", name],
    enabled,
    queryFn: ({ signal }) => ask(signal),
  });
}

export const useUsers = (enabled = true) =>
  useSettingsList("users", (signal) => server.all("/vedette/v1/users", MOST, { signal }), enabled);
export const useApplications = () =>
  useSettingsList("applications", (signal) =>
    server.all("/vedette/v1/applications", MOST, { signal }),
  );
export const useRoleDefinitions = () =>
  useSettingsList("roles", (signal) => authorization("").all("/roleDefinitions", MOST, { signal }));
export const useAssignments = () =>
  useSettingsList("assignments", (signal) =>
    authorization("").all("/roleAssignments", MOST, { signal }),
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
