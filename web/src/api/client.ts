/** One way to the server: same origin, the session's cookie, the CSRF token, errors with their reference id. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** The server's request id, for its log. */
    readonly reference: string,
    /** The whole answer, for callers that know more about it. */
    readonly body: unknown,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

let csrfToken = "";
let onSignedOut: () => void = () => undefined;

/** Told by the session: the token for what changes something, and what to do when the session has ended. */
export function useCredentials(token: string, signedOut: () => void): void {
  csrfToken = token;
  onSignedOut = signedOut;
}

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, with the content type of the headers (plain text without one). */
  text?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

interface ErrorBody {
  error?: { code?: string; message?: string } | string;
  error_description?: string;
  message?: string;
}

async function failure(response: Response): Promise<ApiError> {
  const text = await response.text();
  let body: unknown = text;
  let code = String(response.status);
  let message = text.slice(0, 400) || response.statusText;
  try {
    body = JSON.parse(text);
    const parsed = body as ErrorBody;
    if (typeof parsed.error === "object") {
      code = parsed.error.code ?? code;
      message = parsed.error.message ?? message;
    } else message = parsed.error_description ?? parsed.message ?? message;
  } catch {
    // Not JSON: the text itself is the message.
  }
  return new ApiError(
    response.status,
    code,
    message,
    response.headers.get("x-ms-request-id") ?? "",
    body,
  );
}

/** The raw answer of a call that succeeded; throws ApiError, or TypeError when the server can't be reached. */
export async function callRaw(path: string, options: CallOptions = {}): Promise<Response> {
  const method = options.method ?? "GET";
  const headers: Record<string, string> = { accept: "application/json", ...options.headers };
  if (method !== "GET") headers["x-csrf-token"] = csrfToken;
  const init: RequestInit = { method, headers, credentials: "same-origin", redirect: "error" };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    headers["content-type"] ??= "application/json";
    init.body = JSON.stringify(options.body);
  }
  if (options.text !== undefined) {
    headers["content-type"] ??= "text/plain; charset=utf-8";
    init.body = options.text;
  }
  const response = await fetch(path, init);
  if (response.ok) return response;
  const error = await failure(response);
  if (error.status === 401 && !path.startsWith("/portal/api/signin")) onSignedOut();
  throw error;
}

/** The JSON answer of a call; undefined when the answer has no body. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await callRaw(path, options);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export interface ArmList<T> {
  value: T[];
  nextLink?: string;
}

/** All pages of an ARM list, at most `most` items. */
export async function callAll<T>(path: string, most = 10_000, signal?: AbortSignal): Promise<T[]> {
  const all: T[] = [];
  let next: string | undefined = path;
  while (next !== undefined && all.length < most) {
    const page: ArmList<T> = await call<ArmList<T>>(next, signal ? { signal } : {});
    all.push(...page.value);
    // nextLink is absolute; only its path is wanted, since the portal stays on its own origin.
    next = page.nextLink && new URL(page.nextLink).pathname + new URL(page.nextLink).search;
  }
  return all;
}
