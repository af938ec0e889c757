/** The choice of a column of the query; one that it does not give stays, and says so. */
import { Select } from "@fluentui/react-components";
import { useQueryColumns } from "./columns";

interface Props {
  label: string;
  value: string;
  onChange: (column: string) => void;
  /** What stands for no column; without it one has to be chosen. */
  none?: string;
}

export function ColumnChoice({ label, value, onChange, none }: Props) {
  const columns = useQueryColumns();
  const known = value === "" || columns.some((c) => c.name === value);
  return (
    <Select aria-label={label} value={value} onChange={(_, d) => onChange(d.value)}>
      <option value="">{none ?? "Choose a column"}</option>
      {!known && (
        <option value={value}>
          {value}
          {columns.length > 0 ? " (not in the query)" : ""}
        </option>
      )}
      {columns.map((c) => (
        <option key={c.name} value={c.name}>
          {c.name}
        </option>
      ))}
    </Select>
  );
}
