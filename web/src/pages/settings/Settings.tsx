/** Settings: people, applications, roles, workspaces, the audit log. Tabs are those that the person may read. */
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { useSession } from "../../session/session";
import { Applications } from "./Applications";
import { Assignments } from "./Assignments";
import { Audit } from "./Audit";
import { Roles } from "./Roles";
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
  { id: "audit", title: "Audit log", component: Audit, right: "query/read" },
];

export default function Settings() {
  const { may } = useSession();
  return (
    <Page title="Settings" full>
      <Tabs tabs={tabs.filter((t) => t.right === undefined || may(t.right))} label="Settings" />
    </Page>
  );
}
