/**
 * What to say of what no entry has: names of fields, which are likely to be mistyped, and vitals.
 *
 * @module
 */

import type { EntryBatch } from "../../log/batch.ts";
import { nearest } from "../../base/options.ts";
import { OuroborosError } from "../../errors.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { Field } from "../../records/question/field.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import type { LogRecord } from "../../records/record.ts";
import { toIsoTime } from "../../records/time.ts";
import { isVitals } from "../../records/vitals.ts";
import { batchesUpTo } from "../options/log_targets.ts";
import type { Criteria } from "../options/selection.ts";
import { nameOf } from "../options/named_logs.ts";
import { oneLine } from "../output/harmless.ts";
import { ReceivedLog } from "../output/received_log.ts";
import { entryCount, warn } from "../output/warn.ts";

/** How many entries of each log are looked at, the last ones. */
const MOST_ENTRIES = 1000;
/** Of how many entries of each log the times are looked at, at its beginning and its end. */
const MOST_TIMES = 64;
/** How many names of fields are listed. */
const MOST_NAMES = 12;
/** The names that all records have. */
const ROLES = ["time", "level", "msg", "logger", "stream", "log"];
/** How deep names are nested that are listed. */
const DEEPEST = 2;

/**
 * Says that no entry of some logs was selected, and when those that are there were written; and which fields
 * of the question none of them has. Nothing of empty logs.
 */
export function sayNoneMatches(
  { where }: Pick<Criteria, "where">,
  targets: readonly LogTarget[],
): void {
  let count = 0;
  let [oldest, newest] = [Infinity, -Infinity];
  const look = (text: string) => {
    const time = recognizeRecord(text)?.time;
    if (time === undefined) return;
    if (time < oldest) oldest = time;
    if (time > newest) newest = time;
  };
  for (const { batch, first, last } of batchesOf(targets)) {
    count += batch.length;
    for (let i = 0; i < batch.length; i++) {
      // Those between are not older or newer.
      const number = batch.sequenceNumber(i);
      if (number < first + MOST_TIMES || number > last - MOST_TIMES) look(batch.text(i));
    }
  }
  warnNoneMatches(count, oldest, newest);
  if (count === 0 || where === undefined) return;
  sayUnknownFields(where.fields, targets);
  if (where.fields.includes("log")) sayLogs(targets);
}

/** Says it of so many entries, from one time to another if these are finite. */
export function warnNoneMatches(count: number, oldest = Infinity, newest = oldest): void {
  if (count === 0) return;
  const times = !Number.isFinite(oldest)
    ? ""
    : count === 1
    ? `; it is from ${toIsoTime(oldest)}`
    : `; they are from ${toIsoTime(oldest)} to ${toIsoTime(newest)}`;
  warn(
    (count === 1 ? "the only entry does not match" : `none of ${count} entries matches`) + times,
  );
}

/** Says how many of the entries that were printed passed `--level` without a level, if any did. */
export function sayWithoutLevel(
  { count, withoutLevel }: { count: number; withoutLevel: number } = { count: 0, withoutLevel: 0 },
): void {
  if (withoutLevel === 0) return;
  const verb = withoutLevel === 1 ? "has" : "have";
  warn(
    `${withoutLevel} of ${entryCount(count)} ${verb} no level, which --level lets pass: ` +
      "--where 'level:*' leaves them out",
  );
}

/** Says of which logs the entries are: one that was asked for may be mistyped. */
function sayLogs(targets: readonly LogTarget[]): void {
  const labels = new Set<string>();
  for (const target of targets) {
    using received = ReceivedLog.open(target);
    if (received === undefined) labels.add(nameOf(target));
    else {
      for (const { batch } of batchesOf([target])) {
        for (let i = 0; i < batch.length; i++) {
          labels.add(received.of(batch.sequenceNumber(i)).label);
        }
      }
    }
  }
  const shown = [...labels].slice(0, MOST_NAMES).map(oneLine).join(", ");
  warn(`the entries are of ${shown}${labels.size > MOST_NAMES ? ", …" : ""}`);
}

