/** The open queries: choose, rename (F2 or a double click), close, bring back. */
import {
  Button,
  Input,
  Tab,
  TabList,
  Tooltip,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { Add20Regular, ArrowUndo20Regular, Dismiss16Regular } from "@fluentui/react-icons";
import { useState } from "react";
import type { QueryTabs } from "./tabs";

const useStyles = makeStyles({
  strip: { display: "flex", alignItems: "center", minWidth: 0, gap: tokens.spacingHorizontalXS },
  tabs: { overflowX: "auto", flexShrink: 1, minWidth: 0 },
});

export function TabStrip({ tabs }: { tabs: QueryTabs }) {
  const styles = useStyles();
  const [naming, setNaming] = useState<string | undefined>(undefined);
  const { current } = tabs;
  const rename = (text: string | undefined) => {
    if (text !== undefined && text.trim() !== "") tabs.change(current.id, { name: text.trim() });
    setNaming(undefined);
  };
  return (
    <div className={styles.strip}>
      {naming !== undefined ? (
        <Input
          size="small"
          autoFocus
          aria-label="Name of the query"
          value={naming}
          onChange={(_, data) => setNaming(data.value)}
          onBlur={() => rename(naming)}
          onKeyDown={(event) => {
            if (event.key === "Enter") rename(naming);
            if (event.key === "Escape") rename(undefined);
          }}
        />
      ) : (
        <TabList
          className={styles.tabs}
          size="small"
          aria-label="Open queries"
          selectedValue={current.id}
          onTabSelect={(_, data) => tabs.select(String(data.value))}
        >
          {tabs.tabs.map((t) => (
            <Tab
              key={t.id}
              value={t.id}
              title="F2 renames it"
              onDoubleClick={() => setNaming(t.name)}
              onKeyDown={(event) => event.key === "F2" && setNaming(current.name)}
            >
              {t.name}
            </Tab>
          ))}
        </TabList>
      )}
      <Button
        size="small"
        appearance="subtle"
        icon={<Dismiss16Regular />}
        aria-label={`Close ${current.name}`}
        onClick={() => tabs.close(current.id)}
      />
      <Button size="small" appearance="subtle" icon={<Add20Regular />} onClick={() => tabs.add({})}>
        Create new
      </Button>
      {tabs.canReopen && (
        <Tooltip content="Reopen the query that was closed last" relationship="label">
          <Button
            size="small"
            appearance="subtle"
            icon={<ArrowUndo20Regular />}
            onClick={tabs.reopen}
          />
        </Tooltip>
      )}
    </div>
  );
}
