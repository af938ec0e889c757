/** Makes and changes a KQL job. */
import { Field, Input, Select, Switch } from "@fluentui/react-components";
import { MomentField } from "../../../parts/MomentField";
import { useApi } from "../../../session/useApi";
import { JobForm } from "./JobForm";
import { NameField, RepeatedFields, isRepeated } from "./fields";
import { fieldOf, frequencies, refuseTaken, utcOf } from "./model";
import type { Frequency, KqlJob } from "./model";
import { useDraft } from "./useDraft";

function startOf(job: KqlJob | undefined, query: string) {
  const p = job?.properties;
  return {
    name: job?.name ?? "",
    description: p?.description ?? "",
    query: p?.query ?? query,
    table: p?.destinationTable ?? "",
    frequency: p?.schedule.frequency ?? ("Once" as Frequency),
    interval: String(p?.schedule.interval ?? 1),
    start: fieldOf(p?.schedule.startTime),
    end: fieldOf(p?.schedule.endTime),
    enabled: p?.enabled ?? true,
  };
}
type Draft = ReturnType<typeof startOf>;

function bodyOf(draft: Draft) {
  const repeats = draft.frequency !== "Once";
  return {
    properties: {
      description: draft.description,
      query: draft.query,
      destinationTable: draft.table,
      enabled: draft.enabled,
      schedule: {
        frequency: draft.frequency,
        ...(repeats ? { interval: Number(draft.interval) } : {}),
        ...(draft.start === "" ? {} : { startTime: utcOf(draft.start) }),
        ...(repeats && draft.end !== "" ? { endTime: utcOf(draft.end) } : {}),
      },
    },
  };
}

function ScheduleFields({
  draft,
  change,
}: {
  draft: Draft;
  change: (changed: Partial<Draft>) => void;
}) {
  const repeats = draft.frequency !== "Once";
  return (
    <>
      <Field label="Frequency">
        <Select
          value={draft.frequency}
          onChange={(_, d) => change({ frequency: d.value as Frequency })}
        >
          {frequencies.map((f) => (
            <option key={f} value={f}>
              {f === "Once" ? "Once" : `By ${f.toLowerCase()}`}
            </option>
          ))}
        </Select>
      </Field>
      {repeats && (
        <Field label="Interval" hint="Every so many of them: 1 to 999">
          <Input
            type="number"
            min={1}
            max={999}
            value={draft.interval}
            onChange={(_, d) => change({ interval: d.value })}
          />
        </Field>
      )}
      <MomentField
        label="First run"
        hint="Empty: at once"
        value={draft.start}
        onChange={(start) => change({ start })}
      />
      {repeats && (
        <MomentField
          label="No more runs after"
          hint="Empty: it goes on"
          value={draft.end}
          onChange={(end) => change({ end })}
        />
      )}
    </>
  );
}

export function KqlJobForm({ job, query }: { job?: KqlJob | undefined; query: string }) {
  const { arm } = useApi();
  const { draft, change, dirty } = useDraft(startOf(job, query));
  const save = async () => {
    const path = { job: draft.name };
    if (job === undefined) await refuseTaken(arm.call("GET", "/kqlJobs/{job}", { path }));
    await arm.call("PUT", "/kqlJobs/{job}", {
      path,
      body: bodyOf(draft),
      headers: job?.etag === undefined ? {} : { "if-match": job.etag },
    });
  };
  return (
    <JobForm
      action={job === undefined ? "Create" : "Save"}
      ready={isRepeated(draft)}
      dirty={dirty}
      onSave={save}
      done={job === undefined ? "The job is created" : "The job is saved"}
      next={`/jobs/kql/${encodeURIComponent(draft.name)}`}
    >
      {job === undefined && (
        <NameField
          hint="Without # and -"
          value={draft.name}
          onChange={(name) => change({ name })}
        />
      )}
      <RepeatedFields
        draft={draft}
        queryHint="Over the data lake: also what is past its analytics retention. now() is when a run is due."
        tableHint="A custom table, or a new one whose name ends in _KQL_CL"
        onChange={change}
      />
      <ScheduleFields draft={draft} change={change} />
      <Switch
        label={draft.enabled ? "Enabled" : "Disabled"}
        checked={draft.enabled}
        onChange={(_, d) => change({ enabled: d.checked })}
      />
    </JobForm>
  );
}
