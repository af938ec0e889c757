/** Which workspaces a query reads besides the one that is looked at. */
import {
  Button,
  Menu,
  MenuItemCheckbox,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { BuildingMultiple20Regular } from "@fluentui/react-icons";
import { useSession } from "../../session/session";

/** The server takes so many at once, with the one that is looked at. */
export const MOST_WORKSPACES = 100;

interface Props {
  /** Ids. */
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

export function WorkspaceMenu({ chosen, onChange }: Props) {
  const { tenants, workspace } = useSession();
  const others = tenants.flatMap((tenant) =>
    tenant.workspaces
      .filter((w) => w.id !== workspace?.id && w.rights.includes("query/read"))
      .map((w) => ({
        id: w.id,
        title: tenants.length > 1 ? `${w.name} (${tenant.name})` : w.name,
      })),
  );
  if (others.length === 0) return null;
  const known = chosen.filter((id) => others.some((w) => w.id === id));
  return (
    <Menu
      checkedValues={{ workspaces: known }}
      onCheckedValueChange={(_, data) => onChange(data.checkedItems.slice(0, MOST_WORKSPACES - 1))}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button
          size="small"
          appearance="subtle"
          icon={<BuildingMultiple20Regular />}
          title="Tables are those of all these workspaces; the column TenantId tells which one a row is of"
        >
          {known.length === 0 ? "Workspaces" : `${String(known.length + 1)} workspaces`}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList style={{ maxHeight: "50vh", overflowY: "auto" }}>
          <MenuItemCheckbox name="own" value={workspace?.id ?? ""} disabled>
            {workspace?.name} (always)
          </MenuItemCheckbox>
          {others.map((w) => (
            <MenuItemCheckbox key={w.id} name="workspaces" value={w.id}>
              {w.title}
            </MenuItemCheckbox>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
