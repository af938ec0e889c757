/** What can be done with the queue and with the chosen incidents. */
import {
  Button,
  Menu,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Toolbar,
} from "@fluentui/react-components";
import {
  ArrowClockwiseRegular,
  ArrowDownloadRegular,
  BookmarkMultipleRegular,
  EditRegular,
  PersonRegular,
} from "@fluentui/react-icons";
import { useState } from "react";
import { ColumnMenu } from "../../parts/DataGrid";
import { useNotify } from "../../parts/Toasts";
import { WorkspaceMenu } from "../../parts/WorkspaceMenu";
import { csvText, download } from "../../parts/download";
import { useUrlState } from "../../parts/urlState";
import { useSession } from "../../session/session";
import { ManageDialog } from "./ManageDialog";
import type { Preset } from "./ManageDialog";
import { SavedViews } from "./SavedViews";
import { changeAll } from "./change";
import type { Change } from "./change";
import { gridOf, queueColumns } from "./queueColumns";
import { ownerOfUser } from "./OwnerField";
import { allIncidents } from "./streams";
import type { QueueIncident } from "./streams";
import type { Queue } from "./useQueue";

const EXPORT_PAGE = 1000;
const MOST_EXPORTED = 100_000;

function Export({ queue }: { queue: Queue }) {
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  const { homes, several, filter, sort } = queue;
  const run = async () => {
    setBusy(true);
    try {
      const { all, failed } = await allIncidents(
        homes,
        { filter, sort, size: EXPORT_PAGE },
        MOST_EXPORTED,
      );
      const columns = queueColumns(several);
      const head = columns.map((c) => c.title);
      const rows = all.map((incident) => columns.map((c) => c.value?.(incident) ?? ""));
      download("incidents.csv", "text/csv", csvText(head, rows));
      notify.done(`${String(all.length)} incidents exported`);
      for (const { home, error } of failed)
        notify.failed(`The incidents of ${home.title} are not in the file`, error);
    } catch (error) {
      notify.failed("The incidents could not be exported", error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      size="small"
      appearance="subtle"
      icon={<ArrowDownloadRegular />}
      disabled={busy}
      onClick={() => void run()}
    >
      Export
    </Button>
  );
}

function Bulk({ chosen, onDone }: { chosen: QueueIncident[]; onDone: () => void }) {
  const notify = useNotify();
  const { user } = useSession();
  const [managing, setManaging] = useState<Preset | undefined>(undefined);
  const none = chosen.length === 0;
  const save = async (change: Change) => {
    const outcome = await changeAll(chosen, change);
    onDone();
    const [first] = outcome.failed;
    if (first)
      throw new Error(
        `${String(outcome.changed)} changed, ${String(outcome.failed.length)} not. ${first.title}: ${first.why}`,
      );
    notify.done(`${String(outcome.changed)} incidents changed`);
  };
  const self = user.displayName || user.name;
  return (
    <>
      <Button
        size="small"
        appearance="subtle"
        icon={<EditRegular />}
        disabled={none}
        onClick={() => setManaging({})}
      >
        {none ? "Manage incidents" : `Manage incidents (${String(chosen.length)})`}
      </Button>
      <Button
        size="small"
        appearance="subtle"
        icon={<PersonRegular />}
        disabled={none}
        onClick={() => setManaging({ owner: self, chosen: ownerOfUser(user) })}
      >
        Assign to me
      </Button>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button size="small" appearance="subtle" disabled={none}>
            Change status
          </Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem onClick={() => setManaging({ status: "New" })}>New</MenuItem>
            <MenuItem onClick={() => setManaging({ status: "Active" })}>In progress</MenuItem>
            <MenuDivider />
            <MenuItem onClick={() => setManaging({ status: "Closed" })}>Resolved…</MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      {managing && (
        <ManageDialog
          incidents={chosen}
          workspaces={[...new Set(chosen.map((i) => i.home.id))]}
          title="Manage incidents"
          preset={managing}
          onSave={save}
          onClose={() => setManaging(undefined)}
        />
      )}
    </>
  );
}

export function QueueToolbar(props: { queue: Queue; chosen: QueueIncident[]; onDone: () => void }) {
  const { queue, chosen, onDone } = props;
  const url = useUrlState();
  const writes = queue.homes.some((home) => home.rights.includes("incidents/write"));
  return (
    <Toolbar aria-label="Queue" size="small" style={{ flexWrap: "wrap" }}>
      <Button
        size="small"
        appearance="subtle"
        icon={<ArrowClockwiseRegular />}
        onClick={queue.refresh}
      >
        Refresh
      </Button>
      {writes && <Bulk chosen={chosen} onDone={onDone} />}
      <Export queue={queue} />
      <WorkspaceMenu
        right="incidents/read"
        hint="Incidents of all these workspaces, in one list"
        chosen={url.many("workspaces")}
        onChange={(workspaces) => url.change({ workspaces })}
      />
      <SavedViews icon={<BookmarkMultipleRegular />} />
      <ColumnMenu id={gridOf(queue.several)} columns={queueColumns(queue.several)} />
    </Toolbar>
  );
}
