/** A value of JSON as a tree that opens and closes; everything in it is text. */
import { Tree, TreeItem, TreeItemLayout, makeStyles, tokens } from "@fluentui/react-components";

const useStyles = makeStyles({
  leaf: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: "anywhere" },
  name: { color: tokens.colorNeutralForeground3 },
});

const MOST_CHILDREN = 200;

/** Text that is itself JSON of an object or array is shown as that. */
function opened(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function Node({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  const styles = useStyles();
  const inner = opened(value);
  if (inner === null || typeof inner !== "object") {
    return (
      <TreeItem itemType="leaf">
        <TreeItemLayout className={styles.leaf}>
          <span className={styles.name}>{name}: </span>
          {typeof inner === "string" ? inner : JSON.stringify(inner)}
        </TreeItemLayout>
      </TreeItem>
    );
  }
  const members = Object.entries(inner);
  const size = Array.isArray(inner) ? `[${String(members.length)}]` : `{${String(members.length)}}`;
  return (
    <TreeItem itemType="branch" value={`${String(depth)} ${name}`}>
      <TreeItemLayout className={styles.leaf}>
        <span className={styles.name}>
          {name} {size}
        </span>
      </TreeItemLayout>
      <Tree>
        <Members value={inner} depth={depth + 1} />
      </Tree>
    </TreeItem>
  );
}

function Members({ value, depth }: { value: object; depth: number }) {
  const members = Object.entries(value);
  return (
    <>
      {members.slice(0, MOST_CHILDREN).map(([name, member]) => (
        <Node key={name} name={name} value={member} depth={depth} />
      ))}
      {members.length > MOST_CHILDREN && (
        <TreeItem itemType="leaf">
          <TreeItemLayout>{members.length - MOST_CHILDREN} more</TreeItemLayout>
        </TreeItem>
      )}
    </>
  );
}

export function JsonTree({ value, label = "Value" }: { value: unknown; label?: string }) {
  const inner = opened(value);
  return (
    <Tree aria-label={label} size="small">
      {inner !== null && typeof inner === "object" ? (
        <Members value={inner} depth={0} />
      ) : (
        <Node name="value" value={inner} depth={0} />
      )}
    </Tree>
  );
}
