/**
 * What pages and programs ask, as the query of an address has it.
 *
 * @module
 */

import { LEVELS, type LogLevel } from "../../records/level.ts";
import { QuestionError } from "../../records/question/mistake.ts";
import { parseMoment } from "../options/moment.ts";
import { EntryFilter } from "./entry_filter.ts";
import { MOST_ENTRIES, type Which } from "./find_entries.ts";

/** How many characters a question may have. */
const MOST_WHERE = 1000;
/** How many entries an answer has by default, and how many stand before and after a number. */
const ENTRIES = 100;
const CONTEXT = 10;
/** A place that an answer gave, or a number. */
export const PLACE: RegExp = /^(\d{1,15})(?:\.([\d-]{1,64}))?$/;

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

/** The filter of a page or a program, for a log. */
export function filterOf(query: URLSearchParams, log?: string): EntryFilter {
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
      log,
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
  log: string,
): { which: Which; segment: string | undefined; filter: EntryFilter } {
  checkKeys(query, KNOWN);
  const filter = filterOf(query, log);
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
  const [, number, segment] = PLACE.exec(after ?? "0") ?? [];
  if (number === undefined) {
    throw mistake("after", 'must be 0, a number, or the "next" of an answer');
  }
  return { which: { after: Number(number), limit: limit ?? ENTRIES }, segment, filter };
}

/**
 * Throws unless all names are known.
 *
 * @throws {RequestError} if one is not
 */
export function checkKeys(query: URLSearchParams, known: readonly string[]): void {
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

/**
 * How an answer is to be written.
 *
 * @throws {RequestError} if that is not known
 */
export function formatOf(query: URLSearchParams): "json" | "jsonl" | "text" {
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
