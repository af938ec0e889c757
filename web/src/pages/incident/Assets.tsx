/** The entities that the incident's alerts and bookmarks name. */
import { Link } from "react-router-dom";
import type { Entity, Incident } from "../../api/incidents";
import { DataGrid } from "../../parts/DataGrid";
import type { Column } from "../../parts/DataGrid";
import { fieldTitle } from "../../parts/entityFields";
import { EmptyState, ErrorNotice } from "../../parts/notices";
import { kindTitle } from "../entities/queries";
import { labelOf } from "./story";
import { useTabStyles } from "./tabStyles";
import { usePart } from "./useIncident";

const assetColumns: Column<Entity>[] = [
  {
    id: "name",
    title: "Name",
    width: 340,
    sortable: true,
    fixed: true,
    value: labelOf,
    cell: (e) => <Link to={`/entities/${e.kind.toLowerCase()}/${e.name}`}>{labelOf(e)}</Link>,
  },
  {
    id: "kind",
    title: "Type",
    width: 160,
    sortable: true,
    value: (e) => kindTitle(e.kind),
    cell: (e) => kindTitle(e.kind),
  },
  {
    id: "facts",
    title: "Facts",
    width: 480,
    cell: (e) =>
      Object.entries(e.properties)
        .flatMap(([name, v]) =>
          typeof v === "string" && name !== "friendlyName" ? [`${fieldTitle(name)}: ${v}`] : [],
        )
        .join(", "),
  },
];

export function Assets({ incident }: { incident: Incident }) {
  const styles = useTabStyles();
  const entities = usePart(incident, "entities", (api, id) => api.entities(id));
  return (
    <div className={styles.stack}>
      <ErrorNotice error={entities.error} onRetry={() => void entities.refetch()} />
      <div className={styles.list}>
        <DataGrid
          id="incident-assets"
          label="Assets"
          columns={assetColumns}
          rows={entities.data ?? []}
          rowKey={(e) => e.name}
          loading={entities.isPending}
          empty={
            <EmptyState title="No entities are named">
              Rules name them by their entity mappings.
            </EmptyState>
          }
        />
      </div>
    </div>
  );
}
