/** The query's text: Monaco, bound to the workspace's tables and functions. */
import { makeStyles, tokens } from "@fluentui/react-components";
import { useEffect, useRef, useState } from "react";
import { useAppearance } from "../../../shell/appearance";
import { monaco, serviceOf, themeNames } from "./monaco";

export interface TextError {
  /** From 1. */
  line: number;
  column: number;
  token: string;
  message: string;
}
export interface EditorHandle {
  /** What is to run: the selection, or else the statement at the cursor; where it begins, line and column from 0. */
  toRun: () => { text: string; line: number; column: number };
  insert: (text: string) => void;
  focus: () => void;
}
interface Props {
  /** Which text: another one is shown, with a history of its own, when this changes. */
  id: string;
  value: string;
  /** Kusto's schema of the database, as `.show database schema as json` has it; undefined: not there yet. */
  schema: { text: string; database: string } | undefined;
  errors: readonly TextError[];
  onChange: (value: string) => void;
  onRun: () => void;
  onReady: (handle: EditorHandle) => void;
  /** What the field is called; "Query" without it. */
  label?: string;
  /** Tab leads to the next field, as in a form, in place of indenting. */
  tabLeaves?: boolean;
}

const OWNER = "server";
const useStyles = makeStyles({
  place: {
    height: "100%",
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    overflow: "hidden",
  },
});

function handleOf(editor: monaco.editor.IStandaloneCodeEditor): EditorHandle {
  return {
    toRun: () => {
      const model = editor.getModel();
      const selection = editor.getSelection();
      if (model === null) return { text: "", line: 0, column: 0 };
      if (selection !== null && !selection.isEmpty())
        return {
          text: model.getValueInRange(selection),
          line: selection.startLineNumber - 1,
          column: selection.startColumn - 1,
        };
      return { ...statement(model, editor.getPosition()?.lineNumber ?? 1), column: 0 };
    },
    insert: (text) => {
      const selection = editor.getSelection();
      if (selection !== null)
        editor.executeEdits("page", [{ range: selection, text, forceMoveMarkers: true }]);
      editor.focus();
    },
    focus: () => editor.focus(),
  };
}

/** Statements are parted by empty lines. */
function statement(model: monaco.editor.ITextModel, at: number): { text: string; line: number } {
  const blank = (line: number) => model.getLineContent(line).trim() === "";
  let from = at;
  let to = at;
  while (from > 1 && blank(from)) from--;
  while (from > 1 && !blank(from - 1)) from--;
  to = Math.max(from, Math.min(at, to));
  if (blank(to)) to = from;
  while (to < model.getLineCount() && !blank(to + 1)) to++;
  const text = model.getValueInRange(new monaco.Range(from, 1, to, model.getLineMaxColumn(to)));
  return { text, line: from - 1 };
}

function showErrors(model: monaco.editor.ITextModel, errors: readonly TextError[]): void {
  monaco.editor.setModelMarkers(
    model,
    OWNER,
    errors.map((e) => ({
      severity: monaco.MarkerSeverity.Error,
      message: e.message,
      startLineNumber: e.line,
      startColumn: e.column,
      endLineNumber: e.line,
      endColumn: e.column + Math.max(1, e.token.length),
    })),
  );
}

export default function KqlEditor(props: Props) {
  const { id, value, schema, errors, onReady } = props;
  const styles = useStyles();
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor>(undefined);
  const models = useRef(new Map<string, monaco.editor.ITextModel>());
  const latest = useRef(props);
  const { dark } = useAppearance();
  /** The database whose names the language service knows. */
  const [bound, setBound] = useState("");
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = monaco.editor.create(element, {
      model: null,
      automaticLayout: true,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      fontSize: 13,
      ariaLabel: latest.current.label ?? "Query",
      accessibilitySupport: "auto",
      fixedOverflowWidgets: true,
      tabFocusMode: latest.current.tabLeaves ?? false,
      wordBasedSuggestions: "off",
    });
    editor.current = made;
    const keep = models.current;
    made.addCommand(monaco.KeyMod.Shift | monaco.KeyCode.Enter, () => latest.current.onRun());
    made.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, () => latest.current.onRun());
    made.onDidChangeModelContent(() => {
      const model = made.getModel();
      if (model === null) return;
      monaco.editor.setModelMarkers(model, OWNER, []);
      latest.current.onChange(model.getValue());
    });
    onReady(handleOf(made));
    return () => {
      made.dispose();
      for (const model of keep.values()) model.dispose();
      keep.clear();
    };
  }, [onReady]);

  useEffect(() => {
    let model = models.current.get(id);
    if (model === undefined) {
      model = monaco.editor.createModel(value, "kusto");
      models.current.set(id, model);
    } else if (model.getValue() !== value) {
      model.pushEditOperations([], [{ range: model.getFullModelRange(), text: value }], () => null);
    }
    if (editor.current?.getModel() !== model) editor.current?.setModel(model);
  }, [id, value]);

  useEffect(() => {
    const model = models.current.get(id);
    if (model !== undefined) showErrors(model, errors);
  }, [id, errors]);

  useEffect(() => {
    const model = models.current.get(id);
    if (model === undefined || schema === undefined) return undefined;
    let wanted = true;
    const bind = async () => {
      const service = await serviceOf(model);
      if (!wanted) return;
      await service.setSchemaFromShowSchema(
        JSON.parse(schema.text),
        "https://vedette",
        schema.database,
      );
      setBound(schema.database);
    };
    void bind();
    return () => {
      wanted = false;
    };
  }, [id, schema]);

  useEffect(() => {
    monaco.editor.setTheme(dark ? themeNames.dark : themeNames.light);
  }, [dark]);

  return <div ref={place} className={styles.place} data-testid="kql-editor" data-schema={bound} />;
}
