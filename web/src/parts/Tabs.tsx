/** Tabs of a page; which one is shown stands in the address, with everything else that is filtered there taken out. */
import { Tab, TabList, makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { ComponentType } from "react";
import { useSearchParams } from "react-router-dom";
import { useNarrow } from "./narrow";

const useStyles = makeStyles({
  panel: {
    flexGrow: 1,
    minHeight: 0,
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
  },
  tabs: { flexWrap: "wrap" },
  above: { display: "contents" },
  beside: {
    flexGrow: 1,
    minHeight: 0,
    display: "grid",
    gridTemplateColumns: "max-content minmax(0, 1fr)",
    gap: tokens.spacingHorizontalL,
  },
  side: { flexWrap: "nowrap", overflowY: "auto", alignSelf: "start", maxHeight: "100%" },
  // The text stands in the middle of the room that it takes when it is bold.
  sideTab: { "& .fui-Tab__content": { justifySelf: "start" } },
});

export interface TabOf {
  id: string;
  title: string;
  component: ComponentType;
}

interface Props {
  tabs: readonly TabOf[];
  label: string;
  /** They stand beside what they show where the window has room: for those too many for a line. */
  side?: boolean;
}

export function Tabs({ tabs, label, side = false }: Props) {
  const styles = useStyles();
  const [params, setParams] = useSearchParams();
  const narrow = useNarrow();
  const vertical = side && !narrow;
  const shown = tabs.find((t) => t.id === params.get("tab")) ?? tabs[0];
  if (shown === undefined) return null;
  const both = (
    <>
      <TabList
        vertical={vertical}
        className={mergeClasses(styles.tabs, vertical && styles.side)}
        aria-label={label}
        selectedValue={shown.id}
        onTabSelect={(_, data) =>
          setParams(data.value === tabs[0]?.id ? {} : { tab: String(data.value) })
        }
      >
        {tabs.map((t) => (
          <Tab key={t.id} value={t.id} {...(vertical ? { className: styles.sideTab } : {})}>
            {t.title}
          </Tab>
        ))}
      </TabList>
      <div className={styles.panel} role="tabpanel" aria-label={shown.title}>
        <shown.component />
      </div>
    </>
  );
  // Always the same elements: a window that is made narrower keeps what was typed into its page.
  return side ? <div className={vertical ? styles.beside : styles.above}>{both}</div> : both;
}
