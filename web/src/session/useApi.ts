import { useMemo } from "react";
import { WorkspaceApi } from "../api/typed";
import { useSession } from "./session";

/** The API of the workspace that is looked at. */
export function useApi(): WorkspaceApi {
  const { workspace } = useSession();
  return useMemo(
    () => new WorkspaceApi(workspace?.id ?? "", workspace?.resourceId ?? ""),
    [workspace?.id, workspace?.resourceId],
  );
}
