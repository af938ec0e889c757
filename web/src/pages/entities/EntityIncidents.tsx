/** The incidents that an entity is part of. */
import { Card, Spinner, Subtitle2, Text, makeStyles, tokens } from "@fluentui/react-components";
import { SeverityBadge, StatusBadge } from "../../parts/badges";
import { TextLink } from "../../parts/TextLink";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import type { Range } from "../../parts/time";
import { useEntityIncidents } from "./queries";

const useStyles = makeStyles({
  list: {
    listStyleType: "none",
    margin: 0,
    padding: 0,
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
  },
  line: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, alignItems: "center" },
});

export function EntityIncidents({ id, range }: { id: string; range: Range | undefined }) {
  const styles = useStyles();
  const { data, error, isPending } = useEntityIncidents(id, range);
  return (
    <Card>
      <Subtitle2 as="h2">Incidents{data && ` (${String(data.length)})`}</Subtitle2>
      <ErrorNotice error={error} />
      {isPending && <Spinner size="tiny" label="Loading" />}
      {data?.length === 0 && <Text>No incident names it in this time.</Text>}
      <ul className={styles.list}>
        {(data ?? []).map((incident) => (
          <li key={incident.name}>
            <TextLink to={`/incidents/${encodeURIComponent(incident.name)}`}>
              {incident.properties.title}
            </TextLink>
            <div className={styles.line}>
              <SeverityBadge severity={incident.properties.severity} />
              <StatusBadge status={incident.properties.status} />
              <Text size={200}>
                <TimeText value={incident.properties.lastModifiedTimeUtc} seconds={false} />
              </Text>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
