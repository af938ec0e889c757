/** Signing in: name and password, a code when the person has a second factor, or an identity provider. */
import {
  Button,
  Divider,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { server } from "../api/typed";
import { errorText } from "../parts/notices";
import { spanText } from "../parts/time";
import { Gate } from "./frame";

/** Seconds that a refusal asks to wait for; 0: none. */
function waitOf(error: unknown): number {
  if (!(error instanceof ApiError)) return 0;
  const body = error.body as { error?: { retryAfter?: number } };
  return typeof body.error?.retryAfter === "number" ? body.error.retryAfter : 0;
}

/** Counts seconds down to 0. */
function useCountdown(): [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return [left, setLeft];
}

function Providers() {
  const { data } = useQuery({
    queryKey: ["providers"],
    queryFn: ({ signal }) => server.call("GET", "/portal/api/providers", { signal }),
    retry: false,
    staleTime: 60_000,
  });
  // Where one lands again: only a place below the portal.
  const next = window.location.pathname + window.location.search;
  if (data === undefined || data.length === 0) return null;
  return (
    <>
      <Divider>or</Divider>
      {data.map((provider) => (
        <Button
          key={provider.name}
          as="a"
          href={`${provider.url}?${new URLSearchParams({ next }).toString()}`}
        >
          Sign in with {provider.title}
        </Button>
      ))}
    </>
  );
}

interface Props {
  /** The session that was there has ended. */
  expired: boolean;
  /** Who it was; another one would not see the page that is waiting. */
  name?: string | undefined;
  problem?: string;
  onSignedIn: () => Promise<void>;
}

export function SignIn(props: Props) {
  const [name, setName] = useState(props.name ?? "");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | undefined>(undefined);
  const [problem, setProblem] = useState(props.problem ?? "");
  const [busy, setBusy] = useState(false);
  const [wait, setWait] = useCountdown();

  const submit = async () => {
    setBusy(true);
    setProblem("");
    try {
      const body = { name, password, ...(code === undefined ? {} : { code }) };
      await server.call("POST", "/portal/api/signin", { body });
      await props.onSignedIn();
    } catch (error) {
      setWait(waitOf(error));
      if (error instanceof ApiError && error.code === "CodeRequired") setCode("");
      else setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Gate title="Vedette" onSubmit={submit}>
      {props.expired && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>The session has ended. Sign in to go on where you were.</MessageBarBody>
        </MessageBar>
      )}
      {problem !== "" && (
        <MessageBar intent="error" layout="multiline" role="alert">
          <MessageBarBody>
            {problem}
            {wait > 0 && <> Try again in {spanText(wait * 1000)}.</>}
          </MessageBarBody>
        </MessageBar>
      )}
      <Field label="User name" required>
        <Input
          value={name}
          autoComplete="username"
          autoFocus={props.name === undefined}
          onChange={(_, data) => setName(data.value)}
        />
      </Field>
      <Field label="Password" required>
        <Input
          type="password"
          value={password}
          autoComplete="current-password"
          autoFocus={props.name !== undefined}
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
      <Button appearance="primary" type="submit" disabled={busy || wait > 0}>
        Sign in
      </Button>
      <Providers />
    </Gate>
  );
}
