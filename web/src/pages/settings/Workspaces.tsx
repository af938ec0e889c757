/** Tenants and the workspaces that the person sees in them. */
import { Badge, Card, Subtitle2, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { Facts } from "../../parts/Facts";
import { useSession } from "../../session/session";
import type { Workspace } from "../../session/session";
import { bytesText } from "../data/queries";

const useStyles = makeStyles({
  page: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    overflowY: "auto",
  },
  cards: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(22rem, 1fr))",
    gap: tokens.spacingHorizontalM,
  },
});

type Own = Schemas["WorkspaceList"]["value"][number];

function WorkspaceCard({ workspace, own }: { workspace: Workspace; own: Own | undefined }) {
  return (
    <Card>
      <Subtitle2 as="h3">
        {workspace.name} {workspace.primary && <Badge appearance="tint">Primary</Badge>}
      </Subtitle2>
      <Facts
        facts={[
          ["Workspace id", workspace.id],
          ["Resource id", workspace.resourceId],
          ["Built-in data collection rule", own?.dataCollectionRule],
          ["On disk", own?.diskBytes !== undefined && bytesText(own.diskBytes)],
          ["Your rights", workspace.rights.join(", ")],
        ]}
      />
    </Card>
  );
}

export function Workspaces() {
  const styles = useStyles();
  const { tenants, may } = useSession();
  const { data } = useQuery({
    queryKey: ["settings", "workspaces"],
    enabled: may("tables/read"),
    queryFn: ({ signal }) => server.all("/vedette/v1/workspaces", 1000, { signal }),
  });
  return (
    <div className={styles.page}>
      {tenants.map((tenant) => (
        <section key={tenant.id} aria-label={tenant.name}>
          <Subtitle2 as="h2">{tenant.name}</Subtitle2>
          <Facts facts={[["Tenant id", tenant.id]]} />
          <div className={styles.cards}>
            {tenant.workspaces.map((w) => (
              <WorkspaceCard key={w.id} workspace={w} own={data?.find((o) => o.id === w.id)} />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}
