/** The side of the incident page: what is known about it at a glance. */
import { Tag, TagGroup, Text, makeStyles, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";
import { useQuery } from "@tanstack/react-query";
import { classificationTitle, ownerText } from "../../api/incidents";
import type { Incident } from "../../api/incidents";
import { Markdown } from "../../parts/Markdown";
import { TimeText } from "../../parts/time";
import { useSession } from "../../session/session";
import { labelsOf, words } from "../incidents/queueColumns";
import { useApi } from "../../session/useApi";

const useStyles = makeStyles({
  list: {
    display: "grid",
    gridTemplateColumns: "8rem 1fr",
    gap: tokens.spacingVerticalSNudge,
    margin: 0,
    "& dt": { color: tokens.colorNeutralForeground2 },
    "& dd": { margin: 0, overflowWrap: "anywhere" },
  },
});

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function ruleId(resource: string): string {
  return resource.slice(resource.lastIndexOf("/") + 1);
}

/** The rule by its name; by its id while that is not known, or when the rule is gone. */
function RuleLink({ id }: { id: string }) {
  const api = useApi();
  const { workspace } = useSession();
  const { data } = useQuery({
    queryKey: ["rule-name", workspace?.id, id],
    queryFn: async ({ signal }) => {
      const path = { rule: id };
      const rule = await api.sentinel.call("GET", "/alertRules/{rule}", { path, signal });
      return rule.properties.displayName;
    },
    staleTime: 5 * 60_000,
    retry: false,
  });
  return <Link to={`/rules/${id}`}>{data ?? id}</Link>;
}

export function Facts({ incident }: { incident: Incident }) {
  const styles = useStyles();
  const p = incident.properties;
  const tags = labelsOf(incident);
  return (
    <>
      {p.description !== undefined && p.description !== "" && <Markdown text={p.description} />}
      <dl className={styles.list}>
        <Fact name="Assigned to">{ownerText(p.owner) || "Unassigned"}</Fact>
        {p.classification !== undefined && (
          <Fact name="Classification">{classificationTitle(p)}</Fact>
        )}
        {p.classificationComment !== undefined && p.classificationComment !== "" && (
          <Fact name="Closing comment">{p.classificationComment}</Fact>
        )}
        <Fact name="First activity">
          <TimeText value={p.firstActivityTimeUtc} />
        </Fact>
        <Fact name="Last activity">
          <TimeText value={p.lastActivityTimeUtc} />
        </Fact>
        <Fact name="Created">
          <TimeText value={p.createdTimeUtc} />
        </Fact>
        <Fact name="Last update">
          <TimeText value={p.lastModifiedTimeUtc} />
        </Fact>
        <Fact name="Categories">{p.additionalData.tactics.map(words).join(", ") || "–"}</Fact>
        <Fact name="Techniques">{p.additionalData.techniques?.join(", ") || "–"}</Fact>
        <Fact name="Products">{p.additionalData.alertProductNames.join(", ") || "–"}</Fact>
        {p.relatedAnalyticRuleIds.length > 0 && (
          <Fact name="Analytics rules">
            {p.relatedAnalyticRuleIds.map(ruleId).map((id) => (
              <div key={id}>
                <RuleLink id={id} />
              </div>
            ))}
          </Fact>
        )}
        <Fact name="Tags">
          {tags.length === 0 ? (
            <Text>–</Text>
          ) : (
            <TagGroup aria-label="Tags" role="list" style={{ flexWrap: "wrap" }}>
              {tags.map((tag) => (
                <Tag key={tag} size="extra-small" role="listitem">
                  {tag}
                </Tag>
              ))}
            </TagGroup>
          )}
        </Fact>
      </dl>
    </>
  );
}
