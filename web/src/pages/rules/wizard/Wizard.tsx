/** Making and changing an analytics rule, step by step. */
import {
  Button,
  Card,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  Spinner,
  Tab,
  TabList,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useMemo, useState } from "react";
import type { ReactNode } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router-dom";
import { ApiError } from "../../../api/client";
import { Page } from "../../../parts/Page";
import { useNotify } from "../../../parts/Toasts";
import { Unsaved, useUnsaved } from "../../../parts/Unsaved";
import { EmptyState, ErrorNotice } from "../../../parts/notices";
import { useSession } from "../../../session/session";
import { madeKind, newRule, noGrouping, sentProperties } from "../model";
import type { RuleResource, Template } from "../model";
import { useRule, useRuleChange, useTemplates } from "../queries";
import { General } from "./General";
import { Incidents } from "./Incidents";
import { Logic } from "./Logic";
import { Response } from "./Response";
import { Review } from "./Review";
import { DraftProvider, useDraft } from "./draft";
import { stepOf, stepsOf } from "./steps";
import { useApi } from "../../../session/useApi";

const useStyles = makeStyles({
  step: { gap: tokens.spacingVerticalM, maxWidth: "64rem" },
  foot: { display: "flex", gap: tokens.spacingHorizontalS, paddingBottom: tokens.spacingVerticalL },
  tabs: { flexWrap: "wrap" },
});

/** A rule of a template, as it is shown before it is made. */
function ruleOf(template: Template): RuleResource {
  const kind = madeKind(template.kind) ?? "Scheduled";
  const {
    status: _s,
    alertRulesCreatedByTemplateCount: _n,
    version,
    ...rest
  } = template.properties;
  const known = newRule(kind);
  return {
    kind,
    properties: {
      ...known.properties,
      ...rest,
      tactics: rest.tactics ?? [],
      techniques: rest.techniques ?? [],
      subTechniques: rest.subTechniques ?? [],
      alertRuleTemplateName: template.name,
      templateVersion: version ?? null,
    },
  };
}

/** What the API leaves out is what the form shows. */
function completed(rule: RuleResource): RuleResource {
  const p = rule.properties;
  return {
    ...rule,
    properties: {
      ...p,
      description: p.description ?? "",
      tactics: p.tactics ?? [],
      techniques: p.techniques ?? [],
      subTechniques: p.subTechniques ?? [],
      incidentConfiguration: p.incidentConfiguration ?? {
        createIncident: true,
        groupingConfiguration: noGrouping(),
      },
    },
  };
}

interface FormProps {
  id: string;
  isNew: boolean;
  start: RuleResource;
  onReload: () => void;
}

function Conflict({ onReload, onOverwrite }: { onReload: () => void; onOverwrite: () => void }) {
  return (
    <MessageBar intent="warning" layout="multiline" role="alert">
      <MessageBarBody>
        Somebody else has changed this rule since you opened it. Your changes are not saved.
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={onReload}>Take theirs</Button>
        <Button onClick={onOverwrite}>Save mine over it</Button>
      </MessageBarActions>
    </MessageBar>
  );
}

function Foot(props: {
  at: number;
  isNew: boolean;
  saving: boolean;
  onStep: (at: number) => void;
  onSave: () => void;
}) {
  const styles = useStyles();
  const { rule, issues, checked } = useDraft();
  const steps = stepsOf(rule.kind);
  const last = props.at === steps.length - 1;
  const wrong = issues.some((i) => i.level === "error");
  return (
    <div className={styles.foot}>
      <Button disabled={props.at === 0} onClick={() => props.onStep(props.at - 1)}>
        Previous
      </Button>
      {last ? (
        <Button
          appearance="primary"
          disabled={!checked || wrong || props.saving}
          onClick={props.onSave}
        >
          {props.isNew ? "Create" : "Save"}
        </Button>
      ) : (
        <Button appearance="primary" onClick={() => props.onStep(props.at + 1)}>
          Next: {steps[props.at + 1]?.title}
        </Button>
      )}
    </div>
  );
}

function StepTabs({ at, onStep }: { at: number; onStep: (at: number) => void }) {
  const styles = useStyles();
  const { rule, issues } = useDraft();
  const steps = stepsOf(rule.kind);
  const wrong = new Set(
    issues.filter((i) => i.level === "error").map((i) => stepOf(rule.kind, i.key)?.id ?? "review"),
  );
  return (
    <TabList
      className={styles.tabs}
      aria-label="Steps"
      selectedValue={steps[at]?.id ?? ""}
      onTabSelect={(_, d) => onStep(steps.findIndex((s) => s.id === d.value))}
    >
      {steps.map((s) => (
        <Tab key={s.id} value={s.id}>
          {s.title}
          {wrong.has(s.id) && " (!)"}
        </Tab>
      ))}
    </TabList>
  );
}

