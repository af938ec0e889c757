/** Work in another tenant: what is offered, accepted, refused and ended. */
import { Badge, Button, Field, Input, Select, Textarea, Toolbar } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { server } from "../../api/typed";
import { Confirm } from "../../parts/Confirm";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { useRoleDefinitions, useSettingsChange } from "./queries";
import { useDelegations, useTenants } from "./tenants";
import type { Delegation } from "./tenants";

const colours: Record<string, "success" | "warning" | "subtle"> = {
  Active: "success",
  Offered: "warning",
};
/** With these one could take the tenant over; the server delegates none of them. */
const notDelegated = ["Owner", "User Access Administrator", "Tenant Administrator"];

const columns: Column<Delegation>[] = [
  {
    id: "managing",
    title: "Managing tenant",
    width: 180,
    fixed: true,
    sortable: true,
    value: (d) => d.managingTenant.name,
    cell: (d) => d.managingTenant.name,
  },
  {
    id: "managed",
    title: "Managed tenant",
    width: 180,
    sortable: true,
    value: (d) => d.managedTenant.name,
    cell: (d) => d.managedTenant.name,
  },
  {
    id: "status",
    title: "Status",
    width: 110,
    sortable: true,
    value: (d) => d.status,
    cell: (d) => (
      <Badge appearance="tint" color={colours[d.status] ?? "subtle"}>
        {d.status}
      </Badge>
    ),
  },
  { id: "role", title: "Role", width: 240, value: (d) => d.role, cell: (d) => d.role },
  { id: "principal", title: "Principal", width: 290, cell: (d) => d.principalId },
  { id: "workspace", title: "Workspace", width: 180, cell: (d) => d.workspace ?? "All" },
  {
    id: "expires",
    title: "Expires",
    width: 200,
    sortable: true,
    value: (d) => d.expires,
    cell: (d) => <TimeText value={d.expires} seconds={false} />,
  },
  {
    id: "created",
    title: "Offered",
    width: 200,
    sortable: true,
    value: (d) => d.created,
    cell: (d) => <TimeText value={d.created} seconds={false} />,
  },
  { id: "by", title: "Offered by", width: 160, optional: true, cell: (d) => d.createdBy },
  { id: "description", title: "Description", width: 260, cell: (d) => d.description },
];

function Offer({ tenant, onClose }: { tenant: string; onClose: () => void }) {
  const notify = useNotify();
  const roles = useRoleDefinitions().data ?? [];
  const [draft, setDraft] = useState({
    side: "managed",
    other: "",
    principalId: "",
    role: "",
    workspace: "",
    expires: "",
    description: "",
  });
  const put = (changed: Partial<typeof draft>) => setDraft({ ...draft, ...changed });
  const isManaged = draft.side === "managed";
  const offer = useSettingsChange(() =>
    server.call("POST", "/vedette/v1/tenants/{tenant}/delegations", {
      path: { tenant },
      body: {
        managedTenant: isManaged ? tenant : draft.other.trim(),
        managingTenant: isManaged ? draft.other.trim() : tenant,
        principalId: draft.principalId.trim(),
        role: draft.role,
        ...(draft.workspace === "" ? {} : { workspace: draft.workspace.trim() }),
        ...(draft.expires === "" ? {} : { expires: `${draft.expires}:00Z` }),
        ...(draft.description === "" ? {} : { description: draft.description }),
      },
    }),
  );
  const names = roles
    .map((r) => r.properties.roleName)
    .filter((name) => !notDelegated.includes(name))
    .sort((a, b) => a.localeCompare(b));
  return (
    <FormDialog
      title="Offer a delegation"
      action="Offer"
      ready={draft.other.trim() !== "" && draft.principalId.trim() !== "" && draft.role !== ""}
      onSubmit={async () => {
        await offer.mutateAsync(undefined);
        notify.done("The delegation is offered; the other side approves or refuses it");
        onClose();
      }}
      onClose={onClose}
    >
      <Field label="This tenant">
        <Select value={draft.side} onChange={(_, d) => put({ side: d.value })}>
          <option value="managed">is worked in by the other one</option>
          <option value="managing">works in the other one</option>
        </Select>
      </Field>
      <Field label="Other tenant" required hint="Its id or its name">
        <Input value={draft.other} onChange={(_, d) => put({ other: d.value })} />
      </Field>
      <Field
        label="Principal"
        required
        hint="Id of a user, an application or a group of the managing tenant"
      >
        <Input value={draft.principalId} onChange={(_, d) => put({ principalId: d.value })} />
      </Field>
      <Field label="Role" required>
        <Select value={draft.role} onChange={(_, d) => put({ role: d.value })}>
          <option value="">Choose a role</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </Field>
      <Field label="Workspace" hint="Of the managed tenant, by name or id. Empty: all of them">
        <Input value={draft.workspace} onChange={(_, d) => put({ workspace: d.value })} />
      </Field>
      <Field label="Expires (UTC)" hint="Empty: it holds until it is ended">
        <Input
          type="datetime-local"
          value={draft.expires}
          onChange={(_, d) => put({ expires: d.value })}
        />
      </Field>
      <Field label="Description">
        <Textarea value={draft.description} onChange={(_, d) => put({ description: d.value })} />
      </Field>
    </FormDialog>
  );
}

