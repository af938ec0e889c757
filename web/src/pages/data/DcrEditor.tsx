/** A data collection rule as JSON, tried on records of one's own before it is kept. */
import {
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
import { Suspense, lazy, useMemo, useState } from "react";
import { useNavigate, useParams } from "react-router-dom";
import { kqlText, rowsOf, runKql } from "../../api/kql";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { Page } from "../../parts/Page";
import { SmallTable } from "../../parts/SmallTable";
import { useNotify } from "../../parts/Toasts";
import { Unsaved, useUnsaved } from "../../parts/Unsaved";
import { ErrorNotice } from "../../parts/notices";
import { useSession } from "../../session/session";
import { DCR } from "./Dcrs";
import { useDataChange } from "./queries";
import type { Dcr } from "./queries";
import { useApi } from "../../session/useApi";
import { detailsOf, lineOf, marksOf } from "./dcrProblems";

const JsonEditor = lazy(() => import("./JsonEditor"));

const RECENT_ROWS = 5;

const useStyles = makeStyles({
  editor: { height: "26rem", minHeight: "10rem", resize: "vertical", overflow: "hidden" },
  both: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(24rem, 1fr))",
    gap: tokens.spacingHorizontalM,
    alignItems: "start",
  },
  code: {
    "& textarea": {
      fontFamily: tokens.fontFamilyMonospace,
      fontSize: tokens.fontSizeBase200,
      maxHeight: "60vh",
    },
  },
});

type Tried = Schemas["DataCollectionTrial"];

function sample(workspace: string): string {
  return JSON.stringify(
    {
      location: "local",
      kind: "Direct",
      properties: {
        streamDeclarations: {
          "Custom-Web": {
            columns: [
              { name: "time", type: "datetime" },
              { name: "line", type: "string" },
              { name: "status", type: "int" },
            ],
          },
        },
        destinations: { logAnalytics: [{ workspaceResourceId: workspace, name: "here" }] },
        dataFlows: [
          {
            streams: ["Custom-Web"],
            destinations: ["here"],
            outputStream: "Custom-Web_CL",
            transformKql: "source | project TimeGenerated = time, Status = status, Line = line",
          },
        ],
      },
    },
    null,
    2,
  );
}

/** What can be written of a rule; the rest is the server's. */
function writable(rule: Dcr): string {
  const { location, kind, tags, properties } = rule;
  const {
    immutableId: _i,
    provisioningState: _p,
    endpoints: _e,
    logsIngestion: _l,
    ...kept
  } = properties;
  return JSON.stringify({ location, kind, tags, properties: kept }, null, 2);
}

/** All that is wrong with a rule, as Azure tells it, with its line. */
function Details({ error, text }: { error: unknown; text: string }) {
  const details = detailsOf(error);
  if (details.length === 0) return null;
  return (
    <ul aria-label="What is wrong">
      {details.map((d, i) => {
        const mark = marksOf(text, error).find((m) => m.message === d.message);
        return (
          <li key={i}>
            {mark && `Line ${String(lineOf(text, mark))}: `}
            {d.target !== undefined && <b>{d.target}: </b>}
            {d.message}
          </li>
        );
      })}
    </ul>
  );
}

function TriedFlow({ flow }: { flow: Tried["flows"][number] }) {
  const rows = flow.rows ?? [];
  const names = [...new Set(rows.flatMap((r) => Object.keys(r)))];
  return (
    <>
      <Text weight="semibold">
        Flow {flow.flow + 1} into {flow.outputStream}
      </Text>
      {flow.error !== undefined && <ErrorNotice error={new Error(flow.error)} />}
      <Text size={200} block>
        {rows.length} rows of {flow.records} records; {flow.filtered ?? 0} filtered,{" "}
        {flow.droppedFields} fields dropped, {flow.convertedToNull} values turned to null
      </Text>
      {rows.length > 0 && (
        <SmallTable
          label={`Rows of flow ${String(flow.flow + 1)}`}
          columns={names}
          rows={rows.map((r) => names.map((n) => r[n]))}
        />
      )}
    </>
  );
}

/** Rows of a table that are there already, as records to try. */
function Recent({ onRows }: { onRows: (rows: Record<string, unknown>[]) => void }) {
  const api = useApi();
  const notify = useNotify();
  const [table, setTable] = useState("");
  const fetch = async () => {
    try {
      const name = table.trim();
      const answer = await runKql(
        api,
        `${/^\w+$/.test(name) ? name : `table(${kqlText(name)})`} | top ${String(RECENT_ROWS)} by TimeGenerated` +
          " | project-away TenantId, Type",
        { timespan: "P30D" },
      );
      onRows(rowsOf<Record<string, unknown>>(answer));
    } catch (error) {
      notify.failed("No rows came", error);
    }
  };
  return (
    <Field label="Recent rows of a table" hint="In place of pasted ones">
      <Input
        value={table}
        onChange={(_, d) => setTable(d.value)}
        contentAfter={
          <Button size="small" disabled={table.trim() === ""} onClick={() => void fetch()}>
            Take {RECENT_ROWS}
          </Button>
        }
      />
    </Field>
  );
}

