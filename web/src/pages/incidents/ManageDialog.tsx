/** "Manage incident": name, severity, tags, owner, status and classification, of one incident or of several. */
import { Field, Input, Select, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { classifications, ownerText } from "../../api/incidents";
import type { Incident, IncidentProperties, Owner } from "../../api/incidents";
import { FormDialog } from "../../parts/FormDialog";
import { severities, statusWords } from "../../parts/badges";
import type { Change } from "./change";
import { OwnerField } from "./OwnerField";
import { labelsOf } from "./queueColumns";

interface Draft {
  title: string;
  severity: string;
  status: string;
  owner: string;
  /** Who was chosen; undefined: the owner stays. */
  chosen?: Owner;
  tags: string;
  classification: string;
  comment: string;
}

/** What is the same for all of them; "" where they differ, which leaves each as it is. */
function common(incidents: Incident[], value: (i: Incident) => string): string {
  const [first] = incidents;
  if (first === undefined) return "";
  return incidents.every((i) => value(i) === value(first)) ? value(first) : "";
}

function classificationIndex(p: IncidentProperties): string {
  const at = classifications.findIndex(
    (c) =>
      c.classification === p.classification && (c.reason ?? "") === (p.classificationReason ?? ""),
  );
  return at < 0 ? "" : String(at);
}

function draftOf(incidents: Incident[]): Draft {
  return {
    title: common(incidents, (i) => i.properties.title),
    severity: common(incidents, (i) => i.properties.severity),
    status: common(incidents, (i) => i.properties.status),
    owner: common(incidents, (i) => ownerText(i.properties.owner)),
    tags: common(incidents, (i) => labelsOf(i).join(", ")),
    classification: common(incidents, (i) => classificationIndex(i.properties)),
    comment: common(incidents, (i) => i.properties.classificationComment ?? ""),
  };
}

function tagList(text: string): IncidentProperties["labels"] {
  const names = text.split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))].map((labelName) => ({
    labelName,
    labelType: "User",
  }));
}

/** The change from one draft to the next; members that stay are left out. */
function changeOf(before: Draft, after: Draft): Change {
  const p: Partial<IncidentProperties> = {};
  if (after.title !== before.title) p.title = after.title;
  if (after.severity !== before.severity) p.severity = after.severity;
  if (after.tags !== before.tags) p.labels = tagList(after.tags);
  if (after.chosen !== undefined) p.owner = after.chosen;
  if (after.status !== before.status) p.status = after.status;
  const reason = classifications[Number(after.classification)];
  if (after.status === "Closed" && after.classification !== "" && reason) {
    p.status = "Closed";
    p.classification = reason.classification;
    p.classificationReason = reason.reason ?? "";
    p.classificationComment = after.comment;
  }
  return (incident) => ({
    title: incident.properties.title,
    severity: incident.properties.severity,
    status: incident.properties.status,
    ...p,
  });
}

/** A draft to begin with, in place of how the incidents are. */
export type Preset = Partial<Draft>;

interface Props {
  incidents: Incident[];
  /** Where they are, by id; the workspace that is looked at unless told. */
  workspaces?: readonly string[];
  /** Only the words of the title: "Assign", "Resolve". */
  title?: string;
  preset?: Preset;
  onSave: (change: Change) => Promise<void>;
  onClose: () => void;
}

export function ManageDialog({
  incidents,
  title = "Manage incident",
  preset = {},
  workspaces,
  onSave,
  onClose,
}: Props) {
  const [before] = useState(() => draftOf(incidents));
  const [draft, setDraft] = useState<Draft>({ ...before, ...preset });
  const one = incidents.length === 1;
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const closing = draft.status === "Closed";
  const unclassified = closing && draft.classification === "";

  const save = async () => {
    await onSave(changeOf(before, draft));
    onClose();
  };

  return (
    <FormDialog
      title={one ? title : `${title}: ${String(incidents.length)} incidents`}
      action="Save"
      failed="Nothing was changed"
      ready={!unclassified && !(one && draft.title === "")}
      onSubmit={save}
      onClose={onClose}
    >
      {one && (
        <Field label="Incident name" required>
          <Input value={draft.title} maxLength={500} onChange={(_, d) => set({ title: d.value })} />
        </Field>
      )}
      <Field label="Severity">
        <Select value={draft.severity} onChange={(_, d) => set({ severity: d.value })}>
          {draft.severity === "" && <option value="">As they are</option>}
          {severities.map((s) => (
            <option key={s}>{s}</option>
          ))}
        </Select>
      </Field>
      <Field label="Tags" hint="Separated by commas">
        <Input
          value={draft.tags}
          placeholder={one ? "" : "As they are"}
          onChange={(_, d) => set({ tags: d.value })}
        />
      </Field>
      <OwnerField
        text={draft.owner}
        {...(workspaces === undefined ? {} : { workspaces })}
        placeholder={one ? "Unassigned" : "As they are"}
        onChange={(owner, chosen) => set({ owner, chosen })}
      />
      <Field label="Status">
        <Select value={draft.status} onChange={(_, d) => set({ status: d.value })}>
          {draft.status === "" && <option value="">As they are</option>}
          {["New", "Active", "Closed"].map((s) => (
            <option key={s} value={s}>
              {statusWords[s]}
            </option>
          ))}
        </Select>
      </Field>
      {closing && (
        <>
          <Field label="Classification" required>
            <Select
              value={draft.classification}
              onChange={(_, d) => set({ classification: d.value })}
            >
              <option value="">Choose one</option>
              {classifications.map((c, at) => (
                <option key={c.title} value={at}>
                  {c.title}
                </option>
              ))}
            </Select>
          </Field>
          <Field label="Comment">
            <Textarea value={draft.comment} onChange={(_, d) => set({ comment: d.value })} />
          </Field>
        </>
      )}
    </FormDialog>
  );
}
