/** Analytics: active rules, templates, anomalies and the matrix of ATT&CK, as tabs of one page. */
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { ActiveRules } from "./ActiveRules";
import { Anomalies } from "./Anomalies";
import { Backtests } from "./Backtests";
import { Coverage } from "./Coverage";
import { RuleTemplates } from "./RuleTemplates";

const tabs = [
  { id: "active", title: "Active rules", component: ActiveRules },
  { id: "templates", title: "Rule templates", component: RuleTemplates },
  { id: "anomalies", title: "Anomalies", component: Anomalies },
  { id: "backtests", title: "Backtests", component: Backtests },
  { id: "coverage", title: "MITRE ATT&CK", component: Coverage },
];

export default function Rules() {
  return (
    <Page title="Analytics" full>
      <Tabs tabs={tabs} label="Analytics" />
    </Page>
  );
}
