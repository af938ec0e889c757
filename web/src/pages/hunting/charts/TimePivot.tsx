/**
 * `render timepivot`: slices of the rows, level below level, each along the same time. A slice, or spans of one, chooses
 * the rows that the table below shows.
 */
import { Button, Select, Text, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import {
  Add16Regular,
  ChevronDown16Regular,
  ChevronRight16Regular,
  Dismiss16Regular,
} from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { EmptyState } from "../../../parts/notices";
import { useTimeFormat } from "../../../parts/time";
import type { ResultTable } from "../results";
import { counted } from "./drawing";
import { Properties, nameOf } from "./properties";
import {
  BINS,
  binOf,
  binStart,
  defaultLevels,
  slicesOf,
  spanOf,
  timeColumns,
  timesOf,
} from "./timeSlices";
import type { Slice, Span } from "./timeSlices";

const MOST_LEVELS = 5;

const useStyles = makeStyles({
  view: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalXS,
    height: "100%",
    minHeight: 0,
  },
  bar: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalS,
    flexShrink: 0,
  },
  slices: {
    height: "45%",
    minHeight: "9rem",
    overflow: "auto",
    flexShrink: 0,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  table: { borderCollapse: "collapse", width: "100%", fontSize: tokens.fontSizeBase200 },
  head: {
    position: "sticky",
    top: 0,
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground2,
    "& th": { textAlign: "left", padding: "4px 8px", fontWeight: tokens.fontWeightSemibold },
  },
  name: {
    padding: "2px 8px",
    whiteSpace: "nowrap",
    maxWidth: "18rem",
    overflow: "hidden",
    textOverflow: "ellipsis",
  },
  number: { textAlign: "right", padding: "2px 8px", fontVariantNumeric: "tabular-nums" },
  bins: { display: "flex", height: "20px", minWidth: "20rem", padding: 0 },
  bin: {
    flexGrow: 1,
    padding: 0,
    border: "none",
    borderRight: `1px solid ${tokens.colorNeutralBackground1}`,
    backgroundColor: tokens.colorNeutralBackground3,
    display: "flex",
    alignItems: "end",
    cursor: "pointer",
    "&:focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}`, zIndex: 1 },
  },
  chosen: { outline: `2px solid ${tokens.colorBrandStroke1}`, outlineOffset: "-2px" },
  fill: { width: "100%", backgroundColor: tokens.colorBrandBackground, forcedColorAdjust: "none" },
  chosenRow: { backgroundColor: tokens.colorNeutralBackground1Selected },
  grid: { flexGrow: 1, minHeight: "8rem" },
});

interface Chosen {
  key: string;
  /** undefined: the whole slice. */
  bin: number | undefined;
  rows: Uint32Array;
}

function Levels(props: {
  table: ResultTable;
  levels: readonly number[];
  onChange: (levels: number[]) => void;
}) {
  const { table, levels, onChange } = props;
  const options = table.columns.map((c, i) => (
    <option key={c.name} value={i}>
      {c.name}
    </option>
  ));
  const free = table.columns.findIndex((c, i) => !levels.includes(i) && c.type !== "datetime");
  return (
    <>
      {levels.map((column, level) => (
        <span key={level}>
          <Select
            size="small"
            aria-label={`Slice level ${String(level + 1)}`}
            value={String(column)}
            style={{ display: "inline-flex" }}
            onChange={(_, data) =>
              onChange(levels.map((c, i) => (i === level ? Number(data.value) : c)))
            }
          >
            {options}
          </Select>
          <Button
            size="small"
            appearance="subtle"
            icon={<Dismiss16Regular />}
            aria-label={`Remove slice level ${String(level + 1)}`}
            onClick={() => onChange(levels.filter((_, i) => i !== level))}
          />
        </span>
      ))}
      {free >= 0 && levels.length < MOST_LEVELS && (
        <Button
          size="small"
          appearance="subtle"
          icon={<Add16Regular />}
          onClick={() => onChange([...levels, free])}
        >
          Slice level
        </Button>
      )}
    </>
  );
}

function Bins(props: {
  slice: Slice;
  span: Span;
  most: number;
  chosen: Chosen | undefined;
  onChoose: (bin: number) => void;
}) {
  const { slice, span, most, chosen, onChoose } = props;
  const styles = useStyles();
  const time = useTimeFormat();
  const [active, setActive] = useState(0);
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(BINS - 1, active + step));
    setActive(to);
    (event.currentTarget.children[to] as HTMLElement | undefined)?.focus();
  };
  return (
    <div
      className={styles.bins}
      role="group"
      aria-label={`Time of ${slice.value}`}
      onKeyDown={move}
    >
      {[...slice.bins].map((count, bin) => {
        const title = `${time(binStart(bin, span))}: ${counted(count)}`;
        const mine = chosen?.key === slice.key && (chosen.bin === undefined || chosen.bin === bin);
        return (
          <button
            key={bin}
            type="button"
            tabIndex={bin === active ? 0 : -1}
            title={title}
            aria-label={title}
            aria-pressed={mine}
            className={mergeClasses(styles.bin, mine && chosen?.bin === bin && styles.chosen)}
            onClick={() => {
              setActive(bin);
              onChoose(bin);
            }}
          >
            <span
              className={styles.fill}
              style={{ height: count === 0 ? 0 : `${String(Math.max(15, (100 * count) / most))}%` }}
            />
          </button>
        );
      })}
    </div>
  );
}

