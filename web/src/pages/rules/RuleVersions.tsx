/** How a rule changed: who, when, what; and going back, also when it was deleted. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Spinner,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router-dom";
import { Confirm } from "../../parts/Confirm";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { LineDiff } from "../../parts/LineDiff";
import { useNotify } from "../../parts/Toasts";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import type { RuleProperties, Version } from "./model";
import { useRuleChange, useVersions } from "./queries";
import { useApi } from "../../session/useApi";

/** A rule as lines: its settings, then its query as it is written. */
function linesOf(p: RuleProperties | undefined): string[] {
  if (p === undefined) return [];
  const { query, lastModifiedUtc: _, ...rest } = p;
  return [...JSON.stringify(rest, null, 2).split("\n"), "", ...(query ?? "").split("\n")];
}

function useVersion(rule: string, version: number) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "version", rule, version],
    enabled: version > 0,
    queryFn: ({ signal }) =>
      api.own.call("GET", "/rules/{rule}/versions/{version}", { path: { rule, version }, signal }),
  });
}

function Difference(props: { rule: string; version: number; before: number; onClose: () => void }) {
  const { rule, version, before, onClose } = props;
  const newer = useVersion(rule, version);
  const older = useVersion(rule, before);
  const loading = newer.isLoading || older.isLoading;
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface style={{ maxWidth: "60rem" }}>
        <DialogBody>
          <DialogTitle>
            {before > 0
              ? `Version ${String(version)} against ${String(before)}`
              : `Version ${String(version)}`}
          </DialogTitle>
          <DialogContent>
            {loading && <Spinner size="tiny" label="Loading" />}
            <ErrorNotice error={newer.error ?? older.error} />
            {newer.data && !loading && (
              <LineDiff
                label={`What version ${String(version)} changed`}
                before={linesOf(older.data?.properties)}
                after={linesOf(newer.data.properties)}
              />
            )}
          </DialogContent>
          <DialogActions>
            <Button onClick={onClose}>Close</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

function useColumns(show: (v: Version) => void, restore: ((v: Version) => void) | undefined) {
  const columns: Column<Version>[] = [
    {
      id: "version",
      title: "Version",
      width: 90,
      fixed: true,
      sortable: true,
      value: (v) => v.version,
      cell: (v) => v.version,
    },
    {
      id: "at",
      title: "When",
      width: 210,
      value: (v) => v.at,
      cell: (v) => <TimeText value={v.at} />,
    },
    { id: "change", title: "Change", width: 160, value: (v) => v.change, cell: (v) => v.change },
    { id: "who", title: "Who", width: 180, value: (v) => v.who, cell: (v) => v.who },
    { id: "address", title: "Address", width: 140, optional: true, cell: (v) => v.address },
    { id: "name", title: "Name", width: 240, value: (v) => v.name, cell: (v) => v.name },
    {
      id: "actions",
      title: "Actions",
      width: 220,
      cell: (v) => (
        <>
          <Button
            size="small"
            aria-label={`What version ${String(v.version)} changed`}
            onClick={() => show(v)}
          >
            Compare
          </Button>{" "}
          {restore && (
            <Button
              size="small"
              aria-label={`Restore version ${String(v.version)}`}
              onClick={() => restore(v)}
            >
              Restore
            </Button>
          )}
        </>
      ),
    },
  ];
  return columns;
}

export function RuleVersions() {
  const id = useParams()["id"] ?? "";
  const api = useApi();
  const notify = useNotify();
  const { may } = useSession();
  const { data, error, isPending, refetch } = useVersions(id);
  const [shown, setShown] = useState<Version | undefined>(undefined);
  const [restoring, setRestoring] = useState<Version | undefined>(undefined);
  const restore = useRuleChange((version: number) =>
    api.own.call("POST", "/rules/{rule}/versions/{version}/restore", {
      path: { rule: id, version },
    }),
  );
  const columns = useColumns(setShown, may("rules/write") ? setRestoring : undefined);
  if (error !== null)
    return (
      <ErrorNotice
        title="The versions can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  const before = (v: Version) => data?.find((other) => other.version < v.version)?.version ?? 0;
  return (
    <>
      <DataGrid
        id="ruleVersions"
        label="Versions"
        columns={columns}
        rows={data ?? []}
        rowKey={(v) => String(v.version)}
        loading={isPending}
        height="28rem"
        empty={<EmptyState title="No versions are kept">Each change of a rule is one.</EmptyState>}
      />
      {shown && (
        <Difference
          rule={id}
          version={shown.version}
          before={before(shown)}
          onClose={() => setShown(undefined)}
        />
      )}
      {restoring && (
        <Confirm
          title={`Restore version ${String(restoring.version)}?`}
          action="Restore"
          onConfirm={async () => {
            await restore.mutateAsync(restoring.version);
            notify.done("The rule is as it was then");
          }}
          onClose={() => setRestoring(undefined)}
        >
          The rule becomes what it was then. That is a new version, so that nothing is lost.
        </Confirm>
      )}
    </>
  );
}
