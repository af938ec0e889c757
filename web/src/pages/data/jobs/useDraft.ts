/** The fields of a form as one value, and whether they are still what they were. */
import { useCallback, useState } from "react";

export function useDraft<T extends object>(start: T) {
  const [first] = useState(start);
  const [draft, setDraft] = useState(start);
  const change = useCallback(
    (changed: Partial<T>) => setDraft((now) => ({ ...now, ...changed })),
    [],
  );
  return { draft, change, dirty: draft !== first };
}
