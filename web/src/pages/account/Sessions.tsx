import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { ErrorNotice } from "../../parts/notices";
import { TimeText } from "../../parts/time";

const useStyles = makeStyles({
  stack: {
    display: "flex",
    flexDirection: "column",
    alignItems: "flex-start",
    gap: tokens.spacingVerticalS,
  },
  list: { width: "100%", height: "14rem" },
});

type OwnSession = Schemas["OwnSession"];

export function Sessions() {
  const styles = useStyles();
  const [error, setError] = useState<unknown>(undefined);
  const sessions = useQuery({
    queryKey: ["own-sessions"],
    queryFn: async () => (await server.call("GET", "/portal/api/sessions")).value,
  });
  const end = async (ask: () => Promise<unknown>) => {
    setError(undefined);
    try {
      await ask();
    } catch (problem) {
      setError(problem);
    }
    await sessions.refetch();
  };
  const columns: Column<OwnSession>[] = [
    {
      id: "end",
      title: "Action",
      width: 110,
      fixed: true,
      cell: (s) =>
        s.current ? (
          "This one"
        ) : (
          <Button
            size="small"
            onClick={() =>
              void end(() =>
                server.call("DELETE", "/portal/api/sessions/{session}", {
                  path: { session: s.id },
                }),
              )
            }
          >
            End
          </Button>
        ),
    },
    { id: "agent", title: "Browser", width: 280, value: (s) => s.agent, cell: (s) => s.agent },
    { id: "address", title: "Address", value: (s) => s.address, cell: (s) => s.address },
    {
      id: "seen",
      title: "Last seen",
      width: 200,
      value: (s) => s.lastSeen,
      cell: (s) => <TimeText value={s.lastSeen} />,
    },
    {
      id: "created",
      title: "Signed in",
      width: 200,
      value: (s) => s.created,
      cell: (s) => <TimeText value={s.created} />,
    },
  ];
  return (
    <div className={styles.stack}>
      <ErrorNotice error={error ?? sessions.error} onRetry={() => void sessions.refetch()} />
      <div className={styles.list}>
        <DataGrid
          id="own-sessions"
          label="Your sessions"
          columns={columns}
          rows={sessions.data ?? []}
          rowKey={(s) => s.id}
          loading={sessions.isPending}
        />
      </div>
      <Button onClick={() => void end(() => server.call("DELETE", "/portal/api/sessions"))}>
        End all others
      </Button>
    </div>
  );
}
