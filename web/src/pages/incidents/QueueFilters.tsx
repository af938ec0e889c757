import { FilterBar, UrlFilter } from "../../parts/FilterBar";
import { FilterMenu } from "../../parts/FilterMenu";
import { TimeRange } from "../../parts/TimeRange";
import { severities, statusWords } from "../../parts/badges";
import { useUrlState } from "../../parts/urlState";
import { words } from "./queueColumns";
import { rangeText, statusesOf, tactics } from "./queueFilter";

/** So long after the last key the server is asked. */
const PAUSE_MS = 200;

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

/** Names in the address besides the search's. */
const names = [
  "status",
  "severity",
  "assigned",
  "classification",
  "tactic",
  "tag",
  "product",
  "rule",
  "range",
];

const categories = tactics.map((value) => ({ value, title: words(value) }));

export function QueueFilters({ tags, products }: { tags: string[]; products: string[] }) {
  const url = useUrlState();
  return (
    <FilterBar
      label="Filters"
      search={{
        name: "q",
        label: "Search incidents",
        placeholder: "Name, ID, owner, tag or product",
        pauseMs: PAUSE_MS,
      }}
      names={names}
    >
      <TimeRange all value={rangeText(url)} onChange={(range) => url.change({ range })} />
      <FilterMenu
        label="Status"
        options={statuses}
        chosen={statusesOf(url)}
        onChange={(status) => url.change({ status: status.length === 0 ? "any" : status })}
      />
      <UrlFilter name="severity" label="Severity" options={severities} />
      <UrlFilter name="assigned" label="Assigned to" options={assigned} />
      <UrlFilter name="tactic" label="Categories" options={categories} />
      <UrlFilter name="classification" label="Classification" options={classified} />
      <UrlFilter
        name="tag"
        label="Tags"
        options={[...new Set([...tags, ...url.many("tag")])].sort()}
      />
      <UrlFilter
        name="product"
        label="Products"
        options={[...new Set([...products, ...url.many("product")])].sort()}
      />
    </FilterBar>
  );
}
