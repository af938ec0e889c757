/** Which columns a grid shows. */
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
import { ColumnTripleEditRegular } from "@fluentui/react-icons";
import type { Column } from "./types";
import { useColumns } from "./useColumns";

export function ColumnMenu<T>({ id, columns }: { id: string; columns: readonly Column<T>[] }) {
  const choice = useColumns(id, columns);
  return (
    <Menu
      checkedValues={{ shown: choice.shown.map((c) => c.id) }}
      onCheckedValueChange={(_, data) => choice.choose(data.checkedItems)}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button size="small" appearance="subtle" icon={<ColumnTripleEditRegular />}>
          Customize columns
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList style={{ maxHeight: "60vh", overflowY: "auto" }}>
          {columns.map((c) => (
            <MenuItemCheckbox key={c.id} name="shown" value={c.id} disabled={c.fixed === true}>
              {c.title}
            </MenuItemCheckbox>
          ))}
          <MenuDivider />
          <MenuItem onClick={choice.reset}>As usual</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