function Preview({ text, onError }: { text: string; onError: (error: unknown) => void }) {
  const styles = useStyles();
  const [records, setRecords] = useState(
    '[\n  {"time": "2026-03-18T10:00:00Z", "line": "GET /", "status": 200}\n]',
  );
  const [stream, setStream] = useState("");
  const run = useMutation({
    mutationFn: () =>
      server.call("POST", "/vedette/v1/dataCollectionRules/try", {
        body: {
          rule: JSON.parse(text) as unknown,
          records: JSON.parse(records) as unknown,
          ...(stream === "" ? {} : { stream }),
        },
      }),
    onSettled: (_, error) => onError(error),
  });
  return (
    <Card>
      <Subtitle2 as="h2">Try it</Subtitle2>
      <Field label="Stream" hint="Empty: the only one">
        <Input value={stream} onChange={(_, d) => setStream(d.value)} />
      </Field>
      <Recent onRows={(rows) => setRecords(JSON.stringify(rows, null, 2))} />
      <Field label="Records (a JSON array)">
        <Textarea
          className={styles.code}
          rows={6}
          resize="vertical"
          spellCheck={false}
          value={records}
          onChange={(_, d) => setRecords(d.value)}
        />
      </Field>
      <div>
        <Button disabled={run.isPending} onClick={() => run.mutate()}>
          Try the transformation
        </Button>
      </div>
      <ErrorNotice title="It can't be tried" error={run.error} />
      <Details error={run.error} text={text} />
      <div aria-live="polite">
        {run.data?.flows.map((flow) => (
          <TriedFlow key={flow.flow} flow={flow} />
        ))}
      </div>
    </Card>
  );
}

function Editor({ rule, name: given }: { rule: Dcr | undefined; name: string }) {
  const styles = useStyles();
  const { workspace, may } = useSession();
  const api = useApi();
  const go = useNavigate();
  const notify = useNotify();
  const [name, setName] = useState(given);
  const [first] = useState(() =>
    rule === undefined ? sample(workspace?.resourceId ?? "") : writable(rule),
  );
  const [text, setText] = useState(first);
  const save = useDataChange(() =>
    api.group.call("PUT", DCR, {
      path: { name },
      body: JSON.parse(text) as Dcr,
      ...(rule?.etag === undefined ? {} : { headers: { "if-match": rule.etag } }),
    }),
  );
  /** What the server said last about this text, of saving or trying it. */
  const [problem, setProblem] = useState<unknown>(undefined);
  const marks = useMemo(() => marksOf(text, problem), [text, problem]);
  const unsaved = useUnsaved(text !== first);
  const store = async () => {
    try {
      await save.mutateAsync(undefined);
      unsaved.forget();
      notify.done("The data collection rule is saved");
      void go("/data-collection-rules");
    } catch (error) {
      setProblem(error); // Shown below the editor, and underlined in it.
    }
  };
  return (
    <div className={styles.both}>
      <Card>
        <Subtitle2 as="h2">Rule</Subtitle2>
        {rule === undefined && (
          <Field label="Name" required>
            <Input value={name} onChange={(_, d) => setName(d.value)} />
          </Field>
        )}
        {rule?.properties.immutableId !== undefined && (
          <Text size={200}>Immutable id: {rule.properties.immutableId}</Text>
        )}
        <Field
          label="Rule as JSON"
          hint="streamDeclarations, destinations, dataFlows with transformKql"
        >
          {() => (
            <div className={styles.editor}>
              <Suspense fallback={<Spinner size="tiny" label="Loading the editor" />}>
                <JsonEditor
                  label="Rule as JSON"
                  value={text}
                  readOnly={!may("tables/write")}
                  marks={marks}
                  onChange={setText}
                />
              </Suspense>
            </div>
          )}
        </Field>
        <ErrorNotice title="The rule was not saved" error={save.error} />
        <Details error={save.error} text={text} />
        {may("tables/write") && (
          <div>
            <Button
              appearance="primary"
              disabled={name.trim() === "" || save.isPending}
              onClick={() => void store()}
            >
              Save
            </Button>
          </div>
        )}
      </Card>
      <Preview text={text} onError={setProblem} />
      <Unsaved unsaved={unsaved}>What you have changed in the rule would be lost.</Unsaved>
    </div>
  );
}

export default function DcrEditor() {
  const name = useParams()["name"] ?? "";
  const { workspace } = useSession();
  const api = useApi();
  const { data, error, isLoading } = useQuery({
    queryKey: ["data", workspace?.id, "dcr", name],
    enabled: name !== "",
    staleTime: Infinity,
    queryFn: ({ signal }) => api.group.call("GET", DCR, { path: { name }, signal }),
  });
  return (
    <Page title={name === "" ? "New data collection rule" : name}>
      {isLoading && <Spinner label="Loading" />}
      <ErrorNotice title="The rule can't be shown" error={error} />
      {(name === "" || data !== undefined) && (
        <Editor key={data?.etag ?? "new"} rule={data} name={name} />
      )}
    </Page>
  );
}
