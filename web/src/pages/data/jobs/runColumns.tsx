/** Columns that lists of runs share: how a run ended, and how many rows it made. */
import { Badge } from "@fluentui/react-components";
import type { Column } from "../../../parts/DataGrid";
import { runColours } from "./model";

export function statusColumn<T>(status: (run: T) => string): Column<T> {
  return {
    id: "status",
    title: "Status",
    width: 120,
    value: status,
    cell: (run) => (
      <Badge appearance="tint" color={runColours[status(run)] ?? "informative"}>
        {status(run)}
      </Badge>
    ),
  };
}

export function rowsColumn<T>(rows: (run: T) => number): Column<T> {
  return {
    id: "rows",
    title: "Rows",
    width: 110,
    sortable: true,
    value: rows,
    cell: (run) => rows(run).toLocaleString("en"),
  };
}
