/** One template beside the list: what it does, and a rule of it. */
import { Button, Text, makeStyles, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons";
import { useNavigate } from "react-router-dom";
import { durationText } from "../../api/duration";
import { useNotify } from "../../parts/Toasts";
import { useSession } from "../../session/session";
import { Facts } from "../../parts/Facts";
import { Pane } from "./ListAndPane";
import { TacticList } from "./TacticList";
import { kindTitles, madeKind } from "./model";
import type { Template } from "./model";
import { useRuleChange } from "./queries";
import { useApi } from "../../session/useApi";

const useStyles = makeStyles({
  query: {
    margin: 0,
    padding: tokens.spacingHorizontalS,
    maxHeight: "16rem",
    overflow: "auto",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    backgroundColor: tokens.colorNeutralBackground3,
  },
});

export function TemplatePane({ template, onClose }: { template: Template; onClose: () => void }) {
  const styles = useStyles();
  const api = useApi();
  const go = useNavigate();
  const notify = useNotify();
  const { may } = useSession();
  const p = template.properties;
  const create = useRuleChange(() =>
    api.own.call("POST", "/ruleTemplates/{template}/create", {
      path: { template: template.name },
      body: {},
    }),
  );
  const hasQuery = p.query !== undefined && p.query !== "";
  const make = async () => {
    try {
      const rule = await create.mutateAsync(undefined);
      notify.done("The rule is made and enabled");
      void go(`/rules/${encodeURIComponent(rule.name ?? "")}`);
    } catch (error) {
      notify.failed("No rule was made", error);
    }
  };
  return (
    <Pane label="Template" title={p.displayName ?? ""} onClose={onClose}>
      <Text>{p.description}</Text>
      <Facts
        facts={[
          ["Severity", p.severity],
          ["Rule type", kindTitles[template.kind] ?? template.kind],
          ["Version", p.version],
          ["Tactics", <TacticList key="t" names={p.tactics ?? []} />],
          ["Techniques", (p.techniques ?? []).join(", ")],
          ["Runs every", durationText(p.queryFrequency)],
          ["Looks back", durationText(p.queryPeriod)],
          ["Rules of it", String(p.alertRulesCreatedByTemplateCount)],
        ]}
      />
      {hasQuery && (
        <pre className={styles.query} tabIndex={0} aria-label="Query">
          {p.query}
        </pre>
      )}
      {may("rules/write") && (
        <div>
          {madeKind(template.kind) !== undefined ? (
            <Button
              appearance="primary"
              icon={<AddRegular />}
              onClick={() => void go(`/rules/new?template=${encodeURIComponent(template.name)}`)}
            >
              Create rule
            </Button>
          ) : (
            <Button
              appearance="primary"
              icon={<AddRegular />}
              disabled={create.isPending}
              onClick={() => void make()}
            >
              Create rule
            </Button>
          )}
        </div>
      )}
    </Pane>
  );
}
