/** Logs of a large table whose rows contradict each other: forged in shape, not only in bits. */

import { COMMIT } from "./segment.ts";
import type { Random } from "./random.ts";

/** Where the table begins, and how many bytes a row takes. */
const TABLE = 16;
const ROW = 16;

/** The offset and the token of row `index` of `count`, with entries from `start` to `end`. */
type Shape = (index: number, count: number, start: number, end: number) => [number, number];

/** Where row `index` would begin in a log of equal chunks. */
function place(index: number, count: number, start: number, end: number): number {
  return start + 4 * Math.floor(index * ((end - start) / 4) / count);
}

const SHAPES: Record<string, Shape> = {
  "in order": (i, n, start, end) => [place(i, n, start, end), 1 + i],
  "backwards": (i, n, start, end) => [place(n - 1 - i, n, start, end), 1 + i],
  "tokens backwards": (i, n, start, end) => [place(i, n, start, end), n - i],
  "all at the start": (i, _n, start) => [start, 1 + i],
  "all at the start, far apart": (i, _n, start) => [start, 1 + 1e9 * i],
  "all at the end": (i, _n, _start, end) => [end, 1 + i],
  "tokens equal": (i, n, start, end) => [place(i, n, start, end), 7],
  "all the same": (_i, _n, start) => [start, 7],
  "start and end in turns": (i, _n, start, end) => [i % 2 === 0 ? start : end, 1 + i],
  "tokens in a zigzag": (i, n, start, end) => [place(i, n, start, end), i % 2 === 0 ? n + i : i],
  "a zigzag that looks at the end": (i, n, start, end) =>
    i % 2 === 0 ? [place(i, n, start, end), n + i] : [end - 4, 1 + i / 2],
  "far apart": (i, n, start, end) => [place(i, n, start, end), 1 + 1e9 * i],
  "one row in two, overlapping": (i, n, start, end) =>
    i % 2 === 0 ? [place(i, n, start, start + (end - start) / 2), 1 + 1e6 * i] : [0, 0],
  "one row in two, far apart": (i, n, start, end) =>
    i % 2 === 0 ? [place(i, n, start, end), 1 + 1e9 * i] : [0, 0],
  "beyond the end": (i, _n, _start, end) => [end + 4 + 4 * i, 1 + i],
  "not aligned": (i, n, start, end) => [place(i, n, start, end) + 1, 1 + i],
  "without a token": (i, n, start, end) => [place(i, n, start, end), 0],
};

/** What is where the entries should be; gives the word at so many bytes behind the first header. */
const CONTENTS: Record<string, (at: number, random: Random) => number> = {
  "empty entries": () => COMMIT + 4,
  "entries of 8 bytes": () => COMMIT + 8,
  "entries of 64 bytes": () => COMMIT + 64,
  "nothing": () => 0,
  "wrap marks": () => COMMIT + 1,
  "reserved lengths": () => COMMIT + 3,
  "an entry and a wrap mark in turns": (at) => [COMMIT + 8, 0, COMMIT + 1, 0][at / 4 % 4],
  "an entry and damage in turns": (at) => [COMMIT + 8, 0, COMMIT + 2, 0][at / 4 % 4],
  "entries and wrap marks": (at) => at % 64 === 60 ? COMMIT + 1 : COMMIT + 4,
  "entries and damage": (at) => at % 256 === 252 ? COMMIT + 2 : COMMIT + 4,
  "entries not committed": () => 4,
  "anything": (_at, random) => COMMIT + random.below(100),
};

/** What row 0 may be instead of what it is in the shape of all. */
const FIRST_ROWS: Record<string, Shape> = {
  "at the end, newer than all": (_i, _n, _start, end) => [end, 2 ** 52],
  "at the start, newer than all": (_i, _n, start) => [start, 2 ** 52],
  "at the start, in the middle of all": (_i, n, start) => [start, Math.floor(n / 2)],
  "none": () => [0, 0],
};

/** A forged log, and what it is. */
export interface Forgery {
  memory: ArrayBuffer;
  what: string;
}

/** Forges a log with a table of `count` rows. */
export function forge(random: Random, count: number): Forgery {
  // Very little, four words a row, or anything up to that.
  const room = 4 * [1 + random.below(64), 4 * count, 1 + random.below(4 * count)][random.below(3)];
  const start = TABLE + ROW * count;
  const memory = new ArrayBuffer(start + room);
  const [shapeName, shape] = pick(random, SHAPES);
  const [contentsName, contents] = pick(random, CONTENTS);
  const isOther = random.below(3) === 0;
  const [firstName, first] = isOther ? pick(random, FIRST_ROWS) : ["like the others", shape];
  new BigUint64Array(memory, 0, 1)[0] = 0x4f55524f424c4f47n;
  const words = new Uint32Array(memory);
  words[2] = 1;
  words[3] = count;
  for (let index = 0; index < count; index++) {
    const of = index === 0 ? first : shape;
    const [offset, token] = of(index, count, start, start + room);
    const at = (TABLE + ROW * index) / 4;
    words[at] = offset;
    // A row without an offset is not committed.
    words[at + 1] = offset === 0 ? 0 : COMMIT;
    words[at + 2] = token;
    words[at + 3] = Math.floor(token / 2 ** 32);
  }
  for (let offset = start; offset < memory.byteLength; offset += 4) {
    words[offset / 4] = contents(offset - start, random);
  }
  // Now and then something that is in no pattern.
  for (let n = random.below(4); n > 0; n--) {
    words[4 + random.below(words.length - 4)] = random.below(2) === 0
      ? random.below(2 ** 32)
      : words[random.below(words.length)];
  }
  const what = `${count} rows ${shapeName}, row 0 ${firstName}, ${room} bytes of ${contentsName}`;
  return { memory, what };
}

function pick<T>(random: Random, from: Record<string, T>): [string, T] {
  const all = Object.entries(from);
  return all[random.below(all.length)];
}
