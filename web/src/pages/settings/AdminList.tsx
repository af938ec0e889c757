/** A list of the settings, with what can be done to it above: the deed that makes a new one comes first. */
import { Button, Toolbar } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { EmptyState, ErrorNotice } from "../../parts/notices";

interface Props<T> {
  /** Chosen columns are remembered under it. */
  id: string;
  /** "Users". */
  label: string;
  list: {
    data: readonly T[] | undefined;
    error: Error | null;
    isPending: boolean;
    refetch: () => unknown;
  };
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  onActive: (row: T) => void;
  /** What makes a new one, for those who may; without it there is no toolbar. */
  make: { title: string; onClick: () => void } | undefined;
  /** What can be done to the chosen one. */
  deeds?: ReactNode;
  /** Said when there are none: what, and what to do. */
  empty: { title: string; text: string };
  height?: string;
}

export function AdminList<T>(props: Props<T>) {
  const { id, label, list, make, empty, height } = props;
  if (list.error !== null)
    return (
      <ErrorNotice
        title={`${label}: the list can't be shown`}
        error={list.error}
        onRetry={() => void list.refetch()}
      />
    );
  return (
    <>
      {make && (
        <Toolbar aria-label={label} size="small" style={{ flexWrap: "wrap", gap: "4px" }}>
          <Button size="small" appearance="primary" icon={<AddRegular />} onClick={make.onClick}>
            {make.title}
          </Button>
          {props.deeds}
        </Toolbar>
      )}
      <DataGrid
        id={id}
        label={label}
        columns={props.columns}
        rows={list.data ?? []}
        rowKey={props.rowKey}
        loading={list.isPending}
        onActive={props.onActive}
        empty={<EmptyState title={empty.title}>{empty.text}</EmptyState>}
        {...(height === undefined ? {} : { height })}
      />
    </>
  );
}
