/**
 * What an assistant can ask of logs. Each answer is bounded.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { delay } from "../../async.ts";
import { LEVELS, type LogLevel } from "../../records/level.ts";
import { Field, textOf } from "../../records/question/field.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { toIsoTime } from "../../records/time.ts";
import { VITALS_LOGGER, vitalsOf, type VitalsSample } from "../../records/vitals.ts";
import { ReceivedLog } from "../output/received_log.ts";
import { findLog } from "../serve/api.ts";
import { PLACE, questionOf, RequestError } from "../serve/request.ts";
import type { Catalog } from "../serve/catalog.ts";
import { findEntries, type Found, type FoundEntry } from "../serve/find_entries.ts";
import { levelOf } from "../serve/level_of.ts";
import { LineFinder } from "../serve/line_finder.ts";
import { scan } from "../serve/scan.ts";

/** How many entries an answer has at most, and how many by default. */
const MOST_ENTRIES = 500;
const ENTRIES = 50;
/** How many characters of an entry, and of all entries together, an answer has. */
const MOST_OF_ENTRY = 4000;
const MOST_CHARACTERS = 80_000;
/** How long an answer may be waited for, in seconds, and how often it is looked, in milliseconds. */
const LONGEST_WAIT = 30;
const LOOK_EVERY = 250;
/** How many values of a field are counted, and how many an answer has. */
const MOST_VALUES = 10_000;
const TOP_VALUES = 20;
/** How many samples an answer has. */
const MOST_SAMPLES = 120;

/** A call of a tool. */
interface Call {
  catalog: Catalog;
  arguments: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
}

/** A tool. */
export interface Tool {
  name: string;
  description: string;
  /** Its arguments, as JSON Schema has them. */
  properties: Record<string, object>;
  required?: string[];
  run(call: Call): object | Promise<object>;
}

const LOG = { type: "string", description: "name of the log, as list_logs has it" };
const FILTER = {
  where: {
    type: "string",
    description: 'question, like: status:>=500 AND req.url:/^\\/pay/ -healthcheck "a phrase". ' +
      "field:value, :=exact, :>, :[1 TO 9], :/regexp/, :* (is there), AND, OR, NOT, ( ); words are " +
      "found anywhere, in any case",
  },
  level: { type: "string", enum: LEVELS, description: "records of at least this level" },
  since: { type: "string", description: "earliest time: 10m, 2h, 14:30 or ISO 8601" },
  until: { type: "string", description: "latest time, likewise" },
};
const count = (most: number, description: string) => ({
  type: "integer",
  minimum: 1,
  maximum: most,
  description,
});

/** All tools. */
export const TOOLS: readonly Tool[] = [
  {
    name: "list_logs",
    description: "Lists the logs: name, size in bytes, whether a writer is alive.",
    properties: {},
    run(call) {
      known(call, {});
      call.catalog.refresh();
      const { logs, unlisted } = call.catalog;
      return { logs, unlisted };
    },
  },
  {
    name: "search",
    description:
      "Finds entries of a log: the last ones that match or, with `around`, those around a " +
      "number. `oldest` and `newest` are the numbers that the log has; isMore: others match, too.",
    properties: {
      log: LOG,
      ...FILTER,
      last: count(MOST_ENTRIES, `how many of the last that match; ${ENTRIES} by default`),
      around: count(Number.MAX_SAFE_INTEGER, "number of an entry: that, and others around it"),
      context: count(MOST_ENTRIES / 2, "for around: how many before, and after it; 10 by default"),
    },
    required: ["log"],
    run(call) {
      const { last, around } = call.arguments;
      const isOpen = last === undefined && around === undefined;
      return find(isOpen ? { ...call, arguments: { ...call.arguments, last: ENTRIES } } : call);
    },
  },
  {
    name: "follow_since",
    description:
      "Gives the entries after a cursor, the oldest first, and the next cursor. Without a " +
      "cursor it gives no entries, and the cursor of this moment.",
    properties: {
      log: LOG,
      cursor: { type: "string", description: "cursor of the answer before; 0: the oldest entry" },
      where: FILTER.where,
      level: FILTER.level,
      limit: count(MOST_ENTRIES, `how many entries at most; ${ENTRIES} by default`),
      wait: count(LONGEST_WAIT, "how many seconds to wait for an entry; none by default"),
    },
    required: ["log"],
    run: followSince,
  },
  {
    name: "stats",
    description:
      "Counts the entries of a log that match: how many, by level, first and last time, " +
      "and the most frequent values of a field.",
    properties: {
      log: LOG,
      ...FILTER,
      by: { type: "string", description: "field whose values are counted, like req.url" },
    },
    required: ["log"],
    run: stats,
  },
  {
    name: "vitals",
    description:
      "Gives what a process says of itself, if its log has that: CPU (% of a core), how " +
      "late its event loop was and its garbage collections took (ms), memory and heap (bytes).",
    properties: {
      log: LOG,
      last: count(MOST_SAMPLES, "how many of the last samples; 20 by default"),
    },
    required: ["log"],
    run: vitals,
  },
];

