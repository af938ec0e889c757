/** Looking for entities: the things that alerts and bookmarks name. */
import { SearchBox, Select, Text, makeStyles, tokens } from "@fluentui/react-components";
import { useDeferredValue, useMemo } from "react";
import { useNavigate } from "react-router-dom";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { Page } from "../../parts/Page";
import { TextLink } from "../../parts/TextLink";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";
import { kindTitle, kinds, useEntitySearch } from "./queries";
import type { FoundEntity } from "./queries";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, alignItems: "center" },
  grid: { flexGrow: 1, minHeight: 0 },
});

function pathOf(entity: FoundEntity): string {
  return `/entities/${encodeURIComponent(entity.kind)}/${encodeURIComponent(entity.id)}`;
}

const columns: Column<FoundEntity>[] = [
  {
    id: "name",
    title: "Name",
    width: 360,
    fixed: true,
    value: (e) => e.name,
    cell: (e) => <TextLink to={pathOf(e)}>{e.name === "" ? e.id : e.name}</TextLink>,
  },
  { id: "kind", title: "Type", width: 150, value: (e) => e.kind, cell: (e) => kindTitle(e.kind) },
  { id: "alerts", title: "Alerts", width: 90, value: (e) => e.alerts, cell: (e) => e.alerts },
  {
    id: "firstSeen",
    title: "First seen",
    width: 210,
    cell: (e) => <TimeText value={e.firstSeen} seconds={false} />,
  },
  {
    id: "lastSeen",
    title: "Last seen",
    width: 210,
    cell: (e) => <TimeText value={e.lastSeen} seconds={false} />,
  },
];

function Filters({ count }: { count: number | undefined }) {
  const styles = useStyles();
  const url = useUrlState();
  return (
    <div className={styles.bar} role="search" aria-label="Search of entities">
      <SearchBox
        aria-label="Search entities"
        placeholder="Name, address, hash, URL …"
        value={url.one("search")}
        onChange={(_, d) => url.change({ search: d.value })}
      />
      <Select
        aria-label="Type"
        value={url.one("kind")}
        onChange={(_, d) => url.change({ kind: d.value })}
      >
        <option value="">All types</option>
        {kinds.map((k) => (
          <option key={k.kind} value={k.kind}>
            {k.title}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Order"
        value={url.one("order")}
        onChange={(_, d) => url.change({ order: d.value })}
      >
        <option value="">Last seen first</option>
        <option value="alerts">Most alerts first</option>
      </Select>
      <Text size={200} aria-live="polite">
        {count === undefined ? "" : `${String(count)} entities`}
      </Text>
    </div>
  );
}

export default function Entities() {
  const styles = useStyles();
  const url = useUrlState();
  const go = useNavigate();
  const text = useDeferredValue(url.one("search").trim());
  const found = useEntitySearch(text, url.one("kind"), url.one("order"));
  const rows = useMemo(() => (found.data?.pages ?? []).flatMap((p) => p.value), [found.data]);
  const count = found.data?.pages[0]?.count;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  return (
    <Page title="Entities" full>
      <Filters count={count} />
      {found.error !== null ? (
        <ErrorNotice
          title="The entities can't be shown"
          error={found.error}
          onRetry={() => void found.refetch()}
        />
      ) : (
        <div className={styles.grid}>
          <DataGrid
            id="entities"
            label="Entities"
            columns={columns}
            rows={rows}
            rowKey={(e) => e.id}
            total={count ?? 0}
            loading={found.isPending || isFetchingNextPage}
            onNeedMore={() => {
              if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
            }}
            onOpen={(e) => void go(pathOf(e))}
            empty={
              <EmptyState title="No entity fits">
                Entities come from alerts and bookmarks that name them, by the entity mapping of a
                rule.
              </EmptyState>
            }
          />
        </div>
      )}
    </Page>
  );
}
