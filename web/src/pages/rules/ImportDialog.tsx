/** Import of a file of rules, or of templates: it is checked first, and what is wrong is told with its place. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  MessageBar,
  MessageBarBody,
  Spinner,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useState } from "react";
import { ApiError } from "../../api/client";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { IssueList } from "./IssueList";
import { useRuleChange } from "./queries";
import { useApi } from "../../session/useApi";
import type { Schemas, WorkspaceApi } from "../../api/typed";

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

type Answer = Schemas["RuleImport"];
interface File {
  name: string;
  text: string;
}

/** The answer of an import, also when some rules were refused: that is no failure of the call. */
async function send(
  api: WorkspaceApi,
  what: "/rules" | "/ruleTemplates",
  file: File,
  check: boolean,
): Promise<Answer> {
  try {
    const query = { file: file.name, check: check ? true : undefined };
    return await api.own.call("POST", what, { query, text: file.text });
  } catch (error) {
    const body = error instanceof ApiError ? (error.body as Partial<Answer>) : {};
    if (body.rules !== undefined && body.issues !== undefined) return body as Answer;
    throw error;
  }
}

function Summary({ answer }: { answer: Answer }) {
  const good = answer.rules.length;
  return (
    <MessageBar intent={answer.refused > 0 ? "warning" : "success"}>
      <MessageBarBody>
        {good === 1 ? "1 rule is" : `${String(good)} rules are`} right
        {answer.refused > 0 && `, ${String(answer.refused)} can't be imported`}.
      </MessageBarBody>
    </MessageBar>
  );
}

export function ImportDialog({
  onClose,
  templates = false,
}: {
  onClose: () => void;
  templates?: boolean;
}) {
  const styles = useStyles();
  const api = useApi();
  const notify = useNotify();
  const [file, setFile] = useState<File | undefined>(undefined);
  const what = templates ? "/ruleTemplates" : "/rules";
  const check = useRuleChange((chosen: File) => send(api, what, chosen, true));
  const store = useRuleChange((chosen: File) => send(api, what, chosen, false));
  const choose = async (files: FileList | null) => {
    const chosen = files?.[0];
    if (chosen === undefined) return;
    const next = { name: chosen.name, text: await chosen.text() };
    setFile(next);
    check.mutate(next);
  };
  const importNow = async () => {
    if (file === undefined) return;
    const answer = await store.mutateAsync(file);
    notify.done(`${String(answer.rules.length)} imported`);
    onClose();
  };
  const found = check.data;
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{templates ? "Import rule templates" : "Import rules"}</DialogTitle>
          <DialogContent className={styles.content}>
            <Field
              label="File"
              hint="YAML of Azure-Sentinel, or ARM JSON as Sentinel exports it; one rule or several"
            >
              {(field) => (
                <input
                  {...field}
                  type="file"
                  accept=".json,.yaml,.yml"
                  onChange={(event) => void choose(event.target.files)}
                />
              )}
            </Field>
            <div aria-live="polite" className={styles.content}>
              {check.isPending && <Spinner size="tiny" label="Checking" />}
              {found && <Summary answer={found} />}
              {found && <IssueList issues={found.issues} />}
            </div>
            <ErrorNotice error={check.error ?? store.error} />
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              appearance="primary"
              disabled={found === undefined || found.rules.length === 0 || store.isPending}
              onClick={() => void importNow()}
            >
              Import
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
