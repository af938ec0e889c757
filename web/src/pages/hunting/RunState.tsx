/** In place of results: what to do, how far it is, or what went wrong. */
import { MessageBar, MessageBarBody, MessageBarTitle, Spinner } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { ApiError } from "../../api/client";
import { EmptyState } from "../../parts/notices";
import { queryErrorText } from "./useRun";
import type { Run } from "./useRun";

function Progress({ run }: { run: Run }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 100);
    return () => window.clearInterval(timer);
  }, []);
  const seconds = (Math.max(0, now - run.started) / 1000).toFixed(1);
  const rows = run.rows > 0 ? `, ${run.rows.toLocaleString("en")} items so far` : "";
  return <Spinner style={{ padding: "2rem" }} label={`Running for ${seconds} s${rows}`} />;
}

function Failure({ run }: { run: Run }) {
  const place = run.places.at(-1);
  const reference = run.error instanceof ApiError ? run.error.reference : "";
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>The query did not run</MessageBarTitle>
        {place && `Line ${String(place.line)}, column ${String(place.column)}: `}
        {queryErrorText(run.error)}
        {reference !== "" && <> Reference: {reference}</>}
      </MessageBarBody>
    </MessageBar>
  );
}

export function RunState({ run }: { run: Run | undefined }) {
  if (run === undefined || run.state === "done")
    return (
      <EmptyState title="Write a query and run it">
        Shift+Enter runs the statement at the cursor, or what is selected. Tables and their columns
        are listed beside the query.
      </EmptyState>
    );
  if (run.state === "running") return <Progress run={run} />;
  if (run.state === "cancelled")
    return <EmptyState title="Cancelled">The query was ended, on the server too.</EmptyState>;
  return <Failure run={run} />;
}
