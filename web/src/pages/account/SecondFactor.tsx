/** Codes of an authenticator (TOTP): enrolment by a QR code, recovery codes, and the end of it. */
import { Button, Field, Input, Text, makeStyles, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../../api/typed";
import { ErrorNotice } from "../../parts/notices";
import { NewAuthenticator, RecoveryCodes } from "../../session/authenticator";
import type { Authenticator } from "../../session/authenticator";
import { useProof } from "../../session/proof";
import { useSession } from "../../session/session";

type CodePath =
  | "/portal/api/totp/confirm"
  | "/portal/api/totp/remove"
  | "/portal/api/recovery-codes";

const useStyles = makeStyles({
  stack: {
    display: "flex",
    flexDirection: "column",
    alignItems: "flex-start",
    gap: tokens.spacingVerticalS,
    maxWidth: "30rem",
  },
  row: {
    display: "flex",
    gap: tokens.spacingHorizontalS,
    alignItems: "flex-end",
    flexWrap: "wrap",
  },
});

export function SecondFactor() {
  const styles = useStyles();
  const { user, reload } = useSession();
  const prove = useProof();
  const [enrolment, setAuthenticator] = useState<Authenticator | undefined>(undefined);
  const [codes, setCodes] = useState<string[] | undefined>(undefined);
  const [code, setCode] = useState("");
  const [error, setError] = useState<unknown>(undefined);

  const attempt = async (deed: () => Promise<void>) => {
    setError(undefined);
    try {
      await prove(deed);
      await reload();
    } catch (problem) {
      setError(problem);
    }
  };
  const begin = () =>
    attempt(async () => {
      setCodes(undefined);
      setAuthenticator(await server.call("POST", "/portal/api/totp"));
    });
  const withCode = (path: CodePath) =>
    attempt(async () => {
      const answer = await server.call("POST", path, { body: { code } });
      setCode("");
      setAuthenticator(undefined);
      setCodes(answer?.recoveryCodes);
    });
  const codeField = (
    <Field label="Code of your authenticator" required>
      <Input
        value={code}
        autoComplete="one-time-code"
        onChange={(_, data) => setCode(data.value)}
      />
    </Field>
  );

  return (
    <div className={styles.stack}>
      {user.hasTotp && !enrolment && (
        <>
          <Text>
            Signing in asks for a code of your authenticator. {user.recoveryCodesLeft ?? 0} recovery
            codes are left.
          </Text>
          <div className={styles.row}>
            {codeField}
            <Button
              disabled={code === ""}
              onClick={() => void withCode("/portal/api/recovery-codes")}
            >
              New recovery codes
            </Button>
            <Button disabled={code === ""} onClick={() => void withCode("/portal/api/totp/remove")}>
              Turn off
            </Button>
          </div>
        </>
      )}
      {!user.hasTotp && !enrolment && (
        <>
          <Text>
            A code of an authenticator on your phone keeps others out who know your password.
          </Text>
          <Button onClick={() => void begin()}>Set up an authenticator</Button>
        </>
      )}
      {enrolment && (
        <>
          <Text>
            Scan this with your authenticator, or type the secret, and enter the code that it shows.
          </Text>
          <NewAuthenticator {...enrolment} />
          <div className={styles.row}>
            {codeField}
            <Button
              appearance="primary"
              disabled={code === ""}
              onClick={() => void withCode("/portal/api/totp/confirm")}
            >
              Confirm
            </Button>
            <Button onClick={() => setAuthenticator(undefined)}>Cancel</Button>
          </div>
        </>
      )}
      {codes && <RecoveryCodes codes={codes} />}
      <ErrorNotice error={error} />
    </div>
  );
}
