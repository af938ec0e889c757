/** Whether a rule fires: the tests that ship for it, and rows of one's own. Nothing is stored. */
import {
  Badge,
  Button,
  Card,
  Field,
  Input,
  Spinner,
  Subtitle2,
  Text,
  Textarea,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router-dom";
import { ApiError } from "../../api/client";
import type { Schemas } from "../../api/typed";
import { SmallTable } from "../../parts/SmallTable";
import { ErrorNotice } from "../../parts/notices";
import { useServerNow } from "../../parts/time";
import { useSession } from "../../session/session";
import { useApi } from "../../session/useApi";
import type { RuleProperties } from "./model";
import { useRule } from "./queries";

const useStyles = makeStyles({
  page: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(26rem, 1fr))",
    gap: tokens.spacingHorizontalM,
    alignItems: "start",
    alignContent: "start",
    overflowY: "auto",
  },
  code: {
    "& textarea": {
      fontFamily: tokens.fontFamilyMonospace,
      fontSize: tokens.fontSizeBase200,
      maxHeight: "50vh",
    },
  },
  differences: {
    margin: 0,
    whiteSpace: "pre-wrap",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
  },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalL },
});

type Case = Schemas["RuleTestCase"];

function useRun(rule: string) {
  const api = useApi();
  return useMutation({
    mutationFn: (tests: string) => api.own.call("POST", "/ruleTests", { body: { rule, tests } }),
  });
}

/** "account ann, ip 203.0.113.7": what an alert names. */
function entityText(entities: readonly Record<string, unknown>[]): string {
  return entities
    .map((e) => {
      const [, value] = Object.entries(e).find(([key]) => !["$id", "Type"].includes(key)) ?? [];
      return `${String(e["Type"] ?? "")} ${typeof value === "string" ? value : ""}`.trim();
    })
    .join(", ");
}

function Found({ name, found }: { name: string; found: NonNullable<Case["found"]> }) {
  const columns = [...new Set(found.firstRows.flatMap((r) => Object.keys(r)))];
  return (
    <>
      <Text role="status">
        {found.alerts} alerts of {found.rows} rows, {found.incidents} incidents
      </Text>
      {found.firstAlerts.length > 0 && (
        <SmallTable
          label={`Alerts of ${name}`}
          columns={["Alert", "Severity", "Entities"]}
          rows={found.firstAlerts.map((a) => [a.name, a.severity, entityText(a.entities)])}
        />
      )}
      {found.firstRows.length > 0 && (
        <SmallTable
          label={`Rows of ${name}`}
          columns={columns}
          rows={found.firstRows.map((r) => columns.map((c) => r[c]))}
        />
      )}
    </>
  );
}

function Differences({ one }: { one: Case }) {
  const styles = useStyles();
  if (one.differences.length === 0) return null;
  return (
    <pre className={styles.differences} tabIndex={0} aria-label={`Differences of ${one.name}`}>
      {one.differences.join("\n")}
    </pre>
  );
}

