/** The columns that the query of the draft gives, for the choices of mappings and details. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { runKql } from "../../../api/kql";
import type { Schemas } from "../../../api/typed";
import { useSession } from "../../../session/session";
import { useDraft } from "./draft";
import { useApi } from "../../../session/useApi";

type KqlColumn = Schemas["ResultColumn"];

const NONE: KqlColumn[] = [];

/** By the query's own getschema; empty while the query is wrong. */
export function useQueryColumns(): readonly KqlColumn[] {
  const { rule, problem } = useDraft();
  const { workspace } = useSession();
  const api = useApi();
  const query = rule.properties.query;
  const { data } = useQuery({
    queryKey: ["columns", workspace?.id, query],
    enabled: query.trim() !== "" && problem("query") === undefined,
    retry: false,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const answer = await runKql(api, `${query}\n| take 0`, {
        timespan: "PT1S",
        signal,
      });
      return answer.tables[0]?.columns ?? NONE;
    },
  });
  return data ?? NONE;
}
