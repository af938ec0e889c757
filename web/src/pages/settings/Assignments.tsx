/** Who has which role, and where. */
import { Button, Field, Input, Select, Textarea } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { authorization } from "../../api/typed";
import { Confirm } from "../../parts/Confirm";
import type { Column } from "../../parts/DataGrid";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { AdminList } from "./AdminList";
import { GrantFields } from "./GrantFields";
import {
  useApplications,
  useAssignments,
  useRoleDefinitions,
  useSettingsChange,
  useUsers,
} from "./queries";
import type { Assignment } from "./queries";

interface Principal {
  id: string;
  name: string;
  type: string;
}

function usePrincipals(): Principal[] {
  const users = useUsers().data;
  const applications = useApplications().data;
  return useMemo(
    () => [
      ...(users ?? []).map((u) => ({ id: u.id, name: u.displayName || u.name, type: "User" })),
      ...(applications ?? []).map((a) => ({
        id: a.clientId,
        name: a.name,
        type: "ServicePrincipal",
      })),
    ],
    [users, applications],
  );
}

function useColumns(): Column<Assignment>[] {
  const principals = usePrincipals();
  const roles = useRoleDefinitions().data;
  return useMemo(() => {
    const nameOf = (a: Assignment) =>
      principals.find((p) => p.id === a.properties.principalId)?.name ?? a.properties.principalId;
    const roleOf = (a: Assignment) => {
      const id = a.properties.roleDefinitionId.split("/").at(-1);
      return roles?.find((r) => r.name === id)?.properties.roleName ?? id ?? "";
    };
    return [
      {
        id: "principal",
        title: "Principal",
        width: 240,
        fixed: true,
        sortable: true,
        value: nameOf,
        cell: nameOf,
      },
      {
        id: "type",
        title: "Kind",
        width: 140,
        sortable: true,
        value: (a) => a.properties.principalType,
        cell: (a) => a.properties.principalType ?? "",
      },
      { id: "role", title: "Role", width: 260, sortable: true, value: roleOf, cell: roleOf },
      {
        id: "scope",
        title: "Scope",
        width: 320,
        sortable: true,
        value: (a) => a.properties.scope,
        cell: (a) => (a.properties.scope === "/" ? "Everything" : a.properties.scope),
      },
      {
        id: "condition",
        title: "Condition",
        width: 260,
        cell: (a) => a.properties.condition ?? "",
      },
      {
        id: "description",
        title: "Description",
        width: 220,
        cell: (a) => a.properties.description ?? "",
      },
      {
        id: "created",
        title: "Since",
        width: 200,
        optional: true,
        cell: (a) => <TimeText value={a.properties.createdOn} seconds={false} />,
      },
    ];
  }, [principals, roles]);
}

function NewAssignment({ onClose }: { onClose: () => void }) {
  const principals = usePrincipals();
  const roles = useRoleDefinitions().data ?? [];
  const notify = useNotify();
  const [principal, setPrincipal] = useState("");
  const [grant, setGrant] = useState({ role: "", scope: "/" });
  const [table, setTable] = useState("");
  const [condition, setCondition] = useState("");
  const role = roles.find((r) => r.properties.roleName === grant.role);
  const save = useSettingsChange(() => {
    const workspace = grant.scope === "/" ? "" : grant.scope;
    const scope =
      workspace + (table === "" || workspace === "" ? "" : `/tables/${encodeURIComponent(table)}`);
    return authorization(scope).call("PUT", "/roleAssignments/{assignment}", {
      path: { assignment: crypto.randomUUID() },
      body: {
        properties: {
          roleDefinitionId: role?.id ?? "",
          principalId: principal,
          principalType: principals.find((p) => p.id === principal)?.type ?? "User",
          ...(condition === "" ? {} : { condition, conditionVersion: "2.0" }),
        },
      },
    });
  });
  return (
    <FormDialog
      title="Assign a role"
      action="Assign"
      ready={principal !== "" && role !== undefined}
      onSubmit={async () => {
        await save.mutateAsync(undefined);
        notify.done("The role is assigned");
        onClose();
      }}
      onClose={onClose}
    >
      <Field label="Principal" required>
        <Select value={principal} onChange={(_, d) => setPrincipal(d.value)}>
          <option value="">Choose a user or an application</option>
          {principals.map((p) => (
            <option key={p.id} value={p.id}>
              {p.name} ({p.type === "User" ? "user" : "application"})
            </option>
          ))}
        </Select>
      </Field>
      <GrantFields {...grant} onChange={setGrant} />
      {grant.scope !== "/" && (
        <Field label="Table" hint="Empty: the whole workspace">
          <Input value={table} onChange={(_, d) => setTable(d.value)} />
        </Field>
      )}
      <Field label="Condition" hint="Azure's language of conditions; empty: none">
        <Textarea value={condition} onChange={(_, d) => setCondition(d.value)} />
      </Field>
    </FormDialog>
  );
}

export function Assignments() {
  const { may } = useSession();
  const notify = useNotify();
  const columns = useColumns();
  const list = useAssignments();
  const [chosen, setChosen] = useState("");
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const assignment = list.data?.find((a) => a.id === chosen);
  const remove = useSettingsChange(({ name, properties }: Assignment) =>
    authorization(properties.scope === "/" ? "" : properties.scope).call(
      "DELETE",
      "/roleAssignments/{assignment}",
      { path: { assignment: name } },
    ),
  );
  return (
    <>
      <AdminList
        id="assignments"
        label="Role assignments"
        list={list}
        columns={columns}
        rowKey={(a) => a.id}
        onActive={(a) => setChosen(a.id)}
        make={
          may("applications/write")
            ? { title: "Assign a role", onClick: () => setAdding(true) }
            : undefined
        }
        deeds={
          <Button
            size="small"
            disabled={assignment === undefined}
            onClick={() => setDeleting(true)}
          >
            Remove
          </Button>
        }
        empty={{ title: "You may see no assignments", text: "Ask an administrator." }}
      />
      {adding && <NewAssignment onClose={() => setAdding(false)} />}
      {deleting && assignment && (
        <Confirm
          title="Remove this assignment?"
          action="Remove"
          onConfirm={async () => {
            await remove.mutateAsync(assignment);
            notify.done("The role is taken away");
          }}
          onClose={() => setDeleting(false)}
        >
          The principal loses what this role grants there.
        </Confirm>
      )}
    </>
  );
}
