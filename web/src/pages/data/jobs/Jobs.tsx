/** What runs over the data by itself: search jobs and restored logs, summary rules, KQL jobs. */
import { Button } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { useNavigate } from "react-router-dom";
import { Page } from "../../../parts/Page";
import { Tabs } from "../../../parts/Tabs";
import { useSession } from "../../../session/session";
import { KqlJobs } from "./KqlJobs";
import { SearchJobs } from "./SearchJobs";
import { SummaryRules } from "./SummaryRules";

const tabs = [
  { id: "search", title: "Search and restore", component: SearchJobs },
  { id: "summaries", title: "Summary rules", component: SummaryRules },
  { id: "kql", title: "KQL jobs", component: KqlJobs },
];

export default function Jobs() {
  const { may } = useSession();
  const go = useNavigate();
  return (
    <Page
      title="Jobs"
      full
      actions={
        may("tables/write") && (
          <Button appearance="primary" icon={<AddRegular />} onClick={() => void go("/jobs/new")}>
            New job
          </Button>
        )
      }
    >
      <Tabs tabs={tabs} label="Jobs" />
    </Page>
  );
}
