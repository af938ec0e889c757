import { makeStyles, tokens } from "@fluentui/react-components";

/** What the tabs of the incident page look like. */
export const useTabStyles = makeStyles({
  list: { height: "26rem" },
  stack: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});
