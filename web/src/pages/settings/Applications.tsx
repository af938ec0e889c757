/** Programs that sign in with a secret or a certificate. */
import { Badge, Button, Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { Confirm } from "../../parts/Confirm";
import type { Column } from "../../parts/DataGrid";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { AdminList } from "./AdminList";
import { ApplicationCredentials } from "./ApplicationCredentials";
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
  const list = useApplications();
  const [chosen, setChosen] = useState("");
  const [adding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [told, setTold] = useState<Told | undefined>(undefined);
  const app = list.data?.find((a) => a.clientId === chosen);
  const path = { application: chosen };
  const change = useSettingsChange((run: () => Promise<unknown>) => run());
  const run = async (what: string, deed: () => Promise<unknown>) => {
    try {
      await change.mutateAsync(deed);
    } catch (problem) {
      notify.failed(what, problem);
    }
  };
  return (
    <>
      <AdminList
        id="applications"
        label="Applications"
        list={list}
        columns={columns}
        rowKey={(a) => a.clientId}
        onActive={(a) => setChosen(a.clientId)}
        make={
          may("applications/write")
            ? { title: "New application", onClick: () => setAdding(true) }
            : undefined
        }
        deeds={
          app && (
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
          )
        }
        empty={{ title: "There are no applications", text: "Make one." }}
        height={app ? "50%" : "100%"}
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
