/** Where a value stands in a JSON text: for marking what a server says about it by its path. */

export interface JsonRange {
  /** Offsets; to is behind the value. */
  from: number;
  to: number;
}

const BLANK = /\s/;

class Scanner {
  constructor(
    private readonly text: string,
    private at = 0,
  ) {}

  blanks(): void {
    while (this.at < this.text.length && BLANK.test(this.text[this.at] ?? "")) this.at++;
  }

  /** Behind the closing quote; the text's own characters, escapes and all. */
  string(): string {
    const from = ++this.at;
    while (this.at < this.text.length && this.text[this.at] !== '"')
      this.at += this.text[this.at] === "\\" ? 2 : 1;
    return this.text.slice(from, this.at++);
  }

  /** The value at the path, from here on; what is before it is skipped. */
  find(path: readonly (string | number)[]): JsonRange | undefined {
    this.blanks();
    const from = this.at;
    const open = this.text[this.at];
    if (open === "{" || open === "[") {
      const found = this.members(open, path);
      if (found !== undefined) return found;
    } else if (open === '"') this.string();
    else while (this.at < this.text.length && !/[,}\]\s]/.test(this.text[this.at] ?? "")) this.at++;
    return path.length === 0 ? { from, to: this.at } : undefined;
  }

  private members(open: "{" | "[", path: readonly (string | number)[]): JsonRange | undefined {
    const [wanted, ...rest] = path;
    for (let index = 0; this.at < this.text.length; index++) {
      this.at++; // the bracket, or a comma
      this.blanks();
      if (/[}\]]/.test(this.text[this.at] ?? "")) break;
      let key: string | number = index;
      if (open === "{") {
        key = this.string();
        this.blanks();
        this.at++; // the colon
      }
      // A path that is none of these is still skipped over to where it ends.
      const found = this.find(path.length > 0 && key === wanted ? rest : ["\u0000"]);
      if (found !== undefined) return found;
      this.blanks();
      if (this.text[this.at] !== ",") break;
    }
    this.at++;
    return undefined;
  }
}

/** "properties.dataFlows[0].transformKql" as its steps. */
function stepsOf(path: string): (string | number)[] {
  return path
    .split(/[.[\]]+/)
    .filter((step) => step !== "")
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** The value at the path, or the nearest one that it is in. The text has to be JSON. */
export function placeOfPath(text: string, path: string): JsonRange | undefined {
  for (let steps = stepsOf(path); ; steps = steps.slice(0, -1)) {
    const found = new Scanner(text).find(steps);
    if (found !== undefined || steps.length === 0) return found;
  }
}

/** The offset of a line and a column, from 1, of what a JSON string that begins at `from` stands for. */
export function placeInString(text: string, from: number, line: number, column: number): number {
  let at = from + 1;
  let [row, col] = [1, 1];
  while (at < text.length && text[at] !== '"' && (row < line || (row === line && col < column))) {
    const escape = text[at] === "\\";
    if (escape && text[at + 1] === "n") [row, col] = [row + 1, 1];
    else col++;
    at += escape ? (text[at + 1] === "u" ? 6 : 2) : 1;
  }
  return at;
}
