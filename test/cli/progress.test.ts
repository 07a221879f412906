/** The line that says how far a command is. */

import assert from "node:assert/strict";
import test from "node:test";
import { Progress } from "../../src/cli/output/progress.ts";

/** What a progress writes whose updates come at these times, in milliseconds from its start. */
function written(isTTY: boolean, updates: [at: number, done: number][]): string[] {
  const texts: string[] = [];
  let now = 5000;
  const clock = performance.now;
  performance.now = () => now;
  try {
    using progress = new Progress(200, "entries", { isTTY, write: (text) => texts.push(text) });
    for (const [at, done] of updates) {
      now = 5000 + at;
      progress.update(done);
    }
  } finally {
    performance.now = clock;
  }
  return texts;
}

test("Progress shows a line after a second, changes it ten times a second, and takes it away", () => {
  assert.deepEqual(written(true, [[0, 0], [999, 90], [1000, 100], [1050, 110], [2000, 150]]), [
    "\r\x1b[K 50 %  100 of 200 entries  1 s left",
    "\r\x1b[K 75 %  150 of 200 entries  1 s left",
    "\r\x1b[K",
  ]);
});

test("Progress writes nothing for work of less than a second, and nothing but to a terminal", () => {
  assert.deepEqual(written(true, [[500, 200]]), []);
  assert.deepEqual(written(false, [[5000, 200]]), []);
});

test("Progress of more than was expected stays at 100 %", () => {
  const [line] = written(true, [[3000, 400]]);
  assert.equal(line, "\r\x1b[K100 %  400 of 200 entries  0 s left");
});
