/**
 * A log of version 2 that is finished, or not, and begun anew in place: the real writer stopped between
 * any two of its stores, and the real reader run there. And writers that are wrong in one thing.
 */

import assert from "node:assert/strict";
import test from "node:test";
import type { Store } from "../support/journal.ts";
import {
  checkLifeInterruptions,
  checkLifeResumes,
  checkLifeStarts,
  type Lives,
  makeLives,
} from "../support/lives.ts";
import { baseSeed, forEachSeed, Random } from "../support/random.ts";

const RUNS = Number(process.env.INTERLEAVING_RUNS ?? 12);

/** Chunks, their size, the largest entry, and how many are written in each life. */
const SHAPES: readonly (readonly [number, number, number, number])[] = [
  [1, 40, 12, 8],
  [2, 24, 12, 10],
  [3, 20, 16, 12],
  [4, 16, 30, 12],
];

for (const [i, [chunkCount, chunkSize, most, writes]] of SHAPES.entries()) {
  const shape = `${chunkCount} chunks of ${chunkSize} bytes, entries of up to ${most}`;
  for (let n = 0; n < 2; n++) {
    const seed = baseSeed + 2 * i + n;
    const title = `${shape} (seed ${seed})`;
    const make = () => makeLives(new Random(seed), chunkCount, chunkSize, most, writes);
    test(`two lives: readers that start between any two stores: ${title}`, () => {
      checkLifeStarts(make());
    });
    test(`two lives: readers interrupted at any fence: ${title}`, () => {
      checkLifeInterruptions(make(), new Random(seed), 2);
    });
    test(`two lives: writers that resume after a crash between any two stores: ${title}`, () => {
      checkLifeResumes(make());
    });
  }
}

test(`two lives: larger shapes at random (seed ${baseSeed}, ${RUNS} histories)`, () => {
  forEachSeed(RUNS, "INTERLEAVING_RUNS", (random) => {
    const chunkCount = 1 + random.below(8);
    const chunkSize = 4 * (2 + random.below(25));
    const most = [8, 40, 2 * chunkSize][random.below(3)];
    const history = makeLives(random, chunkCount, chunkSize, most, 10 + random.below(30));
    checkLifeInterruptions(history, random, 1 + Math.floor(history.stores.length / 4));
    checkLifeResumes(history);
  });
});

const ID_WORD = 4;
const FIRST_ROW = 6;

/** Wrong restarts, and wrong ends: each makes something else of the stores of a right one. */
const MUTANTS: Record<string, (history: Lives) => Store[]> = {
  "changes the id after row 0 is there": renewed((stores) => {
    return [...stores.filter((store) => !isId(store)), ...stores.filter(isId)];
  }),
  "changes the id before the rows are taken back": renewed((stores) => {
    return [...stores.filter(isId), ...stores.filter((store) => !isId(store))];
  }),
  "keeps the id": renewed((stores) => stores.filter((store) => !isId(store))),
  "takes no row back but the first": renewed((stores) => {
    return stores.filter(({ word }) => word <= FIRST_ROW + 3 || word >= stores[0].word + 1000);
  }),
  "leaves the first header": renewed((stores, { chunkCount }) => {
    return stores.filter(({ word }) => word < FIRST_ROW + 4 * chunkCount);
  }),
  "leaves no mark in row 0 while it does it": renewed((stores) => {
    return stores.map((store, i) => i === 0 ? { ...store, values: [0, 0] } : store);
  }),
  "takes back the rows behind the first one before it leaves the mark": renewed((stores) => {
    return [...stores.slice(1, -3), stores[0], ...stores.slice(-3)];
  }),
  "writes the finish mark without its commit flag": ({ stores }) => {
    return stores.map((store) => isFinish(store) ? { ...store, values: [3] } : store);
  },
  "writes a wrap mark as its last word": ({ stores }) => {
    return stores.map((store) => isFinish(store) ? { ...store, values: [0x80000001 | 0] } : store);
  },
};

function isId({ word }: Store): boolean {
  return word === ID_WORD || word === ID_WORD + 1;
}

function isFinish({ values }: Store): boolean {
  return values.length === 1 && values[0] === (0x80000003 | 0);
}

/** What another writer makes of the stores of the restart. */
function renewed(
  change: (stores: Store[], history: Lives) => Store[],
): (history: Lives) => Store[] {
  return (history) => {
    const [from, to] = history.renewal;
    const published = history.stores[to - 1].published;
    const before = from === 0 ? 0 : history.stores[from - 1].published;
    const changed = change(history.stores.slice(from, to), history)
      .map((store, i, all) => ({ ...store, published: i === all.length - 1 ? published : before }));
    history.renewal = [from, from + changed.length];
    return [...history.stores.slice(0, from), ...changed, ...history.stores.slice(to)];
  };
}

/** Whether the checks find something wrong. */
function isCaught(mutate: (history: Lives) => Store[], i: number): boolean {
  const random = new Random(baseSeed + i);
  const [chunkCount, chunkSize, most, writes] = SHAPES[i % 4];
  const history = makeLives(random, chunkCount, chunkSize, most, writes);
  history.stores = mutate(history);
  try {
    checkLifeStarts(history);
    checkLifeResumes(history);
    checkLifeInterruptions(history, random, 3);
    return false;
  } catch {
    return true;
  }
}

for (const [title, mutate] of Object.entries(MUTANTS)) {
  test(`the checks catch a writer that ${title} (seed ${baseSeed})`, () => {
    assert.ok(Array.from({ length: 40 }).some((_, i) => isCaught(mutate, i)));
  });
}

test(`the checks let a right writer pass (seed ${baseSeed})`, () => {
  for (let i = 0; i < 8; i++) assert.equal(isCaught(({ stores }) => stores, i), false);
});
