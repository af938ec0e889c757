/** What can be done with the incident. */
import {
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Toolbar,
} from "@fluentui/react-components";
import {
  ArrowDownloadRegular,
  DeleteRegular,
  EditRegular,
  MergeRegular,
  PersonRegular,
} from "@fluentui/react-icons";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import type { Incident } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { Confirm } from "../../parts/Confirm";
import { useNotify } from "../../parts/Toasts";
import { download } from "../../parts/download";
import { useSession } from "../../session/session";
import { ManageDialog } from "../incidents/ManageDialog";
import { ownerOfUser } from "../incidents/OwnerField";
import { MergeDialog } from "./MergeDialog";
import { wholeIncident } from "./exports";
import { useChange, useRefresh } from "./useIncident";

function ExportMenu({ incident }: { incident: Incident }) {
  const api = useIncidents();
  const go = useNavigate();
  const notify = useNotify();
  const number = String(incident.properties.incidentNumber);
  const json = async () => {
    try {
      const whole = await wholeIncident(api, incident);
      download(`incident-${number}.json`, "application/json", JSON.stringify(whole, null, 2));
    } catch (error) {
      notify.failed("The incident could not be exported", error);
    }
  };
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button size="small" appearance="subtle" icon={<ArrowDownloadRegular />}>
          Export
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => void go(`/incidents/${number}/report`)}>Report (PDF)</MenuItem>
          <MenuItem onClick={() => void json()}>JSON</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

type Open = "manage" | "close" | "merge" | "delete" | undefined;

export function Actions({ incident }: { incident: Incident }) {
  const api = useIncidents();
  const go = useNavigate();
  const notify = useNotify();
  const refresh = useRefresh();
  const change = useChange();
  // The incident as it was when the dialog opened: what came later must not be overwritten unseen.
  const [seen, setSeen] = useState(incident);
  const { may, user } = useSession();
  const [open, setOpen] = useState<Open>(undefined);
  const close = () => setOpen(undefined);
  const begin = (what: Open) => {
    setSeen(incident);
    setOpen(what);
  };
  const writable = may("incidents/write");
  const closed = incident.properties.status === "Closed";
  const take = async () => {
    try {
      const p = incident.properties;
      await change(incident, {
        title: p.title,
        severity: p.severity,
        status: p.status,
        owner: ownerOfUser(user),
      });
      notify.done("The incident is yours");
    } catch (error) {
      notify.failed("The incident was not assigned", error);
    }
  };
  return (
    <Toolbar size="small" aria-label="Incident" style={{ flexWrap: "wrap", padding: 0 }}>
      {writable && (
        <>
          <Button
            size="small"
            appearance="subtle"
            icon={<EditRegular />}
            onClick={() => begin("manage")}
          >
            Manage incident
          </Button>
          <Button
            size="small"
            appearance="subtle"
            icon={<PersonRegular />}
            onClick={() => void take()}
          >
            Assign to me
          </Button>
          {!closed && (
            <Button size="small" appearance="subtle" onClick={() => begin("close")}>
              Resolve
            </Button>
          )}
          {!closed && (
            <Button
              size="small"
              appearance="subtle"
              icon={<MergeRegular />}
              onClick={() => begin("merge")}
            >
              Merge
            </Button>
          )}
        </>
      )}
      <ExportMenu incident={incident} />
      {may("incidents/delete") && (
        <Button
          size="small"
          appearance="subtle"
          icon={<DeleteRegular />}
          onClick={() => begin("delete")}
        >
          Delete
        </Button>
      )}
      {(open === "manage" || open === "close") && (
        <ManageDialog
          incidents={[seen]}
          {...(open === "close" ? { title: "Resolve incident", preset: { status: "Closed" } } : {})}
          onSave={async (how) => {
            try {
              await change(seen, how(seen));
            } catch (error) {
              setSeen(await api.get(incident.name));
              throw error;
            }
            notify.done("The incident was changed");
          }}
          onClose={close}
        />
      )}
      {open === "merge" && <MergeDialog incident={incident} onClose={close} />}
      {open === "delete" && (
        <Confirm
          title="Delete the incident"
          action="Delete"
          onClose={close}
          onConfirm={async () => {
            await api.remove(incident);
            await refresh();
            void go("/incidents");
          }}
        >
          Incident {incident.properties.incidentNumber} goes with its comments, tasks and
          activities. Its alerts stay in the logs.
        </Confirm>
      )}
    </Toolbar>
  );
}
