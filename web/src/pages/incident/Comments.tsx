/** Comments in Markdown: written, changed and deleted by their authors; and the log of what was done. */
import {
  Button,
  Card,
  Field,
  Switch,
  Text,
  Textarea,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useState } from "react";
import type { FormEvent } from "react";
import type { Comment, Incident } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { Markdown } from "../../parts/Markdown";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { wholeSentence } from "./sentences";
import { usePart, useRefresh } from "./useIncident";

const MOST_CHARACTERS = 30_000;

const useStyles = makeStyles({
  all: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    maxWidth: "60rem",
  },
  head: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, alignItems: "center" },
  space: { flexGrow: 1 },
  row: { display: "flex", gap: tokens.spacingHorizontalS },
  entry: { color: tokens.colorNeutralForeground2, paddingLeft: tokens.spacingHorizontalM },
});

function Editor(props: {
  text: string;
  action: string;
  onSave: (text: string) => Promise<boolean>;
  onCancel?: () => void;
}) {
  const styles = useStyles();
  const [text, setText] = useState(props.text);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    if (await props.onSave(text)) setText("");
    setBusy(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Field label="Comment" hint="Markdown">
        <Textarea
          value={text}
          resize="vertical"
          maxLength={MOST_CHARACTERS}
          onChange={(_, data) => setText(data.value)}
        />
      </Field>
      {text.trim() !== "" && <Markdown text={text} />}
      <div className={styles.row}>
        <Button
          type="submit"
          appearance="primary"
          size="small"
          disabled={busy || text.trim() === ""}
        >
          {props.action}
        </Button>
        {props.onCancel && (
          <Button size="small" onClick={props.onCancel}>
            Cancel
          </Button>
        )}
      </div>
    </form>
  );
}

function CommentCard({ incident, comment }: { incident: Incident; comment: Comment }) {
  const styles = useStyles();
  const api = useIncidents();
  const notify = useNotify();
  const refresh = useRefresh();
  const { user, may } = useSession();
  const [editing, setEditing] = useState(false);
  const p = comment.properties;
  const own =
    may("incidents/write") && (p.author.objectId === user.id || p.author.name === user.name);
  const attempt = async (what: string, deed: Promise<unknown>) => {
    try {
      await deed;
      setEditing(false);
      return true;
    } catch (error) {
      notify.failed(what, error);
      return false;
    } finally {
      await refresh();
    }
  };
  return (
    <Card>
      <div className={styles.head}>
        <Text weight="semibold">{p.author.name}</Text>
        <TimeText value={p.createdTimeUtc} />
        <span className={styles.space} />
        {own && !editing && (
          <>
            <Button size="small" appearance="subtle" onClick={() => setEditing(true)}>
              Edit
            </Button>
            <Button
              size="small"
              appearance="subtle"
              onClick={() =>
                void attempt(
                  "The comment was not deleted",
                  api.removeComment(incident.name, comment.name),
                )
              }
            >
              Delete
            </Button>
          </>
        )}
      </div>
      {editing ? (
        <Editor
          text={p.message}
          action="Save"
          onCancel={() => setEditing(false)}
          onSave={(text) =>
            attempt(
              "The comment was not changed",
              api.putComment(incident.name, comment.name, text, comment.etag),
            )
          }
        />
      ) : (
        <Markdown text={p.message} />
      )}
    </Card>
  );
}

export function Comments({ incident }: { incident: Incident }) {
  const styles = useStyles();
  const api = useIncidents();
  const notify = useNotify();
  const refresh = useRefresh();
  const { may } = useSession();
  const [audit, setAudit] = useState(true);
  const comments = usePart(incident, "comments", (a, id) => a.comments(id));
  const activities = usePart(incident, "activities", (a, id) => a.activities(id));
  const add = async (text: string) => {
    try {
      await api.putComment(incident.name, crypto.randomUUID(), text);
      await refresh();
      return true;
    } catch (error) {
      notify.failed("The comment was not added", error);
      return false;
    }
  };
  const entries = [
    ...(comments.data ?? []).map((comment) => ({
      time: comment.properties.createdTimeUtc,
      key: comment.name,
      shown: <CommentCard incident={incident} comment={comment} />,
    })),
    ...(audit ? (activities.data ?? []) : []).map((activity, at) => ({
      time: activity.time,
      key: `activity ${String(at)}`,
      shown: (
        <div className={styles.entry}>
          <TimeText value={activity.time} /> {wholeSentence(activity)}
        </div>
      ),
    })),
  ].sort((a, b) => b.time.localeCompare(a.time));
  return (
    <div className={styles.all}>
      {may("incidents/write") && <Editor text="" action="Add the comment" onSave={add} />}
      <Switch
        checked={audit}
        label="Show what was done, too"
        onChange={(_, data) => setAudit(data.checked)}
      />
      <ErrorNotice error={comments.error ?? activities.error} onRetry={() => void refresh()} />
      {entries.map((entry) => (
        <div key={entry.key}>{entry.shown}</div>
      ))}
    </div>
  );
}
