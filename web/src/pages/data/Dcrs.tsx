/** Data collection rules: what is taken, how it is transformed, and into which tables it goes. */
import { Button, Toolbar } from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { Confirm } from "../../parts/Confirm";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { Page } from "../../parts/Page";
import { TextLink } from "../../parts/TextLink";
import { useNotify } from "../../parts/Toasts";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { useSession } from "../../session/session";
import { useDataChange, useDcrs } from "./queries";
import type { Dcr } from "./queries";
import { useApi } from "../../session/useApi";

export const DCR = "/providers/Microsoft.Insights/dataCollectionRules/{name}";

function pathOf(rule: Dcr): string {
  return `/data-collection-rules/${encodeURIComponent(rule.name)}`;
}

const flows = (rule: Dcr) => rule.properties.dataFlows ?? [];
const columns: Column<Dcr>[] = [
  {
    id: "name",
    title: "Name",
    width: 240,
    fixed: true,
    sortable: true,
    value: (r) => r.name,
    cell: (r) => <TextLink to={pathOf(r)}>{r.name}</TextLink>,
  },
  {
    id: "kind",
    title: "Kind",
    width: 170,
    sortable: true,
    value: (r) => r.kind,
    cell: (r) => r.kind ?? "–",
  },
  {
    id: "streams",
    title: "Streams",
    width: 260,
    cell: (r) => [...new Set(flows(r).flatMap((f) => f.streams))].join(", "),
  },
  {
    id: "tables",
    title: "Output",
    width: 220,
    cell: (r) => [...new Set(flows(r).map((f) => f.outputStream ?? "as the stream"))].join(", "),
  },
  {
    id: "transforms",
    title: "Transformed",
    width: 120,
    cell: (r) =>
      flows(r).some((f) => !["", "source"].includes(f.transformKql ?? "")) ? "Yes" : "No",
  },
  {
    id: "immutable",
    title: "Immutable id",
    width: 300,
    cell: (r) => r.properties.immutableId ?? "",
    value: (r) => r.properties.immutableId,
  },
  { id: "location", title: "Location", width: 120, optional: true, cell: (r) => r.location },
];

export default function Dcrs() {
  const go = useNavigate();
  const { may } = useSession();
  const api = useApi();
  const notify = useNotify();
  const { data, error, isPending, refetch } = useDcrs();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [deleting, setDeleting] = useState(false);
  const remove = useDataChange(async (names: readonly string[]) => {
    for (const name of names) await api.group.call("DELETE", DCR, { path: { name } });
  });
  const writes = may("tables/write");
  return (
    <Page
      title="Data collection rules"
      full
      actions={
        writes && (
          <Toolbar aria-label="Data collection rules" size="small">
            <Button
              appearance="primary"
              icon={<AddRegular />}
              onClick={() => void go("/data-collection-rules/new")}
            >
              Create
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
          title="The rules can't be shown"
          error={error}
          onRetry={() => void refetch()}
        />
      ) : (
        <div style={{ flexGrow: 1, minHeight: 0 }}>
          <DataGrid
            id="dcrs"
            label="Data collection rules"
            columns={columns}
            rows={data ?? []}
            rowKey={(r) => r.name}
            loading={isPending}
            {...(writes ? { selected, onSelect: setSelected } : {})}
            onOpen={(r) => void go(pathOf(r))}
            empty={
              <EmptyState title="There are no data collection rules beside the built-in one">
                The built-in rule takes the streams of all tables that ship. Make a rule to
                transform records, or to send into tables of your own.
              </EmptyState>
            }
          />
        </div>
      )}
      {deleting && (
        <Confirm
          title={`Delete ${String(selected.size)} data collection rules?`}
          action="Delete"
          onConfirm={async () => {
            await remove.mutateAsync([...selected]);
            setSelected(new Set());
            notify.done("The rules are deleted");
          }}
          onClose={() => setDeleting(false)}
        >
          Who sends to them is refused from then on. What they stored stays.
        </Confirm>
      )}
    </Page>
  );
}
