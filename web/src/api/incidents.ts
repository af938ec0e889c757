/** Incidents and what belongs to them, as the API has them. */
import { call, callAll } from "./client";

export interface Owner {
  objectId: string | null;
  email: string | null;
  assignedTo: string | null;
  userPrincipalName: string | null;
}

export interface IncidentProperties {
  title: string;
  description?: string;
  severity: string;
  status: string;
  owner: Owner;
  labels: { labelName: string; labelType?: string }[];
  classification?: string;
  classificationReason?: string;
  classificationComment?: string;
  firstActivityTimeUtc?: string;
  lastActivityTimeUtc?: string;
  lastModifiedTimeUtc: string;
  createdTimeUtc: string;
  incidentNumber: number;
  additionalData: {
    alertsCount: number;
    bookmarksCount: number;
    commentsCount: number;
    alertProductNames: string[];
    tactics: string[];
    techniques?: string[];
    mergedIncidentNumber?: number;
    mergedIncidentUrl?: string;
  };
  relatedAnalyticRuleIds: string[];
  providerName?: string;
}

export interface Incident {
  id: string;
  name: string;
  etag: string;
  properties: IncidentProperties;
}

export interface Entity {
  id: string;
  name: string;
  kind: string;
  properties: Record<string, unknown> & { friendlyName?: string };
}

export interface Alert {
  id: string;
  name: string;
  properties: {
    systemAlertId: string;
    alertDisplayName: string;
    description?: string;
    severity: string;
    status?: string;
    productName?: string;
    productComponentName?: string;
    tactics?: string[];
    startTimeUtc?: string;
    endTimeUtc?: string;
    timeGenerated?: string;
    alertType?: string;
    additionalData?: Record<string, string>;
  };
}

export interface Comment {
  name: string;
  etag: string;
  properties: {
    message: string;
    createdTimeUtc: string;
    lastModifiedTimeUtc?: string;
    author: { name: string; objectId?: string | null };
  };
}

export interface Task {
  name: string;
  etag: string;
  properties: {
    title: string;
    description?: string;
    status: "New" | "Completed";
    createdTimeUtc: string;
    createdBy?: { name: string };
  };
}

export interface Activity {
  time: string;
  activity: string;
  who: string;
  target?: string;
  field?: string;
  oldValue?: string;
  newValue?: string;
}

export interface TimelineItem {
  kind: "SecurityAlert" | "Bookmark" | "Activity";
  name: string;
  properties: Record<string, unknown> & { time: string };
}

export interface Similar {
  sharedEntities: number;
  sameRule: boolean;
  sameDetails: boolean;
  incident: Incident;
}

export interface GraphNode {
  id: string;
  kind: string;
  label: string;
  properties: Record<string, unknown>;
}
export interface IncidentGraph {
  nodes: GraphNode[];
  edges: { source: string; target: string; kind: string }[];
  truncated: boolean;
}

export interface Merge {
  id: string;
  sourceIncidentNumber: number;
  targetIncidentNumber: number;
  mergedTimeUtc: string;
  mergedBy: string;
  automatic: boolean;
  reason: string;
  score: number;
  threshold: number;
  undoneTimeUtc?: string;
  undoneBy?: string;
}

export interface Counts {
  total: number;
  severity: Record<string, number>;
  status: Record<string, number>;
}

export const API_VERSION = "api-version=2024-09-01";

/** Paths of one workspace's incidents. */
export class Incidents {
  private readonly arm: string;
  private readonly own: string;

  constructor(resourceId: string, workspaceId: string) {
    this.arm = `${resourceId}/providers/Microsoft.SecurityInsights`;
    this.own = `/vedette/v1/workspaces/${workspaceId}`;
  }

  private path(id: string, part = "", query = ""): string {
    const more = query === "" ? "" : `&${query}`;
    return `${this.arm}/incidents/${encodeURIComponent(id)}${part}?${API_VERSION}${more}`;
  }

  listPath(filter: string, orderby: string, top: number, skip: number): string {
    const query = new URLSearchParams({ $top: String(top), $orderby: orderby });
    if (filter !== "") query.set("$filter", filter);
    if (skip > 0) query.set("$skipToken", String(skip));
    return `${this.arm}/incidents?${API_VERSION}&${query.toString()}`;
  }

  counts(filter: string, signal?: AbortSignal): Promise<Counts> {
    const query = filter === "" ? "" : `?${new URLSearchParams({ $filter: filter }).toString()}`;
    return call<Counts>(`${this.own}/incidentCounts${query}`, signal ? { signal } : {});
  }

  get(id: string, signal?: AbortSignal): Promise<Incident> {
    return call<Incident>(this.path(id), signal ? { signal } : {});
  }

  /** Changes what is given, if the incident is still the one with that etag. */
  change(incident: Incident, properties: Partial<IncidentProperties>): Promise<Incident> {
    return call<Incident>(this.path(incident.name), {
      method: "PATCH",
      headers: { "if-match": incident.etag },
      body: { properties },
    });
  }

