/** Files of what is shown, how far one is, and giving it up. */
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
import { ArrowDownload20Regular, Dismiss20Regular } from "@fluentui/react-icons";
import { useEffect, useRef, useState } from "react";
import { useRemembered } from "../../parts/remembered";
import { useNotify } from "../../parts/Toasts";
import { exportFile } from "./exports";
import type { FileKind } from "./exports";
import type { ResultTable } from "./results";

interface Props {
  table: ResultTable;
  view: Uint32Array | undefined;
  shown: readonly number[];
}

const kinds: readonly (readonly [FileKind, string])[] = [
  ["csv", "CSV"],
  ["json", "JSON"],
  ["parquet", "Parquet"],
];

export function ExportMenu({ table, view, shown }: Props) {
  const notify = useNotify();
  const [guarded, setGuarded] = useRemembered("hunting.csv-guarded", true);
  const [share, setShare] = useState<number | undefined>(undefined);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);

  const save = async (kind: FileKind) => {
    const mine = new AbortController();
    abort.current = mine;
    setShare(0);
    try {
      await exportFile(kind, {
        table,
        view,
        columns: shown,
        guarded,
        onProgress: setShare,
        signal: mine.signal,
      });
      if (table.cut)
        notify.done("The file has the rows that are shown; the query has more than these");
    } catch (error) {
      if (!mine.signal.aborted) notify.failed("There is no file", error);
    } finally {
      setShare(undefined);
    }
  };
  if (share !== undefined)
    return (
      <Button
        size="small"
        appearance="subtle"
        icon={<Dismiss20Regular />}
        onClick={() => abort.current?.abort()}
      >
        Cancel export ({Math.floor(share * 100)} %)
      </Button>
    );
  return (
    <Menu
      checkedValues={{ csv: guarded ? ["guarded"] : [] }}
      onCheckedValueChange={(_, data) => setGuarded(data.checkedItems.includes("guarded"))}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button size="small" appearance="subtle" icon={<ArrowDownload20Regular />}>
          Export
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {kinds.map(([kind, title]) => (
            <MenuItem key={kind} onClick={() => void save(kind)}>
              {title}
            </MenuItem>
          ))}
          <MenuDivider />
          <MenuItemCheckbox name="csv" value="guarded">
            In CSV, mark formulas as text
          </MenuItemCheckbox>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
