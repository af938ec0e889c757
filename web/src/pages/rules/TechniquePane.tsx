/** One technique beside the matrix: its sub-techniques, and the rules and templates that look for it. */
import { Button, Subtitle2, Text, makeStyles, tokens } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import { TextLink } from "../../parts/TextLink";
import type { TechniqueCell } from "./queries";
import { useRules, useTemplates } from "./queries";

const useStyles = makeStyles({
  pane: {
    flex: "0 0 18rem",
    overflowY: "auto",
    padding: tokens.spacingHorizontalM,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    display: "flex",
    flexDirection: "column",
    gap: tokens.spacingVerticalS,
  },
  head: { display: "flex", justifyContent: "space-between", alignItems: "start" },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalL },
});

interface Item {
  to: string;
  name: string;
}

function Items({ title, items, none }: { title: string; items: readonly Item[]; none: string }) {
  const styles = useStyles();
  return (
    <>
      <Text weight="semibold">{title}</Text>
      {items.length === 0 && <Text>{none}</Text>}
      <ul className={styles.list}>
        {items.map((item) => (
          <li key={item.to}>
            <TextLink to={item.to}>{item.name}</TextLink>
          </li>
        ))}
      </ul>
    </>
  );
}

export function TechniquePane({ cell, onClose }: { cell: TechniqueCell; onClose: () => void }) {
  const styles = useStyles();
  const rules = useRules();
  const templates = useTemplates();
  const ruleItems = (rules.data ?? [])
    .filter((r) => cell.rules.includes(r.id))
    .map((r) => ({ to: `/rules/${encodeURIComponent(r.id)}`, name: r.name }));
  const templateItems = (templates.data ?? [])
    .filter((t) => cell.templates.includes(t.name))
    .map((t) => ({
      to: `/rules?tab=templates&template=${encodeURIComponent(t.name)}`,
      name: t.properties.displayName ?? t.name,
    }));
  const subs = (cell.subTechniques ?? []).filter((s) => s.rules.length + s.templates.length > 0);
  return (
    <section className={styles.pane} aria-label={`Technique ${cell.id}`} tabIndex={0}>
      <div className={styles.head}>
        <Subtitle2>
          {cell.id} {cell.name}
        </Subtitle2>
        <Button
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label="Close"
          onClick={onClose}
        />
      </div>
      <TextLink to={`/rules?technique=${cell.id}`}>Show its rules in the list</TextLink>
      <Items title="Rules" items={ruleItems} none="No enabled rule looks for it." />
      <Items title="Templates" items={templateItems} none="No template looks for it." />
      {subs.length > 0 && (
        <>
          <Text weight="semibold">Sub-techniques</Text>
          {subs.map((s) => (
            <Text key={s.id}>
              {s.id}: {s.rules.length} rules, {s.templates.length} templates
            </Text>
          ))}
        </>
      )}
    </section>
  );
}
