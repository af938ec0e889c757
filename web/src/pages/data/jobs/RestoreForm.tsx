/** Makes old rows of a table available to queries and rules. */
import { Field, Select } from "@fluentui/react-components";
import { useApi } from "../../../session/useApi";
import { useTables } from "../queries";
import { JobForm } from "./JobForm";
import { NameField, PeriodFields } from "./fields";
import { utcOf } from "./model";
import { useDraft } from "./useDraft";

export function RestoreForm() {
  const { arm } = useApi();
  const tables = useTables().data ?? [];
  const { draft, change, dirty } = useDraft({ name: "", source: "", from: "", to: "" });
  const save = () =>
    arm.call("PUT", "/tables/{table}", {
      path: { table: `${draft.name}_RST` },
      body: {
        properties: {
          restoredLogs: {
            sourceTable: draft.source,
            startRestoreTime: utcOf(draft.from),
            endRestoreTime: utcOf(draft.to),
          },
        },
      },
    });
  const ready =
    draft.name.trim() !== "" && draft.source !== "" && draft.from !== "" && draft.to !== "";
  const sources = tables.filter((t) => t.rows > 0 && !/_(SRCH|RST)$/.test(t.name));
  return (
    <JobForm
      action="Restore"
      ready={ready}
      dirty={dirty}
      onSave={save}
      done="The rows are there"
      next="/jobs"
    >
      <Field label="Table" required>
        <Select value={draft.source} onChange={(_, d) => change({ source: d.value })}>
          <option value="">Choose a table</option>
          {sources.map((t) => (
            <option key={t.name}>{t.name}</option>
          ))}
        </Select>
      </Field>
      <NameField
        hint={`Queries and rules find the rows in ${draft.name === "" ? "NAME" : draft.name}_RST`}
        value={draft.name}
        onChange={(name) => change({ name })}
      />
      <PeriodFields
        from={draft.from}
        to={draft.to}
        hint="At least two days later"
        onChange={change}
      />
    </JobForm>
  );
}
