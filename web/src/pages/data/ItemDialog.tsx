/** One item of a watchlist: a value for each column. */
import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { FormDialog } from "../../parts/FormDialog";
import { useNotify } from "../../parts/Toasts";
import { textOf } from "./WatchlistPage";
import type { Item } from "./WatchlistPage";
import { useDataChange } from "./queries";
import { useApi } from "../../session/useApi";

interface Props {
  alias: string;
  /** undefined: a new one. */
  item: Item | undefined;
  names: readonly string[];
  onClose: () => void;
}

export function ItemDialog({ alias, item, names, onClose }: Props) {
  const api = useApi();
  const notify = useNotify();
  const [values, setValues] = useState<Record<string, string>>(() =>
    Object.fromEntries(names.map((n) => [n, textOf(item?.properties.itemsKeyValue[n])])),
  );
  const save = useDataChange(() => {
    const id = item?.name ?? crypto.randomUUID();
    return api.sentinel.call("PUT", "/watchlists/{alias}/watchlistItems/{item}", {
      path: { alias, item: id },
      body: { ...(item ? { etag: item.etag } : {}), properties: { itemsKeyValue: values } },
    });
  });
  const store = async () => {
    await save.mutateAsync(undefined);
    notify.done("The item is saved");
    onClose();
  };
  return (
    <FormDialog
      title={item ? "Edit item" : "New item"}
      action="Save"
      failed="The item was not saved"
      onSubmit={store}
      onClose={onClose}
    >
      {names.map((name) => (
        <Field key={name} label={name}>
          <Input
            value={values[name] ?? ""}
            onChange={(_, d) => setValues({ ...values, [name]: d.value })}
          />
        </Field>
      ))}
    </FormDialog>
  );
}
