/** Codes of an authenticator (TOTP): enrolment by a QR code, recovery codes, and the end of it. */
import {
  Button,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import qrcode from "qrcode-generator";
import { useMemo, useState } from "react";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { ErrorNotice } from "../../parts/notices";
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
  secret: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: "anywhere" },
  codes: { columnCount: 2, fontFamily: tokens.fontFamilyMonospace, margin: 0 },
});

const MODULE = 4;
const QUIET = 4;

/** The text as a QR code, drawn as one path. */
function QrCode({ text }: { text: string }) {
  const { path, size } = useMemo(() => {
    const code = qrcode(0, "M");
    code.addData(text);
    code.make();
    const n = code.getModuleCount();
    let d = "";
    for (let row = 0; row < n; row++)
      for (let col = 0; col < n; col++)
        if (code.isDark(row, col)) d += `M${String(col + QUIET)} ${String(row + QUIET)}h1v1h-1z`;
    return { path: d, size: n + 2 * QUIET };
  }, [text]);
  return (
    <svg
      role="img"
      aria-label="QR code for your authenticator"
      width={size * MODULE}
      height={size * MODULE}
      viewBox={`0 0 ${String(size)} ${String(size)}`}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function Codes({ codes }: { codes: string[] }) {
  const styles = useStyles();
  return (
    <>
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>
          Keep these recovery codes where you find them without your authenticator. Each works once;
          they are not shown again.
        </MessageBarBody>
      </MessageBar>
      <ul className={styles.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </>
  );
}

type Enrolment = Schemas["Totp"];

export function SecondFactor() {
  const styles = useStyles();
  const { user, reload } = useSession();
  const [enrolment, setEnrolment] = useState<Enrolment | undefined>(undefined);
  const [codes, setCodes] = useState<string[] | undefined>(undefined);
  const [code, setCode] = useState("");
  const [error, setError] = useState<unknown>(undefined);

  const attempt = async (deed: () => Promise<void>) => {
    setError(undefined);
    try {
      await deed();
      await reload();
    } catch (problem) {
      setError(problem);
    }
  };
  const begin = () =>
    attempt(async () => {
      setCodes(undefined);
      setEnrolment(await server.call("POST", "/portal/api/totp"));
    });
  const withCode = (path: CodePath) =>
    attempt(async () => {
      const answer = await server.call("POST", path, { body: { code } });
      setCode("");
      setEnrolment(undefined);
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
          <QrCode text={enrolment.uri} />
          <span className={styles.secret}>{enrolment.secret}</span>
          <div className={styles.row}>
            {codeField}
            <Button
              appearance="primary"
              disabled={code === ""}
              onClick={() => void withCode("/portal/api/totp/confirm")}
            >
              Confirm
            </Button>
            <Button onClick={() => setEnrolment(undefined)}>Cancel</Button>
          </div>
        </>
      )}
      {codes && <Codes codes={codes} />}
      <ErrorNotice error={error} />
    </div>
  );
}
