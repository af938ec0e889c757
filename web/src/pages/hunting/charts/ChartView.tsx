/** A result as a chart: the drawing, what of the result it leaves out, its values as a table, and pictures of it. */
import { Button, Text, makeStyles, tokens } from "@fluentui/react-components";
import { Image20Regular, Table20Regular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import { Chart } from "../../../parts/Chart";
import { saveBlob } from "../../../parts/download";
import { EmptyState } from "../../../parts/notices";
import { SmallTable } from "../../../parts/SmallTable";
import { useZone } from "../../../parts/time";
import { useNotify } from "../../../parts/Toasts";
import { useAppearance } from "../../../shell/appearance";
import type { ResultTable } from "../results";
import { drawingOf } from "./draw";
import type { Drawing } from "./drawing";
import type { ChartChoice } from "./kinds";

const MOST_LISTED = 500;

const useStyles = makeStyles({
  view: { display: "flex", flexDirection: "column", height: "100%", minHeight: 0 },
  bar: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalXS,
    flexShrink: 0,
  },
  notes: { flexGrow: 1, color: tokens.colorNeutralForeground2 },
  drawing: { flexGrow: 1, minHeight: "10rem" },
  data: { flexShrink: 0, maxHeight: "45%", overflow: "auto" },
});

function ImageButtons({ drawing }: { drawing: Drawing }) {
  const { dark } = useAppearance();
  const [zone] = useZone();
  const notify = useNotify();
  const save = async (type: "png" | "svg") => {
    try {
      const { chartPng, chartSvg } = await import("../../../parts/chartImage");
      const { dataZoom: _window, ...whole } = drawing.option;
      const how = { dark, utc: zone === "utc" };
      const blob = type === "png" ? await chartPng(whole, how) : chartSvg(whole, how);
      saveBlob(`chart.${type}`, blob);
    } catch (error) {
      notify.failed("There is no picture of the chart", error);
    }
  };
  return (["png", "svg"] as const).map((type) => (
    <Button
      key={type}
      size="small"
      appearance="subtle"
      icon={<Image20Regular />}
      aria-label={`Save the chart as ${type.toUpperCase()}`}
      onClick={() => void save(type)}
    >
      {type.toUpperCase()}
    </Button>
  ));
}

export function ChartView({ table, choice }: { table: ResultTable; choice: ChartChoice }) {
  const styles = useStyles();
  const [listed, setListed] = useState(false);
  const drawing = useMemo(() => drawingOf(table, choice), [table, choice]);
  const sheet = useMemo(() => (listed ? drawing?.sheet() : undefined), [listed, drawing]);
  if (drawing === undefined)
    return (
      <EmptyState title={`Nothing here can be drawn as a ${choice.title.toLowerCase()}`}>
        {choice.kind === "ladderchart"
          ? "A ladder chart needs two last columns that are both times, or both numbers."
          : "A chart needs a column of numbers, and a column to set them against."}
      </EmptyState>
    );
  return (
    <div className={styles.view}>
      <div className={styles.bar}>
        <Text size={200} className={styles.notes} role="note">
          {drawing.notes.join(" ")}
        </Text>
        <Button
          size="small"
          appearance="subtle"
          icon={<Table20Regular />}
          aria-expanded={listed}
          onClick={() => setListed(!listed)}
        >
          Values
        </Button>
        <ImageButtons drawing={drawing} />
      </div>
      <div className={styles.drawing}>
        <Chart
          label={`${choice.title} of the results: ${drawing.summary}. "Values" lists them.`}
          option={drawing.option}
          height="100%"
        />
      </div>
      {sheet && (
        <div className={styles.data}>
          <SmallTable
            label="Values of the chart"
            columns={sheet.columns}
            rows={sheet.rows}
            most={MOST_LISTED}
          />
        </div>
      )}
    </div>
  );
}
