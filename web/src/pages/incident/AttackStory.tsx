/** The attack story: alerts and entities as a list and as a graph, and a pane about the chosen one. */
import {
  Button,
  Spinner,
  Text,
  makeStyles,
  mergeClasses,
  tokens,
} from "@fluentui/react-components";
import { useMemo, useState } from "react";
import type { Expansion, Incident } from "../../api/incidents";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { EntityGraph, colourOf } from "./EntityGraph";
import { NodePane } from "./NodePane";
import { grown, storyOf } from "./story";
import type { Story, StoryNode } from "./story";
import { usePart } from "./useIncident";

const useStyles = makeStyles({
  story: {
    display: "grid",
    gridTemplateColumns: "11rem minmax(0, 1fr) 14rem",
    gap: tokens.spacingHorizontalM,
    height: "28rem",
    "@media (max-width: 1000px)": { gridTemplateColumns: "1fr", height: "auto" },
  },
  list: { overflowY: "auto", margin: 0, padding: 0, listStyleType: "none" },
  item: { justifyContent: "flex-start", width: "100%", overflow: "hidden" },
  chosen: { backgroundColor: tokens.colorNeutralBackground1Selected },
  graph: {
    minHeight: "20rem",
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  dot: { width: "10px", height: "10px", borderRadius: "50%", flexShrink: 0 },
  name: { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
});

function NodeList(props: { nodes: StoryNode[]; selected: string; onSelect: (id: string) => void }) {
  const styles = useStyles();
  return (
    <ul className={styles.list} aria-label="Alerts and entities">
      {props.nodes.map((node) => (
        <li key={node.id}>
          <Button
            size="small"
            appearance="subtle"
            className={mergeClasses(styles.item, node.id === props.selected && styles.chosen)}
            aria-pressed={node.id === props.selected}
            icon={<span className={styles.dot} style={{ backgroundColor: colourOf(node.kind) }} />}
            onClick={() => props.onSelect(node.id)}
          >
            <span className={styles.name} title={node.label}>
              {node.label}
            </span>
          </Button>
        </li>
      ))}
    </ul>
  );
}

export function AttackStory({ incident }: { incident: Incident }) {
  const styles = useStyles();
  const graph = usePart(incident, "graph", (api, id) => api.graph(id));
  const entities = usePart(incident, "entities", (api, id) => api.entities(id));
  const [answers, setAnswers] = useState<{ from: string; answer: Expansion }[]>([]);
  const [selected, setSelected] = useState("");
  const story = useMemo<Story | undefined>(() => {
    if (graph.data === undefined || entities.data === undefined) return undefined;
    return answers.reduce(
      (all, { from, answer }) => grown(all, from, answer),
      storyOf(graph.data, entities.data),
    );
  }, [graph.data, entities.data, answers]);

  const error = graph.error ?? entities.error;
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void graph.refetch()} />;
  if (story === undefined) return <Spinner label="Loading the story" />;
  if (story.nodes.length === 0)
    return (
      <EmptyState title="There are no alerts">
        This incident was made by hand. Alerts and bookmarks can be added to it; they bring their
        entities.
      </EmptyState>
    );
  const node = story.nodes.find((n) => n.id === selected) ?? story.nodes[0];
  return (
    <>
      {story.truncated && <Text>The graph is larger than what is drawn.</Text>}
      <div className={styles.story}>
        <NodeList nodes={story.nodes} selected={node?.id ?? ""} onSelect={setSelected} />
        <div className={styles.graph}>
          <EntityGraph story={story} selected={node?.id ?? ""} onSelect={setSelected} />
        </div>
        {node && (
          <NodePane
            key={node.id}
            node={node}
            incident={incident}
            onGrow={(from, answer) => setAnswers([...answers, { from, answer }])}
          />
        )}
      </div>
    </>
  );
}
