/** Keeps a row of a result as a bookmark, for an investigation. */
import { Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import type { ResultTable } from "./results";
import { useApi } from "../../session/useApi";

interface Props {
  table: ResultTable;
  row: number;
  query: string;
  name: string;
  onClose: () => void;
}

export function BookmarkDialog({ table, row, query, name, onClose }: Props) {
  const api = useApi();
  const notify = useNotify();
  const values = table.row(row);
  const [title, setTitle] = useState(name);
  const [notes, setNotes] = useState("");
  const [tags, setTags] = useState("");
  const save = async () => {
    const time = values["TimeGenerated"];
    await api.sentinel.call("PUT", "/bookmarks/{bookmark}", {
      path: { bookmark: crypto.randomUUID() },
      body: {
        properties: {
          displayName: title,
          query,
          queryResult: JSON.stringify(values),
          notes,
          labels: tags
            .split(",")
            .map((t) => t.trim())
            .filter((t) => t !== ""),
          ...(typeof time === "string" ? { eventTime: time } : {}),
        },
      },
    });
    notify.done("Bookmark added");
    onClose();
  };
  return (
    <FormDialog
      title="Add bookmark"
      action="Create"
      failed="It was not saved"
      ready={title.trim() !== ""}
      onSubmit={save}
      onClose={onClose}
    >
      <Field label="Bookmark name" required>
        <Input value={title} onChange={(_, data) => setTitle(data.value)} />
      </Field>
      <Field label="Tags" hint="With commas between them">
        <Input value={tags} onChange={(_, data) => setTags(data.value)} />
      </Field>
      <Field label="Notes">
        <Textarea value={notes} onChange={(_, data) => setNotes(data.value)} />
      </Field>
    </FormDialog>
  );
}
