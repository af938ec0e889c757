/** When a rule runs, when it alerts, how rows become alerts, and when it keeps quiet. */
import {
  Field,
  Input,
  Radio,
  RadioGroup,
  Select,
  Subtitle2,
  Switch,
} from "@fluentui/react-components";
import { operators } from "../model";
import { SpanField } from "./SpanField";
import { fieldProblem, useDraft } from "./draft";

function Scheduling() {
  const { rule, change, problem } = useDraft();
  const p = rule.properties;
  const start = p.startTimeUtc ?? "";
  return (
    <>
      <Subtitle2 as="h2">Query scheduling</Subtitle2>
      <SpanField
        label="Run query every"
        hint="5 minutes to 14 days"
        value={p.queryFrequency ?? ""}
        onChange={(queryFrequency) => change({ queryFrequency })}
        problem={problem("queryFrequency")}
      />
      <SpanField
        label="Lookup data from the last"
        hint="5 minutes to 14 days, at least as long as the frequency"
        value={p.queryPeriod ?? ""}
        onChange={(queryPeriod) => change({ queryPeriod })}
        problem={problem("queryPeriod")}
      />
      <Field
        label="Start running (UTC)"
        hint="Empty: at once"
        {...fieldProblem(problem("startTimeUtc"))}
      >
        <Input
          type="datetime-local"
          value={start.slice(0, 16)}
          onChange={(_, d) => change({ startTimeUtc: d.value === "" ? null : `${d.value}:00Z` })}
        />
      </Field>
      <Subtitle2 as="h2">Alert threshold</Subtitle2>
      <Field
        label="Generate alert when number of query results"
        {...fieldProblem(problem("triggerOperator"))}
      >
        <Select
          value={p.triggerOperator ?? "GreaterThan"}
          onChange={(_, d) => change({ triggerOperator: d.value })}
        >
          {operators.map((o) => (
            <option key={o.value} value={o.value}>
              {o.title}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Threshold" {...fieldProblem(problem("triggerThreshold"))}>
        <Input
          type="number"
          min={0}
          value={String(p.triggerThreshold ?? 0)}
          onChange={(_, d) => change({ triggerThreshold: Math.round(Number(d.value)) })}
        />
      </Field>
    </>
  );
}

export function Schedule() {
  const { rule, change, problem } = useDraft();
  const p = rule.properties;
  return (
    <>
      {rule.kind === "Scheduled" && <Scheduling />}
      <Subtitle2 as="h2">Event grouping</Subtitle2>
      <Field
        label="How rows of the query become alerts"
        {...fieldProblem(problem("eventGroupingSettings"))}
      >
        <RadioGroup
          value={p.eventGroupingSettings?.aggregationKind ?? "SingleAlert"}
          onChange={(_, d) => change({ eventGroupingSettings: { aggregationKind: d.value } })}
        >
          <Radio value="SingleAlert" label="Group all events into a single alert" />
          <Radio value="AlertPerResult" label="Trigger an alert for each event" />
        </RadioGroup>
      </Field>
      <Subtitle2 as="h2">Suppression</Subtitle2>
      <Switch
        label="Stop running query after alert is generated"
        checked={p.suppressionEnabled}
        onChange={(_, d) => change({ suppressionEnabled: d.checked })}
      />
      {p.suppressionEnabled && (
        <SpanField
          label="Stop running query for"
          hint="At most 24 hours"
          value={p.suppressionDuration}
          onChange={(suppressionDuration) => change({ suppressionDuration })}
          problem={problem("suppressionDuration")}
        />
      )}
    </>
  );
}
