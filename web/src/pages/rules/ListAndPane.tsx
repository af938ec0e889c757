/** A list, and the pane of the row that was chosen: beside it, or below where there is no room. */
import { Button, Subtitle2, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  page: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    flexGrow: 1,
    minHeight: "20rem",
  },
  both: {
    display: "flex",
    flexWrap: "wrap",
    gap: tokens.spacingHorizontalM,
    flexGrow: 1,
    minHeight: 0,
  },
  list: {
    flex: "1 1 26rem",
    minWidth: 0,
    height: "100%",
    minHeight: "16rem",
    // Where the two stand below each other the list leaves room.
    "@media (max-width: 1000px)": { flexBasis: "100%", height: "20rem" },
  },
  pane: {
    flex: "0 1 24rem",
    minWidth: "18rem",
    maxHeight: "100%",
    overflowY: "auto",
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    "& > *": { flexShrink: 0 },
  },
  wide: { flexGrow: 1, flexBasis: "30rem" },
  head: { display: "flex", justifyContent: "space-between", alignItems: "start" },
});

interface ListAndPaneProps {
  above: ReactNode;
  list: ReactNode;
  pane: ReactNode;
}

export function ListAndPane({ above, list, pane }: ListAndPaneProps) {
  const styles = useStyles();
  return (
    <div className={styles.page}>
      {above}
      <div className={styles.both}>
        <div className={styles.list}>{list}</div>
        {pane}
      </div>
    </div>
  );
}

interface PaneProps {
  /** What it shows one of. */
  label: string;
  title: string;
  wide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

export function Pane({ label, title, wide = false, onClose, children }: PaneProps) {
  const styles = useStyles();
  return (
    <section
      className={mergeClasses(styles.pane, wide && styles.wide)}
      aria-label={label}
      tabIndex={0}
    >
      <div className={styles.head}>
        <Subtitle2 as="h2">{title}</Subtitle2>
        <Button
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label="Close"
          onClick={onClose}
        />
      </div>
      {children}
    </section>
  );
}
