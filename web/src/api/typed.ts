/**
 * Calls that the compiler checks against the server's OpenAPI document: paths and their parameters, bodies, answers.
 * schema.ts is generated from the document (tools/api.mjs).
 */
import { call, callAll, callRaw } from "./client";
import type { CallOptions } from "./client";
import type { components, paths } from "./schema";

/** The shapes of the document, by their name. */
export type Schemas = components["schemas"];

type Verb = NonNullable<CallOptions["method"]>;
type Operation<P, M extends Verb> = P extends keyof paths
  ? Lowercase<M> extends keyof paths[P]
    ? paths[P][Lowercase<M>]
    : never
  : never;
/** The paths below a prefix that know the verb. */
type Suffix<Prefix extends string, M extends Verb> = {
  [P in keyof paths]: P extends `${Prefix}${infer S}`
    ? Operation<P, M> extends { responses: unknown }
      ? S
      : never
    : never;
}[keyof paths];

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type PathPart<S extends string> = [Names<S>] extends [never]
  ? unknown
  : { path: Record<Names<S>, string | number> };
type QueryPart<O> = O extends { parameters: { query?: infer Q } }
  ? [NonNullable<Q>] extends [never]
    ? unknown
    : { query?: { [K in keyof NonNullable<Q>]?: string | number | boolean | undefined } }
  : unknown;

/** What is sent of a resource: what the server fills may be left out. */
type Sent<B> = B extends { properties: infer P }
  ? Partial<Omit<B, "properties">> & { properties: Partial<P> }
  : B;
type Content<C> = C extends { "application/json": infer B }
  ? { body: Sent<B> }
  : C extends { "text/plain": string }
    ? { text: string }
    : unknown;
type BodyPart<O> = O extends { requestBody: { content: infer C } }
  ? Content<C>
  : O extends { requestBody?: infer R }
    ? [NonNullable<R>] extends [never]
      ? unknown
      : NonNullable<R> extends { content: infer C }
        ? Partial<Content<C>>
        : unknown
    : unknown;

type Args<O, S extends string> = PathPart<S> &
  QueryPart<O> &
  BodyPart<O> & { headers?: Record<string, string>; signal?: AbortSignal };
type Rest<A> = object extends A ? [args?: A] : [args: A];

type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer A } } } }
  ? A
  : undefined;
type Item<O> = Answer<O> extends { value: (infer T)[] } ? T : never;

interface AnyArgs extends CallOptions {
  path?: Record<string, string | number>;
  query?: Record<string, string | number | boolean | undefined>;
}

function plain(rest: readonly unknown[]): AnyArgs {
  return (rest[0] ?? {}) as AnyArgs;
}

/** A place among the paths, such as one workspace: what is left out of them in calls stands in its base. */
export class Place<Prefix extends string> {
  /** base: the prefix with its parameters filled in. version: the api-version of calls that name none. */
  constructor(
    private readonly base: string,
    private readonly version?: string,
  ) {}

  private target(path: string, args: AnyArgs): string {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String(args.path?.[name] ?? "")),
    );
    const query = new URLSearchParams(this.version ? { "api-version": this.version } : {});
    for (const [name, value] of Object.entries(args.query ?? {}))
      if (value !== undefined) query.set(name, String(value));
    return this.base + filled + (query.size > 0 ? `?${query.toString()}` : "");
  }

  private options(method: Verb, args: AnyArgs): CallOptions {
    const { path: _, query: __, ...rest } = args;
    return { method, ...rest };
  }

  /** The JSON answer; throws ApiError, or TypeError when the server can't be reached. */
  call<M extends Verb, S extends Suffix<Prefix, M>>(
    method: M,
    path: S,
    ...rest: Rest<Args<Operation<`${Prefix}${S}`, M>, S>>
  ): Promise<Answer<Operation<`${Prefix}${S}`, M>>> {
    const args = plain(rest);
    return call(this.target(path, args), this.options(method, args));
  }

  /** All pages of a list, at most `most` items. */
  all<S extends Suffix<Prefix, "GET">>(
    path: S,
    most: number,
    ...rest: Rest<Args<Operation<`${Prefix}${S}`, "GET">, S>>
  ): Promise<Item<Operation<`${Prefix}${S}`, "GET">>[]> {
    const args = plain(rest);
    return callAll(this.target(path, args), most, args.signal);
  }

  /** The answer as it comes, for what is no JSON or is read in pieces. */
  raw<M extends Verb, S extends Suffix<Prefix, M>>(
    method: M,
    path: S,
    ...rest: Rest<Args<Operation<`${Prefix}${S}`, M>, S>>
  ): Promise<Response> {
    const args = plain(rest);
    return callRaw(this.target(path, args), this.options(method, args));
  }
}

type Group = "/subscriptions/{subscription}/resourceGroups/{group}";
type Arm = `${Group}/providers/Microsoft.OperationalInsights/workspaces/{workspace}`;

type Sentinel = `${Arm}/providers/Microsoft.SecurityInsights`;
type Own = "/vedette/v1/workspaces/{workspace}";
type Logs = "/v1/workspaces/{workspace}";

const VERSION = "2025-09-01";

/** What belongs to no workspace. */
export const server = new Place<"">("");

/** What hangs at a scope: "" is the whole server, "/subscriptions/…" a workspace or what is in it. */
export function authorization(scope: string): Place<"/providers/Microsoft.Authorization"> {
  return new Place<"/providers/Microsoft.Authorization">(
    `${scope}/providers/Microsoft.Authorization`,
    "2022-04-01",
  );
}

/** The API of one workspace. */
export class WorkspaceApi {
  /** Our own: "/vedette/v1/workspaces/{workspace}". */
  readonly own: Place<Own>;
  /** Queries: "/v1/workspaces/{workspace}". */
  readonly logs: Place<Logs>;
  /** The workspace as a resource, and what lies below it. */
  readonly arm: Place<Arm>;
  readonly sentinel: Place<Sentinel>;
  /** The resource group of the workspace. */
  readonly group: Place<Group>;

  constructor(id: string, resourceId: string) {
    this.own = new Place<Own>(`/vedette/v1/workspaces/${encodeURIComponent(id)}`);
    this.logs = new Place<Logs>(`/v1/workspaces/${encodeURIComponent(id)}`);
    this.arm = new Place<Arm>(resourceId, VERSION);
    this.sentinel = new Place<Sentinel>(
      `${resourceId}/providers/Microsoft.SecurityInsights`,
      VERSION,
    );
    this.group = new Place<Group>(resourceId.replace(/\/providers\/.*$/i, ""), "2023-03-11");
  }
}
