/** A form in a dialog: its fields, what went wrong, and the deed, which Enter does as well. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useState } from "react";
import type { FormEvent, ReactNode } from "react";
import { ErrorNotice } from "./notices";

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  wide: { maxWidth: "48rem" },
});

interface Props {
  title: string;
  /** What the button says: the deed, such as "Save". */
  action: string;
  /** May it be done? */
  ready?: boolean;
  /** Stays until it is answered, and is told of at once. */
  alert?: boolean;
  /** Has room for a table. */
  wide?: boolean;
  /** What an error is called. */
  failed?: string;
  /** Does it, and closes the dialog; what it throws is shown, and the dialog stays. */
  onSubmit: () => Promise<void> | void;
  onClose: () => void;
  children: ReactNode;
}

export function FormDialog(props: Props) {
  const { title, action, ready = true, alert = false, wide = false, failed, onSubmit } = props;
  const styles = useStyles();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    // Events of a dialog that a form has opened reach that form, too.
    event.stopPropagation();
    if (!ready || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      modalType={alert ? "alert" : "modal"}
      onOpenChange={(_, data) => !data.open && props.onClose()}
    >
      <DialogSurface {...(wide ? { className: styles.wide } : {})}>
        <form noValidate onSubmit={(event) => void submit(event)}>
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent className={styles.content}>
              {props.children}
              <ErrorNotice error={error} {...(failed === undefined ? {} : { title: failed })} />
            </DialogContent>
            <DialogActions>
              <Button onClick={props.onClose} disabled={busy}>
                Cancel
              </Button>
              <Button appearance="primary" type="submit" disabled={!ready || busy}>
                {action}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
