/** What the pages of entities ask the server. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { call } from "../../api/client";
import type { KqlTable } from "../../api/kql";
import { useOwnPath } from "../../session/paths";
import { useSession, useWorkspacePath } from "../../session/session";
import type { Range } from "../../parts/time";

const VERSION = "?api-version=2024-09-01";

export interface FoundEntity {
  id: string;
  kind: string;
  name: string;
  firstSeen: string;
  lastSeen: string;
  alerts: number;
}
export interface EntityPage {
  value: FoundEntity[];
  count: number;
  next?: number;
}
export interface Entity {
  name: string;
  kind: string;
  properties: Record<string, unknown> & {
    friendlyName?: string;
    additionalData?: Record<string, unknown>;
  };
}
export interface TimelineItem {
  kind: string;
  displayName: string;
  description?: string;
  severity?: string;
  azureResourceId?: string;
  startTimeUtc?: string;
  endTimeUtc?: string;
  timeGenerated?: string;
  eventTime?: string;
}
export interface Insight {
  queryId: string;
  tableQueryResults: KqlTable;
}
export interface IncidentOfEntity {
  name: string;
  properties: {
    title: string;
    severity: string;
    status: string;
    incidentNumber: number;
    lastModifiedTimeUtc: string;
    additionalData?: { alertsCount?: number };
  };
}

/** Words for kinds as ARM names them, and for the address. */
export const kinds = [
  { kind: "Account", title: "User" },
  { kind: "Host", title: "Host" },
  { kind: "Ip", title: "IP address" },
  { kind: "File", title: "File" },
  { kind: "FileHash", title: "File hash" },
  { kind: "Url", title: "URL" },
  { kind: "DnsResolution", title: "DNS name" },
  { kind: "Process", title: "Process" },
  { kind: "CloudApplication", title: "Cloud application" },
  { kind: "AzureResource", title: "Azure resource" },
  { kind: "Mailbox", title: "Mailbox" },
  { kind: "MailMessage", title: "Mail message" },
  { kind: "Malware", title: "Malware" },
  { kind: "RegistryKey", title: "Registry key" },
  { kind: "RegistryValue", title: "Registry value" },
  { kind: "SecurityGroup", title: "Security group" },
  { kind: "IoTDevice", title: "IoT device" },
] as const;

export function kindTitle(kind: string): string {
  return kinds.find((k) => k.kind === kind)?.title ?? kind;
}

const PAGE = 100;

export function useEntitySearch(text: string, kind: string, order: string) {
  const { workspace } = useSession();
  const own = useOwnPath();
  return useInfiniteQuery({
    queryKey: ["entities", workspace?.id, text, kind, order],
    placeholderData: keepPreviousData,
    initialPageParam: 0,
    getNextPageParam: (last: EntityPage) => last.next,
    queryFn: ({ pageParam, signal }) => {
      const asked = new URLSearchParams({
        text,
        kind,
        order,
        $top: String(PAGE),
        skip: String(pageParam),
      });
      return call<EntityPage>(own(`/entities?${asked.toString()}`), { signal });
    },
  });
}

export function useEntityPath(): (id: string, rest?: string) => string {
  const path = useWorkspacePath();
  return (id, rest = "") =>
    path(
      `/providers/Microsoft.SecurityInsights/entities/${encodeURIComponent(id)}${rest}${VERSION}`,
    );
}

export function useEntity(id: string) {
  const { workspace } = useSession();
  const path = useEntityPath();
  return useQuery({
    queryKey: ["entity", workspace?.id, id],
    enabled: id !== "",
    queryFn: ({ signal }) => call<Entity>(path(id), { signal }),
  });
}

function body(range: Range) {
  return {
    startTime: new Date(range.from).toISOString(),
    endTime: new Date(range.to).toISOString(),
  };
}

export function useEntityTimeline(id: string, range: Range | undefined) {
  const { workspace } = useSession();
  const path = useEntityPath();
  return useQuery({
    queryKey: ["entity", workspace?.id, id, "timeline", range],
    enabled: range !== undefined,
    queryFn: async ({ signal }) => {
      if (range === undefined) return [];
      const answer = await call<{ value: TimelineItem[] }>(path(id, "/getTimeline"), {
        method: "POST",
        body: body(range),
        signal,
      });
      return answer.value;
    },
  });
}

export function useEntityIncidents(id: string, range: Range | undefined) {
  const { workspace } = useSession();
  const own = useOwnPath();
  return useQuery({
    queryKey: ["entity", workspace?.id, id, "incidents", range],
    enabled: range !== undefined,
    queryFn: async ({ signal }) => {
      if (range === undefined) return [];
      const { startTime, endTime } = body(range);
      const asked = new URLSearchParams({ from: startTime, to: endTime });
      const answer = await call<{ value: IncidentOfEntity[] }>(
        own(`/entities/${encodeURIComponent(id)}/incidents?${asked.toString()}`),
        { signal },
      );
      return answer.value;
    },
  });
}

export interface InsightQuery {
  name: string;
  properties: { displayName: string; description?: string };
}

/** Each insight's title and rows; errors of single ones are told by the server beside them. */
export function useInsights(id: string, range: Range | undefined) {
  const { workspace, may } = useSession();
  const path = useEntityPath();
  return useQuery({
    queryKey: ["entity", workspace?.id, id, "insights", range],
    enabled: range !== undefined && may("query/read"),
    queryFn: async ({ signal }) => {
      if (range === undefined) return { insights: [], errors: [] };
      const [queries, answer] = await Promise.all([
        call<{ value: InsightQuery[] }>(`${path(id, "/queries")}&kind=Insight`, { signal }),
        call<{ value: Insight[]; metaData: { errors: { errorMessage?: string }[] } }>(
          path(id, "/getInsights"),
          { method: "POST", body: body(range), signal },
        ),
      ]);
      const titles = new Map(queries.value.map((q) => [q.name, q.properties]));
      const insights = answer.value.map((insight) => ({
        ...insight,
        title: titles.get(insight.queryId)?.displayName ?? insight.queryId,
        description: titles.get(insight.queryId)?.description ?? "",
      }));
      return { insights, errors: answer.metaData.errors.map((e) => e.errorMessage ?? "") };
    },
  });
}