interface Props {
  table: ResultTable;
  /** The table of these rows. */
  grid: (rows: Uint32Array | undefined) => ReactNode;
}

export function TimePivot({ table, grid }: Props) {
  const styles = useStyles();
  const time = useTimeFormat();
  const columns = useMemo(() => timeColumns(table), [table]);
  const [column, setColumn] = useState(columns[0] ?? -1);
  const [levels, setLevels] = useState(() => defaultLevels(table, new Properties(table.render)));
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<Chosen | undefined>(undefined);
  const times = useMemo(() => timesOf(table, column), [table, column]);
  const span = useMemo(() => spanOf(times), [times]);
  const shown = useMemo(() => {
    const list: (Slice | { key: string; level: number; left: number })[] = [];
    const add = (rows: Uint32Array, key: string, level: number) => {
      const by = levels[level];
      if (by === undefined) return;
      const { slices, left } = slicesOf(table, rows, by, { key, level }, times, span);
      for (const slice of slices) {
        list.push(slice);
        if (open.has(slice.key)) add(slice.rows, slice.key, level + 1);
      }
      if (left > 0) list.push({ key: `${key}\n+`, level: level + 1, left });
    };
    add(
      Uint32Array.from({ length: table.rows }, (_, i) => i),
      "",
      0,
    );
    return list;
  }, [table, levels, open, times, span]);
  const most = useMemo(
    () => shown.reduce((high, s) => ("bins" in s ? Math.max(high, ...s.bins) : high), 1),
    [shown],
  );

  if (columns.length === 0)
    return (
      <EmptyState title="Nothing here has a time">
        A time pivot needs a column of the type datetime.
      </EmptyState>
    );
  const choose = (slice: Slice, bin: number | undefined) => {
    if (chosen?.key === slice.key && chosen.bin === bin) {
      setChosen(undefined);
      return;
    }
    const rows =
      bin === undefined
        ? slice.rows
        : slice.rows.filter((row) => binOf(times[row] ?? NaN, span) === bin);
    setChosen({ key: slice.key, bin, rows });
  };
  const toggle = (key: string) => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };
  return (
    <div className={styles.view}>
      <div className={styles.bar} role="group" aria-label="Time pivot">
        <Levels
          table={table}
          levels={levels}
          onChange={(next) => {
            setLevels(next);
            setOpen(new Set());
            setChosen(undefined);
          }}
        />
        <Select
          size="small"
          aria-label="Time of a row"
          value={String(column)}
          onChange={(_, data) => {
            setColumn(Number(data.value));
            setChosen(undefined);
          }}
        >
          {columns.map((c) => (
            <option key={c} value={c}>
              by {nameOf(table, c)}
            </option>
          ))}
        </Select>
        <Text size={200} role="status">
          {chosen
            ? `${counted(chosen.rows.length)} of ${counted(table.rows)} rows below`
            : "All rows below; choose a slice or a span of time"}
        </Text>
      </div>
      <div className={styles.slices} role="region" aria-label="Slices" tabIndex={0}>
        <table className={styles.table}>
          <thead className={styles.head}>
            <tr>
              <th scope="col">Slice</th>
              <th scope="col">Rows</th>
              <th scope="col">
                {time(span.from)} to {time(span.to)}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((slice) =>
              "left" in slice ? (
                <tr key={slice.key}>
                  <td colSpan={3} style={{ paddingLeft: `${String(slice.level * 1.25)}rem` }}>
                    {counted(slice.left)} more values, of fewer rows each, are not shown
                  </td>
                </tr>
              ) : (
                <tr
                  key={slice.key}
                  className={mergeClasses(chosen?.key === slice.key && styles.chosenRow)}
                >
                  <th
                    scope="row"
                    className={styles.name}
                    style={{
                      paddingLeft: `${String((slice.level - 1) * 1.25)}rem`,
                      textAlign: "left",
                    }}
                  >
                    {slice.level < levels.length && (
                      <Button
                        size="small"
                        appearance="transparent"
                        aria-expanded={open.has(slice.key)}
                        aria-label={`Slices of ${slice.value}`}
                        icon={
                          open.has(slice.key) ? <ChevronDown16Regular /> : <ChevronRight16Regular />
                        }
                        onClick={() => toggle(slice.key)}
                      />
                    )}
                    <Button
                      size="small"
                      appearance="transparent"
                      aria-pressed={chosen?.key === slice.key && chosen.bin === undefined}
                      title={slice.value}
                      onClick={() => choose(slice, undefined)}
                    >
                      {slice.value}
                    </Button>
                  </th>
                  <td className={styles.number}>{counted(slice.rows.length)}</td>
                  <td>
                    <Bins
                      slice={slice}
                      span={span}
                      most={most}
                      chosen={chosen}
                      onChoose={(bin) => choose(slice, bin)}
                    />
                  </td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
      <div className={styles.grid}>{grid(chosen?.rows)}</div>
    </div>
  );
}
