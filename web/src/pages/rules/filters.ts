/** Which rows of a list of rules or templates are shown, by what stands in the address. */
import type { UrlState } from "../../parts/urlState";

export interface Filtered {
  id: string;
  name: string;
  severity?: string | undefined;
  kind: string;
  tactics: readonly string[];
  techniques: readonly string[];
  subTechniques: readonly string[];
}

/** T1110 also finds what has a sub-technique of it. */
function hasTechnique(row: Filtered, wanted: string): boolean {
  return (
    row.techniques.includes(wanted) ||
    row.subTechniques.some((t) => t === wanted || t.startsWith(`${wanted}.`))
  );
}

/** One that keeps all when nothing is chosen. */
function among(chosen: readonly string[], value: string | undefined): boolean {
  return chosen.length === 0 || (value !== undefined && chosen.includes(value));
}

export function passes(row: Filtered, url: UrlState): boolean {
  const search = url.one("search").trim().toLowerCase();
  const tactics = url.many("tactic");
  const technique = url.one("technique");
  return (
    (search === "" ||
      row.name.toLowerCase().includes(search) ||
      row.id.toLowerCase().includes(search)) &&
    among(url.many("severity"), row.severity) &&
    among(url.many("kind"), row.kind) &&
    (tactics.length === 0 || row.tactics.some((t) => tactics.includes(t))) &&
    (technique === "" || hasTechnique(row, technique))
  );
}
