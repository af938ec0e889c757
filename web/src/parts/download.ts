/** Files that the browser saves: made here, out of what is shown. */

export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser may not have begun to read it yet.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function download(name: string, type: string, text: string): void {
  saveBlob(name, new Blob([text], { type }));
}

/** One field of CSV (RFC 4180). guarded: what a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvField(value: unknown, guarded = true): string {
  const raw =
    value === null || value === undefined
      ? ""
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
  const text = guarded && typeof value === "string" && /^[=+\-@\t\r]/.test(raw) ? `'${raw}` : raw;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvText(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return (
    [head, ...rows].map((row) => row.map((value) => csvField(value)).join(",")).join("\r\n") +
    "\r\n"
  );
}
