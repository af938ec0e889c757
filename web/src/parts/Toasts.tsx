/** Short messages about what was done, at the edge of the window; read out by screen readers. */
import {
  Toast,
  ToastBody,
  ToastTitle,
  Toaster,
  useId,
  useToastController,
} from "@fluentui/react-components";
import { createContext, useCallback, useContext, useMemo } from "react";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { errorText } from "./notices";

interface Notify {
  done: (text: string) => void;
  failed: (what: string, error: unknown) => void;
}
const Context = createContext<Notify | undefined>(undefined);

export function useNotify(): Notify {
  const notify = useContext(Context);
  if (notify === undefined) throw new Error("useNotify outside of Toasts");
  return notify;
}

export function Toasts({ children }: { children: ReactNode }) {
  const id = useId("toasts");
  const { dispatchToast } = useToastController(id);
  const done = useCallback(
    (text: string) =>
      dispatchToast(
        <Toast>
          <ToastTitle>{text}</ToastTitle>
        </Toast>,
        { intent: "success", timeout: 4000 },
      ),
    [dispatchToast],
  );
  const failed = useCallback(
    (what: string, error: unknown) =>
      dispatchToast(
        <Toast>
          <ToastTitle>{what}</ToastTitle>
          <ToastBody>
            {errorText(error)}
            {error instanceof ApiError && error.reference !== "" && (
              <> Reference: {error.reference}</>
            )}
          </ToastBody>
        </Toast>,
        { intent: "error", timeout: 15_000, politeness: "assertive" },
      ),
    [dispatchToast],
  );
  const notify = useMemo(() => ({ done, failed }), [done, failed]);
  return (
    <Context.Provider value={notify}>
      {children}
      <Toaster toasterId={id} position="bottom-end" pauseOnHover pauseOnWindowBlur />
    </Context.Provider>
  );
}
