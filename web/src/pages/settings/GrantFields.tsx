/** The choice of a role and of where it counts. */
import { Field, Select } from "@fluentui/react-components";
import { useSession, workspaceTitle } from "../../session/session";
import { useRoleDefinitions } from "./queries";

interface Props {
  role: string;
  scope: string;
  onChange: (grant: { role: string; scope: string }) => void;
}

/** "/" is the whole server; else a workspace's resource id. */
export function GrantFields({ role, scope, onChange }: Props) {
  const { tenants } = useSession();
  const roles = useRoleDefinitions().data ?? [];
  const names = roles.map((r) => r.properties.roleName).sort((a, b) => a.localeCompare(b));
  return (
    <>
      <Field label="Role" required>
        <Select value={role} onChange={(_, d) => onChange({ role: d.value, scope })}>
          <option value="">Choose a role</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </Field>
      <Field label="Scope">
        <Select value={scope} onChange={(_, d) => onChange({ role, scope: d.value })}>
          <option value="/">Everything</option>
          {tenants.flatMap((t) =>
            t.workspaces.map((w) => (
              <option key={w.id} value={w.resourceId}>
                {t.name} / {workspaceTitle(w)}
              </option>
            )),
          )}
        </Select>
      </Field>
    </>
  );
}
