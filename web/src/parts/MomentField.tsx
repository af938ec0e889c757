/** A field for a moment, in UTC as its label says: "2026-03-18T10:00", "" while there is none. */
import { Field, Input } from "@fluentui/react-components";

interface Props {
  /** What it is, without the zone. */
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  required?: boolean;
  /** Seconds between moments that the browser offers. */
  step?: number;
  /** What is wrong with it. */
  problem?: string;
}

export function MomentField({ label, value, onChange, hint, required, step, problem }: Props) {
  return (
    <Field
      label={`${label} (UTC)`}
      {...(required === undefined ? {} : { required })}
      {...(hint === undefined ? {} : { hint })}
      {...(problem === undefined ? {} : { validationMessage: problem })}
    >
      <Input
        type="datetime-local"
        {...(step === undefined ? {} : { step })}
        value={value}
        onChange={(_, data) => onChange(data.value)}
      />
    </Field>
  );
}
