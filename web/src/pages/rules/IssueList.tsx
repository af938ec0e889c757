/** What is wrong with rules, each with its key and place. */
import { Badge, makeStyles, tokens } from "@fluentui/react-components";
import type { Issue } from "./model";

const MOST = 50;

const useStyles = makeStyles({
  list: {
    margin: 0,
    paddingLeft: tokens.spacingHorizontalL,
    maxHeight: "16rem",
    overflowY: "auto",
  },
  excerpt: {
    margin: 0,
    fontFamily: tokens.fontFamilyMonospace,
    whiteSpace: "pre-wrap",
    color: tokens.colorNeutralForeground2,
  },
});

export function IssueList({ issues }: { issues: readonly Issue[] }) {
  const styles = useStyles();
  if (issues.length === 0) return null;
  return (
    <ul className={styles.list} tabIndex={0} aria-label="What is wrong">
      {issues.slice(0, MOST).map((issue, i) => (
        <li key={i}>
          <Badge appearance="tint" color={issue.level === "error" ? "danger" : "warning"}>
            {issue.level}
          </Badge>{" "}
          {issue.line > 0 && `Line ${String(issue.line)}: `}
          {issue.key !== "" && <b>{issue.key}: </b>}
          {issue.message}
          {issue.excerpt !== undefined && <pre className={styles.excerpt}>{issue.excerpt}</pre>}
        </li>
      ))}
      {issues.length > MOST && <li>and {issues.length - MOST} more</li>}
    </ul>
  );
}
