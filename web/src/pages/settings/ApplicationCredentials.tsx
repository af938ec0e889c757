/** Secrets and certificates of one application. */
import {
  Button,
  Field,
  Subtitle2,
  Text,
  Textarea,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useState } from "react";
import { server } from "../../api/typed";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import type { Told } from "./SecretDialog";
import { useSettingsChange, useSettingsList } from "./queries";
import type { Credential } from "./queries";

/** Credentials of one application that are read. */
const MOST = 1000;

const useStyles = makeStyles({
  list: { margin: 0, display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXS },
  bar: { display: "flex", gap: tokens.spacingHorizontalS },
});

interface Credentials {
  title: string;
  name: string;
  list: (signal: AbortSignal) => Promise<Credential[]>;
  remove: (credential: string) => Promise<unknown>;
  writes: boolean;
}

function Credentials(props: Credentials) {
  const styles = useStyles();
  const notify = useNotify();
  const { data, error } = useSettingsList(props.name, props.list);
  const remove = useSettingsChange(props.remove);
  const removeOne = async (id: string) => {
    try {
      await remove.mutateAsync(id);
      notify.done("It is removed");
    } catch (problem) {
      notify.failed("It was not removed", problem);
    }
  };
  return (
    <>
      <Text weight="semibold">{props.title}</Text>
      <ErrorNotice error={error} />
      {data?.length === 0 && <Text>None.</Text>}
      <ul className={styles.list}>
        {(data ?? []).map((c) => (
          <li key={c.id}>
            {c.displayName || c.thumbprint || c.id}
            {c.endDateTime && (
              <>
                {" "}
                until <TimeText value={c.endDateTime} seconds={false} />
              </>
            )}{" "}
            {props.writes && (
              <Button size="small" onClick={() => void removeOne(c.id)}>
                Remove
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

export function ApplicationCredentials(props: {
  id: string;
  name: string;
  onTold: (told: Told) => void;
}) {
  const styles = useStyles();
  const { may } = useSession();
  const notify = useNotify();
  const path = { application: props.id };
  const writes = may("applications/write");
  const [adding, setAdding] = useState(false);
  const [certificate, setCertificate] = useState("");
  const add = useSettingsChange((run: () => Promise<unknown>) => run());
  const addSecret = async () => {
    try {
      await add.mutateAsync(async () => {
        const made = await server.call("POST", "/vedette/v1/applications/{application}/secrets", {
          path,
          body: {},
        });
        const secret = made.secretText ?? made.clientSecret ?? made.secret ?? "";
        props.onTold({ title: "One more secret", values: [["Client secret", secret]] });
      });
    } catch (error) {
      notify.failed("No secret was made", error);
    }
  };
  return (
    <section aria-label={`Credentials of ${props.name}`}>
      <Subtitle2 as="h2">{props.name}</Subtitle2>
      {writes && (
        <div className={styles.bar}>
          <Button size="small" onClick={() => void addSecret()}>
            Add secret
          </Button>
          <Button size="small" onClick={() => setAdding(true)}>
            Add certificate
          </Button>
        </div>
      )}
      <Credentials
        title="Secrets"
        name={`secrets of ${props.id}`}
        list={(signal) =>
          server.all("/vedette/v1/applications/{application}/secrets", MOST, { path, signal })
        }
        remove={(credential) =>
          server.call("DELETE", "/vedette/v1/applications/{application}/secrets/{credential}", {
            path: { ...path, credential },
          })
        }
        writes={writes}
      />
      <Credentials
        title="Certificates"
        name={`certificates of ${props.id}`}
        list={(signal) =>
          server.all("/vedette/v1/applications/{application}/certificates", MOST, { path, signal })
        }
        remove={(credential) =>
          server.call(
            "DELETE",
            "/vedette/v1/applications/{application}/certificates/{credential}",
            {
              path: { ...path, credential },
            },
          )
        }
        writes={writes}
      />
      {adding && (
        <FormDialog
          title="Add a certificate"
          action="Add"
          ready={certificate.trim() !== ""}
          onSubmit={async () => {
            await add.mutateAsync(() =>
              server.call("POST", "/vedette/v1/applications/{application}/certificates", {
                path,
                body: { certificate },
              }),
            );
            setAdding(false);
            setCertificate("");
          }}
          onClose={() => setAdding(false)}
        >
          <Field label="Certificate" hint="PEM, without its private key">
            <Textarea rows={8} value={certificate} onChange={(_, d) => setCertificate(d.value)} />
          </Field>
        </FormDialog>
      )}
    </section>
  );
}
