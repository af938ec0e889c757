/** What the pages of entities ask the server. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSession } from "../../session/session";
import type { Range } from "../../parts/time";
import { useApi } from "../../session/useApi";
import type { Schemas } from "../../api/typed";

export type FoundEntity = Schemas["FoundEntity"];
export type EntityPage = Schemas["EntityPage"];
export type Entity = Schemas["Entity"];
export type TimelineItem = Schemas["EntityTimelineItem"];
export type IncidentOfEntity = Schemas["Incident"];

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
  return kinds.find((k) => k.kind.toLowerCase() === kind.toLowerCase())?.title ?? kind;
}

const PAGE = 100;

export function useEntitySearch(text: string, kind: string, order: string) {
  const { workspace } = useSession();
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ["entities", workspace?.id, text, kind, order],
    placeholderData: keepPreviousData,
    initialPageParam: 0,
    getNextPageParam: (last: EntityPage) => last.next,
    queryFn: ({ pageParam, signal }) => {
      const query = { text, kind, order, $top: PAGE, skip: pageParam };
      return api.own.call("GET", "/entities", { query, signal });
    },
  });
}

export function useEntity(id: string) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["entity", workspace?.id, id],
    enabled: id !== "",
    queryFn: ({ signal }) =>
      api.sentinel.call("GET", "/entities/{entity}", { path: { entity: id }, signal }),
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
  const api = useApi();
  return useQuery({
    queryKey: ["entity", workspace?.id, id, "timeline", range],
    enabled: range !== undefined,
    queryFn: async ({ signal }) => {
      if (range === undefined) return [];
      const answer = await api.sentinel.call("POST", "/entities/{entity}/getTimeline", {
        path: { entity: id },
        body: body(range),
        signal,
      });
      return answer.value;
    },
  });
}

export function useEntityIncidents(id: string, range: Range | undefined) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["entity", workspace?.id, id, "incidents", range],
    enabled: range !== undefined,
    queryFn: async ({ signal }) => {
      if (range === undefined) return [];
      const { startTime, endTime } = body(range);
      const answer = await api.own.call("GET", "/entities/{entity}/incidents", {
        path: { entity: id },
        query: { from: startTime, to: endTime },
        signal,
      });
      return answer.value;
    },
  });
}

/** Each insight's title and rows; errors of single ones are told by the server beside them. */
export function useInsights(id: string, range: Range | undefined) {
  const { workspace, may } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["entity", workspace?.id, id, "insights", range],
    enabled: range !== undefined && may("query/read"),
    queryFn: async ({ signal }) => {
      if (range === undefined) return { insights: [], errors: [] };
      const [queries, answer] = await Promise.all([
        api.sentinel.call("GET", "/entities/{entity}/queries", {
          path: { entity: id },
          query: { kind: "Insight" },
          signal,
        }),
        api.sentinel.call("POST", "/entities/{entity}/getInsights", {
          path: { entity: id },
          body: body(range),
          signal,
        }),
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