/** Throws unless all arguments are known, and of their type. */
function known(call: Call, properties: Record<string, object>): void {
  for (const [name, value] of Object.entries(call.arguments)) {
    const property = Object.hasOwn(properties, name)
      ? properties[name] as { type: string; maximum?: number }
      : undefined;
    if (property === undefined) {
      const names = Object.keys(properties).join(", ") || "none";
      throw new RangeError(`"${name}" is not known here; known are ${names}`);
    }
    const isRight = property.type === "string"
      ? typeof value === "string"
      : Number.isInteger(value) && Number(value) >= 1 && Number(value) <= property.maximum!;
    if (isRight) continue;
    const wanted = property.type === "string"
      ? "a text"
      : `an integer from 1 to ${property.maximum}`;
    throw new RangeError(`"${name}" is ${JSON.stringify(value)}: ${wanted} is expected`);
  }
  if ("log" in properties && call.arguments.log === undefined) {
    throw new RangeError('"log" is missing: the name of a log, see list_logs');
  }
}

function check(call: Call, name: string): void {
  known(call, TOOLS.find((tool) => tool.name === name)!.properties);
}

/** The question that arguments are, in the words of the endpoints. */
function queryOf({ log: _log, ...others }: Readonly<Record<string, unknown>>): URLSearchParams {
  return new URLSearchParams(
    Object.entries(others).map(([name, value]) => [name, String(value)]),
  );
}

async function found(
  { catalog, arguments: { log }, signal }: Call,
  query: URLSearchParams,
): Promise<Found> {
  const { name, target } = findLog(catalog, String(log));
  const answer = await findEntries(target, { ...questionOf(query, name), signal });
  if (answer !== undefined) return answer;
  const why = "another log has that name now: begin without a cursor, or with cursor 0";
  throw new RequestError(410, "ANOTHER_LOG", why);
}

async function find(call: Call): Promise<object> {
  check(call, "search");
  const { oldest, newest, entries, isMore } = await found(call, queryOf(call.arguments));
  // The last ones; or the one that was asked for, and what is nearest to it.
  const middle = Number(call.arguments.around ?? Infinity);
  const distance = ({ seq }: FoundEntry) => middle === Infinity ? -seq : Math.abs(seq - middle);
  const { shown, left } = bounded(entries, (one, other) => distance(one) - distance(other));
  return { oldest, newest, isMore: isMore || left > 0, entries: shown };
}

async function followSince(call: Call): Promise<object> {
  check(call, "follow_since");
  const { cursor, limit = ENTRIES, wait = 0, ...others } = call.arguments;
  if (cursor === undefined) {
    const { oldest, newest, next } = await found(call, queryOf({ last: 0 }));
    return { oldest, newest, entries: [], cursor: next, isMore: false };
  }
  let after = String(cursor);
  if (!PLACE.test(after)) {
    const is = JSON.stringify(cursor);
    throw new RangeError(`"cursor" is ${is}: 0, or the cursor of an answer, is expected`);
  }
  const end = performance.now() + 1000 * Number(wait);
  for (;;) {
    const answer = await found(call, queryOf({ ...others, after, limit }));
    const isOver = answer.entries.length > 0 || performance.now() >= end || call.signal.aborted;
    after = answer.next;
    if (isOver && !answer.isMore || answer.entries.length > 0) return followed(answer);
    if (!answer.isMore) await delay(LOOK_EVERY, { signal: call.signal });
  }
}

