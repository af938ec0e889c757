/** A choice of several workspaces among those where the person may do something. */
import {
  Button,
  Menu,
  MenuDivider,
  MenuItem,
  MenuItemCheckbox,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { BuildingMultiple20Regular } from "@fluentui/react-icons";
import { useSession, workspaceTitle } from "../session/session";

/** The server takes so many at once. */
export const MOST_WORKSPACES = 100;

interface Props {
  /** What the person has to be allowed there: "query/read". */
  right: string;
  /** What it means to choose some. */
  hint: string;
  /** Ids. */
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  /** The workspace that is looked at belongs to it whatever is chosen. */
  always?: boolean;
}

/** The workspaces where the person has a right, with their tenant's name where there are several. */
export function useWorkspaces(right: string): { id: string; title: string }[] {
  const { tenants } = useSession();
  return tenants.flatMap((tenant) =>
    tenant.workspaces
      .filter((w) => w.rights.includes(right))
      .map((w) => ({
        id: w.id,
        title: tenants.length > 1 ? `${workspaceTitle(w)} (${tenant.name})` : workspaceTitle(w),
      })),
  );
}

export function WorkspaceMenu({ right, hint, chosen, onChange, always = false }: Props) {
  const { workspace } = useSession();
  const all = useWorkspaces(right);
  const own = workspace && workspaceTitle(workspace);
  const others = all.filter((w) => w.id !== workspace?.id);
  if (others.length === 0) return null;
  const offered = always ? others : all;
  const known = chosen.filter((id) => offered.some((w) => w.id === id));
  const most = always ? MOST_WORKSPACES - 1 : MOST_WORKSPACES;
  const count = always && known.length > 0 ? known.length + 1 : known.length;
  const change = (ids: readonly string[]) => onChange(ids.slice(0, most));
  return (
    <Menu
      checkedValues={{ workspaces: known }}
      onCheckedValueChange={(_, data) => change(data.checkedItems)}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button size="small" appearance="subtle" icon={<BuildingMultiple20Regular />} title={hint}>
          {count === 0
            ? "Workspaces"
            : `${String(count)} ${count === 1 ? "workspace" : "workspaces"}`}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList style={{ maxHeight: "50vh", overflowY: "auto" }}>
          {always && (
            <MenuItemCheckbox name="own" value={workspace?.id ?? ""} disabled>
              {own} (always)
            </MenuItemCheckbox>
          )}
          {offered.map((w) => (
            <MenuItemCheckbox key={w.id} name="workspaces" value={w.id}>
              {w.title}
            </MenuItemCheckbox>
          ))}
          <MenuDivider />
          <MenuItem onClick={() => change(offered.map((w) => w.id))}>All workspaces</MenuItem>
          <MenuItem disabled={known.length === 0} onClick={() => change([])}>
            Only {own}
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
