/** What is known of an entity, and queries that go on from it. */
import { Card, Subtitle2 } from "@fluentui/react-components";
import { useSession } from "../../session/session";
import { Facts } from "../../parts/Facts";
import type { Fact } from "../../parts/Facts";
import { fieldFacts } from "../../parts/entityFields";
import { TextLink } from "../../parts/TextLink";
import { huntsOf } from "./hunts";
import { kindTitle } from "./queries";
import type { Entity } from "./queries";

export function EntityFacts({ entity }: { entity: Entity }) {
  const { may } = useSession();
  const { additionalData, ...properties } = entity.properties;
  const facts: Fact[] = [
    ["Type", kindTitle(entity.kind)],
    ...fieldFacts({ ...properties, ...additionalData }),
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
