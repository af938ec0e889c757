/** What happened, in order of time: alerts, bookmarks, changes. */
import { Select, Text, makeStyles, tokens } from "@fluentui/react-components";
import { useState } from "react";
import type { Activity, Incident, TimelineItem } from "../../api/incidents";
import { SeverityBadge } from "../../parts/badges";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { wholeSentence } from "./sentences";
import { useTabStyles } from "./tabStyles";
import { usePart } from "./useIncident";

const useStyles = makeStyles({
  timeline: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    padding: 0,
    margin: 0,
  },
  moment: {
    display: "grid",
    gridTemplateColumns: "13rem 7rem 1fr",
    gap: tokens.spacingHorizontalS,
  },
});

function momentText(item: TimelineItem): string {
  const p = item.properties;
  if (item.kind !== "Activity") return String(p["displayName"] ?? item.name);
  return wholeSentence(p as unknown as Activity);
}

const KINDS: Record<string, string> = {
  SecurityAlert: "Alert",
  Bookmark: "Bookmark",
  Activity: "Activity",
};

export function Timeline({ incident }: { incident: Incident }) {
  const styles = useStyles();
  const tab = useTabStyles();
  const timeline = usePart(incident, "timeline", (api, id) => api.timeline(id));
  const [kind, setKind] = useState("");
  const items = (timeline.data ?? []).filter((item) => kind === "" || item.kind === kind);
  return (
    <div className={tab.stack}>
      <ErrorNotice error={timeline.error} onRetry={() => void timeline.refetch()} />
      <Select
        size="small"
        aria-label="What is shown"
        style={{ alignSelf: "flex-start" }}
        value={kind}
        onChange={(_, d) => setKind(d.value)}
      >
        <option value="">Everything</option>
        {Object.entries(KINDS).map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </Select>
      <ol className={styles.timeline}>
        {items.map((item) => (
          <li key={`${item.kind} ${item.name}`} className={styles.moment}>
            <TimeText value={item.properties.time} />
            <Text weight="semibold">{KINDS[item.kind] ?? item.kind}</Text>
            <span>
              {typeof item.properties["severity"] === "string" && (
                <SeverityBadge severity={item.properties["severity"]} />
              )}{" "}
              {momentText(item)}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
