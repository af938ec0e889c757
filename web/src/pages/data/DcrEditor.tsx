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
import { useState } from "react";
import { useNavigate, useParams } from "react-router-dom";
import { ApiError } from "../../api/client";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { Page } from "../../parts/Page";
import { SmallTable } from "../../parts/SmallTable";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { useSession } from "../../session/session";
import { DCR } from "./Dcrs";
import { useDataChange } from "./queries";
import type { Dcr } from "./queries";
import { useApi } from "../../session/useApi";

const useStyles = makeStyles({
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

interface Detail {
  code: string;
  message: string;
  target?: string;
}

/** All that is wrong with a rule, as Azure tells it. */
function Details({ error }: { error: unknown }) {
  const body = error instanceof ApiError ? (error.body as { error?: { details?: Detail[] } }) : {};
  const details = body.error?.details ?? [];
  if (details.length === 0) return null;
  return (
    <ul aria-label="What is wrong">
      {details.map((d, i) => (
        <li key={i}>
          {d.target !== undefined && <b>{d.target}: </b>}
          {d.message}
        </li>
      ))}
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

function Preview({ text }: { text: string }) {
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
  });
  return (
    <Card>
      <Subtitle2 as="h2">Try it</Subtitle2>
      <Field label="Stream" hint="Empty: the only one">
        <Input value={stream} onChange={(_, d) => setStream(d.value)} />
      </Field>
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
      <Details error={run.error} />
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
  const [text, setText] = useState(() =>
    rule === undefined ? sample(workspace?.resourceId ?? "") : writable(rule),
  );
  const save = useDataChange(() =>
    api.group.call("PUT", DCR, {
      path: { name },
      body: JSON.parse(text) as Dcr,
      ...(rule?.etag === undefined ? {} : { headers: { "if-match": rule.etag } }),
    }),
  );
  const store = async () => {
    try {
      await save.mutateAsync(undefined);
      notify.done("The data collection rule is saved");
      void go("/data-collection-rules");
    } catch {
      // Shown below the editor.
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
          <Textarea
            className={styles.code}
            rows={24}
            resize="vertical"
            spellCheck={false}
            readOnly={!may("tables/write")}
            value={text}
            onChange={(_, d) => setText(d.value)}
          />
        </Field>
        <ErrorNotice title="The rule was not saved" error={save.error} />
        <Details error={save.error} />
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
      <Preview text={text} />
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
