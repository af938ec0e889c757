/** One rule: what it is, how its runs went, what it found, how it changed, and a run by hand. */
import { Button, Spinner, Toolbar } from "@fluentui/react-components";
import {
  CopyRegular,
  DeleteRegular,
  EditRegular,
  PauseRegular,
  PlayRegular,
  TopSpeedRegular,
} from "@fluentui/react-icons";
import { useState } from "react";
import { useNavigate, useParams } from "react-router-dom";
import { Confirm } from "../../parts/Confirm";
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { useSession } from "../../session/session";
import { RuleAlerts } from "./RuleAlerts";
import { RuleDetails } from "./RuleDetails";
import { RuleRuns } from "./RuleRuns";
import { useTellingDeed } from "./RuleToolbar";
import { RuleTests } from "./RuleTests";
import { RuleVersions } from "./RuleVersions";
import { madeKind } from "./model";
import type { RuleResource } from "./model";
import { useRule, useRuleChange } from "./queries";
import { useApi } from "../../session/useApi";

const tabs = [
  { id: "details", title: "Details", component: RuleDetails },
  { id: "runs", title: "Runs", component: RuleRuns },
  { id: "alerts", title: "Alerts", component: RuleAlerts },
  { id: "tests", title: "Tests", component: RuleTests },
  { id: "versions", title: "Versions", component: RuleVersions },
];

function useRunNow(id: string) {
  const api = useApi();
  const notify = useNotify();
  const run = useRuleChange(() =>
    api.own.call("POST", "/rules/{rule}/run", { path: { rule: id } }),
  );
  const now = async () => {
    try {
      const { status, rows, alerts, error } = await run.mutateAsync(undefined);
      if (status === "Success")
        notify.done(`The run gave ${String(rows)} rows and ${String(alerts)} alerts`);
      else notify.failed("The run failed", new Error(error));
    } catch (error) {
      notify.failed("The rule did not run", error);
    }
  };
  return { now, pending: run.isPending };
}

function Actions({ id, rule }: { id: string; rule: RuleResource }) {
  const go = useNavigate();
  const deed = useTellingDeed();
  const run = useRunNow(id);
  const [deleting, setDeleting] = useState(false);
  const enabled = rule.properties.enabled;
  const runs = rule.kind === "Scheduled" || rule.kind === "NRT";
  return (
    <Toolbar aria-label="Rule" size="small" style={{ flexWrap: "wrap", padding: 0 }}>
      {madeKind(rule.kind) !== undefined && (
        <Button
          icon={<EditRegular />}
          onClick={() => void go(`/rules/${encodeURIComponent(id)}/edit`)}
        >
          Edit
        </Button>
      )}
      <Button
        appearance="subtle"
        icon={enabled ? <PauseRegular /> : <PlayRegular />}
        onClick={() => void deed(enabled ? "disable" : "enable", [id])}
      >
        {enabled ? "Disable" : "Enable"}
      </Button>
      {runs && (
        <Button
          appearance="subtle"
          icon={<TopSpeedRegular />}
          disabled={run.pending}
          onClick={() => void run.now()}
        >
          Run now
        </Button>
      )}
      <Button
        appearance="subtle"
        icon={<CopyRegular />}
        onClick={() => void deed("duplicate", [id])}
      >
        Duplicate
      </Button>
      <Button appearance="subtle" icon={<DeleteRegular />} onClick={() => setDeleting(true)}>
        Delete
      </Button>
      {deleting && (
        <Confirm
          title="Delete this rule?"
          action="Delete the rule"
          onConfirm={() => deed("delete", [id]).then(() => void go("/rules"))}
          onClose={() => setDeleting(false)}
        >
          Alerts and incidents that it made stay.
        </Confirm>
      )}
    </Toolbar>
  );
}

export default function RulePage() {
  const id = useParams()["id"] ?? "";
  const { may } = useSession();
  const { data, error, isPending, refetch } = useRule(id);
  if (isPending) return <Spinner label="Loading" />;
  if (error !== null)
    return (
      <Page title="Analytics rule">
        <ErrorNotice title="The rule can't be shown" error={error} onRetry={() => void refetch()} />
        <RuleVersions />
      </Page>
    );
  return (
    <Page
      full
      title={data.properties.displayName}
      actions={may("rules/write") && <Actions id={id} rule={data} />}
    >
      <Tabs tabs={tabs} label="Rule" />
    </Page>
  );
}
