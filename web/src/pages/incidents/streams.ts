/**
 * The incidents of several workspaces in one order. Each workspace is asked for its own pages, and what has come is
 * merged; one that can't be read is told of, and the others stay.
 */
import { Incidents, listed } from "../../api/incidents";
import type { IncidentPage, ListedIncident } from "../../api/incidents";
import type { Sort } from "../../parts/DataGrid";
import { severities } from "../../parts/badges";

/** A workspace whose incidents are listed. */
export interface Home {
  id: string;
  /** What people know it as. */
  title: string;
  tenant: string;
  api: Incidents;
  rights: readonly string[];
}

export type QueueIncident = ListedIncident & { home: Home };

/** What has come of a workspace and is not shown yet. */
export interface Stream {
  home: Home;
  rows: QueueIncident[];
  /** Where its next page begins; undefined: there is none. */
  skip: number | undefined;
}

export interface Failure {
  home: Home;
  error: unknown;
}

/** What a workspace has answered: its page from an incident on. */
export interface Answer {
  home: Home;
  skip: number;
  page: IncidentPage;
}

export interface MergedPage {
  rows: QueueIncident[];
  /** What the workspaces were asked for it. */
  answers: Answer[];
  streams: Stream[];
  failed: Failure[];
}

export interface Asked {
  filter: string;
  sort: Sort;
  /** Incidents of each workspace's page. */
  size: number;
  /** Answers that are there already, and are not asked for again. */
  known?: readonly Answer[];
}

/** An incident among those of several workspaces, where two may have the same name. */
export function keyOf({ home, name }: QueueIncident): string {
  return `${home.id}/${name}`;
}

export function begin(homes: readonly Home[]): Stream[] {
  return homes.map((home) => ({ home, rows: [], skip: 0 }));
}

/** Are there more incidents behind these? */
export function goesOn(streams: readonly Stream[]): boolean {
  return streams.some((s) => s.rows.length > 0 || s.skip !== undefined);
}

export function orderOf(sort: Sort): string {
  return `properties/${sort.column} ${sort.descending ? "desc" : "asc"}`;
}

/** What an incident is ordered by, as the server orders it. */
function valueOf({ properties: p }: ListedIncident, column: string): string | number {
  const of: Record<string, string | number | undefined> = {
    title: p.title.toLowerCase(),
    incidentNumber: p.incidentNumber,
    severity: -severities.findIndex((s) => s === p.severity),
    status: p.status.toLowerCase(),
    "additionalData/alertsCount": p.additionalData.alertsCount,
    "additionalData/commentsCount": p.additionalData.commentsCount,
    createdTimeUtc: p.createdTimeUtc,
    firstActivityTimeUtc: p.firstActivityTimeUtc,
    lastActivityTimeUtc: p.lastActivityTimeUtc,
    lastModifiedTimeUtc: p.lastModifiedTimeUtc,
  };
  return of[column] ?? "";
}

function before(a: ListedIncident, b: ListedIncident, { column, descending }: Sort): boolean {
  const [x, y] = [valueOf(a, column), valueOf(b, column)];
  return descending ? x > y : x < y;
}

/** The streams with something to choose from; what was answered goes to answers, the ones that fail to failed. */
async function filled(
  streams: readonly Stream[],
  asked: Asked,
  { answers, failed }: Pick<MergedPage, "answers" | "failed">,
  signal?: AbortSignal,
): Promise<Stream[]> {
  const fill = async ({ home, rows, skip }: Stream): Promise<Stream> => {
    if (rows.length > 0 || skip === undefined) return { home, rows: [...rows], skip };
    try {
      const { filter, sort, size, known } = asked;
      const page =
        known?.find((a) => a.home.id === home.id && a.skip === skip)?.page ??
        (await home.api.list({ filter, orderby: orderOf(sort), top: size, skip }, signal));
      answers.push({ home, skip, page });
      return {
        home,
        rows: listed(page).map((incident) => ({ ...incident, home })),
        skip: page.nextLink === undefined ? undefined : skip + size,
      };
    } catch (error) {
      if (signal?.aborted) throw error;
      failed.push({ home, error });
      return { home, rows: [], skip: undefined };
    }
  };
  return Promise.all(streams.map(fill));
}

/** The next incidents of all. Throws when no workspace can be read at all. */
export async function nextPage(
  streams: readonly Stream[],
  asked: Asked,
  signal?: AbortSignal,
): Promise<MergedPage> {
  const answers: Answer[] = [];
  const failed: Failure[] = [];
  const left = await filled(streams, asked, { answers, failed }, signal);
  if (failed.length > 0 && failed.length === streams.length) throw failed[0]?.error;
  const rows: QueueIncident[] = [];
  // Where a workspace has run out and has more, what it has next may belong here.
  while (!left.some((s) => s.rows.length === 0 && s.skip !== undefined)) {
    let first: Stream | undefined;
    for (const stream of left) {
      const [head] = stream.rows;
      const best = first?.rows[0];
      if (head && (best === undefined || before(head, best, asked.sort))) first = stream;
    }
    const next = first?.rows.shift();
    if (next === undefined) break;
    rows.push(next);
  }
  return { rows, answers, streams: left, failed };
}

/** Every incident that a filter lets through, for files: at most so many. */
export async function allIncidents(
  homes: readonly Home[],
  asked: Asked,
  most: number,
): Promise<{ all: QueueIncident[]; failed: Failure[] }> {
  const all: QueueIncident[] = [];
  const failed: Failure[] = [];
  let streams = begin(homes);
  while (goesOn(streams) && all.length < most) {
    const page = await nextPage(streams, asked);
    all.push(...page.rows);
    failed.push(...page.failed);
    streams = page.streams;
  }
  return { all: all.slice(0, most), failed };
}