function useSave({ id, isNew }: FormProps) {
  const api = useApi();
  return useRuleChange(({ rule, over }: { rule: RuleResource; over: boolean }) => {
    const { kind, etag } = rule;
    // A new rule must not take the place of one that is there; "*" takes it whatever it is.
    const match = isNew ? undefined : over ? "*" : etag;
    return api.sentinel.call("PUT", "/alertRules/{rule}", {
      path: { rule: id },
      body: { kind, properties: sentProperties(rule) },
      ...(match === undefined ? {} : { headers: { "if-match": match } }),
    });
  });
}

function Form(props: FormProps) {
  const styles = useStyles();
  const { id, isNew, start, onReload } = props;
  const go = useNavigate();
  const notify = useNotify();
  const [rule, setRule] = useState(start);
  const [at, setAt] = useState(0);
  const save = useSave(props);
  const unsaved = useUnsaved(rule !== start);
  const store = async (over: boolean) => {
    try {
      await save.mutateAsync({ rule, over });
      notify.done(isNew ? "The rule is created" : "The rule is saved");
      unsaved.forget();
      void go(`/rules/${encodeURIComponent(id)}`);
    } catch {
      // Shown below the steps.
    }
  };
  const conflict =
    save.error instanceof ApiError && [409, 412].includes(save.error.status) && !isNew;
  const steps = stepsOf(rule.kind);
  const step = steps[at];
  const views: Record<string, ReactNode> = {
    general: <General />,
    logic: <Logic />,
    incidents: <Incidents />,
    response: <Response id={id} isNew={isNew} />,
    review: <Review onGoTo={(id) => setAt(steps.findIndex((s) => s.id === id))} />,
  };
  return (
    <DraftProvider id={id} rule={rule} onChange={setRule}>
      <StepTabs at={at} onStep={setAt} />
      <Card className={styles.step} role="tabpanel" aria-label={step?.title ?? ""}>
        {views[step?.id ?? ""]}
      </Card>
      {conflict ? (
        <Conflict onReload={onReload} onOverwrite={() => void store(true)} />
      ) : (
        <ErrorNotice title="The rule was not saved" error={save.error} />
      )}
      <Foot
        at={at}
        isNew={isNew}
        saving={save.isPending}
        onStep={setAt}
        onSave={() => void store(false)}
      />
      <Unsaved unsaved={unsaved}>What you have written of the rule would be lost.</Unsaved>
    </DraftProvider>
  );
}

function NewRule() {
  const [params] = useSearchParams();
  const template = params.get("template") ?? "";
  const templates = useTemplates();
  const [id] = useState(() => crypto.randomUUID());
  const [blank] = useState(() => {
    const made = newRule(madeKind(params.get("kind") ?? undefined) ?? "Scheduled");
    made.properties.query = params.get("query") ?? "";
    return made;
  });
  const found = templates.data?.find((t) => t.name === template);
  const ofTemplate = useMemo(() => found && ruleOf(found), [found]);
  if (template === "") {
    return <Form id={id} isNew start={blank} onReload={() => undefined} />;
  }
  if (templates.isPending) return <Spinner label="Loading" />;
  if (ofTemplate === undefined)
    return <ErrorNotice error={templates.error ?? new Error("There is no such template.")} />;
  return <Form id={id} isNew start={ofTemplate} onReload={() => undefined} />;
}

function ChangedRule({ id }: { id: string }) {
  const { data, error, refetch } = useRule(id);
  // What was there when the form was opened: a later answer must not take away what was typed.
  const [opened, setOpened] = useState<RuleResource | undefined>(undefined);
  if (opened === undefined && data !== undefined) setOpened(completed(data));
  if (error !== null && opened === undefined) return <ErrorNotice error={error} />;
  if (opened === undefined) return <Spinner label="Loading" />;
  const reload = () => void refetch().then((r) => r.data && setOpened(completed(r.data)));
  return <Form key={opened.etag} id={id} isNew={false} start={opened} onReload={reload} />;
}

export default function Wizard() {
  const id = useParams()["id"];
  const { may } = useSession();
  const title =
    id === undefined
      ? "Analytics rule wizard – Create new rule"
      : "Analytics rule wizard – Edit rule";
  if (!may("rules/write"))
    return (
      <Page title={title}>
        <EmptyState title="You may not change rules">
          Microsoft Sentinel Contributor is a role that may. Ask the owner of the workspace.
        </EmptyState>
      </Page>
    );
  return <Page title={title}>{id === undefined ? <NewRule /> : <ChangedRule id={id} />}</Page>;
}