/** An answer that begins where the cursor was, and ends where it must. */
function followed({ oldest, newest, entries, next, segment, isMore }: Found): object {
  const { shown, left } = bounded(entries, bySeq);
  const last = shown.at(-1)?.seq;
  return {
    oldest,
    newest,
    entries: shown,
    cursor: left === 0 ? next : `${last}.${segment}`,
    isMore: isMore || left > 0,
  };
}

type Order = (one: FoundEntry, other: FoundEntry) => number;

const bySeq: Order = (one, other) => one.seq - other.seq;

/** As many entries as an answer has room for, those that are first by `order`; the oldest first. */
function bounded(
  entries: readonly FoundEntry[],
  order: Order,
): { shown: FoundEntry[]; left: number } {
  const shown: FoundEntry[] = [];
  let room = MOST_CHARACTERS;
  for (const entry of entries.toSorted(order)) {
    const cut = shortened(entry);
    room -= JSON.stringify(cut).length;
    if (room < 0 && shown.length > 0) break;
    shown.push(cut);
  }
  return { shown: shown.sort(bySeq), left: entries.length - shown.length };
}

function shortened(entry: FoundEntry): FoundEntry {
  const text = entry.text ?? entry.base64 ?? "";
  if (text.length <= MOST_OF_ENTRY) return entry;
  const { base64, ...others } = entry;
  const bytes = Buffer.byteLength(text, base64 === undefined ? "utf8" : "base64");
  return { bytes, ...others, text: `${text.slice(0, MOST_OF_ENTRY)}…` };
}

async function stats(call: Call): Promise<object> {
  check(call, "stats");
  const { by, ...others } = call.arguments;
  const { name, target } = findLog(call.catalog, String(call.arguments.log));
  const { filter } = questionOf(queryOf(others), name);
  const field = by === undefined ? undefined : new Field(String(by));
  const levels: Partial<Record<LogLevel | "none", number>> = {};
  const values = new Map<string, number>();
  let [matched, bytes, before] = [0, 0, -Infinity];
  let [first, last] = [Infinity, -Infinity];
  let uncounted = 0;
  using received = ReceivedLog.open(target);
  const sourceOf = received && ((number: number) => received.of(number).label);
  const lines = new LineFinder(filter, sourceOf);
  const add = (number: number, text: string, size: number) => {
    const source = filter.asksLog || field?.role === "log" ? sourceOf?.(number) : undefined;
    const isMatch = filter.matches(text, before, source);
    before = filter.time;
    if (!isMatch) return;
    matched++;
    bytes += size;
    const record = recognizeRecord(text);
    const level = levelOf(record, text) ?? "none";
    levels[level] = (levels[level] ?? 0) + 1;
    if (record?.time !== undefined) {
      first = Math.min(first, record.time);
      last = Math.max(last, record.time);
    }
    const value = field?.first(record, text, source ?? name);
    if (value === undefined) return;
    const shown = textOf(value).slice(0, 200);
    const sum = values.get(shown);
    if (sum === undefined && values.size >= MOST_VALUES) uncounted++;
    else values.set(shown, (sum ?? 0) + 1);
  };
  const scanned = await scan(target, { signal: call.signal }, (batch, from, to) => {
    lines.find(batch, from, to, (line, i) => {
      const number = batch.sequenceNumber(i);
      add(number, line?.text ?? batch.text(i), line?.bytes ?? batch.byteLength(i));
    });
  });
  for (const line of lines.rest()) add(line.number, line.text, line.bytes);
  const top = [...values].sort(([, one], [, other]) => other - one).slice(0, TOP_VALUES);
  return {
    oldest: scanned?.oldest,
    newest: scanned?.newest,
    entries: matched,
    bytes,
    levels,
    ...first <= last && { first: toIsoTime(first), last: toIsoTime(last) },
    ...field !== undefined && {
      by: field.name,
      values: values.size,
      top: top.map(([value, count]) => ({ value, count })),
      ...uncounted > 0 && { uncounted },
    },
  };
}

async function vitals(call: Call): Promise<object> {
  check(call, "vitals");
  const { log, last = 20 } = call.arguments;
  const where = `logger:="${VITALS_LOGGER}"`;
  const { entries } = await found(call, queryOf({ log, where, last }));
  const samples = entries.flatMap(({ text }) => vitalsOf(text ?? "") ?? []);
  return { samples: samples.map(sampleOf) };
}

function sampleOf({ time, ...values }: VitalsSample): object {
  return { time: toIsoTime(time), ...values };
}
