/** The matrix of ATT&CK: how many rules and templates look for each technique, and which. */
import {
  Button,
  SearchBox,
  Spinner,
  Switch,
  Text,
  makeStyles,
  mergeClasses,
  tokens,
} from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { ErrorNotice } from "../../parts/notices";
import { TechniquePane } from "./TechniquePane";
import { useMatrix } from "./queries";
import type { Matrix, TechniqueCell } from "./queries";

const useStyles = makeStyles({
  bar: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    paddingBottom: tokens.spacingVerticalS,
  },
  both: { display: "flex", gap: tokens.spacingHorizontalM, flexGrow: 1, minHeight: 0 },
  matrix: {
    display: "flex",
    gap: tokens.spacingHorizontalXS,
    overflow: "auto",
    flexGrow: 1,
    minHeight: "20rem",
    alignItems: "start",
  },
  tactic: { flex: "0 0 9.5rem", display: "flex", flexDirection: "column", gap: "2px" },
  head: {
    position: "sticky",
    top: 0,
    zIndex: 1,
    padding: tokens.spacingHorizontalXS,
    backgroundColor: tokens.colorNeutralBackground3,
    display: "flex",
    flexDirection: "column",
  },
  cell: {
    justifyContent: "space-between",
    textAlign: "left",
    alignItems: "start",
    minWidth: 0,
    width: "100%",
    padding: "2px 4px",
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightRegular,
    lineHeight: tokens.lineHeightBase200,
    overflowWrap: "anywhere",
  },
  some: {
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorBrandForeground2,
  },
  many: {
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
    "&:hover": {
      backgroundColor: tokens.colorBrandBackgroundHover,
      color: tokens.colorNeutralForegroundOnBrand,
    },
  },
});

const MANY = 3;

function Cell(props: { cell: TechniqueCell; simulated: boolean; onOpen: () => void }) {
  const styles = useStyles();
  const { cell, simulated, onOpen } = props;
  const count = cell.rules.length + (simulated ? cell.templates.length : 0);
  const look = count >= MANY ? styles.many : count > 0 ? styles.some : undefined;
  return (
    <Button
      size="small"
      className={mergeClasses(styles.cell, look)}
      aria-label={`${cell.id} ${cell.name ?? ""}: ${String(cell.rules.length)} rules, ${String(cell.templates.length)} templates`}
      onClick={onOpen}
    >
      <span>{cell.name}</span>
      <span>{count > 0 ? count : ""}</span>
    </Button>
  );
}

function visible(cell: TechniqueCell, search: string, covered: boolean): boolean {
  const text = `${cell.id} ${cell.name ?? ""}`.toLowerCase();
  return text.includes(search.trim().toLowerCase()) && (!covered || cell.rules.length > 0);
}

interface View {
  matrix: Matrix;
  search: string;
  covered: boolean;
  simulated: boolean;
  onOpen: (cell: TechniqueCell) => void;
}

function Columns({ matrix, search, covered, simulated, onOpen }: View) {
  const styles = useStyles();
  const shown = useMemo(
    () => matrix.tactics.filter((t) => t.techniques > 0 || t.rules > 0),
    [matrix],
  );
  return (
    <div className={styles.matrix} role="group" aria-label="Matrix of ATT&CK" tabIndex={0}>
      {shown.map((t) => (
        <section key={t.tactic} className={styles.tactic} aria-label={t.title}>
          <div className={styles.head}>
            <Text weight="semibold">{t.title}</Text>
            <Text size={200}>
              {t.covered} of {t.techniques} techniques
            </Text>
          </div>
          {t.items
            .filter((cell) => visible(cell, search, covered))
            .map((cell) => (
              <Cell key={cell.id} cell={cell} simulated={simulated} onOpen={() => onOpen(cell)} />
            ))}
        </section>
      ))}
    </div>
  );
}

export function Coverage() {
  const styles = useStyles();
  const { data, error, isPending, refetch } = useMatrix();
  const [search, setSearch] = useState("");
  const [covered, setCovered] = useState(false);
  const [simulated, setSimulated] = useState(false);
  const [open, setOpen] = useState<TechniqueCell | undefined>(undefined);
  if (error !== null)
    return (
      <ErrorNotice title="The matrix can't be shown" error={error} onRetry={() => void refetch()} />
    );
  if (isPending) return <Spinner label="Loading" />;
  return (
    <>
      <div className={styles.bar}>
        <SearchBox
          size="small"
          aria-label="Search techniques"
          placeholder="Search techniques"
          value={search}
          onChange={(_, d) => setSearch(d.value)}
        />
        <Switch label="Covered only" checked={covered} onChange={(_, d) => setCovered(d.checked)} />
        <Switch
          label="Count templates, too"
          checked={simulated}
          onChange={(_, d) => setSimulated(d.checked)}
        />
        <Text size={200}>
          ATT&CK v{data.attackVersion}: {data.covered} of {data.techniques} techniques by{" "}
          {data.rules} enabled rules, {data.untagged} of them without tactics
        </Text>
      </div>
      <div className={styles.both}>
        <Columns
          matrix={data}
          search={search}
          covered={covered}
          simulated={simulated}
          onOpen={setOpen}
        />
        {open && <TechniquePane cell={open} onClose={() => setOpen(undefined)} />}
      </div>
    </>
  );
}
