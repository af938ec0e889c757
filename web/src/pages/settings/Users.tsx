/** People who sign in with a name and a password. */
import { Badge, Button, Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../../api/typed";
import { Confirm } from "../../parts/Confirm";
import type { Column } from "../../parts/DataGrid";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { AdminList } from "./AdminList";
import { GrantFields } from "./GrantFields";
import { SecretDialog } from "./SecretDialog";
import type { Told } from "./SecretDialog";
import { grantText, useSettingsChange, useUsers } from "./queries";
import type { User } from "./queries";

const columns: Column<User>[] = [
  {
    id: "name",
    title: "Name",
    width: 180,
    fixed: true,
    sortable: true,
    value: (u) => u.name,
    cell: (u) => u.name,
  },
  {
    id: "display",
    title: "Display name",
    width: 180,
    sortable: true,
    value: (u) => u.displayName,
    cell: (u) => u.displayName ?? "",
  },
  {
    id: "status",
    title: "Status",
    width: 110,
    cell: (u) => (
      <Badge
        appearance="tint"
        color={!u.enabled ? "subtle" : u.lockedUntil ? "warning" : "success"}
      >
        {!u.enabled ? "Disabled" : u.lockedUntil ? "Locked" : "Enabled"}
      </Badge>
    ),
  },
  {
    id: "roles",
    title: "Roles",
    width: 320,
    value: (u) => grantText(u.roles),
    cell: (u) => grantText(u.roles),
  },
  { id: "totp", title: "Second factor", width: 120, cell: (u) => (u.hasTotp ? "Yes" : "No") },
  {
    id: "last",
    title: "Last sign-in",
    width: 200,
    sortable: true,
    value: (u) => u.lastSignIn,
    cell: (u) => <TimeText value={u.lastSignIn} seconds={false} />,
  },
  { id: "email", title: "Mailbox", width: 200, optional: true, cell: (u) => u.email ?? "" },
  {
    id: "created",
    title: "Created",
    width: 200,
    optional: true,
    cell: (u) => <TimeText value={u.created} seconds={false} />,
  },
];

function NewUser({ onClose, onMade }: { onClose: () => void; onMade: (told: Told) => void }) {
  const [name, setName] = useState("");
  const [displayName, setDisplayName] = useState("");
  const [email, setEmail] = useState("");
  const [grant, setGrant] = useState({ role: "", scope: "/" });
  const make = useSettingsChange(() =>
    server.call("POST", "/vedette/v1/users", {
      body: {
        name,
        ...(displayName === "" ? {} : { displayName }),
        ...(email === "" ? {} : { email }),
        roles: [grant.scope === "/" ? { role: grant.role } : grant],
      },
    }),
  );
  const submit = async () => {
    const made = await make.mutateAsync(undefined);
    onMade({
      title: "The user is made",
      values: [
        ["User name", name],
        ["First password", made.password ?? ""],
      ],
    });
  };
  return (
    <FormDialog
      title="New user"
      action="Create"
      ready={name.trim() !== "" && grant.role !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label="User name" required>
        <Input value={name} onChange={(_, d) => setName(d.value)} />
      </Field>
      <Field label="Display name">
        <Input value={displayName} onChange={(_, d) => setDisplayName(d.value)} />
      </Field>
      <Field label="Mailbox">
        <Input type="email" value={email} onChange={(_, d) => setEmail(d.value)} />
      </Field>
      <GrantFields {...grant} onChange={setGrant} />
    </FormDialog>
  );
}

interface Deed {
  title: string;
  run: () => Promise<unknown>;
}

function UserDeeds({
  user,
  onTold,
  onDelete,
}: {
  user: User;
  onTold: (told: Told) => void;
  onDelete: () => void;
}) {
  const notify = useNotify();
  const path = { user: user.id };
  const change = useSettingsChange((deed: Deed) => deed.run());
  const run = async (deed: Deed) => {
    try {
      await change.mutateAsync(deed);
      notify.done(`${deed.title}: done`);
    } catch (error) {
      notify.failed(deed.title, error);
    }
  };
  const newPassword = async () => {
    const { password } = await server.call("POST", "/vedette/v1/users/{user}/password", {
      path,
      body: {},
    });
    onTold({ title: `New password of ${user.name}`, values: [["Password", password ?? ""]] });
  };
  const deeds: Deed[] = [
    {
      title: user.enabled ? "Disable" : "Enable",
      run: () =>
        server.call("PATCH", "/vedette/v1/users/{user}", {
          path,
          body: { enabled: !user.enabled },
        }),
    },
    { title: "New password", run: newPassword },
    {
      title: "Unlock",
      run: () => server.call("POST", "/vedette/v1/users/{user}/unlock", { path }),
    },
    {
      title: "Reset second factor",
      run: () => server.call("POST", "/vedette/v1/users/{user}/totp-reset", { path }),
    },
    {
      title: "End sessions",
      run: () => server.call("DELETE", "/vedette/v1/users/{user}/sessions", { path }),
    },
  ];
  return (
    <>
      {deeds.map((deed) => (
        <Button
          key={deed.title}
          size="small"
          disabled={change.isPending}
          onClick={() => void run(deed)}
        >
          {deed.title}
        </Button>
      ))}
      <Button size="small" onClick={onDelete}>
        Delete
      </Button>
    </>
  );
}

export function Users() {
  const { may } = useSession();
  const notify = useNotify();
  const list = useUsers();
  const [chosen, setChosen] = useState("");
  const [adding, setAdding] = useState(false);
  const [told, setTold] = useState<Told | undefined>(undefined);
  const [deleting, setDeleting] = useState(false);
  const remove = useSettingsChange((user: string) =>
    server.call("DELETE", "/vedette/v1/users/{user}", { path: { user } }),
  );
  const user = list.data?.find((u) => u.id === chosen);
  return (
    <>
      <AdminList
        id="users"
        label="Users"
        list={list}
        columns={columns}
        rowKey={(u) => u.id}
        onActive={(u) => setChosen(u.id)}
        make={
          may("users/write") ? { title: "New user", onClick: () => setAdding(true) } : undefined
        }
        deeds={
          user && <UserDeeds user={user} onTold={setTold} onDelete={() => setDeleting(true)} />
        }
        empty={{ title: "There are no users", text: "Make one." }}
      />
      {adding && (
        <NewUser
          onClose={() => setAdding(false)}
          onMade={(made) => {
            setAdding(false);
            setTold(made);
          }}
        />
      )}
      {told && <SecretDialog told={told} onClose={() => setTold(undefined)} />}
      {deleting && user && (
        <Confirm
          title={`Delete the user ${user.name}?`}
          action="Delete"
          onConfirm={async () => {
            await remove.mutateAsync(user.id);
            notify.done("The user is deleted");
          }}
          onClose={() => setDeleting(false)}
        >
          Sessions and API keys end at once. What the user has written stays.
        </Confirm>
      )}
    </>
  );
}
