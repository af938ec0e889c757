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

export function sentence(a: Activity): string {
  if (a.activity !== "Changed") return SENTENCES[a.activity] ?? a.activity;
  const value = (text: string | undefined) =>
    text === undefined || text === "" ? "nothing" : `“${text}”`;
  return `changed ${a.field ?? "it"} from ${value(a.oldValue)} to ${value(a.newValue)}`;
}
