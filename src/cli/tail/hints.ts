/**
 * Names of fields that no entry has: they are likely to be mistyped.
 *
 * @module
 */

import { nearest } from "../../base/options.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { LogTarget } from "../../log/native/target.ts";
import { Field } from "../../records/question/field.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { oneLine } from "../output/harmless.ts";
import { warn } from "../output/warn.ts";

/** How many entries of each log are looked at, the last ones. */
const MOST_ENTRIES = 1000;
/** How many names of fields are listed. */
const MOST_NAMES = 12;
/** How deep names are nested that are listed. */
const DEEPEST = 2;

/** Says which fields of a question that has found nothing no entry has, and which there are. */
export function sayUnknownFields(names: readonly string[], targets: readonly LogTarget[]): void {
  const unknown = new Map(names.map((name) => [name, new Field(name)]));
  const seen = new Map<string, number>();
  for (const target of targets) {
    using reader = ShmLogReader.open(target, { onDamage: "skip", copyMode: "auto" });
    const last = reader.newestSequenceNumber();
    const first = last - MOST_ENTRIES;
    while (reader.lastSequenceNumber < last) {
      const batch = reader.readBatch(last - reader.lastSequenceNumber);
      if (batch.length === 0) break;
      for (let i = 0; i < batch.length; i++) {
        if (batch.sequenceNumber(i) <= first) continue;
        const text = batch.text(i);
        const record = recognizeRecord(text);
        for (const [name, field] of unknown) {
          if (field.role !== undefined || field.first(record, text) !== undefined) {
            unknown.delete(name);
          }
        }
        if (unknown.size === 0) return;
        if (record !== undefined) addNames(seen, "", record.fields, 1);
      }
    }
  }
  if (seen.size === 0) return;
  const known = [...seen.keys()].sort((one, other) => seen.get(other)! - seen.get(one)!);
  for (const name of unknown.keys()) {
    const near = nearest(name, known);
    const shown = known.slice(0, MOST_NAMES).map(oneLine).join(", ");
    warn(
      `the last ${MOST_ENTRIES} entries have no field "${oneLine(name)}"${
        near ? `: is "${oneLine(near)}" meant?` : ""
      }` +
        ` (there are time, level, msg, ${shown}${known.length > MOST_NAMES ? ", …" : ""})`,
    );
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
