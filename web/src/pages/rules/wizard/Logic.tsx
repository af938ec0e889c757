/** Step Set rule logic: the query, what its alerts hold, and when it runs. */
import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  MessageBar,
  MessageBarBody,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useMemo } from "react";
import type { TextError } from "../../hunting/editor/KqlEditor";
import { QueryField } from "../../hunting/editor/QueryField";
import type { Issue } from "../model";
import { AlertDetails } from "./AlertDetails";
import { CustomDetails } from "./CustomDetails";
import { EntityMappings } from "./EntityMappings";
import { Preview } from "./Preview";
import { Schedule } from "./Schedule";
import { Simulation } from "./Simulation";
import { useDraft } from "./draft";

const useStyles = makeStyles({
  excerpt: { margin: 0, fontFamily: tokens.fontFamilyMonospace, whiteSpace: "pre-wrap" },
  panel: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

function QueryProblems() {
  const styles = useStyles();
  const { issues } = useDraft();
  const found = issues.filter((i) => i.key === "query");
  return (
    <div aria-live="polite">
      {found.map((issue, i) => (
        <MessageBar
          key={i}
          intent={issue.level === "error" ? "error" : "warning"}
          layout="multiline"
        >
          <MessageBarBody>
            {issue.message}
            {issue.excerpt !== undefined && <pre className={styles.excerpt}>{issue.excerpt}</pre>}
          </MessageBarBody>
        </MessageBar>
      ))}
    </div>
  );
}

/** The check's findings where the editor underlines them. */
function queryErrors(query: string, issues: readonly Issue[]): TextError[] {
  const lines = query.split("\n");
  return issues.flatMap(({ inQuery: at, message }) =>
    at === undefined
      ? []
      : [
          {
            line: at.line,
            column: at.column,
            token: (lines[at.line - 1] ?? "").slice(at.column - 1, at.column - 1 + at.length),
            message: message.replace(/^line \d+, column \d+ of the query: /, ""),
          },
        ],
  );
}

const sections = [
  { id: "entities", title: "Entity mapping", keys: ["entityMappings"], component: EntityMappings },
  { id: "custom", title: "Custom details", keys: ["customDetails"], component: CustomDetails },
  { id: "alert", title: "Alert details", keys: ["alertDetailsOverride"], component: AlertDetails },
] as const;

export function Logic() {
  const styles = useStyles();
  const { rule, issues, checked, change, problem } = useDraft();
  const query = rule.properties.query;
  const errors = useMemo(
    () => (checked ? queryErrors(query, issues) : []),
    [query, issues, checked],
  );
  return (
    <>
      <QueryField
        label="Rule query"
        required
        hint="KQL over the workspace's tables, functions and watchlists"
        value={query}
        errors={errors}
        onChange={(text) => change({ query: text })}
      />
      <QueryProblems />
      <Preview />
      <Accordion multiple collapsible>
        {sections.map((s) => (
          <AccordionItem key={s.id} value={s.id}>
            <AccordionHeader>
              {s.title}
              {s.keys.some((k) => problem(k) !== undefined) && " – needs attention"}
            </AccordionHeader>
            <AccordionPanel className={styles.panel}>
              <s.component />
            </AccordionPanel>
          </AccordionItem>
        ))}
      </Accordion>
      <Schedule />
      <Simulation />
    </>
  );
}
