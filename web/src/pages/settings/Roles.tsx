/** Role definitions: Azure's built-in ones and the organisation's own. */
import { Badge, Button, Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { authorization } from "../../api/typed";
import { Confirm } from "../../parts/Confirm";
import type { Column } from "../../parts/DataGrid";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { useSession } from "../../session/session";
import { AdminList } from "./AdminList";
import { useRoleDefinitions, useSettingsChange } from "./queries";
import type { RoleDefinition } from "./queries";

const isCustom = (r: RoleDefinition) => r.properties.type === "CustomRole";
/** Those of the organisation first, then by name. */
function inOrder(a: RoleDefinition, b: RoleDefinition): number {
  const names = a.properties.roleName.localeCompare(b.properties.roleName);
  return isCustom(a) === isCustom(b) ? names : isCustom(a) ? -1 : 1;
}

const listed = (r: RoleDefinition, kind: "actions" | "dataActions") =>
  r.properties.permissions.flatMap((p) => p[kind] ?? []).join(", ");

const columns: Column<RoleDefinition>[] = [
  {
    id: "name",
    title: "Role",
    width: 260,
    fixed: true,
    sortable: true,
    value: (r) => r.properties.roleName,
    cell: (r) => r.properties.roleName,
  },
  {
    id: "type",
    title: "Type",
    width: 100,
    sortable: true,
    value: (r) => r.properties.type,
    cell: (r) => <Badge appearance="outline">{isCustom(r) ? "Custom" : "Built-in"}</Badge>,
  },
  {
    id: "description",
    title: "Description",
    width: 380,
    cell: (r) => r.properties.description ?? "",
  },
  { id: "actions", title: "Actions", width: 420, cell: (r) => listed(r, "actions") },
  { id: "data", title: "Data actions", width: 260, cell: (r) => listed(r, "dataActions") },
];

const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

function RoleDialog({ role, onClose }: { role: RoleDefinition | undefined; onClose: () => void }) {
  const p = role?.properties;
  const notify = useNotify();
  const [name, setName] = useState(p?.roleName ?? "");
  const [description, setDescription] = useState(p?.description ?? "");
  const [actions, setActions] = useState((p?.permissions[0]?.actions ?? []).join("\n"));
  const [notActions, setNotActions] = useState((p?.permissions[0]?.notActions ?? []).join("\n"));
  const [scopes, setScopes] = useState((p?.assignableScopes ?? ["/"]).join("\n"));
  const save = useSettingsChange(() =>
    authorization("").call("PUT", "/roleDefinitions/{role}", {
      path: { role: role?.name ?? crypto.randomUUID() },
      body: {
        properties: {
          roleName: name,
          description,
          type: "CustomRole",
          permissions: [
            {
              actions: lines(actions),
              notActions: lines(notActions),
              dataActions: p?.permissions[0]?.dataActions ?? [],
              notDataActions: p?.permissions[0]?.notDataActions ?? [],
            },
          ],
          assignableScopes: lines(scopes),
        },
      },
    }),
  );
  return (
    <FormDialog
      title={role ? `Edit ${name}` : "New role"}
      action={role ? "Save" : "Create"}
      ready={name.trim() !== "" && lines(scopes).length > 0}
      onSubmit={async () => {
        await save.mutateAsync(undefined);
        notify.done("The role is saved");
        onClose();
      }}
      onClose={onClose}
    >
      <Field label="Name" required>
        <Input value={name} onChange={(_, d) => setName(d.value)} />
      </Field>
      <Field label="Description">
        <Textarea value={description} onChange={(_, d) => setDescription(d.value)} />
      </Field>
      <Field label="Actions" hint="One a line: Microsoft.SecurityInsights/*/read">
        <Textarea rows={5} value={actions} onChange={(_, d) => setActions(d.value)} />
      </Field>
      <Field label="Not actions" hint="What the actions above grant, less these">
        <Textarea rows={3} value={notActions} onChange={(_, d) => setNotActions(d.value)} />
      </Field>
      <Field label="Assignable scopes" required hint="One a line: / or a resource id">
        <Textarea rows={2} value={scopes} onChange={(_, d) => setScopes(d.value)} />
      </Field>
    </FormDialog>
  );
}

export function Roles() {
  const { may } = useSession();
  const notify = useNotify();
  const list = useRoleDefinitions();
  const [chosen, setChosen] = useState("");
  const [editing, setEditing] = useState<"new" | "chosen" | undefined>(undefined);
  const [deleting, setDeleting] = useState(false);
  const role = list.data?.find((r) => r.name === chosen);
  const remove = useSettingsChange((role: string) =>
    authorization("").call("DELETE", "/roleDefinitions/{role}", { path: { role } }),
  );
  return (
    <>
      <AdminList
        id="roles"
        label="Roles"
        list={{ ...list, data: [...(list.data ?? [])].sort(inOrder) }}
        columns={columns}
        rowKey={(r) => r.name}
        onActive={(r) => setChosen(r.name)}
        make={
          may("applications/write")
            ? { title: "New role", onClick: () => setEditing("new") }
            : undefined
        }
        deeds={
          <>
            <Button
              size="small"
              disabled={!role || !isCustom(role)}
              onClick={() => setEditing("chosen")}
            >
              Edit
            </Button>
            <Button
              size="small"
              disabled={!role || !isCustom(role)}
              onClick={() => setDeleting(true)}
            >
              Delete
            </Button>
          </>
        }
        empty={{ title: "You may see no roles", text: "Ask an administrator." }}
      />
      {editing && (
        <RoleDialog
          role={editing === "chosen" ? role : undefined}
          onClose={() => setEditing(undefined)}
        />
      )}
      {deleting && role && (
        <Confirm
          title={`Delete the role ${role.properties.roleName}?`}
          action="Delete"
          onConfirm={async () => {
            await remove.mutateAsync(role.name);
            notify.done("The role is deleted");
          }}
          onClose={() => setDeleting(false)}
        >
          A role that is assigned can&apos;t be deleted.
        </Confirm>
      )}
    </>
  );
}
