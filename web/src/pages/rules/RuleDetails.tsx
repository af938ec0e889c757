/** What a rule is, and how it does. */
import {
  Card,
  MessageBar,
  MessageBarBody,
  Subtitle2,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useParams } from "react-router-dom";
import { durationText } from "../../api/duration";
import { Facts } from "../../parts/Facts";
import { SeverityBadge } from "../../parts/badges";
import { TextLink } from "../../parts/TextLink";
import { TimeText } from "../../parts/time";
import { StateBadge } from "./StateBadge";
import { kindTitles, operators, tacticTitle } from "./model";
import type { RuleProperties, RuleState } from "./model";
import { useRule, useRules } from "./queries";

const useStyles = makeStyles({
  cards: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(22rem, 1fr))",
    gap: tokens.spacingHorizontalM,
    alignItems: "start",
    alignContent: "start",
    gridAutoRows: "max-content",
    overflowY: "auto",
  },
  wide: { gridColumn: "1 / -1" },
  query: {
    margin: 0,
    overflow: "auto",
    maxHeight: "24rem",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

function thresholdText(p: RuleProperties): string | undefined {
  const sign = operators.find((o) => o.value === p.triggerOperator)?.sign;
  return sign && `rows ${sign} ${String(p.triggerThreshold ?? 0)}`;
}

function groupingText(p: RuleProperties): string {
  if (p.incidentConfiguration?.createIncident === false) return "none are made";
  const g = p.incidentConfiguration?.groupingConfiguration;
  if (g?.enabled !== true) return "one for each alert";
  const by: Record<string, string> = {
    AllEntities: "all entities match",
    AnyAlert: "all alerts of the rule",
    Selected: [...g.groupByEntities, ...g.groupByAlertDetails, ...g.groupByCustomDetails].join(
      ", ",
    ),
  };
  return `grouped by ${by[g.matchingMethod] ?? g.matchingMethod}, within ${durationText(g.lookbackDuration)}`;
}

function Schedule({ p, state }: { p: RuleProperties; state: RuleState | undefined }) {
  return (
    <Facts
      facts={[
        ["Runs every", durationText(p.queryFrequency)],
        ["Looks back", durationText(p.queryPeriod)],
        ["Alert when", thresholdText(p)],
        [
          "Events",
          p.eventGroupingSettings?.aggregationKind === "AlertPerResult"
            ? "an alert for each row"
            : "all in one alert",
        ],
        [
          "Suppressed",
          p.suppressionEnabled
            ? `for ${durationText(p.suppressionDuration)} after an alert`
            : "never",
        ],
        ["Incidents", groupingText(p)],
        ["Last run", state?.lastRun && <TimeText key="l" value={state.lastRun} />],
        ["Next run", state?.nextRun && <TimeText key="n" value={state.nextRun} />],
      ]}
    />
  );
}

function Mappings({ p }: { p: RuleProperties }) {
  return (
    <Facts
      facts={[
        ...(p.entityMappings ?? []).map(
          (m) =>
            [
              m.entityType,
              m.fieldMappings.map((f) => `${f.identifier} = ${f.columnName}`).join(", "),
            ] as const,
        ),
        ...Object.entries(p.customDetails ?? {}).map(
          ([name, column]) => [`Detail ${name}`, column] as const,
        ),
        ["Name of alerts", p.alertDetailsOverride?.alertDisplayNameFormat],
        ["Description of alerts", p.alertDetailsOverride?.alertDescriptionFormat],
        ["Severity of alerts", p.alertDetailsOverride?.alertSeverityColumnName],
      ]}
    />
  );
}

export function RuleDetails() {
  const styles = useStyles();
  const id = useParams()["id"] ?? "";
  const { data } = useRule(id);
  const state = useRules().data?.find((r) => r.id === id.toLowerCase());
  if (data === undefined) return null;
  const p = data.properties;
  return (
    <div className={styles.cards}>
      {state?.updateAvailable && (
        <MessageBar intent="info" className={styles.wide}>
          <MessageBarBody>
            Its template has version {state.newestVersion}; this rule is of {state.templateVersion}.{" "}
            <TextLink to={`/rules?tab=templates&template=${encodeURIComponent(state.template)}`}>
              Look at the template
            </TextLink>
          </MessageBarBody>
        </MessageBar>
      )}
      <Card>
        <Subtitle2 as="h2">Rule</Subtitle2>
        <Text>{p.description}</Text>
        <Facts
          facts={[
            ["Status", state && <StateBadge key="s" rule={state} />],
            ["Severity", p.severity && <SeverityBadge key="v" severity={p.severity} />],
            ["Rule type", kindTitles[data.kind] ?? data.kind],
            ["Tactics", (p.tactics ?? []).map(tacticTitle).join(", ")],
            ["Techniques", [...(p.techniques ?? []), ...(p.subTechniques ?? [])].join(", ")],
            ["Source", state?.source],
            ["Id", id],
            ["Last modified", p.lastModifiedUtc && <TimeText key="m" value={p.lastModifiedUtc} />],
          ]}
        />
      </Card>
      <Card>
        <Subtitle2 as="h2">Schedule and incidents</Subtitle2>
        <Schedule p={p} state={state} />
      </Card>
      <Card>
        <Subtitle2 as="h2">Alerts</Subtitle2>
        <Mappings p={p} />
      </Card>
      {p.query && (
        <Card className={styles.wide}>
          <Subtitle2 as="h2">Query</Subtitle2>
          <pre className={styles.query} tabIndex={0} aria-label="Query">
            {p.query}
          </pre>
          <TextLink to={`/hunting?query=${encodeURIComponent(p.query)}`}>Open in hunting</TextLink>
        </Card>
      )}
    </div>
  );
}
