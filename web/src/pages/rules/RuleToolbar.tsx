/** What can be done with rules: create, import, export, and the deeds for those that are selected. */
import {
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Toolbar,
  ToolbarDivider,
} from "@fluentui/react-components";
import {
  AddRegular,
  ArrowDownloadRegular,
  ArrowUploadRegular,
  CopyRegular,
  DeleteRegular,
  EditRegular,
  PauseRegular,
  PlayRegular,
} from "@fluentui/react-icons";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { Confirm } from "../../parts/Confirm";
import { ColumnMenu } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { useNotify } from "../../parts/Toasts";
import { download } from "../../parts/download";
import { useSession } from "../../session/session";
import { ImportDialog } from "./ImportDialog";
import { madeKind } from "./model";
import type { RuleState } from "./model";
import { useDeed } from "./queries";
import type { Deed } from "./queries";
import { useApi } from "../../session/useApi";

interface Props {
  chosen: readonly RuleState[];
  /** The deed is done: nothing is selected any longer. */
  onDone: () => void;
  columns: readonly Column<RuleState>[];
}

const past: Record<Deed, string> = {
  enable: "enabled",
  disable: "disabled",
  duplicate: "copied; the copies are disabled",
  update: "updated",
  delete: "deleted",
};

function countText(count: number): string {
  return count === 1 ? "1 rule" : `${String(count)} rules`;
}

/** Runs a deed and says what became of it. */
export function useTellingDeed() {
  const deed = useDeed();
  const notify = useNotify();
  return async (what: Deed, ids: readonly string[]) => {
    const { done, failed } = await deed.mutateAsync({ deed: what, ids });
    if (done > 0) notify.done(`${countText(done)} ${past[what]}`);
    if (failed !== undefined)
      notify.failed(`${countText(ids.length - done)} not ${past[what]}`, failed);
  };
}

/** Those that people make; others are their template's. */
function isEditable(rule: RuleState | undefined): boolean {
  return madeKind(rule?.kind) !== undefined;
}

function useExport() {
  const api = useApi();
  const notify = useNotify();
  return {
    json: async (ids: readonly string[]) => {
      try {
        const template = await api.own.call("POST", "/rules/export", { body: { ids: [...ids] } });
        download("rules.json", "application/json", JSON.stringify(template, null, 2));
      } catch (error) {
        notify.failed("Nothing was exported", error);
      }
    },
    yaml: async (rules: readonly RuleState[]) => {
      const texts: string[] = [];
      for (const rule of rules) {
        try {
          const path = { rule: rule.id };
          texts.push(await (await api.own.raw("GET", "/rules/{rule}/yaml", { path })).text());
        } catch (error) {
          notify.failed(`“${rule.name}” was not exported`, error);
        }
      }
      if (texts.length > 0) download("rules.yaml", "application/yaml", texts.join("---\n"));
    },
  };
}

function CreateMenu() {
  const go = useNavigate();
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button size="small" appearance="primary" icon={<AddRegular />}>
          Create
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => void go("/rules/new?kind=Scheduled")}>
            Scheduled query rule
          </MenuItem>
          <MenuItem onClick={() => void go("/rules/new?kind=NRT")}>NRT query rule</MenuItem>
          <MenuItem onClick={() => void go("/rules/new?kind=MicrosoftSecurityIncidentCreation")}>
            Microsoft incident creation rule
          </MenuItem>
          <MenuItem onClick={() => void go("/rules?tab=templates")}>From a template…</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function ExportMenu({ chosen }: { chosen: readonly RuleState[] }) {
  const exports = useExport();
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button
          size="small"
          appearance="subtle"
          icon={<ArrowDownloadRegular />}
          disabled={chosen.length === 0}
        >
          Export
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => void exports.json(chosen.map((r) => r.id))}>
            ARM template (JSON)
          </MenuItem>
          <MenuItem onClick={() => void exports.yaml(chosen)}>YAML</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

export function RuleToolbar({ chosen, onDone, columns }: Props) {
  const { may } = useSession();
  const go = useNavigate();
  const deed = useTellingDeed();
  const [importing, setImporting] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const ids = chosen.map((r) => r.id);
  const none = ids.length === 0;
  const writes = may("rules/write");
  const run = (what: Deed) => () => void deed(what, ids).then(onDone);
  return (
    <Toolbar aria-label="Rules" size="small" style={{ flexWrap: "wrap", padding: 0 }}>
      {writes && (
        <>
          <CreateMenu />
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowUploadRegular />}
            onClick={() => setImporting(true)}
          >
            Import
          </Button>
        </>
      )}
      <ExportMenu chosen={chosen} />
      {writes && (
        <>
          <ToolbarDivider />
          <Button
            size="small"
            appearance="subtle"
            icon={<EditRegular />}
            disabled={ids.length !== 1 || !isEditable(chosen[0])}
            onClick={() => void go(`/rules/${encodeURIComponent(ids[0] ?? "")}/edit`)}
          >
            Edit
          </Button>
          <Button
            size="small"
            appearance="subtle"
            icon={<PlayRegular />}
            disabled={none}
            onClick={run("enable")}
          >
            Enable
          </Button>
          <Button
            size="small"
            appearance="subtle"
            icon={<PauseRegular />}
            disabled={none}
            onClick={run("disable")}
          >
            Disable
          </Button>
          <Button
            size="small"
            appearance="subtle"
            icon={<CopyRegular />}
            disabled={none}
            onClick={run("duplicate")}
          >
            Duplicate
          </Button>
          <Button
            size="small"
            appearance="subtle"
            icon={<DeleteRegular />}
            disabled={none}
            onClick={() => setDeleting(true)}
          >
            Delete
          </Button>
        </>
      )}
      <ToolbarDivider />
      <ColumnMenu id="rules" columns={columns} />
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
      {deleting && (
        <Confirm
          title={`Delete ${countText(ids.length)}?`}
          action={`Delete ${countText(ids.length)}`}
          onConfirm={() => deed("delete", ids).then(onDone)}
          onClose={() => setDeleting(false)}
        >
          Alerts and incidents that they made stay. A deleted rule can be restored by its versions.
        </Confirm>
      )}
    </Toolbar>
  );
}
