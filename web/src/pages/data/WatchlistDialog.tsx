/** A new watchlist of a CSV file. */
import { Field, Input, Select, Textarea } from "@fluentui/react-components";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router-dom";
import { FormDialog } from "../../parts/FormDialog";
import { SmallTable } from "../../parts/SmallTable";
import { useNotify } from "../../parts/Toasts";
import { parseCsv } from "./csv";
import { useDataChange } from "./queries";
import { useApi } from "../../session/useApi";

const PREVIEW_ROWS = 50;

export function WatchlistDialog({ onClose }: { onClose: () => void }) {
  const api = useApi();
  const go = useNavigate();
  const notify = useNotify();
  const [name, setName] = useState("");
  const [alias, setAlias] = useState("");
  const [description, setDescription] = useState("");
  const [skip, setSkip] = useState("0");
  const [key, setKey] = useState("");
  const [file, setFile] = useState({ name: "", text: "" });
  const [head = [], ...rows] = useMemo(
    () => parseCsv(file.text, Number(skip), PREVIEW_ROWS + 1),
    [file, skip],
  );
  const save = useDataChange(() =>
    api.sentinel.call("PUT", "/watchlists/{alias}", {
      path: { alias },
      body: {
        properties: {
          displayName: name,
          provider: "Microsoft",
          source: file.name,
          sourceType: "Local",
          description,
          itemsSearchKey: key,
          contentType: /\.tsv$/i.test(file.name) ? "text/tsv" : "text/csv",
          numberOfLinesToSkip: Number(skip),
          rawContent: file.text,
        },
      },
    }),
  );
  const store = async () => {
    await save.mutateAsync(undefined);
    notify.done("The watchlist is made");
    onClose();
    void go(`/watchlists/${encodeURIComponent(alias)}`);
  };
  const choose = async (files: FileList | null) => {
    const chosen = files?.[0];
    if (chosen) setFile({ name: chosen.name, text: await chosen.text() });
  };
  const ready = name !== "" && alias !== "" && head.includes(key);
  return (
    <FormDialog
      wide
      title="New watchlist"
      action="Create"
      failed="The watchlist was not made"
      ready={ready}
      onSubmit={store}
      onClose={onClose}
    >
      <Field label="Name" required>
        <Input value={name} onChange={(_, d) => setName(d.value)} />
      </Field>
      <Field label="Alias" required hint="Queries name the list by it: _GetWatchlist('alias')">
        <Input value={alias} onChange={(_, d) => setAlias(d.value)} />
      </Field>
      <Field label="Description">
        <Textarea value={description} onChange={(_, d) => setDescription(d.value)} />
      </Field>
      <Field label="CSV file" required hint="With a line of column names; up to 3.8 MB">
        {(field) => (
          <input
            {...field}
            type="file"
            accept=".csv,.tsv,text/csv"
            onChange={(event) => void choose(event.target.files)}
          />
        )}
      </Field>
      <Field label="Lines before the names of columns">
        <Input type="number" min={0} value={skip} onChange={(_, d) => setSkip(d.value)} />
      </Field>
      <Field label="Search key" required hint="The column that lookups compare">
        <Select value={key} onChange={(_, d) => setKey(d.value)}>
          <option value="">Choose a column</option>
          {head.map((column, i) => (
            <option key={i}>{column}</option>
          ))}
        </Select>
      </Field>
      {head.length > 0 && (
        <SmallTable label="Preview" columns={head} rows={rows} most={PREVIEW_ROWS} />
      )}
    </FormDialog>
  );
}
