/** The incident queue. */
import { Button, Text, Title3, makeStyles, tokens } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router-dom";
import { DataGrid, sortText } from "../../parts/DataGrid";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { severities } from "../../parts/badges";
import { useUrlState } from "../../parts/urlState";
import { QueueFilters } from "./QueueFilters";
import { QueueToolbar } from "./QueueToolbar";
import { gridOf, labelsOf, pathOf, queueColumns } from "./queueColumns";
import { keyOf } from "./streams";
import { useQueue } from "./useQueue";
import type { Queue } from "./useQueue";

const useStyles = makeStyles({
  page: {
    height: "100%",
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
  },
  list: { flexGrow: 1, minHeight: "16rem" },
  counts: { display: "flex", gap: tokens.spacingHorizontalL, flexWrap: "wrap" },
});

/** Counts come after the rows. They have their place from the beginning: what is below would move away under the mouse. */
function Summary({ queue }: { queue: Queue }) {
  const styles = useStyles();
  const { counts } = queue;
  const number = (n: number | undefined) => (counts ? (n ?? 0).toLocaleString() : "…");
  return (
    <div className={styles.counts} aria-live="polite" aria-busy={counts === undefined}>
      <Text weight="semibold">{number(counts?.total)} incidents</Text>
      {severities.map((s) => (
        <Text key={s}>
          {s}: {number(counts?.severity[s])}
        </Text>
      ))}
      <Text>New: {number(counts?.status["New"])}</Text>
      <Text>In progress: {number(counts?.status["Active"])}</Text>
    </div>
  );
}

function Nothing() {
  const url = useUrlState();
  return (
    <EmptyState
      title="No incidents match"
      action={
        <Button onClick={() => url.change({ status: "any", range: "all", q: undefined })}>
          Show all statuses and times
        </Button>
      }
    >
      Incidents come from analytics rules that find something. The filters above may leave out what
      you look for.
    </EmptyState>
  );
}

export default function Incidents() {
  const styles = useStyles();
  const queue = useQueue();
  const url = useUrlState();
  const go = useNavigate();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { rows, several } = queue;
  const writes = queue.homes.some((home) => home.rights.includes("incidents/write"));
  const chosen = useMemo(() => rows.filter((i) => selected.has(keyOf(i))), [rows, selected]);
  const tags = useMemo(() => [...new Set(rows.flatMap(labelsOf))], [rows]);
  const products = useMemo(
    () => [...new Set(rows.flatMap((i) => i.properties.additionalData.alertProductNames))],
    [rows],
  );
  const done = () => {
    setSelected(new Set());
    queue.refresh();
  };
  return (
    <div className={styles.page}>
      <Title3 as="h1">Incidents</Title3>
      <Summary queue={queue} />
      <QueueFilters tags={tags} products={products} />
      <QueueToolbar queue={queue} chosen={chosen} onDone={done} />
      <ErrorNotice
        error={queue.error}
        title="The incidents could not be loaded"
        onRetry={queue.refresh}
      />
      {queue.failed.map(({ home, error }) => (
        <ErrorNotice
          key={home.id}
          error={error}
          title={`The incidents of ${home.title} are missing here`}
          onRetry={() => queue.retry(home)}
        />
      ))}
      <div className={styles.list}>
        <DataGrid
          key={gridOf(several)}
          id={gridOf(several)}
          label="Incidents"
          columns={queueColumns(several)}
          rows={rows}
          rowKey={keyOf}
          {...(queue.counts ? { total: queue.counts.total } : {})}
          onNeedMore={queue.more}
          loading={queue.loading}
          sort={queue.sort}
          onSort={(sort) => url.change({ sort: sortText(sort) })}
          {...(writes ? { selected, onSelect: setSelected } : {})}
          onOpen={(incident) => void go(pathOf(incident, several))}
          empty={<Nothing />}
        />
      </div>
    </div>
  );
}
