/** Sets of filters under a name: some that everybody has, and the person's own. */
import {
  Button,
  Field,
  Input,
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { DeleteRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { ReactElement } from "react";
import { useNavigate } from "react-router-dom";
import { FormDialog } from "../../parts/FormDialog";
import { usePreference } from "../../parts/preference";
import { useUrlState } from "../../parts/urlState";

interface View {
  name: string;
  query: string;
}

const usual: View[] = [
  { name: "Open incidents", query: "" },
  { name: "My open incidents", query: "assigned=me" },
  { name: "Unassigned", query: "assigned=nobody" },
  { name: "High severity", query: "severity=High" },
  { name: "New in the last 24 hours", query: "status=New&range=1d" },
  { name: "Resolved", query: "status=Closed" },
  { name: "All", query: "status=any&range=all" },
];
const NONE: View[] = [];

function NameDialog(props: { onDone: (name: string | undefined) => void }) {
  const [name, setName] = useState("");
  return (
    <FormDialog
      title="Save the view"
      action="Save"
      ready={name.trim() !== ""}
      onSubmit={() => props.onDone(name.trim())}
      onClose={() => props.onDone(undefined)}
    >
      <Field label="Name" hint="Filters, search, range and order of now" required>
        <Input value={name} autoFocus onChange={(_, data) => setName(data.value)} />
      </Field>
    </FormDialog>
  );
}

export function SavedViews({ icon }: { icon: ReactElement }) {
  const [own, setOwn] = usePreference<View[]>("incidents.views", NONE);
  const [naming, setNaming] = useState(false);
  const go = useNavigate();
  const url = useUrlState();
  const open = (view: View) => void go({ search: view.query }, { replace: true });
  const named = (name: string | undefined) => {
    setNaming(false);
    if (name) setOwn([...own.filter((v) => v.name !== name), { name, query: url.text }]);
  };
  return (
    <>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <Button size="small" appearance="subtle" icon={icon}>
            Views
          </Button>
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuGroup>
              <MenuGroupHeader>Views</MenuGroupHeader>
              {usual.map((view) => (
                <MenuItem key={view.name} onClick={() => open(view)}>
                  {view.name}
                </MenuItem>
              ))}
            </MenuGroup>
            <MenuDivider />
            <MenuGroup>
              <MenuGroupHeader>Your own</MenuGroupHeader>
              {own.map((view) => (
                <MenuItem key={view.name} onClick={() => open(view)}>
                  {view.name}
                </MenuItem>
              ))}
              {own.map((view) => (
                <MenuItem
                  key={view.name}
                  icon={<DeleteRegular />}
                  onClick={() => setOwn(own.filter((v) => v.name !== view.name))}
                >
                  Remove {view.name}
                </MenuItem>
              ))}
              <MenuItem onClick={() => setNaming(true)}>Save the view…</MenuItem>
            </MenuGroup>
          </MenuList>
        </MenuPopover>
      </Menu>
      {naming && <NameDialog onDone={named} />}
    </>
  );
}
