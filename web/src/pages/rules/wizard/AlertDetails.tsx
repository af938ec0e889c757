/** Names, descriptions and other properties of alerts out of the rows. */
import { Field, Input } from "@fluentui/react-components";
import type { AlertDetails as Details } from "../model";
import { ColumnChoice } from "./ColumnChoice";
import { fieldProblem, useDraft } from "./draft";

const properties = [
  "AlertLink",
  "ConfidenceLevel",
  "ConfidenceScore",
  "ExtendedLinks",
  "ProductName",
  "ProductComponentName",
  "ProviderName",
  "RemediationSteps",
  "Techniques",
  "SubTechniques",
] as const;

export function AlertDetails() {
  const { rule, change, problem } = useDraft();
  const details: Details = rule.properties.alertDetailsOverride ?? {};
  const put = (changed: Partial<Record<keyof Details, unknown>>) => {
    const merged = { ...details, ...changed };
    const kept = Object.entries(merged).filter(
      ([, v]) => v !== "" && !(Array.isArray(v) && v.length === 0),
    );
    change({ alertDetailsOverride: Object.fromEntries(kept) });
  };
  const dynamic = details.alertDynamicProperties ?? [];
  const columnOf = (name: string) => dynamic.find((x) => x.alertProperty === name)?.value ?? "";
  const setProperty = (name: string, value: string) =>
    put({
      alertDynamicProperties: [
        ...dynamic.filter((x) => x.alertProperty !== name),
        ...(value === "" ? [] : [{ alertProperty: name, value }]),
      ],
    });
  const path = "alertDetailsOverride.";
  return (
    <>
      <Field
        label="Alert name format"
        hint="With values of the first row: {{UserPrincipalName}}"
        {...fieldProblem(problem(`${path}alertDisplayNameFormat`))}
      >
        <Input
          value={details.alertDisplayNameFormat ?? ""}
          onChange={(_, d) => put({ alertDisplayNameFormat: d.value })}
        />
      </Field>
      <Field
        label="Alert description format"
        {...fieldProblem(problem(`${path}alertDescriptionFormat`))}
      >
        <Input
          value={details.alertDescriptionFormat ?? ""}
          onChange={(_, d) => put({ alertDescriptionFormat: d.value })}
        />
      </Field>
      <Field label="Tactic override" {...fieldProblem(problem(`${path}alertTacticsColumnName`))}>
        <ColumnChoice
          label="Tactic override"
          none="As the rule says"
          value={details.alertTacticsColumnName ?? ""}
          onChange={(column) => put({ alertTacticsColumnName: column })}
        />
      </Field>
      <Field label="Severity override" {...fieldProblem(problem(`${path}alertSeverityColumnName`))}>
        <ColumnChoice
          label="Severity override"
          none="As the rule says"
          value={details.alertSeverityColumnName ?? ""}
          onChange={(column) => put({ alertSeverityColumnName: column })}
        />
      </Field>
      {properties.map((name) => (
        <Field key={name} label={name}>
          <ColumnChoice
            label={name}
            none="Not set"
            value={columnOf(name)}
            onChange={(column) => setProperty(name, column)}
          />
        </Field>
      ))}
    </>
  );
}
