/**
 * The real writer stopped between any two of its stores, and the real reader run there: started
 * there, or caught there in the middle of reading. And what a crash there leaves to resume.
 */

import assert from "node:assert/strict";
import test from "node:test";
import { type ReaderOptions, type ReadStrategy, segmentSize, Writer } from "../../mod.ts";
import { CheckedReader } from "../support/checked_reader.ts";
import { Journal, Replay, type Store } from "../support/journal.ts";
import { baseSeed, payloadOf, Random } from "../support/random.ts";

const RUNS = Number(process.env.INTERLEAVING_RUNS ?? 60);
const STRATEGIES: readonly ReadStrategy[] = ["auto", "latest", "lowest"];

/** What a writer did, store by store. */
interface History {
  chunkCount: number;
  chunkSize: number;
  size: number;
  image: Int32Array;
  stores: Store[];
  /** The size of each entry. */
  lengths: number[];
}

/** Records entries of up to `most` bytes, written in all ways there are. */
function makeHistory(
  random: Random,
  chunkCount: number,
  chunkSize: number,
  most: number,
  writes: number,
): History {
  const size = segmentSize(chunkCount, chunkSize);
  const memory = new ArrayBuffer(size);
  // Full of what looks committed: create() must clear it.
  new Uint8Array(memory).fill(0xff);
  const writer = Writer.create(memory, { chunkCount, chunkSize });
  const journal = new Journal(memory);
  const lengths: number[] = [];
  const nextPayload = (limit: number) => {
    const length = random.below(Math.min(limit, most, writer.maxEntrySize) + 1);
    lengths.push(length);
    return payloadOf(lengths.length, length);
  };
  for (let i = 0; i < writes; i++) {
    const action = random.below(8);
    if (action === 0) {
      const room = Math.floor((writer.maxEntrySize + 4) / 3) - 8;
      const batch = room < 0 ? [] : [nextPayload(room), nextPayload(room), nextPayload(room)];
      journal.record(() => writer.writeMany(batch));
    } else if (action === 1) {
      journal.record(() => {
        const claim = writer.claim(Math.min(most, writer.maxEntrySize));
        claim.bytes.fill(0xff);
        if (random.below(3) === 0) {
          claim.abort();
          return writer.totalEntriesWritten;
        }
        const payload = nextPayload(claim.bytes.length);
        claim.bytes.set(payload);
        return claim.commit(payload.length);
      });
    } else {
      const payload = nextPayload(most);
      journal.record(() => writer.write(payload));
    }
  }
  return { chunkCount, chunkSize, size, image: journal.image, stores: journal.stores, lengths };
}

function replayOf({ image, size, stores }: History): Replay {
  return new Replay(image, size, stores);
}

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
function interruptible(
  history: History,
  replay: Replay,
  random: Random,
  interrupt: () => void,
  options: ReaderOptions,
): CheckedReader {
  if (random.below(3) > 0) {
    return new CheckedReader(replay.memory, history.lengths, { ...options, fence: interrupt });
  }
  const there = new Uint8Array(replay.memory);
  const copy = new Uint8Array(history.size);
  return new CheckedReader(copy.buffer, history.lengths, {
    ...options,
    fence: interrupt,
    load: (from, to) => {
      interrupt();
      // In the worst order there is: the end first, and a word or more between this and that.
      const middle = from + 4 * random.below((to - from + 3) >> 2);
      copy.set(there.subarray(middle, to), middle);
      interrupt();
      copy.set(there.subarray(from, middle), from);
    },
  });
}

/** At each point: readers of all strategies that start there. */
function checkStarts(history: History): void {
  for (let point = 0; point <= history.stores.length; point++) {
    for (const strategy of STRATEGIES) {
      const replay = replayOf(history);
      replay.step(point);
      const reader = new CheckedReader(replay.memory, history.lengths, { strategy });
      for (const entry of reader.reader) {
        reader.take(entry.sequenceNumber, entry.bytes);
        assert.ok(entry.sequenceNumber <= replay.published, "only what is published is read");
      }
      replay.finish();
      reader.finish(history.lengths.length);
    }
  }
}

