/** Merges other incidents into this one: similar ones by a tick, any others by their numbers. */
import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Input,
  Textarea,
} from "@fluentui/react-components";
import { useState } from "react";
import type { Incident } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { ErrorNotice } from "../../parts/notices";
import { usePart, useRefresh } from "./useIncident";

export function MergeDialog({ incident, onClose }: { incident: Incident; onClose: () => void }) {
  const api = useIncidents();
  const refresh = useRefresh();
  const similar = usePart(incident, "similar", (a, id) => a.similar(id));
  const [ticked, setTicked] = useState<number[]>([]);
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>(undefined);
  const [busy, setBusy] = useState(false);
  const numbers = typed.split(/[\s,#]+/).filter((word) => word !== "");
  const wrong = numbers.some((word) => !/^\d{1,15}$/.test(word));
  const sources = [...new Set([...ticked, ...numbers.map(Number)])];
  const open = (similar.data ?? []).filter((s) => s.incident.properties.status !== "Closed");
  const merge = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await api.merge(incident.name, sources, reason);
      await refresh();
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Merge into incident {incident.properties.incidentNumber}</DialogTitle>
          <DialogContent>
            {open.map((s) => {
              const { incidentNumber, title } = s.incident.properties;
              return (
                <div key={s.incident.name}>
                  <Checkbox
                    label={`${String(incidentNumber)}: ${title}`}
                    checked={ticked.includes(incidentNumber)}
                    onChange={(_, data) =>
                      setTicked(
                        data.checked
                          ? [...ticked, incidentNumber]
                          : ticked.filter((n) => n !== incidentNumber),
                      )
                    }
                  />
                </div>
              );
            })}
            <Field
              label="Other incidents"
              hint="Their numbers, separated by commas"
              {...(wrong ? { validationMessage: "Numbers of incidents are wanted." } : {})}
            >
              <Input value={typed} onChange={(_, data) => setTyped(data.value)} />
            </Field>
            <Field label="Reason">
              <Textarea value={reason} onChange={(_, data) => setReason(data.value)} />
            </Field>
            <ErrorNotice error={error} title="Nothing was merged" />
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose} disabled={busy}>
              Cancel
            </Button>
            <Button
              appearance="primary"
              disabled={busy || wrong || sources.length === 0}
              onClick={() => void merge()}
            >
              Merge {sources.length > 0 ? sources.length : ""}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
