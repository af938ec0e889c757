import { Button, SearchBox, makeStyles, tokens } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { FilterMenu } from "../../parts/FilterMenu";
import { TimeRange } from "../../parts/TimeRange";
import { severities, statusWords } from "../../parts/badges";
import { useUrlState } from "../../parts/urlState";
import { words } from "./queueColumns";
import { rangeText, statusesOf, tactics } from "./queueFilter";

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalS },
  search: { width: "18rem" },
});

const TYPING_MS = 250;

const statuses = ["New", "Active", "Closed"].map((value) => ({
  value,
  title: statusWords[value] ?? value,
}));
const assigned = [
  { value: "me", title: "Me" },
  { value: "nobody", title: "Unassigned" },
  { value: "others", title: "Others" },
];
const classified = [
  { value: "TruePositive", title: "True positive" },
  { value: "BenignPositive", title: "Benign positive" },
  { value: "FalsePositive", title: "False positive" },
  { value: "Undetermined", title: "Undetermined" },
];

function Search() {
  const styles = useStyles();
  const url = useUrlState();
  const asked = url.one("q");
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const { change } = url;
  useEffect(() => {
    if (text === asked) return undefined;
    const timer = setTimeout(() => change({ q: text }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, asked, change]);
  return (
    <SearchBox
      className={styles.search}
      size="small"
      aria-label="Search incidents"
      placeholder="Name, ID, owner, tag or product"
      value={text}
      onChange={(_, data) => setText(data.value)}
    />
  );
}

export function QueueFilters({ tags, products }: { tags: string[]; products: string[] }) {
  const styles = useStyles();
  const url = useUrlState();
  const filtered = [
    "status",
    "severity",
    "assigned",
    "classification",
    "tactic",
    "tag",
    "product",
    "q",
    "rule",
    "range",
  ];
  return (
    <div className={styles.row} role="search" aria-label="Filters">
      <Search />
      <TimeRange all value={rangeText(url)} onChange={(range) => url.change({ range })} />
      <FilterMenu
        label="Status"
        options={statuses}
        chosen={statusesOf(url)}
        onChange={(status) => url.change({ status: status.length === 0 ? "any" : status })}
      />
      <FilterMenu
        label="Severity"
        options={severities}
        chosen={url.many("severity")}
        onChange={(severity) => url.change({ severity })}
      />
      <FilterMenu
        label="Assigned to"
        options={assigned}
        chosen={url.many("assigned")}
        onChange={(value) => url.change({ assigned: value })}
      />
      <FilterMenu
        label="Categories"
        options={tactics.map((value) => ({ value, title: words(value) }))}
        chosen={url.many("tactic")}
        onChange={(tactic) => url.change({ tactic })}
      />
      <FilterMenu
        label="Classification"
        options={classified}
        chosen={url.many("classification")}
        onChange={(classification) => url.change({ classification })}
      />
      <FilterMenu
        label="Tags"
        options={[...new Set([...tags, ...url.many("tag")])].sort()}
        chosen={url.many("tag")}
        onChange={(tag) => url.change({ tag })}
      />
      <FilterMenu
        label="Products"
        options={[...new Set([...products, ...url.many("product")])].sort()}
        chosen={url.many("product")}
        onChange={(product) => url.change({ product })}
      />
      {filtered.some((name) => url.has(name)) && (
        <Button
          size="small"
          appearance="transparent"
          onClick={() => url.change(Object.fromEntries(filtered.map((name) => [name, undefined])))}
        >
          Reset filters
        </Button>
      )}
    </div>
  );
}
