/** The filters above a list. What is searched and chosen stands in the page's address. */
import { Button, SearchBox, makeStyles, tokens } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { FilterMenu } from "./FilterMenu";
import { useUrlState } from "./urlState";

const useStyles = makeStyles({
  bar: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalS },
  search: { width: "18rem" },
});

interface SearchProps {
  /** Its name in the address. */
  name: string;
  label: string;
  placeholder: string;
  /** How long nothing is typed before it counts; for lists that the server searches. */
  pauseMs?: number;
}

function Search({ name, label, placeholder, pauseMs = 0 }: SearchProps) {
  const styles = useStyles();
  const url = useUrlState();
  const asked = url.one(name);
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const { change } = url;
  useEffect(() => {
    if (text === asked || pauseMs === 0) return undefined;
    const timer = setTimeout(() => change({ [name]: text }), pauseMs);
    return () => clearTimeout(timer);
  }, [text, asked, change, name, pauseMs]);
  const type = (typed: string) => {
    setText(typed);
    if (pauseMs === 0) change({ [name]: typed });
  };
  return (
    <SearchBox
      className={styles.search}
      size="small"
      aria-label={label}
      placeholder={placeholder}
      value={text}
      onChange={(_, data) => type(data.value)}
      onKeyDown={(event) => {
        // Enter does not wait.
        if (event.key === "Enter" && text !== asked) change({ [name]: text });
      }}
    />
  );
}

/** A filter of several values under a name of the address. */
export function UrlFilter(props: {
  name: string;
  label: string;
  options: Parameters<typeof FilterMenu>[0]["options"];
}) {
  const { name, label, options } = props;
  const url = useUrlState();
  return (
    <FilterMenu
      label={label}
      options={options}
      chosen={url.many(name)}
      onChange={(chosen) => url.change({ [name]: chosen })}
    />
  );
}

interface Props {
  label: string;
  search: SearchProps;
  /** Names of the address that filter the list: they can be reset. */
  names: readonly string[];
  children?: ReactNode;
}

export function FilterBar({ label, search, names, children }: Props) {
  const styles = useStyles();
  const url = useUrlState();
  const all = [search.name, ...names];
  return (
    <div className={styles.bar} role="search" aria-label={label}>
      <Search {...search} />
      {children}
      {all.some((name) => url.has(name)) && (
        <Button
          size="small"
          appearance="transparent"
          onClick={() => url.change(Object.fromEntries(all.map((name) => [name, undefined])))}
        >
          Reset filters
        </Button>
      )}
    </div>
  );
}
