/** One watchlist: its items as a grid, to be added, changed and deleted. */
import { Button, Spinner, Text, Toolbar } from "@fluentui/react-components";
import { AddRegular, ArrowDownloadRegular, DeleteRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import { useParams } from "react-router-dom";
import { Confirm } from "../../parts/Confirm";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { Page } from "../../parts/Page";
import { TextLink } from "../../parts/TextLink";
import { useNotify } from "../../parts/Toasts";
import { csvText, download } from "../../parts/download";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { ItemDialog } from "./ItemDialog";
import { useDataChange, useResources, useWatchlists } from "./queries";
import { useApi } from "../../session/useApi";
import type { Schemas } from "../../api/typed";

export type Item = Schemas["WatchlistItem"];

export function textOf(value: unknown): string {
  return typeof value === "string"
    ? value
    : value === null || value === undefined
      ? ""
      : JSON.stringify(value);
}

export default function WatchlistPage() {
  const alias = useParams()["alias"] ?? "";
  const { may } = useSession();
  const api = useApi();
  const notify = useNotify();
  const lists = useWatchlists();
  const list = lists.data?.find((w) => w.name.toLowerCase() === alias.toLowerCase());
  const { data, error, isPending, refetch } = useResources(
    `items of ${alias}`,
    (on, most, signal) =>
      on.sentinel.all("/watchlists/{alias}/watchlistItems", most, { path: { alias }, signal }),
  );
  const [edited, setEdited] = useState<Item | "new" | undefined>(undefined);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [deleting, setDeleting] = useState(false);
  const names = useMemo(
    () => [...new Set((data ?? []).flatMap((item) => Object.keys(item.properties.itemsKeyValue)))],
    [data],
  );
  const columns = useMemo<Column<Item>[]>(
    () => [
      ...names.map((name) => ({
        id: name,
        title: name,
        sortable: true,
        value: (item: Item) => textOf(item.properties.itemsKeyValue[name]),
        cell: (item: Item) => textOf(item.properties.itemsKeyValue[name]),
      })),
      {
        id: " updated",
        title: "Last updated",
        width: 210,
        sortable: true,
        value: (item) => item.properties.updated,
        cell: (item) => <TimeText value={item.properties.updated} />,
      },
    ],
    [names],
  );
  const remove = useDataChange(async (ids: readonly string[]) => {
    for (const item of ids)
      await api.sentinel.call("DELETE", "/watchlists/{alias}/watchlistItems/{item}", {
        path: { alias, item },
      });
  });
  const exported = () =>
    download(
      `${alias}.csv`,
      "text/csv",
      csvText(
        names,
        (data ?? []).map((item) => names.map((n) => textOf(item.properties.itemsKeyValue[n]))),
      ),
    );
  const writes = may("watchlists/write");
  return (
    <Page
      title={list?.properties.displayName ?? alias}
      full
      actions={
        <Toolbar aria-label="Items" size="small">
          {writes && (
            <>
              <Button appearance="primary" icon={<AddRegular />} onClick={() => setEdited("new")}>
                Add item
              </Button>
              <Button
                appearance="subtle"
                icon={<DeleteRegular />}
                disabled={selected.size === 0}
                onClick={() => setDeleting(true)}
              >
                Delete
              </Button>
            </>
          )}
          <Button appearance="subtle" icon={<ArrowDownloadRegular />} onClick={exported}>
            Export
          </Button>
        </Toolbar>
      }
    >
      <Text size={200}>
        {list && `Alias ${alias}, search key ${list.properties.itemsSearchKey}. `}
        {data &&
          `${String(data.length)} items${data.length >= 10_000 ? " (the first 10,000 are listed)" : ""}. `}
        {list?.properties.description}{" "}
        <TextLink to={`/hunting?query=${encodeURIComponent(`_GetWatchlist('${alias}')`)}`}>
          View in hunting
        </TextLink>
      </Text>
      {isPending && <Spinner label="Loading" />}
      <ErrorNotice title="The items can't be shown" error={error} onRetry={() => void refetch()} />
      {data !== undefined && (
        <div style={{ flexGrow: 1, minHeight: 0 }}>
          <DataGrid
            id={`watchlist.${alias}`}
            label="Items"
            columns={columns}
            rows={data}
            rowKey={(item) => item.name}
            {...(writes ? { selected, onSelect: setSelected, onOpen: setEdited } : {})}
            empty={<EmptyState title="The list is empty">Add an item.</EmptyState>}
          />
        </div>
      )}
      {edited !== undefined && (
        <ItemDialog
          alias={alias}
          item={edited === "new" ? undefined : edited}
          names={names.length > 0 ? names : list ? [list.properties.itemsSearchKey] : []}
          onClose={() => setEdited(undefined)}
        />
      )}
      {deleting && (
        <Confirm
          title={`Delete ${String(selected.size)} items?`}
          action="Delete"
          onConfirm={async () => {
            await remove.mutateAsync([...selected]);
            setSelected(new Set());
            notify.done("The items are deleted");
          }}
          onClose={() => setDeleting(false)}
        >
          Queries do not see them from then on.
        </Confirm>
      )}
    </Page>
  );
}
