/** Merges other incidents into this one: similar ones by a tick, any others by their numbers. */
import { Checkbox, Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import type { Incident } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { FormDialog } from "../../parts/FormDialog";
import { usePart, useRefresh } from "./useIncident";

export function MergeDialog({ incident, onClose }: { incident: Incident; onClose: () => void }) {
  const api = useIncidents();
  const refresh = useRefresh();
  const similar = usePart(incident, "similar", (a, id) => a.similar(id));
  const [ticked, setTicked] = useState<number[]>([]);
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const numbers = typed.split(/[\s,#]+/).filter((word) => word !== "");
  const wrong = numbers.some((word) => !/^\d{1,15}$/.test(word));
  const sources = [...new Set([...ticked, ...numbers.map(Number)])];
  const open = (similar.data ?? []).filter((s) => s.incident.properties.status !== "Closed");
  const merge = async () => {
    await api.merge(incident.name, sources, reason);
    await refresh();
    onClose();
  };
  return (
    <FormDialog
      title={`Merge into incident ${String(incident.properties.incidentNumber)}`}
      action={sources.length > 0 ? `Merge ${String(sources.length)}` : "Merge"}
      failed="Nothing was merged"
      ready={!wrong && sources.length > 0}
      onSubmit={merge}
      onClose={onClose}
    >
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
    </FormDialog>
  );
}
