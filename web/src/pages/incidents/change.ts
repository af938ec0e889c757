/** Changing several incidents, each in its workspace: with the etag that it has, and once more with the newest when that was old. */
import { ApiError } from "../../api/client";
import type { Incident, IncidentProperties } from "../../api/incidents";
import { errorText } from "../../parts/notices";
import type { QueueIncident } from "./streams";

export type Change = (incident: Incident) => Partial<IncidentProperties>;

export interface Outcome {
  changed: number;
  failed: { title: string; why: string }[];
}

const AT_A_TIME = 4;

async function changeOne(incident: QueueIncident, change: Change): Promise<void> {
  const { api } = incident.home;
  try {
    await api.change(incident, change(incident));
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
    const newest = await api.get(incident.name);
    await api.change(newest, change(newest));
  }
}

export async function changeAll(incidents: QueueIncident[], change: Change): Promise<Outcome> {
  const outcome: Outcome = { changed: 0, failed: [] };
  const waiting = [...incidents];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await changeOne(next, change);
        outcome.changed++;
      } catch (error) {
        outcome.failed.push({ title: next.properties.title, why: errorText(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return outcome;
}
