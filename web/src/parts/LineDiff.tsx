/** Two texts, line by line: what left with -, what came with +; a few lines around each change. */
import { Text, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { useMemo } from "react";

const useStyles = makeStyles({
  lines: {
    margin: 0,
    maxHeight: "60vh",
    overflow: "auto",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  line: { display: "block", whiteSpace: "pre", padding: "0 8px" },
  gone: {
    backgroundColor: tokens.colorPaletteRedBackground1,
    color: tokens.colorPaletteRedForeground1,
  },
  come: {
    backgroundColor: tokens.colorPaletteGreenBackground1,
    color: tokens.colorPaletteGreenForeground1,
  },
});

export interface DiffLine {
  sign: " " | "-" | "+" | "…";
  text: string;
}

const AROUND = 3;
const MOST_CELLS = 4_000_000;

/** By the longest common subsequence; texts that are too long for it are shown as one change. */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const n = before.length;
  const m = after.length;
  const all = (sign: "-" | "+", lines: readonly string[]) => lines.map((text) => ({ sign, text }));
  if (n * m > MOST_CELLS) return [...all("-", before), ...all("+", after)];
  const width = m + 1;
  const longest = new Uint32Array((n + 1) * width);
  const at = (i: number, k: number) => longest[i * width + k] ?? 0;
  for (let i = n - 1; i >= 0; i--)
    for (let k = m - 1; k >= 0; k--)
      longest[i * width + k] =
        before[i] === after[k] ? at(i + 1, k + 1) + 1 : Math.max(at(i + 1, k), at(i, k + 1));
  const out: DiffLine[] = [];
  let i = 0;
  let k = 0;
  while (i < n || k < m) {
    const gone = before[i];
    const come = after[k];
    if (i < n && k < m && gone === come) {
      out.push({ sign: " ", text: gone ?? "" });
      i++;
      k++;
    } else if (k >= m || (i < n && at(i + 1, k) >= at(i, k + 1))) {
      out.push({ sign: "-", text: gone ?? "" });
      i++;
    } else {
      out.push({ sign: "+", text: come ?? "" });
      k++;
    }
  }
  return out;
}

/** Without what is far from any change. */
function nearChanges(lines: readonly DiffLine[]): DiffLine[] {
  const kept = lines.map((_, i) =>
    lines.slice(Math.max(0, i - AROUND), i + AROUND + 1).some((l) => l.sign !== " "),
  );
  return lines.flatMap((line, i) => {
    if (kept[i]) return [line];
    return i > 0 && kept[i - 1] ? [{ sign: "…" as const, text: "" }] : [];
  });
}

interface Props {
  label: string;
  before: readonly string[];
  after: readonly string[];
}

export function LineDiff({ label, before, after }: Props) {
  const styles = useStyles();
  const lines = useMemo(() => nearChanges(diffLines(before, after)), [before, after]);
  if (lines.length === 0) return <Text>They are the same.</Text>;
  return (
    <pre className={styles.lines} aria-label={label} tabIndex={0}>
      {lines.map((line, i) => (
        <span
          key={i}
          className={mergeClasses(
            styles.line,
            line.sign === "-" && styles.gone,
            line.sign === "+" && styles.come,
          )}
        >
          {line.sign} {line.text}
        </span>
      ))}
    </pre>
  );
}
