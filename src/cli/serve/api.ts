/**
 * The server's answers for programs: which logs there are, and what is in them.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import { OuroborosError } from "../../errors.ts";
import type { Catalog, NamedTarget } from "./catalog.ts";
import { findEntries, type FoundEntry } from "./find_entries.ts";
import { findTimeline } from "./find_timeline.ts";
import { wordsOf } from "./question_words.ts";
import { checkKeys, filterOf, formatOf, questionOf, RequestError } from "./request.ts";
import { SECURE_HEADERS } from "./security.ts";

/** How many questions are looked into at once: each keeps a log open. */
const MOST_QUESTIONS = 8;

/** Answers programs. */
export class Api {
  readonly #catalog: Catalog;
  #asking = 0;

  /** Knows the logs of a catalog. */
  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Answers what was asked for at a path after `/api/`. */
  async answer(path: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    try {
      if (path === "logs") return send(response, 200, JSON.stringify(this.#logs()));
      if (path === "question") {
        filterOf(query);
        const words = wordsOf(query.get("where") ?? "");
        return send(response, 200, JSON.stringify({ words }));
      }
      const [, name, what] = /^logs\/(.+)\/(entries|timeline)$/.exec(path) ?? [];
      if (name === undefined) {
        const known = "GET /api/logs, /api/logs/NAME/entries and …/timeline";
        throw new RequestError(404, "NOT_FOUND", `there is nothing here; known are ${known}`);
      }
      const log = findLog(this.#catalog, decoded(name));
      if (what === "entries") await this.#entries(log, query, response);
      else await this.#timeline(log, query, response);
    } catch (error) {
      refuse(response, error);
    }
  }

  #logs(): object {
    this.#catalog.refresh();
    const { logs, unlisted, revision } = this.#catalog;
    return { logs, unlisted, isComplete: revision > 0 };
  }

  async #entries(
    { name, target }: NamedTarget,
    query: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    const format = formatOf(query);
    const { which, segment, filter } = questionOf(query, name);
    const question = { which, segment, filter };
    const found = await this.#look(
      response,
      (signal) => findEntries(target, { ...question, signal }),
    );
    if (found === undefined) return;
    const { entries, ...about } = found;
    // Beside the entries, for those who take lines.
    const headers = { "ouroboros-next": about.next, "ouroboros-more": String(about.isMore) };
    if (format === "json") {
      return send(response, 200, JSON.stringify({ log: name, ...about, entries }), headers);
    }
    const lines = entries.map((entry) => format === "text" ? textOf(entry) : JSON.stringify(entry));
    send(response, 200, lines.map((line) => `${line}\n`).join(""), {
      ...headers,
      "content-type": format === "text"
        ? "text/plain; charset=utf-8"
        : "application/x-ndjson; charset=utf-8",
    });
  }

  async #timeline(
    { name, target }: NamedTarget,
    query: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    checkKeys(query, ["where", "level", "since", "until"]);
    const filter = filterOf(query, name);
    const found = await this.#look(response, (signal) => findTimeline(target, filter, signal));
    if (found !== undefined) send(response, 200, JSON.stringify({ log: name, ...found }));
  }

  /** Looks into a log, if not too many are looked into; `undefined` if nobody waits for the answer. */
  async #look<T>(
    response: ServerResponse,
    find: (signal: AbortSignal) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (this.#asking >= MOST_QUESTIONS) {
      throw new RequestError(503, "BUSY", `no more than ${MOST_QUESTIONS} questions at once`);
    }
    const leaving = new AbortController();
    response.on("close", () => leaving.abort());
    this.#asking++;
    try {
      const found = await find(leaving.signal);
      if (leaving.signal.aborted) return undefined;
      if (found !== undefined) return found;
    } finally {
      this.#asking--;
    }
    const why = 'another log has that name now: ask without "after" for its entries';
    throw new RequestError(410, "ANOTHER_LOG", why);
  }
}

/**
 * The log of that name, if it may be looked at. A proxy may have decoded it, and made one slash of two.
 *
 * @throws {RequestError} if it does not exist, or the name is that of several
 */
export function findLog(catalog: Catalog, name: string): NamedTarget {
  for (const one of [name, `/${name}`, `./${name}`]) {
    const found = catalog.find(one);
    if (found !== undefined) return found;
    const { length } = catalog.members(one);
    if (length === 0) continue;
    const why = `"${one}" are ${length} logs: ask for one of them`;
    throw new RequestError(400, "SEVERAL_LOGS", why);
  }
  throw new RequestError(404, "SEGMENT_NOT_FOUND", `there is no log "${name}" to be seen here`);
}

function textOf({ text, base64 }: FoundEntry): string {
  return text ?? base64 ?? "";
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new RequestError(
      400,
      "WRONG_QUESTION",
      "the name of the log is not encoded as it must be",
    );
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return response.destroy() && undefined;
  const message = error instanceof Error ? error.message : String(error);
  const place = error instanceof RequestError ? error.place : undefined;
  const [status, code] = error instanceof RequestError
    ? [error.status, error.code]
    : error instanceof OuroborosError
    ? [error.code === "SEGMENT_NOT_FOUND" ? 404 : 409, error.code]
    : [500, "FAILED"];
  send(response, status, JSON.stringify({ error: { code, message, ...place } }), {
    ...status === 503 && { "retry-after": "1" },
  });
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...SECURE_HEADERS,
    "content-type": "application/json; charset=utf-8",
    ...headers,
  });
  response.end(`${body}${body.endsWith("\n") || body === "" ? "" : "\n"}`);
}
