/**
 * What is said of a log as a whole, or where a reader starts in it, while its writer continues at one look or
 * another: it was true at some moment of the look.
 */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { inspect, Reader, snapshot, verify } from "../../mod.ts";
import { byBlocks } from "../../src/log/native/look.ts";
import { type LogOutline, outline } from "../../src/log/outline.ts";
import { inOneLife, type Load } from "../../src/log/segment.ts";
import { totalOf } from "../../src/log/total.ts";
import { type History, makeHistory } from "../support/history.ts";
import { copiedFrom } from "../support/interleavings.ts";
import { Replay } from "../support/journal.ts";
import { type Lives, makeLives, SECOND_LIFE } from "../support/lives.ts";
import { baseSeed, forEachSeed, type Random } from "../support/random.ts";

const RUNS = Number(process.env.LOOK_RUNS ?? 100);

/** Chunks, their size, and the largest entry. */
const SHAPES: readonly (readonly [number, number, number])[] = [
  [1, 40, 12],
  [1, 60, 8],
  [2, 24, 12],
  [3, 20, 16],
  [4, 16, 30],
  [4, 40, 8],
  [4, 64, 100],
  [6, 12, 60],
  [8, 32, 12],
];

/** How a log is looked at. */
interface Way {
  /** What the writer writes to. */
  there: ArrayBuffer;
  /** That, or a copy that `load` brings up to date. */
  memory: ArrayBuffer;
  fence: () => void;
  load?: Load;
}

/** What is said of it. */
interface Said {
  /** The number of the newest entry. */
  total: number;
  /** The number of the oldest, and how many there are. */
  first: number;
  entries: number;
  /** What no log of a writer has. */
  wrong: unknown[];
  /** Whether the newest entries may be missing, because they were overwritten. */
  isPart?: boolean;
}

const LOOKS: Record<string, (way: Way, random: Random) => Said> = {
  inspect({ memory, fence, load }) {
    const { lastSequenceNumber, firstSequenceNumber, ...found } = inspect(memory, { fence, load });
    return {
      total: lastSequenceNumber,
      first: firstSequenceNumber,
      entries: found.entries,
      wrong: [...found.damage, found.cutOff, found.isFinished],
    };
  },
  outline({ memory, fence, load }) {
    return saidBy(outline(memory, fence, load));
  },
  // As lookAt() does: a block of headers is copied at once, in their order.
  "outline, by blocks"({ there, fence }) {
    const copy = new Uint8Array(there.byteLength);
    const load: Load = (from, to) => copy.set(new Uint8Array(there, from, to - from), from);
    return saidBy(outline(copy.buffer, fence, byBlocks(load, copy.length)));
  },
  verify({ memory, fence, load }) {
    const found = verify(memory, { fence, load });
    return {
      total: found.lastSequenceNumber,
      first: found.firstSequenceNumber,
      entries: found.entries,
      wrong: [...found.damage, found.isFinished],
      isPart: true,
    };
  },
  totalOf({ memory, fence, load }) {
    const total = inOneLife(memory, load, fence, (segment) => totalOf(segment, fence));
    return { total, first: 0, entries: 0, wrong: [] };
  },
  "new Reader({ after })"({ memory, fence, load }, random) {
    const after = random.below(60);
    const reader = new Reader(memory, { fence, load, after });
    const { sequenceNumber = Infinity } = reader.read() ?? {};
    return { total: 0, first: 0, entries: 0, wrong: [sequenceNumber <= after], isPart: true };
  },
};

function saidBy({ total, tokens, chunkEntries, entries, isFinished }: LogOutline): Said {
  const first = Math.min(...tokens.filter((_, index) => chunkEntries[index] > 0)) + 1;
  return { total, first, entries, wrong: [isFinished] };
}

/** Seeds that found a fault. */
const KNOWN: Record<string, number[]> = {
  inspect: [40, 3013],
  outline: [144, 3051],
  "outline, by blocks": [1],
  verify: [113],
  totalOf: [22, 1069, 3038],
  "new Reader({ after })": [3],
};

for (const [name, look] of Object.entries(LOOKS)) {
  test(`${name}: what it says beside a writer was true at some moment (seed ${baseSeed})`, () => {
    forEachSeed(RUNS, "LOOK_RUNS", (random) => {
      const [chunkCount, chunkSize, most] = SHAPES[random.below(SHAPES.length)];
      const history = makeHistory(random, chunkCount, chunkSize, most, 30 + random.below(30));
      for (let n = 0; n < 30; n++) check(random, history, look);
    }, KNOWN[name]);
  });
}