/** The file of cases that ships; it may be changed and run as it is then. */
function ShippedTests({ id }: { id: string }) {
  const styles = useStyles();
  const api = useApi();
  const { workspace, may } = useSession();
  const { data, error, isPending } = useQuery({
    queryKey: ["rules", workspace?.id, "tests", id],
    retry: false,
    queryFn: ({ signal }) =>
      api.own.call("GET", "/rules/{rule}/tests", { path: { rule: id }, signal }),
  });
  const [changed, setChanged] = useState<string | undefined>(undefined);
  const run = useRun(id);
  const text = changed ?? data?.text ?? "";
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <Card>
      <Subtitle2 as="h2">Tests of this rule</Subtitle2>
      {isPending && <Spinner size="tiny" label="Loading" />}
      {missing && (
        <Text>
          No tests ship for this rule. Paste a file of cases, as vedette rules test takes it, or
          look at what rows make of it beside this.
        </Text>
      )}
      {!missing && <ErrorNotice title="The tests can't be shown" error={error} />}
      <Field label={data?.name ?? "File of cases (YAML)"}>
        <Textarea
          className={styles.code}
          rows={12}
          resize="vertical"
          spellCheck={false}
          value={text}
          onChange={(_, d) => setChanged(d.value)}
        />
      </Field>
      {may("rules/write") && (
        <div>
          <Button disabled={text.trim() === "" || run.isPending} onClick={() => run.mutate(text)}>
            Run the tests
          </Button>
        </div>
      )}
      {run.isPending && <Spinner size="tiny" label="Running" />}
      <ErrorNotice title="The tests did not run" error={run.error} />
      {run.data && (
        <>
          <Text role="status" weight="semibold">
            {run.data.passed} passed, {run.data.failed} failed
          </Text>
          <ul className={styles.list}>
            {run.data.cases.map((c, i) => (
              <li key={i}>
                <Badge appearance="tint" color={c.ok ? "success" : "danger"}>
                  {c.ok ? "Passed" : "Failed"}
                </Badge>{" "}
                {c.name} ({c.seconds.toFixed(2)} s)
                <Differences one={c} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** The table that a query most likely begins with. */
function firstTable(query: string): string {
  const line = query
    .split("\n")
    .find((l) => /^\s*[A-Za-z_]\w*\s*(\||$)/.test(l) && !/^\s*let\b/.test(l));
  return /[A-Za-z_]\w*/.exec(line ?? "")?.[0] ?? "";
}

function PastedRows({ id, rule }: { id: string; rule: RuleProperties }) {
  const styles = useStyles();
  const { may } = useSession();
  const now = useServerNow();
  const [table, setTable] = useState(() => firstTable(rule.query));
  const [rows, setRows] = useState("[\n  {}\n]");
  const [at, setAt] = useState(() => new Date(now).toISOString().slice(0, 16));
  const run = useRun(id);
  const [problem, setProblem] = useState<unknown>(undefined);
  const start = () => {
    try {
      const parsed = JSON.parse(rows) as unknown;
      setProblem(undefined);
      run.mutate(
        JSON.stringify({
          cases: [{ name: "pasted rows", now: `${at}:00Z`, tables: { [table.trim()]: parsed } }],
        }),
      );
    } catch (error) {
      setProblem(error);
    }
  };
  const outcome = run.data?.cases[0];
  return (
    <Card>
      <Subtitle2 as="h2">Rows of your own</Subtitle2>
      <Field label="Table">
        <Input value={table} onChange={(_, d) => setTable(d.value)} />
      </Field>
      <Field
        label="Rows (a JSON array)"
        hint="Each with TimeGenerated before the time of the run, and within the rule's look-back"
      >
        <Textarea
          className={styles.code}
          rows={8}
          resize="vertical"
          spellCheck={false}
          value={rows}
          onChange={(_, d) => setRows(d.value)}
        />
      </Field>
      <Field label="Time of the run (UTC)">
        <Input type="datetime-local" value={at} onChange={(_, d) => setAt(d.value)} />
      </Field>
      {may("rules/write") && (
        <div>
          <Button
            disabled={table.trim() === "" || at === "" || run.isPending}
            onClick={() => start()}
          >
            See what fires
          </Button>
        </div>
      )}
      {run.isPending && <Spinner size="tiny" label="Running" />}
      <ErrorNotice title="The rule was not tried" error={problem ?? run.error} />
      {outcome && <Differences one={outcome} />}
      {outcome?.found && <Found name="the rows" found={outcome.found} />}
    </Card>
  );
}

export function RuleTests() {
  const styles = useStyles();
  const id = useParams()["id"] ?? "";
  const { data } = useRule(id);
  if (data === undefined) return null;
  if (!data.properties.query)
    return <Text>A rule of this kind has no query that rows could be given to.</Text>;
  return (
    <div className={styles.page}>
      <ShippedTests id={id} />
      <PastedRows id={id} rule={data.properties} />
    </div>
  );
}
