/** One incident: its story, what belongs to it, and the work on it. */
import {
  MessageBar,
  MessageBarBody,
  Spinner,
  Subtitle2,
  Tab,
  TabList,
  Title3,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useEffect } from "react";
import type { ComponentType } from "react";
import { Link, useParams } from "react-router-dom";
import type { Incident as IncidentResource } from "../../api/incidents";
import { SeverityBadge, StatusBadge } from "../../parts/badges";
import { ErrorNotice } from "../../parts/notices";
import { useUrlState } from "../../parts/urlState";
import { isRedirected } from "../incidents/queueColumns";
import { Actions } from "./Actions";
import { Alerts } from "./Alerts";
import { Assets } from "./Assets";
import { AttackStory } from "./AttackStory";
import { Comments } from "./Comments";
import { Evidence } from "./Evidence";
import { Facts } from "./Facts";
import { Merges } from "./Merges";
import { SimilarIncidents } from "./SimilarIncidents";
import { Tasks } from "./Tasks";
import { Timeline } from "./Timeline";
import { useIncident } from "./useIncident";

const useStyles = makeStyles({
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalM },
  body: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) 20rem",
    gap: tokens.spacingHorizontalXL,
    "@media (max-width: 1100px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
  aside: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  tabs: { overflowX: "auto", marginBottom: tokens.spacingVerticalM },
});

interface Part {
  id: string;
  title: (incident: IncidentResource) => string;
  component: ComponentType<{ incident: IncidentResource }>;
}

const parts: Part[] = [
  { id: "story", title: () => "Attack story", component: AttackStory },
  {
    id: "alerts",
    title: (i) => `Alerts (${String(i.properties.additionalData.alertsCount)})`,
    component: Alerts,
  },
  { id: "timeline", title: () => "Timeline", component: Timeline },
  { id: "assets", title: () => "Assets", component: Assets },
  { id: "evidence", title: () => "Evidence", component: Evidence },
  {
    id: "activities",
    title: (i) => `Activities (${String(i.properties.additionalData.commentsCount)})`,
    component: Comments,
  },
  { id: "similar", title: () => "Similar incidents", component: SimilarIncidents },
  { id: "merges", title: () => "Merges", component: Merges },
];

function Redirect({ incident }: { incident: IncidentResource }) {
  const number = incident.properties.additionalData.mergedIncidentNumber;
  if (number === undefined) return null;
  return (
    <MessageBar intent="info" layout="multiline">
      <MessageBarBody>
        This incident was merged: its alerts are in{" "}
        <Link to={`/incidents/${String(number)}`}>incident {number}</Link>, where the work goes on.{" "}
        <Link to="?tab=merges">Why, and the way back</Link>
      </MessageBarBody>
    </MessageBar>
  );
}

function Whole({ incident }: { incident: IncidentResource }) {
  const styles = useStyles();
  const url = useUrlState();
  const p = incident.properties;
  const part = parts.find((x) => x.id === url.one("tab")) ?? parts[0];
  const Shown = part?.component ?? AttackStory;
  useEffect(() => {
    document.title = `${String(p.incidentNumber)}: ${p.title} · Vedette`;
  }, [p.incidentNumber, p.title]);
  return (
    <>
      <div className={styles.head}>
        <Title3 as="h1">{p.title}</Title3>
        <span>Incident {p.incidentNumber}</span>
        <SeverityBadge severity={p.severity} />
        <StatusBadge status={isRedirected(incident) ? "Redirected" : p.status} />
      </div>
      <Actions incident={incident} />
      <Redirect incident={incident} />
      <TabList
        className={styles.tabs}
        size="small"
        selectedValue={part?.id ?? "story"}
        onTabSelect={(_, data) => url.change({ tab: String(data.value) })}
      >
        {parts.map((x) => (
          <Tab key={x.id} value={x.id}>
            {x.title(incident)}
          </Tab>
        ))}
      </TabList>
      <div className={styles.body}>
        <div>
          <Shown incident={incident} />
        </div>
        <aside className={styles.aside} aria-label="About the incident">
          <Facts incident={incident} />
          <Subtitle2 as="h2">Tasks</Subtitle2>
          <Tasks incident={incident} />
        </aside>
      </div>
    </>
  );
}

export default function Incident() {
  const { id = "" } = useParams();
  const incident = useIncident(id);
  if (incident.data !== undefined)
    return <Whole key={incident.data.name} incident={incident.data} />;
  if (incident.error)
    return (
      <>
        <Title3 as="h1">Incident {id}</Title3>
        <ErrorNotice
          error={incident.error}
          title="The incident could not be loaded"
          onRetry={() => void incident.refetch()}
        />
        <Link to="/incidents">All incidents</Link>
      </>
    );
  return <Spinner label="Loading" />;
}