/** The looks that say of which life a log is. */
const LOOKS_AT_LIVES: Record<string, (way: Way) => LifeSaid> = {
  inspect({ memory, fence, load }) {
    const { bufferId, lastSequenceNumber: total, isFinished } = inspect(memory, { fence, load });
    return { id: BigInt(bufferId!), total, isFinished };
  },
  outline({ memory, fence, load }) {
    const { bufferId, total, isFinished } = outline(memory, fence, load);
    return { id: bufferId!, total, isFinished };
  },
  snapshot({ memory, fence, load }) {
    const copy = new Reader(snapshot(memory, { fence, load }).memory, { strategy: "oldest" });
    while (copy.read() !== undefined);
    const { bufferId, lastSequenceNumber: total, isFinished } = copy;
    return { id: bufferId!, total, isFinished };
  },
};

interface LifeSaid {
  id: bigint;
  total: number;
  isFinished: boolean;
}

/** Seeds that found a fault. */
const KNOWN_LIVES: Record<string, number[]> = {
  inspect: [4],
  outline: [145],
  snapshot: [789, 2997],
};

for (const [name, look] of Object.entries(LOOKS_AT_LIVES)) {
  test(`${name}: what it says of a log that is restarted is of one life (seed ${baseSeed})`, () => {
    forEachSeed(RUNS, "LOOK_RUNS", (random) => {
      const [chunkCount, chunkSize, most] = SHAPES[random.below(SHAPES.length)];
      const history = makeLives(random, chunkCount, chunkSize, most, 10 + random.below(20));
      for (let n = 0; n < 30; n++) checkLives(random, history, look);
    }, KNOWN_LIVES[name]);
  });
}

function checkLives(random: Random, history: Lives, look: (way: Way) => LifeSaid): void {
  const replay = replayOf(history);
  const { way, before, when } = interrupted(random, replay, history.stores.length);
  const { id, total, isFinished } = look(way);
  const at = history.lives.findIndex((life) => life.id === id);
  const what = `${total} of life ${at}, isFinished: ${isFinished}, of ${before} to ` +
    `${replay.published} ${when}`;
  assert.ok(at >= 0, what);
  const { lengths, isFinished: isEnded } = history.lives[at];
  const published = at === 0 ? replay.published : replay.published - SECOND_LIFE;
  // In the middle of the restart it may have its id, and no entry.
  const written = Math.min(Math.max(published, 0), lengths.length);
  assert.ok(total <= written, what);
  if (isFinished) assert.ok(isEnded && total === lengths.length, what);
}

function check(
  random: Random,
  history: History,
  look: typeof LOOKS[string],
): void {
  const replay = replayOf(history);
  const { way, before, isBusy, when } = interrupted(random, replay, history.stores.length);
  const { total, first, entries, wrong, isPart } = look(way, random);
  const what = `${total}, ${entries} from ${first}, of ${before} to ${replay.published} ` +
    when;
  assert.ok(total <= replay.published, what);
  // A writer that never lets it look says less.
  assert.ok(total >= before || isBusy || isPart, what);
  assert.ok(entries === 0 || entries <= total - first + 1, what);
  assert.deepEqual(wrong.filter(Boolean), [], what);
}

/** The memory at the beginning of a history. */
function replayOf({ image, size, stores }: History | Lives): Replay {
  return new Replay(image, size, stores);
}

/** A log at any point of its history, whose writer continues while it is looked at. */
function interrupted(
  random: Random,
  replay: Replay,
  count: number,
): { way: Way; before: number; isBusy: boolean; when: string } {
  const point = random.below(count);
  replay.step(point);
  const before = replay.published;
  // Up to three times, or now and then as long as it looks.
  const stops = new Map<number, number>();
  for (let times = random.below(4); times > 0; times--) {
    stops.set(random.below(16), [1, 2, 3, 5, 9, 15, 25, 40, 80, Infinity][random.below(10)]);
  }
  const isBusy = stops.size === 0;
  const pace = 1 + random.below(30);
  let looks = 0;
  const fence = () => {
    replay.step(isBusy ? random.below(2) * random.below(pace) : stops.get(looks++) ?? 0);
  };
  const there = replay.memory;
  const way = random.below(3) > 0
    ? { there, fence, ...copiedFrom(there, random, fence) }
    : { there, fence, memory: there };
  const when = `after store ${point}, ${isBusy ? "at each look" : JSON.stringify([...stops])}`;
  return { way, before, isBusy, when };
}
