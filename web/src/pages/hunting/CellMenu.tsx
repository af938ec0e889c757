/** What can be done with a cell and its row. */
import { Menu, MenuDivider, MenuItem, MenuList, MenuPopover } from "@fluentui/react-components";
import { useMemo } from "react";
import { useNotify } from "../../parts/Toasts";
import { rowObject } from "./exports";
import type { CellPlace } from "./grid/ResultGrid";
import { cellText } from "./grid/view";
import { condition } from "./kql";
import type { ResultTable } from "./results";

interface Props {
  table: ResultTable;
  cell: CellPlace;
  x: number;
  y: number;
  shown: readonly number[];
  onFilter: (filter: string) => void;
  onOpen: (row: number) => void;
  onBookmark: ((row: number) => void) | undefined;
  onClose: () => void;
}

export function CellMenu(props: Props) {
  const { table, cell, x, y, onClose } = props;
  const notify = useNotify();
  const target = useMemo(() => ({ getBoundingClientRect: () => new DOMRect(x, y, 0, 0) }), [x, y]);
  const column = table.columns[cell.column];
  if (column === undefined) return null;
  const value = table.at(cell.row, cell.column);
  const copy = (what: string, text: string) => {
    navigator.clipboard.writeText(text).then(
      () => notify.done(`${what} copied`),
      (error: unknown) => notify.failed("Nothing was copied", error),
    );
  };
  const filter = (not: boolean) => props.onFilter(condition(column.name, column.type, value, not));
  return (
    <Menu
      open
      positioning={{ target, position: "below", align: "start" }}
      onOpenChange={(_, data) => !data.open && onClose()}
    >
      <MenuPopover>
        <MenuList aria-label={`Cell of ${column.name}`}>
          <MenuItem onClick={() => props.onOpen(cell.row)}>Inspect record</MenuItem>
          <MenuDivider />
          <MenuItem onClick={() => filter(false)}>Add filter: equals</MenuItem>
          <MenuItem onClick={() => filter(true)}>Add filter: does not equal</MenuItem>
          <MenuDivider />
          <MenuItem onClick={() => copy("Value", cellText(value))}>Copy value</MenuItem>
          <MenuItem
            onClick={() =>
              copy("Row", JSON.stringify(rowObject(table, cell.row, props.shown), null, 2))
            }
          >
            Copy row as JSON
          </MenuItem>
          <MenuItem
            onClick={() => copy("Filter", `| where ${condition(column.name, column.type, value)}`)}
          >
            Copy as KQL filter
          </MenuItem>
          {props.onBookmark && (
            <>
              <MenuDivider />
              <MenuItem onClick={() => props.onBookmark?.(cell.row)}>Add bookmark</MenuItem>
            </>
          )}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
