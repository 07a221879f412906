/** Local logs and where their entries are from: a receiver killed at any store, and going on. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { Reader } from "../../mod.ts";
import type { LogSource } from "../../src/ship/message.ts";
import { ReceivedGap, type ReceivedItem } from "../../src/ship/received.ts";
import { OriginWriter } from "../../src/ship/origin_writer.ts";
import { Journal, Replay, type Store } from "../support/journal.ts";
import {
  createLog,
  entryOf,
  into,
  open,
  originsOf,
  type PlainLog,
  recordsOf,
  resumeLog,
} from "../support/origin_logs.ts";
import { baseSeed, Random } from "../support/random.ts";

const RUNS = Number(process.env.ORIGIN_RUNS ?? 4);

/** What a stream has: entries and gaps of several sources, in order. */
function stepsOf(random: Random, count: number): ReceivedItem[] {
  const sources = Array.from({ length: 1 + random.below(4) }, (_, i): LogSource => {
    return { host: `host-${i}`, name: `/l\u00f6g "${i}"`, segment: `1-${i}-3` };
  });
  const next = sources.map(() => 1);
  const steps: ReceivedItem[] = [];
  let current = 0;
  for (let i = 0; i < count; i++) {
    if (random.below(3) === 0) current = random.below(sources.length);
    const source = sources[current];
    const from = next[current];
    if (random.below(6) === 0) {
      const to = from + random.below(5);
      steps.push(new ReceivedGap(source, from, to, "overwritten"));
      next[current] = to + 1;
    } else {
      steps.push(entryOf(source, from));
      next[current]++;
    }
  }
  return steps;
}

/** What is new of steps, as a receiver sees it that starts with the numbers of an origin log. */
function newOf(steps: readonly ReceivedItem[], writer: OriginWriter): ReceivedItem[] {
  const lasts = new Map(writer.lasts.map(([{ host }, last]) => [host, last]));
  return steps.flatMap((step): ReceivedItem[] => {
    const last = lasts.get(step.source.host) ?? 0;
    if (step.kind === "entry") return step.sequenceNumber > last ? [step] : [];
    const { source, from, to, reason } = step;
    return to > last ? [new ReceivedGap(source, Math.max(from, last + 1), to, reason)] : [];
  });
}

/** Writes steps in batches. */
function writeAll(random: Random, writer: OriginWriter, steps: readonly ReceivedItem[]): void {
  for (let start = 0; start < steps.length;) {
    const end = start + 1 + random.below(8);
    writer.write(steps.slice(start, end));
    start = end;
  }
}

/** Checks that every entry is in the log once, in order, with its origin, and gaps are the rest. */
function check(steps: readonly ReceivedItem[], log: PlainLog, origin: PlainLog, isWhole: boolean) {
  const entries = [...new Reader(log.memory, { strategy: "oldest" })];
  const expected = steps.filter((step) => step.kind === "entry");
  assert.deepEqual(entries.map(({ text }) => text), expected.map(({ text }) => text));
  const origins = originsOf(recordsOf(origin.memory), entries.length);
  for (const i of entries.keys()) {
    const found = origins.of(entries[i].sequenceNumber);
    if (found === undefined && !isWhole) continue;
    const { source, sequenceNumber } = expected[i];
    assert.deepEqual(found, { source, sequenceNumber });
  }
  assert.equal(origins.of(entries.length + 1), undefined);
  assert.equal(origins.of(0), undefined);
  if (!isWhole) return;
  const gaps = steps.filter((step) => step.kind === "gap")
    .map(({ source, from, to, reason }) => ({ source, from, to, reason }));
  assert.deepEqual(origins.missing.map(({ before: _, ...gap }) => gap), gaps);
}

for (const isWhole of [true, false]) {
  const title = isWhole ? "that remembers all" : "that has forgotten its beginning";
  test(`killed at any store, with an origin log ${title}: every entry once`, () => {
    console.log(`seed ${baseSeed}`);
    let kills = 0;
    for (let run = 0; run < (isWhole ? RUNS : RUNS / 2); run++) {
      const random = new Random(baseSeed + run);
      const steps = stepsOf(random, isWhole ? 25 : 250);
      const log = createLog(4, 8192);
      const origin = isWhole ? createLog(4, 8192) : createLog(8, 512);
      const first = open(log, origin);
      // What both writers store, in the order in which it happens.
      const order: { isLog: boolean; count: number }[] = [];
      const journals = [
        new Journal(origin.memory, origin.writer.totalEntriesWritten),
        new Journal(log.memory),
      ];
      const recorded = ({ writer }: PlainLog, isLog: boolean) => {
        const journal = journals[Number(isLog)];
        const record = (write: () => number) => {
          const before = journal.stores.length;
          const result = journal.record(write);
          order.push({ isLog, count: journal.stores.length - before });
          return result;
        };
        return {
          get totalEntriesWritten() {
            return writer.totalEntriesWritten;
          },
          maxEntrySize: writer.maxEntrySize,
          write: (data: Uint8Array | string) => record(() => writer.write(data)),
          writeMany: (data: readonly (Uint8Array | string)[]) =>
            record(() => writer.writeMany(data)),
        };
      };
      first.close();
      const images = journals.map(({ image }) => image);
      const writer = new OriginWriter({
        log: recorded(log, true),
        into,
        origin: recorded(origin, false),
        reach: origin.reach,
        records: recordsOf(origin.memory),
      });
      writeAll(random, writer, steps);
      writer.close();
      check(steps, log, origin, isWhole);

      const stores: Store[][] = journals.map((journal) => journal.stores);
      const replays = () => [
        new Replay(images[0], origin.memory.byteLength, stores[0]),
        new Replay(images[1], log.memory.byteLength, stores[1]),
      ];
      const total = order.reduce((sum, { count }) => sum + count, 0);
      // Every store of the log and the last ones of each record; of the others some.
      for (let kill = 0; kill <= total; kill++) {
        const made = replays();
        let left = kill;
        let isNearEnd = false;
        for (const { isLog, count } of order) {
          const some = Math.min(left, count);
          made[Number(isLog)].step(some);
          left -= some;
          isNearEnd = isLog || count - some < 6;
          if (left === 0) break;
        }
        if (isWhole ? !isNearEnd && random.below(8) > 0 : random.below(80) > 0) continue;
        kills++;
        let nextOrigin = resumeLog(made[0].memory, origin);
        let nextLog = resumeLog(made[1].memory, log);
        let again = open(nextLog, nextOrigin);
        assert.deepEqual(again.found, { missing: 0, untold: 0 });
        if (random.below(3) === 0) {
          // Killed once more, after some of the rest.
          writeAll(random, again, newOf(steps, again).slice(0, random.below(10)));
          nextOrigin = resumeLog(nextOrigin.memory, origin);
          nextLog = resumeLog(nextLog.memory, log);
          again = open(nextLog, nextOrigin);
        }
        writeAll(random, again, newOf(steps, again));
        again.close();
        check(steps, nextLog, nextOrigin, isWhole);
      }
    }
    console.log(`${kills} kills`);
    assert.ok(kills > 20);
  });
}
