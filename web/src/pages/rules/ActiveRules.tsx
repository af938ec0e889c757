/** The workspace's rules: what each is, how it does, and what can be done with several at once. */
import { Text, makeStyles, tokens } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router-dom";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { UrlFilter } from "../../parts/FilterBar";
import { TextLink } from "../../parts/TextLink";
import { SeverityBadge } from "../../parts/badges";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";
import { RuleFilters } from "./RuleFilters";
import { RuleToolbar } from "./RuleToolbar";
import { StateBadge } from "./StateBadge";
import { TacticList } from "./TacticList";
import { passes } from "./filters";
import { kindTitles, stateTitles } from "./model";
import type { RuleState } from "./model";
import { useRules } from "./queries";

const useStyles = makeStyles({
  list: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    flexGrow: 1,
    minHeight: "20rem",
  },
  grid: { flexGrow: 1, minHeight: 0 },
});

const severityOrder = ["Informational", "Low", "Medium", "High"];
export const columns: Column<RuleState>[] = [
  {
    id: "severity",
    title: "Severity",
    width: 130,
    sortable: true,
    value: (r) => severityOrder.indexOf(r.severity ?? ""),
    cell: (r) => (r.severity === undefined ? null : <SeverityBadge severity={r.severity} />),
  },
  {
    id: "name",
    title: "Name",
    width: 320,
    sortable: true,
    fixed: true,
    value: (r) => r.name,
    cell: (r) => <TextLink to={`/rules/${encodeURIComponent(r.id)}`}>{r.name}</TextLink>,
  },
  {
    id: "kind",
    title: "Rule type",
    width: 110,
    sortable: true,
    value: (r) => kindTitles[r.kind] ?? r.kind,
    cell: (r) => kindTitles[r.kind] ?? r.kind,
  },
  {
    id: "status",
    title: "Status",
    width: 130,
    sortable: true,
    value: (r) => r.status,
    cell: (r) => <StateBadge rule={r} />,
  },
  {
    id: "tactics",
    title: "Tactics",
    width: 190,
    cell: (r) => <TacticList names={r.tactics} />,
    value: (r) => r.tactics.join(", "),
  },
  {
    id: "techniques",
    title: "Techniques",
    width: 120,
    cell: (r) => r.techniques.join(", "),
    value: (r) => r.techniques.join(", "),
  },
  {
    id: "subTechniques",
    title: "Sub-techniques",
    optional: true,
    cell: (r) => r.subTechniques.join(", "),
    value: (r) => r.subTechniques.join(", "),
  },
  {
    id: "source",
    title: "Source name",
    width: 140,
    sortable: true,
    value: (r) => r.source,
    cell: (r) => r.source,
  },
  {
    id: "lastRun",
    title: "Last run",
    width: 200,
    sortable: true,
    value: (r) => r.lastRun,
    cell: (r) => <TimeText value={r.lastRun} seconds={false} />,
  },
  {
    id: "nextRun",
    title: "Next run",
    width: 200,
    optional: true,
    sortable: true,
    value: (r) => r.nextRun,
    cell: (r) => <TimeText value={r.nextRun} seconds={false} />,
  },
  {
    id: "lastModified",
    title: "Last modified",
    width: 200,
    sortable: true,
    value: (r) => r.lastModified,
    cell: (r) => <TimeText value={r.lastModified} seconds={false} />,
  },
  { id: "id", title: "Id", width: 280, optional: true, value: (r) => r.id, cell: (r) => r.id },
];

const states = Object.entries(stateTitles).map(([value, title]) => ({ value, title }));

export function ActiveRules() {
  const styles = useStyles();
  const url = useUrlState();
  const go = useNavigate();
  const { data, error, isPending, refetch } = useRules();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => {
    const state = url.many("state");
    const source = url.many("source");
    return (data ?? []).filter(
      (r) =>
        passes(r, url) &&
        (state.length === 0 || state.includes(r.status)) &&
        (source.length === 0 || source.includes(r.source)),
    );
  }, [data, url]);
  const chosen = (data ?? []).filter((r) => selected.has(r.id));
  const enabled = (data ?? []).filter((r) => r.enabled).length;
  if (error !== null)
    return (
      <ErrorNotice title="The rules can't be shown" error={error} onRetry={() => void refetch()} />
    );
  return (
    <div className={styles.list}>
      <RuleToolbar chosen={chosen} onDone={() => setSelected(new Set())} columns={columns} />
      <RuleFilters label="Filters of rules" names={["state", "source"]}>
        <UrlFilter name="state" label="Status" options={states} />
        <UrlFilter
          name="source"
          label="Source name"
          options={["Gallery content", "Custom content"]}
        />
        <Text size={200} aria-live="polite">
          {isPending
            ? ""
            : `${String(rows.length)} of ${String(data.length)} rules, ${String(enabled)} enabled`}
        </Text>
      </RuleFilters>
      <div className={styles.grid}>
        <DataGrid
          id="rules"
          label="Active rules"
          columns={columns}
          rows={rows}
          rowKey={(r) => r.id}
          loading={isPending}
          onSelect={setSelected}
          selected={selected}
          onOpen={(r) => void go(`/rules/${encodeURIComponent(r.id)}`)}
          empty={<NoRules all={data?.length ?? 0} />}
        />
      </div>
    </div>
  );
}

function NoRules({ all }: { all: number }) {
  if (all > 0)
    return <EmptyState title="No rule fits the filters">Take some of them away.</EmptyState>;
  return (
    <EmptyState title="There are no rules yet">
      Create one, import a file of rules, or start with a template of the gallery.
    </EmptyState>
  );
}
