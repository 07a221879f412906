/** The real writer stopped between any two of its stores, and the real reader run there. */

import process from "node:process";
import test from "node:test";
import { baseSeed, forEachSeed, type Random } from "../support/random.ts";
import { type History, makeHistory, withoutClaims } from "../support/circular_history.ts";
import {
  checkDeaths,
  checkInterruptions,
  checkRandomly,
  realReader,
} from "../support/circular_interleavings.ts";

const RUNS = Number(process.env.INTERLEAVING_RUNS ?? 20);

function forEachHistory(check: (history: History, random: Random) => void): void {
  forEachSeed(RUNS, "INTERLEAVING_RUNS", (random) => check(makeHistory(random, 30), random));
}

test(`a reader interrupted by any store gives nothing torn (seed ${baseSeed}, ${RUNS} histories)`, () => {
  forEachHistory((history, random) => checkInterruptions(history, random, realReader));
});

test(`a reader among random stores gives nothing torn (seed ${baseSeed}, ${RUNS} histories)`, () => {
  forEachHistory((history, random) => {
    for (let n = 0; n < 20; n++) checkRandomly(history, random, realReader);
  });
});

test(`after death at any store the next writer continues (seed ${baseSeed}, ${RUNS} histories)`, () => {
  forEachHistory((history, random) => checkDeaths(history, random, realReader));
});

test(`a reader of a writer that does not claim gives nothing torn (seed ${baseSeed})`, () => {
  forEachHistory((history, random) => {
    const foreign = withoutClaims(history);
    checkInterruptions(foreign, random, realReader);
    for (let n = 0; n < 20; n++) checkRandomly(foreign, random, realReader);
  });
});

test(`after death of a writer that does not claim the next one continues (seed ${baseSeed})`, () => {
  forEachHistory((history, random) => checkDeaths(withoutClaims(history), random, realReader));
});
