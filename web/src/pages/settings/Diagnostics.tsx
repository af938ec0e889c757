/** Diagnostic settings of a workspace: whether what people ask of it is kept in LAQueryLogs, and where. */
import { Button, Field, Input, Select, Switch, Text, makeStyles } from "@fluentui/react-components";
import { useState } from "react";
import { WorkspaceApi } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { useSession, workspaceTitle } from "../../session/session";
import type { Workspace } from "../../session/session";
import { useSettingsChange, useSettingsList } from "./queries";

type Setting = Schemas["DiagnosticSetting"];

const SETTINGS = "/providers/Microsoft.Insights/diagnosticSettings";
const SETTING = "/providers/Microsoft.Insights/diagnosticSettings/{setting}";
const MOST = 100;

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0 },
  one: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    justifyContent: "space-between",
    gap: "8px",
  },
});

/** Categories and groups of them that have the queries. */
const AUDIT = ["audit", "alllogs"];

function audits({ properties }: Setting): boolean {
  return properties.logs.some(
    (log) => log.enabled && AUDIT.includes((log.category ?? log.categoryGroup ?? "").toLowerCase()),
  );
}

function apiOf({ id, resourceId }: Workspace): WorkspaceApi {
  return new WorkspaceApi(id, resourceId);
}

function useDiagnostics(workspace: Workspace) {
  return useSettingsList(
    `diagnostics ${workspace.id}`,
    (signal) => apiOf(workspace).arm.all(SETTINGS, MOST, { signal }),
    workspace.rights.includes("diagnostics/read"),
  );
}

/** The title of the workspace of a resource id; null: it was deleted. */
function useTitleOf(): (resourceId: string | null) => string {
  const { tenants } = useSession();
  const all = tenants.flatMap((t) => t.workspaces);
  return (resourceId) => {
    if (resourceId === null) return "a workspace that was deleted";
    const found = all.find((w) => w.resourceId.toLowerCase() === resourceId.toLowerCase());
    return found ? workspaceTitle(found) : resourceId;
  };
}

/** Where the queries of a workspace are kept, in a line. */
export function QueriesKept({ workspace }: { workspace: Workspace }) {
  const { data, error } = useDiagnostics(workspace);
  const titleOf = useTitleOf();
  if (error !== null)
    return <ErrorNotice title="Diagnostic settings can't be shown" error={error} />;
  if (data === undefined) return null;
  const places = data.filter(audits).map((s) => titleOf(s.properties.workspaceId));
  return places.length === 0 ? "nothing" : [...new Set(places)].join(", ");
}

function Kept({ workspace }: { workspace: Workspace }) {
  const styles = useStyles();
  const notify = useNotify();
  const titleOf = useTitleOf();
  const { data, error } = useDiagnostics(workspace);
  const remove = useSettingsChange((setting: string) =>
    apiOf(workspace).arm.call("DELETE", SETTING, { path: { setting } }),
  );
  const go = async (name: string) => {
    try {
      await remove.mutateAsync(name);
      notify.done(`The setting ${name} is deleted`);
    } catch (problem) {
      notify.failed(`The setting ${name} was not deleted`, problem);
    }
  };
  if (error !== null) return <ErrorNotice title="The settings can't be shown" error={error} />;
  if (data?.length === 0) return <Text>There are none: nothing tells who asked what.</Text>;
  return (
    <ul className={styles.list} aria-label="Diagnostic settings">
      {(data ?? []).map((setting) => (
        <li key={setting.name} className={styles.one}>
          <Text>
            <b>{setting.name}</b>: {audits(setting) ? "queries go to" : "off, to"}{" "}
            {titleOf(setting.properties.workspaceId)}
          </Text>
          <Button size="small" onClick={() => void go(setting.name)}>
            Delete {setting.name}
          </Button>
        </li>
      ))}
    </ul>
  );
}

export function DiagnosticsDialog({
  workspace,
  onClose,
}: {
  workspace: Workspace;
  onClose: () => void;
}) {
  const notify = useNotify();
  const { tenants } = useSession();
  const [name, setName] = useState("queries");
  const [to, setTo] = useState(workspace.resourceId);
  const [enabled, setEnabled] = useState(true);
  const own = tenants.find((t) => t.workspaces.some((w) => w.id === workspace.id));
  const save = useSettingsChange(() =>
    apiOf(workspace).arm.call("PUT", SETTING, {
      path: { setting: name.trim() },
      body: { properties: { workspaceId: to, logs: [{ category: "Audit", enabled }] } },
    }),
  );
  return (
    <FormDialog
      title={`Diagnostic settings of ${workspaceTitle(workspace)}`}
      action="Save the setting"
      failed="The setting was not saved"
      ready={name.trim() !== ""}
      onSubmit={async () => {
        await save.mutateAsync(undefined);
        notify.done(`The setting ${name.trim()} is saved`);
        onClose();
      }}
      onClose={onClose}
    >
      <Text>
        Each query that people and applications ask of this workspace can leave a row in the table
        LAQueryLogs: its text, who asked, when, from which client, how long it took.
      </Text>
      <Kept workspace={workspace} />
      <Field label="Setting" required hint="A name that is there already is changed">
        <Input value={name} maxLength={260} onChange={(_, d) => setName(d.value)} />
      </Field>
      <Field label="Rows go to" hint="Who reads LAQueryLogs there reads the queries">
        <Select value={to} onChange={(_, d) => setTo(d.value)}>
          {(own?.workspaces ?? [workspace]).map((w) => (
            <option key={w.id} value={w.resourceId}>
              {workspaceTitle(w)}
            </option>
          ))}
        </Select>
      </Field>
      <Switch label="Keep queries" checked={enabled} onChange={(_, d) => setEnabled(d.checked)} />
    </FormDialog>
  );
}
