/** The chosen alert or entity of the story: its facts, what can be asked about it, where to go on. */
import { Button, Subtitle2, Text, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { Expansion, Incident } from "../../api/incidents";
import { useIncidents } from "../../api/useIncidents";
import { Facts } from "../../parts/Facts";
import { useNotify } from "../../parts/Toasts";
import { fieldFacts } from "../../parts/entityFields";
import { useSession } from "../../session/session";
import { kindTitle } from "../entities/queries";
import type { StoryNode } from "./story";
import { useApi } from "../../session/useApi";
import type { Schemas } from "../../api/typed";

const useStyles = makeStyles({
  pane: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    overflowY: "auto",
  },
});

const DAY_MS = 86_400_000;

type EntityQuery = Schemas["EntityQuery"];

function useExpansions(kind: string): EntityQuery[] {
  const api = useApi();
  const { workspace } = useSession();
  const { data } = useQuery({
    queryKey: ["entity-queries", workspace?.id],
    queryFn: async () => {
      const query = { kind: "Expansion" };
      return (await api.sentinel.call("GET", "/entityQueries", { query })).value;
    },
    staleTime: Infinity,
  });
  return (data ?? []).filter(
    (q) => q.properties.inputEntityType.toLowerCase() === kind.toLowerCase(),
  );
}

/** A query for everything that names the entity. */
function huntQuery(node: StoryNode): string {
  const text = JSON.stringify(node.kind === "SecurityAlert" ? (node.entity ?? "") : node.label);
  return node.kind === "SecurityAlert"
    ? `SecurityAlert\n| where SystemAlertId == ${text}`
    : `search ${text}\n| sort by TimeGenerated desc\n| take 1000`;
}

interface Props {
  node: StoryNode;
  incident: Incident;
  onGrow: (from: string, answer: Expansion) => void;
}

export function NodePane({ node, incident, onGrow }: Props) {
  const styles = useStyles();
  const api = useIncidents();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  const expansions = useExpansions(node.kind);
  const p = incident.properties;
  const ask = async (query: EntityQuery) => {
    setBusy(true);
    try {
      // A week around what happened: further away the same names mean other things.
      const first = new Date(p.firstActivityTimeUtc ?? p.createdTimeUtc).getTime() - 7 * DAY_MS;
      const last = new Date(p.lastModifiedTimeUtc).getTime() + DAY_MS;
      const answer = await api.expand(
        node.entity ?? "",
        query.name,
        new Date(first).toISOString(),
        new Date(last).toISOString(),
      );
      onGrow(node.id, answer);
      notify.done(`${query.properties.displayName}: ${String(answer.value.entities.length)} found`);
    } catch (error) {
      notify.failed("That could not be asked", error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className={styles.pane} aria-label={`Details of ${node.label}`}>
      <Subtitle2>{node.label}</Subtitle2>
      <Text>{node.kind === "SecurityAlert" ? "Alert" : kindTitle(node.kind)}</Text>
      {node.entity !== undefined &&
        expansions.map((query) => (
          <Button key={query.name} size="small" disabled={busy} onClick={() => void ask(query)}>
            {query.properties.displayName}
          </Button>
        ))}
      <Link to={`/hunting?query=${encodeURIComponent(huntQuery(node))}`}>Go hunt</Link>
      {node.entity !== undefined && node.kind !== "SecurityAlert" && (
        <Link to={`/entities/${node.kind.toLowerCase()}/${node.entity}`}>Open the entity</Link>
      )}
      <Facts facts={fieldFacts(node.properties)} />
    </section>
  );
}
