/** The graph of an incident: the server's, joined with the entities that can be asked about, and grown by answers. */
import type { Entity, Expansion, IncidentGraph } from "../../api/incidents";

export interface StoryNode {
  id: string;
  kind: string;
  label: string;
  properties: Record<string, unknown>;
  /** The entity's resource name, for questions about it. */
  entity?: string;
  /** Came by an expansion; it does not belong to the incident. */
  added?: boolean;
}

export interface Story {
  nodes: StoryNode[];
  edges: { source: string; target: string }[];
  truncated: boolean;
}

function texts(properties: Record<string, unknown>): Set<string> {
  const all = Object.entries(properties).filter(([name]) => name !== "Type");
  return new Set(all.flatMap(([, v]) => (typeof v === "string" ? [v.toLowerCase()] : [])));
}

/** The entity that a node of the graph stands for: of its kind, with all that identifies it. */
function entityOf(node: IncidentGraph["nodes"][number], entities: Entity[]): Entity | undefined {
  const wanted = texts(node.properties);
  return entities.find((entity) => {
    if (entity.kind.toLowerCase() !== node.kind.toLowerCase()) return false;
    const has = texts(entity.properties);
    return [...wanted].every((text) => has.has(text)) || has.has(node.label.toLowerCase());
  });
}

export function labelOf(entity: Entity): string {
  const p = entity.properties;
  const name = p["alertDisplayName"] ?? p.friendlyName ?? entity.name;
  return typeof name === "string" ? name : entity.name;
}

export function storyOf(graph: IncidentGraph, entities: Entity[]): Story {
  const nodes = graph.nodes.map((node): StoryNode => {
    if (node.kind === "SecurityAlert")
      return { ...node, entity: String(node.properties["systemAlertId"]) };
    const entity = entityOf(node, entities);
    return entity
      ? { ...node, label: labelOf(entity), entity: entity.name, properties: entity.properties }
      : node;
  });
  return { nodes, edges: graph.edges, truncated: graph.truncated };
}

/** The story with what an answer found around a node; what is there already is only joined to it. */
export function grown(story: Story, from: string, answer: Expansion): Story {
  const nodes = [...story.nodes];
  const edges = [...story.edges];
  for (const entity of answer.value.entities) {
    let node = nodes.find((n) => n.entity === entity.name);
    if (node?.id === from) continue;
    if (node === undefined) {
      node = {
        id: `added/${entity.name}`,
        kind: entity.kind,
        label: labelOf(entity),
        properties: entity.properties,
        entity: entity.name,
        added: true,
      };
      nodes.push(node);
    }
    const target = node.id;
    const joined = edges.some(
      (e) =>
        (e.source === from && e.target === target) || (e.source === target && e.target === from),
    );
    if (!joined) edges.push({ source: from, target });
  }
  return { ...story, nodes, edges };
}
