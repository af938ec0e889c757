/** A few rows as a plain table, the first of many with a word about the rest. */
import { Text, makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  scroller: { overflow: "auto", maxHeight: "20rem" },
  table: {
    borderCollapse: "collapse",
    width: "100%",
    fontSize: tokens.fontSizeBase200,
    "& th, & td": {
      textAlign: "left",
      verticalAlign: "top",
      padding: "4px 8px",
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
      overflowWrap: "anywhere",
    },
    "& th": { overflowWrap: "break-word" },
  },
});

function cellOf(value: unknown): ReactNode {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

interface Props {
  label: string;
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
  most?: number;
}

export function SmallTable({ label, columns, rows, most = 20 }: Props) {
  const styles = useStyles();
  return (
    <div className={styles.scroller} role="region" aria-label={label} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((c, i) => (
              <th key={i} scope="col">
                {c}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, most).map((row, i) => (
            <tr key={i}>
              {row.map((value, k) => (
                <td key={k}>{cellOf(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > most && <Text size={200}>{rows.length - most} more rows</Text>}
    </div>
  );
}
