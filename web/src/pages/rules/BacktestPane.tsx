/** One backtest beside the list: its rules with what each would have done, and when they fired. */
import { Button, ProgressBar, Spinner, Subtitle2 } from "@fluentui/react-components";
import { DeleteRegular, DismissRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { useApi } from "../../session/useApi";
import { useSession } from "../../session/session";
import { Confirm } from "../../parts/Confirm";
import { Facts } from "../../parts/Facts";
import { SmallTable } from "../../parts/SmallTable";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { useTimeFormat } from "../../parts/time";
import { Pane } from "./ListAndPane";
import type { Backtest } from "./model";
import { useBacktest, useRuleChange } from "./queries";

const MOST_ROWS = 200;

type Reports = NonNullable<Backtest["properties"]>["rules"];

function Rules({ rules }: { rules: Reports }) {
  const rows = [...rules]
    .sort((a, b) => b.fired - a.fired || a.name.localeCompare(b.name))
    .map((r) => [
      r.error === undefined ? r.name : `${r.name}: ${r.error.message}`,
      r.windows,
      r.fired,
      r.alerts,
      r.incidents,
      r.failed,
      `${r.cost.cpuSeconds.toFixed(2)} s`,
    ]);
  const columns = ["Rule", "Runs", "Fired", "Alerts", "Incidents", "Failed", "Processor"];
  return (
    <SmallTable label="Rules of the backtest" columns={columns} rows={rows} most={MOST_ROWS} />
  );
}

function Firings({ rules }: { rules: Reports }) {
  const time = useTimeFormat();
  const all = rules
    .flatMap((r) => r.firings.map((f) => ({ ...f, rule: r.name })))
    .sort((a, b) => (a.time < b.time ? -1 : 1));
  if (all.length === 0) return null;
  const rows = all.map((f) => [
    time(f.time, false),
    f.rule,
    `${time(f.windowEnd, false)}${f.late ? ", for late rows" : ""}`,
    f.rows,
    f.alerts,
  ]);
  return (
    <>
      <Subtitle2 as="h3">When they would have fired</Subtitle2>
      <SmallTable
        label="Firings"
        columns={["Run", "Rule", "Window to", "Rows", "Alerts"]}
        rows={rows}
        most={MOST_ROWS}
      />
    </>
  );
}

function Remove({ backtest, onDone }: { backtest: Backtest; onDone: () => void }) {
  const api = useApi();
  const notify = useNotify();
  const [asking, setAsking] = useState(false);
  const running = backtest.status === "Running";
  const remove = useRuleChange(() =>
    api.own.call("DELETE", "/backtests/{backtest}", { path: { backtest: backtest.id } }),
  );
  const now = async () => {
    try {
      await remove.mutateAsync(undefined);
      notify.done(running ? "The backtest is canceled" : "The backtest is deleted");
      if (!running) onDone();
    } catch (error) {
      notify.failed(running ? "It was not canceled" : "It was not deleted", error);
    }
  };
  return (
    <div>
      <Button
        icon={running ? <DismissRegular /> : <DeleteRegular />}
        disabled={remove.isPending}
        onClick={() => (running ? void now() : setAsking(true))}
      >
        {running ? "Cancel" : "Delete"}
      </Button>
      {asking && (
        <Confirm
          title="Delete this backtest?"
          action="Delete the backtest"
          onConfirm={now}
          onClose={() => setAsking(false)}
        >
          Its report can&apos;t be brought back.
        </Confirm>
      )}
    </div>
  );
}

export function BacktestPane({ id, onClose }: { id: string; onClose: () => void }) {
  const time = useTimeFormat();
  const { may } = useSession();
  const { data, error, isPending, refetch } = useBacktest(id);
  const rules = data?.properties?.rules;
  return (
    <Pane label="Backtest" title="Backtest" wide onClose={onClose}>
      {isPending && <Spinner label="Loading" />}
      <ErrorNotice
        title="The backtest can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
      {data && (
        <>
          <Facts
            facts={[
              ["Status", data.status],
              ["Period", `${time(data.from, false)} to ${time(data.to, false)}`],
              ["Started", `${time(data.startTime)} by ${data.startedBy}`],
              ["Ended", time(data.endTime)],
              ["Rules", String(data.rulesTotal)],
              ["Runs that fired", String(data.fired)],
            ]}
          />
          {data.status === "Running" && (
            <ProgressBar aria-label="Progress of the backtest" value={data.percentComplete / 100} />
          )}
          <ErrorNotice
            title="The backtest ended early"
            error={data.error && new Error(data.error.message)}
          />
          {rules && <Rules rules={rules} />}
          {rules && <Firings rules={rules} />}
          {may("rules/write") && <Remove backtest={data} onDone={onClose} />}
        </>
      )}
    </Pane>
  );
}
