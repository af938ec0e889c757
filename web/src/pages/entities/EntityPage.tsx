/** One entity: what is known of it, what happened to it, and how to go on. */
import { Spinner, makeStyles, tokens } from "@fluentui/react-components";
import { useParams } from "react-router-dom";
import { Page } from "../../parts/Page";
import { TimeRange } from "../../parts/TimeRange";
import { ErrorNotice } from "../../parts/notices";
import { useRange } from "../../parts/time";
import { useUrlState } from "../../parts/urlState";
import { EntityFacts } from "./EntityFacts";
import { EntityIncidents } from "./EntityIncidents";
import { EntityInsights } from "./EntityInsights";
import { EntityTimeline } from "./EntityTimeline";
import { kindTitle, useEntity } from "./queries";

const useStyles = makeStyles({
  columns: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(20rem, 1fr))",
    gap: tokens.spacingHorizontalM,
    alignItems: "start",
  },
});

export default function EntityPage() {
  const styles = useStyles();
  const id = useParams()["id"] ?? "";
  const url = useUrlState();
  const span = url.one("time") || "7d";
  const range = useRange(span);
  const { data, error, isPending, refetch } = useEntity(id);
  if (isPending) return <Spinner label="Loading" />;
  if (error !== null)
    return (
      <Page title="Entity">
        <ErrorNotice
          title="The entity can't be shown"
          error={error}
          onRetry={() => void refetch()}
        />
      </Page>
    );
  const name = data.properties.friendlyName ?? id;
  return (
    <Page
      title={`${kindTitle(data.kind)}: ${name}`}
      actions={<TimeRange value={span} onChange={(time) => url.change({ time })} />}
    >
      <div className={styles.columns}>
        <EntityFacts entity={data} />
        <EntityIncidents id={id} range={range} />
        <EntityTimeline id={id} range={range} />
      </div>
      <EntityInsights id={id} range={range} />
    </Page>
  );
}
