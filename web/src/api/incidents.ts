/** Incidents and what belongs to them, as the API has them. */
import type { Schemas, WorkspaceApi } from "./typed";

export type Owner = Schemas["Person"];

export type IncidentProperties = Schemas["IncidentProperties"];

export type Incident = Schemas["Incident"];

export type Entity = Schemas["Entity"];

export type Alert = Schemas["SecurityAlert"];

export type Comment = Schemas["IncidentComment"];

export type Task = Schemas["IncidentTask"];

export type Activity = Schemas["Activity"];

export type TimelineItem = Schemas["IncidentTimelineItem"];

export type Similar = Schemas["SimilarIncident"];

export type GraphNode = Schemas["GraphNode"];
export type IncidentGraph = Schemas["IncidentGraph"];

export type Merge = Schemas["Merge"];

export type Counts = Schemas["IncidentCounts"];

export interface IncidentPage {
  value: Incident[];
  nextLink?: string;
}

/** Comments, tasks, activities of one incident that are read. */
const MOST_PARTS = 10_000;

/** Incidents of one workspace. */
export class Incidents {
  constructor(private readonly api: WorkspaceApi) {}

  list(
    asked: { filter: string; orderby: string; top: number; skip: number },
    signal?: AbortSignal,
  ): Promise<IncidentPage> {
    return this.api.sentinel.call("GET", "/incidents", {
      query: {
        $top: asked.top,
        $orderby: asked.orderby,
        $filter: asked.filter === "" ? undefined : asked.filter,
        $skipToken: asked.skip > 0 ? asked.skip : undefined,
      },
      ...(signal ? { signal } : {}),
    });
  }

  counts(filter: string, signal?: AbortSignal): Promise<Counts> {
    return this.api.own.call("GET", "/incidentCounts", {
      query: { $filter: filter === "" ? undefined : filter },
      ...(signal ? { signal } : {}),
    });
  }

  get(incident: string, signal?: AbortSignal): Promise<Incident> {
    const path = { incident };
    return this.api.sentinel.call("GET", "/incidents/{incident}", {
      path,
      ...(signal ? { signal } : {}),
    });
  }

  /** Changes what is given, if the incident is still the one with that etag. */
  change(incident: Incident, properties: Partial<IncidentProperties>): Promise<Incident> {
    return this.api.sentinel.call("PATCH", "/incidents/{incident}", {
      path: { incident: incident.name },
      headers: { "if-match": incident.etag },
      body: { properties },
    });
  }

  create(incident: string, properties: Partial<IncidentProperties>): Promise<Incident> {
    return this.api.sentinel.call("PUT", "/incidents/{incident}", {
      path: { incident },
      body: { properties },
    });
  }

  remove(incident: Incident): Promise<void> {
    return this.api.sentinel.call("DELETE", "/incidents/{incident}", {
      path: { incident: incident.name },
    });
  }

  async alerts(incident: string): Promise<Alert[]> {
    const path = { incident };
    const answer = await this.api.sentinel.call("POST", "/incidents/{incident}/alerts", { path });
    return answer.value;
  }

  async entities(incident: string): Promise<Entity[]> {
    const path = { incident };
    const answer = await this.api.sentinel.call("POST", "/incidents/{incident}/entities", { path });
    return answer.entities;
  }

  comments(incident: string): Promise<Comment[]> {
    return this.api.sentinel.all("/incidents/{incident}/comments", MOST_PARTS, {
      path: { incident },
      query: { $top: 100 },
    });
  }

  putComment(incident: string, comment: string, message: string, etag?: string): Promise<Comment> {
    return this.api.sentinel.call("PUT", "/incidents/{incident}/comments/{comment}", {
      path: { incident, comment },
      body: { ...(etag === undefined ? {} : { etag }), properties: { message } },
    });
  }

  removeComment(incident: string, comment: string): Promise<void> {
    return this.api.sentinel.call("DELETE", "/incidents/{incident}/comments/{comment}", {
      path: { incident, comment },
    });
  }

  tasks(incident: string): Promise<Task[]> {
    return this.api.sentinel.all("/incidents/{incident}/tasks", MOST_PARTS, {
      path: { incident },
      query: { $top: 100 },
    });
  }

  putTask(
    incident: string,
    task: string,
    properties: Partial<Task["properties"]>,
    etag?: string,
  ): Promise<Task> {
    return this.api.sentinel.call("PUT", "/incidents/{incident}/tasks/{task}", {
      path: { incident, task },
      body: { ...(etag === undefined ? {} : { etag }), properties },
    });
  }

  removeTask(incident: string, task: string): Promise<void> {
    return this.api.sentinel.call("DELETE", "/incidents/{incident}/tasks/{task}", {
      path: { incident, task },
    });
  }

  activities(incident: string): Promise<Activity[]> {
    const path = { incident };
    return this.api.own.all("/incidents/{incident}/activities", MOST_PARTS, { path });
  }

  timeline(incident: string): Promise<TimelineItem[]> {
    const path = { incident };
    return this.api.own.all("/incidents/{incident}/timeline", MOST_PARTS, { path });
  }

  similar(incident: string): Promise<Similar[]> {
    const path = { incident };
    return this.api.own.all("/incidents/{incident}/similar", MOST_PARTS, { path });
  }

  graph(incident: string): Promise<IncidentGraph> {
    return this.api.own.call("GET", "/incidents/{incident}/graph", { path: { incident } });
  }

  async why(incident: string): Promise<Merge[]> {
    const path = { incident };
    return (await this.api.own.call("GET", "/incidents/{incident}/why", { path })).merges;
  }

  merge(incident: string, sources: (string | number)[], reason: string): Promise<Incident> {
    return this.api.own.call("POST", "/incidents/{incident}/merge", {
      path: { incident },
      body: { sources, ...(reason === "" ? {} : { reason }) },
    });
  }

  unmerge(incident: string): Promise<Merge> {
    return this.api.own.call("POST", "/incidents/{incident}/unmerge", { path: { incident } });
  }

  /** What an expansion finds around an entity. */
  expand(
    entity: string,
    expansionId: string,
    startTime: string,
    endTime: string,
  ): Promise<Expansion> {
    return this.api.sentinel.call("POST", "/entities/{entity}/expand", {
      path: { entity },
      body: { expansionId, startTime, endTime },
    });
  }
}

export type Expansion = Schemas["EntityExpansion"];

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
