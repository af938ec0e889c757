/** A filter of a list: several of its values may be chosen. */
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
import { ChevronDownRegular } from "@fluentui/react-icons";

interface Props {
  label: string;
  options: readonly (string | { value: string; title: string })[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

export function FilterMenu({ label, options, chosen, onChange }: Props) {
  const items = options.map((o) => (typeof o === "string" ? { value: o, title: o } : o));
  const titles = items.filter((o) => chosen.includes(o.value)).map((o) => o.title);
  const said =
    titles.length === 0
      ? "All"
      : titles.length > 2
        ? `${String(titles.length)} chosen`
        : titles.join(", ");
  return (
    <Menu
      checkedValues={{ chosen: [...chosen] }}
      onCheckedValueChange={(_, data) => onChange(data.checkedItems)}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button
          size="small"
          appearance={titles.length > 0 ? "secondary" : "outline"}
          icon={<ChevronDownRegular />}
          iconPosition="after"
        >
          {label}: {said}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList style={{ maxHeight: "24rem", overflowY: "auto" }}>
          {items.map((o) => (
            <MenuItemCheckbox key={o.value} name="chosen" value={o.value}>
              {o.title}
            </MenuItemCheckbox>
          ))}
          <MenuDivider />
          <MenuItem onClick={() => onChange([])} disabled={chosen.length === 0}>
            All
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
