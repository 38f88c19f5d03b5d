import type { ApiClient, ApiStream } from "./api-client.js";

/** An object of the API, as far as it is looked at: anything may be missing, and nothing is trusted. */
export type ApiObject = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): ApiObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as ApiObject) : {};
}

export function listOf(value: unknown): readonly ApiObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** How the objects of a collection are followed. */
export interface FollowObjects {
  readonly client: ApiClient;
  /** `/api/v1/namespaces/openshift-kube-apiserver/events`. */
  readonly path: string;
  /** Each object of the first list (`first`), and every change afterwards, also those that a broken watch had missed. */
  readonly onObject: (object: ApiObject, first: boolean) => void;
  /** An object was removed. */
  readonly onDeleted?: (object: ApiObject) => void;
  /** Not allowed, not there, or not reachable, in a few words. It is tried again, later. */
  readonly onProblem: (what: string) => void;
  /** Waits, or returns at once when stopped. */
  readonly pause: (ms: number) => Promise<void>;
  readonly stopped: () => boolean;
  /** Hears of each watch, so that stopping can end it. */
  readonly onStream: (stream: ApiStream) => void;
}

const REFUSED_PAUSE_MS = 30_000;
const FAILED_PAUSE_MS = [250, 500, 1_000, 2_000, 5_000] as const;

/** Where a watch goes on; `null`: from a new list. */
interface Cursor {
  version: string | null;
}

/** Lists, then watches from there; after a cut, from the last version seen; after `410 Gone`, from a new list. Until stopped. */
export async function followObjects(options: FollowObjects): Promise<void> {
  const cursor: Cursor = { version: null };
  let first = true;
  let failures = 0;
  while (!options.stopped()) {
    try {
      if (cursor.version === null) {
        const { status, body } = await options.client.get(options.path);
        if (options.stopped()) return;
        if (status !== 200) {
          options.onProblem(`HTTP ${status}`);
          await options.pause(status === 401 || status === 403 || status === 404 ? REFUSED_PAUSE_MS : 1_000);
          continue;
        }
        const list = objectOf(body);
        cursor.version = textOf(objectOf(list.metadata).resourceVersion) ?? "0";
        for (const item of listOf(list.items)) options.onObject(item, first);
        first = false;
      }
      await watchOn(options, cursor);
      failures = 0;
    } catch (error) {
      if (options.stopped()) return;
      options.onProblem((error as NodeJS.ErrnoException).code ?? (error as Error).message);
      await options.pause(FAILED_PAUSE_MS[Math.min(failures, FAILED_PAUSE_MS.length - 1)] ?? 1_000);
      failures += 1;
    }
  }
}

/** Watches until the watch ends; rejects where it was cut or refused. */
async function watchOn(options: FollowObjects, cursor: Cursor): Promise<void> {
  const from = encodeURIComponent(cursor.version ?? "0");
  const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=${from}`;
  const stream = options.client.stream(`${options.path}?${query}`, (line) => {
    const { type, object } = objectOf(parse(line));
    const item = objectOf(object);
    if (type === "ERROR") {
      cursor.version = null;
      stream.stop();
    }
    if (cursor.version === null) return;
    cursor.version = textOf(objectOf(item.metadata).resourceVersion) ?? cursor.version;
    if (type === "ADDED" || type === "MODIFIED") options.onObject(item, false);
    else if (type === "DELETED") options.onDeleted?.(item);
  });
  options.onStream(stream);
  const status = await stream.ended.catch((error: unknown) => {
    // Ended by ourselves, after an ERROR event.
    if (cursor.version === null) return null;
    throw error;
  });
  if (status === 410) cursor.version = null;
  else if (status !== null) throw new Error(`watch: HTTP ${status}`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