  create(name: string, properties: Record<string, unknown>): Promise<Incident> {
    return call<Incident>(this.path(name), { method: "PUT", body: { properties } });
  }

  remove(incident: Incident): Promise<void> {
    return call<undefined>(this.path(incident.name), { method: "DELETE" });
  }

  async alerts(id: string): Promise<Alert[]> {
    return (await call<{ value: Alert[] }>(this.path(id, "/alerts"), { method: "POST" })).value;
  }

  async entities(id: string): Promise<Entity[]> {
    const path = this.path(id, "/entities");
    return (await call<{ entities: Entity[] }>(path, { method: "POST" })).entities;
  }

  comments(id: string): Promise<Comment[]> {
    return callAll<Comment>(this.path(id, "/comments", "$top=100"));
  }

  putComment(id: string, name: string, message: string, etag?: string): Promise<Comment> {
    return call<Comment>(this.path(id, `/comments/${name}`), {
      method: "PUT",
      body: { ...(etag === undefined ? {} : { etag }), properties: { message } },
    });
  }

  removeComment(id: string, name: string): Promise<void> {
    return call<undefined>(this.path(id, `/comments/${name}`), { method: "DELETE" });
  }

  tasks(id: string): Promise<Task[]> {
    return callAll<Task>(this.path(id, "/tasks", "$top=100"));
  }

  putTask(
    id: string,
    name: string,
    properties: Partial<Task["properties"]>,
    etag?: string,
  ): Promise<Task> {
    return call<Task>(this.path(id, `/tasks/${name}`), {
      method: "PUT",
      body: { ...(etag === undefined ? {} : { etag }), properties },
    });
  }

  removeTask(id: string, name: string): Promise<void> {
    return call<undefined>(this.path(id, `/tasks/${name}`), { method: "DELETE" });
  }

  private async ownList<T>(id: string, part: string): Promise<T[]> {
    return callAll<T>(`${this.own}/incidents/${encodeURIComponent(id)}/${part}`);
  }

  activities(id: string): Promise<Activity[]> {
    return this.ownList<Activity>(id, "activities");
  }

  timeline(id: string): Promise<TimelineItem[]> {
    return this.ownList<TimelineItem>(id, "timeline");
  }

  similar(id: string): Promise<Similar[]> {
    return this.ownList<Similar>(id, "similar");
  }

  graph(id: string): Promise<IncidentGraph> {
    return call<IncidentGraph>(`${this.own}/incidents/${encodeURIComponent(id)}/graph`);
  }

  async why(id: string): Promise<Merge[]> {
    const path = `${this.own}/incidents/${encodeURIComponent(id)}/why`;
    return (await call<{ merges: Merge[] }>(path)).merges;
  }

  merge(target: string, sources: (string | number)[], reason: string): Promise<Incident> {
    return call<Incident>(`${this.own}/incidents/${encodeURIComponent(target)}/merge`, {
      method: "POST",
      body: { sources, ...(reason === "" ? {} : { reason }) },
    });
  }

  unmerge(id: string): Promise<Merge> {
    return call<Merge>(`${this.own}/incidents/${encodeURIComponent(id)}/unmerge`, {
      method: "POST",
    });
  }

  /** What an expansion finds around an entity. */
  expand(
    entity: string,
    expansionId: string,
    startTime: string,
    endTime: string,
  ): Promise<Expansion> {
    return call<Expansion>(`${this.arm}/entities/${entity}/expand?${API_VERSION}`, {
      method: "POST",
      body: { expansionId, startTime, endTime },
    });
  }
}

export interface Expansion {
  metaData?: { aggregations?: { entityKind: string; count: number }[] };
  value: { entities: Entity[]; edges?: { targetEntityId: string }[] };
}

/** Who an incident belongs to, as people read it. */
export function ownerText(owner: Owner): string {
  return owner.assignedTo ?? owner.userPrincipalName ?? owner.email ?? "";
}

export interface Classification {
  classification: string;
  reason?: string;
  title: string;
}

/** Sentinel's classifications, with their reasons. */
export const classifications: Classification[] = [
  {
    classification: "TruePositive",
    reason: "SuspiciousActivity",
    title: "True positive – suspicious activity",
  },
  {
    classification: "BenignPositive",
    reason: "SuspiciousButExpected",
    title: "Benign positive – suspicious but expected",
  },
  {
    classification: "FalsePositive",
    reason: "IncorrectAlertLogic",
    title: "False positive – incorrect alert logic",
  },
  {
    classification: "FalsePositive",
    reason: "InaccurateData",
    title: "False positive – incorrect data",
  },
  { classification: "Undetermined", title: "Undetermined" },
];

export function classificationTitle(p: IncidentProperties): string {
  if (!p.classification) return "";
  const found = classifications.find(
    (c) =>
      c.classification === p.classification && (c.reason ?? "") === (p.classificationReason ?? ""),
  );
  return found?.title ?? p.classification;
}
