/** An answer of the API that is not a success: RFC 9457 problem details. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
    this.name = "ApiError";
  }
}

/** The server could not be reached at all. */
export class OfflineError extends Error {
  constructor() {
    super("offline");
    this.name = "OfflineError";
  }
}

type Listener = () => void;
const unauthorized = new Set<Listener>();

/** Calls the listener whenever the API says that the session is not valid. */
export function onUnauthorized(listener: Listener): () => void {
  unauthorized.add(listener);
  return () => unauthorized.delete(listener);
}

async function problem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
  return new ApiError(response.status, body.detail ?? body.title ?? response.statusText);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`/api/v1${path}`, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new OfflineError();
  }
}

async function call(path: string, init: RequestInit): Promise<unknown> {
  const response = await send(path, init);
  // A wrong password is also a 401, but says nothing of a session.
  if (response.status === 401 && path !== "/login") unauthorized.forEach((listener) => { listener(); });
  if (!response.ok) throw await problem(response);
  return response.status === 204 ? undefined : response.json();
}

/** GET of a path below /api/v1. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call(path, signal ? { signal } : {})) as T;
}

function sendBody(method: string, path: string, body: unknown): Promise<unknown> {
  return call(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
}

/** POST of a JSON body to a path below /api/v1. */
export async function post<T>(path: string, body?: unknown): Promise<T> {
  return (await sendBody("POST", path, body)) as T;
}

/** DELETE of a path below /api/v1. */
export async function del(path: string): Promise<void> {
  await call(path, { method: "DELETE" });
}

/** PUT of a JSON body to a path below /api/v1. */
export async function put(path: string, body: unknown): Promise<void> {
  await sendBody("PUT", path, body);
}
