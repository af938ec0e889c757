/** Makes a tenant, or changes its name, primary workspace and limits. */
import { Field, Input, Select } from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../../api/typed";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { useSession, workspaceTitle } from "../../session/session";
import type { Told } from "./SecretDialog";
import { useSettingsChange } from "./queries";
import type { TenantLimits, TenantResource } from "./tenants";

const limits: readonly (readonly [key: keyof TenantLimits, label: string])[] = [
  ["workspaces", "Workspaces at most"],
  ["dailyMegabytes", "Data a day at most (MB)"],
  ["queries", "Queries at a time"],
];

interface Props {
  /** Without it a new one is made. */
  tenant?: TenantResource;
  onClose: () => void;
  /** What is told once: the first application of a new tenant. */
  onTold: (told: Told) => void;
}

export function TenantDialog({ tenant, onClose, onTold }: Props) {
  const notify = useNotify();
  const { tenants, may, reload } = useSession();
  const [name, setName] = useState(tenant?.name ?? "");
  const [primary, setPrimary] = useState(tenant?.primaryWorkspace ?? "");
  const [most, setMost] = useState(() =>
    Object.fromEntries(limits.map(([key]) => [key, String(tenant?.limits[key] ?? "")])),
  );
  // The server lets only its own administrators set them.
  const setsLimits = may("servers/write");
  const workspaces = tenants.find((t) => t.id === tenant?.id)?.workspaces ?? [];
  const mostOf = (key: keyof TenantLimits) => (most[key] ? Number(most[key]) : null);
  const save = useSettingsChange(async () => {
    const body = {
      name,
      ...(setsLimits
        ? {
            limits: {
              workspaces: mostOf("workspaces"),
              dailyMegabytes: mostOf("dailyMegabytes"),
              queries: mostOf("queries"),
            },
          }
        : {}),
    };
    if (tenant === undefined)
      return (await server.call("POST", "/vedette/v1/tenants", { body })).administrator;
    await server.call("PATCH", "/vedette/v1/tenants/{tenant}", {
      path: { tenant: tenant.id },
      body: { ...body, ...(primary === "" ? {} : { primaryWorkspace: primary }) },
      headers: { "if-match": tenant.etag },
    });
    return undefined;
  });
  const submit = async () => {
    const administrator = await save.mutateAsync(undefined);
    await reload();
    notify.done(tenant === undefined ? "The tenant is made" : "The tenant is changed");
    onClose();
    if (administrator)
      onTold({
        title: `The first application of ${name}`,
        values: [
          ["Client id", administrator.clientId],
          ["Client secret", administrator.clientSecret],
        ],
      });
  };
  return (
    <FormDialog
      title={tenant === undefined ? "New tenant" : `Edit ${tenant.name}`}
      action={tenant === undefined ? "Create" : "Save"}
      ready={name.trim() !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="Name" required>
        <Input value={name} onChange={(_, d) => setName(d.value)} />
      </Field>
      {workspaces.length > 0 && (
        <Field label="Primary workspace" hint="Whose alerts are correlated across products">
          <Select value={primary} onChange={(_, d) => setPrimary(d.value)}>
            <option value="">The first one</option>
            {workspaces.map((w) => (
              <option key={w.id} value={w.id}>
                {workspaceTitle(w)}
              </option>
            ))}
          </Select>
        </Field>
      )}
      {setsLimits &&
        limits.map(([key, label]) => (
          <Field key={key} label={label} hint="Empty: as the server's settings say">
            <Input
              type="number"
              min={1}
              value={most[key] ?? ""}
              onChange={(_, d) => setMost({ ...most, [key]: d.value })}
            />
          </Field>
        ))}
    </FormDialog>
  );
}
