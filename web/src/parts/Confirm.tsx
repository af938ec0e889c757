/** Asks before something that can't be taken back. */
import type { ReactNode } from "react";
import { FormDialog } from "./FormDialog";

interface Props {
  title: string;
  children: ReactNode;
  /** What the button says: the deed, such as "Delete 3 rules". */
  action: string;
  /** Does it; what it throws is shown, and the dialog stays. */
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

export function Confirm({ title, children, action, onConfirm, onClose }: Props) {
  const confirm = async () => {
    await onConfirm();
    onClose();
  };
  return (
    <FormDialog alert title={title} action={action} onSubmit={confirm} onClose={onClose}>
      <div>{children}</div>
    </FormDialog>
  );
}
