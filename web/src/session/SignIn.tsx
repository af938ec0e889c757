import {
  Button,
  Card,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Title2,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useState } from "react";
import type { FormEvent } from "react";
import { ApiError, call } from "../api/client";

const useStyles = makeStyles({
  page: {
    minHeight: "100%",
    display: "grid",
    placeItems: "center",
    backgroundColor: tokens.colorNeutralBackground3,
  },
  card: { width: "min(24rem, 92vw)", padding: tokens.spacingHorizontalXXL },
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

export function SignIn(props: {
  expired: boolean;
  problem?: string;
  onSignedIn: () => Promise<void>;
}) {
  const styles = useStyles();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | undefined>(undefined);
  const [problem, setProblem] = useState(props.problem ?? "");
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const body = { name, password, ...(code === undefined ? {} : { code }) };
      await call("/portal/api/signin", { method: "POST", body });
      await props.onSignedIn();
    } catch (error) {
      if (error instanceof ApiError && error.code === "CodeRequired") setCode("");
      else setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className={styles.page}>
      <Card className={styles.card}>
        <form className={styles.form} onSubmit={(event) => void submit(event)}>
          <Title2 as="h1">Vedette</Title2>
          {props.expired && (
            <MessageBar intent="info">
              <MessageBarBody>
                The session has ended. Sign in to go on where you were.
              </MessageBarBody>
            </MessageBar>
          )}
          {problem !== "" && (
            <MessageBar intent="error">
              <MessageBarBody>{problem}</MessageBarBody>
            </MessageBar>
          )}
          <Field label="User name" required>
            <Input
              value={name}
              autoComplete="username"
              autoFocus
              onChange={(_, data) => setName(data.value)}
            />
          </Field>
          <Field label="Password" required>
            <Input
              type="password"
              value={password}
              autoComplete="current-password"
              onChange={(_, data) => setPassword(data.value)}
            />
          </Field>
          {code !== undefined && (
            <Field label="Code" hint="From your authenticator, or a recovery code" required>
              <Input
                value={code}
                autoComplete="one-time-code"
                autoFocus
                onChange={(_, data) => setCode(data.value)}
              />
            </Field>
          )}
          <Button appearance="primary" type="submit" disabled={busy}>
            Sign in
          </Button>
        </form>
      </Card>
    </main>
  );
}
