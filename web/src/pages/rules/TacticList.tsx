/** Tactics in few words: the first one, and how many more there are. */
import { Tooltip } from "@fluentui/react-components";
import { tacticTitle } from "./model";

export function TacticList({ names }: { names: readonly string[] }) {
  const [first] = names;
  if (first === undefined) return null;
  if (names.length === 1) return <span>{tacticTitle(first)}</span>;
  return (
    <Tooltip content={names.map(tacticTitle).join(", ")} relationship="label">
      <span>
        {tacticTitle(first)} +{names.length - 1}
      </span>
    </Tooltip>
  );
}
