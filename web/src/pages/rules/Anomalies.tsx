/** Settings of anomalies: which are on, and in which mode. */
import { MessageBar, MessageBarBody, Switch } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { useNotify } from "../../parts/Toasts";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { useSession } from "../../session/session";
import { TacticList } from "./TacticList";
import { useApi } from "../../session/useApi";
import type { Schemas } from "../../api/typed";

type Anomaly = Schemas["AnomalySettings"];

function useAnomalies() {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["anomalies", workspace?.id],
    queryFn: ({ signal }) => api.sentinel.all("/securityMLAnalyticsSettings", 2000, { signal }),
  });
}

function useSwitch() {
  const queries = useQueryClient();
  const api = useApi();
  const notify = useNotify();
  return useMutation({
    mutationFn: ({ anomaly, enabled }: { anomaly: Anomaly; enabled: boolean }) =>
      api.sentinel.call("PUT", "/securityMLAnalyticsSettings/{settings}", {
        path: { settings: anomaly.name },
        body: { ...anomaly, properties: { ...anomaly.properties, enabled } },
      }),
    onError: (error) => notify.failed("The anomaly was not changed", error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["anomalies"] }),
  });
}

export function Anomalies() {
  const { may } = useSession();
  const { data, error, isPending, refetch } = useAnomalies();
  const change = useSwitch();
  const writes = may("rules/write");
  const columns = useMemo<Column<Anomaly>[]>(
    () => [
      {
        id: "name",
        title: "Name",
        width: 320,
        fixed: true,
        sortable: true,
        value: (a) => a.properties.displayName,
        cell: (a) => a.properties.displayName,
      },
      {
        id: "enabled",
        title: "Status",
        width: 120,
        cell: (a) => (
          <Switch
            aria-label={`${a.properties.displayName} is enabled`}
            checked={a.properties.enabled}
            disabled={!writes || change.isPending}
            onChange={(_, on) => change.mutate({ anomaly: a, enabled: on.checked })}
          />
        ),
      },
      { id: "mode", title: "Mode", width: 120, cell: (a) => a.properties.settingsStatus },
      {
        id: "tactics",
        title: "Tactics",
        width: 190,
        cell: (a) => <TacticList names={a.properties.tactics ?? []} />,
      },
      {
        id: "techniques",
        title: "Techniques",
        width: 130,
        cell: (a) => (a.properties.techniques ?? []).join(", "),
      },
      {
        id: "sources",
        title: "Data sources",
        width: 200,
        cell: (a) =>
          (a.properties.requiredDataConnectors ?? []).flatMap((c) => c.dataTypes).join(", "),
      },
      {
        id: "version",
        title: "Version",
        width: 90,
        cell: (a) => a.properties.anomalyVersion ?? "",
      },
    ],
    [writes, change],
  );
  if (error !== null)
    return (
      <ErrorNotice
        title="The anomalies can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <>
      <MessageBar intent="info">
        <MessageBarBody>
          Settings of anomalies are kept as Sentinel has them. Nothing looks for anomalies by them.
        </MessageBarBody>
      </MessageBar>
      <DataGrid
        id="anomalies"
        label="Anomalies"
        columns={columns}
        rows={data ?? []}
        rowKey={(a) => a.name}
        loading={isPending}
        empty={
          <EmptyState title="There are no settings of anomalies">
            They come by the API, at securityMLAnalyticsSettings.
          </EmptyState>
        }
      />
    </>
  );
}
