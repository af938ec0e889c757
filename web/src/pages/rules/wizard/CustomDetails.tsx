/** Values of the rows that alerts carry under names of their own: at most twenty. */
import { Button, Field, Input, makeStyles, tokens } from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { ColumnChoice } from "./ColumnChoice";
import { fieldProblem, useDraft } from "./draft";

const MOST = 20;

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, alignItems: "start" },
});

export function CustomDetails() {
  const styles = useStyles();
  const { rule, change, problem } = useDraft();
  // A list while it is edited, since two names may be the same for a moment.
  const [pairs, setPairs] = useState(() => Object.entries(rule.properties.customDetails ?? {}));
  const put = (next: [string, string][]) => {
    setPairs(next);
    change({ customDetails: Object.fromEntries(next.filter(([name]) => name !== "")) });
  };
  const set = (at: number, pair: [string, string]) =>
    put(pairs.map((p, i) => (i === at ? pair : p)));
  return (
    <>
      {pairs.map(([name, column], i) => (
        <div key={i} className={styles.row}>
          <Field {...fieldProblem(name === "" ? undefined : problem(`customDetails.${name}`))}>
            <Input
              aria-label={`Name of detail ${String(i + 1)}`}
              placeholder="Name"
              value={name}
              onChange={(_, d) => set(i, [d.value, column])}
            />
          </Field>
          <ColumnChoice
            label={`Column of detail ${String(i + 1)}`}
            value={column}
            onChange={(next) => set(i, [name, next])}
          />
          <Button
            appearance="subtle"
            icon={<DeleteRegular />}
            aria-label={`Remove detail ${String(i + 1)}`}
            onClick={() => put(pairs.filter((_, k) => k !== i))}
          />
        </div>
      ))}
      <div>
        <Button
          icon={<AddRegular />}
          disabled={pairs.length >= MOST}
          onClick={() => put([...pairs, ["", ""]])}
        >
          Add new
        </Button>
      </div>
    </>
  );
}
