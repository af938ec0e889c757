/** Running, time, saving, sharing. */
import {
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import {
  Play20Filled,
  Save20Regular,
  ShareAndroid20Regular,
  Stop20Filled,
  TextAlignLeft20Regular,
  Shield20Regular,
} from "@fluentui/react-icons";
import { TimeRange } from "../../parts/TimeRange";
import { WorkspaceMenu } from "../../parts/WorkspaceMenu";

interface Props {
  running: boolean;
  empty: boolean;
  range: string;
  /** The query bounds its time itself. */
  ownTime: boolean;
  mayRule: boolean;
  maySave: boolean;
  onRun: () => void;
  onCancel: () => void;
  onRange: (range: string) => void;
  workspaces: readonly string[];
  onWorkspaces: (workspaces: string[]) => void;
  onSave: (as: "query" | "function") => void;
  onRule: () => void;
  onShare: () => void;
  onFormat: () => void;
}

const useStyles = makeStyles({
  bar: { display: "flex", alignItems: "center", flexWrap: "wrap", gap: tokens.spacingHorizontalXS },
  grow: { flexGrow: 1 },
});

export function Toolbar(props: Props) {
  const styles = useStyles();
  return (
    <div className={styles.bar} role="toolbar" aria-label="Query">
      {props.running ? (
        <Button size="small" appearance="primary" icon={<Stop20Filled />} onClick={props.onCancel}>
          Cancel
        </Button>
      ) : (
        <Button
          size="small"
          appearance="primary"
          icon={<Play20Filled />}
          disabled={props.empty}
          title="Shift+Enter: the selection, or the statement at the cursor"
          onClick={props.onRun}
        >
          Run query
        </Button>
      )}
      {props.ownTime ? (
        <Text size={200}>Time: set in query</Text>
      ) : (
        <TimeRange value={props.range} onChange={props.onRange} all />
      )}
      <WorkspaceMenu
        always
        right="query/read"
        hint="Tables are those of all these workspaces; the column TenantId tells which one a row is of"
        chosen={props.workspaces}
        onChange={props.onWorkspaces}
      />
      <div className={styles.grow} />
      {props.maySave && (
        <Menu>
          <MenuTrigger disableButtonEnhancement>
            <Button
              size="small"
              appearance="subtle"
              icon={<Save20Regular />}
              disabled={props.empty}
            >
              Save
            </Button>
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              <MenuItem onClick={() => props.onSave("query")}>Save as query</MenuItem>
              <MenuItem onClick={() => props.onSave("function")}>Save as function</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
      )}
      <Button
        size="small"
        appearance="subtle"
        icon={<TextAlignLeft20Regular />}
        disabled={props.empty}
        onClick={props.onFormat}
      >
        Format
      </Button>
      <Button
        size="small"
        appearance="subtle"
        icon={<ShareAndroid20Regular />}
        disabled={props.empty}
        onClick={props.onShare}
      >
        Share link
      </Button>
      {props.mayRule && (
        <Button
          size="small"
          appearance="subtle"
          icon={<Shield20Regular />}
          disabled={props.empty}
          onClick={props.onRule}
        >
          Create detection rule
        </Button>
      )}
    </div>
  );
}
