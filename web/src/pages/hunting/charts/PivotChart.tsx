/** `render pivotchart`: rows, columns, value and chart are chosen; a table and a drawing of it follow. */
import { Label, Select, Text, makeStyles, tokens, useId } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { SmallTable } from "../../../parts/SmallTable";
import type { ResultTable } from "../results";
import { ChartView } from "./ChartView";
import { chartChoice, chartChoices } from "./kinds";
import { aggregates, defaultPivot, pivotOf, pivotTable } from "./pivot";
import type { Aggregate, PivotChoice } from "./pivot";

const drawings = [
  "columnchart",
  "stackedcolumnchart",
  "barchart",
  "linechart",
  "areachart",
  "piechart",
];

const useStyles = makeStyles({
  view: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalXS,
    height: "100%",
    overflow: "auto",
  },
  bar: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, flexShrink: 0 },
  field: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalXS },
  chart: { height: "22rem", flexShrink: 0 },
});

function Field(props: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}) {
  const styles = useStyles();
  const id = useId("pivot");
  return (
    <div className={styles.field}>
      <Label htmlFor={id} size="small">
        {props.label}
      </Label>
      <Select
        id={id}
        size="small"
        value={props.value}
        onChange={(_, data) => props.onChange(data.value)}
      >
        {props.options.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </Select>
    </div>
  );
}

function number(value: number | null): string {
  return value === null ? "" : value.toLocaleString("en", { maximumFractionDigits: 3 });
}

export function PivotChart({ table }: { table: ResultTable }) {
  const styles = useStyles();
  const [choice, setChoice] = useState<PivotChoice>(() => defaultPivot(table));
  const [drawn, setDrawn] = useState("columnchart");
  const pivot = useMemo(() => pivotOf(table, choice), [table, choice]);
  const rowsName = table.columns[choice.rows]?.name ?? "";
  const flat = useMemo(() => pivotTable(pivot, rowsName), [pivot, rowsName]);
  const kind = chartChoice(drawn);
  const columns = table.columns.map((c, i) => [String(i), c.name] as const);
  const change = (part: Partial<PivotChoice>) => setChoice({ ...choice, ...part });
  return (
    <div className={styles.view}>
      <div className={styles.bar} role="group" aria-label="Pivot">
        <Field
          label="Rows"
          value={String(choice.rows)}
          options={columns}
          onChange={(v) => change({ rows: Number(v) })}
        />
        <Field
          label="Columns"
          value={String(choice.columns)}
          options={[["-1", "None"], ...columns]}
          onChange={(v) => change({ columns: Number(v) })}
        />
        <Field
          label="Aggregate"
          value={choice.aggregate}
          options={aggregates.map((a) => [a, a] as const)}
          onChange={(v) => change({ aggregate: v as Aggregate })}
        />
        <Field
          label="of"
          value={String(choice.value)}
          options={columns}
          onChange={(v) => change({ value: Number(v) })}
        />
        <Field
          label="Chart"
          value={drawn}
          options={chartChoices
            .filter((c) => drawings.includes(c.id))
            .map((c) => [c.id, c.title] as const)}
          onChange={setDrawn}
        />
      </div>
      {pivot.notes.length > 0 && (
        <Text size={200} role="note">
          {pivot.notes.join(" ")}
        </Text>
      )}
      <div className={styles.chart}>{kind && <ChartView table={flat} choice={kind} />}</div>
      <SmallTable
        label="Pivot table"
        columns={[rowsName, ...pivot.columns]}
        rows={pivot.rows.map((name, r) => [name, ...(pivot.cells[r] ?? []).map(number)])}
        most={pivot.rows.length}
      />
    </div>
  );
}
