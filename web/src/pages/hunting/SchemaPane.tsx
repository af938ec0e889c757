/** What can be queried: tables by product with their columns, functions, saved queries, detection rules. */
import {
  Button,
  Input,
  Spinner,
  Tab,
  TabList,
  Text,
  Tree,
  TreeItem,
  TreeItemLayout,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { Search16Regular } from "@fluentui/react-icons";
import { useDeferredValue, useState } from "react";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import {
  productOf,
  productOrder,
  useFunctions,
  useRetention,
  useRules,
  useSavedSearches,
  useTables,
} from "./schema";
import type { Retention, TableInfo } from "./schema";

const useStyles = makeStyles({
  pane: {
    display: "flex",
    flexDirection: "column",
    height: "100%",
    minHeight: 0,
    gap: tokens.spacingVerticalXS,
  },
  tabs: { overflowX: "auto", flexShrink: 0 },
  list: { flexGrow: 1, minHeight: 0, overflowY: "auto" },
  type: { color: tokens.colorNeutralForeground3, marginLeft: tokens.spacingHorizontalXS },
  item: { overflowWrap: "anywhere" },
});

export interface Insert {
  /** At the cursor. */
  insert: (text: string) => void;
  /** In a tab of its own; run: at once. */
  open: (name: string, text: string, run: boolean, saved?: string) => void;
}

type Which = "schema" | "functions" | "queries" | "rules";

/** Groups of things by a name, those in order first. */
function grouped<T>(
  all: readonly T[],
  of: (x: T) => string,
  order: readonly string[] = [],
): [string, T[]][] {
  const groups = new Map<string, T[]>(order.map((name) => [name, []]));
  for (const x of all) groups.set(of(x), [...(groups.get(of(x)) ?? []), x]);
  const found = [...groups].filter(([, list]) => list.length > 0);
  return order.length > 0 ? found : found.sort(([a], [b]) => a.localeCompare(b));
}

function keptText(p: Retention["properties"] | undefined): string {
  if (p === undefined) return "";
  const text = (days: number | null) => (days === null ? "for ever" : `${String(days)} d`);
  const total =
    p.totalRetentionInDays === p.retentionInDays ? "" : ` of ${text(p.totalRetentionInDays)}`;
  return `${p.plan} ${text(p.retentionInDays)}${total}`;
}

function TableItem({ table, kept, use }: { table: TableInfo; kept: string; use: Insert }) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  return (
    <TreeItem
      itemType="branch"
      value={table.name}
      open={open}
      onOpenChange={(_, data) => setOpen(data.open)}
    >
      <TreeItemLayout
        className={styles.item}
        title={kept}
        actions={
          <>
            <Button size="small" appearance="subtle" onClick={() => use.insert(table.name)}>
              Insert
            </Button>
            <Button
              size="small"
              appearance="subtle"
              onClick={() => use.open(table.name, `${table.name}\n| take 10`, true)}
            >
              Sample
            </Button>
          </>
        }
      >
        {table.name}
      </TreeItemLayout>
      {open && (
        <Tree>
          {kept !== "" && (
            <TreeItem itemType="leaf">
              <TreeItemLayout>
                <Text size={200}>{kept}</Text>
              </TreeItemLayout>
            </TreeItem>
          )}
          {table.columns.map((c) => (
            <TreeItem key={c.name} itemType="leaf" onClick={() => use.insert(c.name)}>
              <TreeItemLayout className={styles.item}>
                {c.name}
                <span className={styles.type}>{c.type}</span>
              </TreeItemLayout>
            </TreeItem>
          ))}
        </Tree>
      )}
    </TreeItem>
  );
}

interface Entry {
  key: string;
  group: string;
  title: string;
  hint: string;
  chosen: () => void;
}

function Entries({
  label,
  all,
  order = [],
}: {
  label: string;
  all: readonly Entry[];
  order?: readonly string[];
}) {
  const styles = useStyles();
  const groups = grouped(all, (e) => e.group, order);
  return (
    <Tree size="small" aria-label={label} defaultOpenItems={groups.map(([name]) => name)}>
      {groups.map(([name, entries]) => (
        <TreeItem key={name} itemType="branch" value={name}>
          <TreeItemLayout>{name}</TreeItemLayout>
          <Tree>
            {entries.map((e) => (
              <TreeItem key={e.key} itemType="leaf" onClick={e.chosen}>
                <TreeItemLayout className={styles.item} title={e.hint}>
                  {e.title}
                </TreeItemLayout>
              </TreeItem>
            ))}
          </Tree>
        </TreeItem>
      ))}
    </Tree>
  );
}

