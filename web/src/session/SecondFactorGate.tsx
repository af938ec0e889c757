/** A second factor is demanded: an authenticator has to be enrolled, or its code shown, before anything else. */
import { Button, Field, Input, MessageBar, MessageBarBody, Text } from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../api/typed";
import { errorText } from "../parts/notices";
import { NewAuthenticator, RecoveryCodes } from "./authenticator";
import type { Authenticator } from "./authenticator";
import { Gate } from "./frame";

interface Props {
  /** The session serves for everything. */
  onDone: () => Promise<void>;
  onSignOut: () => Promise<void>;
}

function Problem({ text }: { text: string }) {
  if (text === "") return null;
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>{text}</MessageBarBody>
    </MessageBar>
  );
}

function CodeField(props: { hint: string; value: string; onChange: (code: string) => void }) {
  return (
    <Field label="Code" hint={props.hint} required>
      <Input
        value={props.value}
        autoComplete="one-time-code"
        autoFocus
        onChange={(_, data) => props.onChange(data.value)}
      />
    </Field>
  );
}

/** One attempt at a time; what went wrong is told. */
function useAttempt() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const attempt = async (deed: () => Promise<void>) => {
    setBusy(true);
    setProblem("");
    try {
      await deed();
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, attempt };
}

/** For who came through an identity provider that did not ask for a second factor. */
export function ShowCode({ onDone, onSignOut }: Props) {
  const [code, setCode] = useState("");
  const { busy, problem, attempt } = useAttempt();
  const submit = () =>
    attempt(async () => {
      await server.call("POST", "/portal/api/session/code", { body: { code } });
      await onDone();
    });
  return (
    <Gate title="One more step" onSubmit={submit}>
      <Problem text={problem} />
      <CodeField
        hint="From your authenticator, or a recovery code"
        value={code}
        onChange={setCode}
      />
      <Button appearance="primary" type="submit" disabled={busy || code === ""}>
        Continue
      </Button>
      <Button onClick={() => void onSignOut()}>Sign out</Button>
    </Gate>
  );
}

export function Enrolment({ onDone, onSignOut }: Props) {
  const [authenticator, setAuthenticator] = useState<Authenticator | undefined>(undefined);
  const [codes, setCodes] = useState<string[] | undefined>(undefined);
  const [code, setCode] = useState("");
  const { busy, problem, attempt } = useAttempt();
  const submit = () =>
    attempt(async () => {
      if (codes) await onDone();
      else if (authenticator) {
        const body = { code };
        const answer = await server.call("POST", "/portal/api/totp/confirm", { body });
        setCodes(answer.recoveryCodes);
      } else setAuthenticator(await server.call("POST", "/portal/api/totp"));
    });
  const action = codes ? "Continue" : authenticator ? "Confirm" : "Set up an authenticator";
  return (
    <Gate title="Set up a second factor" onSubmit={submit}>
      <Problem text={problem} />
      {codes ? (
        <RecoveryCodes codes={codes} />
      ) : authenticator ? (
        <>
          <Text>
            Scan this with your authenticator, or type the secret, and enter the code that it shows.
          </Text>
          <NewAuthenticator {...authenticator} />
          <CodeField hint="Six digits" value={code} onChange={setCode} />
        </>
      ) : (
        <Text>
          A password alone is not enough here. Get an authenticator app ready, such as the one on
          your phone; you will be asked for its code at each sign-in.
        </Text>
      )}
      <Button
        appearance="primary"
        type="submit"
        disabled={busy || (authenticator !== undefined && !codes && code === "")}
      >
        {action}
      </Button>
      {!codes && <Button onClick={() => void onSignOut()}>Sign out</Button>}
    </Gate>
  );
}
