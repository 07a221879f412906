/**
 * The server's answers for programs: which logs there are, and what is in them.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import { OuroborosError } from "../../errors.ts";
import { LEVELS, type LogLevel } from "../../records/level.ts";
import { QuestionError } from "../../records/question/mistake.ts";
import { parseMoment } from "../options/moment.ts";
import type { Catalog, NamedTarget } from "./catalog.ts";
import { EntryFilter } from "./entry_filter.ts";
import { findEntries, type FoundEntry, MOST_ENTRIES, type Which } from "./find_entries.ts";
import { timelineOf } from "./timeline.ts";
import { wordsOf } from "./question_words.ts";
import { SECURE_HEADERS } from "./security.ts";

/** How many characters a question may have. */
const MOST_WHERE = 1000;
/** How many questions are looked into at once: each keeps a log open. */
const MOST_QUESTIONS = 8;
/** How many entries an answer has by default, and how many stand before and after a number. */
const ENTRIES = 100;
const CONTEXT = 10;

/** A question that can't be answered as it is. */
export class RequestError extends Error {
  /** The status of HTTP that says so. */
  readonly status: number;
  /** A word for programs. */
  readonly code: string;

  /** Where the mistake is in `where`. */
  readonly place: { from: number; to: number } | undefined;

  /** Says what is wrong. */
  constructor(
    status: number,
    code: string,
    message: string,
    place?: { from: number; to: number },
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.place = place;
  }
}

/** What may be asked of a log; anything else is a mistake. */
const KNOWN: readonly string[] = [
  "where",
  "level",
  "since",
  "until",
  "last",
  "after",
  "around",
  "limit",
  "context",
  "format",
];

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
    const { which, segment, filter } = questionOf(query);
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
    const filter = filterOf(query);
    const found = await this.#look(response, (signal) => timelineOf(target, filter, signal));
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

/** The filter of a page or a program. */
export function filterOf(query: URLSearchParams): EntryFilter {
  const where = query.get("where") ?? "";
  const level = query.get("level") ?? "";
  if (where.length > MOST_WHERE) {
    throw mistake("where", `has ${where.length} characters: up to ${MOST_WHERE} are taken`);
  }
  if (level !== "" && !LEVELS.includes(level as LogLevel)) {
    throw mistake("level", `is ${JSON.stringify(level)}: one of ${LEVELS.join(", ")} is expected`);
  }
  const since = momentOf(query, "since");
  const until = momentOf(query, "until");
  try {
    return new EntryFilter({
      where,
      level: level === "" ? undefined : level as LogLevel,
      since,
      until,
    });
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    const { from, to, message } = error;
    throw mistake("where", `at ${from}: ${message}`, { from, to });
  }
}

/**
 * What a program asks of a log.
 *
 * @throws {RequestError} if that can't be understood
 */
export function questionOf(
  query: URLSearchParams,
): { which: Which; segment: string | undefined; filter: EntryFilter } {
  checkKeys(query, KNOWN);
  const filter = filterOf(query);
  const last = countOf(query, "last", 0, MOST_ENTRIES);
  const limit = countOf(query, "limit", 1, MOST_ENTRIES);
  const context = countOf(query, "context", 0, MOST_ENTRIES / 2 - 1);
  const around = countOf(query, "around", 1, Number.MAX_SAFE_INTEGER);
  const after = query.get("after") ?? undefined;
  const given = Object.entries({ last, after, around }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    throw mistake(given[1][0], `does not go together with "${given[0][0]}"`);
  }
  if (around !== undefined) {
    return { which: { around, context: context ?? CONTEXT }, segment: undefined, filter };
  }
  if (after === undefined && (last !== undefined || limit === undefined)) {
    return { which: { last: last ?? ENTRIES }, segment: undefined, filter };
  }
  const [, number, segment] = /^(\d{1,15})(?:\.([\d-]{1,64}))?$/.exec(after ?? "0") ?? [];
  if (number === undefined) {
    throw mistake("after", 'must be 0, a number, or the "next" of an answer');
  }
  return { which: { after: Number(number), limit: limit ?? ENTRIES }, segment, filter };
}

function checkKeys(query: URLSearchParams, known: readonly string[]): void {
  for (const key of query.keys()) {
    if (key === "token" || known.includes(key)) continue;
    throw mistake(key, `is not known here; known are ${known.join(", ")}`);
  }
}

function countOf(
  query: URLSearchParams,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const count = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (count >= least && count <= most) return count;
  throw mistake(name, `is ${JSON.stringify(text)}: a number from ${least} to ${most} is expected`);
}

function momentOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? "";
  if (text === "") return undefined;
  const moment = parseMoment(text);
  if (moment !== undefined) return moment;
  throw mistake(
    name,
    `is ${
      JSON.stringify(text)
    }: a time like 10m, 14:30, 2026-11-21T14:30:00Z or @1795269570 is expected`,
  );
}

function formatOf(query: URLSearchParams): "json" | "jsonl" | "text" {
  const format = query.get("format") ?? "json";
  if (format === "json" || format === "jsonl" || format === "text") return format;
  throw mistake("format", `is ${JSON.stringify(format)}: json, jsonl or text is expected`);
}

function mistake(
  name: string,
  why: string,
  place?: { from: number; to: number },
): RequestError {
  return new RequestError(400, "WRONG_QUESTION", `"${name}" ${why}`, place);
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
