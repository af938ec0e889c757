/** The card in the middle of an otherwise empty page: signing in, and what has to be done before going on. */
import { Card, Title2, makeStyles, tokens } from "@fluentui/react-components";
import type { FormEvent, ReactNode } from "react";

const useStyles = makeStyles({
  page: {
    position: "fixed",
    inset: 0,
    zIndex: 1000,
    overflow: "auto",
    display: "grid",
    placeItems: "center",
    backgroundColor: tokens.colorNeutralBackground3,
  },
  card: { width: "min(24rem, 92vw)", padding: tokens.spacingHorizontalXXL },
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

export function Gate(props: { title: string; onSubmit: () => Promise<void>; children: ReactNode }) {
  const styles = useStyles();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void props.onSubmit();
  };
  return (
    <main className={styles.page}>
      <Card className={styles.card}>
        <form className={styles.form} onSubmit={submit}>
          <Title2 as="h1">{props.title}</Title2>
          {props.children}
        </form>
      </Card>
    </main>
  );
}
