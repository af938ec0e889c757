/** A duration: a number and its unit. */
import { Field, Input, Select, makeStyles, tokens } from "@fluentui/react-components";
import { isoOf, spanOf, units } from "../../../api/duration";
import type { Unit } from "../../../api/duration";
import { fieldProblem } from "./draft";

const useStyles = makeStyles({
  both: { display: "flex", gap: tokens.spacingHorizontalS },
  number: { width: "6rem" },
});

interface Props {
  label: string;
  hint?: string;
  value: string;
  onChange: (iso: string) => void;
  problem: string | undefined;
}

export function SpanField({ label, hint, value, onChange, problem }: Props) {
  const styles = useStyles();
  const span = spanOf(value);
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} {...fieldProblem(problem)}>
      <div className={styles.both}>
        <Input
          className={styles.number}
          type="number"
          min={0}
          aria-label={label}
          value={String(span.count)}
          onChange={(_, d) =>
            onChange(isoOf({ ...span, count: Math.max(0, Math.round(Number(d.value))) }))
          }
        />
        <Select
          aria-label={`${label}, unit`}
          value={span.unit}
          onChange={(_, d) => onChange(isoOf({ ...span, unit: d.value as Unit }))}
        >
          {units.map((u) => (
            <option key={u}>{u}</option>
          ))}
        </Select>
      </div>
    </Field>
  );
}
