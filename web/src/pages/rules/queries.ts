/** What the pages of rules ask the server, and the changes that they send. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call, callAll } from "../../api/client";
import { useOwnPath } from "../../session/paths";
import { useSession, useWorkspacePath } from "../../session/session";
import type { RuleResource, RuleState, Run, Template, Version } from "./model";

const VERSION = "?api-version=2025-09-01";

export interface TechniqueCell {
  id: string;
  name?: string;
  rules: string[];
  templates: string[];
  subTechniques?: TechniqueCell[];
}
export interface Matrix {
  attackVersion: string;
  rules: number;
  untagged: number;
  templates: number;
  techniques: number;
  covered: number;
  tactics: {
    tactic: string;
    title: string;
    rules: number;
    techniques: number;
    covered: number;
    items: TechniqueCell[];
  }[];
}
export interface EntityType {
  type: string;
  strong: number;
  identifiers: string[];
}

export function useRulePath(): (id: string) => string {
  const path = useWorkspacePath();
  return (id) =>
    path(`/providers/Microsoft.SecurityInsights/alertRules/${encodeURIComponent(id)}${VERSION}`);
}

export function useRules() {
  const { workspace } = useSession();
  const own = useOwnPath();
  return useQuery({
    queryKey: ["rules", workspace?.id, "list"],
    queryFn: ({ signal }) => callAll<RuleState>(own("/rules"), 20_000, signal),
  });
}

export function useRule(id: string) {
  const { workspace } = useSession();
  const path = useRulePath();
  return useQuery({
    queryKey: ["rules", workspace?.id, "one", id],
    enabled: id !== "",
    queryFn: ({ signal }) => call<RuleResource>(path(id), { signal }),
  });
}

export function useTemplates() {
  const { workspace } = useSession();
  const path = useWorkspacePath();
  return useQuery({
    queryKey: ["rules", workspace?.id, "templates"],
    queryFn: ({ signal }) =>
      callAll<Template>(
        path(`/providers/Microsoft.SecurityInsights/alertRuleTemplates${VERSION}`),
        20_000,
        signal,
      ),
  });
}

export function useMatrix() {
  const { workspace } = useSession();
  const own = useOwnPath();
  return useQuery({
    queryKey: ["rules", workspace?.id, "matrix"],
    queryFn: ({ signal }) => call<Matrix>(own("/coverage"), { signal }),
  });
}

export function useRuns(rule: string, top = 200) {
  const { workspace } = useSession();
  const own = useOwnPath();
  return useQuery({
    queryKey: ["rules", workspace?.id, "runs", rule, top],
    queryFn: ({ signal }) =>
      callAll<Run>(own(`/runs?rule=${encodeURIComponent(rule)}&$top=${String(top)}`), top, signal),
  });
}

export function useVersions(rule: string) {
  const { workspace } = useSession();
  const own = useOwnPath();
  return useQuery({
    queryKey: ["rules", workspace?.id, "versions", rule],
    queryFn: ({ signal }) =>
      callAll<Version>(own(`/rules/${encodeURIComponent(rule)}/versions`), 10_000, signal),
  });
}

export function useEntityTypes() {
  return useQuery({
    queryKey: ["rule-vocabulary"],
    staleTime: Infinity,
    queryFn: async ({ signal }) =>
      (await call<{ entityTypes: EntityType[] }>("/vedette/v1/ruleVocabulary", { signal }))
        .entityTypes,
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
  const own = useOwnPath();
  const rule = useRulePath();
  return useRuleChange(async ({ deed, ids }: { deed: Deed; ids: readonly string[] }) => {
    let done = 0;
    let failed: unknown = undefined;
    for (const id of ids) {
      try {
        if (deed === "delete") await call(rule(id), { method: "DELETE" });
        else await call(own(`/rules/${encodeURIComponent(id)}/${deed}`), { method: "POST" });
        done++;
      } catch (error) {
        failed ??= error;
      }
    }
    return { done, failed };
  });
}
