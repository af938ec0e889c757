/** Alerts and bookmarks that name an entity, the newest first. */
import {
  Badge,
  Card,
  Spinner,
  Subtitle2,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { SeverityBadge } from "../../parts/badges";
import { TextLink } from "../../parts/TextLink";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import type { Range } from "../../parts/time";
import { useEntityTimeline } from "./queries";
import type { TimelineItem } from "./queries";

const useStyles = makeStyles({
  list: {
    listStyleType: "none",
    margin: 0,
    padding: 0,
    maxHeight: "32rem",
    overflowY: "auto",
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
  },
  item: {
    borderLeft: `3px solid ${tokens.colorNeutralStroke1}`,
    paddingLeft: tokens.spacingHorizontalS,
  },
});

export function timeOf(item: TimelineItem): string {
  return item.timeGenerated ?? item.eventTime ?? item.startTimeUtc ?? "";
}

function Item({ item }: { item: TimelineItem }) {
  const alert = item.azureResourceId?.split("/").at(-1);
  return (
    <>
      <Text size={200} block>
        <TimeText value={timeOf(item)} />
      </Text>
      {item.severity === undefined ? (
        <Badge appearance="outline">{item.kind}</Badge>
      ) : (
        <SeverityBadge severity={item.severity} />
      )}{" "}
      {item.kind === "SecurityAlert" && alert !== undefined ? (
        <TextLink to={`/alerts/${encodeURIComponent(alert)}`}>{item.displayName}</TextLink>
      ) : (
        <Text>{item.displayName}</Text>
      )}
    </>
  );
}

export function EntityTimeline({ id, range }: { id: string; range: Range | undefined }) {
  const styles = useStyles();
  const { data, error, isPending } = useEntityTimeline(id, range);
  const items = [...(data ?? [])].sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
  return (
    <Card>
      <Subtitle2 as="h2">Timeline</Subtitle2>
      <ErrorNotice error={error} />
      {isPending && <Spinner size="tiny" label="Loading" />}
      {data?.length === 0 && <Text>Nothing names it in this time.</Text>}
      {items.length > 0 && (
        <ol className={styles.list} tabIndex={0} aria-label="Timeline">
          {items.map((item, i) => (
            <li key={i} className={styles.item}>
              <Item item={item} />
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