function Tables({ search, use }: { search: string; use: Insert }) {
  const { data, error, isPending, refetch } = useTables();
  const retention = useRetention().data;
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (isPending) return <Spinner size="tiny" label="Loading" />;
  const fits = (t: TableInfo) =>
    t.name.toLowerCase().includes(search) ||
    (search.length > 2 && t.columns.some((c) => c.name.toLowerCase().includes(search)));
  const found = data.filter(fits).sort((a, b) => a.name.localeCompare(b.name));
  if (found.length === 0)
    return (
      <EmptyState title="No tables">
        {data.length === 0
          ? "Tables are listed once they hold rows."
          : "Nothing has that in its name."}
      </EmptyState>
    );
  const groups = grouped(found, (t) => productOf(t.name), productOrder);
  return (
    <Tree
      size="small"
      aria-label="Tables"
      key={search === "" ? "all" : "found"}
      defaultOpenItems={groups.map(([name]) => name)}
    >
      {groups.map(([name, tables]) => (
        <TreeItem key={name} itemType="branch" value={name}>
          <TreeItemLayout>{name}</TreeItemLayout>
          <Tree>
            {tables.map((t) => (
              <TableItem key={t.name} table={t} kept={keptText(retention?.get(t.name))} use={use} />
            ))}
          </Tree>
        </TreeItem>
      ))}
    </Tree>
  );
}

function Functions({ search, use }: { search: string; use: Insert }) {
  const { data, error } = useFunctions();
  if (error) return <ErrorNotice error={error} />;
  const found = (data ?? []).filter((f) => f.name.toLowerCase().includes(search));
  if (found.length === 0)
    return (
      <EmptyState title="No functions">Save a query as a function to call it by name.</EmptyState>
    );
  return (
    <Entries
      label="Functions"
      all={found.map((f) => ({
        key: f.name,
        group: f.folder || "Functions",
        title: `${f.name}(${f.parameters})`,
        hint: f.docString || f.body,
        chosen: () => use.insert(`${f.name}(${f.parameters === "" ? "" : " "})`),
      }))}
    />
  );
}

function Queries({ search, use }: { search: string; use: Insert }) {
  const { data, error } = useSavedSearches();
  if (error) return <ErrorNotice error={error} />;
  const found = (data ?? []).filter((s) => s.properties.displayName.toLowerCase().includes(search));
  if (found.length === 0)
    return <EmptyState title="No saved queries">Save one to find it here.</EmptyState>;
  return (
    <Entries
      label="Saved queries"
      all={found.map((s) => ({
        key: s.name,
        group: s.properties.category || "Queries",
        title: s.properties.displayName,
        hint: s.properties.query,
        chosen: () => use.open(s.properties.displayName, s.properties.query, false, s.name),
      }))}
    />
  );
}

function Rules({ search, use }: { search: string; use: Insert }) {
  const { data, error } = useRules();
  if (error) return <ErrorNotice error={error} />;
  const name = (r: { name: string; properties: { displayName?: string } }) =>
    r.properties.displayName ?? r.name;
  const found = (data ?? []).filter((r) => name(r).toLowerCase().includes(search));
  if (found.length === 0) return <EmptyState title="No detection rules" />;
  return (
    <Entries
      label="Detection rules"
      all={found.map((r) => ({
        key: r.name,
        group: r.kind,
        title: name(r),
        hint: r.properties.query ?? "",
        chosen: () => use.open(name(r), r.properties.query ?? "", false),
      }))}
    />
  );
}

export function SchemaPane({ use }: { use: Insert }) {
  const styles = useStyles();
  const [which, setWhich] = useState<Which>("schema");
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim().toLowerCase());
  return (
    <div className={styles.pane}>
      <TabList
        size="small"
        className={styles.tabs}
        aria-label="What can be queried"
        selectedValue={which}
        onTabSelect={(_, data) => setWhich(data.value as Which)}
      >
        <Tab value="schema">Schema</Tab>
        <Tab value="functions">Functions</Tab>
        <Tab value="queries">Queries</Tab>
        <Tab value="rules">Rules</Tab>
      </TabList>
      <Input
        size="small"
        input={{ style: { minHeight: "24px" } }}
        aria-label="Search what can be queried"
        placeholder="Search"
        contentBefore={<Search16Regular />}
        value={typed}
        onChange={(_, data) => setTyped(data.value)}
      />
      <div className={styles.list}>
        {which === "schema" && <Tables search={search} use={use} />}
        {which === "functions" && <Functions search={search} use={use} />}
        {which === "queries" && <Queries search={search} use={use} />}
        {which === "rules" && <Rules search={search} use={use} />}
      </div>
    </div>
  );
}
