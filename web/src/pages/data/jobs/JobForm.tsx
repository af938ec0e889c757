/** The frame of a form of a job: its fields, what went wrong, and how to keep it or leave. */
import { Button, Card, makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useNavigate } from "react-router-dom";
import { useNotify } from "../../../parts/Toasts";
import { Unsaved, useUnsaved } from "../../../parts/Unsaved";
import { ErrorNotice } from "../../../parts/notices";
import { useDataChange } from "../queries";

const useStyles = makeStyles({
  form: { gap: tokens.spacingVerticalM, maxWidth: "64rem" },
  foot: { display: "flex", gap: tokens.spacingHorizontalS },
});

interface Props {
  /** The deed: "Create", "Save". */
  action: string;
  ready: boolean;
  /** Something was written that leaving would lose. */
  dirty: boolean;
  onSave: () => Promise<unknown>;
  /** What is said when it was saved, and where to go then. */
  done: string;
  next: string;
  children: ReactNode;
}

export function JobForm({ action, ready, dirty, onSave, done, next, children }: Props) {
  const styles = useStyles();
  const go = useNavigate();
  const notify = useNotify();
  const save = useDataChange(onSave);
  const unsaved = useUnsaved(dirty);
  const store = async () => {
    try {
      await save.mutateAsync(undefined);
      notify.done(done);
      unsaved.forget();
      void go(next);
    } catch {
      // Shown below the fields.
    }
  };
  return (
    <Card className={styles.form}>
      {children}
      <ErrorNotice title="It was not saved" error={save.error} />
      <div className={styles.foot}>
        <Button
          appearance="primary"
          disabled={!ready || save.isPending}
          onClick={() => void store()}
        >
          {action}
        </Button>
        <Button onClick={() => void go(-1)}>Cancel</Button>
      </div>
      <Unsaved unsaved={unsaved}>What you have written of the job would be lost.</Unsaved>
    </Card>
  );
}
