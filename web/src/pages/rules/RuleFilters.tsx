/** The filters above a list of rules or templates; what is chosen stands in the address. */
import { Button, SearchBox, makeStyles, tokens } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import { FilterMenu } from "../../parts/FilterMenu";
import { severities } from "../../parts/badges";
import { useUrlState } from "../../parts/urlState";
import { kindTitles, tacticTitle, tactics } from "./model";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, alignItems: "center" },
});

const kinds = Object.entries(kindTitles).map(([value, title]) => ({ value, title }));
const tacticOptions = tactics.map((t) => ({ value: t, title: tacticTitle(t) }));

export function RuleFilters({ children, label }: { children?: ReactNode; label: string }) {
  const styles = useStyles();
  const url = useUrlState();
  const technique = url.one("technique");
  return (
    <div className={styles.bar} role="search" aria-label={label}>
      <SearchBox
        size="small"
        aria-label="Search by name or id"
        placeholder="Search by name or id"
        value={url.one("search")}
        onChange={(_, data) => url.change({ search: data.value })}
      />
      <FilterMenu
        label="Severity"
        options={severities}
        chosen={url.many("severity")}
        onChange={(severity) => url.change({ severity })}
      />
      <FilterMenu
        label="Rule type"
        options={kinds}
        chosen={url.many("kind")}
        onChange={(kind) => url.change({ kind })}
      />
      <FilterMenu
        label="Tactics"
        options={tacticOptions}
        chosen={url.many("tactic")}
        onChange={(tactic) => url.change({ tactic })}
      />
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
    </div>
  );
}
