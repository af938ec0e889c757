/** Severities and states of incidents, in Defender's words and colours; never colour alone. */
import { Badge } from "@fluentui/react-components";
import type { BadgeProps } from "@fluentui/react-components";
import { CircleFilled, CircleHalfFillRegular, CircleRegular } from "@fluentui/react-icons";

export const severities = ["High", "Medium", "Low", "Informational"] as const;
export type Severity = (typeof severities)[number];

const severityColours: Record<string, NonNullable<BadgeProps["color"]>> = {
  High: "danger",
  Medium: "severe",
  Low: "warning",
  Informational: "informative",
};

export function SeverityBadge({ severity }: { severity: string }) {
  return (
    <Badge
      appearance="tint"
      color={severityColours[severity] ?? "subtle"}
      icon={<CircleFilled fontSize={8} />}
    >
      {severity}
    </Badge>
  );
}

/** What the API calls New, Active and Closed is New, In progress and Resolved for people. */
export const statusWords: Record<string, string> = {
  New: "New",
  Active: "In progress",
  Closed: "Resolved",
  Redirected: "Redirected",
};

const statusIcons: Record<string, typeof CircleFilled> = {
  New: CircleFilled,
  Active: CircleHalfFillRegular,
};

export function StatusBadge({ status }: { status: string }) {
  const Icon = statusIcons[status] ?? CircleRegular;
  const colour = status === "New" ? "brand" : "informative";
  return (
    <Badge
      appearance={status === "New" ? "tint" : "ghost"}
      color={colour}
      icon={<Icon fontSize={10} />}
    >
      {statusWords[status] ?? status}
    </Badge>
  );
}
