/** What the logs say about an entity: a table for each insight. */
import {
  Card,
  MessageBar,
  MessageBarBody,
  Spinner,
  Subtitle2,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { ErrorNotice } from "../../parts/notices";
import type { Range } from "../../parts/time";
import { SmallTable } from "../../parts/SmallTable";
import { useInsights } from "./queries";

const useStyles = makeStyles({
  cards: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(24rem, 1fr))",
    gap: tokens.spacingHorizontalM,
    alignItems: "start",
  },
});

export function EntityInsights({ id, range }: { id: string; range: Range | undefined }) {
  const styles = useStyles();
  const { data, error, isLoading } = useInsights(id, range);
  const withRows = (data?.insights ?? []).filter((i) => i.tableQueryResults.rows.length > 0);
  return (
    <section aria-label="Insights">
      <Subtitle2 as="h2">Insights</Subtitle2>
      <ErrorNotice error={error} />
      {isLoading && <Spinner size="tiny" label="Asking the logs" />}
      {(data?.errors ?? []).map((text, i) => (
        <MessageBar key={i} intent="warning">
          <MessageBarBody>{text}</MessageBarBody>
        </MessageBar>
      ))}
      {data && withRows.length === 0 && (
        <Text>The logs of this time have nothing for the insights of its type.</Text>
      )}
      <div className={styles.cards}>
        {withRows.map((insight) => (
          <Card key={insight.queryId}>
            <Subtitle2 as="h3">{insight.title}</Subtitle2>
            {insight.description !== "" && <Text size={200}>{insight.description}</Text>}
            <SmallTable
              label={insight.title}
              columns={insight.tableQueryResults.columns.map((c) => c.name)}
              rows={insight.tableQueryResults.rows}
            />
          </Card>
        ))}
      </div>
    </section>
  );
}
