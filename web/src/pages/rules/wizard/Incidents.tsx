/** Step Incident settings: whether alerts become incidents, and which of them share one. */
import { Dropdown, Field, Option, Radio, RadioGroup, Switch } from "@fluentui/react-components";
import { noGrouping } from "../model";
import type { Grouping } from "../model";
import { SpanField } from "./SpanField";
import { fieldProblem, useDraft } from "./draft";

const KEY = "incidentConfiguration.groupingConfiguration";

function Several(props: {
  label: string;
  options: readonly string[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}) {
  return (
    <Field label={props.label}>
      <Dropdown
        multiselect
        placeholder="None"
        selectedOptions={[...props.chosen]}
        value={props.chosen.join(", ")}
        onOptionSelect={(_, d) => props.onChange(d.selectedOptions)}
      >
        {props.options.map((o) => (
          <Option key={o}>{o}</Option>
        ))}
      </Dropdown>
    </Field>
  );
}

function Selected({ g, put }: { g: Grouping; put: (changed: Partial<Grouping>) => void }) {
  const p = useDraft().rule.properties;
  const types = [...new Set((p.entityMappings ?? []).map((m) => m.entityType))];
  return (
    <>
      <Several
        label="Entities"
        options={types}
        chosen={g.groupByEntities}
        onChange={(groupByEntities) => put({ groupByEntities })}
      />
      <Several
        label="Alert details"
        options={["DisplayName", "Severity"]}
        chosen={g.groupByAlertDetails}
        onChange={(groupByAlertDetails) => put({ groupByAlertDetails })}
      />
      <Several
        label="Custom details"
        options={Object.keys(p.customDetails ?? {})}
        chosen={g.groupByCustomDetails}
        onChange={(groupByCustomDetails) => put({ groupByCustomDetails })}
      />
    </>
  );
}

function GroupingFields({ g, put }: { g: Grouping; put: (changed: Partial<Grouping>) => void }) {
  const { problem } = useDraft();
  return (
    <>
      <SpanField
        label="Limit the group to alerts created within"
        hint="5 minutes to 7 days"
        value={g.lookbackDuration}
        onChange={(lookbackDuration) => put({ lookbackDuration })}
        problem={problem(`${KEY}.lookbackDuration`)}
      />
      <Field
        label="Group alerts triggered by this analytics rule into a single incident by"
        {...fieldProblem(problem(`${KEY}.matchingMethod`) ?? problem(`${KEY}.groupByEntities`))}
      >
        <RadioGroup value={g.matchingMethod} onChange={(_, d) => put({ matchingMethod: d.value })}>
          <Radio value="AllEntities" label="Grouping alerts if all the entities match" />
          <Radio value="AnyAlert" label="Grouping all alerts triggered by this rule" />
          <Radio
            value="Selected"
            label="Grouping alerts if the selected entities and details match"
          />
        </RadioGroup>
      </Field>
      {g.matchingMethod === "Selected" && <Selected g={g} put={put} />}
      <Switch
        label="Re-open closed matching incidents"
        checked={g.reopenClosedIncident}
        onChange={(_, d) => put({ reopenClosedIncident: d.checked })}
      />
    </>
  );
}

export function Incidents() {
  const { rule, change } = useDraft();
  const settings = rule.properties.incidentConfiguration ?? {
    createIncident: true,
    groupingConfiguration: noGrouping(),
  };
  const g = { ...noGrouping(), ...settings.groupingConfiguration };
  const put = (changed: Partial<Grouping>) =>
    change({ incidentConfiguration: { ...settings, groupingConfiguration: { ...g, ...changed } } });
  return (
    <>
      <Switch
        label="Create incidents from alerts triggered by this analytics rule"
        checked={settings.createIncident}
        onChange={(_, d) =>
          change({
            incidentConfiguration: { createIncident: d.checked, groupingConfiguration: g },
          })
        }
      />
      {settings.createIncident && (
        <Switch
          label="Group related alerts into incidents"
          checked={g.enabled}
          onChange={(_, d) => put({ enabled: d.checked })}
        />
      )}
      {settings.createIncident && g.enabled && <GroupingFields g={g} put={put} />}
    </>
  );
}
