/** What the activity log says, as sentences. */
import type { Activity } from "../../api/incidents";

const SENTENCES: Record<string, string> = {
  Created: "created the incident",
  AlertAdded: "added an alert",
  AlertRemoved: "removed an alert",
  BookmarkAdded: "added a bookmark",
  BookmarkRemoved: "removed a bookmark",
  CommentAdded: "wrote a comment",
  CommentChanged: "changed a comment",
  CommentDeleted: "deleted a comment",
  TaskAdded: "added a task",
  TaskChanged: "changed a task",
  TaskDeleted: "deleted a task",
  TaskCompleted: "completed a task",
  TaskReopened: "reopened a task",
};

/** What SecurityIncident says in place of a person when an alert has opened the incident. */
const BY_ALERT = "Incident created from alert";

/** Who did it, and what. */
export function wholeSentence(a: Activity): string {
  return `${a.who === BY_ALERT ? "Detection" : a.who} ${sentence(a)}`;
}

export function sentence(a: Activity): string {
  if (a.activity !== "Changed") return SENTENCES[a.activity] ?? a.activity;
  const value = (text: string | undefined) =>
    text === undefined || text === "" ? "nothing" : `“${text}”`;
  return `changed ${a.field ?? "it"} from ${value(a.oldValue)} to ${value(a.newValue)}`;
}
