/** What the rule would have done in the past days: a backtest, which stores nothing. */
import { Button, Field, ProgressBar, Select, Subtitle2, Text } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Chart } from "../../../parts/Chart";
import { ErrorNotice } from "../../../parts/notices";
import { useServerNow, useTimeFormat } from "../../../parts/time";
import { useSession } from "../../../session/session";

import { useDraft } from "./draft";
import { useApi } from "../../../session/useApi";
import type { Schemas } from "../../../api/typed";

const DAY_MS = 86_400_000;
const MOST_FIRINGS = 1000;

type Report = Schemas["BacktestReport"];
function FiringChart({ report, threshold }: { report: Report; threshold: number }) {
  const time = useTimeFormat();
  const option = useMemo(
    () => ({
      grid: { left: 50, right: 20, top: 20, bottom: 30 },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: report.firings.map((f) => time(f.windowEnd, false)) },
      yAxis: { type: "value", minInterval: 1 },
      series: [
        {
          name: "Rows",
          type: "bar",
          barMaxWidth: 24,
          data: report.firings.map((f) => f.rows),
          markLine: {
            symbol: "none",
            label: { formatter: "threshold" },
            data: [{ yAxis: threshold }],
          },
        },
      ],
    }),
    [report, threshold, time],
  );
  return <Chart label="Rows of the runs that would have alerted" option={option} height={200} />;
}

function Result({ report, threshold }: { report: Report; threshold: number }) {
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
      {report.firings.length > 0 && <FiringChart report={report} threshold={threshold} />}
    </>
  );
}

/** A backtest that was started, asked for until it has ended. */
function useBacktest(id: string | undefined) {
  const api = useApi();
  return useQuery({
    queryKey: ["backtest", id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      api.own.call("GET", "/backtests/{backtest}", { path: { backtest: id ?? "" }, signal }),
    refetchInterval: (query) => (query.state.data?.status === "Running" ? 500 : false),
  });
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
            { arm: { kind: rule.kind, properties: rule.properties }, id: crypto.randomUUID() },
          ],
          from: new Date(now - Number(days) * DAY_MS).toISOString(),
          to: new Date(now).toISOString(),
          maxFirings: MOST_FIRINGS,
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
      {report && <Result report={report} threshold={rule.properties.triggerThreshold ?? 0} />}
    </>
  );
}
