/**
 * The real writer stopped between any two of its stores, and the real reader run there: started
 * there, or caught there in the middle of reading. And what a crash there leaves to resume.
 */

import test from "node:test";
import { baseSeed, forEachSeed, Random } from "../support/random.ts";
import { makeHistory } from "../support/history.ts";
import {
  checkInterruptions,
  checkRandomly,
  checkResumes,
  checkStarts,
  SMALL,
} from "../support/interleavings.ts";

const RUNS = Number(process.env.INTERLEAVING_RUNS ?? 60);

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
  forEachSeed(RUNS, "INTERLEAVING_RUNS", (random, seed) => {
    const chunkCount = 1 + random.below(8);
    // Whole words: that is what a journal is kept of.
    const chunkSize = 4 * (2 + random.below(25));
    const most = [8, 40, 2 * chunkSize, 1000][random.below(4)];
    const history = makeHistory(random, chunkCount, chunkSize, most, 20 + random.below(60));
    for (let n = 0; n < 10; n++) checkRandomly(history, random);
    checkInterruptions(history, random, 1 + Math.floor(history.stores.length / 3));
    if ((seed - baseSeed) % 8 === 0) checkResumes(history);
  });
});
