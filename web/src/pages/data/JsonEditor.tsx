/** Monaco for JSON: mistakes of the text are underlined as one types, those that the server names where they are. */
import { makeStyles, tokens } from "@fluentui/react-components";
import { useEffect, useRef } from "react";
import { useAppearance } from "../../shell/appearance";
import { monaco, themeNames } from "../hunting/editor/monaco";

export interface JsonMark {
  /** Offsets in the text; to is behind it. */
  from: number;
  to: number;
  message: string;
}

interface Props {
  label: string;
  value: string;
  readOnly: boolean;
  marks: readonly JsonMark[];
  onChange: (value: string) => void;
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

export default function JsonEditor(props: Props) {
  const { value, marks } = props;
  const styles = useStyles();
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor>(undefined);
  const latest = useRef(props);
  const { dark } = useAppearance();
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const first = latest.current;
    const model = monaco.editor.createModel(first.value, "json");
    const made = monaco.editor.create(element, {
      model,
      readOnly: first.readOnly,
      ariaLabel: first.label,
      automaticLayout: true,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      fontSize: 13,
      tabSize: 2,
      tabFocusMode: true,
      accessibilitySupport: "auto",
      fixedOverflowWidgets: true,
    });
    editor.current = made;
    made.onDidChangeModelContent(() => {
      monaco.editor.setModelMarkers(model, OWNER, []);
      latest.current.onChange(model.getValue());
    });
    return () => {
      made.dispose();
      model.dispose();
      editor.current = undefined;
    };
  }, []);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model && model.getValue() !== value) model.setValue(value);
  }, [value]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (!model) return;
    monaco.editor.setModelMarkers(
      model,
      OWNER,
      marks.map(({ from, to, message }) => {
        const start = model.getPositionAt(from);
        const end = model.getPositionAt(Math.max(to, from + 1));
        return {
          severity: monaco.MarkerSeverity.Error,
          message,
          startLineNumber: start.lineNumber,
          startColumn: start.column,
          endLineNumber: end.lineNumber,
          endColumn: end.column,
        };
      }),
    );
    const first = marks[0];
    if (first)
      editor.current?.revealPositionInCenterIfOutsideViewport(model.getPositionAt(first.from));
  }, [marks]);

  useEffect(() => {
    monaco.editor.setTheme(dark ? themeNames.dark : themeNames.light);
  }, [dark]);

  return <div ref={place} className={styles.place} data-testid="json-editor" />;
}
