/** What is known of an entity, and queries that go on from it. */
import { Card, Subtitle2 } from "@fluentui/react-components";
import { useSession } from "../../session/session";
import { Facts } from "../../parts/Facts";
import type { Fact } from "../../parts/Facts";
import { TextLink } from "../../parts/TextLink";
import { huntsOf } from "./hunts";
import { kindTitle } from "./queries";
import type { Entity } from "./queries";

/** "Nt domain" of ntDomain. */
function wordsOf(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function EntityFacts({ entity }: { entity: Entity }) {
  const { may } = useSession();
  const { friendlyName: _, additionalData, ...properties } = entity.properties;
  const facts: Fact[] = [
    ["Type", kindTitle(entity.kind)],
    ...Object.entries({ ...properties, ...additionalData }).map(
      ([name, value]) => [wordsOf(name), valueText(value)] as const,
    ),
    ["Id", entity.name],
  ];
  return (
    <Card>
      <Subtitle2 as="h2">Info</Subtitle2>
      <Facts facts={facts} />
      {may("query/read") && (
        <>
          <Subtitle2 as="h2">Go hunt</Subtitle2>
          <ul style={{ margin: 0 }}>
            {huntsOf(entity).map((hunt) => (
              <li key={hunt.title}>
                <TextLink to={`/hunting?query=${encodeURIComponent(hunt.query)}`}>
                  {hunt.title}
                </TextLink>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}
