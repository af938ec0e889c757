/** What people do about themselves: password, second factor, sessions, API keys. */
import { Subtitle1, Text, Title3, makeStyles, tokens } from "@fluentui/react-components";
import { useSession } from "../../session/session";
import { ApiKeys } from "./ApiKeys";
import { Password } from "./Password";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

const useStyles = makeStyles({
  page: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalXXL,
    maxWidth: "60rem",
  },
  head: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "baseline",
    gap: tokens.spacingHorizontalM,
  },
});

export default function Account() {
  const styles = useStyles();
  const { user } = useSession();
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <Title3 as="h1">Your account</Title3>
        <Text>
          {user.displayName || user.name} ({user.name})
        </Text>
      </div>
      {user.hasPassword !== false && (
        <>
          <section aria-label="Password">
            <Subtitle1 as="h2">Password</Subtitle1>
            <Password />
          </section>
          <section aria-label="Second factor">
            <Subtitle1 as="h2">Second factor</Subtitle1>
            <SecondFactor />
          </section>
        </>
      )}
      <section aria-label="Sessions">
        <Subtitle1 as="h2">Sessions</Subtitle1>
        <Sessions />
      </section>
      <section aria-label="API keys">
        <Subtitle1 as="h2">API keys</Subtitle1>
        <ApiKeys />
      </section>
    </div>
  );
}
