/** Which incidents were merged, and the way back. */
import { Button, Card, Text } from "@fluentui/react-components";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { Incident } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { Confirm } from "../../parts/Confirm";
import { JsonTree } from "../../parts/JsonTree";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { useTabStyles } from "./tabStyles";
import { usePart, useRefresh } from "./useIncident";

/** The merges that the incident took part in, with their reasons, and the way back. */
export function Merges({ incident }: { incident: Incident }) {
  const styles = useTabStyles();
  const api = useIncidents();
  const refresh = useRefresh();
  const { may } = useSession();
  const merges = usePart(incident, "merges", (a, id) => a.why(id));
  const [undoing, setUndoing] = useState<number | undefined>(undefined);
  return (
    <div className={styles.stack}>
      <ErrorNotice error={merges.error} onRetry={() => void merges.refetch()} />
      {merges.data?.length === 0 && <EmptyState title="It was not merged with others" />}
      {(merges.data ?? []).map((merge) => (
        <Card key={merge.id}>
          <Text>
            <Link to={`/incidents/${String(merge.sourceIncidentNumber)}`}>
              Incident {merge.sourceIncidentNumber}
            </Link>{" "}
            was merged into{" "}
            <Link to={`/incidents/${String(merge.targetIncidentNumber)}`}>
              incident {merge.targetIncidentNumber}
            </Link>{" "}
            by {merge.mergedBy}
            {merge.automatic && " (correlation)"}, <TimeText value={merge.mergedTimeUtc} />.
          </Text>
          {merge.reason !== "" && <Text>{merge.reason}</Text>}
          {merge.automatic && (
            <Text>
              Score {merge.score} of {merge.threshold} needed.
            </Text>
          )}
          {merge.undoneTimeUtc !== undefined && (
            <Text>
              Undone by {merge.undoneBy}, <TimeText value={merge.undoneTimeUtc} />.
            </Text>
          )}
          <JsonTree value={merge} label="Evidence of the merge" />
          {merge.undoneTimeUtc === undefined && may("incidents/write") && (
            <Button onClick={() => setUndoing(merge.sourceIncidentNumber)}>Undo the merge</Button>
          )}
        </Card>
      ))}
      {undoing !== undefined && (
        <Confirm
          title="Undo the merge"
          action="Undo the merge"
          onClose={() => setUndoing(undefined)}
          onConfirm={async () => {
            await api.unmerge(String(undoing));
            await refresh();
          }}
        >
          Incident {undoing} is opened again and gets its alerts back. The two are not merged again
          by correlation.
        </Confirm>
      )}
    </div>
  );
}
