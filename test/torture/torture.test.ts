/** A short torture, with this runtime's writer and everybody's readers. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { needsSignals } from "../support/platform.ts";
import { baseSeed, Random } from "../support/random.ts";
import { runtimes, thisRuntime } from "../support/runtime.ts";
import { emptyTally, round } from "./torture.ts";

const SECONDS = Number(process.env.TORTURE_SECONDS ?? 5);

test(
  `torture for ${SECONDS} s: nothing wrong, nothing twice, all accounted for (seed ${baseSeed})`,
  {
    skip: needsSignals,
  },
  async () => {
    const random = new Random(baseSeed);
    const tally = emptyTally();
    const end = performance.now() + SECONDS * 1000;
    while (performance.now() < end) await round(thisRuntime, runtimes, random, 3000, tally);
    assert.deepEqual([tally.wrong, tally.twice], [0, 0]);
    assert.ok(tally.read > 0 && tally.written > 0, "entries were written and read");
  },
);
