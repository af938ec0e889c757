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
import type { Incident } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { ColumnMenu } from "../../parts/DataGrid";
import { useNotify } from "../../parts/Toasts";
import { csvText, download } from "../../parts/download";
import { useSession } from "../../session/session";
import { ManageDialog } from "./ManageDialog";
import { SavedViews } from "./SavedViews";
import { changeAll } from "./change";
import type { Change } from "./change";
import { queueColumns } from "./queueColumns";
import { allIncidents } from "./useQueue";
import type { Queue } from "./useQueue";

function Export({ queue }: { queue: Queue }) {
  const api = useIncidents();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      const all = await allIncidents(api, queue.filter, queue.sort);
      const head = queueColumns.map((c) => c.title);
      const rows = all.map((incident) => queueColumns.map((c) => c.value?.(incident) ?? ""));
      download("incidents.csv", "text/csv", csvText(head, rows));
      notify.done(`${String(all.length)} incidents exported`);
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

function Bulk({ chosen, onDone }: { chosen: Incident[]; onDone: () => void }) {
  const api = useIncidents();
  const notify = useNotify();
  const { user } = useSession();
  const [managing, setManaging] = useState<Record<string, string> | undefined>(undefined);
  const none = chosen.length === 0;
  const save = async (change: Change) => {
    const outcome = await changeAll(api, chosen, change);
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
        onClick={() => setManaging({ owner: self })}
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
          title="Manage incidents"
          preset={managing}
          onSave={save}
          onClose={() => setManaging(undefined)}
        />
      )}
    </>
  );
}

export function QueueToolbar(props: { queue: Queue; chosen: Incident[]; onDone: () => void }) {
  const { queue, chosen, onDone } = props;
  const { may } = useSession();
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
      {may("incidents/write") && <Bulk chosen={chosen} onDone={onDone} />}
      <Export queue={queue} />
      <SavedViews icon={<BookmarkMultipleRegular />} />
      <ColumnMenu id="incidents" columns={queueColumns} />
    </Toolbar>
  );
}
