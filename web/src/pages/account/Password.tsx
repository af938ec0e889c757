import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useState } from "react";
import type { FormEvent } from "react";
import { server } from "../../api/typed";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { PasswordFields } from "../../session/NewPassword";

const useStyles = makeStyles({
  form: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
    maxWidth: "24rem",
  },
});
const EMPTY = { password: "", next: "", again: "" };

export function Password() {
  const styles = useStyles();
  const notify = useNotify();
  const [fields, setFields] = useState(EMPTY);
  const [error, setError] = useState<unknown>(undefined);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    try {
      const body = { password: fields.password, newPassword: fields.next };
      await server.call("POST", "/portal/api/password", { body });
      setFields(EMPTY);
      notify.done("The password was changed. Your other sessions have ended.");
    } catch (problem) {
      setError(problem);
    }
  };
  const ready = fields.password !== "" && fields.next !== "" && fields.next === fields.again;
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)}>
      <PasswordFields {...fields} onChange={(part) => setFields({ ...fields, ...part })} />
      <ErrorNotice error={error} title="The password was not changed" />
      <Button type="submit" disabled={!ready}>
        Change the password
      </Button>
    </form>
  );
}
