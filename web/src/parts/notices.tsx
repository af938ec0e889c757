/** What stands where there is nothing, and where something went wrong. */
import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  Subtitle2,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";

const useStyles = makeStyles({
  empty: {
    display: "flex",
    flexDirection: "column",
    alignItems: "center",
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingVerticalXXXL,
    textAlign: "center",
  },
  text: { color: tokens.colorNeutralForeground2, maxWidth: "40rem", textAlign: "center" },
});

/** Says what is not there, and what to do about it. */
export function EmptyState(props: { title: string; children?: ReactNode; action?: ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.empty} role="status">
      <Subtitle2>{props.title}</Subtitle2>
      {props.children !== undefined && <Text className={styles.text}>{props.children}</Text>}
      {props.action}
    </div>
  );
}

/** What an error is for people: what happened, and what can be done. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 403) return `You have no right to this. ${error.message}`;
    if (error.status === 429) return `The server is busy: ${error.message}`;
    return error.message;
  }
  if (error instanceof TypeError) return "The server can't be reached. Is the network there?";
  return error instanceof Error ? error.message : String(error);
}

export function ErrorNotice(props: { error: unknown; title?: string; onRetry?: () => void }) {
  const { error, title = "That did not work", onRetry } = props;
  if (error === null || error === undefined) return null;
  const reference = error instanceof ApiError ? error.reference : "";
  return (
    <MessageBar intent="error" layout="multiline" role="alert" style={{ flexShrink: 0 }}>
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        {errorText(error)}
        {reference !== "" && <> Reference: {reference}</>}
      </MessageBarBody>
      {onRetry && (
        <MessageBarActions>
          <Button onClick={onRetry}>Try again</Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}
