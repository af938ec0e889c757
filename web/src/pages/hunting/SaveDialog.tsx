/** Saves the query: for hunting again, or as a function that other queries call. */
import { Field, Input, Textarea } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../../parts/FormDialog";
import { useApi } from "../../session/useApi";

interface Props {
  /** A function has a name by which queries call it, and parameters. */
  asFunction: boolean;
  name: string;
  query: string;
  /** The saved search that is replaced; "": a new one. */
  replaces: string;
  onSaved: (name: string, id: string) => void;
  onClose: () => void;
}

const ALIAS = /^[A-Za-z_]\w{0,127}$/;

export function SaveDialog({ asFunction, name, query, replaces, onSaved, onClose }: Props) {
  const api = useApi();
  const queries = useQueryClient();
  const [title, setTitle] = useState(asFunction ? name.replaceAll(/\W+/g, "") : name);
  const [category, setCategory] = useState(asFunction ? "Functions" : "Hunting Queries");
  const [parameters, setParameters] = useState("");
  const [description, setDescription] = useState("");
  const wrong = asFunction && title !== "" && !ALIAS.test(title);

  const save = async () => {
    const id = replaces || crypto.randomUUID();
    await api.arm.call("PUT", "/savedSearches/{search}", {
      path: { search: id },
      body: {
        etag: "*",
        properties: {
          category,
          displayName: title,
          query,
          version: 2,
          tags: [{ name: "description", value: description }],
          ...(asFunction ? { functionAlias: title, functionParameters: parameters } : {}),
        },
      },
    });
    await queries.invalidateQueries({ queryKey: ["hunting"] });
    onSaved(title, asFunction ? "" : id);
  };

  return (
    <FormDialog
      title={asFunction ? "Save as function" : "Save query"}
      action="Save"
      failed="It was not saved"
      ready={title.trim() !== "" && !wrong && category.trim() !== ""}
      onSubmit={save}
      onClose={onClose}
    >
      <Field
        label={asFunction ? "Function name" : "Name"}
        required
        {...(wrong
          ? { validationMessage: "A letter or _, then letters, digits and _; no blanks." }
          : {})}
      >
        <Input value={title} onChange={(_, data) => setTitle(data.value)} />
      </Field>
      {asFunction && (
        <Field label="Parameters" hint="Such as: user:string, since:timespan=1d">
          <Input value={parameters} onChange={(_, data) => setParameters(data.value)} />
        </Field>
      )}
      <Field label="Category">
        <Input value={category} onChange={(_, data) => setCategory(data.value)} />
      </Field>
      <Field label="Description">
        <Textarea value={description} onChange={(_, data) => setDescription(data.value)} />
      </Field>
    </FormDialog>
  );
}
