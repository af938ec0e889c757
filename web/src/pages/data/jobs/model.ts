/** Jobs as the API has them, and what belongs to each kind. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { ApiError, call } from "../../../api/client";
import { useNotify } from "../../../parts/Toasts";
import { useSession } from "../../../session/session";

export interface SummaryRule {
  name: string;
  etag?: string;
  properties: {
    displayName?: string;
    description?: string;
    isActive: boolean;
    statusCode?: string;
    ruleLastModifiedTime?: string;
    ruleDefinition: {
      query: string;
      binSize: number;
      binDelay?: number;
      binStartTime?: string;
      timeSelector?: string;
      destinationTable: string;
    };
  };
}

export const frequencies = ["Once", "Minute", "Hour", "Day", "Week", "Month"] as const;
export type Frequency = (typeof frequencies)[number];

export interface KqlJob {
  name: string;
  etag?: string;
  properties: {
    enabled: boolean;
    query: string;
    destinationTable: string;
    description?: string;
    schedule?: {
      frequency: Frequency;
      interval?: number;
      startTime?: string;
      endTime?: string;
    };
    nextRunTime?: string | null;
    lastModifiedBy?: string;
    lastModifiedTimeUtc?: string;
  };
}

export interface KqlJobRun {
  name: string;
  properties: {
    status: string;
    dueTime?: string | null;
    startTime?: string | null;
    endTime?: string | null;
    rows: number;
    message?: string;
  };
}

/** The path of something below the workspace: "/kqlJobs/NAME". */
export function useJobPath(): (suffix: string) => string {
  const { workspace } = useSession();
  const base = workspace?.resourceId ?? "";
  return useCallback((suffix) => `${base}${suffix}?api-version=2023-09-01`, [base]);
}

export const binMinutes = [20, 30, 60, 120, 180, 360, 720, 1440] as const;

export function binText(minutes: number): string {
  return minutes < 60
    ? `${String(minutes)} min`
    : `${String(minutes / 60)} ${minutes === 60 ? "hour" : "hours"}`;
}

export function scheduleText(schedule: KqlJob["properties"]["schedule"]): string {
  if (schedule === undefined || schedule.frequency === "Once") return "Once";
  const every = schedule.interval ?? 1;
  const word = schedule.frequency.toLowerCase();
  return every === 1 ? `Every ${word}` : `Every ${String(every)} ${word}s`;
}

export const runColours: Record<string, "success" | "danger" | "informative" | "warning"> = {
  Succeeded: "success",
  Failed: "danger",
  Canceled: "warning",
};

/** "2026-03-18T10:00" of a field for times, as UTC; "" is no time. */
export function utcOf(field: string): string | undefined {
  return field === "" ? undefined : `${field}:00Z`;
}
export function fieldOf(time: string | null | undefined): string {
  return (time ?? "").slice(0, 16);
}

/** A new job does not take the place of one that is there: throws when something has the path. */
export async function refuseTaken(path: string): Promise<void> {
  try {
    await call(path);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  throw new Error("The name is taken. Choose another one, or change the one that is there.");
}

/** Something that is done to a job by POST or DELETE, with a word about what became of it. True: it was done. */
export function useJobDeed(): (
  method: "POST" | "DELETE",
  suffix: string,
  done: string,
  body?: unknown,
) => Promise<boolean> {
  const path = useJobPath();
  const notify = useNotify();
  const queries = useQueryClient();
  const deed = useMutation({
    mutationFn: (x: { method: "POST" | "DELETE"; suffix: string; body?: unknown }) =>
      call(path(x.suffix), {
        method: x.method,
        ...(x.body === undefined ? {} : { body: x.body }),
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["data"] }),
  });
  return async (method, suffix, done, body) => {
    try {
      await deed.mutateAsync({ method, suffix, body });
      notify.done(done);
      return true;
    } catch (error) {
      notify.failed("That did not work", error);
      return false;
    }
  };
}
