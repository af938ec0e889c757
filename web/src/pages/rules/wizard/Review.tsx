/** Step Review + create: what the server thinks of the rule, and what it is. */
import { Button, MessageBar, MessageBarBody, Spinner, Subtitle2 } from "@fluentui/react-components";
import { durationText } from "../../../api/duration";
import { Facts } from "../../../parts/Facts";
import { kindTitles, operators, products, tacticTitle } from "../model";
import { useDraft } from "./draft";
import { stepOf } from "./steps";

export function Review({ onGoTo }: { onGoTo: (step: string) => void }) {
  const { rule, issues, checked } = useDraft();
  const p = rule.properties;
  const queried = rule.kind !== "MicrosoftSecurityIncidentCreation";
  const errors = issues.filter((i) => i.level === "error");
  return (
    <>
      <div aria-live="polite">
        {!checked && <Spinner size="tiny" label="Checking" />}
        {checked && errors.length === 0 && (
          <MessageBar intent="success">
            <MessageBarBody>Validation passed.</MessageBarBody>
          </MessageBar>
        )}
        {checked &&
          issues.map((issue, i) => {
            const step = stepOf(rule.kind, issue.key);
            return (
              <MessageBar
                key={i}
                intent={issue.level === "error" ? "error" : "warning"}
                layout="multiline"
              >
                <MessageBarBody>
                  {issue.key !== "" && <b>{issue.key}: </b>}
                  {issue.message}{" "}
                  {step && (
                    <Button size="small" onClick={() => onGoTo(step.id)}>
                      Go to {step.title}
                    </Button>
                  )}
                </MessageBarBody>
              </MessageBar>
            );
          })}
      </div>
      <Subtitle2 as="h2">Rule</Subtitle2>
      <Facts
        facts={[
          ["Name", p.displayName],
          ["Description", p.description],
          ["Rule type", kindTitles[rule.kind]],
          [
            "Product",
            products.find(([filter]) => filter === p.productFilter)?.[1] ?? p.productFilter,
          ],
          ["Severities", (p.severitiesFilter ?? []).join(", ")],
          ["Names that have one of", (p.displayNamesFilter ?? []).join(", ")],
          ["Names that have none of", (p.displayNamesExcludeFilter ?? []).join(", ")],
          ["Severity", queried && p.severity],
          ["Status", p.enabled ? "Enabled" : "Disabled"],
          ["Tactics", p.tactics.map(tacticTitle).join(", ")],
          ["Techniques", [...p.techniques, ...p.subTechniques].join(", ")],
          ["Runs every", durationText(p.queryFrequency)],
          ["Looks back", durationText(p.queryPeriod)],
          [
            "Alert when rows",
            rule.kind === "Scheduled" &&
              `${operators.find((o) => o.value === p.triggerOperator)?.sign ?? ""} ${String(p.triggerThreshold ?? 0)}`,
          ],
          ["Entities", (p.entityMappings ?? []).map((m) => m.entityType).join(", ")],
          [
            "Incidents",
            !queried
              ? "One for each alert"
              : p.incidentConfiguration?.createIncident === false
                ? "No"
                : "Yes",
          ],
        ]}
      />
    </>
  );
}
