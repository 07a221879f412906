/** A local log and its origin log, on plain memory. */

import assert from "node:assert/strict";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import type { LogSource } from "../../src/ship/message.ts";
import { OriginHistory, type OriginRecord, parseOrigin } from "../../src/ship/origin.ts";
import type { EntryOrigin, MissingEntries } from "../../src/ship/origins.ts";
import { ReceivedEntry, type ReceivedItem } from "../../src/ship/received.ts";
import { OriginWriter } from "../../src/ship/origin_writer.ts";

/** Which segment the local log is. */
export const into = { device: 26, inode: 7, created: 1 };

/** A log on plain memory. */
export interface PlainLog {
  memory: ArrayBuffer;
  writer: Writer;
  reach: number;
}

/** A new log. */
export function createLog(chunkCount: number, chunkSize: number): PlainLog {
  const memory = new ArrayBuffer(segmentSize(chunkCount, chunkSize));
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  return { memory, writer, reach: (chunkCount - 1) * chunkSize };
}

/** The log that somebody has left in memory. */
export function resumeLog(memory: ArrayBuffer, { reach }: PlainLog): PlainLog {
  return { memory, writer: Writer.resume(memory), reach };
}

/** What an origin log has. */
export function recordsOf(memory: ArrayBuffer): OriginRecord[] {
  return [...new Reader(memory, { strategy: "oldest" })].map(({ text }) => {
    const record = parseOrigin(text);
    assert.ok(record !== undefined, text);
    return record;
  });
}

/** Goes on with both logs. */
export function open(log: PlainLog, origin: PlainLog): OriginWriter {
  const records = recordsOf(origin.memory);
  return new OriginWriter({ log: log.writer, into, origin: origin.writer, ...origin, records });
}

/** What entry `number` of a source is. */
function bytesOf(source: LogSource, number: number): Uint8Array {
  const text = `${source.host} ${number} ${"x".repeat(number % 7)}`;
  return new TextEncoder().encode(text);
}

/** Entry `number` of a source. */
export function entryOf(source: LogSource, number: number): ReceivedItem {
  return new ReceivedEntry(source, number, 0, bytesOf(source, number), undefined, 0);
}

/** What `Origins` says, of logs on plain memory. */
export function originsOf(records: Iterable<OriginRecord>, last: number): {
  of(sequenceNumber: number): EntryOrigin | undefined;
  missing: MissingEntries[];
} {
  const history = new OriginHistory(into);
  for (const record of records) history.add(record);
  const sourceOf = (id: number) => history.names.get(id)!;
  return {
    of(sequenceNumber) {
      const run = sequenceNumber > last ? undefined : history.runOf(sequenceNumber);
      return run && {
        source: sourceOf(run.source),
        sequenceNumber: run.from + sequenceNumber - run.first,
      };
    },
    missing: history.gapsUpTo(last).map(({ source, ...gap }) => ({
      source: sourceOf(source),
      ...gap,
    })),
  };
}
