/** An incident on paper: everything one below the other. The browser prints it, or saves it as PDF. */
import { Button, Spinner, Text, Title3, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router-dom";
import type { Activity, Alert, Comment, Entity, Incident, Task } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { Markdown } from "../../parts/Markdown";
import { SeverityBadge, StatusBadge } from "../../parts/badges";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { Facts } from "./Facts";
import { wholeIncident } from "./exports";
import { sentence } from "./sentences";
import { labelOf } from "./story";

const useStyles = makeStyles({
  page: {
    maxWidth: "56rem",
    "& h2": {
      fontSize: tokens.fontSizeBase500,
      marginBottom: tokens.spacingVerticalS,
      breakAfter: "avoid",
    },
    "& table": { width: "100%", borderCollapse: "collapse" },
    "& td, & th": {
      textAlign: "left",
      verticalAlign: "top",
      padding: tokens.spacingHorizontalXS,
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
      overflowWrap: "anywhere",
    },
    "& tr": { breakInside: "avoid" },
  },
  row: { display: "flex", gap: tokens.spacingHorizontalM, alignItems: "center" },
});

interface WholeReport {
  incident: Incident;
  alerts: Alert[];
  entities: Entity[];
  comments: Comment[];
  tasks: Task[];
  activities: Activity[];
}

function Table({
  title,
  head,
  children,
}: {
  title: string;
  head: string[];
  children: ReactNode[];
}) {
  if (children.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

function Body({ report }: { report: WholeReport }) {
  return (
    <>
      <Facts incident={report.incident} />
      <Table title="Alerts" head={["Alert", "Severity", "First activity", "Last activity"]}>
        {report.alerts.map((a) => (
          <tr key={a.name}>
            <td>{a.properties.alertDisplayName}</td>
            <td>{a.properties.severity}</td>
            <td>
              <TimeText value={a.properties.startTimeUtc} />
            </td>
            <td>
              <TimeText value={a.properties.endTimeUtc} />
            </td>
          </tr>
        ))}
      </Table>
      <Table title="Entities" head={["Name", "Type"]}>
        {report.entities.map((e) => (
          <tr key={e.name}>
            <td>{labelOf(e)}</td>
            <td>{e.kind}</td>
          </tr>
        ))}
      </Table>
      <Table title="Tasks" head={["Task", "Status"]}>
        {report.tasks.map((t) => (
          <tr key={t.name}>
            <td>{t.properties.title}</td>
            <td>{t.properties.status}</td>
          </tr>
        ))}
      </Table>
      <Table title="Comments" head={["Who", "When", "Comment"]}>
        {report.comments.map((c) => (
          <tr key={c.name}>
            <td>{c.properties.author.name}</td>
            <td>
              <TimeText value={c.properties.createdTimeUtc} />
            </td>
            <td>
              <Markdown text={c.properties.message} />
            </td>
          </tr>
        ))}
      </Table>
      <Table title="Activities" head={["When", "Who", "What"]}>
        {report.activities.map((a, at) => (
          <tr key={at}>
            <td>
              <TimeText value={a.time} />
            </td>
            <td>{a.who}</td>
            <td>{sentence(a)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

export default function Report() {
  const styles = useStyles();
  const { id = "" } = useParams();
  const api = useIncidents();
  const { workspace } = useSession();
  const { data, error, refetch } = useQuery({
    queryKey: ["incident-report", workspace?.id, id],
    queryFn: async () => (await wholeIncident(api, await api.get(id))) as unknown as WholeReport,
  });
  if (data === undefined)
    return error === null ? (
      <Spinner label="Loading" />
    ) : (
      <ErrorNotice error={error} onRetry={() => void refetch()} />
    );
  const p = data.incident.properties;
  return (
    <article className={styles.page}>
      <Title3 as="h1">{p.title}</Title3>
      <div className={styles.row}>
        <Text>Incident {p.incidentNumber}</Text>
        <SeverityBadge severity={p.severity} />
        <StatusBadge status={p.status} />
        <Button
          className="no-print"
          size="small"
          appearance="primary"
          onClick={() => window.print()}
        >
          Print or save as PDF
        </Button>
        <Link className="no-print" to={`/incidents/${id}`}>
          Back to the incident
        </Link>
      </div>
      <Body report={data} />
    </article>
  );
}
