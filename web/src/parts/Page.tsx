/** A page: its title, what can be done on it, and its content, which takes the rest of the window. */
import { Title3, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  full: { height: "100%", minHeight: "32rem" },
  head: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    justifyContent: "space-between",
    gap: tokens.spacingHorizontalM,
  },
  title: { margin: 0, overflowWrap: "anywhere" },
});

interface Props {
  title: ReactNode;
  actions?: ReactNode;
  /** The content scrolls by itself, within the window. */
  full?: boolean;
  children: ReactNode;
}

export function Page({ title, actions, full = false, children }: Props) {
  const styles = useStyles();
  return (
    <div className={mergeClasses(styles.page, full && styles.full)}>
      <div className={styles.head}>
        <Title3 as="h1" className={styles.title}>
          {title}
        </Title3>
        {actions}
      </div>
      {children}
    </div>
  );
}
