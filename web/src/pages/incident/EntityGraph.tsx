/** The incident as a graph: alerts and what they name; entities grow by what is asked about them. */
import { tokens } from "@fluentui/react-components";
import { useMemo } from "react";
import { Chart } from "../../parts/Chart";
import type { StoryNode, Story } from "./story";

const COLOURS: Record<string, string> = {
  securityalert: "#c4314b",
  account: "#4f6bed",
  ip: "#038387",
  host: "#8764b8",
  url: "#ca5010",
  file: "#7a7574",
  filehash: "#7a7574",
  process: "#5d5a58",
  mailbox: "#0078d4",
  mailmessage: "#0078d4",
  azureresource: "#498205",
  cloudapplication: "#498205",
};

export function colourOf(kind: string): string {
  return COLOURS[kind.toLowerCase()] ?? "#69797e";
}

interface Props {
  story: Story;
  selected: string;
  onSelect: (id: string) => void;
}

function drawn(node: StoryNode, selected: boolean) {
  const alert = node.kind === "SecurityAlert";
  return {
    id: node.id,
    name: node.id,
    value: node.label,
    symbol: alert ? "diamond" : "circle",
    symbolSize: (alert ? 34 : 26) + (selected ? 10 : 0),
    itemStyle: {
      color: colourOf(node.kind),
      borderWidth: selected ? 4 : node.added ? 2 : 0,
      borderColor: selected ? "#ffb900" : "#ffffff",
      borderType: node.added ? "dashed" : "solid",
    },
    label: {
      show: true,
      formatter: node.label.length > 28 ? `${node.label.slice(0, 27)}…` : node.label,
    },
  };
}

export function EntityGraph({ story, selected, onSelect }: Props) {
  const option = useMemo(
    () => ({
      tooltip: {
        formatter: undefined,
        renderMode: "richText",
      },
      series: [
        {
          type: "graph",
          layout: "force",
          roam: true,
          draggable: true,
          // Enough steps at once, so that it does not swim about.
          force: { repulsion: 420, edgeLength: [70, 140], gravity: 0.12, layoutAnimation: false },
          emphasis: { focus: "adjacency" },
          label: { position: "bottom", fontFamily: tokens.fontFamilyBase, fontSize: 11 },
          lineStyle: { color: "#8a8886", width: 1.5 },
          data: story.nodes.map((node) => drawn(node, node.id === selected)),
          links: story.edges.map((edge) => ({ source: edge.source, target: edge.target })),
        },
      ],
    }),
    [story, selected],
  );
  const label = `Graph of ${String(story.nodes.length)} alerts and entities. The list beside it has the same.`;
  return (
    <Chart
      label={label}
      option={option}
      height="100%"
      onSelect={(item) => item.dataType === "node" && onSelect(item.name)}
    />
  );
}
