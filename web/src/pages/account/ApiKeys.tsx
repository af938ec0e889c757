/** Keys for programs that act as this person. */
import {
  Button,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Select,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { Confirm } from "../../parts/Confirm";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText, useServerNow } from "../../parts/time";
import { useProof } from "../../session/proof";

const DAY_MS = 86_400_000;
const useStyles = makeStyles({
  stack: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  list: { height: "14rem" },
  row: {
    display: "flex",
    gap: tokens.spacingHorizontalS,
    alignItems: "flex-end",
    flexWrap: "wrap",
  },
  key: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: "anywhere", userSelect: "all" },
});

type Key = Schemas["ApiKey"];

export function ApiKeys() {
  const styles = useStyles();
  const now = useServerNow();
  const prove = useProof();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [made, setMade] = useState("");
  const [going, setGoing] = useState<Key | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const keys = useQuery({
    queryKey: ["own-keys"],
    queryFn: async () => (await server.call("GET", "/portal/api/api-keys")).value,
  });
  const create = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    try {
      const expires = new Date(now + Number(days) * DAY_MS).toISOString();
      const body = { name: name.trim(), expires };
      const answer = await prove(() => server.call("POST", "/portal/api/api-keys", { body }));
      setMade(answer.key);
      setName("");
    } catch (problem) {
      setError(problem);
    }
    await keys.refetch();
  };
  const columns: Column<Key>[] = [
    {
      id: "name",
      title: "Name",
      width: 220,
      fixed: true,
      value: (k) => k.name,
      cell: (k) => k.name,
    },
    { id: "created", title: "Created", width: 200, cell: (k) => <TimeText value={k.created} /> },
    { id: "expires", title: "Expires", width: 200, cell: (k) => <TimeText value={k.expires} /> },
    { id: "used", title: "Last use", width: 200, cell: (k) => <TimeText value={k.lastUsed} /> },
    {
      id: "delete",
      title: "Action",
      width: 110,
      cell: (k) => (
        <Button size="small" onClick={() => setGoing(k)}>
          Delete
        </Button>
      ),
    },
  ];
  return (
    <div className={styles.stack}>
      <ErrorNotice error={error ?? keys.error} onRetry={() => void keys.refetch()} />
      <form className={styles.row} onSubmit={(event) => void create(event)}>
        <Field label="Name of a new key" required>
          <Input value={name} onChange={(_, data) => setName(data.value)} />
        </Field>
        <Field label="Works for">
          <Select value={days} onChange={(_, data) => setDays(data.value)}>
            {["7", "30", "90", "365"].map((n) => (
              <option key={n} value={n}>
                {n} days
              </option>
            ))}
          </Select>
        </Field>
        <Button type="submit" disabled={name.trim() === ""}>
          Create
        </Button>
      </form>
      {made !== "" && (
        <MessageBar intent="success" layout="multiline">
          <MessageBarBody>
            Copy the key; it is not shown again: <code className={styles.key}>{made}</code>
          </MessageBarBody>
        </MessageBar>
      )}
      <div className={styles.list}>
        <DataGrid
          id="own-keys"
          label="Your API keys"
          columns={columns}
          rows={keys.data ?? []}
          rowKey={(k) => k.id}
          loading={keys.isPending}
          empty={
            <EmptyState title="You have no keys">
              A key lets a script call the API with your rights.
            </EmptyState>
          }
        />
      </div>
      {going && (
        <Confirm
          title={`Delete the key ${going.name}`}
          action="Delete"
          onClose={() => setGoing(undefined)}
          onConfirm={async () => {
            await server.call("DELETE", "/portal/api/api-keys/{key}", { path: { key: going.id } });
            await keys.refetch();
          }}
        >
          What uses it is refused from then on.
        </Confirm>
      )}
    </div>
  );
}
