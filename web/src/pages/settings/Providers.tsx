/** Identity providers that people sign in through, and whose tokens the API takes. */
import {
  Badge,
  Button,
  Field,
  Input,
  Subtitle2,
  Switch,
  Textarea,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { Confirm } from "../../parts/Confirm";
import type { Column } from "../../parts/DataGrid";
import { Facts } from "../../parts/Facts";
import { FormDialog } from "../../parts/FormDialog";
import { JsonTree } from "../../parts/JsonTree";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { AdminList } from "./AdminList";
import { useSettingsChange, useSettingsList } from "./queries";

const useStyles = makeStyles({
  pane: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalM,
    marginTop: tokens.spacingVerticalS,
    maxHeight: "45%",
    overflowY: "auto",
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
});

type Provider = Schemas["IdentityProvider"];
type Settings = Schemas["NewIdentityProvider"];

const PROVIDERS = "/vedette/v1/identityProviders";
const PROVIDER = `${PROVIDERS}/{provider}` as const;

const columns: Column<Provider>[] = [
  {
    id: "name",
    title: "Name",
    width: 180,
    fixed: true,
    sortable: true,
    value: (p) => p.title ?? p.name,
    cell: (p) => p.title ?? p.name,
  },
  {
    id: "status",
    title: "Status",
    width: 110,
    cell: (p) => (
      <Badge appearance="tint" color={p.enabled === false ? "subtle" : "success"}>
        {p.enabled === false ? "Disabled" : "Enabled"}
      </Badge>
    ),
  },
  {
    id: "issuer",
    title: "Issuer",
    width: 360,
    sortable: true,
    value: (p) => p.issuer,
    cell: (p) => p.issuer,
  },
  {
    id: "signIn",
    title: "People sign in",
    width: 130,
    cell: (p) => (p.signIn === false ? "No" : "Yes"),
  },
  {
    id: "create",
    title: "Makes users",
    width: 120,
    cell: (p) => (p.createUsers === true ? "Yes" : "No"),
  },
  {
    id: "changed",
    title: "Last modified",
    width: 200,
    sortable: true,
    value: (p) => p.changed,
    cell: (p) => <TimeText value={p.changed} seconds={false} />,
  },
];

/** What has a field of its own in the form; everything else is written as JSON. */
const formKeys = new Set([
  "name",
  "issuer",
  "title",
  "enabled",
  "signIn",
  "createUsers",
  "clientId",
  "clientSecret",
  "clientSecretKept",
  "redirectUri",
  "created",
  "changed",
]);

function restOf(provider: Provider | undefined): string {
  const rest = Object.entries(provider ?? {}).filter(([key]) => !formKeys.has(key));
  return rest.length === 0 ? "" : JSON.stringify(Object.fromEntries(rest), null, 2);
}

/** The object that a text is; throws with words for people. */
function parsed(text: string): Partial<Settings> {
  if (text.trim() === "") return {};
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("The further settings have to be a JSON object.");
  // What is in it the server checks, and tells.
  return value as Partial<Settings>;
}

function ProviderDialog({
  provider,
  onClose,
}: {
  provider: Provider | undefined;
  onClose: () => void;
}) {
  const notify = useNotify();
  const [draft, setDraft] = useState({
    name: provider?.name ?? "",
    title: provider?.title ?? "",
    issuer: provider?.issuer ?? "",
    clientId: provider?.clientId ?? "",
    secret: "",
    enabled: provider?.enabled ?? true,
    signIn: provider?.signIn ?? true,
    createUsers: provider?.createUsers ?? false,
    rest: restOf(provider),
  });
  const put = (changed: Partial<typeof draft>) => setDraft({ ...draft, ...changed });
  const save = useSettingsChange(() =>
    server.call("PUT", PROVIDER, {
      path: { provider: draft.name },
      body: {
        ...parsed(draft.rest),
        issuer: draft.issuer.trim(),
        ...(draft.title === "" ? {} : { title: draft.title }),
        ...(draft.clientId === "" ? {} : { clientId: draft.clientId.trim() }),
        ...(draft.secret === "" ? {} : { clientSecret: draft.secret }),
        enabled: draft.enabled,
        signIn: draft.signIn,
        createUsers: draft.createUsers,
      },
    }),
  );
  return (
    <FormDialog
      title={provider === undefined ? "New identity provider" : `Edit ${provider.name}`}
      action="Save"
      ready={draft.name.trim() !== "" && draft.issuer.trim() !== ""}
      onSubmit={async () => {
        await save.mutateAsync(undefined);
        notify.done("The identity provider is saved");
        onClose();
      }}
      onClose={onClose}
    >
      {provider === undefined && (
        <Field label="Name" required hint="Part of the redirect address: letters and digits">
          <Input value={draft.name} onChange={(_, d) => put({ name: d.value })} />
        </Field>
      )}
      <Field label="Title" hint="What people read on the sign-in page">
        <Input value={draft.title} onChange={(_, d) => put({ title: d.value })} />
      </Field>
      <Field label="Issuer" required hint="https://login.microsoftonline.com/TENANT-ID/v2.0">
        <Input type="url" value={draft.issuer} onChange={(_, d) => put({ issuer: d.value })} />
      </Field>
      <Field label="Client id">
        <Input value={draft.clientId} onChange={(_, d) => put({ clientId: d.value })} />
      </Field>
      <Field
        label="Client secret"
        hint={
          provider?.clientSecretKept
            ? "One is kept; empty: it stays"
            : "Kept sealed, and never shown again"
        }
      >
        <Input
          type="password"
          autoComplete="new-password"
          value={draft.secret}
          onChange={(_, d) => put({ secret: d.value })}
        />
      </Field>
      <Switch
        label="Enabled"
        checked={draft.enabled}
        onChange={(_, d) => put({ enabled: d.checked })}
      />
      <Switch
        label="People sign in through it"
        checked={draft.signIn}
        onChange={(_, d) => put({ signIn: d.checked })}
      />
      <Switch
        label="Who comes for the first time becomes a user"
        checked={draft.createUsers}
        onChange={(_, d) => put({ createUsers: d.checked })}
      />
      <Field
        label="Further settings (JSON)"
        hint="roles, defaultRoles, audiences, allowedTenants, allowedDomains, claims …"
      >
        <Textarea
          rows={6}
          resize="vertical"
          spellCheck={false}
          value={draft.rest}
          onChange={(_, d) => put({ rest: d.value })}
        />
      </Field>
    </FormDialog>
  );
}

function ProviderPane({ provider }: { provider: Provider }) {
  const styles = useStyles();
  const { may } = useSession();
  const check = useSettingsChange(() =>
    server.call("POST", `${PROVIDER}/check`, { path: { provider: provider.name } }),
  );
  return (
    <section className={styles.pane} aria-label={`Provider ${provider.name}`} tabIndex={0}>
      <Subtitle2 as="h2">{provider.title ?? provider.name}</Subtitle2>
      <Facts
        facts={[
          ["Redirect address", provider.redirectUri],
          ["Issuer", provider.issuer],
          ["Client id", provider.clientId],
          ["Client secret", provider.clientSecretKept ? "kept" : undefined],
        ]}
      />
      {restOf(provider) !== "" && (
        <JsonTree value={JSON.parse(restOf(provider)) as unknown} label="Further settings" />
      )}
      {may("providers/write") && (
        <div>
          <Button size="small" disabled={check.isPending} onClick={() => check.mutate(undefined)}>
            Test it
          </Button>
        </div>
      )}
      <div aria-live="polite">
        <ErrorNotice title="The provider can't be used as it is" error={check.error} />
        {check.data !== undefined && (
          <JsonTree value={check.data} label="What the provider's documents say" />
        )}
      </div>
    </section>
  );
}

export function Providers() {
  const { may } = useSession();
  const notify = useNotify();
  const list = useSettingsList("providers", (signal) => server.all(PROVIDERS, 10_000, { signal }));
  const [chosen, setChosen] = useState("");
  const [editing, setEditing] = useState<"new" | "chosen" | undefined>(undefined);
  const [deleting, setDeleting] = useState(false);
  const remove = useSettingsChange((name: string) =>
    server.call("DELETE", PROVIDER, { path: { provider: name } }),
  );
  const provider = list.data?.find((p) => p.name === chosen);
  return (
    <>
      <AdminList
        id="providers"
        label="Identity providers"
        list={list}
        columns={columns}
        rowKey={(p) => p.name}
        onActive={(p) => setChosen(p.name)}
        make={
          may("providers/write")
            ? { title: "New identity provider", onClick: () => setEditing("new") }
            : undefined
        }
        deeds={
          <>
            <Button
              size="small"
              disabled={provider === undefined}
              onClick={() => setEditing("chosen")}
            >
              Edit
            </Button>
            <Button
              size="small"
              disabled={provider === undefined}
              onClick={() => setDeleting(true)}
            >
              Delete
            </Button>
          </>
        }
        empty={{
          title: "There are no identity providers",
          text: "Through one, people sign in with the account that they have elsewhere: Entra ID, or any provider that speaks OpenID Connect.",
        }}
      />
      {provider && <ProviderPane key={provider.name} provider={provider} />}
      {editing && (
        <ProviderDialog
          provider={editing === "chosen" ? provider : undefined}
          onClose={() => setEditing(undefined)}
        />
      )}
      {deleting && provider && (
        <Confirm
          title={`Delete the identity provider ${provider.name}?`}
          action="Delete"
          onConfirm={async () => {
            await remove.mutateAsync(provider.name);
            notify.done("The identity provider is deleted");
          }}
          onClose={() => setDeleting(false)}
        >
          Nobody can sign in through it any more. The users that came through it stay.
        </Confirm>
      )}
    </>
  );
}
