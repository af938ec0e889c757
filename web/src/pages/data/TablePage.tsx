/** One table: its schema, its volume over time, and how long its rows are kept. */
import {
  Button,
  Card,
  Spinner,
  Subtitle2,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { useParams } from "react-router-dom";
import { kqlText, useKql } from "../../api/kql";
import { Chart } from "../../parts/Chart";
import { Facts } from "../../parts/Facts";
import { Page } from "../../parts/Page";
import { SmallTable } from "../../parts/SmallTable";
import { TextLink } from "../../parts/TextLink";
import { ErrorNotice } from "../../parts/notices";
import { TimeText, useTimeFormat } from "../../parts/time";
import { useSession } from "../../session/session";
import { RetentionDialog } from "./RetentionDialog";
import { bytesText, useTable, useTables } from "./queries";
import type { TableResource } from "./queries";

const useStyles = makeStyles({
  cards: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(22rem, 1fr))",
    gap: tokens.spacingHorizontalM,
    alignItems: "start",
  },
  wide: { gridColumn: "1 / -1" },
});

interface Hour {
  Day: string;
  MBytes: number;
}

function Volume({ name }: { name: string }) {
  const time = useTimeFormat();
  const { data, error, isLoading } = useKql<Hour>(
    `Usage | where TimeGenerated > ago(30d) and DataType == ${kqlText(name)}` +
      " | summarize MBytes = sum(Quantity) by Day = bin(StartTime, 1d) | sort by Day asc",
  );
  const option = useMemo(
    () => ({
      grid: { left: 60, right: 20, top: 32, bottom: 30 },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: (data ?? []).map((d) => time(d.Day, false)) },
      yAxis: { type: "value", name: "MB" },
      series: [{ name: "MB", type: "bar", data: (data ?? []).map((d) => d.MBytes) }],
    }),
    [data, time],
  );
  if (error !== null) return <ErrorNotice error={error} />;
  if (isLoading) return <Spinner size="tiny" label="Loading" />;
  if ((data ?? []).length === 0) return <Text>Nothing came into it in 30 days.</Text>;
  return <Chart label={`MB of ${name} by day`} option={option} height={200} />;
}

function retentionText(days: number | null): string {
  return days === null ? "For ever" : `${String(days)} days`;
}

function Schema({ table }: { table: TableResource }) {
  const { schema } = table.properties;
  const columns = [...schema.columns, ...schema.standardColumns];
  return (
    <SmallTable
      label="Schema"
      columns={["Column", "Type"]}
      rows={columns.map((c) => [c.name, c.type])}
      most={1000}
    />
  );
}

export default function TablePage() {
  const styles = useStyles();
  const name = useParams()["name"] ?? "";
  const { may } = useSession();
  const { data, error, isPending, refetch } = useTable(name);
  const stored = useTables().data?.find((t) => t.name === name);
  const [editing, setEditing] = useState(false);
  if (isPending) return <Spinner label="Loading" />;
  if (error !== null)
    return (
      <Page title={name}>
        <ErrorNotice
          title="The table can't be shown"
          error={error}
          onRetry={() => void refetch()}
        />
      </Page>
    );
  const p = data.properties;
  return (
    <Page
      title={name}
      actions={
        may("tables/write") && <Button onClick={() => setEditing(true)}>Manage table</Button>
      }
    >
      <div className={styles.cards}>
        <Card>
          <Subtitle2 as="h2">Table</Subtitle2>
          <Facts
            facts={[
              ["Tier", p.plan],
              [
                "Analytics retention",
                `${retentionText(p.retentionInDays)}${p.retentionInDaysAsDefault ? " (as the workspace)" : ""}`,
              ],
              ["Total retention", retentionText(p.totalRetentionInDays)],
              [
                "Protection",
                p.protectionLevel === "Protected"
                  ? "Protected: rows for Privileged Monitoring Data Reader only"
                  : p.protectionLevel,
              ],
              ["Clustered by", p.clusterBy],
              ["State", p.provisioningState],
              ["Rows", stored && stored.rows.toLocaleString("en")],
              ["Ingested", stored && bytesText(stored.billedBytes)],
              ["On disk (parts)", stored && bytesText(stored.bytes)],
              ["Oldest row", stored?.oldest && <TimeText key="o" value={stored.oldest} />],
              ["Last row", stored?.newest && <TimeText key="n" value={stored.newest} />],
            ]}
          />
          <TextLink to={`/hunting?query=${encodeURIComponent(`${name}\n| take 100`)}`}>
            Open in hunting
          </TextLink>
        </Card>
        <Card>
          <Subtitle2 as="h2">Volume</Subtitle2>
          <Volume name={name} />
        </Card>
        <Card className={styles.wide}>
          <Subtitle2 as="h2">Schema</Subtitle2>
          <Schema table={data} />
        </Card>
      </div>
      {editing && <RetentionDialog table={data} onClose={() => setEditing(false)} />}
    </Page>
  );
}
