/** The first page: how the workspace is doing. */
import {
  Card,
  CardHeader,
  Select,
  Subtitle1,
  Subtitle2,
  Text,
  Title3,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";
import { useKql } from "../../api/kql";
import { useIncidents } from "../../api/useIncidents";
import { Chart } from "../../parts/Chart";
import { SeverityBadge, StatusBadge, severities } from "../../parts/badges";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText, spanText } from "../../parts/time";
import { useLiveQueries } from "../../parts/useLive";
import { useUrlState } from "../../parts/urlState";
import { useSession, workspaceTitle } from "../../session/session";
import { severityColours, stackedDays } from "./charts";
import type { QueryRow } from "./charts";
import { incidentsOverTime, ingestion, ruleHealth, times } from "./queries";

const REFRESH_MS = 60_000;

const useStyles = makeStyles({
  head: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    marginBottom: tokens.spacingVerticalM,
  },
  space: { flexGrow: 1 },
  grid: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(min(26rem, 100%), 1fr))",
    gap: tokens.spacingHorizontalM,
  },
  numbers: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(7rem, 1fr))",
    gap: tokens.spacingHorizontalM,
    marginBottom: tokens.spacingVerticalM,
  },
  number: {
    fontSize: tokens.fontSizeHero700,
    fontWeight: tokens.fontWeightSemibold,
    lineHeight: 1.2,
  },
  list: { listStyleType: "none", margin: 0, padding: 0 },
  row: {
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalS,
    paddingTop: tokens.spacingVerticalXS,
    paddingBottom: tokens.spacingVerticalXS,
    whiteSpace: "nowrap",
    // Only the title gives way where there is little room.
    "& > *": { flexShrink: 0 },
  },
  title: {
    "&&": { flexShrink: 1, flexGrow: 1 },
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
  },
});

function Tile({ title, error, children }: { title: string; error?: unknown; children: ReactNode }) {
  return (
    <Card>
      <CardHeader header={<Subtitle2 as="h2">{title}</Subtitle2>} />
      <ErrorNotice error={error} />
      {children}
    </Card>
  );
}

function Figure({ name, children, to }: { name: string; children: ReactNode; to?: string }) {
  const styles = useStyles();
  return (
    <Card size="small">
      <Text>{to === undefined ? name : <Link to={to}>{name}</Link>}</Text>
      <span className={styles.number}>{children}</span>
    </Card>
  );
}

function minutes(value: unknown): string {
  return typeof value === "number" && Number.isFinite(value) ? spanText(value * 60_000) : "–";
}

function Numbers({ days }: { days: number }) {
  const styles = useStyles();
  const api = useIncidents();
  const { workspace } = useSession();
  const open = useQuery({
    queryKey: ["incidents", workspace?.id, "counts", "open"],
    queryFn: ({ signal }) => api.counts("properties/status in ('New', 'Active')", signal),
    refetchInterval: REFRESH_MS,
  });
  const mean = useKql<QueryRow>(times(days), undefined, true, REFRESH_MS);
  const found = mean.data?.[0];
  return (
    <>
      <ErrorNotice error={open.error ?? mean.error} />
      <div className={styles.numbers}>
        <Figure name="Open incidents" to="/incidents?range=all">
          {open.data?.total.toLocaleString() ?? "–"}
        </Figure>
        {severities.slice(0, 2).map((severity) => (
          <Figure
            key={severity}
            name={`Open, ${severity.toLowerCase()}`}
            to={`/incidents?range=all&severity=${severity}`}
          >
            {open.data?.severity[severity]?.toLocaleString() ?? "–"}
          </Figure>
        ))}
        <Figure name="New" to="/incidents?range=all&status=New">
          {open.data?.status["New"]?.toLocaleString() ?? "–"}
        </Figure>
        <Figure name="Mean time to acknowledge">{minutes(found?.["Acknowledged"])}</Figure>
        <Figure name="Mean time to resolve">{minutes(found?.["Resolved"])}</Figure>
      </div>
    </>
  );
}

