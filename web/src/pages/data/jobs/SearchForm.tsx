/** Starts a search job. */
import { Field, Input, Textarea } from "@fluentui/react-components";
import { useApi } from "../../../session/useApi";
import { QueryField } from "../../hunting/editor/QueryField";
import { JobForm } from "./JobForm";
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
      <Field
        label="Name"
        required
        hint={`The rows that are found land in ${draft.name === "" ? "NAME" : draft.name}_SRCH`}
      >
        <Input value={draft.name} onChange={(_, d) => change({ name: d.value })} />
      </Field>
      <Field label="Description">
        <Textarea
          rows={2}
          value={draft.description}
          onChange={(_, d) => change({ description: d.value })}
        />
      </Field>
      <QueryField
        label="Query"
        required
        hint="One table, then where, extend, project and its relatives, parse and parse-where"
        value={draft.query}
        onChange={(text) => change({ query: text })}
      />
      <Field label="From (UTC)" required>
        <Input
          type="datetime-local"
          value={draft.from}
          onChange={(_, d) => change({ from: d.value })}
        />
      </Field>
      <Field label="To (UTC)" required hint="At most 366 days later">
        <Input
          type="datetime-local"
          value={draft.to}
          onChange={(_, d) => change({ to: d.value })}
        />
      </Field>
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
