/** Asks before a page is left that holds what was written and not saved. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from "@fluentui/react-components";
import { useCallback, useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { useBlocker } from "react-router-dom";

export interface UnsavedState {
  asking: boolean;
  stay: () => void;
  leave: () => void;
  /** It was saved, or is wanted no more: the next step is not held back. */
  forget: () => void;
}

/** dirty: there is something that would be lost. Closing the window is asked about by the browser. */
export function useUnsaved(dirty: boolean): UnsavedState {
  const forgotten = useRef(false);
  const blocker = useBlocker(
    ({ currentLocation: from, nextLocation: to }) =>
      dirty && !forgotten.current && from.pathname + from.search !== to.pathname + to.search,
  );
  useEffect(() => {
    if (!dirty) return undefined;
    const ask = (event: BeforeUnloadEvent) => {
      if (!forgotten.current) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [dirty]);
  const forget = useCallback(() => {
    forgotten.current = true;
  }, []);
  return {
    asking: blocker.state === "blocked",
    stay: () => blocker.reset?.(),
    leave: () => blocker.proceed?.(),
    forget,
  };
}

export function Unsaved({ unsaved, children }: { unsaved: UnsavedState; children: ReactNode }) {
  if (!unsaved.asking) return null;
  return (
    <Dialog open modalType="alert" onOpenChange={(_, d) => !d.open && unsaved.stay()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Leave without saving?</DialogTitle>
          <DialogContent>{children}</DialogContent>
          <DialogActions>
            <Button onClick={unsaved.leave}>Leave</Button>
            <Button appearance="primary" onClick={unsaved.stay}>
              Stay
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