const deeds = {
  approve: "The delegation is approved",
  refuse: "The delegation is refused",
  revoke: "The delegation is ended",
} as const;

function Deeds({ tenant, delegation }: { tenant: string; delegation: Delegation | undefined }) {
  const notify = useNotify();
  const [ending, setEnding] = useState(false);
  const run = useSettingsChange((deed: keyof typeof deeds) =>
    server.call("POST", `/vedette/v1/tenants/{tenant}/delegations/{delegation}/${deed}`, {
      path: { tenant, delegation: delegation?.id ?? "" },
    }),
  );
  const tell = async (deed: keyof typeof deeds) => {
    try {
      await run.mutateAsync(deed);
      notify.done(deeds[deed]);
    } catch (error) {
      notify.failed("That did not work", error);
    }
  };
  const offered = delegation?.status === "Offered" && delegation.offeredBy !== tenant;
  const live = delegation !== undefined && ["Offered", "Active"].includes(delegation.status);
  return (
    <>
      <Button size="small" disabled={!offered} onClick={() => void tell("approve")}>
        Approve
      </Button>
      <Button size="small" disabled={!offered} onClick={() => void tell("refuse")}>
        Refuse
      </Button>
      <Button size="small" disabled={!live} onClick={() => setEnding(true)}>
        End
      </Button>
      {ending && (
        <Confirm
          title="End the delegation?"
          action="End it"
          onConfirm={() => tell("revoke")}
          onClose={() => setEnding(false)}
        >
          The principal loses its access at once.
        </Confirm>
      )}
    </>
  );
}

export function Delegations() {
  const { may } = useSession();
  const tenants = useTenants();
  const [picked, setPicked] = useState("");
  const tenant = picked || (tenants.data?.[0]?.id ?? "");
  const { data, error, isLoading, refetch } = useDelegations(tenant);
  const [chosen, setChosen] = useState("");
  const [offering, setOffering] = useState(false);
  return (
    <>
      <Toolbar aria-label="Delegations" size="small" style={{ flexWrap: "wrap", gap: "4px" }}>
        <Select
          size="small"
          aria-label="Tenant"
          value={tenant}
          onChange={(_, d) => setPicked(d.value)}
        >
          {(tenants.data ?? []).map((t) => (
            <option key={t.id} value={t.id}>
              {t.name}
            </option>
          ))}
        </Select>
        {may("delegations/write") && (
          <>
            <Button
              size="small"
              appearance="primary"
              icon={<AddRegular />}
              onClick={() => setOffering(true)}
            >
              Offer a delegation
            </Button>
            <Deeds tenant={tenant} delegation={data?.find((d) => d.id === chosen)} />
          </>
        )}
      </Toolbar>
      <ErrorNotice
        title="The delegations can't be shown"
        error={tenants.error ?? error}
        onRetry={() => void refetch()}
      />
      <DataGrid
        id="delegations"
        label="Delegations"
        columns={columns}
        rows={data ?? []}
        rowKey={(d) => d.id}
        loading={isLoading}
        onActive={(d) => setChosen(d.id)}
        empty={
          <EmptyState title="There are no delegations">
            A delegation lets a principal of one tenant work in another, without another sign-in.
          </EmptyState>
        }
      />
      {offering && <Offer tenant={tenant} onClose={() => setOffering(false)} />}
    </>
  );
}
