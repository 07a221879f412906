/** A log that is begun anew in place, store by store, and readers that look on. */

import assert from "node:assert/strict";
import {
  LogFinishedError,
  type ReaderOptions,
  type ReadStrategy,
  segmentSize,
  Writer,
} from "../../mod.ts";
import { CheckedReader, type Expected } from "./checked_reader.ts";
import { interruptible } from "./interleavings.ts";
import { Journal, Replay, type Store } from "./journal.ts";
import { payloadOf, type Random } from "./random.ts";

const STRATEGIES: readonly ReadStrategy[] = ["auto", "latest", "oldest"];
/** How numbers of the second life are told from those of the first in `Store.published`. */
export const SECOND_LIFE = 1_000_000;

/** One life of a log. */
export interface LogLife {
  id: bigint;
  /** The size of each entry. */
  lengths: number[];
  isFinished: boolean;
}

/** What the writers of two lives did. */
export interface Lives {
  chunkCount: number;
  chunkSize: number;
  size: number;
  image: Int32Array;
  stores: Store[];
  lives: [LogLife, LogLife];
  /** The stores that begin the second life: from the first of them up to the last. */
  renewal: [number, number];
}

/** Records entries of up to `most` bytes, a restart in place, and as many again. */
export function makeLives(
  random: Random,
  chunkCount: number,
  chunkSize: number,
  most: number,
  writes: number,
): Lives {
  const size = segmentSize(chunkCount, chunkSize, 2);
  const memory = new ArrayBuffer(size);
  new Uint8Array(memory).fill(0xff);
  const first = Writer.create(memory, { chunkCount, chunkSize, version: 2 });
  const journal = new Journal(memory);
  const one = live(first, journal, random, 0, most, writes);
  const begin = journal.stores.length;
  let second: Writer | undefined;
  journal.record(() => {
    second = Writer.restart(memory, { chunkSize });
    return SECOND_LIFE;
  });
  const renewal: [number, number] = [begin, journal.stores.length];
  // Less than before, or more: what is left of the first life may stay for long.
  const two = live(second!, journal, random, SECOND_LIFE, most, random.below(2 * writes));
  return {
    chunkCount,
    chunkSize,
    size,
    image: journal.image,
    stores: journal.stores,
    lives: [one, two],
    renewal,
  };
}

function live(
  writer: Writer,
  journal: Journal,
  random: Random,
  base: number,
  most: number,
  writes: number,
): LogLife {
  const lengths: number[] = [];
  for (let i = 0; i < writes; i++) {
    const length = random.below(Math.min(most, writer.maxEntrySize) + 1);
    lengths.push(length);
    journal.record(() => base + writer.write(payloadOf(base + lengths.length, length)));
  }
  const isFinished = random.below(2) === 0;
  if (isFinished) {
    journal.record(() => {
      writer.finish();
      return base + writer.totalEntriesWritten;
    });
  }
  return { id: writer.bufferId!, lengths, isFinished };
}

/** A reader of whichever life it finds, and that life. */
function open(
  history: Lives,
  make: (expected: Expected) => CheckedReader,
): { checked: CheckedReader; life: LogLife; isLast: boolean } {
  const expected: Expected = { lengths: [] };
  const checked = make(expected);
  const at = history.lives.findIndex(({ id }) => id === checked.reader.bufferId);
  assert.ok(at >= 0, "a reader knows a life by its id");
  const life = history.lives[at];
  expected.lengths = life.lengths;
  expected.payload = (number, length) => payloadOf(at * SECOND_LIFE + number, length);
  return { checked, life, isLast: at === 1 };
}

/** What must hold of a reader at the end, when all has happened. */
function checkEnd({ checked, life, isLast }: ReturnType<typeof open>): void {
  const { reader } = checked;
  for (const entry of reader) checked.take(entry.sequenceNumber, entry.bytes);
  assert.equal(reader.isRestarted, !isLast, "a reader knows whether its life is over");
  if (isLast) {
    checked.finish(life.lengths.length);
    assert.equal(reader.isFinished, life.isFinished, "a reader comes to the end of a finished log");
    return;
  }
  assert.ok(reader.lastSequenceNumber <= life.lengths.length, "nothing of the next life counts");
  assert.ok(reader.lostEntries <= life.lengths.length, "no loss is made up");
  if (reader.isFinished) assert.equal(reader.lastSequenceNumber, life.lengths.length);
}

function replayOf({ image, size, stores }: Lives): Replay {
  return new Replay(image, size, stores);
}

