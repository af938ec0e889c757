/** What enrolling an authenticator shows: the QR code and the secret, then the recovery codes. */
import { MessageBar, MessageBarBody, makeStyles, tokens } from "@fluentui/react-components";
import qrcode from "qrcode-generator";
import { useMemo } from "react";

export interface Authenticator {
  secret: string;
  uri: string;
}

const useStyles = makeStyles({
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

export function RecoveryCodes({ codes }: { codes: string[] }) {
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

/** For the authenticator to scan, or to be typed. */
export function NewAuthenticator({ uri, secret }: Authenticator) {
  const styles = useStyles();
  return (
    <>
      <QrCode text={uri} />
      <span className={styles.secret}>{secret}</span>
    </>
  );
}