/** Says which of some fields the last entries have not, and which there are. */
export function sayUnknownFields(names: readonly string[], targets: readonly LogTarget[]): void {
  const unknown = new Map(names.map((name) => [name, new Field(name)]));
  const seen = new Map<string, number>();
  for (const [text, record] of lastRecords(targets)) {
    for (const [name, field] of unknown) {
      if (field.role !== undefined || field.first(record, text) !== undefined) unknown.delete(name);
    }
    if (unknown.size === 0) return;
    if (record !== undefined) addNames(seen, "", record.fields, 1);
  }
  if (seen.size === 0) return;
  for (const name of unknown.keys()) {
    warn(`the last ${MOST_ENTRIES} entries have no field "${oneLine(name)}"${hintOf(name, seen)}`);
  }
}

/** Says that entries were counted by fields that none of them has, and which there are. */
export function sayMissingFields(names: readonly string[], targets: readonly LogTarget[]): void {
  if (names.length === 0) return;
  const seen = new Map<string, number>();
  for (const [, record] of lastRecords(targets)) {
    if (record !== undefined) addNames(seen, "", record.fields, 1);
  }
  for (const name of names) warn(`no entry has a field "${oneLine(name)}"${hintOf(name, seen)}`);
}

/** Says how to record vitals if these logs have none. */
export function sayMissingVitals(targets: readonly LogTarget[]): void {
  for (const text of textsOf(targets, Infinity)) if (isVitals(text)) return;
  warn(
    'these logs have no vitals: OUROBOROS_VITALS=1s, or vitals: "1s" of a logger or sink, ' +
      "lets an application record them",
  );
}

function hintOf(name: string, seen: ReadonlyMap<string, number>): string {
  if (seen.size === 0) return "";
  const known = [...seen.keys()].sort((one, other) => seen.get(other)! - seen.get(one)!);
  const near = nearest(name, [...known, ...ROLES]);
  const shown = known.slice(0, MOST_NAMES).map(oneLine).join(", ");
  return (near ? `: did you mean "${oneLine(near)}"?` : "") +
    ` (there are time, level, msg, ${shown}${known.length > MOST_NAMES ? ", …" : ""})`;
}

function* lastRecords(
  targets: readonly LogTarget[],
): Generator<[text: string, record: LogRecord | undefined]> {
  for (const text of textsOf(targets, MOST_ENTRIES)) yield [text, recognizeRecord(text)];
}

/** The last entries of each log. */
function* textsOf(targets: readonly LogTarget[], most: number): Generator<string> {
  for (const { batch, last } of batchesOf(targets)) {
    for (let i = 0; i < batch.length; i++) {
      if (batch.sequenceNumber(i) > last - most) yield batch.text(i);
    }
  }
}

/** All entries of each log that can be read, with the numbers of the first one and the last one. */
function* batchesOf(
  targets: readonly LogTarget[],
): Generator<{ batch: EntryBatch; first: number; last: number }> {
  for (const target of targets) {
    try {
      using reader = ShmLogReader.open(target, {
        strategy: "oldest",
        onDamage: "skip",
        copyMode: "auto",
      });
      const last = reader.newestSequenceNumber();
      let first: number | undefined;
      for (const batch of batchesUpTo(reader, last)) {
        first ??= batch.sequenceNumber(0);
        yield { batch, first, last };
      }
    } catch (error) {
      // One that was removed meanwhile, or could not be read from the start: tail has reported that.
      if (!(error instanceof OuroborosError)) throw error;
    }
  }
}

function addNames(seen: Map<string, number>, prefix: string, fields: object, depth: number): void {
  for (const [key, value] of Object.entries(fields)) {
    const name = prefix + key;
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isNested && depth < DEEPEST) addNames(seen, `${name}.`, value, depth + 1);
    else if (seen.size < 10_000 || seen.has(name)) seen.set(name, (seen.get(name) ?? 0) + 1);
  }
}
