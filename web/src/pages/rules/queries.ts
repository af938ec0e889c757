/** What the pages of rules ask the server, and the changes that they send. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { useSession } from "../../session/session";
import { useApi } from "../../session/useApi";

export type TechniqueCell = Schemas["CoverageTechnique"];
export type Matrix = Schemas["Coverage"];
export type EntityType = Schemas["RuleEntityType"];

export function useRules() {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "list"],
    queryFn: ({ signal }) => api.own.all("/rules", 20_000, { signal }),
  });
}

export function useRule(id: string) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "one", id],
    enabled: id !== "",
    queryFn: ({ signal }) =>
      api.sentinel.call("GET", "/alertRules/{rule}", { path: { rule: id }, signal }),
  });
}

export function useTemplates() {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "templates"],
    queryFn: ({ signal }) => api.sentinel.all("/alertRuleTemplates", 20_000, { signal }),
  });
}

export function useMatrix() {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "matrix"],
    queryFn: ({ signal }) => api.own.call("GET", "/coverage", { signal }),
  });
}

export function useRuns(rule: string, top = 200) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "runs", rule, top],
    queryFn: ({ signal }) => api.own.all("/runs", top, { query: { rule, $top: top }, signal }),
  });
}

/** Backtests that are kept, without their reports; asked again while one runs. */
export function useBacktests() {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "backtests"],
    queryFn: ({ signal }) => api.own.all("/backtests", 10_000, { signal }),
    refetchInterval: (query) =>
      query.state.data?.some((b) => b.status === "Running") ? 2000 : false,
  });
}

/** One backtest with its report, asked for until it has ended. */
export function useBacktest(id: string | undefined) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "backtest", id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      api.own.call("GET", "/backtests/{backtest}", { path: { backtest: id ?? "" }, signal }),
    refetchInterval: (query) => (query.state.data?.status === "Running" ? 500 : false),
  });
}

export function useVersions(rule: string) {
  const { workspace } = useSession();
  const api = useApi();
  return useQuery({
    queryKey: ["rules", workspace?.id, "versions", rule],
    queryFn: ({ signal }) =>
      api.own.all("/rules/{rule}/versions", 10_000, { path: { rule }, signal }),
  });
}

export function useEntityTypes() {
  return useQuery({
    queryKey: ["rule-vocabulary"],
    staleTime: Infinity,
    queryFn: async ({ signal }) =>
      (await server.call("GET", "/vedette/v1/ruleVocabulary", { signal })).entityTypes,
  });
}

/** A change of rules: everything about rules is asked again afterwards, whether it went well or not. */
export function useRuleChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => queries.invalidateQueries({ queryKey: ["rules"] }),
  });
}

export type Deed = "enable" | "disable" | "duplicate" | "update" | "delete";

/** Does something to several rules, one after the other; tells how many went well and what failed first. */
export function useDeed() {
  const api = useApi();
  return useRuleChange(async ({ deed, ids }: { deed: Deed; ids: readonly string[] }) => {
    let done = 0;
    let failed: unknown = undefined;
    for (const id of ids) {
      try {
        const path = { rule: id };
        if (deed === "delete") await api.sentinel.call("DELETE", "/alertRules/{rule}", { path });
        else await api.own.call("POST", `/rules/{rule}/${deed}`, { path });
        done++;
      } catch (error) {
        failed ??= error;
      }
    }
    return { done, failed };
  });
}
