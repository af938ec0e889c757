/** Who an incident is assigned to: chosen from the people who may change incidents of the workspace. */
import { Button, Combobox, Field, Option } from "@fluentui/react-components";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import type { Owner } from "../../api/incidents";
import { server } from "../../api/typed";
import type { Schemas } from "../../api/typed";
import { errorText } from "../../parts/notices";
import { useSession } from "../../session/session";
import type { SessionInfo } from "../../session/session";

type Person = Schemas["Assignable"];

const SHOWN = 50;

const NOBODY: Owner = { objectId: null, email: null, assignedTo: null, userPrincipalName: null };

function ownerOf(person: Person): Owner {
  return {
    objectId: person.id,
    assignedTo: person.displayName || person.name,
    userPrincipalName: person.userPrincipalName || person.name,
    email: person.email || null,
  };
}

/** The user who has signed in, as an owner. */
export function ownerOfUser(user: SessionInfo["user"]): Owner {
  return {
    objectId: user.id,
    assignedTo: user.displayName || user.name,
    userPrincipalName: user.name,
    email: user.email || null,
  };
}

/** People to whom incidents of each of these workspaces may be given. */
function usePeople(workspaces: readonly string[], search: string) {
  return useQuery({
    queryKey: ["assignable", ...workspaces, search],
    enabled: workspaces.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const [first = [], ...others] = await Promise.all(
        workspaces.map(async (workspace) => {
          const query = { workspace, search: search || undefined, $top: SHOWN };
          return (await server.call("GET", "/vedette/v1/assignable", { query, signal })).value;
        }),
      );
      return first.filter((p) => others.every((list) => list.some((o) => o.id === p.id)));
    },
  });
}

interface Props {
  /** Where the incidents are, by id; the workspace that is looked at unless told. */
  workspaces?: readonly string[];
  /** As it is read; "": nobody, or several. */
  text: string;
  placeholder: string;
  onChange: (text: string, owner: Owner) => void;
}

export function OwnerField({ workspaces, text, placeholder, onChange }: Props) {
  const { user, workspace } = useSession();
  const where = workspaces ?? (workspace === undefined ? [] : [workspace.id]);
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const people = usePeople(where, useDeferredValue(typed?.trim() ?? ""));
  const choose = (name: string, owner: Owner) => {
    setTyped(undefined);
    onChange(name, owner);
  };
  const chooseId = (id: string | undefined) => {
    const person = people.data?.find((p) => p.id === id);
    if (person !== undefined) choose(person.displayName || person.name, ownerOf(person));
    else if (id === "") choose("", NOBODY);
  };
  const me = () => choose(user.displayName || user.name, ownerOfUser(user));
  return (
    <Field
      label="Assign to"
      {...(people.error ? { validationMessage: errorText(people.error) } : {})}
    >
      <div style={{ display: "flex", gap: "4px" }}>
        <Combobox
          freeform
          value={typed ?? text}
          selectedOptions={[]}
          placeholder={placeholder}
          style={{ flexGrow: 1 }}
          onChange={(event) => setTyped(event.target.value)}
          onOptionSelect={(_, data) => chooseId(data.optionValue)}
          // What was typed and not chosen is nobody's name.
          onBlur={() => setTyped(undefined)}
        >
          <Option value="" text="Nobody">
            Nobody
          </Option>
          {(people.data ?? []).map((person) => (
            <Option key={person.id} value={person.id} text={person.displayName || person.name}>
              {person.displayName || person.name} ({person.userPrincipalName || person.name})
            </Option>
          ))}
        </Combobox>
        <Button onClick={me}>Me</Button>
      </div>
    </Field>
  );
}
