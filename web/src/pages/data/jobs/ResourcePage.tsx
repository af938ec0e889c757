/** The page of a KQL job or a summary rule: what it is, its query, what may be done to it, and changing it. */
import { Button, Card, Spinner, Toolbar, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ReactNode } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router-dom";
import type { WorkspaceApi } from "../../../api/typed";
import { Confirm } from "../../../parts/Confirm";
import { Facts } from "../../../parts/Facts";
import { Page } from "../../../parts/Page";
import { TextLink } from "../../../parts/TextLink";
import { ErrorNotice } from "../../../parts/notices";
import { useSession } from "../../../session/session";
import { useApi } from "../../../session/useApi";
import { useJobDeed } from "./model";
import type { Deed } from "./model";

const useStyles = makeStyles({
  query: {
    margin: 0,
    overflow: "auto",
    maxHeight: "14rem",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
});

interface ActionProps {
  /** "job", "summary rule". */
  what: string;
  name: string;
  /** What its button says, what it does, and what is said then. */
  deeds: readonly { title: string; deed: Deed; done: string }[];
  remove: Deed;
  /** Where the others of its kind are. */
  list: string;
}

function Actions({ what, name, deeds, remove, list }: ActionProps) {
  const go = useNavigate();
  const run = useJobDeed();
  const [deleting, setDeleting] = useState(false);
  const removed = async () => {
    if (await run(remove, `The ${what} is deleted`)) void go(list);
  };
  return (
    <Toolbar
      aria-label={what.charAt(0).toUpperCase() + what.slice(1)}
      size="small"
      style={{ flexWrap: "wrap", padding: 0, gap: "4px" }}
    >
      <Button onClick={() => void go("?edit=true")}>Edit</Button>
      {deeds.map(({ title, deed, done }) => (
        <Button key={title} onClick={() => void run(deed, done)}>
          {title}
        </Button>
      ))}
      <Button onClick={() => setDeleting(true)}>Delete</Button>
      {deleting && (
        <Confirm
          title={`Delete the ${what} ${name}?`}
          action="Delete"
          onConfirm={removed}
          onClose={() => setDeleting(false)}
        >
          The table with its rows stays.
        </Confirm>
      )}
    </Toolbar>
  );
}

/** A table that rows land in. */
export function Destination({ table }: { table: string }) {
  return <TextLink to={`/tables/${encodeURIComponent(table)}`}>{table}</TextLink>;
}

interface View extends Pick<ActionProps, "deeds" | "remove"> {
  title: string;
  facts: Parameters<typeof Facts>[0]["facts"];
  query: string;
  /** Its fields, to be changed. */
  form: ReactNode;
  /** What it has done. */
  runs: ReactNode;
}

interface Props<T> extends Pick<ActionProps, "what" | "list"> {
  read: (arm: WorkspaceApi["arm"], name: string, signal: AbortSignal) => Promise<T>;
  view: (resource: T) => View;
}

export function ResourcePage<T extends { name: string }>({ what, list, read, view }: Props<T>) {
  const styles = useStyles();
  const name = useParams()["name"] ?? "";
  const [params] = useSearchParams();
  const { workspace, may } = useSession();
  const { arm } = useApi();
  const { data, error, isPending } = useQuery({
    queryKey: ["data", workspace?.id, what, name],
    queryFn: ({ signal }) => read(arm, name, signal),
  });
  if (isPending) return <Spinner label="Loading" />;
  if (error !== null)
    return (
      <Page title={name}>
        <ErrorNotice title={`The ${what} can't be shown`} error={error} />
      </Page>
    );
  const { title, facts, query, form, runs, deeds, remove } = view(data);
  const writes = may("tables/write");
  if (writes && params.get("edit") === "true") return <Page title={`Edit ${title}`}>{form}</Page>;
  const actions = (
    <Actions what={what} name={data.name} deeds={deeds} remove={remove} list={list} />
  );
  return (
    <Page title={title} actions={writes && actions}>
      <Card>
        <Facts facts={facts} />
        <pre className={styles.query} tabIndex={0} aria-label="Query">
          {query}
        </pre>
      </Card>
      {runs}
    </Page>
  );
}
