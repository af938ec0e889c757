/** Is the window narrow: a tablet held upright, or zoomed? */
import { useSyncExternalStore } from "react";

/** As in the styles of the frame. */
export const NARROW = "(max-width: 48rem)";

const query = window.matchMedia(NARROW);

function subscribe(changed: () => void): () => void {
  query.addEventListener("change", changed);
  return () => query.removeEventListener("change", changed);
}

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
