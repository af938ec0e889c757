/** What a rule does at the moment; never by colour alone. */
import { Badge, Tooltip } from "@fluentui/react-components";
import type { BadgeProps } from "@fluentui/react-components";
import {
  CheckmarkCircleRegular,
  ErrorCircleRegular,
  PauseCircleRegular,
  ProhibitedRegular,
} from "@fluentui/react-icons";
import type { ReactElement } from "react";
import type { RuleState } from "./model";
import { stateTitles } from "./model";

const looks: Record<string, { color: NonNullable<BadgeProps["color"]>; icon: ReactElement }> = {
  running: { color: "success", icon: <CheckmarkCircleRegular /> },
  failing: { color: "danger", icon: <ErrorCircleRegular /> },
  disabled: { color: "subtle", icon: <ProhibitedRegular /> },
  suppressed: { color: "informative", icon: <PauseCircleRegular /> },
};

export function StateBadge({ rule }: { rule: RuleState }) {
  const look = looks[rule.status] ?? { color: "subtle" as const, icon: <PauseCircleRegular /> };
  const title = stateTitles[rule.status] ?? "Idle";
  const known = rule.status in stateTitles;
  const times = rule.failures === 1 ? "once" : `${String(rule.failures)} times`;
  const badge = (
    <Badge appearance="ghost" color={look.color} icon={look.icon}>
      {title}
    </Badge>
  );
  if (known && rule.failures === 0) return badge;
  const why = known ? `It failed ${times} in a row.` : rule.status;
  return (
    <Tooltip content={why} relationship="description">
      {badge}
    </Tooltip>
  );
}
