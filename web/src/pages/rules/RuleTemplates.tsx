/** The gallery of templates: what they look for, whether they are in use, and rules made of them. */
import { Badge, Button, Link, Text, makeStyles, tokens } from "@fluentui/react-components";
import { ArrowUploadRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { UrlFilter } from "../../parts/FilterBar";
import { SeverityBadge } from "../../parts/badges";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { useUrlState } from "../../parts/urlState";
import { useSession } from "../../session/session";
import { ImportDialog } from "./ImportDialog";
import { ListAndPane } from "./ListAndPane";
import { RuleFilters } from "./RuleFilters";
import { TacticList } from "./TacticList";
import { TemplatePane } from "./TemplatePane";
import { passes } from "./filters";
import { kindTitles } from "./model";
import type { Template } from "./model";
import { useTemplates } from "./queries";

const useStyles = makeStyles({
  name: {
    display: "flex",
    gap: tokens.spacingHorizontalS,
    "& > button": { minWidth: 0, overflow: "hidden", textOverflow: "ellipsis" },
  },
});

function isUsed(t: Template): boolean {
  return t.properties.alertRulesCreatedByTemplateCount > 0;
}

function sources(t: Template): string {
  return [...new Set((t.properties.requiredDataConnectors ?? []).flatMap((c) => c.dataTypes))].join(
    ", ",
  );
}

const severityOrder = ["Informational", "Low", "Medium", "High"];

function useColumns(open: (name: string) => void, nameClass: string): Column<Template>[] {
  return useMemo(
    () => [
      {
        id: "severity",
        title: "Severity",
        width: 130,
        sortable: true,
        value: (t: Template) => severityOrder.indexOf(t.properties.severity ?? ""),
        cell: (t: Template) =>
          t.properties.severity === undefined ? null : (
            <SeverityBadge severity={t.properties.severity} />
          ),
      },
      {
        id: "name",
        title: "Name",
        width: 360,
        fixed: true,
        sortable: true,
        value: (t: Template) => t.properties.displayName,
        cell: (t: Template) => (
          <div className={nameClass}>
            {isUsed(t) && (
              <Badge appearance="tint" color="success">
                IN USE
              </Badge>
            )}
            <Link as="button" onClick={() => open(t.name)}>
              {t.properties.displayName}
            </Link>
          </div>
        ),
      },
      {
        id: "kind",
        title: "Rule type",
        width: 130,
        sortable: true,
        value: (t: Template) => kindTitles[t.kind] ?? t.kind,
        cell: (t: Template) => kindTitles[t.kind] ?? t.kind,
      },
      { id: "sources", title: "Data sources", width: 200, value: sources, cell: sources },
      {
        id: "tactics",
        title: "Tactics",
        width: 190,
        cell: (t: Template) => <TacticList names={t.properties.tactics ?? []} />,
      },
      {
        id: "techniques",
        title: "Techniques",
        width: 130,
        cell: (t: Template) => (t.properties.techniques ?? []).join(", "),
      },
      {
        id: "version",
        title: "Version",
        width: 90,
        cell: (t: Template) => t.properties.version ?? "",
      },
    ],
    [open, nameClass],
  );
}

export function RuleTemplates() {
  const styles = useStyles();
  const url = useUrlState();
  const { may } = useSession();
  const { data, error, isPending, refetch } = useTemplates();
  const [importing, setImporting] = useState(false);
  const change = url.change;
  const open = useMemo(() => (name: string) => change({ template: name }), [change]);
  const columns = useColumns(open, styles.name);
  const rows = useMemo(() => {
    const used = url.many("used");
    return (data ?? []).filter(
      (t) =>
        passes(
          {
            id: t.name,
            name: t.properties.displayName ?? "",
            severity: t.properties.severity,
            kind: t.kind,
            tactics: t.properties.tactics ?? [],
            techniques: t.properties.techniques ?? [],
            subTechniques: t.properties.subTechniques ?? [],
          },
          url,
        ) &&
        (used.length !== 1 || (used[0] === "In use") === isUsed(t)),
    );
  }, [data, url]);
  const chosen = data?.find((t) => t.name === url.one("template"));
  if (error !== null)
    return (
      <ErrorNotice
        title="The templates can't be shown"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  return (
    <>
      <ListAndPane
        above={
          <RuleFilters label="Filters of templates" names={["used"]}>
            <UrlFilter name="used" label="Use" options={["In use", "Not in use"]} />
            {may("rules/write") && (
              <Button
                size="small"
                appearance="subtle"
                icon={<ArrowUploadRegular />}
                onClick={() => setImporting(true)}
              >
                Import templates
              </Button>
            )}
            <Text size={200} aria-live="polite">
              {isPending ? "" : `${String(rows.length)} of ${String(data.length)} templates`}
            </Text>
          </RuleFilters>
        }
        list={
          <DataGrid
            id="ruleTemplates"
            label="Rule templates"
            columns={columns}
            rows={rows}
            rowKey={(t) => t.name}
            loading={isPending}
            onActive={(t) => open(t.name)}
            empty={
              <EmptyState title="No template fits the filters">Take some of them away.</EmptyState>
            }
          />
        }
        pane={
          chosen && (
            <TemplatePane template={chosen} onClose={() => change({ template: undefined })} />
          )
        }
      />
      {importing && <ImportDialog templates onClose={() => setImporting(false)} />}
    </>
  );
}
