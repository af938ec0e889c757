/** Advanced hunting: queries in tabs, their results, and what can be queried. */
import {
  Spinner,
  Tab,
  TabList,
  Text,
  Title3,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { Suspense, lazy, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router-dom";
import { server } from "../../api/typed";
import { EmptyState, errorText } from "../../parts/notices";
import { useNotify } from "../../parts/Toasts";
import { rangeOf, useServerNow } from "../../parts/time";
import { useSession } from "../../session/session";
import { BookmarkDialog } from "./BookmarkDialog";
import type { EditorHandle } from "./editor/KqlEditor";
import { HistoryList } from "./HistoryList";
import { useHistory } from "./history";
import { addFilter, boundsTime } from "./kql";
import { ResultsView } from "./ResultsView";
import { RunState } from "./RunState";
import { SaveDialog } from "./SaveDialog";
import { SchemaPane } from "./SchemaPane";
import type { Insert } from "./SchemaPane";
import { useEditorSchema } from "./schema";
import { packQuery, unpackQuery } from "./share";
import { TabStrip } from "./TabStrip";
import { useQueryTabs } from "./tabs";
import { Toolbar } from "./Toolbar";
import { useRuns } from "./useRun";
import { useApi } from "../../session/useApi";

const KqlEditor = lazy(() => import("./editor/KqlEditor"));

const useStyles = makeStyles({
  page: {
    display: "grid",
    gridTemplate: "auto minmax(0, 1fr) / 19.5rem minmax(0, 1fr)",
    gap: tokens.spacingHorizontalM,
    height: "100%",
    minHeight: "34rem",
    "@media (max-width: 60rem)": {
      gridTemplate: "auto 14rem minmax(0, 1fr) / minmax(0, 1fr)",
      minHeight: "60rem",
    },
  },
  title: { gridColumn: "1 / -1" },
  main: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    minWidth: 0,
    minHeight: 0,
  },
  editor: {
    height: "32%",
    minHeight: "9rem",
    flexShrink: 0,
    resize: "vertical",
    overflow: "hidden",
  },
  results: {
    flexGrow: 1,
    minHeight: 0,
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalXS,
  },
  body: { flexGrow: 1, minHeight: 0 },
});

type Dialog = "query" | "function" | { bookmark: number } | undefined;

export default function Hunting() {
  const styles = useStyles();
  const { workspace, may } = useSession();
  const api = useApi();
  const notify = useNotify();
  const navigate = useNavigate();
  const now = useServerNow();
  const schema = useEditorSchema();
  const tabs = useQueryTabs(workspace?.id ?? "");
  const runs = useRuns();
  const [history, remember, forget] = useHistory(workspace?.id ?? "");
  const [below, setBelow] = useState<"results" | "history">("results");
  const [dialog, setDialog] = useState<Dialog>(undefined);
  const editor = useRef<EditorHandle>(undefined);
  const { current } = tabs;
  const run = runs.runOf(current.id);
  const onReady = useCallback((handle: EditorHandle) => {
    editor.current = handle;
  }, []);

  const runText = async (text: string, line: number, column: number, range: string) => {
    if (workspace === undefined || text.trim() === "") return;
    setBelow("results");
    const bounds = boundsTime(text) ? undefined : rangeOf(range, now);
    const timespan = bounds
      ? `${new Date(bounds.from).toISOString()}/${new Date(bounds.to).toISOString()}`
      : "";
    const id = current.id;
    const done = await runs.start(id, {
      api,
      query: text,
      timespan,
      workspaces: current.workspaces ?? [],
      line,
      column,
    });
    if (done.state !== "running")
      remember({
        query: text,
        range,
        at: new Date(done.started).toISOString(),
        state: done.state,
        rows: done.rows,
        seconds: (done.ended - done.started) / 1000,
      });
  };
  const runNow = () => {
    const { text, line, column } = editor.current?.toRun() ?? {
      text: current.text,
      line: 0,
      column: 0,
    };
    void runText(text, line, column, current.range);
  };

  // "Sample" opens a tab and runs it: once the tab is there.
  const [pending, setPending] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (pending === undefined || current.text !== pending) return;
    setPending(undefined);
    void runText(pending, 0, 0, current.range);
  });

  // A link that was shared, or one from another page.
  const [params, setParams] = useSearchParams();
  const packed = params.get("q");
  const plain = params.get("query");
  const opened = useRef("");
  const { add } = tabs;
  useEffect(() => {
    const key = packed ?? plain;
    if (key === null || opened.current === key) return;
    opened.current = key;
    const open = async () => {
      const text = packed === null ? plain : await unpackQuery(packed);
      const range = params.get("range");
      if (text)
        add({ name: params.get("name") ?? "Shared query", text, ...(range ? { range } : {}) });
      else
        notify.failed(
          "The link has no query that can be read",
          new Error("It may have been cut off."),
        );
      setParams({}, { replace: true });
    };
    void open();
  }, [packed, plain, params, setParams, add, notify]);

  const share = async () => {
    const link = new URL(window.location.href);
    link.search = new URLSearchParams({
      q: await packQuery(current.text),
      name: current.name,
      range: current.range,
    }).toString();
    try {
      await navigator.clipboard.writeText(link.toString());
      notify.done("Link copied");
    } catch (error) {
      notify.failed("The link was not copied", error);
    }
  };
  const format = async () => {
    try {
      const body = { query: current.text };
      const { query } = await server.call("POST", "/vedette/v1/queryText", { body });
      tabs.change(current.id, { text: query });
    } catch (error) {
      notify.failed("The query can't be laid out", error);
    }
  };
  const filter = (condition: string) => {
    const text = addFilter(run?.query ?? current.text, condition);
    const whole = current.text.trim() === run?.query.trim() || run === undefined;
    if (whole) tabs.change(current.id, { text });
    else tabs.add({ name: current.name, text, range: current.range });
    setPending(text);
  };
  const use = useMemo<Insert>(
    () => ({
      insert: (text) => editor.current?.insert(text),
      open: (name, text, runIt, saved = "") => {
        add({ name, text, saved });
        if (runIt) setPending(text);
      },
    }),
    [add],
  );

  if (workspace === undefined)
    return (
      <EmptyState title="No workspace">There is no workspace that you may look at.</EmptyState>
    );
  const running = run?.state === "running";
  return (
    <div className={styles.page}>
      <Title3 as="h1" className={styles.title}>
        Advanced hunting
      </Title3>
      <SchemaPane use={use} />
      <div className={styles.main}>
        <TabStrip tabs={tabs} />
        <Toolbar
          running={running}
          empty={current.text.trim() === ""}
          range={current.range}
          ownTime={boundsTime(current.text)}
          mayRule={may("rules/write")}
          maySave={may("functions/write")}
          onRun={runNow}
          onCancel={() => runs.cancel(current.id)}
          onRange={(range) => tabs.change(current.id, { range })}
          onSave={setDialog}
          workspaces={current.workspaces ?? []}
          onWorkspaces={(workspaces) => tabs.change(current.id, { workspaces })}
          onRule={() =>
            void navigate(`/rules/new?${new URLSearchParams({ query: current.text }).toString()}`)
          }
          onShare={() => void share()}
          onFormat={() => void format()}
        />
        {tabs.problem !== undefined && (
          <Text size={200} role="status">
            These queries are kept in this browser only. {errorText(tabs.problem)}
          </Text>
        )}
        <div className={styles.editor}>
          <Suspense fallback={<Spinner size="tiny" label="Loading the editor" />}>
            <KqlEditor
              id={current.id}
              value={current.text}
              schema={schema}
              errors={run?.places ?? []}
              onChange={(text) => tabs.change(current.id, { text })}
              onRun={runNow}
              onReady={onReady}
            />
          </Suspense>
        </div>
        <div className={styles.results}>
          <TabList
            size="small"
            aria-label="Results and history"
            selectedValue={below}
            onTabSelect={(_, data) => setBelow(data.value as "results" | "history")}
          >
            <Tab value="results">Results</Tab>
            <Tab value="history">Query history</Tab>
          </TabList>
          <div className={styles.body}>
            {below === "history" ? (
              <HistoryList
                runs={history}
                onClear={forget}
                onOpen={(past) => tabs.add({ text: past.query, range: past.range })}
              />
            ) : run?.table ? (
              <ResultsView
                key={run.started}
                table={run.table}
                rows={run.rows}
                coming={run.state}
                onFilter={filter}
                onBookmark={
                  may("bookmarks/write") ? (row) => setDialog({ bookmark: row }) : undefined
                }
              />
            ) : (
              <RunState run={run} />
            )}
          </div>
        </div>
      </div>
      {(dialog === "query" || dialog === "function") && (
        <SaveDialog
          asFunction={dialog === "function"}
          name={current.name}
          query={current.text}
          replaces={dialog === "query" ? current.saved : ""}
          onSaved={(name, id) => {
            tabs.change(current.id, id === "" ? {} : { name, saved: id });
            notify.done(`${name} saved`);
            setDialog(undefined);
          }}
          onClose={() => setDialog(undefined)}
        />
      )}
      {typeof dialog === "object" && run?.table && (
        <BookmarkDialog
          table={run.table}
          row={dialog.bookmark}
          query={run.query}
          name={current.name}
          onClose={() => setDialog(undefined)}
        />
      )}
    </div>
  );
}
