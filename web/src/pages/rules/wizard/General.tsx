/** Step General: name, description, severity, tactics and techniques, whether it runs. */
import {
  Dropdown,
  Field,
  Input,
  Option,
  OptionGroup,
  Select,
  Switch,
  Textarea,
} from "@fluentui/react-components";
import { severities } from "../../../parts/badges";
import { tacticTitle, tactics } from "../model";
import { useMatrix } from "../queries";
import { Product } from "./Product";
import { fieldProblem, useDraft } from "./draft";

function Tactics() {
  const { rule, change, problem } = useDraft();
  const chosen = rule.properties.tactics;
  return (
    <Field label="Tactics" {...fieldProblem(problem("tactics"))}>
      <Dropdown
        multiselect
        placeholder="None"
        selectedOptions={chosen}
        value={chosen.map(tacticTitle).join(", ")}
        onOptionSelect={(_, d) => change({ tactics: d.selectedOptions })}
      >
        {tactics.map((t) => (
          <Option key={t} value={t}>
            {tacticTitle(t)}
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
}

/** Of the tactics that are chosen; all when none is. */
function Techniques() {
  const { rule, change, problem } = useDraft();
  const { data } = useMatrix();
  const { tactics: of, techniques, subTechniques } = rule.properties;
  const groups = (data?.tactics ?? []).filter((t) => of.length === 0 || of.includes(t.tactic));
  const chosen = [...techniques, ...subTechniques];
  const choose = (ids: readonly string[]) =>
    change({
      techniques: ids.filter((id) => !id.includes(".")),
      subTechniques: ids.filter((id) => id.includes(".")),
    });
  return (
    <Field
      label="Techniques and sub-techniques"
      {...fieldProblem(problem("techniques") ?? problem("subTechniques"))}
    >
      <Dropdown
        multiselect
        placeholder="None"
        selectedOptions={chosen}
        value={chosen.join(", ")}
        onOptionSelect={(_, d) => choose(d.selectedOptions)}
        listbox={{ style: { maxHeight: "20rem" } }}
      >
        {groups.map((t) => (
          <OptionGroup key={t.tactic} label={t.title}>
            {t.items.flatMap((x) => [
              <Option key={x.id} value={x.id} text={`${x.id} ${x.name ?? ""}`}>
                {x.id} {x.name}
              </Option>,
              ...(x.subTechniques ?? []).map((s) => (
                <Option key={s.id} value={s.id} text={s.id}>
                  {s.id}
                </Option>
              )),
            ])}
          </OptionGroup>
        ))}
      </Dropdown>
    </Field>
  );
}

/** What the alerts of a rule with a query are. */
function Classified() {
  const { rule, change, problem } = useDraft();
  return (
    <>
      <Field label="Severity" {...fieldProblem(problem("severity"))}>
        <Select value={rule.properties.severity} onChange={(_, d) => change({ severity: d.value })}>
          {severities.map((s) => (
            <option key={s}>{s}</option>
          ))}
        </Select>
      </Field>
      <Tactics />
      <Techniques />
    </>
  );
}

export function General() {
  const { rule, change, problem } = useDraft();
  const p = rule.properties;
  return (
    <>
      <Field label="Name" required {...fieldProblem(problem("displayName"))}>
        <Input value={p.displayName} onChange={(_, d) => change({ displayName: d.value })} />
      </Field>
      <Field label="Description" {...fieldProblem(problem("description"))}>
        <Textarea
          rows={4}
          value={p.description}
          onChange={(_, d) => change({ description: d.value })}
        />
      </Field>
      {rule.kind === "MicrosoftSecurityIncidentCreation" ? <Product /> : <Classified />}
      <Switch
        label={p.enabled ? "Status: Enabled" : "Status: Disabled"}
        checked={p.enabled}
        onChange={(_, d) => change({ enabled: d.checked })}
      />
    </>
  );
}
