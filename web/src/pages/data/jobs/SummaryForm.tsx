/** Makes and changes a summary rule. */
import { Field, Input, Select } from "@fluentui/react-components";
import { MomentField } from "../../../parts/MomentField";
import { useApi } from "../../../session/useApi";
import { JobForm } from "./JobForm";
import { NameField, RepeatedFields, isRepeated } from "./fields";
import { binMinutes, binText, fieldOf, refuseTaken, utcOf } from "./model";
import type { SummaryRule } from "./model";
import { useDraft } from "./useDraft";

function startOf(rule: SummaryRule | undefined, query: string) {
  const p = rule?.properties;
  const d = p?.ruleDefinition;
  return {
    name: rule?.name ?? "",
    displayName: p?.displayName ?? "",
    description: p?.description ?? "",
    query: d?.query ?? query,
    table: d?.destinationTable ?? "",
    size: String(d?.binSize ?? 60),
    delay: d?.binDelay === undefined ? "" : String(d.binDelay),
    start: fieldOf(d?.binStartTime),
    selector: d?.timeSelector ?? "TimeGenerated",
  };
}
type Draft = ReturnType<typeof startOf>;

function bodyOf(draft: Draft) {
  return {
    properties: {
      displayName: draft.displayName === "" ? draft.name : draft.displayName,
      description: draft.description,
      ruleDefinition: {
        query: draft.query,
        binSize: Number(draft.size),
        destinationTable: draft.table,
        timeSelector: draft.selector,
        ...(draft.delay === "" ? {} : { binDelay: Number(draft.delay) }),
        ...(draft.start === "" ? {} : { binStartTime: utcOf(draft.start) }),
      },
    },
  };
}

function BinFields({ draft, change }: { draft: Draft; change: (changed: Partial<Draft>) => void }) {
  return (
    <>
      <Field label="Bin size">
        <Select value={draft.size} onChange={(_, d) => change({ size: d.value })}>
          {binMinutes.map((m) => (
            <option key={m} value={String(m)}>
              {binText(m)}
            </option>
          ))}
        </Select>
      </Field>
      <Field
        label="Delay (minutes)"
        hint="After a bin's end, for events that come late. Empty: a tenth of the bin, at most 3.5 minutes"
      >
        <Input
          type="number"
          min={0}
          value={draft.delay}
          onChange={(_, d) => change({ delay: d.value })}
        />
      </Field>
      <MomentField
        label="First bin begins"
        hint="A whole hour. Empty: the next one"
        step={3600}
        value={draft.start}
        onChange={(start) => change({ start })}
      />
      <Field label="Column of time" hint="Which column the bins bound">
        <Input value={draft.selector} onChange={(_, d) => change({ selector: d.value })} />
      </Field>
    </>
  );
}

export function SummaryForm({ rule, query }: { rule?: SummaryRule | undefined; query: string }) {
  const { arm } = useApi();
  const { draft, change, dirty } = useDraft(startOf(rule, query));
  const save = async () => {
    const path = { rule: draft.name };
    if (rule === undefined) await refuseTaken(arm.call("GET", "/summaryLogs/{rule}", { path }));
    await arm.call("PUT", "/summaryLogs/{rule}", {
      path,
      body: bodyOf(draft),
      headers: rule?.etag === undefined ? {} : { "if-match": rule.etag },
    });
  };
  return (
    <JobForm
      action={rule === undefined ? "Create" : "Save"}
      ready={isRepeated(draft)}
      dirty={dirty}
      onSave={save}
      done={rule === undefined ? "The summary rule is created" : "The summary rule is saved"}
      next={`/jobs/summary/${encodeURIComponent(draft.name)}`}
    >
      {rule === undefined && <NameField value={draft.name} onChange={(name) => change({ name })} />}
      <Field label="Display name" hint="Empty: the name">
        <Input value={draft.displayName} onChange={(_, d) => change({ displayName: d.value })} />
      </Field>
      <RepeatedFields
        draft={draft}
        queryHint="It must not bound time itself: each table that it reads is narrowed to the bin"
        tableHint="Its name ends in _CL; the first bin makes it"
        onChange={change}
      />
      <BinFields draft={draft} change={change} />
    </JobForm>
  );
}
