/** A password that somebody else chose has to be changed before anything else. */
import { Button, Field, Input, MessageBar, MessageBarBody } from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../api/typed";
import { errorText } from "../parts/notices";
import { Gate } from "./frame";

export function NewPassword(props: {
  onChanged: () => Promise<void>;
  onSignOut: () => Promise<void>;
}) {
  const [password, setPassword] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const differ = again !== "" && again !== next;
  const submit = async () => {
    setBusy(true);
    setProblem("");
    try {
      await server.call("POST", "/portal/api/password", { body: { password, newPassword: next } });
      await props.onChanged();
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Gate title="Choose a password" onSubmit={submit}>
      <MessageBar intent="info" layout="multiline">
        <MessageBarBody>
          The password that you have was given to you. Choose one that only you know.
        </MessageBarBody>
      </MessageBar>
      {problem !== "" && (
        <MessageBar intent="error" layout="multiline" role="alert">
          <MessageBarBody>{problem}</MessageBarBody>
        </MessageBar>
      )}
      <PasswordFields
        password={password}
        next={next}
        again={again}
        onChange={(part) => {
          if (part.password !== undefined) setPassword(part.password);
          if (part.next !== undefined) setNext(part.next);
          if (part.again !== undefined) setAgain(part.again);
        }}
      />
      <Button
        appearance="primary"
        type="submit"
        disabled={busy || differ || password === "" || next === "" || again === ""}
      >
        Change the password
      </Button>
      <Button onClick={() => void props.onSignOut()}>Sign out</Button>
    </Gate>
  );
}

interface Fields {
  password: string;
  next: string;
  again: string;
}

/** The old password, the new one, and the new one again. */
export function PasswordFields(props: Fields & { onChange: (part: Partial<Fields>) => void }) {
  const { password, next, again, onChange } = props;
  const differ = again !== "" && again !== next;
  return (
    <>
      <Field label="Current password" required>
        <Input
          type="password"
          value={password}
          autoComplete="current-password"
          onChange={(_, data) => onChange({ password: data.value })}
        />
      </Field>
      <Field label="New password" hint="At least 12 characters" required>
        <Input
          type="password"
          value={next}
          autoComplete="new-password"
          onChange={(_, data) => onChange({ next: data.value })}
        />
      </Field>
      <Field
        label="New password again"
        required
        {...(differ ? { validationMessage: "The two are not the same." } : {})}
      >
        <Input
          type="password"
          value={again}
          autoComplete="new-password"
          onChange={(_, data) => onChange({ again: data.value })}
        />
      </Field>
    </>
  );
}
