/** Which columns name which entities: at most ten, each by up to three identifiers. */
import { Button, Card, Select, Text, makeStyles, tokens } from "@fluentui/react-components";
import { AddRegular, DeleteRegular } from "@fluentui/react-icons";
import type { Mapping } from "../model";
import { useEntityTypes } from "../queries";
import { ColumnChoice } from "./ColumnChoice";
import { useQueryColumns } from "./columns";
import { useDraft } from "./draft";
import { suggestedMappings } from "./suggestions";

const MOST_MAPPINGS = 10;
const MOST_IDENTIFIERS = 3;

const useStyles = makeStyles({
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, alignItems: "center" },
  problem: { color: tokens.colorPaletteRedForeground1 },
});

interface One {
  mapping: Mapping;
  number: number;
  onChange: (mapping: Mapping | undefined) => void;
}

function Identifiers({ mapping, number, onChange }: One) {
  const styles = useStyles();
  const type = useEntityTypes().data?.find((t) => t.type === mapping.entityType);
  const fields = mapping.fieldMappings;
  const put = (at: number, field: { identifier: string; columnName: string } | undefined) =>
    onChange({
      ...mapping,
      fieldMappings: fields.flatMap((f, i) =>
        i !== at ? [f] : field === undefined ? [] : [field],
      ),
    });
  return (
    <>
      {fields.map((field, i) => (
        <div key={i} className={styles.row}>
          <Select
            aria-label={`Identifier ${String(i + 1)} of entity ${String(number)}`}
            value={field.identifier}
            onChange={(_, d) => put(i, { ...field, identifier: d.value })}
          >
            {(type?.identifiers ?? [field.identifier]).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
          <ColumnChoice
            label={`Column of identifier ${String(i + 1)} of entity ${String(number)}`}
            value={field.columnName}
            onChange={(columnName) => put(i, { ...field, columnName })}
          />
          {fields.length > 1 && (
            <Button
              appearance="subtle"
              icon={<DeleteRegular />}
              aria-label="Remove the identifier"
              onClick={() => put(i, undefined)}
            />
          )}
        </div>
      ))}
    </>
  );
}

function One({ mapping, number, onChange }: One) {
  const styles = useStyles();
  const { problem } = useDraft();
  const types = useEntityTypes().data ?? [];
  const firstOf = (name: string) => types.find((t) => t.type === name)?.identifiers[0] ?? "";
  const wrong = problem(`entityMappings[${String(number - 1)}]`);
  return (
    <Card>
      <div className={styles.row}>
        <Select
          aria-label={`Type of entity ${String(number)}`}
          value={mapping.entityType}
          onChange={(_, d) =>
            onChange({
              entityType: d.value,
              fieldMappings: [{ identifier: firstOf(d.value), columnName: "" }],
            })
          }
        >
          {types.map((t) => (
            <option key={t.type}>{t.type}</option>
          ))}
        </Select>
        <Button
          appearance="subtle"
          icon={<AddRegular />}
          disabled={mapping.fieldMappings.length >= MOST_IDENTIFIERS}
          onClick={() =>
            onChange({
              ...mapping,
              fieldMappings: [
                ...mapping.fieldMappings,
                { identifier: firstOf(mapping.entityType), columnName: "" },
              ],
            })
          }
        >
          Add identifier
        </Button>
        <Button
          appearance="subtle"
          icon={<DeleteRegular />}
          aria-label={`Remove entity ${String(number)}`}
          onClick={() => onChange(undefined)}
        />
      </div>
      <Identifiers mapping={mapping} number={number} onChange={onChange} />
      {wrong !== undefined && (
        <Text role="alert" className={styles.problem}>
          {wrong}
        </Text>
      )}
    </Card>
  );
}

/** Columns of the query that most likely name an entity, one click each. */
function Suggestions({ onAdd }: { onAdd: (mapping: Mapping) => void }) {
  const styles = useStyles();
  const { rule } = useDraft();
  const suggested = suggestedMappings(useQueryColumns(), rule.properties.entityMappings ?? []);
  if (suggested.length === 0) return null;
  return (
    <div className={styles.row} role="group" aria-label="Suggested entities">
      <Text>Suggested:</Text>
      {suggested.map((mapping) => {
        const column = mapping.fieldMappings[0]?.columnName ?? "";
        return (
          <Button key={column} size="small" onClick={() => onAdd(mapping)}>
            {mapping.entityType} of {column}
          </Button>
        );
      })}
    </div>
  );
}

export function EntityMappings() {
  const { rule, change } = useDraft();
  const all = rule.properties.entityMappings ?? [];
  const put = (at: number, mapping: Mapping | undefined) =>
    change({
      entityMappings: all.flatMap((m, i) =>
        i !== at ? [m] : mapping === undefined ? [] : [mapping],
      ),
    });
  const added: Mapping = {
    entityType: "Account",
    fieldMappings: [{ identifier: "FullName", columnName: "" }],
  };
  return (
    <>
      {all.map((mapping, i) => (
        <One key={i} mapping={mapping} number={i + 1} onChange={(m) => put(i, m)} />
      ))}
      {all.length < MOST_MAPPINGS && (
        <Suggestions onAdd={(mapping) => change({ entityMappings: [...all, mapping] })} />
      )}
      <div>
        <Button
          icon={<AddRegular />}
          disabled={all.length >= MOST_MAPPINGS}
          onClick={() => change({ entityMappings: [...all, added] })}
        >
          Add new entity
        </Button>
      </div>
    </>
  );
}
