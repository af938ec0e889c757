/** The rule under construction, and what the server finds wrong with it while it is written. */
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { ApiError } from "../../../api/client";
import { sentProperties } from "../model";
import type { Issue, RuleProperties, RuleResource } from "../model";
import { useApi } from "../../../session/useApi";

const PAUSE_MS = 500;

export interface Draft {
  rule: RuleResource;
  /** Replaces properties. */
  change: (properties: Partial<RuleProperties>) => void;
  issues: readonly Issue[];
  /** The first error of this key or of what is in it; undefined: it is right, as far as is known. */
  problem: (key: string) => string | undefined;
  /** Is what is written what was checked? */
  checked: boolean;
}

const Context = createContext<Draft | undefined>(undefined);

export function useDraft(): Draft {
  const draft = useContext(Context);
  if (draft === undefined) throw new Error("useDraft outside of DraftProvider");
  return draft;
}

/** As the import reads a rule of ARM. */
function textOf(id: string, rule: RuleResource): string {
  return JSON.stringify({
    name: id,
    type: "Microsoft.SecurityInsights/alertRules",
    kind: rule.kind,
    properties: sentProperties(rule),
  });
}

interface Checked {
  text: string;
  issues: Issue[];
}

/** What the server says about a text, once nobody has typed for a moment. */
function useCheck(text: string): Checked | undefined {
  const api = useApi();
  const [checked, setChecked] = useState<Checked | undefined>(undefined);
  useEffect(() => {
    let stale = false;
    const timer = setTimeout(() => {
      api.own
        .call("POST", "/rules", { query: { check: true }, text })
        .catch((error: unknown) => {
          const body = error instanceof ApiError ? (error.body as { issues?: Issue[] }) : {};
          const message = error instanceof Error ? error.message : String(error);
          const whole: Issue = { level: "error", line: 0, column: 0, key: "", message };
          return { issues: body.issues ?? [whole] };
        })
        .then(({ issues }) => {
          if (!stale) setChecked({ text, issues });
        })
        .catch(() => undefined);
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [api, text]);
  return checked;
}

interface Props {
  id: string;
  rule: RuleResource;
  onChange: (rule: RuleResource) => void;
  children: ReactNode;
}

export function DraftProvider({ id, rule, onChange, children }: Props) {
  const text = useMemo(() => textOf(id, rule), [id, rule]);
  const checked = useCheck(text);
  const change = useCallback(
    (properties: Partial<RuleProperties>) =>
      onChange({ ...rule, properties: { ...rule.properties, ...properties } }),
    [rule, onChange],
  );
  const draft = useMemo<Draft>(() => {
    const issues = checked?.issues ?? [];
    const problem = (key: string) =>
      issues.find(
        (i) =>
          i.level === "error" &&
          (i.key === key || i.key.startsWith(`${key}.`) || i.key.startsWith(`${key}[`)),
      )?.message;
    return { rule, change, issues, problem, checked: checked?.text === text };
  }, [rule, change, checked, text]);
  return <Context.Provider value={draft}>{children}</Context.Provider>;
}

/** For Fluent's Field: the message of a key, or nothing. */
export function fieldProblem(message: string | undefined) {
  return message === undefined
    ? {}
    : ({ validationState: "error", validationMessage: message } as const);
}
