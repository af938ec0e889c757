/**
 * A query as a field of a form: hunting's editor, loaded when the field is first shown, and a plain text field
 * where it can't be loaded.
 */
import { Field, Spinner, Textarea, makeStyles, tokens } from "@fluentui/react-components";
import { Component, Suspense, lazy, useId } from "react";
import type { ReactNode } from "react";
import { useEditorSchema } from "../schema";
import type { TextError } from "./KqlEditor";

const KqlEditor = lazy(() => import("./KqlEditor"));

const useStyles = makeStyles({
  place: { height: "14rem", minHeight: "6rem", resize: "vertical", overflow: "hidden" },
  plain: { "& textarea": { fontFamily: tokens.fontFamilyMonospace, maxHeight: "40rem" } },
});

interface Props {
  label: string;
  hint?: string;
  required?: boolean;
  value: string;
  /** Underlined where they are; undefined: nothing is known to be wrong. */
  errors?: readonly TextError[];
  onChange: (value: string) => void;
  /** Shift+Enter. */
  onRun?: () => void;
}

const NONE: readonly TextError[] = [];
const nothing = () => undefined;

function PlainField({ label, value, onChange }: Props) {
  const styles = useStyles();
  return (
    <Textarea
      className={styles.plain}
      aria-label={label}
      resize="vertical"
      rows={10}
      spellCheck={false}
      value={value}
      onChange={(_, d) => onChange(d.value)}
    />
  );
}

/** Shows something else when the code of its children can't be had. */
class OrElse extends Component<{ otherwise: ReactNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    return this.state.failed ? this.props.otherwise : this.props.children;
  }
}

export function QueryField(props: Props) {
  const styles = useStyles();
  const id = useId();
  const schema = useEditorSchema();
  const { label, hint, required = false, value, errors = NONE, onChange, onRun = nothing } = props;
  return (
    <Field label={label} required={required} {...(hint === undefined ? {} : { hint })}>
      {() => (
        <OrElse otherwise={<PlainField {...props} />}>
          <div className={styles.place}>
            <Suspense fallback={<Spinner size="tiny" label="Loading the editor" />}>
              <KqlEditor
                id={id}
                label={label}
                tabLeaves
                value={value}
                schema={schema}
                errors={errors}
                onChange={onChange}
                onRun={onRun}
                onReady={nothing}
              />
            </Suspense>
          </div>
        </OrElse>
      )}
    </Field>
  );
}
