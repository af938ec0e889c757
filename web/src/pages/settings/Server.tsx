/** The server itself: its certificate, and its limits with where they stand. */
import {
  Badge,
  Button,
  Card,
  MessageBar,
  MessageBarBody,
  Subtitle2,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { ApiError } from "../../api/client";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { Facts } from "../../parts/Facts";
import { useNotify } from "../../parts/Toasts";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText, spanText } from "../../parts/time";
import { useSession } from "../../session/session";
import { bytesText } from "../data/queries";
import { useSettingsChange, useSettingsList } from "./queries";

/** From here on it is time to do something about a certificate. */
const WARN_DAYS = 30;

const useStyles = makeStyles({
  page: {
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalM,
    overflowY: "auto",
    "& > *": { flexShrink: 0 },
  },
  print: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: "anywhere" },
});

type Limit = Schemas["ServerLimit"];

/** 3 minutes, 1 GB, 500,000: a figure in its unit. */
function amountText(value: number, unit: string): string {
  if (unit === "s") return spanText(value * 1000);
  if (unit === "B") return bytesText(value);
  return `${value.toLocaleString("en")}${unit === "1/s" ? " a second" : ""}`;
}

const columns: Column<Limit>[] = [
  {
    id: "group",
    title: "Of",
    width: 110,
    sortable: true,
    value: (l) => l.group,
    cell: (l) => l.group,
  },
  {
    id: "title",
    title: "Limit",
    width: 330,
    fixed: true,
    sortable: true,
    value: (l) => l.title,
    cell: (l) => l.title,
  },
  {
    id: "value",
    title: "At most",
    width: 150,
    cell: (l) => (l.value === null ? "No limit of its own" : amountText(l.value, l.unit)),
  },
  {
    id: "used",
    title: "In use",
    width: 100,
    cell: (l) => (l.used === undefined ? "" : amountText(l.used, l.unit)),
  },
  {
    id: "refused",
    title: "Refused",
    width: 110,
    cell: (l) =>
      l.refused === undefined ? (
        ""
      ) : (
        <Badge appearance="tint" color={l.refused > 0 ? "warning" : "success"}>
          {l.refused.toLocaleString("en")}
        </Badge>
      ),
  },
  {
    id: "setting",
    title: "Setting",
    width: 220,
    sortable: true,
    value: (l) => l.setting,
    cell: (l) => l.setting,
  },
];

function Expiry({ daysLeft, ownFiles }: { daysLeft: number; ownFiles: boolean }) {
  if (daysLeft >= WARN_DAYS) return null;
  return (
    <MessageBar intent={daysLeft < 7 ? "error" : "warning"} layout="multiline">
      <MessageBarBody>
        {daysLeft < 0
          ? "The certificate has expired: clients refuse the server."
          : `The certificate expires in ${String(daysLeft)} days.`}{" "}
        {ownFiles
          ? "Renew the files of the settings tls_cert and tls_key, then read them again."
          : "Renew it here."}
      </MessageBarBody>
    </MessageBar>
  );
}

function CertificateCard() {
  const styles = useStyles();
  const { may } = useSession();
  const notify = useNotify();
  const { data, error } = useQuery({
    queryKey: ["settings", "certificate"],
    queryFn: ({ signal }) => server.call("GET", "/vedette/v1/server/certificate", { signal }),
  });
  const reload = useSettingsChange(() =>
    server.call("POST", "/vedette/v1/server/certificate/reload"),
  );
  const again = async () => {
    try {
      const { sha256 } = await reload.mutateAsync(undefined);
      notify.done(
        sha256 === data?.sha256
          ? "The files hold the certificate that is in use"
          : "New connections get the new certificate",
      );
    } catch (problem) {
      notify.failed("The certificate stays as it is", problem);
    }
  };
  if (error instanceof ApiError && error.status === 404)
    return (
      <Card>
        <Subtitle2 as="h2">Certificate</Subtitle2>
        <Text>The server serves plain HTTP; it has no certificate.</Text>
      </Card>
    );
  return (
    <Card>
      <Subtitle2 as="h2">Certificate</Subtitle2>
      <ErrorNotice title="The certificate can't be shown" error={error} />
      {data && (
        <>
          <Expiry daysLeft={data.daysLeft} ownFiles={data.ownFiles} />
          <Facts
            facts={[
              ["Subject", data.subject],
              ["Names", data.names],
              ["Issuer", data.issuer],
              ["Valid from", <TimeText key="f" value={data.validFrom} />],
              ["Expires", <TimeText key="u" value={data.validUntil} />],
              [
                "SHA-256",
                <span key="s" className={styles.print}>
                  {data.sha256}
                </span>,
              ],
              [
                "Comes from",
                data.ownFiles
                  ? "the files of the settings tls_cert and tls_key"
                  : "the local CA of this server",
              ],
            ]}
          />
          {may("servers/write") && (
            <div>
              <Button disabled={reload.isPending} onClick={() => void again()}>
                {data.ownFiles ? "Read the files again" : "Renew if it is due"}
              </Button>
            </div>
          )}
          <Text size={200}>
            Keys never cross the network: put new files on the server, then read them again. Open
            connections go on; syslog over TLS takes it up at the next start.
          </Text>
        </>
      )}
    </Card>
  );
}

export function Server() {
  const styles = useStyles();
  const { data, error, isPending, refetch } = useSettingsList("limits", (signal) =>
    server.all("/vedette/v1/server/limits", 1000, { signal }),
  );
  return (
    <div className={styles.page}>
      <CertificateCard />
      <Subtitle2 as="h2">Limits</Subtitle2>
      <Text>
        They are settings of the server&apos;s configuration file, and change with a start. What a
        tenant may use is set with the tenant.
      </Text>
      <ErrorNotice title="The limits can't be shown" error={error} onRetry={() => void refetch()} />
      <DataGrid
        id="limits"
        label="Limits"
        columns={columns}
        rows={data ?? []}
        rowKey={(l) => l.setting}
        loading={isPending}
        height="26rem"
        empty={<EmptyState title="There are no limits" />}
      />
    </div>
  );
}
