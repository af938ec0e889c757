/** Jobs as the API has them, and what belongs to each kind. */
import { ApiError } from "../../../api/client";
import type { Schemas, WorkspaceApi } from "../../../api/typed";
import { useNotify } from "../../../parts/Toasts";
import { useApi } from "../../../session/useApi";
import { useDataChange } from "../queries";

export type SummaryRule = Schemas["SummaryRule"];
export type KqlJob = Schemas["KqlJob"];
export type KqlJobRun = Schemas["KqlJobRun"];
export type Frequency = KqlJob["properties"]["schedule"]["frequency"];

export const frequencies: readonly Frequency[] = ["Once", "Minute", "Hour", "Day", "Week", "Month"];

export const binMinutes = [20, 30, 60, 120, 180, 360, 720, 1440] as const;

export function binText(minutes: number): string {
  return minutes < 60
    ? `${String(minutes)} min`
    : `${String(minutes / 60)} ${minutes === 60 ? "hour" : "hours"}`;
}

export function scheduleText(schedule: KqlJob["properties"]["schedule"]): string {
  if (schedule.frequency === "Once") return "Once";
  const every = schedule.interval ?? 1;
  const word = schedule.frequency.toLowerCase();
  return every === 1 ? `Every ${word}` : `Every ${String(every)} ${word}s`;
}

export const runColours: Record<string, "success" | "danger" | "informative" | "warning"> = {
  Succeeded: "success",
  Failed: "danger",
  Canceled: "warning",
};

/** "2026-03-18T10:00" of a field for times, as UTC. */
export function utcOf(field: string): string {
  return `${field}:00Z`;
}
export function fieldOf(time: string | null | undefined): string {
  return (time ?? "").slice(0, 16);
}

/** A new job does not take the place of one that is there: throws when there is an answer. */
export async function refuseTaken(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  throw new Error("The name is taken. Choose another one, or change the one that is there.");
}

export type Arm = WorkspaceApi["arm"];
export type Deed = (arm: Arm) => Promise<unknown>;

/** Something that is done to a job, with a word about what became of it. True: it was done. */
export function useJobDeed(): (run: Deed, done: string) => Promise<boolean> {
  const { arm } = useApi();
  const notify = useNotify();
  const deed = useDataChange((run: Deed) => run(arm));
  return async (run, done) => {
    try {
      await deed.mutateAsync(run);
      notify.done(done);
      return true;
    } catch (error) {
      notify.failed("That did not work", error);
      return false;
    }
  };
}
