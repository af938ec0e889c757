/** Programs that sign in with a secret or a certificate. */
import { Badge, Button, Field, Input, Toolbar } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
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
import { ApplicationCredentials } from "./ApplicationCredentials";
import { FormDialog } from "../../parts/FormDialog";
import { GrantFields } from "./GrantFields";
import { SecretDialog } from "./SecretDialog";
import type { Told } from "./SecretDialog";
import { grantText, useApplications, useSettingsChange } from "./queries";
import type { Application } from "./queries";

const ONE = "/vedette/v1/applications/{application}";

const columns: Column<Application>[] = [
  {
    id: "name",
    title: "Name",
    width: 220,
    fixed: true,
    sortable: true,
    value: (a) => a.name,
    cell: (a) => a.name,
  },
  {
    id: "client",
    title: "Client id",
    width: 320,
    value: (a) => a.clientId,
    cell: (a) => a.clientId,
  },
  {
    id: "status",
    title: "Status",
    width: 110,
    cell: (a) => (
      <Badge appearance="tint" color={a.enabled ? "success" : "subtle"}>
        {a.enabled ? "Enabled" : "Disabled"}
      </Badge>
    ),
  },
  {
    id: "roles",
    title: "Roles",
    width: 320,
    value: (a) => grantText(a.roles),
    cell: (a) => grantText(a.roles),
  },
  {
    id: "created",
    title: "Created",
    width: 200,
    sortable: true,
    value: (a) => a.created,
    cell: (a) => <TimeText value={a.created} seconds={false} />,
  },
];

type Made = Schemas["MadeApplication"];

function toldOf(title: string, made: Made): Told {
  return {
    title,
    values: [
      ["Tenant id", made.tenant],
      ["Client id", made.clientId],
      ["Client secret", made.clientSecret],
    ],
  };
}

function NewApplication({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (told: Told) => void;
}) {
  const [name, setName] = useState("");
  const [grant, setGrant] = useState({ role: "", scope: "/" });
  const make = useSettingsChange(() =>
    server.call("POST", "/vedette/v1/applications", {
      body: { name, roles: [grant.scope === "/" ? { role: grant.role } : grant] },
    }),
  );
  return (
    <FormDialog
      title="New application"
      action="Create"
      ready={name.trim() !== "" && grant.role !== ""}
      onSubmit={async () =>
        onMade(toldOf("The application is made", await make.mutateAsync(undefined)))
      }
      onClose={onClose}
    >
      <Field label="Name" required>
        <Input value={name} onChange={(_, d) => setName(d.value)} />
      </Field>
      <GrantFields {...grant} onChange={setGrant} />
    </FormDialog>
  );
}

export function Applications() {
  const { may } = useSession();
  const notify = useNotify();
  const { data, error, isPending, refetch } = useApplications();
  const [chosen, setChosen] = useState("");
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [told, setTold] = useState<Told | undefined>(undefined);
  const app = data?.find((a) => a.clientId === chosen);
  const path = { application: chosen };
  const change = useSettingsChange((run: () => Promise<unknown>) => run());
  const run = async (what: string, deed: () => Promise<unknown>) => {
    try {
      await change.mutateAsync(deed);
    } catch (problem) {
      notify.failed(what, problem);
    }
  };
  if (error !== null)
    return (
      <ErrorNotice
        title="The applications can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <>
      {may("applications/write") && (
        <Toolbar aria-label="Applications" size="small" style={{ flexWrap: "wrap", gap: "4px" }}>
          <Button
            size="small"
            appearance="primary"
            icon={<AddRegular />}
            onClick={() => setAdding(true)}
          >
            New application
          </Button>
          {app && (
            <>
              <Button
                size="small"
                onClick={() =>
                  void run("The application was not changed", () =>
                    server.call("PATCH", ONE, { path, body: { enabled: !app.enabled } }),
                  )
                }
              >
                {app.enabled ? "Disable" : "Enable"}
              </Button>
              <Button
                size="small"
                onClick={() =>
                  void run("No secret was made", async () =>
                    setTold(
                      toldOf("New secret", await server.call("POST", `${ONE}/secret`, { path })),
                    ),
                  )
                }
              >
                New secret (old ones end)
              </Button>
              <Button size="small" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            </>
          )}
        </Toolbar>
      )}
      <DataGrid
        id="applications"
        label="Applications"
        columns={columns}
        rows={data ?? []}
        rowKey={(a) => a.clientId}
        loading={isPending}
        onActive={(a) => setChosen(a.clientId)}
        height={app ? "50%" : "100%"}
        empty={<EmptyState title="There are no applications">Make one.</EmptyState>}
      />
      {app && <ApplicationCredentials id={app.clientId} name={app.name} onTold={setTold} />}
      {adding && (
        <NewApplication
          onClose={() => setAdding(false)}
          onMade={(made) => {
            setAdding(false);
            setTold(made);
          }}
        />
      )}
      {told && <SecretDialog told={told} onClose={() => setTold(undefined)} />}
      {deleting && app && (
        <Confirm
          title={`Delete the application ${app.name}?`}
          action="Delete"
          onConfirm={async () => {
            await change.mutateAsync(() => server.call("DELETE", ONE, { path }));
            notify.done("The application is deleted");
          }}
          onClose={() => setDeleting(false)}
        >
          Its tokens stop working at once.
        </Confirm>
      )}
    </>
  );
}
