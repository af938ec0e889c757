/** What the rule would have done in the past days: a backtest, which stores nothing. */
import { Button, Field, ProgressBar, Select, Subtitle2, Text } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Chart } from "../../../parts/Chart";
import { ErrorNotice } from "../../../parts/notices";
import { useServerNow, useTimeFormat } from "../../../parts/time";
import { useSession } from "../../../session/session";

import { firesOn, sentProperties } from "../model";
import type { RuleProperties } from "../model";
import { useBacktest } from "../queries";
import { useDraft } from "./draft";
import { useApi } from "../../../session/useApi";
import type { Schemas } from "../../../api/typed";

const DAY_MS = 86_400_000;
const MOST_FIRINGS = 100;
/** Those that the chart has room for. */
const MOST_RUNS = 500;

type Report = Schemas["BacktestReport"];

/** Rows of each run, those that would have alerted in another colour, and the threshold as a line. */
function RunChart({ report, rule }: { report: Report; rule: RuleProperties }) {
  const time = useTimeFormat();
  const option = useMemo(() => {
    const threshold = rule.triggerThreshold ?? 0;
    const fires = firesOn(rule);
    return {
      grid: { left: 56, right: 80, top: 20, bottom: 30 },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: report.runs.map((r) => time(r.windowEnd, false)) },
      yAxis: { type: "value", minInterval: 1, name: "Rows" },
      series: [
        {
          name: "No alert",
          type: "bar",
          stack: "rows",
          barMaxWidth: 24,
          itemStyle: { color: "#8a8886" },
          data: report.runs.map((r) => (r.rows !== null && !fires(r.rows) ? r.rows : 0)),
          markLine: {
            symbol: "none",
            lineStyle: { color: "#d13438", width: 2 },
            label: { formatter: `Threshold ${String(threshold)}` },
            data: [{ yAxis: threshold }],
          },
        },
        {
          name: "Alert",
          type: "bar",
          stack: "rows",
          barMaxWidth: 24,
          itemStyle: { color: "#0f6cbd" },
          data: report.runs.map((r) => (r.rows !== null && fires(r.rows) ? r.rows : 0)),
        },
      ],
    };
  }, [report, rule, time]);
  return (
    <Chart
      label={`Rows of the last ${String(report.runs.length)} runs, and the threshold`}
      option={option}
      height={220}
    />
  );
}

function Result({ report, rule }: { report: Report; rule: RuleProperties }) {
  if (report.error) return <ErrorNotice error={new Error(report.error.message)} />;
  const top = report.topEntities.slice(0, 5).map((e) => `${e.name} (${String(e.alerts)})`);
  return (
    <>
      <Text role="status">
        {report.windows} runs: {report.fired} would have alerted, with {report.alerts} alerts and{" "}
        {report.incidents} incidents
        {report.suppressed > 0 && `; ${String(report.suppressed)} were suppressed`}
        {report.failed > 0 && `; ${String(report.failed)} failed`}. It took{" "}
        {report.cost.cpuSeconds.toFixed(2)} s of the processor.
      </Text>
      {top.length > 0 && <Text>Most alerts are about {top.join(", ")}.</Text>}
      {report.runs.length > 0 && <RunChart report={report} rule={rule} />}
      {report.windows > report.runs.length && (
        <Text size={200}>The chart has the last {report.runs.length} runs.</Text>
      )}
    </>
  );
}

export function Simulation() {
  const { rule, problem } = useDraft();
  const { workspace } = useSession();
  const api = useApi();
  const now = useServerNow();
  const [days, setDays] = useState("7");
  const start = useMutation({
    mutationFn: () =>
      api.own.call("POST", "/backtests", {
        body: {
          rules: [
            { arm: { kind: rule.kind, properties: sentProperties(rule) }, id: crypto.randomUUID() },
          ],
          from: new Date(now - Number(days) * DAY_MS).toISOString(),
          to: new Date(now).toISOString(),
          maxFirings: MOST_FIRINGS,
          lastRuns: MOST_RUNS,
        },
      }),
  });
  const test = useBacktest(start.data?.id);
  const reset = start.reset;
  useEffect(() => reset(), [workspace?.id, reset]);
  const report = test.data?.properties?.rules[0];
  const running = start.isPending || test.data?.status === "Running";
  if (rule.kind !== "Scheduled") return null;
  return (
    <>
      <Subtitle2 as="h2">Results simulation</Subtitle2>
      <Field label="Days to look back over">
        <Select value={days} onChange={(_, d) => setDays(d.value)}>
          {["1", "3", "7", "14", "30"].map((n) => (
            <option key={n}>{n}</option>
          ))}
        </Select>
      </Field>
      <div>
        <Button
          disabled={running || rule.properties.query === "" || problem("query") !== undefined}
          onClick={() => start.mutate()}
        >
          Test with current data
        </Button>
      </div>
      {running && (
        <ProgressBar
          aria-label="Progress of the test"
          {...(test.data ? { value: test.data.percentComplete / 100 } : {})}
        />
      )}
      <ErrorNotice
        title="The test did not run"
        error={
          start.error ?? test.error ?? (test.data?.error && new Error(test.data.error.message))
        }
      />
      {report && <Result report={report} rule={rule.properties} />}
    </>
  );
}
