/** One row beside the results: each value in full, what is dynamic opened. */
import { Button, Subtitle2, makeStyles, tokens } from "@fluentui/react-components";
import { Dismiss24Regular, Filter16Regular, FilterDismiss16Regular } from "@fluentui/react-icons";
import { useEffect, useRef } from "react";
import { JsonTree } from "../../parts/JsonTree";
import { TimeText } from "../../parts/time";
import { condition } from "./kql";
import type { Cell, ResultColumn, ResultTable } from "./results";

const useStyles = makeStyles({
  pane: {
    width: "24rem",
    maxWidth: "60%",
    flexShrink: 0,
    overflowY: "auto",
    padding: tokens.spacingHorizontalM,
    borderLeft: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  head: { display: "flex", alignItems: "center", justifyContent: "space-between" },
  list: { margin: 0 },
  item: {
    padding: `${tokens.spacingVerticalXS} 0`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
  },
  name: {
    display: "flex",
    alignItems: "center",
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
  grow: { flexGrow: 1 },
  value: { margin: 0, whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
});

function Value({ column, value }: { column: ResultColumn; value: Cell }) {
  if (value === null || value === "") return <>–</>;
  if (column.type === "datetime") return <TimeText value={String(value)} />;
  if (column.type === "dynamic" || (column.type === "string" && /^\s*[[{]/.test(String(value))))
    return <JsonTree value={value} label={column.name} />;
  return <>{String(value)}</>;
}

interface Props {
  table: ResultTable;
  row: number;
  onFilter: (filter: string) => void;
  onClose: () => void;
}

export function RowDetails({ table, row, onFilter, onClose }: Props) {
  const styles = useStyles();
  const pane = useRef<HTMLElement>(null);
  useEffect(() => pane.current?.focus(), [row]);
  return (
    <aside
      ref={pane}
      tabIndex={-1}
      className={styles.pane}
      aria-label="Row details"
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <div className={styles.head}>
        <Subtitle2 as="h2">Inspect record</Subtitle2>
        <Button
          appearance="subtle"
          icon={<Dismiss24Regular />}
          aria-label="Close row details"
          onClick={onClose}
        />
      </div>
      <dl className={styles.list}>
        {table.columns.map((column, i) => {
          const value = table.at(row, i);
          return (
            <div key={column.name} className={styles.item}>
              <dt className={styles.name}>
                <span className={styles.grow}>{column.name}</span>
                <Button
                  size="small"
                  appearance="transparent"
                  icon={<Filter16Regular />}
                  aria-label={`Only rows with this ${column.name}`}
                  onClick={() => onFilter(condition(column.name, column.type, value))}
                />
                <Button
                  size="small"
                  appearance="transparent"
                  icon={<FilterDismiss16Regular />}
                  aria-label={`No rows with this ${column.name}`}
                  onClick={() => onFilter(condition(column.name, column.type, value, true))}
                />
              </dt>
              <dd className={styles.value}>
                <Value column={column} value={value} />
              </dd>
            </div>
          );
        })}
      </dl>
    </aside>
  );
}
