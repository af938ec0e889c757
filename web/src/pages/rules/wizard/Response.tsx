/** Step Automated response: the playbooks that a rule calls. */
import { Button, MessageBar, MessageBarBody, Text } from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNotify } from "../../../parts/Toasts";
import { ErrorNotice } from "../../../parts/notices";
import { useSession } from "../../../session/session";
import { useApi } from "../../../session/useApi";

export function Response({ id, isNew }: { id: string; isNew: boolean }) {
  const api = useApi();
  const { workspace } = useSession();
  const queries = useQueryClient();
  const notify = useNotify();
  const { data, error } = useQuery({
    queryKey: ["actions", workspace?.id, id],
    enabled: !isNew,
    queryFn: ({ signal }) =>
      api.sentinel.all("/alertRules/{rule}/actions", 100, { path: { rule: id }, signal }),
  });
  const remove = async (name: string) => {
    try {
      await api.sentinel.call("DELETE", "/alertRules/{rule}/actions/{action}", {
        path: { rule: id, action: name },
      });
      await queries.invalidateQueries({ queryKey: ["actions"] });
    } catch (problem) {
      notify.failed("The playbook stays", problem);
    }
  };
  return (
    <>
      <MessageBar intent="info" layout="multiline">
        <MessageBarBody>
          Automation rules act on incidents in Sentinel; this server has none yet. Playbooks that a
          rule of Sentinel calls are kept with it, and are not run.
        </MessageBarBody>
      </MessageBar>
      <ErrorNotice error={error} />
      {(data ?? []).length === 0 && <Text>The rule names no playbooks.</Text>}
      <ul>
        {(data ?? []).map((a) => (
          <li key={a.name}>
            {a.properties.logicAppResourceId}{" "}
            <Button
              size="small"
              appearance="subtle"
              icon={<DeleteRegular />}
              aria-label="Remove the playbook"
              onClick={() => void remove(a.name)}
            />
          </li>
        ))}
      </ul>
    </>
  );
}
