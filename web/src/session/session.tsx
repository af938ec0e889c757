/** Who is signed in, which workspace is looked at, and what may be done there. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Spinner } from "@fluentui/react-components";
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { ApiError, useCredentials } from "../api/client";
import { server } from "../api/typed";
import type { Schemas } from "../api/typed";
import { errorText } from "../parts/notices";
import { bringPreferences } from "../parts/preference";
import { NewPassword } from "./NewPassword";
import { Enrolment, ShowCode } from "./SecondFactorGate";
import { SignIn } from "./SignIn";
import { useIdlePause } from "./idle";
import { ProofProvider } from "./proof";

export type Workspace = Schemas["SessionWorkspace"];
export type Tenant = Schemas["SessionTenant"];
export type SessionInfo = Schemas["Session"];
export interface Session extends SessionInfo {
  workspace: Workspace | undefined;
  selectWorkspace: (id: string) => void;
  /** May the person do this in the selected workspace? The server decides; this only hides what it would refuse. */
  may: (right: string) => boolean;
  signOut: () => Promise<void>;
  /** Asks the server again who this is. */
  reload: () => Promise<void>;
}

/** A workspace as people know it: its display name, with the name that queries and ids hold. */
export function workspaceTitle({ name, displayName }: Pick<Workspace, "name" | "displayName">) {
  return displayName === "" || displayName === name ? name : `${displayName} (${name})`;
}

const Context = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(Context);
  if (session === undefined) throw new Error("useSession outside of SessionProvider");
  return session;
}

const REMEMBERED = "vedette.workspace";

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(() => localStorage.getItem(REMEMBERED) ?? "");
  const [ended, setEnded] = useState(false);
  useIdlePause();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["session"],
    queryFn: ({ signal }) => server.call("GET", "/portal/api/session", { signal }),
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  });
  useCredentials(data?.csrfToken ?? "", () => setEnded(true));

  const selectWorkspace = useCallback((id: string) => {
    localStorage.setItem(REMEMBERED, id);
    setChosen(id);
  }, []);
  const signOut = useCallback(async () => {
    const answer = await server.call("POST", "/portal/api/signout");
    // What was asked for belongs to who asked; nothing of it stays for the next one.
    queries.clear();
    // Who came through an identity provider signs out there, too.
    window.location.assign(answer?.redirect ?? "/portal/");
  }, [queries]);

  const person = data?.user.id;
  useEffect(() => {
    // Without the server's the browser's own choices hold.
    if (person !== undefined) bringPreferences(person).catch(() => undefined);
  }, [person]);
  const reload = useCallback(async () => {
    await refetch();
  }, [refetch]);
  const session = useMemo<Session | undefined>(() => {
    if (data === undefined) return undefined;
    const all = data.tenants.flatMap((tenant) => tenant.workspaces);
    const workspace =
      all.find((w) => w.id === chosen) ?? all.find((w) => w.primary) ?? all[0] ?? undefined;
    const may = (right: string) => workspace?.rights.includes(right) ?? false;
    return { ...data, workspace, selectWorkspace, may, signOut, reload };
  }, [data, chosen, selectWorkspace, signOut, reload]);

  const signedIn = async () => {
    await refetch();
    setEnded(false);
    await queries.invalidateQueries();
  };
  if (isPending && !ended) return <Spinner label="Loading" style={{ height: "100%" }} />;
  const refused = error instanceof ApiError && error.status === 401;
  if (session === undefined) {
    const problem = refused || error === null ? "" : errorText(error);
    return <SignIn expired={false} onSignedIn={signedIn} problem={problem} />;
  }
  if (session.mustChangePassword) return <NewPassword onChanged={reload} onSignOut={signOut} />;
  if (session.secondFactor === "enrol") return <Enrolment onDone={reload} onSignOut={signOut} />;
  if (session.secondFactor === "code") return <ShowCode onDone={reload} onSignOut={signOut} />;
  // The page stays where it is below the sign-in, with all that was typed into it.
  const gone = ended || refused;
  return (
    <Context.Provider value={session}>
      <div style={{ height: "100%" }} inert={gone}>
        <ProofProvider hasPassword={session.user.hasPassword ?? false} onSignOut={signOut}>
          {children}
        </ProofProvider>
      </div>
      {gone && <SignIn expired name={session.user.name} onSignedIn={signedIn} />}
    </Context.Provider>
  );
}
