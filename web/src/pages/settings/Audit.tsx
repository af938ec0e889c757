/** Who changed what: SentinelAudit, filtered and read by a query. */
import { Badge, makeStyles, tokens } from "@fluentui/react-components";
import { useDeferredValue, useMemo, useState } from "react";
import { kqlText, useKql } from "../../api/kql";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { FilterBar, UrlFilter } from "../../parts/FilterBar";
import { JsonTree } from "../../parts/JsonTree";
import { TimeRange } from "../../parts/TimeRange";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText, useRange } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";

const MOST = 2000;

const useStyles = makeStyles({
  both: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalM,
    flexGrow: 1,
    minHeight: 0,
  },
  grid: { flex: "1 1 28rem", minWidth: 0, height: "100%", minHeight: "16rem" },
  pane: {
    flex: "0 1 22rem",
    minWidth: "16rem",
    maxHeight: "100%",
    overflowY: "auto",
    padding: tokens.spacingHorizontalM,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
});

interface Row {
  TimeGenerated: string;
  OperationName: string;
  Status: string;
  Who: string;
  Address: string;
  SentinelResourceType: string;
  SentinelResourceName: string;
  Description: string;
  ExtendedProperties: unknown;
}

const columns: Column<Row>[] = [
  {
    id: "time",
    title: "Time",
    width: 210,
    fixed: true,
    sortable: true,
    value: (r) => r.TimeGenerated,
    cell: (r) => <TimeText value={r.TimeGenerated} />,
  },
  { id: "who", title: "Who", width: 160, sortable: true, value: (r) => r.Who, cell: (r) => r.Who },
  {
    id: "operation",
    title: "Operation",
    width: 260,
    sortable: true,
    value: (r) => r.OperationName,
    cell: (r) => r.OperationName,
  },
  {
    id: "status",
    title: "Status",
    width: 100,
    value: (r) => r.Status,
    cell: (r) => (
      <Badge appearance="tint" color={r.Status === "Success" ? "success" : "danger"}>
        {r.Status}
      </Badge>
    ),
  },
  {
    id: "type",
    title: "Kind",
    width: 150,
    sortable: true,
    value: (r) => r.SentinelResourceType,
    cell: (r) => r.SentinelResourceType,
  },
  {
    id: "name",
    title: "Resource",
    width: 220,
    sortable: true,
    value: (r) => r.SentinelResourceName,
    cell: (r) => r.SentinelResourceName,
  },
  {
    id: "description",
    title: "Description",
    width: 360,
    value: (r) => r.Description,
    cell: (r) => r.Description,
  },
  {
    id: "address",
    title: "Address",
    width: 130,
    optional: true,
    value: (r) => r.Address,
    cell: (r) => r.Address,
  },
];

function queryOf(search: string, types: readonly string[], statuses: readonly string[]): string {
  const wheres = [
    types.length > 0 ? `| where SentinelResourceType in (${types.map(kqlText).join(", ")})` : "",
    statuses.length > 0 ? `| where Status in (${statuses.map(kqlText).join(", ")})` : "",
    search === ""
      ? ""
      : `| where OperationName contains ${kqlText(search)} or SentinelResourceName contains ${kqlText(search)}` +
        ` or Description contains ${kqlText(search)} or tostring(ExtendedProperties) contains ${kqlText(search)}`,
  ];
  return (
    "SentinelAudit" +
    wheres.join(" ") +
    "| extend P = todynamic(ExtendedProperties)" +
    "| project TimeGenerated, OperationName, Status, Who = coalesce(tostring(P.CallerName), tostring(P.CallerObjectId))," +
    " Address = tostring(P.CallerIpAddress), SentinelResourceType, SentinelResourceName, Description, ExtendedProperties" +
    `| top ${String(MOST)} by TimeGenerated`
  );
}

export function Audit() {
  const styles = useStyles();
  const url = useUrlState();
  const span = url.one("time") || "7d";
  const range = useRange(span);
  const timespan = useMemo(
    () => range && `${new Date(range.from).toISOString()}/${new Date(range.to).toISOString()}`,
    [range],
  );
  const search = useDeferredValue(url.one("search").trim());
  const types = url.many("type");
  const statuses = url.many("status");
  const kinds = useKql<{ SentinelResourceType: string }>(
    "SentinelAudit | distinct SentinelResourceType | sort by SentinelResourceType asc",
    timespan,
  );
  const { data, error, isLoading, refetch } = useKql<Row>(
    queryOf(search, types, statuses),
    timespan,
  );
  const [open, setOpen] = useState<Row | undefined>(undefined);
  return (
    <>
      <FilterBar
        label="Filters of the audit log"
        search={{ name: "search", label: "Search the audit log", placeholder: "Who, what, which" }}
        names={["time", "type", "status"]}
      >
        <TimeRange value={span} onChange={(time) => url.change({ time })} />
        <UrlFilter
          name="type"
          label="Kind"
          options={(kinds.data ?? []).map((k) => k.SentinelResourceType)}
        />
        <UrlFilter name="status" label="Status" options={["Success", "Failure"]} />
      </FilterBar>
      {error !== null ? (
        <ErrorNotice
          title="The audit log can't be shown"
          error={error}
          onRetry={() => void refetch()}
        />
      ) : (
        <div className={styles.both}>
          <div className={styles.grid}>
            <DataGrid
              id="audit"
              label="Audit log"
              columns={columns}
              rows={data ?? []}
              rowKey={(r) =>
                `${r.TimeGenerated} ${r.OperationName} ${r.SentinelResourceName} ${r.Description}`
              }
              loading={isLoading}
              onActive={setOpen}
              empty={
                <EmptyState title="Nothing was changed in this time">
                  Choose a longer one.
                </EmptyState>
              }
            />
          </div>
          {open && (
            <section className={styles.pane} aria-label="Record" tabIndex={0}>
              <JsonTree value={open} label="Record" />
            </section>
          )}
        </div>
      )}
    </>
  );
}
