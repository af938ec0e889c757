/** Starts a search job. */
import { Field, Input } from "@fluentui/react-components";
import { useApi } from "../../../session/useApi";
import { QueryField } from "../../hunting/editor/QueryField";
import { JobForm } from "./JobForm";
import { DescriptionField, NameField, PeriodFields } from "./fields";
import { utcOf } from "./model";
import { useDraft } from "./useDraft";

const MOST_ROWS = 1_000_000;

export function SearchForm({ query }: { query: string }) {
  const { arm } = useApi();
  const { draft, change, dirty } = useDraft({
    name: "",
    description: "",
    query,
    from: "",
    to: "",
    limit: String(MOST_ROWS),
  });
  const save = () =>
    arm.call("PUT", "/tables/{table}", {
      path: { table: `${draft.name}_SRCH` },
      body: {
        properties: {
          searchResults: {
            query: draft.query,
            description: draft.description,
            limit: Number(draft.limit),
            startSearchTime: utcOf(draft.from),
            endSearchTime: utcOf(draft.to),
          },
        },
      },
    });
  const ready =
    draft.name.trim() !== "" && draft.query.trim() !== "" && draft.from !== "" && draft.to !== "";
  return (
    <JobForm
      action="Start the search"
      ready={ready}
      dirty={dirty}
      onSave={save}
      done="The search job is started"
      next="/jobs"
    >
      <NameField
        hint={`The rows that are found land in ${draft.name === "" ? "NAME" : draft.name}_SRCH`}
        value={draft.name}
        onChange={(name) => change({ name })}
      />
      <DescriptionField
        value={draft.description}
        onChange={(description) => change({ description })}
      />
      <QueryField
        label="Query"
        required
        hint="One table, then where, extend, project and its relatives, parse and parse-where"
        value={draft.query}
        onChange={(text) => change({ query: text })}
      />
      <PeriodFields
        from={draft.from}
        to={draft.to}
        hint="At most 366 days later"
        onChange={change}
      />
      <Field label="Rows at most">
        <Input
          type="number"
          min={1}
          max={MOST_ROWS}
          value={draft.limit}
          onChange={(_, d) => change({ limit: d.value })}
        />
      </Field>
    </JobForm>
  );
}