/** At each point: readers of all strategies that start there, and see the rest. */
export function checkLifeStarts(history: Lives): void {
  for (let point = 0; point <= history.stores.length; point++) {
    for (const strategy of STRATEGIES) {
      const replay = replayOf(history);
      replay.step(point);
      const opened = open(
        history,
        (expected) => new CheckedReader(replay.memory, expected, { strategy }),
      );
      const { checked, isLast } = opened;
      for (const { sequenceNumber, bytes } of checked.reader) {
        checked.take(sequenceNumber, bytes);
        const number = sequenceNumber + (isLast ? SECOND_LIFE : 0);
        assert.ok(number <= replay.published, "only what is published is read");
      }
      replay.finish();
      checkEnd(opened);
      checkEnd(open(history, (expected) => new CheckedReader(replay.memory, expected, {})));
    }
  }
}

/** At each point: a reader that is interrupted once at each fence, by some stores. */
export function checkLifeInterruptions(history: Lives, random: Random, every: number): void {
  for (let point = random.below(every); point <= history.stores.length; point += every) {
    for (let interrupted = 0, fences = 1; interrupted < fences; interrupted++) {
      for (const stores of [1, 2, 3, 7, 30, 100, Infinity]) {
        const replay = replayOf(history);
        replay.step(point);
        let count = 0;
        const interrupt = () => {
          if (count++ === interrupted) replay.step(stores);
        };
        const options: ReaderOptions = {
          strategy: STRATEGIES[random.below(3)],
          onOverrun: random.below(2) === 0 ? "oldest" : "latest",
        };
        const opened = open(
          history,
          (expected) => interruptible(expected, replay, random, interrupt, options),
        );
        opened.checked.step(random);
        fences = Math.max(fences, Math.min(count, 30));
        opened.checked.step(random);
        opened.checked.step(random);
        replay.finish();
        checkEnd(opened);
      }
    }
  }
}

/** At each point: the writer dies there, and another one resumes, or begins anew. */
export function checkLifeResumes(history: Lives): void {
  const { chunkSize, lives, renewal } = history;
  const [one, two] = lives;
  for (let point = 0; point <= history.stores.length; point++) {
    const replay = replayOf(history);
    replay.step(point);
    const { published } = replay;
    const isSecond = point >= renewal[1];
    const isBetween = point > renewal[0] && !isSecond;
    const life = isSecond ? two : one;
    const count = isSecond ? published - SECOND_LIFE : published;
    const reader = open(
      history,
      (expected) => new CheckedReader(replay.memory, expected, { strategy: "oldest" }),
    );
    const isEnd = life.isFinished &&
      (isSecond ? point === history.stores.length : point === renewal[0]);
    if (isEnd && !isBetween) {
      const before = new Uint8Array(replay.memory).slice();
      assert.throws(() => Writer.resume(replay.memory, { chunkSize }), LogFinishedError);
      assert.deepEqual(new Uint8Array(replay.memory), before, "nothing is changed");
      continue;
    }
    // What resuming changes, to be cut off in turn.
    const repair = new Journal(replay.memory, published);
    let writer: Writer | undefined;
    repair.record(() => (writer = Writer.resume(replay.memory, { chunkSize })).totalEntriesWritten);
    for (let cut = 0; cut < repair.stores.length; cut++) {
      const again = new Replay(repair.image, history.size, repair.stores);
      again.step(cut);
      const twice = Writer.resume(again.memory, { chunkSize });
      assert.equal(twice.totalEntriesWritten, isBetween ? 0 : count, `after ${point} and ${cut}`);
      checkId(twice, history, life, isBetween);
    }
    assert.equal(
      writer!.totalEntriesWritten,
      isBetween ? 0 : count,
      `resumed after store ${point}`,
    );
    checkId(writer!, history, life, isBetween);
    // A reader of a life that is over gets nothing of what comes now.
    const { checked } = reader;
    const stays = checked.reader.bufferId === writer!.bufferId;
    for (let i = 0; i < 5; i++) writer!.write(payloadOf(3 * SECOND_LIFE + i, i));
    if (stays) {
      const last = checked.reader.lastSequenceNumber;
      const numbers = [...checked.reader].map(({ sequenceNumber }) => sequenceNumber);
      assert.ok(numbers.every((number) => number > last));
      assert.equal(checked.reader.lastSequenceNumber, count + 5);
    } else {
      for (const { sequenceNumber, bytes } of checked.reader) checked.take(sequenceNumber, bytes);
      assert.equal(checked.reader.isRestarted, true);
    }
  }
}

/** The life that was there, or one that nobody has seen. */
function checkId({ bufferId }: Writer, { lives }: Lives, life: LogLife, isNew: boolean): void {
  if (!isNew) assert.equal(bufferId, life.id);
  else assert.ok(lives.every(({ id }) => id !== bufferId), "nobody has seen this life");
}
