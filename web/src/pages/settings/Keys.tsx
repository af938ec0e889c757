/** API keys of all people: who has which, when it was used last, and taking one away. */
import { Button, Toolbar } from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { Confirm } from "../../parts/Confirm";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { useNotify } from "../../parts/Toasts";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { grantText, useSettingsChange, useSettingsList } from "./queries";

type Key = Schemas["PrincipalApiKey"];

const columns: Column<Key>[] = [
  {
    id: "who",
    title: "Belongs to",
    width: 200,
    fixed: true,
    sortable: true,
    value: (k) => k.principalName,
    cell: (k) => k.principalName,
  },
  {
    id: "kind",
    title: "Kind",
    width: 120,
    sortable: true,
    value: (k) => k.principalType,
    cell: (k) => k.principalType,
  },
  {
    id: "name",
    title: "Name",
    width: 200,
    sortable: true,
    value: (k) => k.name,
    cell: (k) => k.name,
  },
  {
    id: "used",
    title: "Last used",
    width: 200,
    sortable: true,
    value: (k) => k.lastUsed,
    cell: (k) => <TimeText value={k.lastUsed} seconds={false} />,
  },
  {
    id: "expires",
    title: "Expires",
    width: 200,
    sortable: true,
    value: (k) => k.expires,
    cell: (k) => <TimeText value={k.expires} seconds={false} />,
  },
  {
    id: "roles",
    title: "Roles",
    width: 280,
    cell: (k) => grantText(k.roles ?? []) || "Those of whom it belongs to",
  },
  {
    id: "created",
    title: "Created",
    width: 200,
    optional: true,
    cell: (k) => <TimeText value={k.created} seconds={false} />,
  },
];

function revokeKey(key: Key) {
  const { id, principalId, principalType } = key;
  return principalType === "User"
    ? server.call("DELETE", "/vedette/v1/users/{user}/apiKeys/{key}", {
        path: { user: principalId, key: id },
      })
    : server.call("DELETE", "/vedette/v1/applications/{application}/apiKeys/{key}", {
        path: { application: principalId, key: id },
      });
}

export function Keys() {
  const { may } = useSession();
  const notify = useNotify();
  const { data, error, isPending, refetch } = useSettingsList("keys", (signal) =>
    server.all("/vedette/v1/apiKeys", 10_000, { signal }),
  );
  const [chosen, setChosen] = useState("");
  const [asking, setAsking] = useState(false);
  const revoke = useSettingsChange(revokeKey);
  const key = data?.find((k) => k.id === chosen);
  if (error !== null)
    return (
      <ErrorNotice
        title="The API keys can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <>
      {may("users/write") && (
        <Toolbar aria-label="API keys" size="small" style={{ flexWrap: "wrap", gap: "4px" }}>
          <Button size="small" disabled={key === undefined} onClick={() => setAsking(true)}>
            Revoke
          </Button>
        </Toolbar>
      )}
      <DataGrid
        id="allKeys"
        label="API keys"
        columns={columns}
        rows={data ?? []}
        rowKey={(k) => k.id}
        loading={isPending}
        onActive={(k) => setChosen(k.id)}
        empty={
          <EmptyState title="There are no API keys">
            People make keys for their programs under Your account.
          </EmptyState>
        }
      />
      {asking && key && (
        <Confirm
          title={`Revoke the key ${key.name} of ${key.principalName}?`}
          action="Revoke"
          onConfirm={async () => {
            await revoke.mutateAsync(key);
            notify.done("The key is revoked");
          }}
          onClose={() => setAsking(false)}
        >
          What uses it is refused from then on.
        </Confirm>
      )}
    </>
  );
}
