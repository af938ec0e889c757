/** Plan, retention and protection of a table. */
import { Field, Input, Select } from "@fluentui/react-components";
import { useState } from "react";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { useDataChange } from "./queries";
import type { TableResource } from "./queries";
import { useApi } from "../../session/useApi";

interface Changed {
  plan: string;
  retentionInDays: number | null;
  totalRetentionInDays: number | null;
  protectionLevel: string;
}

/** Empty: as the server's settings say. */
function daysOf(field: string): number | null {
  return field === "" ? null : Number(field);
}

export function RetentionDialog({ table, onClose }: { table: TableResource; onClose: () => void }) {
  const p = table.properties;
  const api = useApi();
  const notify = useNotify();
  const [plan, setPlan] = useState(p.plan);
  const [days, setDays] = useState(String(p.retentionInDays ?? ""));
  const [total, setTotal] = useState(String(p.totalRetentionInDays ?? ""));
  const [level, setLevel] = useState(p.protectionLevel ?? "General");
  const save = useDataChange((changed: Partial<Changed>) =>
    api.arm.call("PATCH", "/tables/{table}", {
      path: { table: table.name },
      body: { properties: changed },
    }),
  );
  const less =
    daysOf(total) !== null && Number(total) < (p.totalRetentionInDays ?? Number.POSITIVE_INFINITY);
  const store = async () => {
    // Only what was changed: a plan may be changed once a week, and Basic has a fixed retention.
    const changed: Partial<Changed> = {};
    if (plan !== p.plan) changed.plan = plan;
    if (plan === "Analytics" && daysOf(days) !== p.retentionInDays)
      changed.retentionInDays = daysOf(days);
    if (daysOf(total) !== p.totalRetentionInDays) changed.totalRetentionInDays = daysOf(total);
    if (level !== (p.protectionLevel ?? "General")) changed.protectionLevel = level;
    await save.mutateAsync(changed);
    notify.done(`${table.name} is changed`);
    onClose();
  };
  return (
    <FormDialog
      title={`Manage ${table.name}`}
      action="Save"
      failed="The table was not changed"
      onSubmit={store}
      onClose={onClose}
    >
      <Field label="Tier">
        <Select value={plan} onChange={(_, d) => setPlan(d.value)}>
          <option>Analytics</option>
          <option>Basic</option>
          <option>Auxiliary</option>
        </Select>
      </Field>
      <Field label="Analytics retention (days)">
        <Input
          type="number"
          min={4}
          disabled={plan !== "Analytics"}
          value={days}
          onChange={(_, d) => setDays(d.value)}
        />
      </Field>
      <Field
        label="Total retention (days)"
        {...(less
          ? {
              validationState: "warning" as const,
              validationMessage: "Older rows will be deleted for good.",
            }
          : {})}
      >
        <Input type="number" min={4} value={total} onChange={(_, d) => setTotal(d.value)} />
      </Field>
      <Field
        label="Protection"
        hint="Rows of a protected table are only for those with the role Privileged Monitoring Data Reader"
      >
        <Select value={level} onChange={(_, d) => setLevel(d.value)}>
          <option>General</option>
          <option>Protected</option>
        </Select>
      </Field>
    </FormDialog>
  );
}
