/** Step Set rule logic: the query, what its alerts hold, and when it runs. */
import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Field,
  MessageBar,
  MessageBarBody,
  Textarea,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { AlertDetails } from "./AlertDetails";
import { CustomDetails } from "./CustomDetails";
import { EntityMappings } from "./EntityMappings";
import { Preview } from "./Preview";
import { Schedule } from "./Schedule";
import { Simulation } from "./Simulation";
import { useDraft } from "./draft";

const useStyles = makeStyles({
  query: {
    fontFamily: tokens.fontFamilyMonospace,
    "& textarea": { fontFamily: tokens.fontFamilyMonospace, maxHeight: "40rem" },
  },
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

const sections = [
  { id: "entities", title: "Entity mapping", keys: ["entityMappings"], component: EntityMappings },
  { id: "custom", title: "Custom details", keys: ["customDetails"], component: CustomDetails },
  { id: "alert", title: "Alert details", keys: ["alertDetailsOverride"], component: AlertDetails },
] as const;

export function Logic() {
  const styles = useStyles();
  const { rule, change, problem } = useDraft();
  return (
    <>
      <Field
        label="Rule query"
        required
        hint="KQL over the workspace's tables, functions and watchlists"
      >
        <Textarea
          className={styles.query}
          resize="vertical"
          rows={10}
          spellCheck={false}
          value={rule.properties.query}
          onChange={(_, d) => change({ query: d.value })}
        />
      </Field>
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