function IncidentsOverTime({ days }: { days: number }) {
  const rows = useKql<QueryRow>(incidentsOverTime(days), undefined, true, REFRESH_MS);
  const option = useMemo(
    () => stackedDays(rows.data ?? [], "Severity", "Incidents", "", severityColours),
    [rows.data],
  );
  return (
    <Tile title="Incidents over time" error={rows.error}>
      {rows.data?.length === 0 ? (
        <EmptyState title="No incidents">Analytics rules make them; are rules enabled?</EmptyState>
      ) : (
        <Chart label={`Incidents of the last ${String(days)} days by severity`} option={option} />
      )}
    </Tile>
  );
}

function Ingestion({ days }: { days: number }) {
  const rows = useKql<QueryRow>(ingestion(days), undefined, true, REFRESH_MS);
  const option = useMemo(
    () => stackedDays(rows.data ?? [], "Table", "Megabytes", "MB"),
    [rows.data],
  );
  return (
    <Tile title="Ingestion by table" error={rows.error}>
      {rows.data?.length === 0 ? (
        <EmptyState title="Nothing has come in yet">
          Send logs by the Logs Ingestion API, syslog, files or Kafka. Usage is told each hour.
        </EmptyState>
      ) : (
        <Chart label={`Megabytes of the last ${String(days)} days by table`} option={option} />
      )}
    </Tile>
  );
}

function RuleHealth({ days }: { days: number }) {
  const styles = useStyles();
  const rows = useKql<QueryRow>(ruleHealth(days), undefined, true, REFRESH_MS);
  const bad = (rows.data ?? []).filter((row) => row["Status"] !== "Success");
  const all = rows.data?.length ?? 0;
  return (
    <Tile title="Health of analytics rules" error={rows.error}>
      <Text>
        {all - bad.length} of {all} rules ran well the last time.
      </Text>
      <ul className={styles.list}>
        {bad.slice(0, 8).map((row) => (
          <li key={String(row["Id"])} className={styles.row}>
            <span className={styles.title} title={String(row["Description"])}>
              <Link to={`/rules/${String(row["Id"]).split("/").at(-1) ?? ""}`}>
                {String(row["Rule"])}
              </Link>
            </span>
            <Text>{String(row["Status"])}</Text>
          </li>
        ))}
      </ul>
    </Tile>
  );
}

function Newest() {
  const styles = useStyles();
  const api = useIncidents();
  const { workspace } = useSession();
  const newest = useQuery({
    queryKey: ["incidents", workspace?.id, "newest"],
    queryFn: ({ signal }) =>
      api.list({ filter: "", orderby: "properties/createdTimeUtc desc", top: 8, skip: 0 }, signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Tile title="Newest incidents" error={newest.error}>
      {newest.data?.value.length === 0 && <EmptyState title="There are none" />}
      <ul className={styles.list}>
        {(newest.data?.value ?? []).map(({ name, properties: p }) => (
          <li key={name} className={styles.row}>
            <SeverityBadge severity={p.severity} />
            <span className={styles.title}>
              <Link to={`/incidents/${String(p.incidentNumber)}`}>{p.title}</Link>
            </span>
            <StatusBadge status={p.status} />
            <TimeText value={p.createdTimeUtc} seconds={false} />
          </li>
        ))}
      </ul>
    </Tile>
  );
}

export default function Overview() {
  const styles = useStyles();
  const url = useUrlState();
  const { workspace, may } = useSession();
  const days = Number(url.one("days")) || 30;
  useLiveQueries(["incidents"], ["incidents", workspace?.id]);
  if (workspace === undefined)
    return (
      <>
        <Title3 as="h1">Overview</Title3>
        <EmptyState title="There is no workspace for you">
          Ask an administrator to give you a role, such as Microsoft Sentinel Reader.
        </EmptyState>
      </>
    );
  return (
    <>
      <div className={styles.head}>
        <Title3 as="h1">Overview</Title3>
        <Subtitle1>{workspaceTitle(workspace)}</Subtitle1>
        <span className={styles.space} />
        <Select
          size="small"
          aria-label="Time range"
          value={String(days)}
          onChange={(_, data) => url.change({ days: data.value })}
        >
          {[1, 7, 30, 90].map((n) => (
            <option key={n} value={n}>
              Last {n === 1 ? "day" : `${String(n)} days`}
            </option>
          ))}
        </Select>
      </div>
      <Numbers days={days} />
      <div className={styles.grid}>
        <IncidentsOverTime days={days} />
        <Newest />
        {may("query/read") && <Ingestion days={days} />}
        {may("query/read") && <RuleHealth days={days} />}
      </div>
    </>
  );
}
