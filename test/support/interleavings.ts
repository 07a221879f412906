/** The real reader, and the writer that resumes, run between any two stores of a history. */

import assert from "node:assert/strict";
import { type ReaderOptions, type ReadStrategy, Writer } from "../../mod.ts";
import type { Load } from "../../src/log/segment.ts";
import { CheckedReader, type Expected } from "./checked_reader.ts";
import { Journal, Replay } from "./journal.ts";
import { payloadOf, type Random } from "./random.ts";
import { type History, replayOf } from "./history.ts";

const STRATEGIES: readonly ReadStrategy[] = ["auto", "latest", "oldest"];

/** Shapes where every corner is near: chunks, their size, the largest entry, and how many writes. */
export const SMALL: readonly (readonly [number, number, number, number])[] = [
  [1, 40, 12, 12],
  [2, 24, 12, 16],
  [3, 20, 16, 20],
  [4, 16, 30, 20],
  [6, 12, 60, 16],
];

/** Reads what is there, checks it, lets the rest happen, and reads that. */
function readThrough(
  history: History,
  replay: Replay,
  reader: CheckedReader,
  random: Random,
): void {
  reader.step(random);
  reader.step(random);
  replay.finish();
  reader.finish(history.lengths.length);
}

/** A reader that is interrupted wherever it may be; now and then one that works on copies. */
export function interruptible(
  expected: Expected,
  replay: Replay,
  random: Random,
  interrupt: () => void,
  options: ReaderOptions,
): CheckedReader {
  if (random.below(3) > 0) {
    return new CheckedReader(replay.memory, expected, { ...options, fence: interrupt });
  }
  const { memory, load } = copiedFrom(replay.memory, random, interrupt);
  return new CheckedReader(memory, expected, { ...options, fence: interrupt, load });
}

/** A copy of `memory` that is brought up to date in any order, and is interrupted in the middle of it. */
export function copiedFrom(
  memory: ArrayBuffer,
  random: Random,
  interrupt: () => void,
): { memory: ArrayBuffer; load: Load } {
  const there = new Uint8Array(memory);
  const copy = new Uint8Array(memory.byteLength);
  return {
    memory: copy.buffer,
    load: (from, to) => {
      interrupt();
      // The end first or last, and a word or more between this and that.
      const middle = from + 4 * random.below((to - from + 3) >> 2);
      const parts = [[middle, to], [from, middle]];
      if (random.below(2) === 0) parts.reverse();
      copy.set(there.subarray(...parts[0]), parts[0][0]);
      interrupt();
      copy.set(there.subarray(...parts[1]), parts[1][0]);
    },
  };
}

/** At each point: readers of all strategies that start there. */
export function checkStarts(history: History): void {
  for (let point = 0; point <= history.stores.length; point++) {
    for (const strategy of STRATEGIES) {
      const replay = replayOf(history);
      replay.step(point);
      const reader = new CheckedReader(replay.memory, history, { strategy });
      for (const entry of reader.reader) {
        reader.take(entry.sequenceNumber, entry.bytes);
        const isPublished = entry.sequenceNumber <= replay.published;
        const isForged = history.forged?.has(entry.sequenceNumber) ?? false;
        assert.ok(isPublished || isForged, "only what is published is read");
      }
      replay.finish();
      reader.finish(history.lengths.length);
    }
  }
}

/** At each point: a reader that follows from the start, and is interrupted once at each fence. */
export function checkInterruptions(history: History, random: Random, every: number): void {
  for (let point = random.below(every); point <= history.stores.length; point += every) {
    for (let interrupted = 0, fences = 1; interrupted < fences; interrupted++) {
      for (const stores of [1, 2, 3, 7, 30, Infinity]) {
        const replay = replayOf(history);
        replay.step(point);
        let count = 0;
        const interrupt = () => {
          if (count++ === interrupted) replay.step(stores);
        };
        const reader = interruptible(history, replay, random, interrupt, {
          strategy: STRATEGIES[random.below(3)],
          onOverrun: random.below(2) === 0 ? "oldest" : "latest",
        });
        reader.step(random);
        fences = Math.max(fences, Math.min(count, 30));
        readThrough(history, replay, reader, random);
      }
    }
  }
}

/** A reader from the start to the end, with some stores at every fence. */
export function checkRandomly(history: History, random: Random): void {
  const replay = replayOf(history);
  const pace = 2 + random.below(40);
  // Where it starts is not in question here.
  let isOpen = false;
  const interrupt = () => {
    if (isOpen && random.below(3) === 0) replay.step(random.below(pace));
  };
  const reader = interruptible(history, replay, random, interrupt, {
    onOverrun: random.below(2) === 0 ? "oldest" : "latest",
  });
  isOpen = true;
  while (replay.position < history.stores.length) {
    replay.step(random.below(pace));
    reader.step(random);
  }
  reader.finishFromStart(history.lengths.length);
}

/** At each point: the writer dies there, and another one resumes. */
export function checkResumes(history: History): void {
  const { chunkCount, chunkSize, lengths } = history;
  for (let point = 0; point <= history.stores.length; point++) {
    const replay = replayOf(history);
    replay.step(point);
    const { published } = replay;
    // What resuming changes, to be cut off in turn.
    const repair = new Journal(replay.memory, published);
    let writer: Writer | undefined;
    repair.record(() => (writer = Writer.resume(replay.memory, { chunkSize })).totalEntriesWritten);
    for (let cut = 0; cut < repair.stores.length; cut++) {
      const again = new Replay(repair.image, history.size, repair.stores);
      again.step(cut);
      const { totalEntriesWritten } = Writer.resume(again.memory, { chunkSize });
      assert.equal(totalEntriesWritten, published, `resumed twice, after ${point} and ${cut}`);
    }
    const total = writer!.totalEntriesWritten;
    assert.equal(total, published, `resumed after store ${point}`);
    const known = lengths.slice(0, published);
    const reader = new CheckedReader(replay.memory, known, { strategy: "oldest" });
    for (const entry of reader.reader) reader.take(entry.sequenceNumber, entry.bytes);
    for (let i = 0; i < 2 * chunkCount + 3; i++) {
      known.push(Math.min(i % 9, writer!.maxEntrySize));
      assert.equal(
        writer!.write(payloadOf(known.length, known[known.length - 1])),
        known.length,
      );
      if (i % 3 === 0) {
        for (const entry of reader.reader) reader.take(entry.sequenceNumber, entry.bytes);
      }
    }
    reader.finish(known.length);
  }
}
