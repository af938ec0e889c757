/**
 * Some deeds want a proof of who sits at the desk: what lets people in changes only after a sign-in or the password
 * a moment ago. Whoever does such a deed wraps it; the password is asked for when the server wants it, and the deed
 * is done then.
 */
import { Field, Input, Text } from "@fluentui/react-components";
import { createContext, useCallback, useContext, useState } from "react";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { server } from "../api/typed";
import { FormDialog } from "../parts/FormDialog";

type Prove = <T>(deed: () => Promise<T>) => Promise<T>;
const Context = createContext<Prove>((deed) => deed());

/** Does a deed, after a proof if one is wanted. Throws what the deed throws. */
export function useProof(): Prove {
  return useContext(Context);
}

interface Asked {
  resolve: () => void;
  reject: (reason: unknown) => void;
}

export function ProofProvider(props: {
  /** Otherwise the person has to sign in again. */
  hasPassword: boolean;
  onSignOut: () => Promise<void>;
  children: ReactNode;
}) {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const prove = useCallback<Prove>(async (deed) => {
    try {
      return await deed();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "ProofRequired") throw error;
      await new Promise<void>((resolve, reject) =>
        setAsked({
          resolve,
          reject: () => reject(error),
        }),
      );
    }
    return deed();
  }, []);
  return (
    <Context.Provider value={prove}>
      {props.children}
      {asked && (
        <ProofDialog
          hasPassword={props.hasPassword}
          onSignOut={props.onSignOut}
          onDone={() => {
            setAsked(undefined);
            asked.resolve();
          }}
          onCancel={() => {
            setAsked(undefined);
            asked.reject(undefined);
          }}
        />
      )}
    </Context.Provider>
  );
}

function ProofDialog(props: {
  hasPassword: boolean;
  onSignOut: () => Promise<void>;
  onDone: () => void;
  onCancel: () => void;
}) {
  const [password, setPassword] = useState("");
  const submit = async () => {
    if (!props.hasPassword) {
      await props.onSignOut();
      return;
    }
    await server.call("POST", "/portal/api/session/confirm", { body: { password } });
    props.onDone();
  };
  return (
    <FormDialog
      title="Confirm that it is you"
      action={props.hasPassword ? "Continue" : "Sign out"}
      ready={!props.hasPassword || password !== ""}
      onSubmit={submit}
      onClose={props.onCancel}
    >
      {props.hasPassword ? (
        <Field label="Your password" required>
          <Input
            type="password"
            value={password}
            autoComplete="current-password"
            autoFocus
            onChange={(_, data) => setPassword(data.value)}
          />
        </Field>
      ) : (
        <Text>Your last sign-in is too long ago for this. Sign out, and in again.</Text>
      )}
    </FormDialog>
  );
}
