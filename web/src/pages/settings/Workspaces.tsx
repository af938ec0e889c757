/** Tenants with their workspaces: made, renamed, deleted, and brought back. */
import {
  Badge,
  Button,
  Card,
  Field,
  Input,
  Subtitle2,
  Text,
  Toolbar,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "../../parts/Confirm";
import { WorkspaceApi, server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { Facts } from "../../parts/Facts";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession, workspaceTitle } from "../../session/session";
import type { Tenant, Workspace } from "../../session/session";
import { bytesText } from "../data/queries";
import { DiagnosticsDialog, QueriesKept } from "./Diagnostics";
import { SecretDialog } from "./SecretDialog";
import type { Told } from "./SecretDialog";
import { TenantDialog } from "./TenantDialog";
import { WorkspaceDialog } from "./WorkspaceDialog";
import { useSettingsChange } from "./queries";
import { useDeletedWorkspaces, useTenants } from "./tenants";
import type { DeletedWorkspace, TenantResource } from "./tenants";

const useStyles = makeStyles({
  page: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    overflowY: "auto",
  },
  cards: {
    marginTop: tokens.spacingVerticalS,
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(22rem, 1fr))",
    gap: tokens.spacingHorizontalM,
  },
  head: {
    marginBottom: tokens.spacingVerticalS,
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalS,
  },
  bar: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

const WORKSPACE =
  "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.OperationalInsights/workspaces/{workspace}";

type Own = Schemas["WorkspaceList"]["value"][number];

/** What a card or a heading asks for; the page shows its dialog. */
type Asked =
  | { what: "newTenant" }
  | { what: "editTenant" | "deleteTenant" | "newWorkspace"; tenant: TenantResource }
  | { what: "deleteWorkspace" | "renameWorkspace" | "diagnostics"; workspace: Workspace }
  | { what: "purge"; deleted: DeletedWorkspace };

function WorkspaceCard(props: {
  workspace: Workspace;
  own: Own | undefined;
  onAsk: (asked: Asked) => void;
}) {
  const styles = useStyles();
  const { workspace, own, onAsk } = props;
  const may = (right: string) => workspace.rights.includes(right);
  return (
    <Card>
      <Subtitle2 as="h3">
        {workspaceTitle(workspace)} {workspace.primary && <Badge appearance="tint">Primary</Badge>}
      </Subtitle2>
      <div className={styles.bar}>
        {may("workspaces/write") && (
          <>
            <Button size="small" onClick={() => onAsk({ what: "renameWorkspace", workspace })}>
              Rename {workspace.name}
            </Button>
            <Button size="small" onClick={() => onAsk({ what: "deleteWorkspace", workspace })}>
              Delete {workspace.name}
            </Button>
          </>
        )}
        {may("diagnostics/read") && may("diagnostics/write") && (
          <Button
            size="small"
            aria-label={`Diagnostic settings of ${workspace.name}`}
            onClick={() => onAsk({ what: "diagnostics", workspace })}
          >
            Diagnostic settings
          </Button>
        )}
      </div>
      <Facts
        facts={[
          ["Workspace id", workspace.id],
          ["Resource id", workspace.resourceId],
          ["Built-in data collection rule", own?.dataCollectionRule],
          ["On disk", own?.diskBytes !== undefined && bytesText(own.diskBytes)],
          [
            "Queries kept in",
            may("diagnostics/read") && <QueriesKept key="q" workspace={workspace} />,
          ],
          ["Your rights", workspace.rights.join(", ")],
        ]}
      />
    </Card>
  );
}

function limitText(value: number | null, unit = ""): string {
  return value === null ? "as the server's settings say" : `${value.toLocaleString("en")}${unit}`;
}

function TenantSection(props: {
  tenant: Tenant;
  resource: TenantResource | undefined;
  own: readonly Own[] | undefined;
  onAsk: (asked: Asked) => void;
}) {
  const styles = useStyles();
  const { tenant, resource, own, onAsk } = props;
  const rights = new Set(tenant.workspaces.flatMap((w) => w.rights));
  return (
    <section aria-label={tenant.name}>
      <div className={styles.head}>
        <Subtitle2 as="h2">{tenant.name}</Subtitle2>
        {resource && rights.has("tenants/write") && (
          <Button size="small" onClick={() => onAsk({ what: "editTenant", tenant: resource })}>
            Edit
          </Button>
        )}
        {resource && rights.has("workspaces/write") && (
          <Button
            size="small"
            icon={<AddRegular />}
            onClick={() => onAsk({ what: "newWorkspace", tenant: resource })}
          >
            New workspace
          </Button>
        )}
      </div>
      <Facts
        facts={[
          ["Tenant id", tenant.id],
          ["Workspaces at most", resource && limitText(resource.limits.workspaces)],
          ["Data a day at most", resource && limitText(resource.limits.dailyMegabytes, " MB")],
          ["Queries at a time", resource && limitText(resource.limits.queries)],
        ]}
      />
      <div className={styles.cards}>
        {tenant.workspaces.map((w) => (
          <WorkspaceCard
            key={w.id}
            workspace={w}
            own={own?.find((o) => o.id === w.id)}
            onAsk={onAsk}
          />
        ))}
      </div>
    </section>
  );
}

/** Tenants in which there is nothing yet; the session names only those with a workspace. */
function EmptyTenants(props: {
  tenants: readonly TenantResource[];
  onAsk: (asked: Asked) => void;
}) {
  const styles = useStyles();
  return props.tenants.map((tenant) => (
    <section key={tenant.id} aria-label={tenant.name}>
      <div className={styles.head}>
        <Subtitle2 as="h2">{tenant.name}</Subtitle2>
        <Button
          size="small"
          icon={<AddRegular />}
          onClick={() => props.onAsk({ what: "newWorkspace", tenant })}
        >
          New workspace
        </Button>
        {!tenant.first && (
          <Button size="small" onClick={() => props.onAsk({ what: "deleteTenant", tenant })}>
            Delete
          </Button>
        )}
      </div>
      <Facts facts={[["Tenant id", tenant.id]]} />
      <Text>It has no workspace that you may look at.</Text>
    </section>
  ));
}

function Deleted({ onAsk }: { onAsk: (asked: Asked) => void }) {
  const styles = useStyles();
  const notify = useNotify();
  const { reload } = useSession();
  const { data, error } = useDeletedWorkspaces();
  const recover = useSettingsChange((id: string) =>
    server.call("POST", "/vedette/v1/deletedWorkspaces/{deleted}/recover", {
      path: { deleted: id },
    }),
  );
  const bringBack = async (w: DeletedWorkspace) => {
    try {
      await recover.mutateAsync(w.properties.customerId);
      await reload();
      notify.done(`${w.name} is back`);
    } catch (problem) {
      notify.failed(`${w.name} was not recovered`, problem);
    }
  };
  if (error !== null)
    return <ErrorNotice title="Deleted workspaces can't be shown" error={error} />;
  if (data === undefined || data.length === 0) return null;
  return (
    <section aria-label="Deleted workspaces">
      <Subtitle2 as="h2">Deleted workspaces</Subtitle2>
      <div className={styles.cards}>
        {data.map((w) => (
          <Card key={w.properties.customerId}>
            <Subtitle2 as="h3">{w.name}</Subtitle2>
            <Facts
              facts={[
                ["Workspace id", w.properties.customerId],
                ["Deleted", <TimeText key="d" value={w.properties.deletedDate} />],
                ["Gone for good", <TimeText key="p" value={w.properties.purgeDate} />],
              ]}
            />
            <div className={styles.bar}>
              <Button size="small" appearance="primary" onClick={() => void bringBack(w)}>
                Recover {w.name}
              </Button>
              <Button size="small" onClick={() => onAsk({ what: "purge", deleted: w })}>
                Purge {w.name}
              </Button>
            </div>
          </Card>
        ))}
      </div>
    </section>
  );
}

function NewWorkspace({ tenant, onClose }: { tenant: TenantResource; onClose: () => void }) {
  const notify = useNotify();
  const { reload } = useSession();
  const [name, setName] = useState("");
  const make = useSettingsChange(() =>
    server.call("PUT", WORKSPACE, {
      path: {
        // The first tenant's subscription is that of zeros.
        subscription: tenant.first ? "00000000-0000-0000-0000-000000000000" : tenant.id,
        group: "vedette",
        workspace: name,
      },
      query: { "api-version": "2025-09-01" },
      body: { location: "local", properties: {} },
    }),
  );
  return (
    <FormDialog
      title={`New workspace of ${tenant.name}`}
      action="Create"
      ready={name.trim() !== ""}
      onSubmit={async () => {
        await make.mutateAsync(undefined);
        await reload();
        notify.done(`The workspace ${name} is made`);
        onClose();
      }}
      onClose={onClose}
    >
      <Field label="Name" required hint="One that was deleted under this name is brought back">
        <Input value={name} onChange={(_, d) => setName(d.value)} />
      </Field>
    </FormDialog>
  );
}

/** The question before something that goes away. */
function Question({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const notify = useNotify();
  const { reload } = useSession();
  const remove = useSettingsChange((run: () => Promise<undefined>) => run());
  const go = async (run: () => Promise<undefined>, done: string) => {
    await remove.mutateAsync(run);
    await reload();
    notify.done(done);
  };
  if (asked.what === "deleteWorkspace") {
    const { id, name, resourceId } = asked.workspace;
    const { arm } = new WorkspaceApi(id, resourceId);
    return (
      <Confirm
        title={`Delete the workspace ${name}?`}
        action="Delete the workspace"
        onConfirm={() => go(() => arm.call("DELETE", ""), `${name} is deleted`)}
        onClose={onClose}
      >
        Nobody finds it any more, and its rules stop. It can be recovered for 14 days with all that
        is in it.
      </Confirm>
    );
  }
  if (asked.what === "purge") {
    const { name, properties } = asked.deleted;
    const purge = () =>
      server.call("DELETE", "/vedette/v1/deletedWorkspaces/{deleted}", {
        path: { deleted: properties.customerId },
      });
    return (
      <Confirm
        title={`Purge ${name}?`}
        action="Purge the workspace"
        onConfirm={() => go(purge, `${name} is purged`)}
        onClose={onClose}
      >
        Its rows, rules and incidents are gone for good.
      </Confirm>
    );
  }
  if (asked.what !== "deleteTenant") return null;
  const { tenant } = asked;
  const removeTenant = () =>
    server.call("DELETE", "/vedette/v1/tenants/{tenant}", { path: { tenant: tenant.id } });
  return (
    <Confirm
      title={`Delete the tenant ${tenant.name}?`}
      action="Delete the tenant"
      onConfirm={() => go(removeTenant, `${tenant.name} is deleted`)}
      onClose={onClose}
    >
      Its users, applications and delegations go with it.
    </Confirm>
  );
}

export function Workspaces() {
  const styles = useStyles();
  const { tenants, may } = useSession();
  const resources = useTenants();
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const [told, setTold] = useState<Told | undefined>(undefined);
  const { data } = useQuery({
    queryKey: ["settings", "workspaces"],
    enabled: may("tables/read"),
    queryFn: ({ signal }) => server.all("/vedette/v1/workspaces", 1000, { signal }),
  });
  const close = () => setAsked(undefined);
  const empty = (resources.data ?? []).filter((r) => !tenants.some((t) => t.id === r.id));
  return (
    <div className={styles.page}>
      {may("servers/write") && (
        <Toolbar aria-label="Tenants" size="small" style={{ flexWrap: "wrap", gap: "4px" }}>
          <Button
            size="small"
            appearance="primary"
            icon={<AddRegular />}
            onClick={() => setAsked({ what: "newTenant" })}
          >
            New tenant
          </Button>
        </Toolbar>
      )}
      <ErrorNotice title="The tenants can't be shown" error={resources.error} />
      {tenants.map((tenant) => (
        <TenantSection
          key={tenant.id}
          tenant={tenant}
          resource={resources.data?.find((r) => r.id === tenant.id)}
          own={data}
          onAsk={setAsked}
        />
      ))}
      {may("servers/write") && <EmptyTenants tenants={empty} onAsk={setAsked} />}
      {may("workspaces/write") && <Deleted onAsk={setAsked} />}
      {asked?.what === "newTenant" && <TenantDialog onClose={close} onTold={setTold} />}
      {asked?.what === "editTenant" && (
        <TenantDialog tenant={asked.tenant} onClose={close} onTold={setTold} />
      )}
      {asked?.what === "renameWorkspace" && (
        <WorkspaceDialog workspace={asked.workspace} onClose={close} />
      )}
      {asked?.what === "diagnostics" && (
        <DiagnosticsDialog workspace={asked.workspace} onClose={close} />
      )}
      {asked?.what === "newWorkspace" && <NewWorkspace tenant={asked.tenant} onClose={close} />}
      {asked !== undefined && <Question asked={asked} onClose={close} />}
      {told && <SecretDialog told={told} onClose={() => setTold(undefined)} />}
    </div>
  );
}
