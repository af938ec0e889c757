/** The filters above a list of rules or templates; what is chosen stands in the address. */
import { Button } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import { FilterBar, UrlFilter } from "../../parts/FilterBar";
import { severities } from "../../parts/badges";
import { useUrlState } from "../../parts/urlState";
import { kindTitles, tacticTitle, tactics } from "./model";

const kinds = Object.entries(kindTitles).map(([value, title]) => ({ value, title }));
const tacticOptions = tactics.map((t) => ({ value: t, title: tacticTitle(t) }));

interface Props {
  label: string;
  /** Names of the filters among the children. */
  names: readonly string[];
  children: ReactNode;
}

export function RuleFilters({ label, names, children }: Props) {
  const url = useUrlState();
  const technique = url.one("technique");
  return (
    <FilterBar
      label={label}
      search={{
        name: "search",
        label: "Search by name or id",
        placeholder: "Search by name or id",
      }}
      names={["severity", "kind", "tactic", "technique", ...names]}
    >
      <UrlFilter name="severity" label="Severity" options={severities} />
      <UrlFilter name="kind" label="Rule type" options={kinds} />
      <UrlFilter name="tactic" label="Tactics" options={tacticOptions} />
      {children}
      {technique !== "" && (
        <Button
          size="small"
          icon={<DismissRegular />}
          iconPosition="after"
          onClick={() => url.change({ technique: undefined })}
        >
          Technique: {technique}
        </Button>
      )}
    </FilterBar>
  );
}
