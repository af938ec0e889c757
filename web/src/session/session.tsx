/** Who is signed in, which workspace is looked at, and what may be done there. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Spinner } from "@fluentui/react-components";
import { createContext, useCallback, useContext, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { ApiError, call, useCredentials } from "../api/client";
import { SignIn } from "./SignIn";

export interface Workspace {
  id: string;
  name: string;
  resourceId: string;
  primary: boolean;
  rights: string[];
}
export interface Tenant {
  id: string;
  name: string;
  workspaces: Workspace[];
}
export interface SessionInfo {
  user: { id: string; name: string; displayName: string };
  csrfToken: string;
  expires: string;
  tenants: Tenant[];
}
export interface Session extends SessionInfo {
  workspace: Workspace | undefined;
  selectWorkspace: (id: string) => void;
  /** May the person do this in the selected workspace? The server decides; this only hides what it would refuse. */
  may: (right: string) => boolean;
  signOut: () => Promise<void>;
}

const Context = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(Context);
  if (session === undefined) throw new Error("useSession outside of SessionProvider");
  return session;
}

/** The selected workspace's ARM id with a path below it: `/providers/Microsoft.SecurityInsights/incidents`. */
export function useWorkspacePath(): (suffix: string) => string {
  const { workspace } = useSession();
  return useCallback((suffix) => (workspace?.resourceId ?? "") + suffix, [workspace]);
}

const REMEMBERED = "vedette.workspace";

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(() => localStorage.getItem(REMEMBERED) ?? "");
  const [ended, setEnded] = useState(false);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["session"],
    queryFn: ({ signal }) => call<SessionInfo>("/portal/api/session", { signal }),
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  });
  useCredentials(data?.csrfToken ?? "", () => setEnded(true));

  const selectWorkspace = useCallback((id: string) => {
    localStorage.setItem(REMEMBERED, id);
    setChosen(id);
  }, []);
  const signOut = useCallback(async () => {
    await call("/portal/api/signout", { method: "POST" });
    setEnded(true);
    queries.clear();
  }, [queries]);

  const session = useMemo<Session | undefined>(() => {
    if (data === undefined) return undefined;
    const all = data.tenants.flatMap((tenant) => tenant.workspaces);
    const workspace =
      all.find((w) => w.id === chosen) ?? all.find((w) => w.primary) ?? all[0] ?? undefined;
    const may = (right: string) => workspace?.rights.includes(right) ?? false;
    return { ...data, workspace, selectWorkspace, may, signOut };
  }, [data, chosen, selectWorkspace, signOut]);

  const signedIn = async () => {
    await queries.invalidateQueries();
    await refetch();
    setEnded(false);
  };
  if (ended || (error instanceof ApiError && error.status === 401))
    return <SignIn expired={ended && data !== undefined} onSignedIn={signedIn} />;
  if (isPending) return <Spinner label="Loading" style={{ height: "100%" }} />;
  if (session === undefined)
    return <SignIn expired={false} onSignedIn={signedIn} problem={error?.message ?? ""} />;
  return <Context.Provider value={session}>{children}</Context.Provider>;
}
