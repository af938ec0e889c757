/** An incident as one JSON document: itself and everything that belongs to it. */
import type { Incident, Incidents } from "../../api/incidents";

export async function wholeIncident(
  api: Incidents,
  incident: Incident,
): Promise<Record<string, unknown>> {
  const id = incident.name;
  const [newest, alerts, entities, comments, tasks, activities, merges] = await Promise.all([
    api.get(id),
    api.alerts(id),
    api.entities(id),
    api.comments(id),
    api.tasks(id),
    api.activities(id),
    api.why(id),
  ]);
  return { incident: newest, alerts, entities, comments, tasks, activities, merges };
}
