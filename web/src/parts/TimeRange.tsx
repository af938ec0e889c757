/** The choice of a range of time: one of the usual spans, or from and to. */
import { Select } from "@fluentui/react-components";
import { useState } from "react";
import { FormDialog } from "./FormDialog";
import { MomentField } from "./MomentField";
import { rangeOf, spans, useServerNow, useTimeFormat } from "./time";

interface Props {
  /** Id of a span, "ISO/ISO", or "all". */
  value: string;
  onChange: (value: string) => void;
  label?: string;
  /** May everything be asked for? */
  all?: boolean;
}

/** As a datetime-local input has it, in UTC. */
function inputText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}

function Custom(props: { value: string; onDone: (value: string | undefined) => void }) {
  const now = useServerNow();
  const range = rangeOf(props.value, now) ?? { from: now - 86_400_000, to: now };
  const [from, setFrom] = useState(inputText(range.from));
  const [to, setTo] = useState(inputText(range.to));
  const wrong = from === "" || to === "" || from >= to;
  return (
    <FormDialog
      title="Range of time"
      action="Apply"
      ready={!wrong}
      onSubmit={() => props.onDone(`${from}:00Z/${to}:00Z`)}
      onClose={() => props.onDone(undefined)}
    >
      <MomentField label="From" required value={from} onChange={setFrom} />
      <MomentField
        label="To"
        required
        value={to}
        onChange={setTo}
        {...(wrong ? { problem: "It has to be later than the first." } : {})}
      />
    </FormDialog>
  );
}

export function TimeRange({ value, onChange, label = "Time range", all = false }: Props) {
  const [custom, setCustom] = useState(false);
  const now = useServerNow();
  const time = useTimeFormat();
  const own = value.includes("/") ? rangeOf(value, now) : undefined;
  const done = (next: string | undefined) => {
    setCustom(false);
    if (next !== undefined) onChange(next);
  };
  return (
    <>
      <Select
        size="small"
        aria-label={label}
        value={value}
        onChange={(_, data) => (data.value === "custom" ? setCustom(true) : onChange(data.value))}
      >
        {spans.map((s) => (
          <option key={s.id} value={s.id}>
            {s.title}
          </option>
        ))}
        {all && <option value="all">All</option>}
        {own && (
          <option value={value}>
            {time(own.from, false)} – {time(own.to, false)}
          </option>
        )}
        <option value="custom">Custom…</option>
      </Select>
      {custom && <Custom value={value} onDone={done} />}
    </>
  );
}
