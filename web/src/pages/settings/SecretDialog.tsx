/** A secret that is told once: to be copied before the dialog is closed. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  Text,
} from "@fluentui/react-components";
import { CopyRegular } from "@fluentui/react-icons";
import { useNotify } from "../../parts/Toasts";

export interface Told {
  title: string;
  /** Label and value, the secret among them. */
  values: readonly (readonly [string, string])[];
}

export function SecretDialog({ told, onClose }: { told: Told; onClose: () => void }) {
  const notify = useNotify();
  const copy = async (name: string, value: string) => {
    try {
      await navigator.clipboard.writeText(value);
      notify.done(`${name} is copied`);
    } catch (error) {
      notify.failed("Nothing was copied", error);
    }
  };
  return (
    <Dialog open modalType="alert" onOpenChange={(_, d) => !d.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{told.title}</DialogTitle>
          <DialogContent>
            <Text>It is shown only now. Copy it before you close this.</Text>
            {told.values.map(([name, value]) => (
              <Field key={name} label={name}>
                <Input
                  readOnly
                  value={value}
                  contentAfter={
                    <Button
                      appearance="transparent"
                      icon={<CopyRegular />}
                      aria-label={`Copy ${name}`}
                      onClick={() => void copy(name, value)}
                    />
                  }
                />
              </Field>
            ))}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={onClose}>
              Done
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
