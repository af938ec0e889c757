/** Watchlists: lists of the workspace's own that queries join with. */
import { Button, Toolbar } from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { useKql } from "../../api/kql";
import { Confirm } from "../../parts/Confirm";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { Page } from "../../parts/Page";
import { TextLink } from "../../parts/TextLink";
import { useNotify } from "../../parts/Toasts";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { WatchlistDialog } from "./WatchlistDialog";
import { useDataChange, useWatchlists } from "./queries";
import { useApi } from "../../session/useApi";
import type { Schemas } from "../../api/typed";

export type Watchlist = Schemas["Watchlist"];

const base: Column<Watchlist>[] = [
  {
    id: "name",
    title: "Name",
    width: 240,
    fixed: true,
    sortable: true,
    value: (w) => w.properties.displayName,
    cell: (w) => (
      <TextLink to={`/watchlists/${encodeURIComponent(w.name)}`}>
        {w.properties.displayName}
      </TextLink>
    ),
  },
  {
    id: "alias",
    title: "Alias",
    width: 180,
    sortable: true,
    value: (w) => w.name,
    cell: (w) => w.name,
  },
  { id: "key", title: "Search key", width: 150, cell: (w) => w.properties.itemsSearchKey },
  { id: "source", title: "Source", width: 150, cell: (w) => w.properties.source ?? "" },
  {
    id: "created",
    title: "Created",
    width: 200,
    sortable: true,
    value: (w) => w.properties.created,
    cell: (w) => <TimeText value={w.properties.created} seconds={false} />,
  },
  {
    id: "by",
    title: "Created by",
    width: 150,
    optional: true,
    cell: (w) => w.properties.createdBy?.name ?? "",
  },
  {
    id: "updated",
    title: "Last updated",
    width: 200,
    sortable: true,
    value: (w) => w.properties.updated,
    cell: (w) => <TimeText value={w.properties.updated} seconds={false} />,
  },
  { id: "state", title: "State", width: 110, cell: (w) => w.properties.uploadStatus },
];

/** How many items each list has, by alias: the server counts them. */
function useCounts(aliases: readonly string[]): Map<string, number> {
  const quoted = aliases.map(
    (a) =>
      `(_GetWatchlist('${a.replaceAll("'", "\\'")}') | summarize Items = count() | extend Alias = '${a.replaceAll("'", "\\'")}')`,
  );
  const { data } = useKql<{ Alias: string; Items: number }>(
    `union ${quoted.join(", ")} | project Alias, Items`,
    undefined,
    aliases.length > 0 && aliases.length <= 50,
  );
  return new Map((data ?? []).map((row) => [row.Alias, row.Items]));
}

export default function Watchlists() {
  const { may } = useSession();
  const api = useApi();
  const go = useNavigate();
  const notify = useNotify();
  const { data, error, isPending, refetch } = useWatchlists();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const counts = useCounts((data ?? []).map((w) => w.name));
  const columns: Column<Watchlist>[] = [
    ...base,
    {
      id: "items",
      title: "Items",
      width: 90,
      value: (w) => counts.get(w.name),
      cell: (w) => counts.get(w.name)?.toLocaleString("en") ?? "",
    },
  ];
  const remove = useDataChange(async (aliases: readonly string[]) => {
    for (const alias of aliases)
      await api.sentinel.call("DELETE", "/watchlists/{alias}", { path: { alias } });
  });
  const writes = may("watchlists/write");
  return (
    <Page
      title="Watchlists"
      full
      actions={
        writes && (
          <Toolbar aria-label="Watchlists" size="small">
            <Button appearance="primary" icon={<AddRegular />} onClick={() => setAdding(true)}>
              New
            </Button>
            <Button
              appearance="subtle"
              icon={<DeleteRegular />}
              disabled={selected.size === 0}
              onClick={() => setDeleting(true)}
            >
              Delete
            </Button>
          </Toolbar>
        )
      }
    >
      {error !== null ? (
        <ErrorNotice
          title="The watchlists can't be shown"
          error={error}
          onRetry={() => void refetch()}
        />
      ) : (
        <div style={{ flexGrow: 1, minHeight: 0 }}>
          <DataGrid
            id="watchlists"
            label="Watchlists"
            columns={columns}
            rows={data ?? []}
            rowKey={(w) => w.name}
            loading={isPending}
            {...(writes ? { selected, onSelect: setSelected } : {})}
            onOpen={(w) => void go(`/watchlists/${encodeURIComponent(w.name)}`)}
            empty={
              <EmptyState title="There are no watchlists">
                Make one of a CSV file: VIP users, addresses of the company, terminated employees …
                Queries read it with _GetWatchlist(&apos;alias&apos;).
              </EmptyState>
            }
          />
        </div>
      )}
      {adding && <WatchlistDialog onClose={() => setAdding(false)} />}
      {deleting && (
        <Confirm
          title={`Delete ${String(selected.size)} watchlists with their items?`}
          action="Delete"
          onConfirm={async () => {
            await remove.mutateAsync([...selected]);
            setSelected(new Set());
            notify.done("The watchlists are deleted");
          }}
          onClose={() => setDeleting(false)}
        >
          Rules and functions that read them see an empty list from then on.
        </Confirm>
      )}
    </Page>
  );
}
