/** The tasks of an incident: ticked, added, taken away. */
import {
  Button,
  Checkbox,
  Field,
  Input,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { FormEvent } from "react";
import type { Incident, Task } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { Markdown } from "../../parts/Markdown";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { useSession } from "../../session/session";
import { usePart, useRefresh } from "./useIncident";

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0 },
  item: { display: "flex", alignItems: "flex-start" },
  text: { flexGrow: 1, paddingTop: tokens.spacingVerticalSNudge },
  done: { textDecorationLine: "line-through", color: tokens.colorNeutralForeground3 },
  add: { display: "flex", gap: tokens.spacingHorizontalS, alignItems: "flex-end" },
});

function AddTask({ onAdd }: { onAdd: (title: string) => Promise<void> }) {
  const styles = useStyles();
  const [title, setTitle] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (title.trim() === "") return;
    await onAdd(title.trim());
    setTitle("");
  };
  return (
    <form className={styles.add} onSubmit={(event) => void submit(event)}>
      <Field label="New task" style={{ flexGrow: 1 }}>
        <Input
          size="small"
          value={title}
          maxLength={150}
          onChange={(_, data) => setTitle(data.value)}
        />
      </Field>
      <Button size="small" type="submit" disabled={title.trim() === ""}>
        Add
      </Button>
    </form>
  );
}

export function Tasks({ incident }: { incident: Incident }) {
  const styles = useStyles();
  const api = useIncidents();
  const notify = useNotify();
  const refresh = useRefresh();
  const { may } = useSession();
  const tasks = usePart(incident, "tasks", (a, id) => a.tasks(id));
  const writable = may("incidents/write");
  const attempt = async (what: string, deed: Promise<unknown>) => {
    try {
      await deed;
    } catch (error) {
      notify.failed(what, error);
    }
    await refresh();
  };
  const tick = (task: Task, completed: boolean) =>
    attempt(
      "The task was not changed",
      api.putTask(
        incident.name,
        task.name,
        { ...task.properties, status: completed ? "Completed" : "New" },
        task.etag,
      ),
    );
  const add = (title: string) =>
    attempt(
      "The task was not added",
      api.putTask(incident.name, crypto.randomUUID(), { title, status: "New" }),
    );
  return (
    <section aria-label="Tasks">
      <ErrorNotice error={tasks.error} onRetry={() => void tasks.refetch()} />
      {tasks.data?.length === 0 && <Text>There are no tasks.</Text>}
      <ul className={styles.list}>
        {(tasks.data ?? []).map((task) => (
          <li key={task.name} className={styles.item}>
            <Checkbox
              aria-label={task.properties.title}
              checked={task.properties.status === "Completed"}
              disabled={!writable}
              onChange={(_, data) => void tick(task, data.checked === true)}
            />
            <div className={styles.text}>
              <Text className={task.properties.status === "Completed" ? styles.done : ""}>
                {task.properties.title}
              </Text>
              {task.properties.description !== undefined && task.properties.description !== "" && (
                <Markdown text={task.properties.description} />
              )}
            </div>
            {writable && (
              <Button
                size="small"
                appearance="transparent"
                aria-label={`Delete the task ${task.properties.title}`}
                icon={<DeleteRegular />}
                onClick={() =>
                  void attempt("The task was not deleted", api.removeTask(incident.name, task.name))
                }
              />
            )}
          </li>
        ))}
      </ul>
      {writable && <AddTask onAdd={add} />}
    </section>
  );
}
