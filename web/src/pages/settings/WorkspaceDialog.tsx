/** Changes the name that people see of a workspace. */
import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { WorkspaceApi } from "../../api/typed";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { useSession } from "../../session/session";
import type { Workspace } from "../../session/session";
import { useSettingsChange } from "./queries";

export function WorkspaceDialog({
  workspace,
  onClose,
}: {
  workspace: Workspace;
  onClose: () => void;
}) {
  const notify = useNotify();
  const { reload } = useSession();
  const { id, name, resourceId } = workspace;
  const [shown, setShown] = useState(workspace.displayName === name ? "" : workspace.displayName);
  const save = useSettingsChange(() =>
    new WorkspaceApi(id, resourceId).arm.call("PATCH", "", {
      body: { properties: { displayName: shown.trim() === "" ? null : shown } },
    }),
  );
  return (
    <FormDialog
      title={`Rename ${name}`}
      action="Save"
      failed="The workspace was not renamed"
      onSubmit={async () => {
        await save.mutateAsync(undefined);
        await reload();
        notify.done(`${name} is renamed`);
        onClose();
      }}
      onClose={onClose}
    >
      <Field
        label="Display name"
        hint={`What people see. Empty: ${name}, which stays its name in queries, rules and ids`}
      >
        <Input value={shown} onChange={(_, d) => setShown(d.value)} />
      </Field>
    </FormDialog>
  );
}