/** At each point: a reader that follows from the start, and is interrupted once at each fence. */
function checkInterruptions(history: History, random: Random, every: number): void {
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
function checkRandomly(history: History, random: Random): void {
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
function checkResumes(history: History): void {
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
    const reader = new CheckedReader(replay.memory, known, { strategy: "lowest" });
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

const SMALL = [[1, 40, 12, 12], [2, 24, 12, 16], [3, 20, 16, 20], [4, 16, 30, 20], [6, 12, 60, 16]];

for (const [chunkCount, chunkSize, most, writes] of SMALL) {
  const shape = `${chunkCount} chunks of ${chunkSize} bytes, entries of up to ${most}`;
  for (let history = 0; history < 2; history++) {
    const seed = baseSeed + 2 * chunkCount + history;
    const title = `${shape} (seed ${seed})`;
    const make = () => makeHistory(new Random(seed), chunkCount, chunkSize, most, writes);

    test(`readers that start between any two stores: ${title}`, () => {
      checkStarts(make());
    });
    test(`readers interrupted at any fence, by any number of stores: ${title}`, () => {
      checkInterruptions(make(), new Random(seed), 1);
    });
    test(`writers that resume after a crash between any two stores: ${title}`, () => {
      checkResumes(make());
    });
  }
}

test(`larger shapes at random (seed ${baseSeed}, ${RUNS} histories)`, () => {
  for (let i = 0; i < RUNS; i++) {
    const seed = baseSeed + i;
    try {
      const random = new Random(seed);
      const chunkCount = 1 + random.below(8);
      // Whole words: that is what a journal is kept of.
      const chunkSize = 4 * (2 + random.below(25));
      const most = [8, 40, 2 * chunkSize, 1000][random.below(4)];
      const history = makeHistory(random, chunkCount, chunkSize, most, 20 + random.below(60));
      for (let n = 0; n < 10; n++) checkRandomly(history, random);
      checkInterruptions(history, random, 1 + Math.floor(history.stores.length / 3));
      if (i % 8 === 0) checkResumes(history);
    } catch (error) {
      throw new Error(`history with SEED=${seed} INTERLEAVING_RUNS=1`, { cause: error });
    }
  }
});

/** Wrong writers: each makes something else of what a right one stores up to a commit, the last. */
const MUTANTS: Record<string, (stores: Store[], rowEnd: number) => Store[]> = {
  "takes rows back after it has overwritten their bytes": (stores, rowEnd) => {
    return moveToEnd(stores.slice(0, -1), isTakenBack(stores, rowEnd)).concat(stores.slice(-1));
  },
  "forgets to take rows back": (stores, rowEnd) => {
    const isTaken = isTakenBack(stores, rowEnd);
    return stores.filter((store) => !isTaken(store));
  },
  "publishes before the payload is there": (stores) => {
    const { word } = stores[stores.length - 1];
    return moveToEnd(stores, (store) => !store.isAtomic && store.word !== word);
  },
  "publishes an entry before its chunk": (stores, rowEnd) => {
    return moveToEnd(stores, (store) => store.word < rowEnd);
  },
  "changes the token of a row before its flag, as the reference does": (stores, rowEnd) => {
    const swapped = [...stores];
    for (let i = 0; i + 1 < stores.length; i++) {
      if (stores[i].word >= rowEnd || !isFlag(stores[i]) || isCommitted(stores[i])) continue;
      if (stores[i + 1].word === stores[i].word + 2) {
        [swapped[i], swapped[i + 1]] = [stores[i + 1], stores[i]];
      }
    }
    return swapped;
  },
  "begins a chunk before its first header is gone": (stores, rowEnd) => {
    // The store before a row's commit is that of the header.
    const swapped = [...stores];
    for (let i = 1; i < stores.length; i++) {
      if (stores[i].word < rowEnd && isCommitted(stores[i]) && stores[i - 1].word >= rowEnd) {
        [swapped[i - 1], swapped[i]] = [stores[i], stores[i - 1]];
      }
    }
    return swapped;
  },
  "does not end the log after an entry": (stores) => {
    const end = stores.findLastIndex(({ isAtomic, values }) => !isAtomic && values[0] === 0);
    return stores.filter((_, i) => i !== end);
  },
  "leaves no count in row 0 while it restarts it": (stores) => {
    return stores.map((store) => {
      return store.word === 4 && !isCommitted(store) ? { ...store, values: [0, 0] } : store;
    });
  },
};

/** Moves what is chosen behind the rest, each part in its order. */
function moveToEnd(stores: Store[], isChosen: (store: Store) => boolean): Store[] {
  return [...stores.filter((store) => !isChosen(store)), ...stores.filter(isChosen)];
}

/** Whether a store to the table is to the words of offset and flag. */
function isFlag({ word }: Store): boolean {
  return word % 4 < 2;
}

function isCommitted(store: Store): boolean {
  return isFlag(store) && store.values[store.values.length - 1] < 0;
}

/** Tells the stores that clear a row for good from those that begin it anew. */
function isTakenBack(stores: Store[], rowEnd: number): (store: Store) => boolean {
  const row = ({ word }: Store) => word >>> 2;
  const begun = new Set(stores.filter((s) => s.word < rowEnd && isCommitted(s)).map(row));
  return (store) => store.word < rowEnd && !begun.has(row(store));
}

/** The history as another writer would have made it. */
function rewrite(history: History, writer: (stores: Store[], rowEnd: number) => Store[]): History {
  const made: Store[] = [];
  let begin = 0;
  let published = 0;
  history.stores.forEach((store, i) => {
    if (store.published === published) return;
    const stores = history.stores.slice(begin, i + 1);
    const rewritten = writer(stores, 4 + 4 * history.chunkCount);
    made.push(...rewritten.map((store) => ({ ...store, published })));
    begin = i + 1;
    published = store.published;
    made[made.length - 1].published = published;
  });
  return { ...history, stores: made.concat(history.stores.slice(begin)) };
}

/** Whether the checks find something wrong with the history of `writer` of this number. */
function isCaught(writer: (stores: Store[], rowEnd: number) => Store[], i: number): boolean {
  const random = new Random(baseSeed + i);
  const [chunkCount, chunkSize, most, writes] = SMALL[1 + i % 4];
  const history = makeHistory(random, chunkCount, chunkSize, most, writes);
  const rewritten = rewrite(history, writer);
  try {
    checkStarts(rewritten);
    checkInterruptions(rewritten, random, 3);
    checkResumes(rewritten);
    return false;
  } catch {
    return true;
  }
}

for (const [title, writer] of Object.entries(MUTANTS)) {
  test(`the checks catch a writer that ${title} (seed ${baseSeed})`, () => {
    assert.ok(Array.from({ length: 60 }).some((_, i) => isCaught(writer, i)));
  });
}

test(`the checks let a right writer pass (seed ${baseSeed})`, () => {
  for (let i = 0; i < 12; i++) assert.equal(isCaught((stores) => stores, i), false);
});
