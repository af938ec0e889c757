/** Makes and changes a KQL job. */
import { Field, Input, Select, Switch, Textarea } from "@fluentui/react-components";
import { useApi } from "../../../session/useApi";
import { QueryField } from "../../hunting/editor/QueryField";
import { JobForm } from "./JobForm";
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
      <Field label="First run (UTC)" hint="Empty: at once">
        <Input
          type="datetime-local"
          value={draft.start}
          onChange={(_, d) => change({ start: d.value })}
        />
      </Field>
      {repeats && (
        <Field label="No more runs after (UTC)" hint="Empty: it goes on">
          <Input
            type="datetime-local"
            value={draft.end}
            onChange={(_, d) => change({ end: d.value })}
          />
        </Field>
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
  const ready = draft.name.trim() !== "" && draft.query.trim() !== "" && draft.table.trim() !== "";
  return (
    <JobForm
      action={job === undefined ? "Create" : "Save"}
      ready={ready}
      dirty={dirty}
      onSave={save}
      done={job === undefined ? "The job is created" : "The job is saved"}
      next={`/jobs/kql/${encodeURIComponent(draft.name)}`}
    >
      {job === undefined && (
        <Field label="Name" required hint="Without # and -">
          <Input value={draft.name} onChange={(_, d) => change({ name: d.value })} />
        </Field>
      )}
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
        hint="Over the data lake: also what is past its analytics retention. now() is when a run is due."
        value={draft.query}
        onChange={(text) => change({ query: text })}
      />
      <Field
        label="Destination table"
        required
        hint="A custom table, or a new one whose name ends in _KQL_CL"
      >
        <Input value={draft.table} onChange={(_, d) => change({ table: d.value })} />
      </Field>
      <ScheduleFields draft={draft} change={change} />
      <Switch
        label={draft.enabled ? "Enabled" : "Disabled"}
        checked={draft.enabled}
        onChange={(_, d) => change({ enabled: d.checked })}
      />
    </JobForm>
  );
}
