/** What a server says is wrong with a data collection rule, and where in the rule's text that is. */
import { ApiError } from "../../api/client";
import { placeInString, placeOfPath } from "../../parts/jsonPlace";
import type { JsonMark } from "./JsonEditor";

export interface Detail {
  code: string;
  message: string;
  target?: string;
}

export function detailsOf(error: unknown): Detail[] {
  const body = error instanceof ApiError ? (error.body as { error?: { details?: Detail[] } }) : {};
  return body.error?.details ?? [];
}

/** A mistake in a transformation is marked in its query, others at what they name. */
function markOf(text: string, { message, target = "" }: Detail): JsonMark | undefined {
  const inQuery = /^(\w+), line (\d+), column (\d+)/.exec(message);
  const range = placeOfPath(text, inQuery ? `${target}.${inQuery[1] ?? ""}` : target);
  if (range === undefined) return undefined;
  if (!inQuery || text[range.from] !== '"') return { ...range, message };
  const from = placeInString(text, range.from, Number(inQuery[2]), Number(inQuery[3]));
  const word = /^\w+/.exec(text.slice(from, range.to))?.[0] ?? "";
  return { from, to: from + Math.max(1, word.length), message };
}

export function marksOf(text: string, error: unknown): JsonMark[] {
  return detailsOf(error).flatMap((detail) => markOf(text, detail) ?? []);
}

/** "line 12": for those who read, not look. */
export function lineOf(text: string, mark: JsonMark): number {
  return text.slice(0, mark.from).split("\n").length;
}
