/** Backtests that the workspace keeps: which rules over which time, how it went, and the reports. */
import { Badge, Link, Text } from "@fluentui/react-components";
import { useMemo } from "react";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";
import { BacktestPane } from "./BacktestPane";
import { ListAndPane } from "./ListAndPane";
import type { Backtest } from "./model";
import { useBacktests } from "./queries";

/** "Password guessed", "Password guessed and 29 more". */
function rulesText(b: Backtest): string {
  const [first] = b.ruleNames;
  if (first === undefined) return "No rule";
  return b.rulesTotal > 1 ? `${first} and ${String(b.rulesTotal - 1)} more` : first;
}

const colors = {
  Running: "informative",
  Succeeded: "success",
  Failed: "danger",
  Canceled: "warning",
} as const;

function BacktestState({ backtest }: { backtest: Backtest }) {
  const color = colors[backtest.status as keyof typeof colors] as
    | (typeof colors)[keyof typeof colors]
    | undefined;
  const done =
    backtest.status === "Running" ? ` ${String(Math.round(backtest.percentComplete))} %` : "";
  return (
    <Badge appearance="tint" color={color ?? "informative"}>
      {backtest.status}
      {done}
    </Badge>
  );
}

function useColumns(open: (id: string) => void): Column<Backtest>[] {
  return useMemo(
    () => [
      {
        id: "rules",
        title: "Rules",
        width: 280,
        fixed: true,
        sortable: true,
        value: rulesText,
        cell: (b: Backtest) => (
          <Link as="button" onClick={() => open(b.id)}>
            {rulesText(b)}
          </Link>
        ),
      },
      {
        id: "status",
        title: "Status",
        width: 130,
        sortable: true,
        value: (b: Backtest) => b.status,
        cell: (b: Backtest) => <BacktestState backtest={b} />,
      },
      {
        id: "fired",
        title: "Runs that fired",
        width: 150,
        sortable: true,
        value: (b: Backtest) => b.fired,
        cell: (b: Backtest) => b.fired,
      },
      {
        id: "started",
        title: "Started",
        width: 210,
        sortable: true,
        value: (b: Backtest) => b.startTime,
        cell: (b: Backtest) => <TimeText value={b.startTime} />,
      },
      {
        id: "by",
        title: "Started by",
        width: 160,
        sortable: true,
        value: (b: Backtest) => b.startedBy,
        cell: (b: Backtest) => b.startedBy,
      },
      {
        id: "from",
        title: "From",
        width: 210,
        sortable: true,
        value: (b: Backtest) => b.from,
        cell: (b: Backtest) => <TimeText value={b.from} />,
      },
      {
        id: "to",
        title: "To",
        width: 210,
        sortable: true,
        value: (b: Backtest) => b.to,
        cell: (b: Backtest) => <TimeText value={b.to} />,
      },
    ],
    [open],
  );
}

export function Backtests() {
  const url = useUrlState();
  const { data, error, isPending, refetch } = useBacktests();
  const change = url.change;
  const open = useMemo(() => (id: string) => change({ backtest: id }), [change]);
  const columns = useColumns(open);
  const chosen = url.one("backtest");
  if (error !== null)
    return (
      <ErrorNotice
        title="The backtests can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <ListAndPane
      above={
        <Text size={200}>
          What rules would have done in the past. The wizard&apos;s “Test with current data” and{" "}
          <code>vedette rules backtest</code> make them; the newest are kept.
        </Text>
      }
      list={
        <DataGrid
          id="backtests"
          label="Backtests"
          columns={columns}
          rows={data ?? []}
          rowKey={(b) => b.id}
          loading={isPending}
          onActive={(b) => open(b.id)}
          empty={
            <EmptyState title="There are no backtests">
              “Test with current data” in a rule&apos;s wizard makes one.
            </EmptyState>
          }
        />
      }
      pane={
        chosen !== "" && (
          <BacktestPane id={chosen} onClose={() => change({ backtest: undefined })} />
        )
      }
    />
  );
}
