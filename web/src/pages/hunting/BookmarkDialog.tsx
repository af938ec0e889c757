/** Keeps a row of a result as a bookmark, for an investigation. */
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
  Textarea,
} from "@fluentui/react-components";
import { useState } from "react";
import { ErrorNotice } from "../../parts/notices";
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
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const save = async () => {
    setBusy(true);
    setError(undefined);
    const time = values["TimeGenerated"];
    try {
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
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Add bookmark</DialogTitle>
          <DialogContent>
            <Field label="Bookmark name" required>
              <Input value={title} onChange={(_, data) => setTitle(data.value)} />
            </Field>
            <Field label="Tags" hint="With commas between them">
              <Input value={tags} onChange={(_, data) => setTags(data.value)} />
            </Field>
            <Field label="Notes">
              <Textarea value={notes} onChange={(_, data) => setNotes(data.value)} />
            </Field>
            <ErrorNotice error={error} title="It was not saved" />
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose} disabled={busy}>
              Cancel
            </Button>
            <Button
              appearance="primary"
              disabled={busy || title.trim() === ""}
              onClick={() => void save()}
            >
              Create
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
