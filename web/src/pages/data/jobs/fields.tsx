/** Fields that the forms of jobs share. */
import { Field, Input, Textarea } from "@fluentui/react-components";
import { MomentField } from "../../../parts/MomentField";
import { QueryField } from "../../hunting/editor/QueryField";

interface TextProps {
  value: string;
  onChange: (value: string) => void;
}

export function NameField({ value, onChange, hint }: TextProps & { hint?: string }) {
  return (
    <Field label="Name" required {...(hint === undefined ? {} : { hint })}>
      <Input value={value} onChange={(_, d) => onChange(d.value)} />
    </Field>
  );
}

export function DescriptionField({ value, onChange }: TextProps) {
  return (
    <Field label="Description">
      <Textarea rows={2} value={value} onChange={(_, d) => onChange(d.value)} />
    </Field>
  );
}

/** From when to when old rows are looked at. */
export function PeriodFields(props: {
  from: string;
  to: string;
  hint: string;
  onChange: (part: { from?: string; to?: string }) => void;
}) {
  const { from, to, hint, onChange } = props;
  return (
    <>
      <MomentField label="From" required value={from} onChange={(v) => onChange({ from: v })} />
      <MomentField
        label="To"
        required
        hint={hint}
        value={to}
        onChange={(v) => onChange({ to: v })}
      />
    </>
  );
}

/** A query that runs again and again, and the table that its rows land in. */
interface Repeated {
  description: string;
  query: string;
  table: string;
}

export function RepeatedFields(props: {
  draft: Repeated;
  queryHint: string;
  tableHint: string;
  onChange: (part: Partial<Repeated>) => void;
}) {
  const { draft, onChange } = props;
  return (
    <>
      <DescriptionField
        value={draft.description}
        onChange={(description) => onChange({ description })}
      />
      <QueryField
        label="Query"
        required
        hint={props.queryHint}
        value={draft.query}
        onChange={(query) => onChange({ query })}
      />
      <Field label="Destination table" required hint={props.tableHint}>
        <Input value={draft.table} onChange={(_, d) => onChange({ table: d.value })} />
      </Field>
    </>
  );
}

export function isRepeated(draft: Repeated & { name: string }): boolean {
  return [draft.name, draft.query, draft.table].every((text) => text.trim() !== "");
}
