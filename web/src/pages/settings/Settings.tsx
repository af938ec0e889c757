/** Settings: tenants, people, applications, roles, the server itself, the audit log. Tabs are those that the person may read. */
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { useSession } from "../../session/session";
import { Applications } from "./Applications";
import { Assignments } from "./Assignments";
import { Audit } from "./Audit";
import { Delegations } from "./Delegations";
import { Keys } from "./Keys";
import { Providers } from "./Providers";
import { Roles } from "./Roles";
import { Server } from "./Server";
import { Users } from "./Users";
import { Workspaces } from "./Workspaces";

const tabs = [
  { id: "workspaces", title: "Tenants and workspaces", component: Workspaces, right: undefined },
  { id: "users", title: "Users", component: Users, right: "users/read" },
  {
    id: "applications",
    title: "Applications",
    component: Applications,
    right: "applications/read",
  },
  { id: "roles", title: "Roles", component: Roles, right: "applications/read" },
  {
    id: "assignments",
    title: "Role assignments",
    component: Assignments,
    right: "applications/read",
  },
  { id: "keys", title: "API keys", component: Keys, right: "users/read" },
  { id: "providers", title: "Identity providers", component: Providers, right: "providers/read" },
  {
    id: "delegations",
    title: "Delegations",
    component: Delegations,
    right: "delegations/read",
  },
  { id: "server", title: "Server", component: Server, right: "servers/read" },
  { id: "audit", title: "Audit log", component: Audit, right: "query/read" },
];

export default function Settings() {
  const { may } = useSession();
  return (
    <Page title="Settings" full>
      <Tabs
        side
        tabs={tabs.filter((t) => t.right === undefined || may(t.right))}
        label="Settings"
      />
    </Page>
  );
}
