/** Makes a job: which kind it is, and its form. ?query= comes from hunting, ?kind= from a link. */
import { Field, Radio, RadioGroup } from "@fluentui/react-components";
import { useSearchParams } from "react-router-dom";
import { Page } from "../../../parts/Page";
import { EmptyState } from "../../../parts/notices";
import { useUrlState } from "../../../parts/urlState";
import { useSession } from "../../../session/session";
import { KqlJobForm } from "./KqlJobForm";
import { RestoreForm } from "./RestoreForm";
import { SearchForm } from "./SearchForm";
import { SummaryForm } from "./SummaryForm";

const kinds = [
  { id: "search", title: "Search job – look through one table, also through old rows, once" },
  { id: "kql", title: "KQL job – run a query over the data lake, once or by a schedule" },
  { id: "summary", title: "Summary rule – count up what comes, bin by bin" },
  { id: "restore", title: "Restore – make old rows available to queries and rules" },
] as const;

export default function NewJob() {
  const { may } = useSession();
  const url = useUrlState();
  const [params] = useSearchParams();
  const query = params.get("query") ?? "";
  const kind = url.one("kind") || "search";
  if (!may("tables/write"))
    return (
      <Page title="New job">
        <EmptyState title="You may not make jobs">
          Log Analytics Contributor is a role that may. Ask the owner of the workspace.
        </EmptyState>
      </Page>
    );
  return (
    <Page title="New job">
      <Field label="Kind of job">
        <RadioGroup value={kind} onChange={(_, d) => url.change({ kind: d.value })}>
          {kinds.map((k) => (
            <Radio key={k.id} value={k.id} label={k.title} />
          ))}
        </RadioGroup>
      </Field>
      {kind === "kql" && <KqlJobForm query={query} />}
      {kind === "summary" && <SummaryForm query={query} />}
      {kind === "restore" && <RestoreForm />}
      {kind === "search" && <SearchForm query={query} />}
    </Page>
  );
}
