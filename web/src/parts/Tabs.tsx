/** Tabs of a page; which one is shown stands in the address, with everything else that is filtered there taken out. */
import { Tab, TabList, makeStyles, tokens } from "@fluentui/react-components";
import type { ComponentType } from "react";
import { useSearchParams } from "react-router-dom";

const useStyles = makeStyles({
  panel: {
    flexGrow: 1,
    minHeight: 0,
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
  },
  tabs: { flexWrap: "wrap" },
});

export interface TabOf {
  id: string;
  title: string;
  component: ComponentType;
}

export function Tabs({ tabs, label }: { tabs: readonly TabOf[]; label: string }) {
  const styles = useStyles();
  const [params, setParams] = useSearchParams();
  const shown = tabs.find((t) => t.id === params.get("tab")) ?? tabs[0];
  if (shown === undefined) return null;
  return (
    <>
      <TabList
        className={styles.tabs}
        aria-label={label}
        selectedValue={shown.id}
        onTabSelect={(_, data) =>
          setParams(data.value === tabs[0]?.id ? {} : { tab: String(data.value) })
        }
      >
        {tabs.map((t) => (
          <Tab key={t.id} value={t.id}>
            {t.title}
          </Tab>
        ))}
      </TabList>
      <div className={styles.panel} role="tabpanel" aria-label={shown.title}>
        <shown.component />
      </div>
    </>
  );
}
