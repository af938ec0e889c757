/** Which alerts of which product become incidents. */
import { Dropdown, Field, Option, Select, Textarea } from "@fluentui/react-components";
import { severities } from "../../../parts/badges";
import { products } from "../model";
import { fieldProblem, useDraft } from "./draft";

/** Lines of text, as a list; none of them: no filter. */
function Lines(props: {
  label: string;
  hint: string;
  value: readonly string[] | null | undefined;
  problem: string | undefined;
  onChange: (lines: string[] | null) => void;
}) {
  const put = (text: string) => props.onChange(text === "" ? null : text.split("\n"));
  return (
    <Field label={props.label} hint={props.hint} {...fieldProblem(props.problem)}>
      <Textarea
        rows={3}
        resize="vertical"
        value={(props.value ?? []).join("\n")}
        onChange={(_, d) => put(d.value)}
      />
    </Field>
  );
}

export function Product() {
  const { rule, change, problem } = useDraft();
  const p = rule.properties;
  const chosen = p.severitiesFilter ?? [];
  return (
    <>
      <Field
        label="Microsoft security service"
        required
        {...fieldProblem(problem("productFilter"))}
      >
        <Select
          value={p.productFilter ?? ""}
          onChange={(_, d) => change({ productFilter: d.value })}
        >
          <option value="">Choose a product</option>
          {products.map(([filter, title]) => (
            <option key={filter} value={filter}>
              {title}
            </option>
          ))}
        </Select>
      </Field>
      <Field
        label="Filter by severity"
        hint="None chosen: alerts of every severity"
        {...fieldProblem(problem("severitiesFilter"))}
      >
        <Dropdown
          multiselect
          placeholder="Any severity"
          selectedOptions={chosen}
          value={chosen.join(", ")}
          onOptionSelect={(_, d) =>
            change({ severitiesFilter: d.selectedOptions.length > 0 ? d.selectedOptions : null })
          }
        >
          {severities.map((s) => (
            <Option key={s}>{s}</Option>
          ))}
        </Dropdown>
      </Field>
      <Lines
        label="Include specific alerts"
        hint="A text a line; the alert's name contains one of them"
        value={p.displayNamesFilter}
        problem={problem("displayNamesFilter")}
        onChange={(displayNamesFilter) => change({ displayNamesFilter })}
      />
      <Lines
        label="Exclude specific alerts"
        hint="A text a line; the alert's name contains none of them"
        value={p.displayNamesExcludeFilter}
        problem={problem("displayNamesExcludeFilter")}
        onChange={(displayNamesExcludeFilter) => change({ displayNamesExcludeFilter })}
      />
    </>
  );
}
